"""A channel: what of a feed's observations reaches the exchange, and what does after something went wrong."""

import random

import pytest
from msgspec.structs import replace

from hypersim.engine.commands import Ladder, OutsideUpdate, Print, Stamped
from hypersim.engine.orders import Side
from hypersim.feeds.channel import WITHDRAWAL, Channel
from hypersim.units import ONE
from tests.feeds.desk import MARKET, START_US, Desk, VirtualClock, bought, ladder, resuming, seen, sold, told

BOOK = ladder([(99, 5), (98, 7)], [(101, 4), (102, 6)], full=True)


@pytest.fixture
def channel() -> Channel:
    """The exchange has BOOK."""
    channel = Channel(MARKET)
    assert resuming(BOOK) == told(channel, seen(BOOK))
    return channel


@pytest.mark.parametrize(
    ("observation", "expected"),
    [
        ("nothing new", None),
        ("the same again", None),
        ("one level changes", seen(ladder([(99, 3)]))),
        ("one level goes", seen(ladder([], [(101, 0)]))),
        ("one comes, one stays as it was", seen(ladder([(100, 1)]))),
        ("a full ladder with a level less", seen(ladder([(98, 0)]))),
        ("a trade, and the same ladder", seen(ladder([], [(101, 4)]), bought(101, 1))),
        ("a trade through two levels", seen(ladder([], [(101, 0), (102, 5)]), bought(102, 5))),
        ("a sale, and the same ladder", seen(ladder([(99, 5)]), sold(99, 2))),
        ("a trade in between", seen(None, sold(100, 2))),
    ],
)
def test_only_what_changed_is_told(channel: Channel, observation: str, expected: OutsideUpdate) -> None:
    observations = {
        "nothing new": seen(),
        "the same again": seen(BOOK),
        "one level changes": seen(ladder([(99, 3)])),
        "one level goes": seen(ladder([], [(101, 0)])),
        "one comes, one stays as it was": seen(ladder([(100, 1), (99, 5)])),
        "a full ladder with a level less": seen(ladder([(99, 5)], [(101, 4), (102, 6)], full=True)),
        "a trade, and the same ladder": seen(BOOK, bought(101, 1)),
        "a trade through two levels": seen(ladder([], [(101, 0), (102, 5)]), bought(102, 5)),
        "a sale, and the same ladder": seen(BOOK, sold(99, 2)),
        "a trade in between": seen(BOOK, sold(100, 2)),
    }

    assert expected == told(channel, observations[observation])


def test_a_trade_that_is_seen_before_its_ladder_is_told_at_once_and_its_levels_with_the_ladder(
    channel: Channel,
) -> None:
    first = told(channel, seen(None, bought(101, 4)))
    second = told(channel, seen(ladder([(99, 6)])))

    assert [seen(None, bought(101, 4)), seen(ladder([(99, 6)], [(101, 4)]))] == [first, second]


def test_a_trade_that_is_seen_after_a_ladder_is_told_after_it(channel: Channel) -> None:
    channel.observe(seen(ladder([], [(101, 9)])), START_US)

    first = told(channel, seen(None, bought(101, 2)))
    second = told(channel)

    assert [seen(ladder([], [(101, 9)])), seen(None, bought(101, 2))] == [first, second]


def test_what_comes_while_a_command_is_in_flight_is_told_as_one(channel: Channel) -> None:
    channel.observe(seen(ladder([(99, 6)])), START_US)
    channel.next_command()
    channel.observe(seen(ladder([(99, 7)], [(103, 1)]), bought(101, 1)), START_US)
    channel.observe(seen(ladder([(97, 1)], [(101, 3), (103, 0)]), sold(99, 2)), START_US)
    channel.taken_in()

    merged = ladder([(99, 7), (97, 1)], [(101, 3)])
    assert seen(merged, bought(101, 1), sold(99, 2)) == told(channel)


def test_what_the_exchange_cannot_take_now_is_told_again_before_what_comes_later(channel: Channel) -> None:
    channel.observe(seen(ladder([(99, 6)], [(101, 0)]), bought(101, 4)), START_US)
    channel.next_command()
    channel.observe(seen(ladder([(97, 1)]), bought(102, 1)), START_US)
    channel.to_repeat()

    merged = ladder([(99, 6), (97, 1)], [(101, 0), (102, 6)])
    assert seen(merged, bought(101, 4), bought(102, 1)) == told(channel)


