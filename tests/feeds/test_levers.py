"""Paths in force: users' orders that they hit, over a feed that stands still, a made-up one and one that fails."""

from itertools import pairwise

import pytest
from msgspec.structs import replace

from hypersim.engine.orders import OrderStatus, Side
from hypersim.errors import Reason, Refused
from hypersim.feeds.base import FeedFailed
from hypersim.feeds.channel import WITHDRAWAL
from hypersim.feeds.levers.bend import UNBENT
from hypersim.feeds.levers.levers import NO_PATHS, PATHS, Levers, kept_paths
from hypersim.feeds.supervisor import FeedSupervisor
from hypersim.feeds.synthetic.feed import SyntheticFeed
from hypersim.units import ONE
from tests.feeds.desk import Desk, VirtualClock, bought, fed_by, ladder, resuming, seen, settle
from tests.feeds.fine import BOOK, FINE, SYMBOL, Notes, bids, place, stand_still
from tests.feeds.markets import MARKETS, SYNTHETIC
from tests.feeds.scripted_feed import ScriptedFeed, supervised
from tests.feeds.tasks import running


@pytest.fixture
def desk(clock: VirtualClock) -> Desk:
    return Desk(clock, [FINE])


@pytest.fixture
def notes(desk: Desk) -> Notes:
    notes = Notes()
    desk.listeners.append(notes.fold)
    return notes


@pytest.fixture
def levers(desk: Desk, clock: VirtualClock) -> Levers:
    return Levers(ask=desk, clock=clock, kept={})


