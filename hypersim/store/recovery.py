"""From what is stored to a running exchange: newest snapshot, the commands after it, and proof that it is
right.

Guarantees that replaying led to the very events that were recorded, that the engine's invariants hold, and
that the projections agree. Otherwise StoreError: an exchange that is wrong does not serve.
"""

from collections.abc import Sequence
from contextlib import closing

from msgspec import Struct

from hypersim import __version__
from hypersim.engine.events import Committed, WorldReset
from hypersim.engine.exchange import RULES, Exchange
from hypersim.engine.state import ExchangeState
from hypersim.errors import Refused, StoreError
from hypersim.store.audit import balances_of
from hypersim.store.batches import Batch, digest
from hypersim.store.journal import Journal
from hypersim.store.snapshots import Snapshot
from hypersim.views.views import Views, ViewsState


class Recovered(Struct, frozen=True, kw_only=True):
    """An exchange as it was after the last durable command, and its views' own state."""

    exchange: Exchange
    state: ExchangeState
    views: ViewsState
    sequence: int
    time_us: int
    """Of the last command; 0 when there is none."""
    snapshot_sequence: int
    """Of the newest snapshot; 0 when there is none."""
    api_keys: frozenset[str]
    """All that exist."""


class Replay:
    """An exchange and its views on their way from a snapshot (or from nothing) through the journal."""

    def __init__(self, snapshot: Snapshot | None) -> None:
        self.exchange = Exchange()
        self.views = Views()
        self.sequence = self.time_us = 0
        if snapshot is not None:
            state, views = snapshot.decode()
            self.exchange = Exchange.restore(state)
            self.views.restore(state, views)
            self.sequence, self.time_us = snapshot.sequence, snapshot.time_us
            if snapshot.rules == RULES and self.exchange.state_hash() != snapshot.state_hash:
                raise StoreError(f"{snapshot} does not lead to the state that it was taken of")
        self.since = self.sequence
        """The command after which the ledger's entries are looked at: of the snapshot, or of the last
        reset.
        """
        self.balances = balances_of(self.exchange.snapshot())
        """Those after it."""

    def apply(self, batch: Batch) -> Sequence[Committed]:
        """Applies a batch again. Raises StoreError when other things happen than did the first time."""
        if batch.rules != RULES:
            raise StoreError(
                f"commands {batch.first_sequence} to {batch.sequence} were decided by Hyper-Sim "
                f"{batch.version} (rules {batch.rules}), and this is {__version__} (rules {RULES}): "
                "start that version once and stop it, then start this one"
            )
        records = []
        for number, stamped in enumerate(batch.commands):
            try:
                events = self.exchange.apply(stamped)
            except (Refused, AssertionError) as error:
                raise _differs(batch) from error
            records.append(
                Committed(
                    sequence=batch.first_sequence + number,
                    time_us=stamped.time_us,
                    command=stamped.command,
                    events=tuple(events),
                )
            )
        if digest(records) != batch.digest:
            raise _differs(batch)
        self.views.fold(records)
        self.sequence, self.time_us = batch.sequence, batch.commands[-1].time_us
        for record in records:
            if WorldReset() in record.events:
                self.since, self.balances = record.sequence - 1, {}
        return records


def recover(journal: Journal) -> Recovered:
    """The exchange that is stored. Blocks. Raises StoreError when it cannot be trusted."""
    stored = journal.load()
    replay = Replay(stored.snapshot)
    with closing(stored.batches):
        for batch in stored.batches:
            replay.apply(batch)
    state = checked(replay.exchange)
    journal.check(state, replay.since, replay.balances)
    return Recovered(
        exchange=replay.exchange,
        state=state,
        views=replay.views.snapshot(),
        sequence=replay.sequence,
        time_us=replay.time_us,
        snapshot_sequence=stored.snapshot.sequence if stored.snapshot is not None else 0,
        api_keys=stored.api_keys,
    )


def checked(exchange: Exchange) -> ExchangeState:
    """The state of an exchange whose invariants hold. Raises StoreError when they do not."""
    try:
        exchange.check()
    except AssertionError as error:
        raise StoreError(f"what is stored leads to a state that cannot be: {error}") from error
    return exchange.snapshot()


def _differs(batch: Batch) -> StoreError:
    return StoreError(
        f"replaying commands {batch.first_sequence} to {batch.sequence} led to something else than what is "
        "recorded: the journal is damaged, or another program wrote it"
    )
