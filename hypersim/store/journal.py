"""The journal: what was asked, durable before anybody hears of it; and the snapshots that cut it short.

Guarantees that a batch is stored whole or not at all, together with the rows that came with its commands; that its
projections, which are made of it and need not be durable before it is acknowledged, are written behind it in a
transaction of their own, together with the mark how far they are; and that only the owner of the database writes
either. A journal that failed to store something does not know what is stored: `reopen` it before anything else.
"""

from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Final, Protocol

import msgspec
from msgspec import Struct, structs
from sqlalchemy import delete, func, insert, select

from hypersim.ask import JoinedRow
from hypersim.engine.events import Committed
from hypersim.engine.state import ExchangeState
from hypersim.errors import StoreError
from hypersim.store.audit import Balances, check_projections
from hypersim.store.batches import Batch, as_batch
from hypersim.store.bulk import ALONE, BEHIND, JOINED, bound, parameters
from hypersim.store.database import Database
from hypersim.store.postgresql import Parameters
from hypersim.store.projections import Projected, Projections, joined_rows
from hypersim.store.rows import (
    newest_projected,
    oldest_trades,
    running_candles,
    stored_batches,
    stored_snapshots,
)
from hypersim.store.snapshots import Snapshot
from hypersim.store.tables import PROJECTIONS, api_keys, journal, snapshots, tape

TAPE_KEEP: Final = 250_000
"""Trades of a symbol that stay on the stored tape; accounts' own trades stay for good."""

TAPE_PRUNE: Final = 1_000
"""How many trades of a symbol are taken off at once."""


EMPTY: Final = tuple(str(delete(table)) for table in PROJECTIONS)
"""Empties the projections."""


class Stored(Struct, frozen=True):
    """What an exchange starts from: one of the snapshots, newest first and read once, and the batches after a
    sequence number.
    """

    snapshots: Generator[Snapshot, None, None]
    batches: Callable[[int], Generator[Batch, None, None]]
    api_keys: frozenset[str]
    projected: int
    """The command that the projections go up to; what follows must be projected before anything else."""


class Journal(Protocol):
    """What the writer stores to: batches, and behind them, in the same order, what serves queries. Everything but
    `prepare` and `project` blocks; no two calls overlap, except with these."""

    def load(self) -> Stored:
        """What is stored. Raises StoreError when it cannot be read."""
        ...

    def prepare(self, records: Sequence[Committed], joined: Sequence[JoinedRow]) -> Callable[[], None]:
        """Makes a batch of at least one record ready. The function that is returned stores it; whatever it
        raises, nobody knows whether the batch is stored."""
        ...

    def project(self, records: Sequence[Committed]) -> Callable[[], None]:
        """Makes the projections of whole batches ready, at least one, which follow those of the call before. The
        function that is returned stores them."""
        ...

    def save(self, snapshot: Snapshot) -> None:
        """Stores a snapshot of a command that is projected, and drops what is not needed any more."""
        ...

    def check(self, state: ExchangeState, since: int, balances: Balances) -> None:
        """Compares projections with a state; `balances` are those after the command `since`, of which the
        ledger's later entries must make the state's. Raises StoreError."""
        ...

    def reopen(self) -> None:
        """Starts over after a failure: nothing sent before can become durable afterwards. Raises StoreError
        when the database is somebody else's by now, another exception when it cannot be reached."""
        ...


def newest_time(database: Database) -> int:
    """Microseconds UTC of the newest command that is stored; 0 where there is none."""
    with database.readers.connect() as connection:
        times = [connection.execute(select(func.max(table.c.time_us))).scalar() for table in (journal, snapshots)]
    return max(time_us or 0 for time_us in times)


