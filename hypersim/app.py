"""The composition root: builds one world and the application that serves it, and takes both down in order.

`open_exchange` is the one lifespan: what it opened is closed when its block ends, whatever happened inside.
No module keeps state, so two exchanges fit in one process.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from litestar import Litestar

from hypersim.api import root
from hypersim.api.binance.routes import REFERENCE, answer_binance
from hypersim.api.binance.websockets import WebSockets
from hypersim.api.guard import HostGuard
from hypersim.api.sim.routes import routes as sim_routes
from hypersim.api.sim.world import Simulation
from hypersim.api.unified.operations import Desk
from hypersim.api.unified.routes import answer_unified
from hypersim.api.wire import Direct
from hypersim.ask import KeyRow
from hypersim.clock import MICROSECONDS, Clock, WallClock
from hypersim.errors import StartError
from hypersim.feeds.base import FeedFailed, FeedStatus
from hypersim.feeds.binance.budget import WeightBudget
from hypersim.feeds.binance.upstream import Upstream, connection
from hypersim.feeds.demand import Demand
from hypersim.feeds.past.chosen import ChosenHistory
from hypersim.kept import Kept, keep
from hypersim.limits import Limits
from hypersim.listenkeys import ListenKeys
from hypersim.marketsfile import read_markets
from hypersim.masterkey import require_master_key
from hypersim.outside.market import OutsideMarket
from hypersim.settings import ANY_ADDRESS, DEMO_KEY, Settings
from hypersim.store.database import DRIVER_ERRORS, Database, explained, open_database
from hypersim.store.history import History
from hypersim.store.journal import newest_time
from hypersim.store.people import load_keys
from hypersim.views.views import Views
from hypersim.world import World
from hypersim.writer import WriterState

logger = logging.getLogger(__name__)

FIRST_LADDER_TIMEOUT_S = 15
"""How long a start waits for prices; then it serves without those that are missing."""
KEYS_PAUSE_S = 1
LONGEST_BODY = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """An exchange that serves."""

    app: Direct
    settings: Settings
    world: World
    where: str
    """Where the data is, as a person reads it."""
    stopping: Callable[[], None]
    """Tells whoever is connected that the exchange stops soon."""
    notes: Sequence[str]
    """What whoever started it should know beside what he asked for."""
    feed: Callable[[], FeedStatus]
    failure: "asyncio.Future[None]"
    """Done once the exchange cannot go on: its result raises why."""


@asynccontextmanager
async def open_exchange(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Running]:
    """An exchange, from its first ladder on. Raises StartError in one sentence when it cannot start."""
    file = read_markets(settings.config / "markets.toml")
    require_master_key(settings)
    async with AsyncExitStack() as stack:
        database = await asyncio.to_thread(
            open_database, settings.database_url, memory=settings.memory, fresh=settings.fresh
        )
        stack.callback(database.close)
        if clock is None:
            clock = await asyncio.to_thread(_clock_of, database)
        past = ChosenHistory(lambda symbol: _began_us(views, symbol))
        views = Views(past)
        demand = Demand(clock, views.accounts.symbols_with_orders)
        outside = OutsideMarket(
            settings=settings,
            file=file,
            clock=clock,
            upstream=await stack.enter_async_context(_upstream(settings, clock)),
            views=views,
            demand=demand,
            history=past,
        )
        await outside.choose(database)
        kept = await stack.enter_async_context(
            keep(settings, outside.listed, database, views, clock, outside.withdrawals)
        )
        history = History(database, kept.writer.projected, kept.writer.missed)
        stack.callback(history.close)
        await outside.start(kept)
        kept.writer.listeners.append(outside.fold)
        kept.writer.on_state.append(lambda state: outside.rebuilt() if state is WriterState.SERVING else None)
        limits = Limits(enforced=settings.rate_limits)
        kept.writer.listeners.append(limits.orders.fold)
        world = World(
            clock=clock,
            ask=kept.writer.ask,
            markets=views.marketdata,
            accounts=views.accounts,
            history=history,
            keys=kept.keys,
            limits=limits,
            listen_keys=ListenKeys(clock, enabled=settings.listen_keys),
            demand=demand,
        )
        app = _application(settings, kept, world, outside)
        streams = WebSockets(world, app, settled_us=kept.writer.settled_us)
        kept.writer.listeners.append(streams.fold)
        # when a rebuild begins, and when it is over: who came meanwhile saw the views of before
        kept.writer.on_state.append(lambda state: streams.restart() if state is not WriterState.STOPPED else None)
        failure = await stack.enter_async_context(_tending(kept, settings, outside, streams))
        yield Running(
            app=_guarded(settings, streams),
            settings=settings,
            world=world,
            where=database.where,
            notes=_notes(settings, outside.status()),
            feed=outside.status,
            stopping=streams.stopping,
            failure=failure,
        )


@asynccontextmanager
async def _upstream(settings: Settings, clock: Clock) -> AsyncIterator[Upstream]:
    try:
        client = connection(settings.binance_api_url)
    except FeedFailed as failure:
        raise StartError(f"HYPERSIM_BINANCE_API_URL: {failure}") from None
    async with client:
        yield Upstream(client, WeightBudget(clock, settings.upstream_weight))


def _began_us(views: Views, symbol: str) -> int | None:
    """When this world began to listen to a market's outside, or to trade there."""
    view = views.marketdata.markets.get(symbol)
    return view.began_us if view is not None else None


