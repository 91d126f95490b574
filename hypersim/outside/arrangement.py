"""One arrangement of a world's outside: its feeds and their supervisor, the past that goes with them, and whoever
keeps both up to date. A change of feeds makes a new one.
"""

import asyncio
from collections.abc import Collection, Mapping
from typing import Final, Protocol

from hypersim.ask import Ask
from hypersim.clock import Clock
from hypersim.engine.market import MarketStatus
from hypersim.feeds.binance.listing import has_say
from hypersim.feeds.binance.relisting import Memory, Relisting
from hypersim.feeds.binance.upstream import Upstream
from hypersim.feeds.demand import Demand
from hypersim.feeds.levers.levers import Levers
from hypersim.feeds.pace import Pace
from hypersim.feeds.past.backfill import UpstreamHistory
from hypersim.feeds.past.chosen import ChosenHistory
from hypersim.feeds.past.days import keep_days
from hypersim.feeds.supervisor import FeedSupervisor
from hypersim.feeds.synthetic.history import Origin, SyntheticHistory
from hypersim.markets import Listed, MarketsFile
from hypersim.outside.chosen import Chosen
from hypersim.outside.planning import Planner
from hypersim.settings import BINANCE, SYNTHETIC, Settings
from hypersim.views.marketdata import MarketData
from hypersim.views.views import Views

PASTS_EVERY_S: Final = 0.5
"""How often a new first trade is looked for, whose past is then worked out."""


class Changeable(Protocol):
    """A world as far as its outside changes it."""

    @property
    def ask(self) -> Ask: ...

    @property
    def memory(self) -> Memory:
        """What it keeps of its upstream."""
        ...

    async def bring_in_line(self, listed: Listed) -> None:
        """Lists other markets, or the same under other rules. Raises Refused."""
        ...


class Histories:
    """What is known of markets from before this world watched them, and from when it did not."""

    def __init__(self, upstream: UpstreamHistory, made_up: SyntheticHistory) -> None:
        self.upstream, self.made_up = upstream, made_up

    def choose(
        self, chosen: ChosenHistory, past: Mapping[str, tuple[str, ...]], now: Mapping[str, tuple[str, ...]]
    ) -> None:
        """Has each market's past told by the kind of feeds that it began with, its gaps by those that it has now.
        Both say the names of the feeds, by symbol.
        """
        for symbol in {*past, *now}:
            began, has = past.get(symbol, ()), now.get(symbol, ())
            real = self.upstream if BINANCE in began else None
            made_up = self.made_up if began[:1] == (SYNTHETIC,) else None
            chosen.choose(symbol, past=made_up or real, gaps=self.upstream if BINANCE in has else None)


class Arrangement:
    """What is in force."""

    def __init__(
        self,
        *,
        symbols: Collection[str],
        supervisor: FeedSupervisor,
        histories: Histories,
        relisting: Relisting | None,
        data: MarketData,
        demand: Demand,
        clock: Clock,
    ) -> None:
        self.symbols = symbols
        """The markets that were open when it was made: others have no feed in it, whatever becomes of them."""
        self.supervisor = supervisor
        self.histories, self._relisting = histories, relisting
        self._data, self._demand, self._clock = data, demand, clock

    async def run(self) -> None:
        """Runs until it is cancelled, or until the exchange fails."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.supervisor.run(), name="feeds")
            tasks.create_task(self._work_out_pasts(), name="pasts")
            days = keep_days(self.histories.upstream, self._data, self._demand, self._clock)
            tasks.create_task(days, name="days")
            if self._relisting is not None:
                tasks.create_task(self._relisting.run(), name="relisting")

    async def _work_out_pasts(self) -> None:
        """Has made-up pasts ready before somebody asks for them, in a thread."""
        while True:
            for symbol in self.histories.made_up.waiting():
                await asyncio.to_thread(self.histories.made_up.prepare, symbol)
            await self._clock.sleep(PASTS_EVERY_S)


class Arranger:
    """Makes the arrangements of one world."""

    def __init__(
        self,
        *,
        settings: Settings,
        file: MarketsFile,
        clock: Clock,
        upstream: Upstream,
        views: Views,
        demand: Demand,
        pace: Pace,
        planner: Planner,
        world: Changeable,
    ) -> None:
        self._settings, self._file, self._clock = settings, file, clock
        self._upstream, self._views, self._demand = upstream, views, demand
        self._data = views.marketdata
        self._pace, self._planner, self._world = pace, planner, world

    def arrange(self, chosen: Chosen, levers: Levers) -> Arrangement:
        """New feeds for the markets as they are now, and all that goes with them."""
        world, plan = self._world, chosen.plan
        markets = [view.market for view in self._data.markets.values()]
        sources = self._planner.sources(plan, markets)
        now, past = plan.assign(markets).feeds, plan.assign(markets, chosen.past).feeds
        feeds = {market.symbol: (*past.get(market.symbol, ()), *now.get(market.symbol, ())) for market in markets}
        made_up = [market for market in markets if SYNTHETIC in feeds[market.symbol]]
        real = [market for market in markets if BINANCE in feeds[market.symbol]]
        names_there = {market.symbol: self._file.symbol_at(market, BINANCE) for market in real}
        histories = Histories(
            UpstreamHistory(self._clock, self._upstream, names_there),
            SyntheticHistory(made_up, self._file.synthetic, chosen.past_seed, self._origin),
        )
        names = chosen.names
        relisting = None
        if has_say(self._file, names):
            relisting = Relisting(
                clock=self._clock,
                ask=world.ask,
                data=self._data,
                memory=world.memory,
                ask_upstream=lambda: self._upstream.exchange_info(None),
                relist=lambda listing: self._planner.relist(names, listing),
                fed=lambda symbol: BINANCE in now.get(symbol, ()),
                heard=not plan.silent,
            )
        return Arrangement(
            symbols=frozenset(market.symbol for market in markets if market.status is not MarketStatus.BREAK),
            supervisor=FeedSupervisor(
                ask=world.ask,
                clock=self._clock,
                sources=sources,
                seed=self._settings.seed,
                pace=self._pace,
                levers=levers,
            ),
            histories=histories,
            relisting=relisting,
            data=self._data,
            demand=self._demand,
            clock=self._clock,
        )

    def _origin(self, symbol: str) -> Origin | None:
        view = self._data.markets.get(symbol)
        if view is None or (first := view.timeline.first) is None:
            return None
        return Origin(first.time_us, first.price)
