"""Follows the rules of an upstream's markets: reads them again now and then, and has the exchange take over what
changed.

Guarantees that a change is a journaled command, that an upstream which does not answer, or answers with nothing
that is listed here, changes nothing, and that two kinds of market are never touched: those that a person halted,
and those whose prices are not the upstream's. A market that the upstream no longer has goes BREAK; a new one is
listed where all are. Knows the exchange only by `ask` and the views.
"""

import logging
from collections.abc import Awaitable, Callable, Container, Iterable
from itertools import islice
from typing import Final, Protocol

from msgspec.structs import replace

from hypersim.ask import Ask, ask_in_order
from hypersim.clock import Clock
from hypersim.engine.commands import PutMarket
from hypersim.engine.market import Asset, Market, MarketStatus
from hypersim.errors import Refused, StoreError
from hypersim.feeds.base import FeedFailed
from hypersim.feeds.binance.answers import ExchangeInfo
from hypersim.feeds.binance.listing import Listing, read_listing
from hypersim.markets import Listed, Remembered, differences
from hypersim.settings import BINANCE
from hypersim.views.marketdata import MarketData

logger = logging.getLogger(__name__)

EVERY_S: Final = 600
AGAIN_S: Final = 60
"""After an upstream that did not answer, unless it asked for more."""
SHOWN: Final = 5
"""How many symbols a log line names."""


class Memory(Protocol):
    """Keeps what a world remembers of its upstream."""

    async def read(self) -> Remembered:
        """Raises StoreError when it cannot be read."""
        ...

    async def write(self, remembered: Remembered) -> None: ...


class Relisting:
    """Keeps the markets of one world as their upstream has them.

    `ask_upstream` gives its exchangeInfo or raises FeedFailed; `relist` says what to list by what it lists;
    `fed` names the markets whose prices come from there now. `heard`: whether it answered at the start already.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        ask: Ask,
        data: MarketData,
        memory: Memory,
        ask_upstream: Callable[[], Awaitable[ExchangeInfo]],
        relist: Callable[[Listing], Listed],
        fed: Callable[[str], bool],
        heard: bool,
    ) -> None:
        self._clock, self._ask, self._data, self._memory = clock, ask, data, memory
        self._ask_upstream, self._relist, self._fed = ask_upstream, relist, fed
        self._pause_s: float = EVERY_S if heard else 0
        self._left_out: dict[str, str] = {}

    async def run(self) -> None:
        """Runs until it is cancelled, or the database has another owner."""
        while True:
            await self._clock.sleep(self._pause_s)
            self._pause_s = await self._read_again()

    async def _read_again(self) -> float:
        """Reads once; returns how long to wait until the next time."""
        try:
            listing = read_listing(await self._ask_upstream())
        except FeedFailed as failure:
            logger.warning("the markets of the upstream could not be read: %s", failure)
            return max(AGAIN_S, failure.retry_after_s)
        if listing.left_out != self._left_out:
            self._left_out = listing.left_out
            logger.info(listing.left_out_in_words)
        try:
            await self._take_over(self._relist(listing), listing)
        except Refused as refused:
            logger.warning("the exchange did not take over the upstream's rules (%s)", refused.reason.value)
            return AGAIN_S
        except StoreError as error:
            logger.warning("what the upstream said cannot be kept yet: %s", error)
            return AGAIN_S
        return EVERY_S

    async def _take_over(self, listed: Listed, listing: Listing) -> None:
        markets = {symbol: view.market for symbol, view in self._data.markets.items()}
        before = await self._memory.read()
        ruled = listed.upstream.ruled | before.ruled
        mine = {
            symbol: market
            for symbol, market in markets.items()
            if symbol in ruled and self._fed(symbol) and not _by_hand(market, before)
        }
        if mine and not any(listed.symbol_at(market, BINANCE) in listing.markets for market in mine.values()):
            logger.warning("the upstream lists none of %s; nothing is changed", _some(mine))
            return
        wanted = [
            market
            for market in listed.markets
            if market.symbol in listed.upstream.ruled
            and (market.symbol in mine or (listed.all_symbols and market.symbol not in markets))
        ]
        listed = replace(listed, markets=tuple(wanted), assets=_new(listed.assets, self._data.assets, wanted))
        commands = differences(listed, self._data.assets.values(), mine, before, self._data.limits)
        touched = frozenset(market.symbol for market in wanted)
        said = listed.remember(before, markets)
        after = Remembered(before.ruled | touched, (before.halted - mine.keys()) | (said.halted & touched))
        if before | after != before:
            await self._memory.write(before | after)  # until it is done, either may be what the world has
        await ask_in_order(self._ask, commands)
        if after != before:
            await self._memory.write(after)
        if changed := [command.market.symbol for command in commands if isinstance(command, PutMarket)]:
            logger.info("markets that changed upstream, and so here: %s (%s)", len(changed), _some(changed))


def _by_hand(market: Market, remembered: Remembered) -> bool:
    """Whether a person halted it."""
    return market.status is MarketStatus.HALT and market.symbol not in remembered.halted


def _new(assets: Iterable[Asset], present: Container[str], markets: Iterable[Market]) -> tuple[Asset, ...]:
    """Those that the world lacks and markets need."""
    needed = {name for market in markets for name in (market.base, market.quote)}
    return tuple(asset for asset in assets if asset.name in needed and asset.name not in present)


def _some(symbols: Iterable[str]) -> str:
    first = list(islice(symbols, SHOWN + 1))
    return ", ".join(first[:SHOWN]) + (", ..." if len(first) > SHOWN else "")
