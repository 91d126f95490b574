"""A journal in memory: what the writer needs of one, without a database."""

from collections.abc import Callable, Generator, Sequence

from hypersim.ask import JoinedRow, KeyRow
from hypersim.engine.events import Committed
from hypersim.engine.state import ExchangeState
from hypersim.store.audit import Balances
from hypersim.store.batches import Batch, as_batch
from hypersim.store.journal import Stored
from hypersim.store.snapshots import Snapshot


class MemoryJournal:
    """A journal that is as durable as the process."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.joined: list[JoinedRow] = []
        self._snapshot: Snapshot | None = None
        self._projected = 0

    def load(self) -> Stored:
        def batches(after: int) -> Generator[Batch, None, None]:
            yield from (batch for batch in list(self.batches) if batch.sequence > after)

        newest = (snapshot for snapshot in [self._snapshot] if snapshot is not None)
        keys = frozenset(row.api_key for row in self.joined if isinstance(row, KeyRow))
        return Stored(newest, batches, keys, self._projected)

    def prepare(self, records: Sequence[Committed], joined: Sequence[JoinedRow]) -> Callable[[], None]:
        batch = as_batch(records)

        def store() -> None:
            self.batches.append(batch)
            self.joined.extend(joined)

        return store

    def project(self, records: Sequence[Committed]) -> Callable[[], None]:
        def store() -> None:  # there are no projections
            self._projected = records[-1].sequence

        return store

    def save(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.batches = [batch for batch in self.batches if batch.sequence > snapshot.sequence]

    def check(self, state: ExchangeState, since: int, balances: Balances) -> None:
        pass  # there are no projections

    def reopen(self) -> None:
        pass  # there is nothing that could be lost
