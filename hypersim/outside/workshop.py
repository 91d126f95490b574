"""Makes feeds by their names, and asks what their sources have.

The names are those of HYPERSIM_FEED. Guarantees one connection and one budget of request weight for everything
that is asked of Binance. Starts nothing.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

from hypersim.clock import Clock
from hypersim.engine.market import Market
from hypersim.feeds.base import Feed, FeedFailed
from hypersim.feeds.binance.feed import BinanceFeed
from hypersim.feeds.binance.listing import Listing, read_listing
from hypersim.feeds.binance.polling import LearnDay
from hypersim.feeds.binance.upstream import Upstream
from hypersim.feeds.ccxt.feed import CcxtFeed
from hypersim.feeds.demand import Demand
from hypersim.feeds.pace import Pace
from hypersim.feeds.synthetic.feed import SyntheticFeed
from hypersim.markets import MarketsFile
from hypersim.settings import BINANCE, CCXT_FEED, SYNTHETIC, Settings

STEPS_OF_AN_INTERVAL: Final = 4
"""Prices that are made up cost no request weight: they move more often than an upstream would be asked."""


logger = logging.getLogger(__name__)


class Workshop:
    """The feeds of one world. `last_prices` tells where its markets stand, as feeds would have it (scale 8)."""

    def __init__(
        self,
        settings: Settings,
        file: MarketsFile,
        clock: Clock,
        upstream: Upstream,
        demand: Demand,
        pace: Pace,
        last_prices: Callable[[], Mapping[str, int]],
        learn_day: LearnDay,
    ) -> None:
        self._settings, self._file, self._clock = settings, file, clock
        self._upstream, self._demand, self._pace = upstream, demand, pace
        self._last_prices, self._learn_day = last_prices, learn_day
        self._makers: Mapping[str, Callable[[str, Sequence[Market]], Feed]] = {
            BINANCE: self._binance,
            "ccxt": self._ccxt,
            SYNTHETIC: self._synthetic,
        }

    def make(self, name: str, markets: Sequence[Market]) -> Feed:
        """A feed of some markets."""
        return self._makers[name.partition(":")[0]](name, markets)

    async def binance_listing(self) -> Listing:
        """What Binance has. Raises FeedFailed when it does not answer."""
        listing = read_listing(await self._upstream.exchange_info(None))
        if listing.left_out:
            logger.info(listing.left_out_in_words)
        return listing

    async def listed(
        self, names: Iterable[str], markets: Sequence[Market], binance: Listing | None
    ) -> dict[str, Collection[str]]:
        """By feed, which of our symbols its source has; those that did not answer are not in it."""
        found: dict[str, Collection[str]] = {}
        if binance is not None:
            found[BINANCE] = {
                market.symbol for market in markets if self._file.symbol_at(market, BINANCE) in binance.markets
            }
        others = [name for name in dict.fromkeys(names) if CCXT_FEED.fullmatch(name)]
        answers = await asyncio.gather(*(self._listed_by_ccxt(name, markets) for name in others))
        found.update((name, answer) for name, answer in zip(others, answers, strict=True) if answer is not None)
        return found

    async def _listed_by_ccxt(self, name: str, markets: Sequence[Market]) -> Collection[str] | None:
        try:
            return await self._ccxt(name, markets).listed()
        except FeedFailed:
            return None

    def _binance(self, name: str, markets: Sequence[Market]) -> BinanceFeed:
        settings = self._settings
        return BinanceFeed(
            clock=self._clock,
            upstream=self._upstream,
            markets=[(market, self._file.symbol_at(market, name)) for market in markets],
            demand=self._demand,
            pace=self._pace,
            interval_ms=settings.market_update_interval_ms,
            seed=settings.seed,
            traded=self._last_prices(),
            stream_url=settings.binance_stream_url or None,
            learn_day=self._learn_day,
        )

    def _ccxt(self, name: str, markets: Sequence[Market]) -> CcxtFeed:
        settings = self._settings
        return CcxtFeed(
            clock=self._clock,
            exchange_id=name.partition(":")[2],
            markets=[(market, self._file.symbol_at(market, name)) for market in markets],
            demand=self._demand,
            interval_ms=settings.market_update_interval_ms,
            seed=settings.seed,
            traded=self._last_prices(),
        )

    def _synthetic(self, _name: str, markets: Sequence[Market]) -> SyntheticFeed:
        return SyntheticFeed(
            clock=self._clock,
            markets=markets,
            synthetic=self._file.synthetic,
            seed=self._settings.seed,
            step_ms=self._settings.market_update_interval_ms // STEPS_OF_AN_INTERVAL,
            last_prices=self._last_prices,
        )
