"""One database, one exchange; and every way in which a database cannot be used, in one sentence."""

import re
import socket
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, select, text, update

from hypersim.errors import StoreError
from hypersim.store import postgresql, tables
from hypersim.store.bulk import BEHIND, bound, parameters
from hypersim.store.database import DRIVER_ERRORS, Database, open_database, open_for_reading
from hypersim.store.journal import SqlJournal
from hypersim.store.migrate import alembic_config
from hypersim.units import AMOUNT_ONE
from tests.postgres import PostgresServer
from tests.store.lives import SET_UP, Scribe, life

HUGE = 10**47 + 7


def behind(sequence: int, epoch: int) -> dict[str, str | int]:
    """What is written with projections of one command that moved no money."""
    return {"first_sequence": sequence, "sequence": sequence, "epoch": epoch, "entries": "[]"}


def described(connection: Connection) -> dict[str, object]:
    """Columns, keys, indexes and checks as the database itself describes them."""
    found = inspect(connection)
    return {
        name: (
            [(c["name"], str(c["type"]), c["nullable"]) for c in found.get_columns(name)],
            found.get_pk_constraint(name)["constrained_columns"],
            sorted((i["name"] or "", tuple(i["column_names"])) for i in found.get_indexes(name)),
            sorted((c["name"] or "", str(c["sqltext"])) for c in found.get_check_constraints(name)),
        )
        for name in found.get_table_names()
        if name != "alembic_version"
    }


def test_migrations_lead_to_the_declared_tables(database: Database, tmp_path: Path) -> None:
    with database.engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert [] == compare_metadata(context, tables.metadata)
        migrated = described(connection)
        tables.metadata.drop_all(connection)
        tables.metadata.create_all(connection)
        assert described(connection) == migrated


def test_migrations_lead_back_to_nothing(database: Database) -> None:
    with database.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "base")
        assert {} == described(connection)


def test_sqlite_tables_without_row_ids_are_the_same_migrated_and_declared(tmp_path: Path) -> None:
    def clustered(connection: Connection) -> set[str]:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
        return {row.name for row in rows if "WITHOUT ROWID" in row.sql}

    database = open_database(f"sqlite:///{tmp_path / 'migrated.db'}")
    declared = create_engine(f"sqlite:///{tmp_path / 'declared.db'}")
    with database.readers.connect() as migrated, declared.begin() as connection:
        tables.metadata.create_all(connection)
        assert clustered(connection) == clustered(migrated) != set()
    database.close()
    declared.dispose()


@pytest.mark.parametrize("value", [0, -1, 2**63 - 1, -(2**63), 2**64, HUGE, -HUGE, 10**60])
def test_an_integer_of_any_size_is_stored_as_it_is(database: Database, value: int) -> None:
    store = bound(BEHIND, database.dialect, database.session_behind)
    row = (1, "USDT", str(value), str(-value), 1)
    store(parameters(BEHIND, behind(1, database.epoch), {tables.balances: [row]}))
    with database.readers.connect() as connection:
        found = connection.execute(select(tables.balances)).one()
    assert (1, "USDT", value, -value, 1) == tuple(found)
    with database.transaction() as connection:
        connection.execute(update(tables.balances).values(free=value + 1))
        assert value + 1 == connection.execute(select(tables.balances.c.free)).scalar_one()


def test_money_beyond_64_bits_goes_through_a_life(database: Database) -> None:
    scribe = Scribe(SqlJournal(database))
    scribe.live(life(2), 200)
    with database.readers.connect() as connection:
        house = connection.execute(
            select(tables.balances.c.free).where(tables.balances.c.account_id == 0, tables.balances.c.asset == "BTC")
        ).scalar_one()
    held = {(account, asset): free for account, asset, free, _ in scribe.exchange.ledger.balances()}
    assert held[0, "BTC"] == house < -(10**7) * AMOUNT_ONE < -(2**63)


def test_a_second_exchange_on_the_same_database_is_told_who_has_it(database: Database, database_url: str) -> None:
    with pytest.raises(StoreError, match=r"another exchange is using .*: Hyper-Sim .*, process \d+ on "):
        open_database(database_url)


