"""The supervisor: feeds that fail, exchanges that refuse, hands on the market, and time that passes."""

import asyncio
import logging
from itertools import pairwise

import pytest
from msgspec.structs import replace

from hypersim.clock import MICROSECONDS
from hypersim.engine.commands import OutsideUpdate, PutMarket, Reset
from hypersim.engine.orders import Side
from hypersim.errors import Reason
from hypersim.feeds.base import FeedFailed, Sight, SymbolStatus
from hypersim.feeds.channel import WITHDRAWAL
from hypersim.feeds.pace import PACE_S
from hypersim.feeds.supervisor import FeedSupervisor, moved_to
from hypersim.units import ONE
from tests.feeds.desk import MARKET, START_US, Desk, VirtualClock, bought, coins, fed_by, ladder, resuming, seen, settle
from tests.feeds.scripted_feed import BOOK, ScriptedFeed, ladders, supervised

LATER_BOOK = ladder([(99, 6)], [(101, 4)], full=True)


async def test_the_first_ladder_is_awaited(desk: Desk, clock: VirtualClock, feed: ScriptedFeed) -> None:
    async with supervised(desk, clock, feed) as supervisor:
        ready = asyncio.create_task(supervisor.ready())
        await settle()
        before = ready.done()
        feed.say(seen(BOOK))
        await settle()

        assert (False, True) == (before, ready.done())
        assert dict(coins([(101, 4)])) == desk.house(Side.SELL)


async def test_a_quote_that_nobody_confirms_for_thirty_seconds_is_withdrawn_and_comes_back(
    desk: Desk, clock: VirtualClock, feed: ScriptedFeed, caplog: pytest.LogCaptureFixture
) -> None:
    async with supervised(desk, clock, feed) as supervisor:
        feed.say(seen(BOOK))
        await clock.pass_time(20)
        feed.say(seen())  # nothing new, but confirmed
        await clock.pass_time(29)
        standing = desk.house(Side.BUY)
        await clock.pass_time(3)
        withdrawn = supervisor.status().symbols[MARKET.symbol]
        feed.say(seen(BOOK, source_time_us=7))
        await settle()

        assert [BOOK, WITHDRAWAL, BOOK] == ladders(desk.asked)
        assert dict(coins([(99, 5)])) == standing
        assert (
            SymbolStatus(
                feed="scripted",
                real=False,
                sight=Sight.BOOK,
                source_time_us=START_US,
                received_us=START_US + 20 * MICROSECONDS,
                age_ms=32_000,
                quoted=False,
                updates=2,
                prints=0,
                gaps=1,
            )
            == withdrawn
        )
        assert supervisor.status().symbols[MARKET.symbol].quoted
    assert ["quotes withdrawn, not confirmed for 30 s: BTCUSDT"] == caplog.messages


async def test_a_feed_that_fails_starts_again_later_each_time_with_one_line(
    desk: Desk, clock: VirtualClock, feed: ScriptedFeed, caplog: pytest.LogCaptureFixture
) -> None:
    async with supervised(desk, clock, feed) as supervisor:
        for _ in range(5):
            feed.say(FeedFailed("nobody there"))
            await clock.pass_time(20)
        failing = supervisor.status().failure
        feed.say(seen(BOOK))
        await settle()

        pauses_s = [(after - before) / MICROSECONDS for before, after in pairwise(feed.starts_us)]
        assert [True] * 5 == [
            0.75 * 2**at <= pause - waited <= 1.25 * 2**at
            for at, (pause, waited) in enumerate(zip(pauses_s, waits(feed.starts_us), strict=True))
        ]
        assert ("scripted: nobody there", None) == (failing, supervisor.status().failure)
    assert [logging.WARNING] * 5 == [record.levelno for record in caplog.records]
    assert caplog.messages[0].startswith("feed scripted: nobody there; next try in ")