class SqlJournal:
    """The journal in a database. `keep`: how many snapshots stay, and the commands since the oldest of
    them."""

    def __init__(self, database: Database, *, keep: int = 2) -> None:
        self._database = database
        self._keep = keep
        self._store_alone: Callable[[Parameters], None]
        self._store_joined: Callable[[Parameters], None]
        self._store_behind: Callable[[Parameters], None]
        self._projections = Projections()
        self._tape_from: dict[str, int] = {}

    def load(self) -> Stored:
        dialect, session = self._database.dialect, self._database.session
        self._store_alone, self._store_joined = bound(ALONE, dialect, session), bound(JOINED, dialect, session)
        self._store_behind = bound(BEHIND, dialect, self._database.session_behind)
        with self._database.readers.connect() as connection:
            self._projections = Projections(running_candles(connection))
            self._tape_from = oldest_trades(connection)
            keys = frozenset(connection.execute(select(api_keys.c.api_key)).scalars())
            return Stored(self._snapshots(), self._batches, keys, newest_projected(connection))

    def _snapshots(self) -> Generator[Snapshot, None, None]:
        with self._database.readers.connect() as connection:
            yield from stored_snapshots(connection)

    def _batches(self, after: int) -> Generator[Batch, None, None]:
        with self._database.readers.connect() as connection:
            yield from stored_batches(connection, after)

    def prepare(self, records: Sequence[Committed], joined: Sequence[JoinedRow]) -> Callable[[], None]:
        batch = as_batch(records)
        fields: dict[str, str | int] = {
            "first_sequence": batch.first_sequence,
            "sequence": batch.sequence,
            "time_us": records[-1].time_us,
            "epoch": self._database.epoch,
            "rules": batch.rules,
            "version": batch.version,
            "commands": msgspec.json.encode(batch.commands).decode(),
            "digest": batch.digest,
        }
        if joined:
            return partial(self._store_joined, parameters(JOINED, fields, joined_rows(joined)))
        return partial(self._store_alone, parameters(ALONE, fields, {}))

    def project(self, records: Sequence[Committed]) -> Callable[[], None]:
        projected = self._projections.project(records)
        fields: dict[str, str | int] = {
            "first_sequence": records[0].sequence,
            "sequence": records[-1].sequence,
            "epoch": self._database.epoch,
            "entries": msgspec.json.encode(projected.ledger).decode(),
        }
        rows = parameters(BEHIND, fields, projected.rows())
        outdated = self._outdated(projected)

        def store() -> None:
            if projected.reset:
                session = self._database.session_behind
                for statement in ("BEGIN", *EMPTY):
                    session.execute(statement)
                self._store_behind(rows)
                session.execute("COMMIT")
            else:
                self._store_behind(rows)
            if outdated:
                with self._database.transaction() as connection:
                    for symbol, first_id in outdated.items():
                        old = (tape.c.symbol == symbol) & (tape.c.trade_id < first_id)
                        connection.execute(delete(tape).where(old))

        return store

    def save(self, snapshot: Snapshot) -> None:
        with self._database.transaction() as connection:
            if snapshot.sequence > (projected := newest_projected(connection)):
                raise StoreError(f"{snapshot} comes before its commands after {projected} are projected")
            # there may be one of that moment, such as one that was damaged
            connection.execute(delete(snapshots).where(snapshots.c.sequence == snapshot.sequence))
            connection.execute(insert(snapshots).values(structs.asdict(snapshot)))
            newest = select(snapshots.c.sequence).order_by(snapshots.c.sequence.desc()).limit(self._keep)
            kept = connection.execute(newest).scalars().all()
            if len(kept) == self._keep:
                connection.execute(delete(snapshots).where(snapshots.c.sequence < kept[-1]))
                connection.execute(delete(journal).where(journal.c.sequence <= kept[-1]))

    def check(self, state: ExchangeState, since: int, balances: Balances) -> None:
        with self._database.readers.connect() as connection:
            check_projections(connection, state, since, balances)

    def reopen(self) -> None:
        self._database.reopen()

    def _outdated(self, projected: Projected) -> dict[str, int]:
        """By symbol, the oldest trade that stays on the tape, where enough have gathered before it."""
        if projected.reset:
            self._tape_from.clear()
        result = {}
        for symbol, newest_id in projected.newest_trades().items():
            first_id = newest_id - TAPE_KEEP + 1
            if first_id - self._tape_from.setdefault(symbol, newest_id) >= TAPE_PRUNE:
                result[symbol] = self._tape_from[symbol] = first_id
        return result
