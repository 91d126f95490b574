"""PostgreSQL: how its connections are set up, and who may write.

Guarantees that a commit is on disk when it is acknowledged, and one owner per database by a lock that its
server holds for the owner's session. Refuses a server that does not sync its disk.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import psycopg
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult
from sqlalchemy import URL, Engine, create_engine, event

from hypersim.errors import StoreError

Parameters: TypeAlias = Sequence[str | int]

LOCK: Final = int.from_bytes(b"hypersim")
"""Key of the advisory lock; such locks are per database."""

LOCK_TIMEOUT: Final = "3s"
"""How long a lock is waited for: the server may still be busy with the end of a killed owner's session."""

SAFE: Final = {"fsync": "on", "synchronous_commit": "on"}
"""What the server must say of itself."""

CONNECT: Final = {
    "application_name": "hypersim",
    "connect_timeout": 5,
    # a server that is gone without a word is noticed within half a minute
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}


def make_engine(url: URL, *, read_only: bool) -> Engine:
    """An engine for that database."""
    engine = create_engine(url, connect_args=CONNECT)

    @event.listens_for(engine, "connect")
    def set_up(connection: psycopg.Connection[Any], _record: Any) -> None:
        with connection.transaction():
            if read_only:
                connection.execute("SET default_transaction_read_only = on")
            else:
                connection.execute("SET synchronous_commit = on")

    return engine


def own(connection: psycopg.Connection[Any]) -> bool:
    """Makes a session the owner of its database; False when there is another one.

    Raises StoreError when the server does not keep what it acknowledges.
    """
    for setting, safe in SAFE.items():
        row = connection.execute("SELECT current_setting(%s)", (setting,)).fetchone()
        if row != (safe,):
            raise StoreError(f"this PostgreSQL server can lose what it acknowledged: its {setting} is not {safe}")
    connection.execute("SELECT set_config('lock_timeout', %s, false)", (LOCK_TIMEOUT,))
    try:
        connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
    except psycopg.errors.LockNotAvailable:
        return False
    return True


def prepared(connection: psycopg.Connection[Any], statement: str) -> Callable[[Parameters], None]:
    """A function that runs a statement, prepared once a session, by libpq alone: a single wait without Python.

    It raises psycopg.DatabaseError.
    """
    session = connection.pgconn
    found = connection.execute("SELECT FROM pg_prepared_statements WHERE name = 'batch'").fetchone()
    if found is None:
        _checked(session.prepare(b"batch", statement.encode()))

    def run(parameters: Parameters) -> None:
        _checked(session.exec_prepared(b"batch", [str(value).encode() for value in parameters]))

    return run


def _checked(result: PGresult) -> None:
    if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
        raise psycopg.DatabaseError(result.error_message.decode(errors="replace").strip())
