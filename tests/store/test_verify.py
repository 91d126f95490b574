"""`verify` says yes to what is true, beside a running exchange too, and names the first thing that is not."""

from random import Random
from typing import Any

import pytest
from sqlalchemy import ColumnElement, Table, delete, insert, select, true, update

from hypersim.engine.commands import Reset
from hypersim.engine.exchange import RULES
from hypersim.engine.lists import Phase
from hypersim.engine.orders import OrderStatus, Side
from hypersim.engine.withdrawal import WithdrawalStatus
from hypersim.errors import StoreError
from hypersim.store import tables
from hypersim.store.database import Database, open_database
from hypersim.store.journal import SqlJournal
from hypersim.store.verify import Verified, verify
from tests.store.lives import Scribe, life, order, withdrawal


def grown(database: Database) -> Scribe:
    """A world with two snapshots and commands before, between and after them."""
    scribe, commands = Scribe(SqlJournal(database)), life(21)
    for _ in range(3):
        scribe.live(commands, 150)
        scribe.save()
    scribe.live(commands, 100)
    scribe.write(order(1, Side.BUY, 1, 90, "resting"), withdrawal(1, "leaving", Random(1)))
    return scribe


def test_what_is_true_is_verified_while_the_exchange_runs(database: Database, database_url: str) -> None:
    scribe = grown(database)
    with database.readers.connect() as connection:
        saved = connection.execute(select(tables.snapshots.c.sequence)).scalars().all()
        entries = len(connection.execute(select(tables.ledger_entries)).all())
    state = scribe.exchange.snapshot()
    assert Verified(
        first_sequence=min(saved) + 1,
        sequence=scribe.sequence,
        snapshots=2,
        state_hash=scribe.exchange.state_hash(),
        projected=scribe.sequence,
        accounts=5,
        open_orders=sum(len(venue.orders) for venue in state.venues),
        ledger_entries=entries,
    ) == verify(database_url)
    scribe.live(life(22), 50)
    assert scribe.sequence == verify(database_url).sequence


def test_a_young_world_is_replayed_from_its_beginning(database: Database, database_url: str) -> None:
    assert (1, 0) == (verify(database_url).first_sequence, verify(database_url).sequence)
    scribe = Scribe(SqlJournal(database))
    scribe.live(life(1), 50)
    scribe.save()
    found = verify(database_url)
    assert (1, scribe.sequence, 1) == (found.first_sequence, found.sequence, found.snapshots)


def test_what_other_rules_decided_is_taken_from_the_snapshot_after_it(database: Database, database_url: str) -> None:
    scribe, commands = Scribe(SqlJournal(database)), life(1)
    scribe.live(commands, 50)
    scribe.save()
    with database.transaction() as connection:
        connection.execute(update(tables.journal).values(rules=RULES - 1))
        connection.execute(update(tables.snapshots).values(rules=RULES - 1))
    first = scribe.sequence + 1
    scribe.live(commands, 50)
    found = verify(database_url)
    assert (first, scribe.sequence) == (found.first_sequence, found.sequence)


def test_a_database_that_is_closed_is_verified(database_url: str) -> None:
    database = open_database(database_url)
    scribe = grown(database)
    database.close()
    assert scribe.exchange.state_hash() == verify(database_url).state_hash


TAMPERED: tuple[tuple[Table, dict[str, Any], str], ...] = (
    (tables.balances, {"free": 5}, "the balance of account -?[0-9]+ in [A-Z]+ is stored as"),
    (tables.balances, {"locked": 5}, "the balance of account"),
    (tables.ledger, {"entries": "[]"}, "the ledger's sum of account"),
    (tables.ledger, {"entries": '[[1,1,[[1,"BTC","order","x","0","1","0",""]]]]'}, "entries cannot be read: .*'x'"),
    (tables.ledger, {"entries": "[[1,1,[]"}, "the ledger's entries up to command [0-9]+ cannot be read"),
    (tables.ledger, {"entries": '[[600,1,[[1,"BTC","order","1","0","1","0",""]]]]'}, "do not sum to zero"),
    (tables.journal, {"digest": "f" * 64}, "led to something else"),
    (tables.journal, {"commands": "[]"}, "the journal is damaged"),
    (tables.journal, {"commands": '[[1,{"command":"Advance"}]]'}, "is damaged|led to something else"),
    (tables.journal, {"rules": RULES + 1}, "there is no snapshot of command"),
    (tables.snapshots, {"state_hash": "f" * 64}, "is damaged"),
    (tables.snapshots, {"blob": b""}, "cannot be read"),
    (tables.orders, {"status": OrderStatus.CANCELED}, "is stored as None"),
    (tables.orders, {"price": 3}, "and should be Order"),
    (tables.orders, {"order_id": 10**6}, "would give ids twice"),
    (tables.tickers, {"trade_id": 10**6}, "would give ids twice"),
    (tables.order_lists, {"list_id": 10**6}, "would get ids twice"),
    (tables.order_lists, {"client_list_id": "corrupt"}, "order list [0-9]+ is stored as OrderList"),
    (tables.order_lists, {"phase": Phase.DONE}, "order list [0-9]+ is stored as None"),
    (tables.withdrawals, {"status": WithdrawalStatus.COMPLETED}, "is stored as None"),
    (tables.withdrawals, {"amount": 3}, "and should be Withdrawal"),
)


LIVE = {
    tables.orders: tables.orders.c.status == OrderStatus.NEW,
    tables.order_lists: tables.order_lists.c.phase != Phase.DONE,
    tables.withdrawals: tables.withdrawals.c.status == WithdrawalStatus.PROCESSING,
}
"""What the rows that are compared with the state have in common."""


