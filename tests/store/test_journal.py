"""What is stored leads back to the exchange that stored it, on both databases."""

from itertools import groupby
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Table, func, select, update

from hypersim.ask import FactRow, KeyKind
from hypersim.engine.commands import Reset
from hypersim.engine.events import BalanceChanged, Committed, OrderChanged, Traded, WorldReset
from hypersim.engine.exchange import RULES
from hypersim.engine.orders import Order, Side
from hypersim.errors import StoreError
from hypersim.store import journal as journal_module
from hypersim.store import tables
from hypersim.store.database import Database, open_database
from hypersim.store.facts import read_facts
from hypersim.store.journal import SqlJournal
from hypersim.store.people import load_keys
from hypersim.store.recovery import Recovered, recover
from hypersim.store.rows import as_order
from tests.store.lives import SET_UP, Scribe, key_row, life, order
from tests.store.memory import MemoryJournal

COMMANDS = 600


def count(database: Database, table: Table) -> int:
    with database.readers.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def same(recovered: Recovered, scribe: Scribe) -> None:
    assert scribe.exchange.state_hash() == recovered.exchange.state_hash()
    assert scribe.exchange.snapshot() == recovered.state
    assert scribe.views.snapshot() == recovered.views
    assert (scribe.sequence, scribe.records[-1].time_us) == (recovered.sequence, recovered.time_us)


@pytest.mark.parametrize("seed", range(3))
def test_the_journal_alone_leads_to_the_same_exchange(database: Database, seed: int) -> None:
    scribe = Scribe(SqlJournal(database), seed)
    scribe.live(life(seed, resets=True), COMMANDS)
    same(recover(SqlJournal(database)), scribe)


