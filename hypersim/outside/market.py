"""The outside market of one world: which feeds it has, who tells the exchange of them, and how that is changed.

Guarantees that a choice of feeds is stored before anybody can trade on it, so that the world keeps it, and that
a change of feeds is a gap: the old quotes are withdrawn before the new ones are laid.
"""

import asyncio
import gc
import logging
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, suppress
from typing import Final

from msgspec.structs import replace

from hypersim.ask import FactRow, ask_in_order
from hypersim.clock import Clock
from hypersim.engine.commands import Advance, OutsideUpdate, PlaceOrder, PutMarket, Reset
from hypersim.engine.events import Committed
from hypersim.engine.market import Market, MarketStatus
from hypersim.errors import Reason, Refused, SettingsError, StartError
from hypersim.feeds.base import FeedStatus
from hypersim.feeds.binance.answers import DayTicker
from hypersim.feeds.binance.upstream import Upstream
from hypersim.feeds.channel import WITHDRAWAL
from hypersim.feeds.choice import FeedChoice, choose
from hypersim.feeds.demand import Demand
from hypersim.feeds.levers.bend import bent_down
from hypersim.feeds.levers.levers import NO_PATHS, Levers
from hypersim.feeds.line import Sources
from hypersim.feeds.pace import Pace
from hypersim.feeds.past.backfill import day_of
from hypersim.feeds.past.chosen import ChosenHistory
from hypersim.markets import Listed, MarketsFile
from hypersim.outside.arrangement import Arrangement, Arranger, Changeable
from hypersim.outside.change import FeedChange, Jump
from hypersim.outside.chosen import Chosen, began_with, choose_for
from hypersim.outside.planning import Plan, Planner
from hypersim.outside.scout import Scout
from hypersim.outside.workshop import Workshop
from hypersim.settings import AUTO, MANUAL, Settings
from hypersim.store.database import Database
from hypersim.views.marketdata import MarketView
from hypersim.views.views import Views

PLAN_PATIENCE_S: Final = 10
"""How long a change of feeds waits for what their sources have."""
LOOK_INTERVAL_S: Final = 0.05
"""How often it is looked whether the feeds have begun."""
LONGEST_START_S: Final = 2
"""How long a change of feeds waits for the new quotes; then it is said that it was made without them."""


GATHERED_S: Final = 1
"""How long new markets are gathered before the feeds start anew with them."""

logger = logging.getLogger(__name__)