def test_a_database_that_was_closed_can_be_opened(database_url: str) -> None:
    epochs = []
    for _ in range(3):
        database = open_database(database_url)
        epochs.append(database.epoch)
        database.close()
    assert [1, 2, 3] == epochs


def test_who_lost_the_database_stores_nothing_more(database: Database) -> None:
    scribe = Scribe(SqlJournal(database))
    scribe.write(*SET_UP)
    before = scribe.sequence
    with database.engine.begin() as connection:
        connection.execute(update(tables.fence).values(epoch=99, owner="somebody else"))
    with pytest.raises(DRIVER_ERRORS, match=r"epoch"):
        scribe.live(life(1), 30)
    with pytest.raises(StoreError, match=r"has taken .* over: somebody else"):
        scribe.save()
    with pytest.raises(StoreError, match=r"has taken .* over: somebody else"):
        scribe.journal.reopen()
    with database.readers.connect() as connection:
        stored = connection.execute(select(tables.journal.c.sequence)).scalars().all()
        assert [before] == stored
        assert [] == connection.execute(select(tables.snapshots.c.sequence)).scalars().all()


def test_a_lost_connection_is_made_anew_and_the_database_is_still_ours(
    postgres_url: str,
) -> None:
    database = open_database(postgres_url)
    journal = SqlJournal(database)
    scribe = Scribe(journal)
    scribe.write(*SET_UP)
    _lose_sessions(postgres_url)
    with pytest.raises(psycopg.Error):
        journal.prepare(scribe.records[-1:], [])()
    journal.reopen()
    journal.load()
    with pytest.raises(StoreError, match="another exchange is using"):
        open_database(postgres_url)
    scribe.live(life(1), 30)
    database.close()


def _lose_sessions(url: str) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND datname = current_database()"
        )


class Forgetful:
    """A way to a PostgreSQL server that can lose its clients without the server's noticing."""

    def __init__(self, folder: Path, target: Path) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / target.name))
        self._listener.listen()
        self._target = target
        self._clients: list[socket.socket] = []
        self._all: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def lose(self) -> None:
        """Clients see their connections end; the server sees nothing."""
        while self._clients:
            self._clients.pop().shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for end in self._all:
            end.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self._target))
                self._clients.append(client)
                self._all += client, server
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):  # closed
            while data := source.recv(65_536):
                sink.sendall(data)


@pytest.fixture
def forgetful(postgres_server: PostgresServer, postgres_url: str) -> Iterator[tuple[Forgetful, str]]:
    """Such a way, and the URL of a fresh database by it."""
    (target,) = postgres_server.folder.glob(".s.PGSQL.*[0-9]")
    with tempfile.TemporaryDirectory(prefix="hypersim-way-") as folder:
        way = Forgetful(Path(folder), target)
        yield way, postgres_url.replace(str(postgres_server.folder), folder)
        way.close()


@pytest.mark.parametrize("saving", [False, True])
def test_sessions_that_the_server_did_not_notice_losing_are_ended(
    forgetful: tuple[Forgetful, str], saving: bool
) -> None:
    way, url = forgetful
    database = open_database(url)
    journal = SqlJournal(database)
    scribe = Scribe(journal)
    scribe.write(*SET_UP)
    with ExitStack() as stack:
        if saving:  # a transaction that is lost half-way holds the fence
            stack.enter_context(pytest.raises(DRIVER_ERRORS))
            stack.enter_context(database.transaction())
        way.lose()
        journal.reopen()
        journal.load()
        scribe.live(life(1), 30)
    with pytest.raises(StoreError, match="another exchange is using"):
        open_database(url)
    database.close()


def test_a_lock_without_a_new_owner_may_be_waited_for(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "LOCK_TIMEOUT", "100ms")
    database = open_database(postgres_url)
    _lose_sessions(postgres_url)
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (postgresql.LOCK,))
        with pytest.raises(psycopg.errors.LockNotAvailable, match="still locked"):
            database.reopen()
        other.execute("UPDATE fence SET epoch = 99, owner = 'somebody else'")
        with pytest.raises(StoreError, match=r"has taken .* over: somebody else"):
            database.reopen()
        other.execute("UPDATE fence SET epoch = 1")
    database.reopen()
    database.close()