def test_what_nobody_knows_the_fate_of_is_followed_by_the_whole_ladder_without_its_trades(
    channel: Channel,
) -> None:
    channel.observe(seen(ladder([(99, 6)], [(101, 0)]), bought(101, 4)), START_US)
    channel.next_command()
    channel.lost()

    assert resuming(ladder([(99, 6), (98, 7)], [(102, 6)], full=True)) == told(channel)


def test_after_a_restart_the_first_full_ladder_begins_anew_and_nothing_before_it_counts(
    channel: Channel,
) -> None:
    channel.observe(seen(None, bought(101, 4)), START_US)
    channel.restarted()

    assert told(channel) is None
    assert told(channel, seen(None, bought(101, 9))) is None
    assert told(channel, seen(ladder([(99, 1)]))) is None
    assert resuming(BOOK, sold(99, 1)) == told(channel, seen(BOOK, sold(99, 1)))


def test_after_somebody_else_moved_the_market_the_next_full_ladder_is_told_whole(channel: Channel) -> None:
    channel.observe(seen(ladder([(99, 6)]), bought(101, 1)), START_US)
    channel.next_command()
    channel.disturbed()
    channel.taken_in()

    assert told(channel) is None
    assert resuming(BOOK) == told(channel, seen(BOOK))


def test_a_stale_quote_is_withdrawn_once_and_laid_whole_when_it_is_confirmed(channel: Channel) -> None:
    assert [False, True, False] == [
        channel.expire(START_US),
        channel.expire(START_US + 1),
        channel.expire(START_US + 1),
    ]
    assert seen(WITHDRAWAL) == told(channel)
    assert not channel.quoted
    assert told(channel) is None
    # what was traded while nobody could follow is no reason to trade now
    assert resuming(BOOK) == told(channel, seen(BOOK, bought(101, 3)))


def test_off_grid_prices_move_away_from_the_market_and_sizes_are_added_then_rounded_down() -> None:
    channel = Channel(replace(MARKET, tick_size=10 * ONE, step_size=2 * ONE))
    observed = Ladder(
        bids=((99 * ONE, 3 * ONE), (95 * ONE, ONE), (90 * ONE, ONE), (9 * ONE, 8 * ONE)),
        asks=((101 * ONE, 3 * ONE), (110 * ONE, 2 * ONE), (131 * ONE, ONE)),
        full=True,
    )
    prints = (Print(103 * ONE, 3 * ONE, Side.BUY), Print(97 * ONE, ONE, Side.SELL))

    expected = Ladder(bids=((90 * ONE, 4 * ONE),), asks=((110 * ONE, 4 * ONE),), full=True)
    assert resuming(expected, Print(110 * ONE, 2 * ONE, Side.BUY)) == told(channel, seen(observed, *prints))


def test_levels_outside_the_known_range_are_left_to_the_exchange(channel: Channel) -> None:
    narrow = ladder([(99, 5)], [(101, 4), (105, 9)], bid_floor=99, ask_ceiling=103)

    assert seen(ladder(bid_floor=99, ask_ceiling=103)) == told(channel, seen(narrow))
    assert told(channel, seen(narrow)) is None
    assert seen(ladder([(99, 6)], bid_floor=99, ask_ceiling=103)) == told(
        channel, seen(ladder([(99, 6)], bid_floor=99, ask_ceiling=103))
    )
    # and are told again when the range widens
    wide = ladder([(98, 7)], [(105, 9)])
    assert seen(wide) == told(channel, seen(wide))


def test_a_source_that_contradicts_itself_lays_nothing_and_grows_stale(channel: Channel) -> None:
    channel.observe(seen(ladder([(101, 1)])), START_US + 5)

    assert channel.next_command() is None
    assert channel.expire(START_US + 1)


def test_new_rules_are_followed_from_the_next_ladder_on(channel: Channel) -> None:
    channel.regrid(replace(MARKET, tick_size=100 * ONE))

    expected = Ladder(bids=(), asks=((200 * ONE, 10 * ONE),), bid_floor=0, ask_ceiling=1000 * ONE, full=True)
    assert seen(expected) == told(channel)


