"""A writer under test: a clock that stands until it is moved, and a journal that can be held and can fail."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

from hypersim.ask import JoinedRow, Outcome
from hypersim.engine.events import Committed
from hypersim.engine.orders import Side
from hypersim.engine.state import ExchangeState
from hypersim.errors import Reason, Refused
from hypersim.store.audit import Balances
from hypersim.store.journal import Journal, Stored
from hypersim.store.snapshots import Snapshot
from hypersim.views.views import Views
from hypersim.writer import Writer, WriterFailed, WriterState
from tests.store.lives import BEGIN_US, SET_UP, order


class StillClock:
    """Time stands still; whoever sleeps wakes when it is moved past his time."""

    def __init__(self) -> None:
        self.time_us = BEGIN_US
        self._sleepers: list[tuple[int, asyncio.Future[None]]] = []

    def now_us(self) -> int:
        return self.time_us

    async def sleep(self, seconds: float) -> None:
        wake = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.time_us + int(seconds * 1_000_000), wake))
        await wake

    def move(self, seconds: float) -> None:
        """Lets time go by."""
        self.time_us += int(seconds * 1_000_000)
        for due_us, wake in self._sleepers:
            if due_us <= self.time_us and not wake.done():
                wake.set_result(None)
        self._sleepers = [(due_us, wake) for due_us, wake in self._sleepers if not wake.done()]

    @property
    def sleepers(self) -> int:
        return len(self._sleepers)


class StoreBroke(Exception):
    """What a journal raises that is told to fail."""


@dataclass
class Rehearsed:
    """A journal that does as another one does, except for what a test plans.

    `before` and `after` are called when a batch is stored, with its number (from 0) and records: in the
    thread that stores, before and after the real thing. So are `before_projecting` and `after_projecting`, with the
    records of some batches.
    """

    journal: Journal
    before: Callable[[int, Sequence[Committed]], None] = lambda number, records: None
    after: Callable[[int, Sequence[Committed]], None] = lambda number, records: None
    before_projecting: Callable[[Sequence[Committed]], None] = lambda records: None
    after_projecting: Callable[[Sequence[Committed]], None] = lambda records: None
    on_reopen: Callable[[], None] = lambda: None
    on_save: Callable[[], None] = lambda: None
    batches: list[list[Committed]] = field(default_factory=list)
    """What was stored."""
    projected: list[list[Committed]] = field(default_factory=list)
    """What was projected."""
    saved: list[int] = field(default_factory=list)
    _numbers: int = 0

    def load(self) -> Stored:
        return self.journal.load()

    def prepare(self, records: Sequence[Committed], joined: Sequence[JoinedRow]) -> Callable[[], None]:
        store = self.journal.prepare(records, joined)
        number = self._numbers
        self._numbers += 1

        def planned() -> None:
            self.before(number, records)
            store()
            self.batches.append(list(records))
            self.after(number, records)

        return planned

    def project(self, records: Sequence[Committed]) -> Callable[[], None]:
        project = self.journal.project(records)

        def planned() -> None:
            self.before_projecting(records)
            project()
            self.projected.append(list(records))
            self.after_projecting(records)

        return planned

    def save(self, snapshot: Snapshot) -> None:
        self.on_save()
        self.journal.save(snapshot)
        self.saved.append(snapshot.sequence)

    def check(self, state: ExchangeState, since: int, balances: Balances) -> None:
        self.journal.check(state, since, balances)

    def reopen(self) -> None:
        self.on_reopen()
        self.journal.reopen()


class Gate:
    """Holds the storing thread until it is opened: before a batch is stored, or before some are projected."""

    def __init__(self, journal: Rehearsed, *, projecting: bool = False) -> None:
        self._open = threading.Event()
        self.reached = threading.Event()
        if projecting:
            journal.before_projecting = lambda records: self.wait()
        else:
            journal.before = lambda number, records: self.wait()

    def wait(self) -> None:
        """Says that somebody waits here, and lets him through when the gate is open."""
        self.reached.set()
        assert self._open.wait(20)

    def open(self) -> None:
        """Lets everything through from now on."""
        self._open.set()


def failing_on(*numbers: int) -> Callable[[int, Sequence[Committed]], None]:
    """A plan: the batches with these numbers fail."""

    def fail(number: int, _records: Sequence[Committed]) -> None:
        if number in numbers:
            raise StoreBroke(f"batch {number}")

    return fail


@dataclass
class Rig:
    """A writer that serves, with what it works on."""

    writer: Writer
    journal: Rehearsed
    clock: StillClock
    views: Views
    heard: list[Committed]
    """What a listener was told."""
    states: list[str]


@asynccontextmanager
async def running(journal: Journal, reports: Path, *, set_up: bool = True, **limits: int) -> AsyncIterator[Rig]:
    """A writer from its start to its stop, with a small world in it."""
    rehearsed, clock, views = Rehearsed(journal), StillClock(), Views()
    writer = Writer(rehearsed, views, clock, reports=reports, **limits)
    rig = Rig(writer, rehearsed, clock, views, [], [])
    writer.listeners.append(rig.heard.append)
    writer.on_state.append(lambda state: rig.states.append(state.value))
    await writer.start()
    try:
        if set_up:
            for command in SET_UP:
                await writer.ask(command)
            rehearsed.batches.clear()
            rehearsed._numbers = 0
            rig.heard.clear()
        yield rig
    finally:
        known = writer.failed.done()
        with suppress(WriterFailed) if known else nullcontext():
            await writer.stop()


async def until(condition: Callable[[], bool]) -> None:
    """Returns once something is so; fails after a while."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in another thread or task
            await asyncio.sleep(0.001)


async def turns(number: int = 20) -> None:
    """Lets everything that can go on without I/O go on."""
    for _ in range(number):
        await asyncio.sleep(0)


def buys(rig: Rig, *names: str) -> "list[asyncio.Future[Outcome]]":
    """Orders that rest, asked for at once."""
    return [asyncio.ensure_future(rig.writer.ask(order(1, Side.BUY, 1, 90, name))) for name in names]


async def outcomes(asked: "Sequence[asyncio.Future[Outcome]]") -> list[int | Reason]:
    """Sequence numbers of what was done, reasons of what was refused."""
    found = []
    for answer in await asyncio.gather(*asked, return_exceptions=True):
        assert isinstance(answer, Outcome | Refused)
        found.append(answer.sequence if isinstance(answer, Outcome) else answer.reason)
    return found


def resting(rig: Rig) -> list[str]:
    """Client ids of the orders that rest."""
    return [one.client_order_id for one in rig.views.accounts.open_orders(1)]


async def serving(rig: Rig) -> None:
    """Returns once it serves."""
    await until(lambda: rig.writer.state is WriterState.SERVING)
