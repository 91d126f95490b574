"""What is durable and not yet projected: written behind the journal, in its order, whole batches at a time.

An order is answered when the journal has it. Its projections are made of the journal and serve only those who read, so
they are written when many have gathered, when nothing else is going on, or when somebody asks. Guarantees that whoever
asks sees what was durable when he asked, and that what waits is bounded. Use it from one event loop.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final

from hypersim.engine.events import Committed
from hypersim.errors import Reason, Refused, StoreError
from hypersim.store.journal import Journal
from hypersim.store.thread import StoringThread

CHUNK: Final = 64
"""Records that are projected together, or one batch that has more. On SQLite those of benchmarks/engine.py's orders
take 2 ms of CPU time, for which a batch of the journal may have to wait; half as many cost a quarter more an order, and
twice as many a tenth less.
"""
QUIET_S: Final = 0.02
"""Nothing else is going on when no batch came for so long. Who waits for each answer sends his next order sooner; so do
feeds of a few markets, whose updates cost the less the more of them are projected together.
"""
MOST_WAITING: Final = 4096
"""Records that may wait, or new ones wait for them: of such orders 0.1 s of projecting, and 10 MB."""


class Backlog:
    """The records that wait, and are projected in the thread that stores batches."""

    def __init__(self, journal: Journal, thread: StoringThread) -> None:
        self._journal, self._thread = journal, thread
        self._loop = asyncio.get_running_loop()
        self._batches: deque[Sequence[Committed]] = deque()
        self._count = 0
        """Of the records in them."""
        self._added_at_s = 0.0
        self._newest = self._projected = self._wanted = 0
        """Sequence numbers: of what came last, of what is projected, and of what is to be projected at once."""
        self._lost = False
        """Whether what waited is to be projected by somebody else."""
        self._missed = False
        """Whether somebody missed what was projected."""
        self._due = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._askers: list[tuple[int, asyncio.Future[None]]] = []

    def begin(self, sequence: int) -> None:
        """Begins, or begins anew: everything up to a command is projected."""
        self._newest = self._projected = self._wanted = sequence
        self._lost = self._missed = False

    def add(self, records: Sequence[Committed]) -> None:
        """Adds a batch that is durable."""
        self._batches.append(records)
        self._count += len(records)
        self._newest = records[-1].sequence
        self._added_at_s = self._loop.time()
        if self._count >= CHUNK:
            self._due.set()
        if self._timer is None:  # then, too: a chunk may leave some of them
            self._timer = self._loop.call_later(QUIET_S, self._look)

    async def caught_up(self) -> int:
        """Returns once everything that is durable now is projected; at once when nothing waits. The sequence number
        that the database's mark has then, or a later one. Raises Refused OVERLOADED when it was lost to a failure and
        is not recovered yet.
        """
        newest = self._newest
        if self._projected < newest:
            await self._reach(newest)
        return newest

    def missed(self) -> None:
        """Somebody found less than that: a database that crashed forgets what was not waited for. Fails, so that it is
        projected again.
        """
        self._missed = True
        self._due.set()

    async def room(self) -> None:
        """Returns once no more wait than may."""
        while self._count > MOST_WAITING:
            await self._reach(self._batches[0][-1].sequence)

    async def run(self) -> None:
        """Projects what is due, without end. Raises whatever fails."""
        while True:
            await self._due.wait()
            self._due.clear()
            if self._missed:
                raise StoreError(f"the database has lost projections that it had up to command {self._projected}")
            while self._count >= CHUNK or self._projected < self._wanted:
                records = self._next()
                await self._thread.run(self._journal.project(records))
                self._reached(records[-1].sequence)

    def abandon(self) -> None:
        """Drops what waits, because something failed; who asks for it is refused until it begins anew."""
        self._batches.clear()
        self._count = 0
        self._lost = True
        for _, asking in self._askers:
            if not asking.done():
                asking.set_exception(Refused(Reason.OVERLOADED))
        self._askers.clear()

    def _next(self) -> list[Committed]:
        """Takes the oldest batches, a chunk of them."""
        records = [*self._batches.popleft()]
        while self._batches and len(records) + len(self._batches[0]) <= CHUNK:
            records += self._batches.popleft()
        self._count -= len(records)
        return records

    async def _reach(self, sequence: int) -> None:
        if self._lost:
            raise Refused(Reason.OVERLOADED)
        asking = self._loop.create_future()
        self._askers.append((sequence, asking))
        self._wanted = max(self._wanted, sequence)
        self._due.set()
        await asking

    def _reached(self, sequence: int) -> None:
        self._projected = sequence
        if self._askers:
            for wanted, asking in self._askers:
                if wanted <= sequence and not asking.done():
                    asking.set_result(None)
            self._askers = [(wanted, asking) for wanted, asking in self._askers if wanted > sequence]

    def _look(self) -> None:
        """Looks whether nothing came for a while."""
        self._timer = None
        left_s = self._added_at_s + QUIET_S - self._loop.time()
        if left_s > 0:
            self._timer = self._loop.call_later(left_s, self._look)
        else:
            self._wanted = self._newest
            self._due.set()
