"""One database, opened to be written by one exchange: connections, migrations, ownership.

Guarantees that the tables are those of this version, that nobody else writes (a lock that dies with this
process, and an epoch that every transaction checks), and that commits are durable, but for those that are written
behind: these are as durable as the next other one. Knows nothing of what is in the tables.
"""

import os
import platform
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import psycopg
from sqlalchemy import URL, Connection, Engine, PoolProxiedConnection, Select, insert, make_url, select, text, update
from sqlalchemy.exc import ArgumentError, DBAPIError

from hypersim import __version__
from hypersim.errors import StoreError
from hypersim.store import postgresql, sqlite, unkept
from hypersim.store.locks import FileLock
from hypersim.store.migrate import migrate
from hypersim.store.sqlite import Synchronous
from hypersim.store.tables import fence, metadata

DRIVER_ERRORS: Final = (DBAPIError, psycopg.Error, sqlite3.Error)
"""What a database that cannot be used raises."""

READER: Final = "hypersim reader"


class Database:
    """A database that this process owns until `close`. Use `open_database`."""

    def __init__(self, url: str, *, memory: bool, fresh: bool) -> None:
        self._temporary: Path | None = None
        self._lock: FileLock | None = None
        self._session: PoolProxiedConnection | None = None
        self._session_behind: PoolProxiedConnection | None = None
        self._url = self._resolve(url, memory=memory)
        self.durable = self._temporary is None
        self._name = f"hypersim {uuid4().hex}"
        """Of the sessions that write, and of nobody else's."""
        self.engine = self._make_engine()
        """For transactions that are rare; see `transaction`."""
        self._engine_behind = self._make_engine(behind=True)
        self.readers = self._make_engine(read_only=True)
        """For queries from any thread, at any time."""
        try:
            self._own()
            if fresh and self.dialect == "sqlite":
                sqlite.set_aside(Path(str(self._url.database)))
            with self.engine.begin() as connection:
                if fresh:
                    metadata.drop_all(connection)
                    connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
                migrate(connection)
                self.epoch = _next_epoch(connection)
        except DRIVER_ERRORS as error:
            self.close()
            raise StoreError(f"cannot use {self.where}: {explained(error)}") from error
        except BaseException:
            self.close()
            raise

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._url.get_backend_name()

    @property
    def where(self) -> str:
        """Where the data is, as a person reads it; without a password."""
        if self._temporary is not None:
            return "memory (nothing is kept)"
        return self._url.database or "" if self.dialect == "sqlite" else self._url.render_as_string()

    @property
    def folder(self) -> Path:
        """Where files that belong to this database go: beside it, where that is a place that stays."""
        if self.dialect == "sqlite" and self._temporary is None:
            return Path(str(self._url.database)).parent
        return Path.cwd()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction of the owner. Raises StoreError when there is another owner by now."""
        with self.engine.begin() as connection:
            self._check_epoch(connection, select(fence).with_for_update())
            yield connection

    @property
    def session(self) -> Any:
        """The driver's own connection, in autocommit, for one thread at a time; batches go over it."""
        if self._session is None:
            self._session = self._detached(self.engine)
        return self._session.dbapi_connection

    @property
    def session_behind(self) -> Any:
        """Another such connection, for what is written behind; not while something else is written."""
        if self._session_behind is None:
            self._session_behind = self._detached(self._engine_behind)
        return self._session_behind.dbapi_connection

    def reopen(self) -> None:
        """Drops every connection and owns the database anew, on new ones.

        Returns only when nothing that was sent before can still become durable. Raises StoreError when
        another exchange has the database by now, one of DRIVER_ERRORS when it cannot be reached, or when
        it is locked without having another owner: a session of ours is about to end, or another exchange
        about to begin.
        """
        self._disconnect()
        if not self._locked():
            with self.readers.connect() as connection:
                self._check_epoch(connection, select(fence))
            raise psycopg.errors.LockNotAvailable(f"{self.where} is still locked")
        with self.transaction():
            pass

    def close(self) -> None:
        """Gives the database up; what was not kept is gone."""
        self._disconnect()
        if self._lock is not None:
            self._lock.release()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def _resolve(self, url: str, *, memory: bool) -> URL:
        parsed = _parse(url)
        if memory or (parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:")):
            self._temporary = unkept.make_folder()
            return URL.create("sqlite", database=str(self._temporary / unkept.DATABASE))
        if parsed.get_backend_name() == "sqlite":
            return parsed.set(database=str(Path(str(parsed.database)).resolve()))
        return parsed

    def _make_engine(self, *, read_only: bool = False, behind: bool = False) -> Engine:
        if self.dialect == "sqlite":
            level = Synchronous.NORMAL if behind else Synchronous.FULL
            return sqlite.make_engine(
                self._url, synchronous=None if read_only else level if self.durable else Synchronous.OFF
            )
        name = READER if read_only else self._name
        return postgresql.make_engine(self._url, name=name, read_only=read_only, behind=behind)

    def _own(self) -> None:
        if not self._locked():
            raise StoreError(f"another exchange is using {self.where}{self._owner()}")

    def _locked(self) -> bool:
        if self.dialect == "sqlite":
            self._lock = self._lock or sqlite.lock(Path(str(self._url.database)))
            return self._lock is not None
        return postgresql.own(self.session)

    def _detached(self, engine: Engine) -> PoolProxiedConnection:
        """A connection of its own, in autocommit."""
        made = engine.raw_connection()
        made.detach()
        if self.dialect == "postgresql":  # on SQLite it is so
            driver: Any = made.dbapi_connection
            driver.autocommit = True
        return made

    def _disconnect(self) -> None:
        for session in (self._session, self._session_behind):
            if session is not None:
                session.close()
        self._session = self._session_behind = None
        self.engine.dispose()
        self._engine_behind.dispose()
        self.readers.dispose()

    def _owner(self) -> str:
        try:
            with self.readers.connect() as connection:
                return f": {connection.execute(select(fence.c.owner)).scalar()}"
        except DBAPIError:  # it has just begun, and has no tables yet
            return ""

    def _check_epoch(self, connection: Connection, query: Select[Any]) -> None:
        found = connection.execute(query).one()
        if found.epoch != self.epoch:
            raise StoreError(f"another exchange has taken {self.where} over: {found.owner}")


def open_database(url: str, *, memory: bool = False, fresh: bool = False) -> Database:
    """Opens a database as its only writer, with the tables of this version.

    `memory`: a world that is not kept, in a folder that goes with the process. `fresh`: begins with
    nothing; what was there is deleted on PostgreSQL, and on SQLite stays beside it as `*.old` until the
    next time. Raises StoreError, in one sentence: unreachable, in use, of a later version, or not durable.
    """
    return Database(url, memory=memory, fresh=fresh)


def open_for_reading(url: str) -> Engine:
    """An engine that only reads, beside whoever owns the database. Raises StoreError when there is none."""
    parsed = _parse(url)
    if parsed.get_backend_name() == "postgresql":
        return postgresql.make_engine(parsed, name=READER, read_only=True)
    path = Path(parsed.database or "").resolve()
    if not path.is_file():
        raise StoreError(f"there is no database at {path}")
    return sqlite.make_engine(parsed.set(database=str(path)), synchronous=None)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise StoreError("the database URL cannot be read; sqlite:///hypersim.db is one") from None
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(f"{parsed.get_backend_name()} is no database for this: use sqlite or postgresql")
    if parsed.get_backend_name() == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    return parsed


def _next_epoch(connection: Connection) -> int:
    owner = f"Hyper-Sim {__version__}, process {os.getpid()} on {platform.node()}"
    epoch: int = (connection.execute(select(fence.c.epoch).with_for_update()).scalar() or 0) + 1
    if epoch == 1:
        connection.execute(insert(fence).values(id=1, epoch=epoch, owner=owner))
    else:
        connection.execute(update(fence).values(epoch=epoch, owner=owner))
    return epoch


def explained(error: Exception) -> str:
    """What a database or its driver says went wrong, in one line."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(cause).strip().partition("\n")[0]
