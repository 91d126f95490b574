"""The one writer: stamp -> apply -> commit -> fold -> answer. The only caller of `Exchange.apply` while
serving.

Guarantees:
- Nothing is shown before it is durable: not an answer, not a refusal that was decided on what is not durable yet, not
  a view, not a listener. While a batch is being stored, later commands are applied and make the next batch.
- A command is refused before it is applied when too many wait for an answer, when it is too late, or when the
  exchange does not serve. Cancels and administration are still taken when orders and quotes are not.
- What serves queries of history is written behind the journal (store/behind.py): `projected` returns once it has all
  that is durable.
- A failure to store, or a bug in `apply`, stops everything: what is in flight is answered STATUS_UNKNOWN, memory is
  dropped and rebuilt from what is durable. The third failure within a minute is the last: `failed` says so.

Does no I/O itself: the journal does, in one thread.
"""

import asyncio
import enum
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from hypersim.ask import JoinedRow, KeyRow, Outcome
from hypersim.clock import MICROSECONDS, Clock
from hypersim.engine.commands import Advance, Command, OutsideUpdate, PlaceOrder, Stamped, TestOrder
from hypersim.engine.events import Committed, Event
from hypersim.engine.exchange import Exchange
from hypersim.engine.state import ExchangeState
from hypersim.errors import Reason, Refused, StoreError
from hypersim.store.batches import weight
from hypersim.store.behind import Backlog
from hypersim.store.bugs import Bug
from hypersim.store.journal import Journal
from hypersim.store.people import check_people
from hypersim.store.recovery import Recovered, recover
from hypersim.store.reopening import one_line, reopened
from hypersim.store.snapshots import Snapshot
from hypersim.store.thread import StoringThread
from hypersim.views.views import Views, ViewsState

logger = logging.getLogger(__name__)

CAPACITY: Final = 4096
"""How many requests may wait for their answers; a quarter more for cancels and administration."""
BATCH: Final = 256
"""The most commands that are stored at once: bounds how long the first of them waits."""
SNAPSHOT_EVERY: Final = 50_000
"""Commands that a recovery replays, by their weight."""
LEAST_SLEEP_US: Final = 1_000
MOST_SLEEP_US: Final = 100_000
"""After this long it is looked again what is due next: meanwhile something may have come that is due sooner."""

FAILURES: Final = 3
FAILURES_WITHIN_US: Final = 60 * MICROSECONDS
"""The last of so many failures within that time is for good."""

ORDINARY: Final = (PlaceOrder, TestOrder, OutsideUpdate)
"""Commands without headroom."""

Listener = Callable[[Committed], None]
"""Takes what was committed, after it is durable and before it is answered: each record when the views have folded it
and no later one. Must neither fail nor wait.
"""


class WriterState(enum.StrEnum):
    """Whether commands are taken."""

    STARTING = "starting"
    SERVING = "serving"
    REBUILDING = "rebuilding"
    STOPPED = "stopped"


class WriterFailed(Exception):
    """The exchange stopped for good: it failed too often, or what is stored cannot be used."""


class _Batch:
    """Commands that are stored together, and who waits for that."""

    __slots__ = ("joined", "records", "state", "waiting")

    def __init__(self) -> None:
        self.records: list[Committed] = []
        self.joined: list[JoinedRow] = []
        self.waiting: list[asyncio.Future[None]] = []
        self.state: ExchangeState | None = None
        """After the batch, where a snapshot is due."""