class OutsideMarket:
    """The outside market of one world: `choose`, then `start`, then `run`."""

    def __init__(
        self,
        *,
        settings: Settings,
        file: MarketsFile,
        clock: Clock,
        upstream: Upstream,
        views: Views,
        demand: Demand,
        history: ChosenHistory,
    ) -> None:
        self._settings, self._file, self._clock = settings, file, clock
        self._upstream, self._views, self._demand, self._history = upstream, views, demand, history
        self._data = views.marketdata
        self._pace = Pace(clock, views.accounts.symbols_with_orders)
        self._workshop = Workshop(
            settings, file, clock, upstream, demand, self._pace, self._last_prices, self._learn_day
        )
        self._planner = Planner(settings, file, clock, self._workshop)
        self._chosen: Chosen | None = None
        self._world: Changeable | None = None
        self._arranging: Arranger | None = None
        self._levers: Levers | None = None
        self._arrangement: Arrangement | None = None
        self._running: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()
        self._resumed, self._paused = asyncio.Event(), asyncio.Event()
        """Whether an arrangement may run, and whether none does."""
        self._resumed.set()
        self._paused.set()
        self._grown = asyncio.Event()
        """Set once a market is listed that has no feed yet."""

    async def choose(self, database: Database) -> None:
        """Chooses the feeds, and stores the choice. Raises SettingsError, StoreError."""
        self._chosen = await choose_for(self._settings, self._planner, database)

    @property
    def listed(self) -> Listed:
        """What the world is to list."""
        return self._choice.plan.listed

    @property
    def answers(self) -> bool:
        """Whether prices are to be expected soon."""
        return not self._choice.plan.silent

    def withdrawals(self) -> list[OutsideUpdate]:
        """Takes away what the outside had in the books when the world was last closed: it is old by now.

        The world must hear of it before anything else, or what users had taken of it would come back and fill them.
        """
        if self._choice.names == (MANUAL,):
            return []
        return self._withdrawals()

    def _withdrawals(self) -> list[OutsideUpdate]:
        return [
            OutsideUpdate(symbol=symbol, ladder=WITHDRAWAL)
            for symbol, view in self._data.markets.items()
            if view.update_id
        ]

    async def start(self, world: Changeable) -> None:
        """Makes ready what `run` runs. The world is recovered, and its markets are listed."""
        self._world = world
        chosen = self._choice
        if chosen.past is None or not any(view.timeline.first for view in self._data.markets.values()):
            await world.ask(Advance(), rows=[began_with(chosen.names)])
            chosen = self._chosen = replace(chosen, past=chosen.names)
        self._arranging = Arranger(
            settings=self._settings,
            file=self._file,
            clock=self._clock,
            upstream=self._upstream,
            views=self._views,
            demand=self._demand,
            pace=self._pace,
            planner=self._planner,
            world=world,
        )
        self._levers = Levers(ask=world.ask, clock=self._clock, kept=chosen.paths)
        self._arrangement = self._arranger.arrange(chosen, self.levers)
        self._choose_histories(chosen)

    async def run(self) -> None:
        """Runs the outside until it is cancelled, or until the exchange fails."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._run_arrangements(), name="arrangements")
            tasks.create_task(self._grow(), name="new markets")

    async def _run_arrangements(self) -> None:
        while True:
            while not self._resumed.is_set():  # it may have been cleared again before this task had its turn
                await self._resumed.wait()
            self._paused.clear()
            self._running = asyncio.create_task(self._in_force.run(), name="arrangement")
            try:
                await self._running
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
            finally:
                self._paused.set()

    async def _grow(self) -> None:
        """Gives markets that were listed meanwhile their feeds."""
        while True:
            await self._grown.wait()
            await self._clock.sleep(GATHERED_S)  # the others of the same answer
            self._grown.clear()
            async with self._changing:
                if not any(self._is_new(view.market) for view in self._data.markets.values()):
                    continue
                logger.info("new markets are listed: the feeds start anew with them")
                try:
                    await self._adopt(
                        replace(self._choice, plan=await self._planner.plan(self._choice.plan.choice, anew=True))
                    )
                except (Refused, StartError) as error:
                    logger.warning("new markets have no feeds yet: %s", error)
                    self._grown.set()

    async def change(self, names: tuple[str, ...], *, confirmed: bool) -> FeedChange:
        """Other feeds: says by how much each price would jump, and does it when that is confirmed.

        Raises Refused FEED_SILENT when nothing is heard from them, INVALID_FIELD when they cannot be had here.
        """
        async with self._changing:
            try:
                async with asyncio.timeout(PLAN_PATIENCE_S):
                    choice = await self._choice_of(names)
                    plan = await self._planner.plan(choice)
                markets = self._listed_by(plan)
                scouted = self._planner.sources(plan, markets)
            except TimeoutError:
                spent = f"no request weight was left for {PLAN_PATIENCE_S} s, or nobody answered"
                raise Refused(Reason.FEED_SILENT, spent) from None
            except SettingsError as error:
                raise Refused(Reason.INVALID_FIELD, "feed", str(error)) from None
            jumps = await self._jumps(scouted, markets)
            if confirmed:
                try:
                    await self._adopt(replace(self._choice, plan=plan, by_hand=names != (AUTO,)))
                except StartError as error:
                    logger.warning("the feed stays as it is: %s", error)
                    raise Refused(Reason.OVERLOADED) from None
            self._discard()
        return FeedChange(name=choice.name, jumps=jumps, notes=scouted.notes)

    async def _jumps(self, sources: Sources, markets: Sequence[Market]) -> tuple[Jump, ...]:
        """By how much prices would jump. Raises Refused FEED_SILENT when nothing is heard."""
        scout = Scout(sources, self._clock)
        status = await scout.look()
        if sources.markets and not scout.prices:
            raise Refused(Reason.FEED_SILENT, status.failure or "nothing was heard in time")
        return tuple(
            Jump(
                symbol=market.symbol,
                feed=status.symbols[market.symbol].feed if market.symbol in status.symbols else None,
                before=_middle(self._data.markets.get(market.symbol)),
                after=self._bent(market.symbol, scout.prices.get(market.symbol)),
            )
            for market in markets
        )

    def _discard(self) -> None:
        """Feeds that are not used any more are large and full of cycles, which the collector seldom looks for while
        this serves: once after a change is often enough.
        """
        gc.collect()

    def _bent(self, symbol: str, price: int | None) -> int | None:
        """A feed's price as the market's path has it: that stays over any feed."""
        path = self.levers.status().get(symbol)
        return price if price is None or path is None else bent_down(price, path.factor)

    async def _choice_of(self, names: tuple[str, ...]) -> FeedChoice:
        if names == (AUTO,):
            return await choose(
                names,
                kept=None,
                by_hand=False,
                has_orders=False,
                base_url=self._settings.binance_api_url,
                live_answers=self._planner.live_answers,
            )
        return FeedChoice(names, "as somebody chose while it ran")

    async def _adopt(self, chosen: Chosen) -> None:
        """Takes the old quotes away, brings the world in line, and starts the new feeds; new ones of the old choice
        where the world does not take it. Raises Refused, and StoreError when the database does not answer.
        """
        world = self._changeable
        self._resumed.clear()
        if self._running is not None:
            self._running.cancel()
        await self._paused.wait()
        try:
            if chosen.names != (MANUAL,):
                await ask_in_order(world.ask, self._withdrawals())
            await world.bring_in_line(chosen.plan.listed)
            await world.ask(Advance(), rows=chosen.rows)
            self._chosen = replace(chosen, past=self._choice.past)  # it may have begun anew meanwhile
        finally:
            self._arrangement = self._arranger.arrange(self._choice, self.levers)
            self._choose_histories(self._choice)
            self._resumed.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._in_force.supervisor.ready(), LONGEST_START_S)

    def _listed_by(self, plan: Plan) -> list[Market]:
        """The markets that a plan lists, and those that it leaves as they are."""
        staying = [view.market for symbol, view in self._data.markets.items() if plan.listed.stays(symbol)]
        return list({market.symbol: market for market in (*staying, *plan.listed.markets)}.values())

    def _last_prices(self) -> dict[str, int]:
        """Last prices, scale 8, of the markets that have traded in this world, as their feeds would have them."""
        return {
            symbol: self.levers.unbent(symbol, view.last.price, view.last.time_us)
            for symbol, view in self._data.markets.items()
            if view.last
        }

    def _learn_day(self, symbol: str, day: DayTicker) -> None:
        """What an upstream says of a market's last 24 hours is a part of its history."""
        if self._arrangement is not None:
            self._arrangement.histories.upstream.learn_day(symbol, day_of(day))

    def _choose_histories(self, chosen: Chosen) -> None:
        """Has each market's past and gaps told by whom they are to be told."""
        markets = [view.market for view in self._data.markets.values()]
        past, now = chosen.plan.assign(markets, chosen.past).feeds, chosen.plan.assign(markets).feeds
        self._in_force.histories.choose(self._history, past, now)

    def fold(self, record: Committed) -> None:
        """Takes note of what others did to the markets. A listener of the writer."""
        command = record.command
        if self._arrangement is None or type(command) is PlaceOrder:  # which concerns no feed, and most are
            return
        self._arrangement.supervisor.fold(record)
        if type(command) is Reset:
            self._chosen = replace(self._choice, past=self._choice.names)
            self._choose_histories(self._choice)
        elif type(command) is PutMarket and self._is_new(command.market):
            self._grown.set()

    def _is_new(self, market: Market) -> bool:
        """Whether it is traded and has no feed yet, as this arrangement was made before it was listed."""
        return market.status is MarketStatus.TRADING and market.symbol not in self._in_force.symbols

    def rows_of_a_beginning(self) -> list[FactRow]:
        """What is stored with a command that empties the world."""
        return [NO_PATHS, began_with(self._choice.names)]

    def rebuilt(self) -> None:
        """The exchange was rebuilt."""
        if self._arrangement is not None:
            self._arrangement.supervisor.rebuilt()

    async def begun(self) -> None:
        """Returns once the exchange has the first ladder of every market, or once every feed that runs has failed. Only
        while `run` runs.
        """
        ready = asyncio.create_task(self._in_force.supervisor.ready(), name="first ladders")
        try:
            while not (ready.done() or self._in_force.supervisor.hopeless):
                await self._clock.sleep(LOOK_INTERVAL_S)
        finally:
            ready.cancel()

    def status(self) -> FeedStatus:
        status, history = self._in_force.supervisor.status(), self._in_force.histories.upstream.failure
        if history is None:
            return status
        return replace(status, failure="; ".join(filter(None, [status.failure, f"history: {history}"])))

    def by_hand(self, symbol: str) -> AbstractAsyncContextManager[None]:
        """For a block that moves a market by hand: nothing that was seen before it is told after it."""
        return self._in_force.supervisor.by_hand(symbol)

    def starting_over(self) -> AbstractAsyncContextManager[None]:
        """For a block that empties the world: nothing that was seen before it is told after it."""
        return self._in_force.supervisor.starting_over()

    @property
    def levers(self) -> Levers:
        """The price paths of the world."""
        assert self._levers is not None, "start comes first"
        return self._levers

    @property
    def _choice(self) -> Chosen:
        assert self._chosen is not None, "choose comes first"
        return self._chosen

    @property
    def _changeable(self) -> Changeable:
        assert self._world is not None, "start comes first"
        return self._world

    @property
    def _arranger(self) -> Arranger:
        assert self._arranging is not None, "start comes first"
        return self._arranging

    @property
    def _in_force(self) -> Arrangement:
        assert self._arrangement is not None, "start comes first"
        return self._arrangement


def _middle(view: MarketView | None) -> int | None:
    """Where a market stands, scale 8: between the best quotes, else at the last trade."""
    if view is None:
        return None
    if view.best_bid is not None and view.best_ask is not None:
        return (view.best_bid[0] + view.best_ask[0]) // 2
    return view.last.price if view.last is not None else None
