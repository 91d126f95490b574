"""Paths that last: over restarts, resets, other feeds and a store that does not say what it did."""

import asyncio

import msgspec
import pytest

from hypersim.clock import MICROSECONDS
from hypersim.engine.commands import Reset
from hypersim.errors import Reason, Refused, StoreError
from hypersim.feeds.channel import WITHDRAWAL
from hypersim.feeds.levers.bend import UNBENT
from hypersim.feeds.levers.levers import NO_PATHS, PATHS, Levers, kept_paths
from hypersim.units import ONE
from tests.feeds.desk import START_US, Desk, VirtualClock, ladder, seen, settle
from tests.feeds.fine import BOOK, FINE, SYMBOL, bids
from tests.feeds.scripted_feed import ScriptedFeed, supervised


@pytest.fixture
def desk(clock: VirtualClock) -> Desk:
    return Desk(clock, [FINE])


@pytest.fixture
def levers(desk: Desk, clock: VirtualClock) -> Levers:
    return Levers(ask=desk, clock=clock, kept={})


async def test_an_emptied_world_has_no_paths(
    desk: Desk, clock: VirtualClock, feed: ScriptedFeed, levers: Levers
) -> None:
    async with supervised(desk, clock, feed, levers=levers, market=FINE):
        feed.say(seen(BOOK))
        await settle()
        await levers.start(SYMBOL, "-10%")
        await desk(Reset(), rows=[NO_PATHS])
        feed.say(seen(BOOK))
        await settle()

        assert ({999.0: 5.0, 998.0: 7.0}, {}) == (bids(desk), levers.status())
        assert [None] == [price for _, price in feed.moves]
    assert {} == kept_paths(desk.facts[PATHS])


async def test_a_path_that_is_asked_for_while_the_world_is_emptied_begins_in_the_new_one(
    desk: Desk, clock: VirtualClock, feed: ScriptedFeed, levers: Levers
) -> None:
    async with supervised(desk, clock, feed, levers=levers, market=FINE):
        feed.say(seen(BOOK))
        await settle()
        await levers.start(SYMBOL, "-10%")
        await asyncio.gather(desk(Reset(), rows=[NO_PATHS]), levers.start(SYMBOL, "-20%"))
        feed.say(seen(BOOK))
        await settle()

    assert {799.2: 5.0, 798.4: 7.0} == bids(desk)
    assert [UNBENT, UNBENT * 8 // 10] == [knot.factor for knot in kept_paths(desk.facts[PATHS])[SYMBOL].knots]


async def test_a_path_outlives_its_exchange_and_is_where_it_would_be(
    desk: Desk, clock: VirtualClock, feed: ScriptedFeed, levers: Levers
) -> None:
    async with supervised(desk, clock, feed, levers=levers, market=FINE):
        feed.say(seen(BOOK))
        await settle()
        await levers.start(SYMBOL, "-10% in 20s")
        await clock.pass_time(2)
    clock.skip(8)
    await desk(seen(WITHDRAWAL))
    later = Levers(ask=desk, clock=clock, kept=kept_paths(desk.facts[PATHS]))
    asked = ((SYMBOL, 0), (SYMBOL, START_US), (SYMBOL, START_US + 30 * MICROSECONDS), ("ETHUSDT", START_US))
    unbent = [later.unbent(symbol, 900 * ONE, time_us) for symbol, time_us in asked]
    again = ScriptedFeed()
    async with supervised(desk, clock, again, levers=later, market=FINE):
        again.say(seen(BOOK))
        await settle()
        first = bids(desk)
        await clock.pass_time(20)

    assert {947.73: 5.0, 946.78: 7.0} == first  # 999 x 0.9^0.5
    assert {899.1: 5.0, 898.2: 7.0} == bids(desk)
    assert [900 * ONE, 900 * ONE, 1000 * ONE, 900 * ONE] == unbent


async def test_a_path_stays_over_another_feed(
    desk: Desk, clock: VirtualClock, feed: ScriptedFeed, levers: Levers
) -> None:
    async with supervised(desk, clock, feed, levers=levers, market=FINE):
        feed.say(seen(BOOK))
        await levers.start(SYMBOL, "-10%")
    other = ScriptedFeed("other")
    async with supervised(desk, clock, other, levers=levers, market=FINE):
        other.say(seen(ladder([(500, 1)], [(501, 1)], full=True)))
        await settle()

    assert {450.0: 1.0} == bids(desk)


async def test_what_is_kept_in_doubt_is_kept_again_as_it_is_in_force(
    desk: Desk, clock: VirtualClock, feed: ScriptedFeed, levers: Levers
) -> None:
    async with supervised(desk, clock, feed, levers=levers, market=FINE):
        feed.say(seen(BOOK))
        await settle()
        desk.refusals = [Reason.STATUS_UNKNOWN, Reason.OVERLOADED]
        with pytest.raises(Refused) as refused:
            await levers.start(SYMBOL, "-10%")
        in_doubt = list(kept_paths(desk.facts[PATHS]))
        await clock.pass_time(1)

    assert (Reason.STATUS_UNKNOWN, [SYMBOL]) == (refused.value.reason, in_doubt)
    assert ({}, {}, {999.0: 5.0, 998.0: 7.0}) == (levers.status(), kept_paths(desk.facts[PATHS]), bids(desk))


async def test_an_exchange_that_was_rebuilt_keeps_the_paths_that_are_in_force(
    desk: Desk, clock: VirtualClock, feed: ScriptedFeed, levers: Levers
) -> None:
    async with supervised(desk, clock, feed, levers=levers, market=FINE) as supervisor:
        feed.say(seen(BOOK))
        await settle()
        await levers.start(SYMBOL, "-10%")
        desk.facts[PATHS] = NO_PATHS.value
        supervisor.rebuilt()
        await settle()

    assert {SYMBOL} == kept_paths(desk.facts[PATHS]).keys()


def test_what_was_kept_by_nobody_of_ours_stops_the_start() -> None:
    assert {} == kept_paths(None)
    with pytest.raises(StoreError, match="the price paths that this world kept cannot be read"):
        kept_paths('{"BTCUSDT": 5}')


def test_paths_are_kept_as_json_that_reads_back() -> None:
    path = kept_paths('{"BTCUSDT": {"text": "-10%", "knots": [[1, 1000000000000], [1, 900000000000]]}}')

    assert path == kept_paths(msgspec.json.encode(path).decode())
    assert 9 * UNBENT // 10 == path["BTCUSDT"].in_force(1)


async def test_a_path_whose_asker_left_is_not_kept_behind_its_market_s_back(
    desk: Desk, clock: VirtualClock, feed: ScriptedFeed, levers: Levers
) -> None:
    async with supervised(desk, clock, feed, levers=levers, market=FINE):
        feed.say(seen(BOOK))
        await settle()
        asking = asyncio.create_task(levers.start(SYMBOL, "-10%"))
        await asyncio.sleep(0)
        asking.cancel()
        await clock.pass_time(1)

        assert asking.cancelled()
        assert ({}, NO_PATHS.value) == (levers.status(), desk.facts[PATHS])
