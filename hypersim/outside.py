"""Which outside market a world has: the feed that was chosen, its past, and who tells the exchange of it.

Guarantees that the choice is stored before anybody can trade on it, so that the world keeps it. Starts
nothing: `supervise` makes what the composition root runs.
"""

import asyncio
from collections.abc import Callable, Sequence, Set
from typing import Final

from hypersim.ask import Ask
from hypersim.clock import Clock
from hypersim.engine.commands import OutsideUpdate
from hypersim.engine.market import Market, MarketStatus
from hypersim.feeds.base import Feed
from hypersim.feeds.binance import BinanceFeed, split_by_upstream, upstream_symbols
from hypersim.feeds.channel import WITHDRAWAL
from hypersim.feeds.choice import LIVE, MADE_UP, FeedChoice, choose
from hypersim.feeds.history import Origin, SyntheticHistory
from hypersim.feeds.line import Sources
from hypersim.feeds.supervisor import FeedSupervisor
from hypersim.feeds.synthetic import SyntheticFeed
from hypersim.markets import MarketsFile
from hypersim.settings import Settings
from hypersim.store.database import Database
from hypersim.store.facts import has_orders, read_facts, write_facts
from hypersim.views.marketdata import MarketData

FEED: Final = "feed"
SEED: Final = "seed"
"""The names of the facts that are kept of a world."""
STEPS_OF_AN_INTERVAL: Final = 4
"""Prices that are made up cost no request weight: they move more often than an upstream would be asked."""
PASTS_EVERY_S: Final = 0.5
"""How often a new first trade is looked for, whose past is then worked out."""
BY_HAND: Final = "manual"
"""The feed whose quotes stand until somebody moves them."""


class OutsideMarket:
    """The outside market of one world. Use `choose_outside`."""

    def __init__(
        self, settings: Settings, listed: MarketsFile, clock: Clock, choice: FeedChoice, past_seed: int
    ) -> None:
        self.choice = choice
        self._settings, self._listed, self._clock = settings, listed, clock
        self._data: MarketData | None = None
        self._live, self._made_up = self._divide()
        self.source: SyntheticHistory | None = None
        """Prices from before the world's first trade."""
        if self._made_up:
            self.source = SyntheticHistory(self._made_up, listed.synthetic, past_seed, self._origin)

    @property
    def answers(self) -> bool:
        """Whether prices are to be expected soon."""
        return self.choice.name != LIVE or self.choice.upstream is not None

    def watch(self, data: MarketData) -> None:
        """Names the views of the world, which say where its markets stand."""
        self._data = data

    def supervise(self, ask: Ask, hurried: Callable[[], Set[str]]) -> FeedSupervisor:
        """Who runs the feed and tells the exchange what it sees; at once on the symbols that `hurried` tells."""
        sources = Sources(
            name=self.choice.name,
            why=self.choice.why,
            markets={market.symbol: (market, (feed,)) for feed, markets in self._feeds() for market in markets},
        )
        return FeedSupervisor(ask=ask, clock=self._clock, sources=sources, seed=self._settings.seed, hurried=hurried)

    async def work_out_pasts(self) -> None:
        """Has the pasts of markets ready before somebody asks for them, in a thread, until it is cancelled."""
        while self.source is not None:
            for symbol in self.source.waiting():
                await asyncio.to_thread(self.source.prepare, symbol)
            await self._clock.sleep(PASTS_EVERY_S)

    def withdrawals(self) -> list[OutsideUpdate]:
        """Takes away what the outside had in the books when the world was last closed: it is old by now.

        The world must hear of it before anything else, or what users had taken of it would come back and fill them.
        """
        if self.choice.name == BY_HAND:
            return []
        return [
            OutsideUpdate(symbol=symbol, ladder=WITHDRAWAL)
            for symbol, view in self._views.markets.items()
            if view.update_id
        ]

    def _divide(self) -> tuple[list[Market], list[Market]]:
        """The markets whose prices are the upstream's, and those whose prices are made up."""
        trading = [market for market in self._listed.markets if market.status is not MarketStatus.BREAK]
        if self.choice.name == MADE_UP:
            return [], [market for market in trading if market.symbol in self._listed.synthetic]
        if self.choice.name != LIVE:
            return [], []
        if self.choice.upstream is None:
            return trading, []
        return split_by_upstream(trading, self.choice.upstream, self._listed.synthetic)

    def _feeds(self) -> list[tuple[Feed, Sequence[Market]]]:
        feeds: list[tuple[Feed, Sequence[Market]]] = []
        settings = self._settings
        traded = {symbol: view.last.price for symbol, view in self._views.markets.items() if view.last}
        if self._live:
            live = BinanceFeed(
                clock=self._clock,
                markets=self._live,
                base_url=settings.binance_api_url,
                interval_ms=settings.market_update_interval_ms,
                weight_per_minute=settings.upstream_weight,
                seed=settings.seed,
                traded=traded,
            )
            feeds.append((live, self._live))
        if self._made_up:
            made_up = SyntheticFeed(
                clock=self._clock,
                markets=self._made_up,
                synthetic=self._listed.synthetic,
                seed=settings.seed,
                step_ms=settings.market_update_interval_ms // STEPS_OF_AN_INTERVAL,
                last_prices=traded,
            )
            feeds.append((made_up, self._made_up))
        return feeds

    def _origin(self, symbol: str) -> Origin | None:
        view = self._views.markets.get(symbol)
        if view is None or (first := view.timeline.first) is None:
            return None
        return Origin(first.time_us, first.price)

    @property
    def _views(self) -> MarketData:
        assert self._data is not None, "watch comes first"
        return self._data


async def choose_outside(settings: Settings, listed: MarketsFile, database: Database, clock: Clock) -> OutsideMarket:
    """Chooses the feed, and stores the choice. Asks the upstream only where nothing is decided."""
    facts = await asyncio.to_thread(read_facts, database)
    decided = await asyncio.to_thread(has_orders, database)
    choice = await choose(
        settings.feed,
        begun_with=facts.get(FEED),
        has_orders=decided,
        base_url=settings.binance_api_url,
        ask_upstream=lambda: upstream_symbols(clock, settings.binance_api_url, settings.upstream_weight),
    )
    past_seed = int(facts[SEED]) if decided and SEED in facts else settings.seed
    await asyncio.to_thread(write_facts, database, {FEED: choice.name, SEED: str(past_seed)})
    return OutsideMarket(settings, listed, clock, choice, past_seed)