@pytest.mark.parametrize("seed", range(3))
def test_a_snapshot_and_the_journal_after_it_lead_to_the_same_exchange(database: Database, seed: int) -> None:
    scribe, commands = Scribe(SqlJournal(database), seed), life(seed, resets=True)
    saved = []
    for _ in range(3):
        scribe.live(commands, COMMANDS // 3)
        saved.append(scribe.save().sequence)
    scribe.live(commands, 50)
    recovered = recover(SqlJournal(database))
    same(recovered, scribe)
    assert saved[-1] == recovered.snapshot_sequence


def test_a_recovered_exchange_goes_on_as_the_first_would_have(database: Database) -> None:
    scribe, commands = Scribe(SqlJournal(database)), life(7)
    scribe.live(commands, COMMANDS)
    again = SqlJournal(database)
    recovered = recover(again)
    scribe.journal, scribe.exchange = again, recovered.exchange
    scribe.live(commands, COMMANDS)
    same(recover(SqlJournal(database)), scribe)


def test_a_journal_in_memory_leads_to_the_same_exchange() -> None:
    journal = MemoryJournal()
    scribe, commands = Scribe(journal), life(1, resets=True)
    scribe.live(commands, COMMANDS)
    scribe.save()
    scribe.live(commands, COMMANDS)
    same(recover(journal), scribe)


def test_an_empty_database_is_an_empty_exchange(database: Database) -> None:
    recovered = recover(SqlJournal(database))
    assert (0, 0, 0, (), frozenset()) == (
        recovered.sequence,
        recovered.time_us,
        recovered.snapshot_sequence,
        recovered.state.accounts,
        recovered.api_keys,
    )


def test_orders_balances_and_entries_are_stored_as_they_are(database: Database) -> None:
    scribe = Scribe(SqlJournal(database))
    scribe.live(life(3), COMMANDS)
    events = [(record, event) for record in scribe.records for event in record.events]
    orders: dict[tuple[str, int], Order] = {}
    balances: dict[tuple[int, str], tuple[int, int]] = {}
    entries = []
    for record, event in events:
        if isinstance(event, OrderChanged):
            orders[event.order.symbol, event.order.order_id] = event.order
        elif isinstance(event, BalanceChanged):
            balances[event.account_id, event.asset] = (event.free, event.locked)
            entries.append((record.sequence, record.time_us, msgspec.structs.astuple(event)))
    with database.readers.connect() as connection:
        stored = [as_order(row) for row in connection.execute(select(tables.orders)).mappings()]
        money = connection.execute(select(tables.balances)).all()
        ledger = connection.execute(
            select(tables.ledger_entries).order_by(tables.ledger_entries.c.sequence, tables.ledger_entries.c.number)
        ).all()
    assert orders == {(order.symbol, order.order_id): order for order in stored}
    assert balances == {(row.account_id, row.asset): (row.free, row.locked) for row in money}
    assert entries == [(row.sequence, row.time_us, tuple(row)[3:]) for row in ledger]


def test_every_trade_is_stored_once_for_each_side(database: Database) -> None:
    scribe = Scribe(SqlJournal(database))
    scribe.live(life(4), COMMANDS)
    tape = [
        (event.symbol, event.trade_id, event.aggregate_id, event.price, event.quantity, record.time_us)
        for record in scribe.records
        for event in record.events
        if isinstance(event, Traded)
    ]
    sides = sorted(
        (
            event.order.account_id,
            event.order.symbol,
            event.fill.trade_id,
            event.order.order_id,
            event.fill.fee,
        )
        for record in scribe.records
        for event in record.events
        if isinstance(event, OrderChanged) and event.fill is not None
    )
    with database.readers.connect() as connection:
        stored_tape = connection.execute(select(tables.tape)).all()
        stored_sides = connection.execute(select(tables.trades)).all()
    assert sorted(tape) == sorted(tuple(row)[:6] for row in stored_tape)
    assert sides == sorted((*tuple(row)[:4], row.fee) for row in stored_sides)


def test_who_trades_with_himself_has_both_sides(database: Database) -> None:
    scribe = Scribe(SqlJournal(database))
    scribe.write(*SET_UP, order(1, Side.BUY, 2, 100, "bid"), order(1, Side.SELL, 2, 100, "ask"))
    with database.readers.connect() as connection:
        rows = connection.execute(select(tables.trades).order_by(tables.trades.c.order_id)).all()
    assert [(1, 1, 1, True, True), (1, 1, 2, False, False)] == [
        (row.account_id, row.trade_id, row.order_id, row.is_buyer, row.is_maker) for row in rows
    ]


def test_a_reset_empties_the_projections_and_what_follows_is_there(database: Database) -> None:
    scribe, commands = Scribe(SqlJournal(database)), life(5)
    scribe.live(commands, COMMANDS)
    scribe.write(order(1, Side.BUY, 1, 90, "before"), Reset(), order(1, Side.BUY, 1, 90, "after"))
    projections = (tables.orders, tables.trades, tables.tape, tables.candles, tables.tickers)
    assert [1, 0, 0, 0, 0] == [count(database, table) for table in projections]
    reset = next(record for record in scribe.records if WorldReset() in record.events)
    with database.readers.connect() as connection:
        first = connection.execute(select(func.min(tables.ledger_entries.c.sequence))).scalar_one()
    assert reset.sequence == first
    same(recover(SqlJournal(database)), scribe)


def test_candles_are_stored_as_the_views_fold_them(database: Database) -> None:
    scribe, commands = Scribe(SqlJournal(database)), life(6)
    scribe.live(commands, COMMANDS)
    scribe.journal.load()  # as after a failure: the running candles come from what is stored
    scribe.live(commands, COMMANDS)
    for symbol, view in scribe.views.marketdata.markets.items():
        for seconds in (60, 3600, 86400):
            expected = view.timeline.candles(seconds, 0, 2**62)
            with database.readers.connect() as connection:
                rows = connection.execute(
                    select(tables.candles)
                    .where(tables.candles.c.symbol == symbol, tables.candles.c.seconds == seconds)
                    .order_by(tables.candles.c.open_us)
                ).all()
            assert [msgspec.structs.astuple(candle) for candle in expected] == [tuple(row)[2:] for row in rows]


def test_keys_are_stored_with_their_command(database: Database) -> None:
    scribe = Scribe(SqlJournal(database))
    public = msgspec.structs.replace(key_row("three"), kind=KeyKind.RSA, secret_encrypted=None, public_key="PEM")
    scribe.write(*SET_UP, joined=[key_row("one"), key_row("two", 2), public])
    assert [key_row("one"), public, key_row("two", 2)] == load_keys(database)
    assert {"one", "two", "three"} == recover(SqlJournal(database)).api_keys


def test_a_fact_is_stored_with_its_command_in_the_place_of_what_had_its_name(database: Database) -> None:
    scribe = Scribe(SqlJournal(database))
    scribe.write(*SET_UP, joined=[FactRow("feed", "synthetic"), FactRow("seed", "7")])
    scribe.write(order(1, Side.BUY, 1, 90, "a"), joined=[FactRow("feed", "manual"), FactRow("feed", "binance")])
    assert {"feed": "binance", "seed": "7"} == read_facts(database)


def test_a_batch_is_stored_whole_or_not_at_all(database: Database) -> None:
    journal = SqlJournal(database)
    scribe = Scribe(journal)
    scribe.write(*SET_UP, joined=[key_row("taken")])
    before = {table.name: count(database, table) for table in tables.metadata.sorted_tables}
    with pytest.raises(Exception, match=r"(?i)unique"):
        scribe.write(order(1, Side.BUY, 1, 90, "a"), joined=[key_row("taken")])
    journal.reopen()
    assert before == {table.name: count(database, table) for table in tables.metadata.sorted_tables}


def test_only_what_the_last_snapshots_need_stays(database: Database) -> None:
    scribe, commands = Scribe(SqlJournal(database, keep=2)), life(8)
    saved = []
    for _ in range(4):
        scribe.live(commands, 100)
        saved.append(scribe.save().sequence)
    scribe.live(commands, 10)
    with database.readers.connect() as connection:
        kept = connection.execute(select(tables.snapshots.c.sequence)).scalars().all()
        first, last = connection.execute(
            select(func.min(tables.journal.c.first_sequence), func.max(tables.journal.c.sequence))
        ).one()
    assert saved[-2:] == sorted(kept)
    assert (saved[-2] + 1, scribe.sequence) == (first, last)
    same(recover(SqlJournal(database, keep=2)), scribe)


def test_a_snapshot_may_be_taken_twice_at_one_moment(database: Database) -> None:
    scribe = Scribe(SqlJournal(database))
    scribe.write(*SET_UP)
    assert scribe.save() == scribe.save()
    assert 1 == count(database, tables.snapshots)


def test_the_tape_keeps_the_newest_trades(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "TAPE_KEEP", 40)
    monkeypatch.setattr(journal_module, "TAPE_PRUNE", 10)
    scribe, commands = Scribe(SqlJournal(database)), life(9)
    scribe.live(commands, COMMANDS)
    newest = {
        event.symbol: event.trade_id
        for record in scribe.records
        for event in record.events
        if isinstance(event, Traded)
    }
    with database.readers.connect() as connection:
        rows = connection.execute(
            select(tables.tape.c.symbol, tables.tape.c.trade_id).order_by(tables.tape.c.symbol, tables.tape.c.trade_id)
        ).all()
    for symbol, group in groupby(rows, key=lambda row: str(row.symbol)):
        ids = [row.trade_id for row in group]
        assert list(range(ids[0], newest[symbol] + 1)) == ids
        assert 40 <= len(ids) < 50 + 60  # a batch may bring many at once
    same(recover(SqlJournal(database)), scribe)


def test_commands_of_other_rules_are_not_replayed(database: Database) -> None:
    scribe = Scribe(SqlJournal(database))
    scribe.live(life(1), 50)
    with database.transaction() as connection:
        connection.execute(update(tables.journal).values(rules=RULES + 1, version="9.8.7"))
    with pytest.raises(
        StoreError, match=rf"decided by Hyper-Sim 9\.8\.7 \(rules {RULES + 1}\).*start that version once"
    ):
        recover(SqlJournal(database))


def test_a_snapshot_of_other_rules_is_a_start(database: Database) -> None:
    scribe = Scribe(SqlJournal(database))
    scribe.live(life(1), 50)
    scribe.save()
    with database.transaction() as connection:
        connection.execute(update(tables.journal).values(rules=RULES - 1))
        connection.execute(update(tables.snapshots).values(rules=RULES - 1, state_hash="of other rules"))
    same(recover(SqlJournal(database)), scribe)


def entries(sequence: int, free_change: str) -> str:
    """A row of the ledger, with one entry."""
    entry = (1, "USDT", "deposit", free_change, "0", free_change, "0", "")
    return msgspec.json.encode([(sequence, 0, [entry])]).decode()


def tampered(database: Database, table: Table, **values: object) -> None:
    with database.transaction() as connection:
        connection.execute(update(table).values(**values))


def test_a_damaged_snapshot_is_done_without_where_the_journal_reaches_further_back(database: Database) -> None:
    scribe, commands = Scribe(SqlJournal(database)), life(5)
    for saved in (1, 2):
        scribe.live(commands, 60)
        sequence = scribe.save().sequence
        scribe.live(commands, 20)
        with database.transaction() as connection:
            damaged = tables.snapshots.c.sequence == sequence
            connection.execute(update(tables.snapshots).where(damaged).values(blob=b"no"))
        recovered = recover(SqlJournal(database))
        same(recovered, scribe)
        assert saved == count(database, tables.snapshots)
        assert recovered.snapshot_sequence < sequence
        scribe.save()  # the next one is sound
        assert scribe.sequence == recover(SqlJournal(database)).snapshot_sequence


def test_a_damaged_snapshot_at_the_end_of_the_journal_is_replaced(database: Database) -> None:
    scribe = Scribe(SqlJournal(database))
    scribe.live(life(5), 60)
    scribe.save()
    tampered(database, tables.snapshots, blob=b"no")
    assert 0 == recover(SqlJournal(database)).snapshot_sequence
    scribe.save()
    assert scribe.sequence == recover(SqlJournal(database)).snapshot_sequence


def test_a_damaged_snapshot_that_is_all_there_is_does_not_serve(database: Database) -> None:
    scribe = Scribe(SqlJournal(database, keep=1))
    scribe.write(*SET_UP[:2])
    scribe.save()
    tampered(database, tables.snapshots, blob=b"no")
    with pytest.raises(StoreError, match=r"snapshot of command 2 .* cannot be read: .* ends at command 0"):
        recover(SqlJournal(database))


def test_what_is_damaged_does_not_serve(database: Database) -> None:
    scribe = Scribe(SqlJournal(database, keep=1))
    scribe.live(life(2), 50)
    scribe.save()
    scribe.write(order(1, Side.BUY, 1, 90, "last"))
    whole: list[Committed] = scribe.records
    assert recover(SqlJournal(database)).sequence == whole[-1].sequence
    for table, change, told in (
        (tables.journal, {"digest": "0" * 64}, "led to something else"),
        (tables.journal, {"commands": "[]"}, "journal is damaged"),
        (tables.journal, {"commands": "[["}, "cannot be read"),
        (tables.balances, {"free": 1}, "the balance of account"),
        (tables.ledger, {"entries": entries(scribe.sequence, free_change=str(7 * 10**30))}, "do not sum to zero"),
        (tables.ledger, {"entries": "[["}, "the ledger's entries up to command [0-9]+ cannot be read"),
        (tables.snapshots, {"state_hash": "0" * 64}, "is damaged"),
        (tables.snapshots, {"blob": b"no"}, "cannot be read"),
    ):
        with database.readers.connect() as connection:
            before = [dict(row) for row in connection.execute(select(table)).mappings()]
        tampered(database, table, **change)
        with pytest.raises(StoreError, match=told):
            recover(SqlJournal(database))
        with database.transaction() as connection:
            connection.execute(table.delete())
            connection.execute(table.insert(), before)
    same(recover(SqlJournal(database)), scribe)


def test_ids_that_were_given_are_not_given_again(database: Database) -> None:
    scribe = Scribe(SqlJournal(database))
    scribe.write(*SET_UP, order(1, Side.BUY, 1, 90, "a"))
    tampered(database, tables.orders, order_id=2)
    with pytest.raises(StoreError, match="BTCUSDT would give ids twice"):
        recover(SqlJournal(database))


def test_the_database_of_a_world_that_is_not_kept_goes_with_it() -> None:
    database = open_database("sqlite:///never.db", memory=True)
    path = Path(database.engine.url.database or "")
    scribe = Scribe(SqlJournal(database))
    scribe.live(life(1), 100)
    same(recover(SqlJournal(database)), scribe)
    database.close()
    assert not path.parent.exists()