def waits(starts_us: list[int]) -> list[float]:
    """How long each run of the feed waited for its failure, which the test says every 20 s."""
    return [(-(start_us - START_US) % (20 * MICROSECONDS)) / MICROSECONDS for start_us in starts_us[:-1]]


async def test_a_source_that_asks_to_be_left_alone_is_left_alone(
    desk: Desk, clock: VirtualClock, feed: ScriptedFeed
) -> None:
    async with supervised(desk, clock, feed):
        feed.say(FeedFailed("banned", retry_after_s=120))
        await clock.pass_time(119)
        during = len(feed.starts_us)
        await clock.pass_time(2)

        assert (1, 2) == (during, len(feed.starts_us))


async def test_a_broken_feed_is_logged_with_its_traceback_and_starts_again(
    desk: Desk, clock: VirtualClock, feed: ScriptedFeed, caplog: pytest.LogCaptureFixture
) -> None:
    async with supervised(desk, clock, feed) as supervisor:
        feed.say(seen(BOOK), KeyError("surprise"))
        await clock.pass_time(2)
        feed.say(seen(ladder([(98, 1)])), seen(LATER_BOOK))
        await settle()

        # the level that came before a full ladder continues nothing
        assert [BOOK, LATER_BOOK] == ladders(desk.asked)
        assert 1 == supervisor.status().symbols[MARKET.symbol].gaps
    [record] = caplog.records
    assert record.exc_info is not None
    assert logging.ERROR == record.levelno


async def test_an_overloaded_exchange_is_asked_again_and_loses_no_trade(
    desk: Desk, clock: VirtualClock, feed: ScriptedFeed
) -> None:
    async with supervised(desk, clock, feed):
        feed.say(seen(BOOK))
        await settle()
        desk.refusals = [Reason.OVERLOADED, Reason.SHUTTING_DOWN]
        feed.say(seen(ladder([], [(101, 3)]), bought(101, 1)))
        await settle()
        feed.say(seen(ladder([], [(101, 2)]), bought(101, 2)))
        await clock.pass_time(1)

        merged = seen(ladder([], [(101, 2)]), bought(101, 1), bought(101, 2))
        assert merged == desk.updates[-1]
        assert 4 == len(desk.updates)


async def test_after_an_unknown_fate_the_whole_ladder_is_told_and_nothing_trades_twice(
    desk: Desk, clock: VirtualClock, feed: ScriptedFeed
) -> None:
    async with supervised(desk, clock, feed):
        feed.say(seen(BOOK))
        await settle()
        desk.refusals = [Reason.STATUS_UNKNOWN]
        feed.say(seen(ladder([], [(101, 3)]), bought(101, 1)))
        await clock.pass_time(1)

        again = resuming(ladder([(99, 5)], [(101, 3)], full=True))
        assert again == desk.updates[-1]
        assert 3 == len(desk.updates)


async def test_what_the_exchange_will_never_take_is_logged_once_and_not_repeated(
    desk: Desk, clock: VirtualClock, feed: ScriptedFeed, caplog: pytest.LogCaptureFixture
) -> None:
    async with supervised(desk, clock, feed) as supervisor:
        desk.refusals = [Reason.BAD_SYMBOL, Reason.BAD_SYMBOL]
        for _ in range(2):
            feed.say(seen(BOOK))
            await clock.pass_time(5)
        refused = supervisor.status().failure
        feed.say(seen(BOOK))
        await settle()

        assert 3 == len(desk.updates)
        assert ("BTCUSDT: the exchange refused an update (bad_symbol)", None) == (
            refused,
            supervisor.status().failure,
        )
    assert ["BTCUSDT: the exchange refused an update (bad_symbol)"] == caplog.messages