@pytest.mark.parametrize(("table", "change", "told"), TAMPERED, ids=lambda value: str(value)[:40])
def test_what_was_tampered_with_is_found(
    database: Database, database_url: str, table: Table, change: dict[str, Any], told: str
) -> None:
    grown(database)
    key = list(table.primary_key)
    newest = [column.desc() for column in key]
    rows = select(*key).where(LIVE.get(table, true()))
    with database.transaction() as connection:
        one = connection.execute(rows.order_by(*newest).limit(1)).one()
        where = [column == value for column, value in zip(key, one, strict=True)]
        connection.execute(update(table).where(*where).values(**change))
    with pytest.raises(StoreError, match=told):
        verify(database_url)


def test_a_missing_batch_is_found(database: Database, database_url: str) -> None:
    grown(database)
    with database.transaction() as connection:
        middle = connection.execute(select(tables.journal.c.sequence).offset(3).limit(1)).scalar_one()
        connection.execute(tables.journal.delete().where(tables.journal.c.sequence == middle))
    with pytest.raises(StoreError, match=r"the journal is damaged: command [0-9]+ should follow"):
        verify(database_url)


def test_a_missing_end_of_the_journal_is_found(database: Database, database_url: str) -> None:
    scribe = grown(database)
    newest = scribe.save().sequence
    with database.transaction() as connection:
        connection.execute(tables.journal.delete().where(tables.journal.c.sequence == newest))
    with pytest.raises(StoreError, match="the journal ends at command"):
        verify(database_url)


def test_a_database_without_tables_is_none_of_ours(postgres_url: str) -> None:
    with pytest.raises(StoreError, match="the database lacks amendments, api_keys, balances"):
        verify(postgres_url)


def test_where_no_database_is_nothing_is_verified_or_made(tmp_path: Any) -> None:
    with pytest.raises(StoreError, match="there is no database at"):
        verify(f"sqlite:///{tmp_path / 'none.db'}")
    assert [] == list(tmp_path.iterdir())


REWRITTEN: tuple[tuple[Table, ColumnElement[bool], dict[str, Any], str], ...] = (
    (tables.deposits, true(), {"amount": 5}, "deposits .* is stored as account_id"),
    (tables.deposits, true(), {}, "deposits .* is stored as not at all"),
    (tables.trades, true(), {"fee": 5}, "trades .* is stored as account_id"),
    (tables.trades, true(), {}, "trades .* is stored as not at all"),
    (tables.prevented_matches, true(), {"price": 5}, "prevented_matches .* is stored as account_id"),
    (tables.prevented_matches, true(), {}, "prevented_matches .* is stored as not at all"),
    (tables.amendments, true(), {"new_quantity": 5}, "amendments .* is stored as account_id"),
    (tables.amendments, true(), {}, "amendments .* is stored as not at all"),
    (
        tables.orders,
        tables.orders.c.status == OrderStatus.FILLED,
        {"status": OrderStatus.CANCELED},
        "orders .* is stored as .* status CANCELED.* and should be .* status FILLED",
    ),
    (tables.orders, tables.orders.c.status == OrderStatus.FILLED, {}, "orders .* is stored as not at all"),
    (
        tables.order_lists,
        tables.order_lists.c.phase == Phase.DONE,
        {"client_list_id": "corrupt"},
        "order_lists .* is stored as .* client_list_id corrupt",
    ),
    (tables.order_lists, tables.order_lists.c.phase == Phase.DONE, {}, "order_lists .* is stored as not at all"),
    (
        tables.withdrawals,
        tables.withdrawals.c.status == WithdrawalStatus.COMPLETED,
        {"amount": 5},
        "withdrawals .* is stored as account_id",
    ),
)
"""Table, which of its rows, the change (none: the row is deleted), and what is told."""


@pytest.mark.parametrize(("table", "which", "change", "told"), REWRITTEN, ids=lambda value: str(value)[:40])
def test_history_that_was_rewritten_is_found(
    database: Database, database_url: str, table: Table, which: ColumnElement[bool], change: dict[str, Any], told: str
) -> None:
    grown(database)
    key = list(table.primary_key)
    by_time = [column.desc() for column in table.columns if column.name in ("updated_us", "time_us", "applied_us")]
    with database.transaction() as connection:
        one = connection.execute(select(*key).where(which).order_by(*by_time, *key).limit(1)).one()
        row = [column == value for column, value in zip(key, one, strict=True)]
        connection.execute(update(table).where(*row).values(**change) if change else delete(table).where(*row))
    with pytest.raises(StoreError, match=told):
        verify(database_url)


def test_a_trade_that_never_happened_is_found(database: Database, database_url: str) -> None:
    grown(database)
    newest = select(tables.trades).order_by(tables.trades.c.time_us.desc()).limit(1)
    with database.transaction() as connection:
        row = dict(connection.execute(newest).mappings().one())
        connection.execute(insert(tables.trades).values(row | {"order_id": row["order_id"] + 10**6}))
    with pytest.raises(StoreError, match=r"trades .* is stored, and never happened"):
        verify(database_url)


def test_history_from_before_a_reset_is_not_missed(database: Database, database_url: str) -> None:
    scribe, commands = Scribe(SqlJournal(database)), life(3)
    scribe.live(commands, 200)
    scribe.write(Reset())
    scribe.live(life(4), 50)
    assert scribe.sequence == verify(database_url).sequence
