"""The last day of markets whose outside is an upstream: its own figures first, then what the tape and klines say."""

import asyncio
from collections.abc import Sequence
from random import Random

import pytest
from msgspec.structs import replace

from hypersim.clock import MICROSECONDS
from hypersim.engine.events import MarketChanged, OutsideChanged
from hypersim.feeds.demand import Demand
from hypersim.feeds.past.backfill import DAY_GOOD_FOR_S, Bar, UpstreamHistory
from hypersim.feeds.past.days import keep_days
from hypersim.views.records import Candle, TapeTrade
from hypersim.views.statistics import Statistics
from hypersim.views.views import Views
from tests.feeds.desk import START_US, VirtualClock
from tests.feeds.kline_upstream import KlineUpstream
from tests.feeds.tasks import running, until
from tests.views.test_gaps import recount
from tests.views.trades import DAY, MARKET, MINUTE, listed, random_trades, record, traded
from tests.views.watching import Watching

SYMBOL = MARKET.symbol
FIGURES = Candle(START_US - DAY, 100, 120, 90, 110, 5000, 550_000, 77, 0, 0, 0, 0)


class NoUpstream:
    """Nobody may ask it."""

    async def klines(self, symbol: str, interval: str, start_us: int, end_us: int, limit: int) -> Sequence[Bar]:
        raise AssertionError((symbol, interval))


class Still:
    """The time of another clock; whoever sleeps wakes at once."""

    def __init__(self, clock: VirtualClock) -> None:
        self.now_us = clock.now_us

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0.001)


def test_until_the_day_is_known_it_is_the_upstreams_and_never_both() -> None:
    clock = VirtualClock()
    history = UpstreamHistory(clock, NoUpstream(), {SYMBOL: SYMBOL})
    views = Views(history)
    views.fold(listed())
    view, now_us = views.marketdata.markets[SYMBOL], clock.now_us()
    history.learn_day(SYMBOL, FIGURES)

    assert Statistics(100, 120, 90, 110, 5000, 550_000, 77) == view.rolling_day(now_us)
    assert (110, 100) == (view.last_price(now_us), view.close_before((now_us - DAY) // MINUTE * MINUTE, now_us))

    views.fold(traded(TapeTrade(1, 1, 130, 4, now_us, False, True)))
    assert Statistics(100, 130, 90, 130, 5000, 550_000, 77) == view.rolling_day(now_us)

    clock.skip(DAY_GOOD_FOR_S + 1)  # figures that nobody renews are none
    assert Statistics(130, 130, 130, 130, 4, 520, 1, 1, 1) == view.rolling_day(now_us)


@pytest.mark.parametrize("wanted", [True, False])
async def test_the_day_of_a_market_is_at_hand_before_somebody_asks(wanted: bool) -> None:
    world = Watching(5, START_US - 2 * DAY, days=2, trades=3000)
    world.come_back()
    clock = VirtualClock()
    server = KlineUpstream(world.everywhere, clock)
    clock.skip((world.end_us - START_US) / MICROSECONDS + 3)
    now_us = clock.now_us()
    start_us = (now_us - DAY) // MINUTE * MINUTE
    async with server.serving() as client:
        history = UpstreamHistory(clock, client, {SYMBOL: SYMBOL})
        history.learn_day(SYMBOL, FIGURES)
        views = Views(history)
        for each in world.records:
            views.fold(each)
        view = views.marketdata.markets[SYMBOL]
        demand = Demand(clock, lambda: {SYMBOL} if wanted else set())
        before = view.rolling_day(now_us)
        async with running(keep_days(history, views.marketdata, demand, Still(clock))):
            async with asyncio.timeout(5):
                await until(lambda: view.rolling_day(now_us).count != FIGURES.trades)

    assert FIGURES.trades == before.count
    assert recount([trade for trade in world.counted(now_us) if trade.time_us >= start_us]) == view.rolling_day(now_us)
    assert {"1s", "1m"} == {interval for _, interval, *_ in server.asked}


async def test_markets_in_demand_come_first_and_one_that_cannot_be_had_holds_up_nobody() -> None:
    clock = VirtualClock()
    server = KlineUpstream(random_trades(Random(1), START_US - 2 * DAY, START_US, 500), clock)
    server.misbehave = lambda asked: (400, {}, b"{}") if asked[0] == "AUSDT" else None
    names = [f"{letter}USDT" for letter in "ABCDEF"]
    first_trade = TapeTrade(1, 1, 130, 4, START_US, False, True)
    async with server.serving() as client:
        history = UpstreamHistory(clock, client, {name: name for name in names})
        views = Views(history)
        for name in names:
            opened, heard = (
                MarketChanged(replace(MARKET, symbol=name)),
                OutsideChanged(symbol=name, source_time_us=0, known=True),
            )
            [trade] = traded(first_trade).events
            views.fold(record(1, START_US, opened, replace(trade, symbol=name), heard))
        clock.skip(60)

        def loaded() -> list[str]:
            clock.skip(1)
            now_us = clock.now_us()
            start_us = now_us // MINUTE * MINUTE - DAY + MINUTE
            spans = {name: views.marketdata.markets[name].source_spans(start_us, now_us) for name in names}
            return [name for name in names if all(history.covers(name, span) for span in spans[name])]

        async with running(keep_days(history, views.marketdata, Demand(clock, lambda: {"EUSDT"}), Still(clock))):
            async with asyncio.timeout(5):
                await until(lambda: loaded() == names[1:])

    assert "EUSDT" == server.asked[0][0]