def test_fresh_means_empty(database_url: str) -> None:
    database = open_database(database_url)
    Scribe(SqlJournal(database)).live(life(1), 30)
    database.close()
    database = open_database(database_url, fresh=True)
    with database.readers.connect() as connection:
        assert [] == connection.execute(select(tables.journal.c.sequence)).scalars().all()
    assert 1 == database.epoch
    database.close()


def test_fresh_sets_an_old_sqlite_database_aside(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'hypersim.db'}"
    for _ in range(2):
        database = open_database(url)
        Scribe(SqlJournal(database)).live(life(1), 30)
        database.close()
        open_database(url, fresh=True).close()
        old = open_for_reading(f"sqlite:///{tmp_path / 'hypersim.db.old'}")
        with old.connect() as connection:
            assert connection.execute(select(tables.journal.c.sequence)).first() is not None
        old.dispose()


def test_readers_cannot_write(database: Database) -> None:
    with database.readers.connect() as connection, pytest.raises(DRIVER_ERRORS, match=r"(?i)read.?only"):
        connection.execute(tables.fence.delete())


def test_commits_are_synced(database: Database) -> None:
    if database.dialect == "sqlite":
        found = [database.session.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
        assert ["wal", 2] == found
    else:
        found = [database.session.execute(f"SHOW {name}").fetchone()[0] for name in ("fsync", "synchronous_commit")]
        assert ["on", "on"] == found


def test_a_world_in_memory_is_not_synced_and_not_kept() -> None:
    database = open_database("sqlite:///elsewhere.db", memory=True)
    assert (False, "memory (nothing is kept)", Path.cwd()) == (
        database.durable,
        database.where,
        database.folder,
    )
    assert 0 == database.session.execute("PRAGMA synchronous").fetchone()[0]
    database.close()


def test_files_go_beside_a_database_that_is_a_file(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'hypersim.db'}")
    assert (tmp_path, str(tmp_path / "hypersim.db")) == (database.folder, database.where)
    database.close()


def test_no_password_is_shown(postgres_url: str) -> None:
    with pytest.raises(StoreError) as refused:
        open_database("postgresql://me:geheim@127.0.0.1:1/x")
    assert "geheim" not in str(refused.value)
    assert "postgresql+psycopg://me:***@127.0.0.1:1/x" in str(refused.value)


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Whoever connects waits for ever."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def test_what_cannot_be_opened_is_told_in_one_line(tmp_path: Path, closed_port: int, silent_port: int) -> None:
    (tmp_path / "text.db").write_text("no database " * 1000)
    for url, told in (
        ("sqlite:////no/such/folder/hypersim.db", "cannot open /no/such/folder/hypersim.db: No such file"),
        (f"sqlite:///{tmp_path}", "unable to open database file"),
        (f"sqlite:///{tmp_path / 'text.db'}", "file is not a database"),
        (f"postgresql+psycopg://me@127.0.0.1:{closed_port}/x", "refused"),
        (f"postgresql+psycopg://me@127.0.0.1:{silent_port}/x", "timeout expired"),
        ("mysql://me@127.0.0.1/x", "mysql is no database for this: use sqlite or postgresql"),
        ("hypersim.db", "the database URL cannot be read; sqlite:///hypersim.db is one"),
        (
            "postgresql+psycopg://u:pw@host:port/x",
            "the database URL cannot be read; sqlite:///hypersim.db is one",
        ),
    ):
        with pytest.raises(StoreError, match=f"(?i)^[^\n]*{re.escape(told)}[^\n]*$"):
            open_database(url)


def test_a_database_of_a_later_version_is_left_alone(database_url: str) -> None:
    database = open_database(database_url)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    database.close()
    with pytest.raises(StoreError, match="of a later version of Hyper-Sim"):
        open_database(database_url)


def test_there_is_nothing_to_read_where_no_database_is(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no database at"):
        open_for_reading(f"sqlite:///{tmp_path / 'none.db'}")


def test_a_server_that_does_not_sync_is_refused(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hypersim.store.postgresql.SAFE", {"fsync": "off"})
    with pytest.raises(StoreError, match="fsync"):
        open_database(postgres_url)


def test_a_python_with_an_old_sqlite_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 23, 1))
    with pytest.raises(StoreError, match=r"Hyper-Sim needs 3\.24 or newer"):
        open_database(f"sqlite:///{tmp_path / 'hypersim.db'}")
