"""SQLite: how its connections are set up, and who may write.

Guarantees write-ahead logging with every commit synced to disk (except for a world that is not kept, and for what
is written behind), read back from the database, and one owner per file by a lock beside it.
"""

import enum
import sqlite3
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event

from hypersim.errors import StoreError
from hypersim.store.locks import FileLock

OLDEST: Final = (3, 24, 0)
"""The first SQLite that can update the rows it cannot insert."""

BUSY_TIMEOUT_S: Final = 10.0

CHECKPOINT_PAGES: Final = 8000
"""Of 4 KiB, after which the log is copied into the database: a page that is written again and again until then is
copied once. With SQLite's default of 1000 there are a fifth fewer orders of many accounts on many symbols a second
(benchmarks/many.py).
"""


class Synchronous(enum.IntEnum):
    """How commits are synced, as SQLite's pragma of that name counts."""

    OFF = 0
    NORMAL = 1
    """Not by themselves: the next one that is FULL syncs those before it, too, as they lie before it in the log."""
    FULL = 2


def make_engine(url: URL, *, synchronous: Synchronous | None) -> Engine:
    """An engine for that file; without `synchronous` it only reads. Connections begin transactions when told to and
    not before.
    """
    if sqlite3.sqlite_version_info < OLDEST:
        raise StoreError(f"this Python's SQLite is {sqlite3.sqlite_version}; Hyper-Sim needs 3.24 or newer")
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        if synchronous is None:
            connection.execute("PRAGMA query_only = ON")
        else:
            _make_durable(connection, synchronous)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if synchronous is None else "BEGIN IMMEDIATE")

    return engine


def _make_durable(connection: sqlite3.Connection, synchronous: Synchronous) -> None:
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    connection.execute(f"PRAGMA synchronous = {synchronous.name}")
    connection.execute("PRAGMA fullfsync = ON")  # macOS: past the drive's own cache
    # commits that are waited for leave it to the others to copy the log
    pages = 0 if synchronous is Synchronous.FULL else CHECKPOINT_PAGES
    connection.execute(f"PRAGMA wal_autocheckpoint = {pages}")
    (level,) = connection.execute("PRAGMA synchronous").fetchone()
    if mode != "wal" or level != synchronous:
        raise StoreError(
            f"SQLite cannot keep this database safe here (journal_mode {mode}, synchronous {level}); "
            "put it on a local disk"
        )


def lock(path: Path) -> FileLock | None:
    """Makes this process the owner of a database file; None when there is another one.

    Raises StoreError where no such file can be.
    """
    try:
        return FileLock(path.with_name(path.name + ".lock"))
    except BlockingIOError:
        return None
    except OSError as error:
        raise StoreError(f"cannot open {path}: {error.strerror}") from None


def set_aside(path: Path) -> None:
    """Renames a database that nobody has open, and the files that belong to it, to `*.old`."""
    for suffix in ("", "-wal", "-shm"):
        aside = path.with_name(f"{path.name}.old{suffix}")
        aside.unlink(missing_ok=True)
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside)
