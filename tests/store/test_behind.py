"""What is projected behind the journal is, wherever it was interrupted, row by row what it would have been."""

import random
from collections.abc import Iterator

import psycopg
import pytest
from alembic import command
from alembic.util import CommandError
from sqlalchemy import Table, delete, insert, select, text, update

from hypersim.engine.commands import Reset
from hypersim.engine.orders import Side
from hypersim.errors import StoreError
from hypersim.store import recovery, tables
from hypersim.store.bulk import BEHIND, bound, parameters
from hypersim.store.database import DRIVER_ERRORS, Database, open_database
from hypersim.store.facts import has_orders
from hypersim.store.journal import SqlJournal
from hypersim.store.migrate import alembic_config
from hypersim.store.recovery import recover
from hypersim.store.verify import verify
from tests.store.lives import SET_UP, Scribe, life, order
from tests.store.test_database import behind


@pytest.fixture
def uninterrupted() -> Iterator[Database]:
    """Another database, in which each batch is projected at once."""
    opened = open_database("sqlite://")
    yield opened
    opened.close()


def rows(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the projections; of the ledger its entries, however many are in a row."""
    with database.readers.connect() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in (*tables.PROJECTIONS, tables.ledger_entries)
            if table is not tables.ledger
        }


def mark(database: Database) -> int:
    with database.readers.connect() as connection:
        found: int = connection.execute(select(tables.projected.c.sequence)).scalar_one()
        return found


def set_mark(database: Database, sequence: int) -> None:
    with database.transaction() as connection:
        connection.execute(update(tables.projected).values(sequence=sequence))


@pytest.mark.parametrize("seed", range(4))
def test_a_life_that_is_interrupted_again_and_again_is_projected_as_one_that_is_not(
    database: Database, database_url: str, uninterrupted: Database, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(recovery, "PROJECTED_AT_ONCE", 20)
    straight, commands = Scribe(SqlJournal(uninterrupted), seed), life(seed, resets=seed % 2 == 1)
    scribe, same = Scribe(SqlJournal(database), seed), life(seed, resets=seed % 2 == 1)
    scribe.behind = True
    for _ in range(4):
        for _ in range(chance.randrange(6)):
            count = chance.randrange(40)
            straight.live(commands, count)
            scribe.live(same, count)
            if chance.random() < 0.6:
                scribe.catch_up()
            if chance.random() < 0.2:
                scribe.catch_up()
                scribe.save()
        # as if killed here: another one takes over what is stored
        left = verify(database_url)
        assert (scribe.sequence, mark(database)) == (left.sequence, left.projected)
        again = SqlJournal(database)
        recovered = recover(again)
        assert (scribe.sequence, scribe.sequence) == (recovered.sequence, mark(database))
        assert rows(uninterrupted) == rows(database)
        scribe.journal, scribe.exchange = again, recovered.exchange
        scribe._waiting.clear()


def test_what_was_acknowledged_and_not_projected_is_in_the_journal_alone(database: Database) -> None:
    scribe = Scribe(SqlJournal(database))
    scribe.write(*SET_UP)
    before = rows(database)
    scribe.behind = True
    scribe.write(order(1, Side.BUY, 1, 90, "late"))
    assert (before, scribe.sequence - 1) == (rows(database), mark(database))
    scribe.catch_up()
    assert (1, scribe.sequence) == (len(rows(database)["orders"]), mark(database))


def test_a_projection_is_stored_with_its_mark_or_not_at_all(database: Database) -> None:
    scribe = Scribe(SqlJournal(database))
    scribe.write(*SET_UP)
    scribe.behind = True
    scribe.write(order(1, Side.BUY, 1, 90, "once"))
    before = rows(database)
    project = scribe.journal.project(scribe.records)  # the entries of the first ones are there already
    with pytest.raises(DRIVER_ERRORS, match=r"(?i)unique"):
        project()
    scribe.journal.reopen()
    assert (before, len(SET_UP)) == (rows(database), mark(database))
    recover(scribe.journal)
    assert scribe.sequence == mark(database)


@pytest.mark.parametrize("joined", [False, True])
def test_a_reset_that_is_not_projected_yet_empties_what_was(database: Database, joined: bool) -> None:
    scribe = Scribe(SqlJournal(database))
    scribe.write(*SET_UP, order(1, Side.BUY, 1, 90, "before"))
    scribe.behind = True
    scribe.write(order(1, Side.BUY, 1, 90, "lost"))
    scribe.write(Reset())
    if joined:
        scribe.catch_up()
    scribe.write(order(1, Side.BUY, 1, 90, "after"))
    recover(SqlJournal(database))
    found = rows(database)
    assert (["after"], scribe.sequence) == ([row[3] for row in found["orders"]], mark(database))
    assert {scribe.sequence - 1, scribe.sequence} >= {row[0] for row in found["ledger_entries"]} != set()


def test_orders_that_are_not_projected_yet_are_no_less_there(database: Database) -> None:
    scribe = Scribe(SqlJournal(database))
    scribe.write(*SET_UP)
    scribe.behind = True
    found = [has_orders(database)]
    for batch in ([order(1, Side.BUY, 1, 90, "a")], [Reset()], [order(1, Side.BUY, 1, 90, "b"), Reset()]):
        scribe.write(*batch)
        found.append(has_orders(database))
    scribe.write(order(1, Side.BUY, 1, 90, "c"))
    scribe.catch_up()
    found.append(has_orders(database))
    scribe.write(Reset())
    found.append(has_orders(database))
    assert [False, True, False, False, True, False] == found


def test_a_new_database_has_nothing_projected(database: Database) -> None:
    assert 0 == mark(database)


def test_in_a_database_of_an_earlier_version_everything_is_projected(database: Database, database_url: str) -> None:
    scribe = Scribe(SqlJournal(database))
    scribe.live(life(1), 50)
    before = rows(database)
    for snapshot_too in (False, True):
        with database.engine.begin() as connection:
            command.downgrade(alembic_config(connection), "0005")
            if snapshot_too:  # the journal may be empty after it
                connection.execute(delete(tables.journal))
            command.upgrade(alembic_config(connection), "head")
        assert scribe.sequence == mark(database)
        recover(SqlJournal(database))
        scribe.save()
    assert before == rows(database)
    assert scribe.sequence == verify(database_url).projected


def test_a_database_whose_projections_are_behind_is_not_taken_to_an_earlier_version(database: Database) -> None:
    scribe = Scribe(SqlJournal(database))
    scribe.behind = True
    scribe.live(life(1), 50)
    with pytest.raises(CommandError, match="the projections are behind"), database.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0005")
    assert 0 == mark(database)


def test_a_fresh_beginning_has_nothing_projected(database_url: str) -> None:
    database = open_database(database_url)
    Scribe(SqlJournal(database)).live(life(1), 30)
    database.close()
    database = open_database(database_url, fresh=True)
    assert 0 == mark(database)
    database.close()


def test_a_snapshot_does_not_come_before_its_projections(database: Database) -> None:
    scribe = Scribe(SqlJournal(database))
    scribe.write(*SET_UP)
    scribe.behind = True
    scribe.write(order(1, Side.BUY, 1, 90, "late"))
    with pytest.raises(StoreError, match=rf"comes before its commands after {len(SET_UP)} are projected"):
        scribe.save()
    scribe.catch_up()
    assert scribe.sequence == scribe.save().sequence


def test_a_mark_that_cannot_be_is_found(database: Database, database_url: str) -> None:
    scribe = Scribe(SqlJournal(database))
    scribe.write(*SET_UP)
    scribe.save()
    scribe.write(*(order(1, Side.BUY, 1, 90, name) for name in "abc"))
    newest = scribe.sequence
    for sequence, told in (
        (newest - 1, f"the projections end at command {newest - 1}"),
        (newest + 1, f"the projections (end )?at (command )?{newest + 1}"),
        (len(SET_UP) - 1, f"the projections end at command {len(SET_UP) - 1}"),
    ):
        set_mark(database, sequence)
        for prove in (lambda: recover(SqlJournal(database)), lambda: verify(database_url)):
            with pytest.raises(StoreError, match=told):
                prove()
    with database.transaction() as connection:
        connection.execute(delete(tables.projected))
    for prove in (lambda: recover(SqlJournal(database)), lambda: verify(database_url)):
        with pytest.raises(StoreError, match="does not say how far its projections are"):
            prove()
    with database.transaction() as connection:
        connection.execute(insert(tables.projected).values(id=1, sequence=newest))
    assert newest == recover(SqlJournal(database)).sequence == verify(database_url).sequence


@pytest.mark.parametrize("table", [tables.balances, tables.deposits, tables.orders], ids=lambda table: table.name)
def test_what_was_tampered_with_is_found_though_the_journal_is_ahead(
    database: Database, database_url: str, table: Table
) -> None:
    scribe = Scribe(SqlJournal(database))
    scribe.write(*SET_UP, order(1, Side.BUY, 1, 90, "a"))
    scribe.behind = True
    scribe.write(order(1, Side.BUY, 1, 95, "b"))
    assert (scribe.sequence, scribe.sequence - 1) == (verify(database_url).sequence, mark(database))
    with database.transaction() as connection:
        connection.execute(update(table).values(account_id=table.c.account_id + 1000))
    with pytest.raises(StoreError, match=r"and should be|would give ids twice|not at all"):
        verify(database_url)


def test_who_lost_the_database_projects_nothing_more(database: Database) -> None:
    scribe = Scribe(SqlJournal(database))
    scribe.write(*SET_UP)
    scribe.behind = True
    scribe.write(order(1, Side.BUY, 1, 90, "late"))
    before = rows(database)
    with database.engine.begin() as connection:
        connection.execute(update(tables.fence).values(epoch=99, owner="somebody else"))
    with pytest.raises(DRIVER_ERRORS, match=r"projected.*sequence|sequence.*projected"):
        scribe.catch_up()
    assert (before, len(SET_UP)) == (rows(database), mark(database))


def test_a_new_owner_waits_for_what_is_being_projected_and_the_journal_does_not(postgres_url: str) -> None:
    database = open_database(postgres_url)
    scribe = Scribe(SqlJournal(database))
    scribe.write(*SET_UP)
    scribe.behind = True
    store = bound(BEHIND, database.dialect, database.session_behind)
    database.session_behind.execute("BEGIN")
    store(parameters(BEHIND, behind(scribe.sequence, database.epoch), {}))
    scribe.write(order(1, Side.BUY, 1, 90, "meanwhile"))
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as other:
        other.execute("SET lock_timeout = '50ms'")
        take_over = "UPDATE fence SET epoch = epoch + 1"
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute(take_over)
        database.session_behind.execute("COMMIT")
        other.execute(take_over)
    with pytest.raises(DRIVER_ERRORS, match="epoch"):
        scribe.write(order(1, Side.BUY, 1, 90, "too late"))
    database.close()


def test_sessions_that_project_end_with_their_owners_others(postgres_url: str) -> None:
    database = open_database(postgres_url)
    journal = SqlJournal(database)
    scribe = Scribe(journal)
    scribe.write(*SET_UP)
    pid = database.session_behind.info.backend_pid
    lost, database._session_behind = database._session_behind, None  # and the server did not notice
    journal.reopen()
    with database.readers.connect() as connection:
        alive = text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid")
        assert 0 == connection.execute(alive, {"pid": pid}).scalar_one()
    recover(journal)
    scribe.live(life(1), 30)
    assert lost is not None
    lost.close()
    database.close()


def test_commits_behind_are_not_synced_by_themselves_and_copy_the_log(database: Database) -> None:
    if database.dialect == "sqlite":
        names = ("journal_mode", "synchronous", "wal_autocheckpoint")
        assert [["wal", 2, 0], ["wal", 1, 8000]] == [
            [session.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
            for session in (database.session, database.session_behind)
        ]
    else:
        assert ("off",) == database.session_behind.execute("SHOW synchronous_commit").fetchone()
