"""A bent market: the source's prices times a factor on our grid, whatever is told when, and trades that follow."""

import random
from fractions import Fraction

import pytest
from msgspec.structs import replace

from hypersim.engine.commands import Ladder, OutsideUpdate, Print, Stamped
from hypersim.engine.orders import Side
from hypersim.feeds import channel as channels
from hypersim.feeds.channel import WITHDRAWAL, Channel
from hypersim.feeds.levers.bend import UNBENT, bent_down, bent_up, following_trade, unbent
from hypersim.units import ONE
from tests.feeds.desk import MARKET, START_US, Desk, VirtualClock, bought, ladder, resuming, seen, sold, told

FINE = replace(MARKET, tick_size=ONE // 100)
BOOK = ladder([(99, 5), (98, 7)], [(101, 4), (102, 6)], full=True, bid_floor=90, ask_ceiling=110)


def factor(text: str) -> int:
    return int(Fraction(text) * UNBENT)


@pytest.mark.parametrize(
    ("price", "by", "down", "up", "back"),
    [
        (60_000 * ONE, "0.9", 54_000 * ONE, 54_000 * ONE, 60_000 * ONE),
        (1, "0.001", 0, 1, 1000),
        (901, "0.001", 0, 1, 1000),
        (3, "1.5", 4, 5, 3),
        (2**63 - 1, "1000", 9223372036854775807000, 9223372036854775807000, 2**63 - 1),
        (7, "1", 7, 7, 7),
    ],
)
def test_a_price_is_bent_in_integers(price: int, by: str, down: int, up: int, back: int) -> None:
    bent = bent_down(price, factor(by)), bent_up(price, factor(by))

    assert (down, up) == bent
    assert back == unbent(up, factor(by))


@pytest.mark.parametrize(
    ("last", "bid", "ask", "expected"),
    [
        (100, 99, 101, None),
        (100, 98, 100, None),
        (100, 96, 98, Print(96 * ONE, 2 * ONE, Side.SELL)),
        (100, 103, 104, Print(104 * ONE, 2 * ONE, Side.BUY)),
        # a spread of one in a million: a basis point is near enough
        (1_000_000, 1_000_099, 1_000_100, None),
        (1_000_000, 1_000_100, 1_000_101, Print(1_000_101 * ONE, 2 * ONE, Side.BUY)),
    ],
)
def test_a_trade_follows_quotes_that_left_the_last_one_behind(
    last: int, bid: int, ask: int, expected: Print | None
) -> None:
    market = replace(MARKET, min_quantity=2 * ONE)

    assert expected == following_trade(market, last * ONE, bid * ONE, ask * ONE)


@pytest.mark.parametrize(
    ("price", "quantity"), [(100, "0.06"), (50, "0.11"), (5, "1.01"), (1000, "0.01"), (600, "0.01")]
)
def test_a_following_trade_is_the_smallest_order(price: int, quantity: str) -> None:
    market = replace(
        MARKET, min_notional=5 * ONE + ONE // 20, min_quantity=ONE // 200, step_size=ONE // 100, tick_size=ONE // 100
    )
    trade = following_trade(market, 1, price * ONE - 1, price * ONE)

    assert Print(price * ONE, int(Fraction(quantity) * ONE), Side.BUY) == trade


@pytest.fixture
def channel() -> Channel:
    """The exchange has BOOK."""
    channel = Channel(FINE)
    assert resuming(BOOK) == told(channel, seen(BOOK))
    return channel


def at(price: str, size: int) -> tuple[int, int]:
    return int(Fraction(price) * ONE), size * ONE


def test_the_levels_that_were_said_move_with_the_factor_and_keep_their_sizes(channel: Channel) -> None:
    channel.bend(factor("1.005"))

    expected = Ladder(
        bids=(at("99.49", 5), at("99", 0), at("98.49", 7), at("98", 0)),
        asks=(at("101", 0), at("101.51", 4), at("102", 0), at("102.51", 6)),
        bid_floor=at("90.45", 0)[0],
        ask_ceiling=at("110.55", 0)[0],
    )
    assert seen(expected) == told(channel)


def test_what_is_seen_later_is_bent_and_a_change_stays_a_change(channel: Channel) -> None:
    channel.bend(factor("0.5"))
    told(channel)
    change = ladder([(99, 6)], bid_floor=90, ask_ceiling=110)

    expected = Ladder(bids=(at("49.5", 6),), bid_floor=45 * ONE, ask_ceiling=55 * ONE)
    assert seen(expected, Print(*at("49.5", 2), Side.SELL)) == told(channel, seen(change, sold(99, 2)))


def test_a_factor_alone_confirms_no_quote_and_brings_none_back(channel: Channel) -> None:
    channel.expire(START_US + 1)
    channel.bend(factor("0.5"))

    assert seen(WITHDRAWAL) == told(channel)
    assert told(channel) is None
    again = Ladder(
        bids=(at("49.5", 5), at("49", 7)),
        asks=(at("50.5", 4), at("51", 6)),
        bid_floor=45 * ONE,
        ask_ceiling=55 * ONE,
        full=True,
    )
    assert resuming(again) == told(channel, seen())


def test_what_was_said_before_a_restart_is_not_bent_but_what_comes_after_it_is(channel: Channel) -> None:
    channel.restarted()
    channel.bend(factor("0.5"))

    assert told(channel, seen(ladder([(99, 9)]))) is None
    command = told(channel, seen(BOOK))
    assert command is not None
    assert command.ladder is not None
    assert (at("49.5", 5), at("49", 7)) == command.ladder.bids


def test_a_factor_that_leads_far_is_followed_by_one_trade_before_the_quotes(channel: Channel) -> None:
    followed = [channel.bend(factor(text)) for text in ("0.99", "0.97", "0.96")]

    trade = Print(*at("96.03", 1), Side.SELL)
    assert [None, trade, None] == followed
    command = told(channel)
    assert command is not None
    assert (trade,) == command.prints


def test_trades_of_the_source_are_followed_by_none_of_ours(channel: Channel) -> None:
    channel.bend(factor("0.99"))
    channel.observe(seen(None, sold(98, 1)), START_US)

    assert channel.bend(factor("0.97")) is None


def test_a_trade_that_follows_comes_before_the_quotes_and_after_what_led_to_the_earlier_ones(channel: Channel) -> None:
    channel.observe(seen(BOOK, bought(101, 1)), START_US)
    channel.observe(seen(None, bought(101, 2)), START_US)
    channel.bend(factor("0.9"))
    first, second = told(channel), told(channel)

    assert first is not None
    assert (bought(101, 1), Print(*at("89.1", 1), Side.SELL)) == first.prints
    assert seen(None, bought(101, 2)) == second


def test_tiny_prices_become_no_zero_and_no_crossed_book() -> None:
    channel = Channel(replace(MARKET, tick_size=1, min_price=1))
    observed = Ladder(bids=((900, ONE),), asks=((901, ONE),), full=True)
    told(channel, seen(observed))
    channel.bend(UNBENT // 1000)

    command = told(channel)
    assert command is not None
    assert command.ladder == Ladder(bids=((900, 0),), asks=((1, ONE), (901, 0)))
    crumbs = seen(None, Print(901, ONE, Side.BUY), Print(900, ONE, Side.SELL))
    assert seen(None, Print(1, ONE, Side.BUY)) == told(channel, crumbs)


@pytest.mark.parametrize("seed", range(20))
def test_the_book_is_the_source_s_times_the_factor_after_every_update(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against the whole raw book, kept apart: multiplied, put on the grid and cut where the range ends."""
    monkeypatch.setattr(channels, "LEVELS_ON_THE_MOVE", 12)
    chance = random.Random(seed)
    desk = Desk(VirtualClock(), [replace(MARKET, tick_size=chance.choice((ONE, ONE // 10, ONE // 100)))])
    market = desk.exchange.venues[MARKET.symbol].market
    channel = Channel(market)
    source = {side: dict[int, int]() for side in Side}
    by, cut = UNBENT, dict[Side, int]()
    for turn in range(250):
        if turn and chance.random() < 0.5:
            by, moving = round(UNBENT * chance.choice((1, chance.uniform(0.1, 3)))), chance.random() < 0.5
            channel.bend(by, moving=moving)
            cut = {side: nth_best(bent(source[side], side, by, market.tick_size), side, 12) for side in Side if moving}
        else:
            middle = 500 + chance.randint(-20, 20)
            floor, ceiling = middle - chance.randint(20, 60), middle + chance.randint(20, 60)
            before = {side: dict(book) for side, book in source.items()}
            for side, low, high in ((Side.BUY, floor, middle - 1), (Side.SELL, middle + 1, ceiling)):
                wander(chance, source[side], low, high)
            full = turn == 0 or chance.random() < 0.1
            told_bids, told_asks = (
                list(source[side].items()) if full else changed(before[side], source[side]) for side in Side
            )
            prints = [
                Print(chance.randint(470, 530) * ONE, chance.randint(1, 9) * ONE, chance.choice(list(Side)))
                for _ in range(chance.choice((0, 0, 1, 3)))
            ]
            observed = ladder(told_bids, told_asks, full=full, bid_floor=floor, ask_ceiling=ceiling)
            channel.observe(seen(observed, *prints), START_US)
        tell_all(chance, channel, desk)
        if channel.in_flight is None:
            expected = {
                side: {
                    price: size
                    for price, size in bent(source[side], side, by, market.tick_size).items()
                    if price and (side not in cut or (price >= cut[side] if side is Side.BUY else price <= cut[side]))
                }
                for side in Side
            }
            assert expected == {side: desk.house(side) for side in Side}, turn


def wander(chance: random.Random, book: dict[int, int], low: int, high: int) -> None:
    for price in [price for price in book if not low <= price <= high]:
        del book[price]
    for _ in range(chance.randint(0, 8)):
        price, size = chance.randint(low, high), chance.randint(0, 20)
        book[price] = size
        if not size:
            del book[price]


def bent(book: dict[int, int], side: Side, by: int, tick: int) -> dict[int, int]:
    levels: dict[int, int] = {}
    for price, size in book.items():
        exact = Fraction(price * ONE * by, UNBENT * tick)
        on_grid = (exact.__floor__() if side is Side.BUY else exact.__ceil__()) * tick
        levels[on_grid] = levels.get(on_grid, 0) + size * ONE
    return levels


def nth_best(levels: dict[int, int], side: Side, count: int) -> int:
    ranked = sorted(levels, reverse=side is Side.BUY)
    return ranked[count - 1] if len(ranked) > count else (0 if side is Side.BUY else 2**63)


def changed(before: dict[int, int], after: dict[int, int]) -> list[tuple[int, int]]:
    return [
        (price, after.get(price, 0)) for price in before.keys() | after.keys() if before.get(price) != after.get(price)
    ]


def tell_all(chance: random.Random, channel: Channel, desk: Desk) -> None:
    """Tells the exchange what there is, or leaves it in flight for a turn; some commands meet trouble."""
    if channel.in_flight is not None:
        apply(desk, channel.in_flight)
        channel.taken_in()
    while (command := channel.next_command()) is not None:
        match chance.randrange(8):
            case 0:
                return
            case 1:
                channel.to_repeat()
            case 2:
                channel.lost()
            case _:
                apply(desk, command)
                channel.taken_in()


def apply(desk: Desk, command: OutsideUpdate) -> None:
    desk.exchange.apply(Stamped(START_US, command))
    desk.exchange.check()
