"""The PostgreSQL that tests run on is real, durable, and never outlives them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import sqlalchemy

from tests.postgres import PostgresServer, running

STARTS_AND_WAITS = """
import sys
from tests.postgres import running
with running() as server:
    print(server.folder, server.pid, flush=True)
    sys.stdin.read()
"""


def test_it_is_durable_as_the_exchange_demands(postgres_server: PostgresServer) -> None:
    with psycopg.connect(host=str(postgres_server.folder), user="postgres") as connection:
        rows = [
            connection.execute(f"SHOW {name}").fetchone()
            for name in ("fsync", "synchronous_commit", "full_page_writes")
        ]
    assert [("on",), ("on",), ("on",)] == rows


def test_each_test_gets_an_empty_database_and_leaves_none(postgres_server: PostgresServer) -> None:
    before = databases(postgres_server)
    for _ in range(2):
        with postgres_server.database() as name:
            engine = sqlalchemy.create_engine(postgres_server.url(name))
            with engine.begin() as connection:  # the pool stays connected: dropping does not wait for it
                connection.execute(sqlalchemy.text("CREATE TABLE orders (id integer)"))
            assert before | {name} == databases(postgres_server)
        engine.dispose()
    assert before == databases(postgres_server)


def test_both_databases_answer(database_url: str) -> None:
    engine = sqlalchemy.create_engine(database_url)
    with engine.connect() as connection:
        assert 2 == connection.scalar(sqlalchemy.text("SELECT 1 + 1"))
    engine.dispose()


def test_it_runs_as_an_unprivileged_user(postgres_server: PostgresServer) -> None:
    assert 0 != (postgres_server.folder / "data").stat().st_uid


def test_it_ends_with_its_block() -> None:
    with running() as server:
        pid = server.pid
        assert alive(pid)
    assert not alive(pid)
    assert not server.folder.exists()


def test_it_ends_when_the_tests_are_killed() -> None:
    root = Path(__file__).parent.parent
    tests = subprocess.Popen(
        [sys.executable, "-c", STARTS_AND_WAITS],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with tests:
        assert tests.stdout is not None
        folder, pid = tests.stdout.readline().split()
        assert alive(int(pid))
        tests.send_signal(signal.SIGKILL)
    until(lambda: not alive(int(pid)) and not Path(folder).exists())


def databases(server: PostgresServer) -> set[str]:
    with psycopg.connect(host=str(server.folder), user="postgres") as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database")}


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "still not so after 30 s"
        time.sleep(0.02)
