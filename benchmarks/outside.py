"""Outside updates a second on the whole way: an observation, the channel, the writer, a durable commit, the views.

The real supervisor, writer, journal and views, without a server; the feed is the benchmark's own. It says the next
thing of a market when the one before is durable, or already while some are under way: these are merged into the next
command, all but their prints. Run as a program, `python -m benchmarks.outside URL SYMBOLS SECONDS UNDER_WAY`, it is the
process that is measured.
"""

import asyncio
import itertools
import statistics
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

from benchmarks.engine import MARKET
from benchmarks.table import Table
from hypersim.clock import WallClock
from hypersim.engine.commands import Ladder, OutsideUpdate, Print, PutAsset, PutMarket
from hypersim.engine.events import Committed
from hypersim.engine.market import Asset
from hypersim.engine.orders import Side
from hypersim.feeds.base import SourceReport
from hypersim.feeds.line import Sources
from hypersim.feeds.pace import Pace
from hypersim.feeds.supervisor import FeedSupervisor
from hypersim.serve import SWITCH_INTERVAL_S
from hypersim.store.database import open_database
from hypersim.store.journal import SqlJournal
from hypersim.units import ONE
from hypersim.views.views import Views
from hypersim.writer import Writer

MANY: Final = 20
UNDER_WAY: Final = (1, 50)
"""So many observations of a market may be said and not yet durable."""
WARM_S: Final = 1
MOST_ROUNDS: Final = 3


class Rate(msgspec.Struct, frozen=True):
    """What became durable, each second."""

    observations: float
    commands: float


def observation(number: int) -> OutsideUpdate:
    """A print at the best ask, and other sizes on ten levels a side, which stay where they are; the first is whole."""
    middle = 50_000 * ONE
    return OutsideUpdate(
        symbol="",
        prints=(Print(middle + ONE, ONE // 100, Side.BUY),),
        ladder=Ladder(
            bids=tuple((middle - level * ONE, (1 + (number + level) % 9) * ONE) for level in range(1, 11)),
            asks=tuple((middle + level * ONE, (1 + (number + level) % 8) * ONE) for level in range(1, 11)),
            full=number == 0,
        ),
    )


class Talker:
    """A feed that says of each symbol a print and 20 changed levels, again and again, as long as no more than
    `under_way` of them are not yet durable. A listener of the writer.
    """

    name = "talker"
    real = False

    def __init__(self, symbols: Iterable[str], under_way: int) -> None:
        self.durable = 0
        """Observations: each has one print."""
        self._most = under_way
        self._under_way = dict.fromkeys(symbols, 0)
        self._landed = asyncio.Event()

    def report(self) -> SourceReport:
        return SourceReport()

    def sight(self, symbol: str) -> None:
        return None

    def fold(self, record: Committed) -> None:
        """Hears what is durable."""
        if isinstance(record.command, OutsideUpdate):
            landed = len(record.command.prints)
            self.durable += landed
            self._under_way[record.command.symbol] -= landed
            self._landed.set()

    async def updates(self) -> AsyncGenerator[OutsideUpdate, None]:
        for number in itertools.count():
            told = observation(number)
            free = [symbol for symbol, under_way in self._under_way.items() if under_way < self._most]
            for symbol in free:
                self._under_way[symbol] += 1
                yield replace(told, symbol=symbol)
            if not free:
                await self._landed.wait()
                self._landed.clear()

    def moved(self, symbol: str, price: int | None) -> None:
        """It says what it says."""


async def measure(url: str, count: int, seconds: float, under_way: int) -> Rate:
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
        feed = Talker(symbols, under_way)
        supervisor = FeedSupervisor(
            ask=writer.ask,
            clock=clock,
            sources=Sources(name=feed.name, why="", markets={market.symbol: (market, (feed,)) for market in markets}),
            seed=1,
            pace=Pace(clock, lambda: set(symbols)),
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
    begun, durable, sequence = time.perf_counter(), feed.durable, writer.sequence
    await asyncio.sleep(seconds)
    spent = time.perf_counter() - begun
    rate = Rate((feed.durable - durable) / spent, (writer.sequence - sequence) / spent)
    running.cancel()
    await asyncio.wait([running])
    return rate


def outside_table(databases: dict[str, str], rounds: int, seconds: float) -> Table:
    """One market, and twenty at once, in each database; medians."""
    table = Table("database", "markets at once", "under way of each", "observations/s", "durable commands/s")
    for name, url in databases.items():
        for under_way in UNDER_WAY:
            for symbols in (1, MANY):
                command = [sys.executable, "-m", "benchmarks.outside", url, str(symbols), str(seconds), str(under_way)]
                rates = [_measured(command) for _ in range(min(rounds, MOST_ROUNDS))]
                observations = statistics.median(rate.observations for rate in rates)
                commands = statistics.median(rate.commands for rate in rates)
                table.row(name, str(symbols), str(under_way), f"{observations:,.0f}", f"{commands:,.0f}")
    return table


def _measured(command: Sequence[str]) -> Rate:
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return msgspec.json.decode(done.stdout, type=Rate)


def main() -> None:
    """Measures in this process."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)  # as a server does
    url, symbols, seconds, under_way = sys.argv[1:]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        rate = runner.run(measure(url, int(symbols), float(seconds), int(under_way)))
    sys.stdout.buffer.write(msgspec.json.encode(rate))


if __name__ == "__main__":
    main()