async def test_a_resting_bid_fills_once_at_its_own_price_when_the_path_gets_there(
    desk: Desk, clock: VirtualClock, feed: ScriptedFeed, levers: Levers, notes: Notes
) -> None:
    async with supervised(desk, clock, feed, levers=levers, market=FINE):
        feed.say(seen(BOOK))
        await settle()
        await place(desk, Side.BUY, 950 * ONE, 3 * ONE)
        begun = await levers.start(SYMBOL, "-10% in 30s")
        await stand_still(feed, clock, 14)
        before = notes.filled()
        await stand_still(feed, clock, 600)
        status = levers.status()[SYMBOL]

    assert ((), []) == (begun.filled, before)
    # the bid, 999 x 0.9^(t/30), comes below 950 at 14.34 s and is traded at soon; the ask at 14.89 s. Steps are 200 ms
    assert [14.6, 15.0] == [second for second, _ in notes.fills]
    first, rest = ONE // 1000, 2999 * ONE // 1000
    assert [(950 * ONE, first, OrderStatus.PARTIALLY_FILLED), (950 * ONE, rest, OrderStatus.FILLED)] == notes.filled()
    assert [event for _, event in notes.fills] == list(status.filled)
    assert (9 * UNBENT // 10, True) == (status.factor, status.done)
    assert {899.1: 5.0, 898.2: 7.0} == bids(desk)


async def test_the_last_price_follows_a_path_over_a_market_that_does_not_trade(
    desk: Desk, clock: VirtualClock, feed: ScriptedFeed, levers: Levers, notes: Notes
) -> None:
    async with supervised(desk, clock, feed, levers=levers, market=FINE):
        feed.say(seen(BOOK, bought(1001, 1)))
        await settle()
        await levers.start(SYMBOL, "+10% in 30s, back in 20s")
        await stand_still(feed, clock, 60)
        status = levers.status()[SYMBOL]

    prices = [trade.price / ONE for _, trade in notes.trades]
    assert all(abs(after - before) < 0.01 * before for before, after in pairwise(prices))
    assert abs(max(prices) - 1100) < 3
    assert abs(prices[-1] - 1000) < 3
    assert (len(prices) - 1, sum(trade.quantity for _, trade in notes.trades) - ONE) == (status.trades, status.volume)
    # the smallest order each time, and no more often than the spread fits into the way
    assert status.trades * ONE // 1000 == status.volume
    assert 40 < status.trades <= 100


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_path_bends_a_made_up_market_alike(clock: VirtualClock, seed: int) -> None:
    market = MARKETS["BTCUSDT"]
    desk, notes = Desk(clock, [market]), Notes()
    desk.listeners.append(notes.fold)
    made_up = SyntheticFeed(
        clock=clock, markets=[market], synthetic=SYNTHETIC, seed=seed, step_ms=250, last_prices=dict
    )
    levers = Levers(ask=desk, clock=clock, kept={})
    supervisor = FeedSupervisor(ask=desk, clock=clock, sources=fed_by([market], made_up), seed=1, levers=levers)
    desk.listeners.append(supervisor.fold)
    async with running(supervisor.run()):
        await supervisor.ready()
        first = supervisor.channels[SYMBOL].middle
        assert first is not None
        limit = first * 95 // 100 // market.tick_size * market.tick_size
        await place(desk, Side.BUY, limit, ONE // 100, market=market)
        await levers.start(SYMBOL, "-10% in 10s, +5% in 12s")
        await clock.pass_time(12)
        [half_way] = [channel.middle for channel in supervisor.channels.values()]
        await clock.pass_time(13)
        arrived = supervisor.channels[SYMBOL].middle
        filled = levers.status()[SYMBOL].filled
        await levers.cancel(SYMBOL)
        own = supervisor.channels[SYMBOL].middle

    assert {limit} == {event.fill.price for event in filled if event.fill is not None}
    assert (OrderStatus.FILLED, ONE // 100) == (filled[-1].order.status, sum(e.fill.quantity for e in filled if e.fill))
    assert all(4.5 < second < 5.6 for second, _ in notes.fills)
    assert half_way is not None
    assert arrived is not None
    assert own is not None
    assert abs(half_way / first - 0.9 * 1.05 ** (1 / 6)) < 0.005
    assert abs(arrived / first - 0.945) < 0.01
    assert abs(own / arrived * 0.945 - 1) < 0.0001


async def test_a_jump_fills_before_it_is_answered(
    desk: Desk, clock: VirtualClock, feed: ScriptedFeed, levers: Levers
) -> None:
    async with supervised(desk, clock, feed, levers=levers, market=FINE):
        feed.say(seen(BOOK))
        await settle()
        await place(desk, Side.SELL, 1005 * ONE, 2 * ONE)
        status = await levers.start(SYMBOL, "+1%")

    assert 2 * ONE == sum(event.fill.quantity for event in status.filled if event.fill is not None)
    assert (True, UNBENT * 101 // 100) == (status.done, status.factor)


async def test_after_a_cancel_the_feed_s_own_prices_hold_again(
    desk: Desk, clock: VirtualClock, feed: ScriptedFeed, levers: Levers
) -> None:
    async with supervised(desk, clock, feed, levers=levers, market=FINE):
        feed.say(seen(BOOK))
        await settle()
        await levers.start(SYMBOL, "-10% in 30s")
        await clock.pass_time(10)
        kept, bent = kept_paths(desk.facts[PATHS]), bids(desk)
        cancelled = await levers.cancel(SYMBOL)
        after = bids(desk), desk.facts[PATHS]
        await clock.pass_time(10)
        with pytest.raises(Refused) as refused:
            await levers.cancel(SYMBOL)

    assert {SYMBOL: cancelled.path} == kept
    assert {964.52: 5.0, 963.55: 7.0} == bent
    assert ({999.0: 5.0, 998.0: 7.0}, NO_PATHS.value) == after == (bids(desk), NO_PATHS.value)
    assert ({}, Reason.NO_PRICE_PATH) == (levers.status(), refused.value.reason)


async def test_a_new_path_begins_at_the_factor_reached(
    desk: Desk, clock: VirtualClock, feed: ScriptedFeed, levers: Levers
) -> None:
    async with supervised(desk, clock, feed, levers=levers, market=FINE):
        feed.say(seen(BOOK))
        await settle()
        await levers.start(SYMBOL, "-50% in 20s")
        await clock.pass_time(10)
        half_way = levers.status()[SYMBOL].factor
        begun = await levers.start(SYMBOL, "hold 5s, back in 1s")
        await clock.pass_time(4)
        held = bids(desk)
        await clock.pass_time(2)

    assert (half_way, False) == (begun.factor, begun.done)
    assert {706.39: 5.0, 705.69: 7.0} == held
    assert {999.0: 5.0, 998.0: 7.0} == bids(desk)


async def test_a_path_goes_on_over_a_feed_that_fails_and_starts_again(
    desk: Desk, clock: VirtualClock, feed: ScriptedFeed, levers: Levers
) -> None:
    async with supervised(desk, clock, feed, levers=levers, market=FINE):
        feed.say(seen(BOOK))
        await settle()
        await levers.start(SYMBOL, "-10% in 20s")
        await clock.pass_time(5)
        feed.say(FeedFailed("nobody there"))
        await clock.pass_time(10)
        silent = bids(desk)
        feed.say(seen(ladder([(999, 1)])), seen(ladder([(990, 5)], [(992, 5)], full=True)))
        await settle()
        again = bids(desk)
        await clock.pass_time(10)

    assert {973.02: 5.0, 972.05: 7.0} == silent  # 999 x 0.9^0.25
    assert {914.78: 5.0} == again  # 990 x 0.9^0.75
    assert {891.0: 5.0} == bids(desk)


async def test_a_path_keeps_no_stale_quote_alive(
    desk: Desk, clock: VirtualClock, feed: ScriptedFeed, levers: Levers
) -> None:
    async with supervised(desk, clock, feed, levers=levers, market=FINE):
        feed.say(seen(BOOK))
        await settle()
        await levers.start(SYMBOL, "-10% in 1m")
        await clock.pass_time(40)
        withdrawn = bids(desk), desk.updates[-1].ladder
        feed.say(seen())
        await settle()

    assert ({}, WITHDRAWAL) == withdrawn
    assert {931.23: 5.0, 930.30: 7.0} == bids(desk)  # 999 x 0.9^(2/3)


async def test_a_hand_on_a_bent_market_is_told_to_its_feed_in_the_feed_s_prices(
    desk: Desk, clock: VirtualClock, feed: ScriptedFeed, levers: Levers
) -> None:
    async with supervised(desk, clock, feed, levers=levers, market=FINE):
        feed.say(seen(BOOK))
        await settle()
        await levers.start(SYMBOL, "-10%")
        await desk(seen(ladder([(449, 1)], [(451, 1)], full=True)))

    assert [(SYMBOL, 500 * ONE)] == feed.moves


async def test_a_bent_quote_is_not_called_real(
    desk: Desk, clock: VirtualClock, feed: ScriptedFeed, levers: Levers
) -> None:
    feed.real = True
    async with supervised(desk, clock, feed, levers=levers, market=FINE) as supervisor:
        feed.say(seen(BOOK))
        await settle()
        before = supervisor.status().symbols[SYMBOL].real
        await levers.start(SYMBOL, "-10%")
        during = supervisor.status().symbols[SYMBOL].real
        await levers.cancel(SYMBOL)

        assert (True, False, True) == (before, during, supervisor.status().symbols[SYMBOL].real)


@pytest.mark.parametrize(
    ("symbol", "text", "sentence"),
    [
        (SYMBOL, "up", "leg 1, 'up', is not like '-10% in 30s', '+5%', 'hold 10s' or 'back in 1m'"),
        ("ETHUSDT", "+5%", "ETHUSDT has no feed whose prices it could bend"),
        (
            SYMBOL,
            "-90%, -99% in 1h",
            "leg 2 leads to about 1.00000000; orders of BTCUSDT have prices of 2.00000000 or more",
        ),
        (
            SYMBOL,
            "+600% in 1h, back",
            "leg 1 leads to about 7000.00000000; orders of BTCUSDT have prices of 5000.00000000 or less",
        ),
    ],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(
    clock: VirtualClock, feed: ScriptedFeed, symbol: str, text: str, sentence: str
) -> None:
    market = replace(FINE, min_price=2 * ONE, max_price=5000 * ONE)
    desk = Desk(clock, [market])
    levers = Levers(ask=desk, clock=clock, kept={})
    async with supervised(desk, clock, feed, levers=levers, market=market):
        feed.say(seen(BOOK))
        await settle()
        with pytest.raises(Refused) as refused:
            await levers.start(symbol, text)

    assert (Reason.INVALID_FIELD, "path", sentence) == (refused.value.reason, *refused.value.details)
    assert ({}, {}) == (levers.status(), desk.facts)
    assert [resuming(BOOK)] == desk.updates


async def test_the_newest_hundred_orders_are_remembered(
    desk: Desk, clock: VirtualClock, feed: ScriptedFeed, levers: Levers
) -> None:
    async with supervised(desk, clock, feed, levers=levers, market=FINE):
        feed.say(seen(ladder([(999, 500)], [(1001, 500)], full=True, bid_floor=900, ask_ceiling=1100)))
        await settle()
        for number in range(105):
            await place(desk, Side.BUY, 950 * ONE - number * FINE.tick_size, ONE, name=f"{number}")
        status = await levers.start(SYMBOL, "-10%")

    assert [f"{number}" for number in range(5, 105)] == list(
        dict.fromkeys(event.order.client_order_id for event in status.filled)
    )


async def test_what_users_fill_among_themselves_is_not_the_path_s(
    desk: Desk, clock: VirtualClock, feed: ScriptedFeed, levers: Levers, notes: Notes
) -> None:
    async with supervised(desk, clock, feed, levers=levers, market=FINE):
        feed.say(seen(BOOK))
        await settle()
        await levers.start(SYMBOL, "-1%")
        await place(desk, Side.BUY, 1000 * ONE, ONE)
        status = levers.status()[SYMBOL]

    assert ([(990 * ONE + 99 * ONE // 100, ONE, OrderStatus.FILLED)], ()) == (notes.filled(), status.filled)