def _clock_of(database: Database) -> Clock:
    """The machine's time, from that of the newest command on: one clock for stamps and for everybody else."""
    clock = WallClock(from_us=newest_time(database))
    if ahead_s := clock.ahead_us() // MICROSECONDS:
        logger.warning(
            "the machine's clock is %s s behind the last command in %s: this exchange's time goes on from there, "
            "at half speed until the machine's has caught up; signed requests must follow /v1/time",
            ahead_s,
            database.where,
        )
    return clock


@asynccontextmanager
async def _tending(
    kept: Kept, settings: Settings, outside: OutsideMarket, streams: WebSockets
) -> AsyncIterator["asyncio.Future[None]"]:
    """Runs the outside market, from its first ladder on; gives a future that is done when the world fails."""
    tending = asyncio.create_task(_tend(kept, settings, outside, streams), name="tending")
    failure = asyncio.ensure_future(_first_to_fail(kept.writer.failed, tending))
    try:
        ready = asyncio.create_task(outside.begun())
        patience_s = FIRST_LADDER_TIMEOUT_S if outside.answers else 0
        await asyncio.wait((ready, failure), timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        yield failure
    finally:
        for task in (failure, tending):
            task.cancel()
        await asyncio.wait((failure, tending))


async def _tend(kept: Kept, settings: Settings, outside: OutsideMarket, streams: WebSockets) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(streams.run(), name="streams")
        tasks.create_task(outside.run(), name="outside")
        tasks.create_task(_reload_keys(kept, settings), name="keys")


async def _first_to_fail(*tasks: "asyncio.Future[None]") -> None:
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


async def _reload_keys(kept: Kept, settings: Settings) -> None:
    """Brings the key ring in line with the store after each rebuild: of a key in doubt the store decides."""
    rebuilt = asyncio.Event()
    kept.writer.on_state.append(lambda state: rebuilt.set() if state is WriterState.SERVING else None)
    while True:
        await rebuilt.wait()
        rebuilt.clear()
        for row in await _stored_keys(kept):
            if row.api_key not in kept.keys and (settings.open or row.api_key != DEMO_KEY):
                kept.keys.add(row)


async def _stored_keys(kept: Kept) -> list[KeyRow]:
    """Every key, as soon as the database can be read."""
    while True:
        try:
            return await asyncio.to_thread(load_keys, kept.database)
        except DRIVER_ERRORS as error:
            logger.warning("the API keys cannot be read yet: %s", explained(error))
            await kept.clock.sleep(KEYS_PAUSE_S)


def _application(settings: Settings, kept: Kept, world: World, outside: OutsideMarket) -> Direct:
    writer = kept.writer
    simulation = Simulation(
        world=world,
        open=settings.open,
        maker_rate=kept.listed.maker_rate,
        taker_rate=kept.listed.taker_rate,
        open_account=kept.open_account,
        add_key=kept.add_key,
        feed=outside.status,
        change_feed=outside.change,
        paths=outside.levers,
        by_hand=outside.by_hand,
        starting_over=outside.starting_over,
        rows_of_a_beginning=outside.rows_of_a_beginning,
        durable_sequence=lambda: writer.sequence,
        journal=kept.database.where,
        seed=settings.seed,
        rate_limits=settings.rate_limits,
        state=lambda: writer.state.value,
    )

    def health() -> root.Health:
        status = "green" if writer.state is WriterState.SERVING else "red"
        return root.Health(status, writer.state.value, writer.sequence)

    others = Litestar(
        [*REFERENCE, *sim_routes(simulation), *root.routes(health)],
        openapi_config=None,
        logging_config=None,
        request_max_body_size=LONGEST_BODY,
        exception_handlers=root.EXCEPTION_HANDLERS,
    )
    desk = Desk(world=world, open=settings.open, maker_rate=kept.listed.maker_rate, taker_rate=kept.listed.taker_rate)
    return answer_binance(world, answer_unified(desk, others))


def _guarded(settings: Settings, app: Direct) -> Direct:
    """In open mode, an application that turns foreign web pages away."""
    if not settings.open:
        return app
    return HostGuard(app, {settings.host, *settings.allowed_hosts} - set(ANY_ADDRESS))


def _notes(settings: Settings, feed: FeedStatus) -> list[str]:
    notes = []
    if settings.open_to_others:
        notes.append(
            f"open mode on {settings.host}: whoever reaches this address can make accounts and move markets; "
            "it answers to this machine's names and those in HYPERSIM_ALLOWED_HOSTS"
        )
    if missing := [symbol for symbol, status in feed.symbols.items() if not status.quoted]:
        notes.append(f"no prices yet for {', '.join(missing)}" + (f": {feed.failure}" if feed.failure else ""))
    return notes
