"""Outside updates a second on the whole way: an observation, the channel, the writer, a durable commit, the views.

The real supervisor, writer, journal and views, without a server; the feed is the benchmark's own and says as much as
is taken. Observations are merged while a command is in flight, their prints never. Run as a program,
`python -m benchmarks.outside URL SYMBOLS SECONDS`, it is the process that is measured.
"""

import asyncio
import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final

import msgspec
import uvloop
from msgspec.structs import replace

from benchmarks.engine import MARKET, outside_update
from benchmarks.table import Table
from hypersim.clock import Clock, WallClock
from hypersim.engine.commands import OutsideUpdate, PutAsset, PutMarket
from hypersim.engine.market import Asset, Market
from hypersim.feeds.base import SourceReport
from hypersim.feeds.line import Sources
from hypersim.feeds.supervisor import FeedSupervisor
from hypersim.serve import SWITCH_INTERVAL_S
from hypersim.store.database import open_database
from hypersim.store.journal import SqlJournal
from hypersim.views.views import Views
from hypersim.writer import Writer

MANY: Final = 20
WARM_S: Final = 1


class Rate(msgspec.Struct, frozen=True):
    """What was taken in, each second."""

    observations: float
    commands: float


class FullTilt:
    """A feed that says a print and 20 changed levels of one symbol after the other, without a pause."""

    name = "full tilt"
    real = False

    def __init__(self, clock: Clock, symbols: list[str]) -> None:
        self.said = 0
        self._clock, self._symbols = clock, symbols

    def report(self) -> SourceReport:
        return SourceReport()

    async def updates(self) -> AsyncGenerator[OutsideUpdate, None]:
        for number in itertools.count():
            told = outside_update(number)
            assert told.ladder is not None
            if number == 0:
                told = replace(told, ladder=replace(told.ladder, full=True))
            for symbol in self._symbols:
                self.said += 1
                yield replace(told, symbol=symbol)
            await self._clock.sleep(0)

    def moved(self, symbol: str, price: int | None) -> None:
        """It says what it says."""


async def measure(url: str, symbols: int, seconds: float) -> Rate:
    """Runs for a while in this process."""
    clock = WallClock()
    views = Views()
    markets = [replace(MARKET, symbol=f"C{number:02}USDT", base=f"C{number:02}") for number in range(symbols)]
    with tempfile.TemporaryDirectory() as folder:
        writer = Writer(SqlJournal(open_database(url)), views, clock, reports=Path(folder))
        await writer.start()
        for asset in ("USDT", *(market.base for market in markets)):
            await writer.ask(PutAsset(Asset(asset)))
        for market in markets:
            await writer.ask(PutMarket(market))
        rate = await _follow(writer, views, clock, markets, seconds)
        await writer.stop()
    return rate


async def _follow(writer: Writer, views: Views, clock: Clock, markets: list[Market], seconds: float) -> Rate:
    symbols = [market.symbol for market in markets]
    feed = FullTilt(clock, symbols)
    supervisor = FeedSupervisor(
        ask=writer.ask,
        clock=clock,
        sources=Sources(name=feed.name, why="", markets={market.symbol: (market, (feed,)) for market in markets}),
        seed=1,
        hurried=lambda: set(symbols),
    )
    writer.listeners.append(supervisor.fold)
    running = asyncio.create_task(supervisor.run())
    await supervisor.ready()
    await clock.sleep(WARM_S)
    begun, said, sequence = time.perf_counter(), feed.said, writer.sequence
    await clock.sleep(seconds)
    spent = time.perf_counter() - begun
    rate = Rate((feed.said - said) / spent, (writer.sequence - sequence) / spent)
    running.cancel()
    await asyncio.wait([running])
    assert all(views.marketdata.markets[symbol].last is not None for symbol in symbols), "nothing was folded"
    return rate


def outside_table(databases: dict[str, str], seconds: float) -> Table:
    """One market, and twenty at once, in each database."""
    table = Table("database", "markets at once", "observations/s", "durable commands/s")
    for name, url in databases.items():
        for symbols in (1, MANY):
            command = [sys.executable, "-m", "benchmarks.outside", url, str(symbols), str(seconds)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
            rate = msgspec.json.decode(done.stdout, type=Rate)
            table.row(name, str(symbols), f"{rate.observations:,.0f}", f"{rate.commands:,.0f}")
    return table


def main() -> None:
    """Measures in this process."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)  # as a server does
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        rate = runner.run(measure(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
    sys.stdout.buffer.write(msgspec.json.encode(rate))


if __name__ == "__main__":
    main()
