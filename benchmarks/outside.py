"""Outside updates a second on the whole way: an observation, the channel, the writer, a durable commit, the views.

The real supervisor, writer, journal and views, without a server; the feed is the benchmark's own. It says the next
thing of a market when the one before is durable, or without a pause: what comes while a command is in flight is merged
into the next, all but its prints. Run as a program, `python -m benchmarks.outside URL SYMBOLS SECONDS PACE`, it is the
process that is measured.
"""

import asyncio
import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec
import uvloop
from msgspec.structs import replace

from benchmarks.engine import MARKET, outside_update
from benchmarks.table import Table
from hypersim.clock import Clock, WallClock
from hypersim.engine.commands import Ladder, OutsideUpdate, PutAsset, PutMarket
from hypersim.engine.events import Committed
from hypersim.engine.market import Asset
from hypersim.feeds.base import SourceReport
from hypersim.feeds.line import Sources
from hypersim.feeds.supervisor import FeedSupervisor
from hypersim.serve import SWITCH_INTERVAL_S
from hypersim.store.database import open_database
from hypersim.store.journal import SqlJournal
from hypersim.units import ONE
from hypersim.views.views import Views
from hypersim.writer import Writer

MANY: Final = 20
PATIENT, FLAT_OUT = "patient", "flat out"
PACES: Final = {PATIENT: "each once the one before is durable", FLAT_OUT: "without a pause"}
WHOLE: Final = Ladder(bids=((49_990 * ONE, ONE),), asks=((50_020 * ONE, ONE),), full=True)
WARM_S: Final = 1


class Rate(msgspec.Struct, frozen=True):
    """What was taken in, each second."""

    observations: float
    commands: float


class Talker:
    """A feed that says of each symbol a print and 20 changed levels, again and again. `patient`: each time once the
    time before is durable; then it is a listener of the writer.
    """

    name = "talker"
    real = False

    def __init__(self, clock: Clock, symbols: Iterable[str], *, patient: bool) -> None:
        self.said = 0
        self._clock, self._patient = clock, patient
        self._due = list(symbols)
        self._any_due = asyncio.Event()

    def report(self) -> SourceReport:
        return SourceReport()

    def fold(self, records: Sequence[Committed]) -> None:
        """Hears what is durable."""
        commands = [record.command for record in records]
        self._due += [command.symbol for command in commands if isinstance(command, OutsideUpdate)]
        self._any_due.set()

    async def updates(self) -> AsyncGenerator[OutsideUpdate, None]:
        symbols = list(self._due)
        for number in itertools.count():
            told = outside_update(number)
            if number == 0:
                told = replace(told, ladder=WHOLE)
            due, self._due = (self._due if self._patient else symbols), []
            for symbol in due:
                self.said += 1
                yield replace(told, symbol=symbol)
            if self._patient:
                await self._any_due.wait()
                self._any_due.clear()
            else:
                await self._clock.sleep(0)

    def moved(self, symbol: str, price: int | None) -> None:
        """It says what it says."""


async def measure(url: str, count: int, seconds: float, *, patient: bool) -> Rate:
    """Runs for a while in this process."""
    clock = WallClock()
    views = Views()
    bases = [f"C{number:02}" for number in range(count)]
    markets = [replace(MARKET, symbol=f"{base}USDT", base=base) for base in bases]
    with tempfile.TemporaryDirectory() as folder:
        writer = Writer(SqlJournal(open_database(url)), views, clock, reports=Path(folder))
        await writer.start()
        for asset in ("USDT", *bases):
            await writer.ask(PutAsset(Asset(asset)))
        for market in markets:
            await writer.ask(PutMarket(market))
        symbols = [market.symbol for market in markets]
        feed = Talker(clock, symbols, patient=patient)
        supervisor = FeedSupervisor(
            ask=writer.ask,
            clock=clock,
            sources=Sources(name=feed.name, why="", markets={market.symbol: (market, (feed,)) for market in markets}),
            seed=1,
            hurried=lambda: set(symbols),
        )
        writer.listeners += [supervisor.fold, feed.fold]
        rate = await _follow(supervisor, feed, writer, seconds)
        assert all(views.marketdata.markets[symbol].last is not None for symbol in symbols), "nothing was folded"
        await writer.stop()
    return rate


async def _follow(supervisor: FeedSupervisor, feed: Talker, writer: Writer, seconds: float) -> Rate:
    running = asyncio.create_task(supervisor.run())
    await supervisor.ready()
    await asyncio.sleep(WARM_S)
    begun, said, sequence = time.perf_counter(), feed.said, writer.sequence
    await asyncio.sleep(seconds)
    spent = time.perf_counter() - begun
    rate = Rate((feed.said - said) / spent, (writer.sequence - sequence) / spent)
    running.cancel()
    await asyncio.wait([running])
    return rate


def outside_table(databases: dict[str, str], seconds: float) -> Table:
    """One market, and twenty at once, in each database."""
    table = Table("database", "markets at once", "observations", "observations/s", "durable commands/s")
    for name, url in databases.items():
        for pace, in_words in PACES.items():
            for symbols in (1, MANY):
                command = [sys.executable, "-m", "benchmarks.outside", url, str(symbols), str(seconds), pace]
                done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
                rate = msgspec.json.decode(done.stdout, type=Rate)
                table.row(name, str(symbols), in_words, f"{rate.observations:,.0f}", f"{rate.commands:,.0f}")
    return table


def main() -> None:
    """Measures in this process."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)  # as a server does
    url, symbols, seconds, pace = sys.argv[1:]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        rate = runner.run(measure(url, int(symbols), float(seconds), patient=pace == PATIENT))
    sys.stdout.buffer.write(msgspec.json.encode(rate))


if __name__ == "__main__":
    main()
