"""PostgreSQL: how its connections are set up, and who may write.

Guarantees that a commit is on disk when it is acknowledged (except for what is written behind), and one owner per
database by a lock that its server holds for the owner's session. Sessions that write carry their owner's name, so that
he can end those that the server has not noticed losing. Refuses a server that does not sync its disk.
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
    "connect_timeout": 2,  # the least there is: who stops the exchange waits for the attempt under way
    # a server that is gone without a word is noticed within half a minute
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}

KEEPALIVES: Final = {"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "4"}
"""By which the server notices as soon that an owner's machine is gone, and gives the lock away."""

END_OTHERS: Final = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = current_setting('application_name') AND datname = current_database()
AND pid <> pg_backend_pid()
"""


def make_engine(url: URL, *, name: str, read_only: bool = False, behind: bool = False) -> Engine:
    """An engine for that database. Readers check a connection before they use it: the server may have been
    restarted since. A commit `behind` is on disk when the next other one is: it comes before it in the server's log.
    """
    engine = create_engine(url, connect_args=CONNECT | {"application_name": name}, pool_pre_ping=read_only)

    @event.listens_for(engine, "connect")
    def set_up(connection: psycopg.Connection[Any], _record: Any) -> None:
        with connection.transaction():
            if read_only:
                connection.execute("SET default_transaction_read_only = on")
            else:
                connection.execute(f"SET synchronous_commit = {'off' if behind else 'on'}")

    return engine


def own(connection: psycopg.Connection[Any]) -> bool:
    """Makes a session the owner of its database, and ends every other one of its name; False when there is
    another owner, or when one of those does not end in time.

    Raises StoreError when the server does not keep what it acknowledges.
    """
    for setting, safe in SAFE.items():
        row = connection.execute("SELECT current_setting(%s)", (setting,)).fetchone()
        if row != (safe,):
            raise StoreError(f"this PostgreSQL server can lose what it acknowledged: its {setting} is not {safe}")
    for setting, value in {"lock_timeout": LOCK_TIMEOUT, **KEEPALIVES}.items():
        connection.execute("SELECT set_config(%s, %s, false)", (setting, value))
    connection.execute(END_OTHERS)
    try:
        connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
    except psycopg.errors.LockNotAvailable:
        return False
    return True


def prepared(connection: psycopg.Connection[Any], name: str, statement: str) -> Callable[[Parameters], None]:
    """A function that runs a statement, prepared once a session, by libpq alone: a single wait without Python.

    It raises psycopg.DatabaseError.
    """
    session = connection.pgconn
    found = connection.execute("SELECT FROM pg_prepared_statements WHERE name = %s", (name,)).fetchone()
    if found is None:
        _checked(session.prepare(name.encode(), statement.encode()))

    def run(parameters: Parameters) -> None:
        _checked(session.exec_prepared(name.encode(), [str(value).encode() for value in parameters]))

    return run


def _checked(result: PGresult) -> None:
    if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
        raise psycopg.DatabaseError(result.error_message.decode(errors="replace").strip())