@pytest.mark.parametrize("seed", range(20))
def test_the_book_is_what_the_source_says_after_every_update(seed: int) -> None:
    """No users: the house in the real exchange equals the source's book whenever all was told."""
    chance = random.Random(seed)
    clock = VirtualClock()
    desk = Desk(clock)
    channel = Channel(MARKET)
    bids: dict[int, int] = {}
    asks: dict[int, int] = {}
    for turn in range(400):
        middle = 500 + round(30 * chance.uniform(-1, 1))
        prints = [
            Print(chance.randint(470, 530) * ONE, chance.randint(1, 9) * ONE, chance.choice(list(Side)))
            for _ in range(chance.choice((0, 0, 1, 3)))
        ]
        floor, ceiling = middle - chance.randint(20, 60), middle + chance.randint(20, 60)
        before_bids, before_asks = dict(bids), dict(asks)
        for book, low, high in ((bids, floor, middle - 1), (asks, middle + 1, ceiling)):
            for price in [price for price in book if not low <= price <= high]:
                del book[price]
            for _ in range(chance.randint(0, 8)):
                price = chance.randint(low, high)
                book[price] = chance.choice((0, chance.randint(1, 20)))
                if not book[price]:
                    del book[price]
        full = turn == 0 or chance.random() < 0.1
        changed_bids = changed(before_bids, bids) if not full else list(bids.items())
        changed_asks = changed(before_asks, asks) if not full else list(asks.items())
        observed = ladder(changed_bids, changed_asks, full=full, bid_floor=floor, ask_ceiling=ceiling)
        channel.observe(seen(observed, *prints), START_US)
        tell_all(chance, channel, desk)
        if channel.in_flight is None:
            expected = {side: dict(book_coins(book)) for side, book in ((Side.BUY, bids), (Side.SELL, asks))}
            assert expected == {side: desk.house(side) for side in Side}, turn


def changed(before: dict[int, int], after: dict[int, int]) -> list[tuple[int, int]]:
    return [
        (price, after.get(price, 0))
        for price in before.keys() | after.keys()
        if before.get(price, 0) != after.get(price, 0)
    ]


def book_coins(book: dict[int, int]) -> list[tuple[int, int]]:
    return [(price * ONE, size * ONE) for price, size in book.items()]


def tell_all(chance: random.Random, channel: Channel, desk: Desk) -> None:
    """Tells the exchange what there is, or leaves it in flight for a turn; some commands meet trouble."""
    if channel.in_flight is not None:
        apply(desk, channel.in_flight)
        channel.taken_in()
    while (command := channel.next_command()) is not None:
        match chance.randrange(8):
            case 0:
                return  # in flight until the next turn
            case 1:
                channel.to_repeat()
            case 2:
                channel.lost()
            case 3:
                apply(desk, command)
                channel.lost()
            case _:
                apply(desk, command)
                channel.taken_in()


def apply(desk: Desk, command: OutsideUpdate) -> None:
    desk.exchange.apply(Stamped(START_US, command))
    desk.exchange.check()


def test_what_was_missed_ends_where_the_first_ladder_after_it_began_however_late_it_is_told(channel: Channel) -> None:
    channel.restarted()
    for at, observation in enumerate((seen(BOOK), seen(ladder([(99, 6)]), bought(101, 1)), seen(ladder([(99, 7)])))):
        channel.observe(replace(observation, source_time_us=START_US + at), START_US)
    first, after = told(channel), told(channel, seen(ladder([(99, 8)])))

    assert (START_US + 2, START_US) == (first and first.source_time_us, first and first.resumes_us)
    assert (START_US, 0) == (after and after.source_time_us, after and after.resumes_us)


def test_trades_of_a_command_that_was_lost_are_missed_unless_it_was_carried_out(channel: Channel) -> None:
    channel.observe(replace(seen(BOOK, bought(101, 1)), source_time_us=START_US + 5), START_US)
    channel.next_command()
    channel.observe(replace(seen(ladder([(99, 6)])), source_time_us=START_US + 9), START_US)
    channel.lost()
    again = told(channel)

    assert (START_US + 9, START_US + 5) == (again and again.source_time_us, again and again.resumes_us)


def test_a_feed_that_missed_something_on_its_way_says_so_and_that_is_a_gap(channel: Channel) -> None:
    before = channel.status("a feed", START_US, real=True, sight=None).gaps
    later = ladder([(99, 8)], [(101, 4)], full=True)
    again = told(channel, replace(seen(later), source_time_us=START_US + 9, resumes_us=START_US + 7))
    after = told(channel, replace(seen(ladder([(99, 9)])), source_time_us=START_US + 10))

    assert (START_US + 9, START_US + 7) == (again and again.source_time_us, again and again.resumes_us)
    assert (START_US + 10, 0) == (after and after.source_time_us, after and after.resumes_us)
    assert before + 1 == channel.status("a feed", START_US, real=True, sight=None).gaps