async def test_a_hand_on_the_market_is_told_to_the_feed_and_the_next_ladder_is_whole(
    desk: Desk, clock: VirtualClock, feed: ScriptedFeed
) -> None:
    async with supervised(desk, clock, feed):
        feed.say(seen(BOOK))
        await settle()
        by_hand = seen(ladder([(49, 1)], [(51, 1)], full=True), bought(50, 1))
        await desk(by_hand)
        feed.say(seen(ladder([(99, 9)])), seen(BOOK))
        await settle()

        assert [(MARKET.symbol, 50 * ONE)] == feed.moves
        assert [BOOK, by_hand.ladder, BOOK] == ladders(desk.asked)


async def test_a_withdrawal_by_hand_moves_no_price(desk: Desk, clock: VirtualClock, feed: ScriptedFeed) -> None:
    async with supervised(desk, clock, feed):
        await desk(seen(WITHDRAWAL))
        feed.say(seen(BOOK))
        await settle()

        assert ([], [WITHDRAWAL, BOOK]) == (feed.moves, ladders(desk.asked))


async def test_its_own_commands_are_no_hands_on_the_market(desk: Desk, clock: VirtualClock, feed: ScriptedFeed) -> None:
    async with supervised(desk, clock, feed):
        feed.say(seen(BOOK, bought(101, 1)))
        await settle()

        assert [] == feed.moves


async def test_a_reset_empties_the_feed_s_world_too(desk: Desk, clock: VirtualClock, feed: ScriptedFeed) -> None:
    async with supervised(desk, clock, feed):
        feed.say(seen(BOOK))
        await settle()
        await desk(Reset())
        feed.say(seen(BOOK))
        await settle()

        assert [(MARKET.symbol, None)] == feed.moves
        assert [BOOK, BOOK] == ladders(desk.asked)


async def test_new_rules_of_a_market_are_followed(desk: Desk, clock: VirtualClock, feed: ScriptedFeed) -> None:
    async with supervised(desk, clock, feed):
        feed.say(seen(BOOK))
        await settle()
        await desk(PutMarket(replace(MARKET, tick_size=10 * ONE)))
        feed.say(seen())
        await settle()

        assert dict(coins([(110, 4)])) == desk.house(Side.SELL)


async def test_an_exchange_that_fails_ends_the_supervisor(desk: Desk, clock: VirtualClock, feed: ScriptedFeed) -> None:
    supervisor = FeedSupervisor(ask=desk, clock=clock, sources=fed_by([MARKET], feed.timed_by(clock)), seed=1)
    desk.failure = RuntimeError("broken")
    feed.say(seen(BOOK))

    with pytest.raises(ExceptionGroup) as raised:
        await supervisor.run()
    assert [desk.failure] == list(raised.value.exceptions)


async def test_updates_of_a_market_without_orders_are_gathered_and_lose_no_trade(
    desk: Desk, clock: VirtualClock, feed: ScriptedFeed
) -> None:
    async with supervised(desk, clock, feed, hurried=frozenset()):
        feed.say(seen(BOOK))
        await settle()
        for size in (3, 2, 1):
            feed.say(seen(ladder([], [(101, size)]), bought(101, 1)))
            await clock.pass_time(0.01)
        before = len(desk.updates)
        await clock.pass_time(PACE_S)

        gathered = seen(ladder([], [(101, 1)]), bought(101, 1), bought(101, 1), bought(101, 1))
        assert (1, [gathered]) == (before, desk.updates[1:])


@pytest.mark.parametrize(
    ("update", "price"),
    [
        (seen(ladder([(48, 1), (49, 1)], [(51, 1)])), 50),
        (seen(ladder([(49, 1), (60, 0)], [])), 49),
        (seen(ladder([], [(51, 1), (52, 1)])), 51),
        (seen(None, bought(7, 1), bought(8, 1)), 8),
        (seen(ladder([], []), bought(8, 1)), 8),
        (seen(WITHDRAWAL), None),
    ],
)
def test_where_an_update_leaves_the_market(update: OutsideUpdate, price: int | None) -> None:
    assert (None if price is None else price * ONE) == moved_to(update)
