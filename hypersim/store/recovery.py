"""From what is stored to a running exchange: the newest snapshot that is sound, the commands after it, and proof
that it is right.

Guarantees that replaying led to the very events that were recorded, that the engine's invariants hold, and
that the projections have everything and agree. Otherwise StoreError: an exchange that is wrong does not serve.
"""

import logging
from collections.abc import Sequence
from contextlib import closing
from typing import Final

from msgspec import Struct

from hypersim import __version__
from hypersim.engine.events import Committed, WorldReset
from hypersim.engine.exchange import RULES, Exchange
from hypersim.engine.state import ExchangeState
from hypersim.errors import Refused, StoreError
from hypersim.store.audit import balances_of
from hypersim.store.batches import Batch, digest
from hypersim.store.journal import Journal, Stored
from hypersim.store.snapshots import Snapshot
from hypersim.views.views import Views, ViewsState

logger = logging.getLogger(__name__)

PROJECTED_AT_ONCE: Final = 1_000
"""Records whose projections are written together, where some are missing: many share a row of a balance or a candle."""


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
        self.sequence, self.time_us = batch.sequence, batch.commands[-1].time_us
        for record in records:
            self.views.fold(record)
            if WorldReset() in record.events:
                self.since, self.balances = record.sequence - 1, {}
        return records


def recover(journal: Journal) -> Recovered:
    """The exchange that is stored. Writes what is missing of its projections. Blocks. Raises StoreError when it cannot
    be trusted.
    """
    stored = journal.load()
    replay, damage = _begun(stored)
    snapshot_sequence = replay.sequence
    try:
        _replay(journal, stored, replay)
        if damage is not None and replay.sequence < damage.sequence:
            raise StoreError(f"the journal ends at command {replay.sequence}")  # noqa: TRY301 - told as the others
    except StoreError as error:
        if damage is None:
            raise
        raise StoreError(f"{damage.told}, and without it {error}") from error
    state = checked(replay.exchange)
    journal.check(state, replay.since, replay.balances)
    return Recovered(
        exchange=replay.exchange,
        state=state,
        views=replay.views.snapshot(),
        sequence=replay.sequence,
        time_us=replay.time_us,
        snapshot_sequence=snapshot_sequence,
        api_keys=stored.api_keys,
    )


def _replay(journal: Journal, stored: Stored, replay: Replay) -> None:
    """Applies what follows a snapshot, and projects what is not."""
    if stored.projected < replay.sequence:
        raise StoreError(f"the projections end at command {stored.projected}, before the snapshot of {replay.sequence}")
    missing: list[Committed] = []
    with closing(stored.batches(replay.sequence)) as batches:
        for batch in batches:
            records = replay.apply(batch)
            if batch.first_sequence <= stored.projected < batch.sequence:
                raise StoreError(f"the projections end at command {stored.projected}, within a batch")
            if batch.sequence > stored.projected:
                missing += records
            if len(missing) >= PROJECTED_AT_ONCE:
                journal.project(missing)()
                missing.clear()
    if missing:
        journal.project(missing)()
    if stored.projected > replay.sequence:
        raise StoreError(f"the journal ends at command {replay.sequence}, and the projections at {stored.projected}")


class _Damage(Struct, frozen=True):
    """The newest snapshot, when it is damaged."""

    sequence: int
    told: str


def _begun(stored: Stored) -> tuple[Replay, _Damage | None]:
    """The exchange of the newest snapshot that is sound, or an empty one."""
    damage = None
    with closing(stored.snapshots) as snapshots:
        for snapshot in snapshots:
            try:
                return Replay(snapshot), damage
            except StoreError as error:
                logger.warning("%s; the commands since the one before it are replayed instead", error)
                damage = damage or _Damage(snapshot.sequence, str(error))
    return Replay(None), damage


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
