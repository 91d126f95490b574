"""A feed of the small Kraken, and what it says, on a clock that hurries."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final

from hypersim.clock import WallClock
from hypersim.engine.commands import Ladder, OutsideUpdate, Print
from hypersim.engine.orders import Side
from hypersim.feeds.ccxt.feed import CcxtFeed
from hypersim.feeds.demand import Demand
from hypersim.units import parse
from tests.feeds.markets import MARKETS
from tests.feeds.via_ccxt.kraken import Kraken

SPEED: Final = 20
OURS: Final[Mapping[str, str]] = {"BTCUSDT": "BTC/USD", "ETHUSDT": "ETH/USD"}
PATIENCE_S: Final = 5
UNWATCHED: Final[Mapping[str, Any]] = {"has": {"watchOrderBook": False}}
"""For ccxt's class: this exchange has no streams."""
WATCHED: Final[Mapping[str, Any]] = {}
"""It is as it is."""


class HurriedClock:
    """Time that passes so many times as fast as the machine's."""

    def __init__(self, speed: int) -> None:
        self._speed = speed
        self._wall = WallClock()
        self._began_us = self._wall.now_us()

    def now_us(self) -> int:
        return self._began_us + self._speed * (self._wall.now_us() - self._began_us)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0, seconds) / self._speed)


class Rig:
    """The feed, and the markets in demand."""

    def __init__(
        self,
        kraken: Kraken,
        close: Iterable[str] = (),
        *,
        traded: Iterable[str] = OURS,
        markets: Mapping[str, str] = OURS,
        speed: int = SPEED,
        config: Mapping[str, Any] = UNWATCHED,
    ) -> None:
        self.close = set(close)
        """Symbols with open orders."""
        self.clock = HurriedClock(speed)
        self.demand = Demand(self.clock, lambda: self.close)
        self.feed = CcxtFeed(
            clock=self.clock,
            exchange_id="kraken",
            markets=[(MARKETS[symbol], there) for symbol, there in markets.items()],
            interval_ms=1000,
            seed=1,
            traded=traded,
            demand=self.demand,
            config=kraken.config | dict(config),
        )
        self._updates: AsyncGenerator[OutsideUpdate, None] | None = None

    @asynccontextmanager
    async def looking(self) -> AsyncIterator["Rig"]:
        async with aclosing(self.feed.updates()) as self._updates:
            yield self

    async def next(
        self, symbol: str = "BTCUSDT", where: Callable[[OutsideUpdate], object] = lambda _: True
    ) -> OutsideUpdate:
        """The next update of a symbol of which something holds."""
        assert self._updates is not None
        async with asyncio.timeout(PATIENCE_S):
            async for update in self._updates:
                if update.symbol == symbol and where(update):
                    return update
        raise AssertionError("the feed ended")

    async def next_ladder(self, symbol: str = "BTCUSDT") -> Ladder:
        ladder = (await self.next(symbol, lambda update: update.ladder)).ladder
        assert ladder is not None
        return ladder

    async def until_watched(self) -> None:
        while self.feed.report().transport != "websocket":
            await self.next()


def bought(price: str, size: str) -> Print:
    return Print(parse(price), parse(size), Side.BUY)


def sold(price: str, size: str) -> Print:
    return Print(parse(price), parse(size), Side.SELL)


def ladder(bids: dict[str, str], asks: dict[str, str]) -> Ladder:
    """A full one, known from its last bid to its last ask; price -> size, best first."""
    on_bid = tuple((parse(price), parse(size)) for price, size in bids.items())
    on_ask = tuple((parse(price), parse(size)) for price, size in asks.items())
    return Ladder(bids=on_bid, asks=on_ask, bid_floor=on_bid[-1][0], ask_ceiling=on_ask[-1][0], full=True)
