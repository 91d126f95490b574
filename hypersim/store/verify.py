"""Proves that what is stored is true: the journal leads to the recorded states, and the projections agree with it.

As far back as the journal is kept, every row of the history is compared with what a replay leads to; of what is older
the balances, the ledger's sums and what still stands. Tape and candles are not compared. Projections are compared with
the moment up to which they go: a running exchange, or one that was killed, may have later commands in its journal.
Only reads, in one transaction: it may run beside the exchange that owns the database, and sees one moment
of it.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, Engine, func, inspect, select
from sqlalchemy.exc import DBAPIError

from hypersim.engine.exchange import RULES
from hypersim.engine.lists import Phase
from hypersim.engine.orders import OPEN
from hypersim.engine.state import ExchangeState
from hypersim.engine.withdrawal import WithdrawalStatus
from hypersim.errors import StoreError
from hypersim.store.audit import check_projections
from hypersim.store.database import explained, open_for_reading
from hypersim.store.recovery import Replay, checked
from hypersim.store.reprojected import Reprojected
from hypersim.store.rows import (
    as_order,
    as_order_list,
    as_withdrawal,
    newest_projected,
    stored_batches,
    stored_snapshots,
)
from hypersim.store.snapshots import Snapshot
from hypersim.store.tables import journal, ledger_entries, metadata, order_lists, orders, withdrawals


class Verified(Struct, frozen=True, kw_only=True):
    """What was found to be true."""

    first_sequence: int
    """The first command that was applied again; one past `sequence` where there was none."""
    sequence: int
    """The newest command."""
    snapshots: int
    """How many recorded states were compared."""
    state_hash: str
    projected: int
    """The command up to which the projections go; what follows is of that moment."""
    accounts: int
    """The outside world and the fee income included."""
    open_orders: int
    ledger_entries: int


def verify(url: str) -> Verified:
    """Replays what is stored and compares: events, states, balances, ids, open orders and lists, withdrawals on their
    way, and the history of the commands that are replayed.

    Blocks, and takes no lock. Raises StoreError at the first difference, or when the database cannot be read.
    """
    engine = open_for_reading(url)
    try:
        with engine.connect() as connection:
            return _verify(_at_one_moment(connection, engine))
    except DBAPIError as error:
        raise StoreError(f"the database cannot be read: {explained(error)}") from error
    finally:
        engine.dispose()


def _at_one_moment(connection: Connection, engine: Engine) -> Connection:
    missing = metadata.tables.keys() - set(inspect(engine).get_table_names())
    if missing:
        raise StoreError(f"the database lacks {', '.join(sorted(missing))}: start Hyper-Sim on it once")
    if connection.dialect.name == "postgresql":
        return connection.execution_options(isolation_level="REPEATABLE READ")
    return connection


def _start(connection: Connection, recorded: Sequence[Snapshot]) -> Snapshot | None:
    """The oldest state from which on the journal is whole and of these rules; None for the beginning."""
    oldest = connection.execute(select(func.min(journal.c.first_sequence))).scalar()
    foreign = connection.execute(select(func.max(journal.c.sequence)).where(journal.c.rules != RULES)).scalar()
    earliest = max(oldest - 1 if oldest is not None else 0, foreign or 0)
    if earliest == 0 and (oldest is not None or not recorded):
        return None
    for snapshot in recorded:
        if snapshot.sequence >= earliest:
            return snapshot
    raise StoreError(f"nothing to replay from: there is no snapshot of command {earliest} or a later one")


def _verify(connection: Connection) -> Verified:
    recorded = list(stored_snapshots(connection))[::-1]
    for snapshot in recorded:
        snapshot.decode()
    replay = Replay(_start(connection, recorded))
    first_sequence = replay.sequence + 1
    expected = {snapshot.sequence: snapshot for snapshot in recorded if snapshot.rules == RULES}
    projected, state = newest_projected(connection), None
    history = Reprojected(connection)
    if replay.sequence == projected:
        state = checked(replay.exchange)
    with closing(stored_batches(connection, replay.sequence)) as batches:
        for batch in batches:
            records = replay.apply(batch)
            if batch.sequence <= projected:
                history.add(records)
            if batch.sequence == projected:
                state = checked(replay.exchange)
            here = expected.get(batch.sequence)
            if here is not None and replay.exchange.state_hash() != here.state_hash:
                raise StoreError(f"replaying the journal does not lead to {here}")
    if recorded and recorded[-1].sequence > replay.sequence:
        raise StoreError(f"the journal ends at command {replay.sequence}, before {recorded[-1]}")
    if state is None or (recorded and recorded[-1].sequence > projected):
        raise StoreError(
            f"the projections end at command {projected}, which is neither the last of a batch nor after the snapshots"
        )
    checked(replay.exchange)
    check_projections(connection, state, 0, {})
    open_orders = _check_open_orders(connection, state)
    _check_open_lists(connection, state)
    _check_withdrawals(connection, state)
    history.raise_difference()
    entries = connection.execute(select(func.count()).select_from(ledger_entries)).scalar_one()
    return Verified(
        first_sequence=first_sequence,
        sequence=replay.sequence,
        snapshots=len(recorded),
        state_hash=replay.exchange.state_hash(),
        projected=projected,
        accounts=len({account_id for account_id, *_ in state.balances}),
        open_orders=open_orders,
        ledger_entries=entries,
    )


def _check_open_orders(connection: Connection, state: ExchangeState) -> int:
    """How many there are; the stored ones are these."""
    live = {(order.symbol, order.order_id): order for venue in state.venues for order in venue.orders}
    stored = connection.execute(select(orders).where(orders.c.status.in_(sorted(OPEN)))).mappings()
    found = {(order.symbol, order.order_id): order for order in map(as_order, stored)}
    _compare(found, live, lambda key: f"open order {key[1]} of {key[0]}")
    return len(live)


def _check_open_lists(connection: Connection, state: ExchangeState) -> None:
    """The stored order lists that are open are these."""
    live = {each.list_id: replace(each, saved=0) for venue in state.venues for each in venue.lists}
    stored = connection.execute(select(order_lists).where(order_lists.c.phase != Phase.DONE)).mappings()
    found = {each.list_id: each for each in map(as_order_list, stored)}
    _compare(found, live, lambda key: f"order list {key}")


def _check_withdrawals(connection: Connection, state: ExchangeState) -> None:
    """The stored withdrawals on their way are these."""
    live = {withdrawal.withdrawal_id: withdrawal for withdrawal in state.withdrawals}
    pending = select(withdrawals).where(withdrawals.c.status == WithdrawalStatus.PROCESSING)
    found = {each.withdrawal_id: each for each in map(as_withdrawal, connection.execute(pending).mappings())}
    _compare(found, live, lambda key: f"withdrawal {key}")


def _compare(stored: Mapping[Any, object], expected: Mapping[Any, object], name: Callable[[Any], str]) -> None:
    """Raises StoreError at the first key, in their order, whose values differ or of which one is missing."""
    for key in sorted(stored.keys() | expected.keys()):
        if stored.get(key) != expected.get(key):
            raise StoreError(f"{name(key)} is stored as {stored.get(key)}, and should be {expected.get(key)}")