class Writer:
    """Owns the exchange of one world, from `start` to `stop`. Use it from one event loop.

    `views` are folded in place. `reports` is the folder for reports of bugs. `listeners`, and `on_state`
    whose functions are told each new state, are filled before the start.
    """

    def __init__(
        self,
        journal: Journal,
        views: Views,
        clock: Clock,
        *,
        reports: Path,
        capacity: int = CAPACITY,
        batch: int = BATCH,
        snapshot_every: int = SNAPSHOT_EVERY,
    ) -> None:
        self.state = WriterState.STARTING
        self.sequence = 0
        """Of the newest durable command."""
        self.listeners: list[Listener] = []
        self.on_state: list[Callable[[WriterState], None]] = []
        self._loop = asyncio.get_running_loop()
        self.failed: asyncio.Future[None] = self._loop.create_future()
        """Has the exception WriterFailed once the exchange stays down."""
        self._journal, self._views, self._clock, self._reports = journal, views, clock, reports
        self._capacity, self._batch_size, self._snapshot_every = capacity, batch, snapshot_every
        self._thread = StoringThread("commit")
        self._backlog = Backlog(journal, self._thread)
        self.projected: Callable[[], Awaitable[int]] = self._backlog.caught_up
        """Returns once what is durable now can be read from the store: the mark that it has there, or a later one.
        Raises Refused OVERLOADED when that failed."""
        self.missed: Callable[[], None] = self._backlog.missed
        """Tells that the store has less than that: what is missing is recovered."""
        self._task: asyncio.Task[None] | None = None
        self._exchange = Exchange()
        self._applied = 0
        """Sequence of the newest command applied."""
        self._time_us = 0
        self._api_keys: set[str] = set()
        self._waiting = 0
        self._open: deque[_Batch] = deque()
        self._in_flight: _Batch | None = None
        self._snapshot_at = 0
        """Sequence at which the newest snapshot was taken."""
        self._unsaved = 0
        """Weight of the commands of closed batches since then."""
        self._bug: Bug | None = None
        self._failures: deque[int] = deque(maxlen=FAILURES)
        self._wake = asyncio.Event()
        self._changed = asyncio.Event()

    async def start(self, first: Callable[[], Iterable[Command]] = tuple) -> None:
        """Recovers what is stored and begins to serve. Raises StoreError when it cannot be trusted.

        `first` says, once the views are there, what is taken in before anything else, time included.
        """
        self._adopt(await self._thread.run(partial(recover, self._journal)))
        for command in first():
            self._apply(Stamped(self._stamp(), command))
        self._task = asyncio.create_task(self._run(), name="writer")
        self._task.add_done_callback(self._ended)
        self._enter(WriterState.SERVING)

    async def stop(self) -> None:
        """Takes no more commands, stores what was taken, and a snapshot. Raises what `failed` has: WriterFailed
        when that, or what was taken before, could not be stored.
        """
        rebuilding = self.state is WriterState.REBUILDING
        self._enter(WriterState.STOPPED)
        self._wake.set()
        if self._task is not None:
            if rebuilding:
                self._task.cancel()
            await asyncio.wait((self._task,))
        self._abandon()
        await asyncio.to_thread(self._thread.stop)
        if self.failed.done():
            self.failed.result()

    async def ask(self, command: Command, *, deadline_us: int | None = None, rows: Sequence[JoinedRow] = ()) -> Outcome:
        """See `hypersim.ask.Ask`."""
        if self.state is not WriterState.SERVING:
            stopped = self.state is WriterState.STOPPED
            raise Refused(Reason.SHUTTING_DOWN if stopped else Reason.OVERLOADED)
        headroom = 0 if isinstance(command, ORDINARY) else self._capacity // 4
        if self._waiting >= self._capacity + headroom:
            raise Refused(Reason.OVERLOADED)
        time_us = self._stamp()
        if deadline_us is not None and time_us > deadline_us:
            raise Refused(Reason.TIMESTAMP_TOO_OLD)
        refusal = None
        events: tuple[Event, ...] = ()
        try:
            if rows:
                check_people(rows, self._api_keys)
            events = self._apply(Stamped(time_us, command), rows)
        except Refused as error:
            refusal = error
        sequence = self._applied
        if sequence > self.sequence:
            self._waiting += 1
            try:
                await self._durable()
            finally:
                self._waiting -= 1
        if refusal is not None:
            raise refusal
        return Outcome(sequence, time_us, events)

    def settled_us(self) -> int:
        """A time: all that was taken in before it is durable and shown."""
        for batch in self._uncommitted():
            if batch.records:
                return batch.records[0].time_us
        return self._clock.now_us()

    def _stamp(self) -> int:
        self._time_us = max(self._time_us, self._clock.now_us())
        return self._time_us

    def _apply(self, stamped: Stamped, rows: Sequence[JoinedRow] = ()) -> tuple[Event, ...]:
        """Applies a command and puts it into the open batch. Raises Refused."""
        if not self._open:
            self._open.append(_Batch())
        elif len(self._open[-1].records) >= self._batch_size:
            self._close(self._open[-1])
            self._open.append(_Batch())
        batch = self._open[-1]
        try:
            events = tuple(self._exchange.apply(stamped))
        except Refused:
            raise
        except BaseException as error:
            before = [record for batch in self._uncommitted() for record in batch.records]
            self._bug = Bug(error, before, stamped)
            self._enter(WriterState.REBUILDING)
            self._wake.set()
            raise Refused(Reason.STATUS_UNKNOWN) from error
        if events or rows:
            self._applied += 1
            batch.records.append(
                Committed(sequence=self._applied, time_us=stamped.time_us, command=stamped.command, events=events)
            )
            if rows:
                batch.joined.extend(rows)
                self._api_keys.update(row.api_key for row in rows if isinstance(row, KeyRow))
            self._wake.set()
        return events

    def _durable(self) -> asyncio.Future[None]:
        """Done once everything that was applied until now is durable. Has the exception Refused when it fails."""
        batch = self._open[-1] if self._open else self._in_flight
        assert batch is not None
        waiting: asyncio.Future[None] = self._loop.create_future()
        batch.waiting.append(waiting)
        return waiting

    async def _serve(self) -> None:
        """Stores batch after batch until it is told to stop. Raises whatever fails, in a group."""
        async with asyncio.TaskGroup() as tasks:
            advancing = tasks.create_task(self._advance(), name="advance")
            projecting = tasks.create_task(self._backlog.run(), name="project")
            while self._open or self.state is not WriterState.STOPPED:
                await self._wake.wait()
                self._wake.clear()
                while self._open and self._bug is None:
                    await self._backlog.room()
                    await self._store(self._open.popleft(), tasks)
                if self._bug is not None:
                    raise self._bug.error
            advancing.cancel()  # nothing may be applied any more that is not stored
            await self._backlog.caught_up()
            projecting.cancel()
        if self._applied > self._snapshot_at:
            await self._save(self._applied, self._time_us, self._exchange.snapshot(), self._views.snapshot())

    async def _store(self, batch: _Batch, tasks: asyncio.TaskGroup) -> None:
        """Makes a batch durable, then shows it, then answers."""
        self._in_flight = batch
        if batch.records:
            if not self._open:
                self._close(batch)
            await self._thread.run(self._journal.prepare(batch.records, batch.joined))
            newest = batch.records[-1]
            self.sequence = newest.sequence
            for record in batch.records:
                self._views.fold(record)
                for listener in self.listeners:
                    listener(record)
            self._backlog.add(batch.records)
            if batch.state is not None:
                views = self._views.snapshot()
                tasks.create_task(self._save(newest.sequence, newest.time_us, batch.state, views))
            self._changed.set()
        for waiting in batch.waiting:
            if not waiting.done():
                waiting.set_result(None)
        self._in_flight = None

    def _close(self, batch: _Batch) -> None:
        """Nothing more goes into a batch: the moment for a snapshot, if one is due."""
        self._unsaved += sum(weight(record.command) for record in batch.records)
        if self._unsaved >= self._snapshot_every:
            self._unsaved, self._snapshot_at = 0, self._applied
            batch.state = self._exchange.snapshot()

    async def _save(self, sequence: int, time_us: int, exchange: ExchangeState, views: ViewsState) -> None:
        snapshot = await asyncio.to_thread(Snapshot.encode, sequence, time_us, exchange, views)
        await self._backlog.caught_up()
        await self._thread.run(partial(self._journal.save, snapshot))

    async def _advance(self) -> None:
        """Tells the exchange the time when something is due by time."""
        while True:
            due_us = self._exchange.next_due()
            if due_us is None:
                self._changed.clear()
                await self._changed.wait()
            else:
                sleep_us = min(max(due_us - self._clock.now_us(), LEAST_SLEEP_US), MOST_SLEEP_US)
                await self._clock.sleep(sleep_us / MICROSECONDS)
                if self._clock.now_us() >= due_us:
                    self._apply(Stamped(self._stamp(), Advance()))

    async def _run(self) -> None:
        """Serves, and rebuilds after a failure, until it is told to stop. Raises WriterFailed."""
        while True:
            serving = asyncio.create_task(self._serve(), name="writer serving")
            try:
                await asyncio.wait((serving,))
            finally:
                serving.cancel()
            error = serving.exception()
            if error is None:
                return
            if self._bug is not None:  # what came of it says less
                error = self._bug.error
            self._abandon()
            if self.state is WriterState.STOPPED:
                what = "the last commands" if self._applied > self.sequence else "the last snapshot"
                raise WriterFailed(f"{what} could not be stored: {one_line(error)}") from error
            await self._rebuild(error)

    def _abandon(self) -> None:
        """Answers everyone who waits that nobody knows what became of his command."""
        for batch in self._uncommitted():
            for waiting in batch.waiting:
                if not waiting.done():
                    waiting.set_exception(Refused(Reason.STATUS_UNKNOWN))
        self._in_flight = None
        self._open.clear()
        self._backlog.abandon()

    def _uncommitted(self) -> list[_Batch]:
        return [*([self._in_flight] if self._in_flight is not None else []), *self._open]

    async def _rebuild(self, error: BaseException) -> None:
        """Drops the exchange and rebuilds it from what is durable. Raises WriterFailed when it cannot."""
        self._enter(WriterState.REBUILDING)
        logger.error("the exchange failed and is rebuilt from command %s", self.sequence, exc_info=error)
        now_us = self._clock.now_us()
        self._failures.append(now_us)
        if len(self._failures) == FAILURES and now_us - self._failures[0] <= FAILURES_WITHIN_US:
            raise WriterFailed(f"failed {FAILURES} times within a minute, at last by {one_line(error)}") from error
        try:
            recovered = await reopened(self._journal, self._clock, self._thread)
        except StoreError as useless:
            raise WriterFailed(str(useless)) from useless
        if self._bug is not None:
            await self._report(self._bug, recovered)
            self._bug = None
        self._adopt(recovered)
        self._enter(WriterState.SERVING)

    async def _report(self, bug: Bug, recovered: Recovered) -> None:
        try:
            path = await self._thread.run(partial(bug.write, self._reports, recovered.sequence, recovered.state))
        except OSError as error:
            logger.warning("a bug cannot be reported: %s", one_line(error))
        else:
            logger.error("a report of the bug is in %s", path)

    def _adopt(self, recovered: Recovered) -> None:
        self._exchange = recovered.exchange
        self.sequence = self._applied = recovered.sequence
        self._time_us = max(self._time_us, recovered.time_us)
        self._snapshot_at = recovered.snapshot_sequence
        self._unsaved = self._applied - self._snapshot_at
        self._api_keys = set(recovered.api_keys)
        self._views.restore(recovered.state, recovered.views)
        self._backlog.begin(recovered.sequence)

    def _enter(self, state: WriterState) -> None:
        if state is not self.state and self.state is not WriterState.STOPPED:
            self.state = state
            for told in self.on_state:
                told(state)

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = task.exception() if not task.cancelled() else None
        if error is not None:
            self._enter(WriterState.STOPPED)
            self.failed.set_exception(error)
