"""How long a start takes from a journal without a snapshot: replaying every command that was ever taken in.

Run as a program it is one of two processes: `build URL COUNT` writes such a journal and ends as if killed,
`recover URL` recovers it and prints the seconds.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.engine import MARKET, half_resting_half_trading
from benchmarks.table import Table
from hypersim.clock import WallClock
from hypersim.engine.commands import OpenAccount, PutAsset, PutMarket
from hypersim.engine.market import Asset
from hypersim.store.database import open_database
from hypersim.store.journal import SqlJournal
from hypersim.store.recovery import recover
from hypersim.units import AMOUNT_ONE
from hypersim.views.views import Views
from hypersim.writer import Writer

NEVER = 10**12
WAITING = 512
"""Orders under way at once while the journal is written."""


async def build(url: str, count: int) -> None:
    """Takes `count` orders in, with no snapshot, and leaves without stopping."""
    journal = SqlJournal(open_database(url))
    with tempfile.TemporaryDirectory() as folder:
        writer = Writer(journal, Views(), WallClock(), reports=Path(folder), snapshot_every=NEVER)
        await writer.start()
        for asset in ("BTC", "USDT"):
            await writer.ask(PutAsset(Asset(asset)))
        await writer.ask(PutMarket(MARKET))
        balances = (("USDT", 10**12 * AMOUNT_ONE), ("BTC", 10**8 * AMOUNT_ONE))
        for account_id in (1, 2):
            await writer.ask(OpenAccount(account_id=account_id, maker_rate=10**5, taker_rate=10**5, balances=balances))
        for first in range(0, count, WAITING):
            numbers = range(first, min(first + WAITING, count))
            await asyncio.gather(*(writer.ask(half_resting_half_trading(number)) for number in numbers))
    os._exit(0)  # as if killed: no snapshot


def recovery_table(databases: dict[str, str], count: int) -> Table:
    """A journal of `count` orders in each database, and the time until the exchange stands again."""
    table = Table("database", "orders in the journal", "seconds until recovered", "commands/s")
    for name, url in databases.items():
        subprocess.run([sys.executable, "-m", "benchmarks.recovery", "build", url, str(count)], check=True)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.recovery", "recover", url], check=True, capture_output=True, text=True
        )
        seconds = float(done.stdout)
        table.row(name, f"{count:,}", f"{seconds:.2f}", f"{count / seconds:,.0f}")
    return table


def main() -> None:
    """One half of a measurement."""
    if sys.argv[1] == "build":
        asyncio.run(build(sys.argv[2], int(sys.argv[3])))
    database = open_database(sys.argv[2])
    begun = time.perf_counter()
    recovered = recover(SqlJournal(database))
    print(time.perf_counter() - begun)
    assert recovered.sequence > 0
    database.close()


if __name__ == "__main__":
    main()
