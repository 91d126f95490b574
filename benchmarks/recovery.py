"""How long a start takes: from a journal as a server leaves it that is killed, and from one without any snapshot.

A server takes a snapshot every so many commands. The most that a start has to replay is what came since the newest,
just before the next is due; so the journal is written up to there. Without a snapshot, every command that was ever
taken in is replayed.

Run as a program it is one of two processes: `build URL COUNT EVERY` writes such a journal and ends as if killed,
`recover URL` recovers it and prints what took how long.
"""

import asyncio
import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from benchmarks.engine import MARKET, half_resting_half_trading
from benchmarks.idle import processor_seconds
from benchmarks.table import Table
from hypersim.clock import WallClock
from hypersim.engine.commands import OpenAccount, PutAsset, PutMarket
from hypersim.engine.market import Asset
from hypersim.engine.state import ExchangeState
from hypersim.store.audit import Balances
from hypersim.store.batches import Batch
from hypersim.store.database import open_database
from hypersim.store.journal import SqlJournal, Stored
from hypersim.store.recovery import recover
from hypersim.store.snapshots import Snapshot
from hypersim.testing import running_server
from hypersim.units import AMOUNT_ONE
from hypersim.views.views import Views
from hypersim.writer import SNAPSHOT_EVERY, Writer

NEVER: Final = 10**12
WAITING: Final = 512
"""Orders under way at once while the journal is written."""
NEARLY: Final = 1000
"""So many commands before a snapshot is due, it is nearly due."""


class Recovery(Struct, frozen=True):
    """What a recovery took, and of that its parts, in seconds."""

    commands: int
    replayed: int
    whole_s: float
    snapshot_s: float
    """Read, decoded, and made an exchange and its views again."""
    read_s: float
    """Batches of commands from the journal."""
    replay_s: float
    """Applied, compared with the digest of what happened, folded."""
    invariants_s: float
    """The exchange's own."""
    compare_s: float
    """The store's balances, ledger and ids with the exchange's."""


class NotingJournal(SqlJournal):
    """A journal that notes at which command the newest snapshot was taken."""

    saved = 0

    def save(self, snapshot: Snapshot) -> None:
        super().save(snapshot)
        self.saved = snapshot.sequence


class TimedJournal(SqlJournal):
    """A journal that notes, in seconds, when each part of a recovery is over."""

    read_s = 0.0
    batches_at = last_read_at = check_at = compared_at = 0.0

    def load(self) -> Stored:
        stored = super().load()
        return replace(stored, batches=lambda after: self._timed(stored.batches(after)))

    def _timed(self, batches: Generator[Batch, None, None]) -> Generator[Batch, None, None]:
        self.batches_at = time.perf_counter()
        while True:
            begun = time.perf_counter()
            batch = next(batches, None)
            self.last_read_at = time.perf_counter()
            self.read_s += self.last_read_at - begun
            if batch is None:
                return
            yield batch

    def check(self, state: ExchangeState, since: int, balances: Balances) -> None:
        self.check_at = time.perf_counter()
        super().check(state, since, balances)
        self.compared_at = time.perf_counter()


async def build(url: str, count: int, every: int) -> None:
    """Takes at least `count` orders in, with a snapshot every so many commands and the next one nearly due, and leaves
    without stopping.
    """
    journal = NotingJournal(open_database(url))
    with tempfile.TemporaryDirectory() as folder:
        writer = Writer(journal, Views(), WallClock(), reports=Path(folder), snapshot_every=every)
        await writer.start()
        for asset in ("BTC", "USDT"):
            await writer.ask(PutAsset(Asset(asset)))
        await writer.ask(PutMarket(MARKET))
        balances = (("USDT", 10**12 * AMOUNT_ONE), ("BTC", 10**8 * AMOUNT_ONE))
        for account_id in (1, 2):
            await writer.ask(OpenAccount(account_id=account_id, maker_rate=10**5, taker_rate=10**5, balances=balances))
        for first in itertools.count(step=WAITING):
            if first >= count and (every == NEVER or every - NEARLY <= writer.sequence - journal.saved < every):
                break
            numbers = range(first, first + WAITING)
            await asyncio.gather(*(writer.ask(half_resting_half_trading(number)) for number in numbers))
    os._exit(0)  # as if killed: no snapshot


def recovered(url: str) -> Recovery:
    """Recovers in this process."""
    database = open_database(url)
    journal = TimedJournal(database)
    begun = time.perf_counter()
    found = recover(journal)
    ended = time.perf_counter()
    database.close()
    return Recovery(
        commands=found.sequence,
        replayed=found.sequence - found.snapshot_sequence,
        whole_s=ended - begun,
        snapshot_s=journal.batches_at - begun,
        read_s=journal.read_s,
        replay_s=journal.last_read_at - journal.batches_at - journal.read_s,
        invariants_s=journal.check_at - journal.last_read_at,
        compare_s=ended - journal.check_at,
    )


def recovery_table(databases: dict[str, str], spare: dict[str, str], count: int) -> Table:
    """A history of `count` orders in each database as a server leaves it, and the same without snapshots in a spare
    one: the time until the exchange stands again, what it consists of, and when a server would serve.
    """
    table = Table(
        "database",
        "commands",
        "snapshots",
        "replayed",
        "seconds until recovered",
        "snapshot",
        "journal read",
        "replayed, folded",
        "invariants",
        "compared with the store",
        "until a server serves",
        "processor seconds of that",
    )
    for urls, every, told in ((databases, SNAPSHOT_EVERY, f"every {SNAPSHOT_EVERY:,}"), (spare, NEVER, "none")):
        for name, url in urls.items():
            program = [sys.executable, "-m", "benchmarks.recovery"]
            subprocess.run([*program, "build", url, str(count), str(every)], check=True)
            done = subprocess.run([*program, "recover", url], check=True, stdout=subprocess.PIPE)
            found = msgspec.json.decode(done.stdout, type=Recovery)
            parts = (found.snapshot_s, found.read_s, found.replay_s, found.invariants_s, found.compare_s)
            table.row(
                name,
                f"{found.commands:,}",
                told,
                f"{found.replayed:,}",
                f"{found.whole_s:.2f}",
                *(f"{seconds:.2f}" for seconds in parts),
                *(_start(url) if every != NEVER else ("-", "-")),
            )
    return table


def _start(url: str) -> tuple[str, str]:
    """How long it takes until a server serves, and how much processor time."""
    begun = time.perf_counter()
    with running_server("--database-url", url, "--feed", "none") as server:
        return f"{time.perf_counter() - begun:.1f}", f"{processor_seconds(server.process.pid):.1f}"


def main() -> None:
    """One half of a measurement."""
    if sys.argv[1] == "build":
        url, count, every = sys.argv[2:]
        asyncio.run(build(url, int(count), int(every)))
    sys.stdout.buffer.write(msgspec.json.encode(recovered(sys.argv[2])))


if __name__ == "__main__":
    main()
