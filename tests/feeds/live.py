"""Reaching a scripted upstream as an exchange does, and a whole world on top of it."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from msgspec import Struct

from hypersim.clock import Clock, WallClock
from hypersim.engine.commands import Print
from hypersim.engine.orders import Side
from hypersim.feeds.binance.budget import WeightBudget
from hypersim.feeds.binance.feed import BinanceFeed
from hypersim.feeds.binance.upstream import Upstream, connection
from hypersim.feeds.demand import Demand
from hypersim.feeds.pace import Pace
from hypersim.feeds.supervisor import FeedSupervisor
from tests.feeds.desk import Desk, VirtualClock, fed_by
from tests.feeds.markets import MARKETS
from tests.feeds.scripted_upstream import ScriptedUpstream
from tests.feeds.tasks import running


@asynccontextmanager
async def reached(
    scripted: ScriptedUpstream, clock: Clock, *, weight: int = 1200, fallback: ScriptedUpstream | None = None
) -> AsyncIterator[Upstream]:
    async with connection(scripted.url) as client:
        yield Upstream(client, WeightBudget(clock, weight), fallback_url=fallback.url if fallback else None)


class FastClock(WallClock):
    """Time that passes so many times faster, from now on."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self._began_us = super().now_us()
        self._speed = speed

    def now_us(self) -> int:
        return self._began_us + int((super().now_us() - self._began_us) * self._speed)

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / self._speed)


class Live(Struct):
    """A world on a scripted upstream: the exchange, what tells it, and what its users are about."""

    desk: Desk
    supervisor: FeedSupervisor
    feed: BinanceFeed
    demand: Demand
    ordered: set[str]
    """Symbols with an open order."""

    def house(self, side: Side, symbol: str = "BTCUSDT") -> dict[int, int]:
        return self.desk.house(side, symbol)

    @property
    def prints(self) -> list[Print]:
        return [trade for update in self.desk.updates for trade in update.prints]


@asynccontextmanager
async def live(
    scripted: ScriptedUpstream,
    clock: Clock,
    *,
    symbols: Iterable[str] = ("BTCUSDT",),
    weight: int = 12_000,
    traded: Iterable[str] = ("BTCUSDT",),
    fallback: ScriptedUpstream | None = None,
    interval_ms: int = 1000,
    names: dict[str, str] | None = None,
    beating: Clock | None = None,
) -> AsyncIterator[Live]:
    """Runs it; `names`: the upstream's names of our symbols, where they differ. `beating`: the clock of its pace, where
    that is another one.
    """
    markets = [MARKETS[symbol] for symbol in symbols]
    ordered: set[str] = set()
    demand, pace = Demand(clock, lambda: ordered), Pace(beating or clock, lambda: ordered)
    desk = Desk(VirtualClock(), markets)
    async with reached(scripted, clock, weight=weight, fallback=fallback) as upstream:
        feed = BinanceFeed(
            clock=clock,
            upstream=upstream,
            markets=[(market, (names or {}).get(market.symbol, market.symbol)) for market in markets],
            demand=demand,
            pace=pace,
            interval_ms=interval_ms,
            seed=1,
            traded=traded,
        )
        supervisor = FeedSupervisor(ask=desk, clock=clock, sources=fed_by(markets, feed), seed=1, pace=pace)
        desk.listeners.append(supervisor.fold)
        async with running(supervisor.run()):
            yield Live(desk=desk, supervisor=supervisor, feed=feed, demand=demand, ordered=ordered)
