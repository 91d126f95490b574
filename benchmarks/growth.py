"""How the cost of an order grows with the world around it: the depth of the book, accounts, symbols, open orders.

Each world is measured twice. The engine alone, in a process of its own: processor time of orders, half of which rest
and half of which trade, of orders that are placed into the book and cancelled, and of a snapshot. The whole way, on a
real server with SQLite over REST from 32 connections: in turn with a server on the smallest world, so that the ratio
says more than the rate; and the processor time of the server, which other work on the machine changes little.
"""

import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct

from benchmarks.alone import Alone, measured_alone
from benchmarks.conditions import resident_mb
from benchmarks.idle import processor_seconds
from benchmarks.load import Job, finish, start
from benchmarks.pictures import Pictures
from benchmarks.table import Table
from benchmarks.worlds import QUANTITY, TOUCH, Served, Size, Trader, serving, store, symbol_of, write_config
from hypersim.engine.orders import Side
from hypersim.units import show

CONNECTIONS: Final = 32
MOST_ROUNDS: Final = 3
LONGEST_S: Final = 2


class Whole(Struct, frozen=True):
    """What the whole way takes."""

    per_second: float
    processor_us: float
    """Of the server's process, for an order."""
    p99_ms: float


class Point(Struct, frozen=True):
    """One world, and beside it the smallest one, which had its turn in each round."""

    value: int
    """Of what grows."""
    alone: Alone
    whole: Sequence[Whole]
    smallest: Sequence[Whole]
    start_s: float
    """Until it served, from a snapshot."""
    resident_mb: float

    @property
    def per_second(self) -> float:
        return statistics.median(whole.per_second for whole in self.whole)

    @property
    def processor_us(self) -> float:
        return statistics.median(whole.processor_us for whole in self.whole)

    @property
    def p99_ms(self) -> float:
        return statistics.median(whole.p99_ms for whole in self.whole)

    @property
    def of_the_smallest(self) -> float:
        """Orders a second, round by round."""
        pairs = zip(self.whole, self.smallest, strict=True)
        return statistics.median(mine.per_second / other.per_second for mine, other in pairs)

    @property
    def processor_of_the_smallest(self) -> float:
        pairs = zip(self.whole, self.smallest, strict=True)
        return statistics.median(mine.processor_us / other.processor_us for mine, other in pairs)


class Way(Struct, frozen=True):
    """One way in which a world grows."""

    what: str
    sizes: Mapping[int, Size]


TENFOLD: Final = (10, 100, 1000, 10_000)
WAYS: Final = (
    Way("resting orders, a level each", {n: Size(resting=n) for n in (*TENFOLD, 100_000)}),
    Way("resting orders, on 5 levels a side", {n: Size(resting=n, levels=5) for n in (*TENFOLD, 100_000)}),
    Way("accounts", {n: Size(accounts=n) for n in (2, *TENFOLD)}),
    Way("symbols", {n: Size(symbols=n) for n in (1, 10, 100, 1400)}),
    Way("open orders of an account", {n: Size(open_orders=n) for n in (0, *TENFOLD)}),
)


class World:
    """A world on a server that serves it."""

    def __init__(self, size: Size, served: Served, traders: Mapping[int, Trader]) -> None:
        self.served = served
        self._size, self._traders = size, traders

    def measure(self, seconds: float) -> Whole:
        """One turn. Raises when anything but success came back."""
        before = processor_seconds(self.served.pid)
        result = finish(start(self._job(seconds)))
        self._settle()
        used = processor_seconds(self.served.pid) - before
        if set(result.statuses) != {200}:
            raise RuntimeError(f"{self._size}: answers other than 200: {result.statuses}")
        return Whole(result.per_second, used * 1e6 / result.statuses[200], result.percentile_ms(0.99))

    def _settle(self) -> None:
        """Asks for what is written behind the answers: it costs as they do."""
        trader = self._traders[self._size.traders[0]]
        trader.ask(self.served.port, "/v1/myTrades", {"symbol": symbol_of(0), "limit": 1})

    def _job(self, seconds: float) -> Job:
        """The pairs, dealt out to the connections, each of which has at least one."""
        requests = [
            [self._request(buyer, symbol, Side.BUY), self._request(seller, symbol, Side.SELL)]
            for buyer, seller, symbol in self._size.pairs
        ]
        count = len(requests)
        dealt = [range(first % count, count, CONNECTIONS) for first in range(CONNECTIONS)]
        connections = [[one for number in numbers for one in requests[number]] for numbers in dealt]
        return Job("127.0.0.1", self.served.port, connections, seconds)

    def _request(self, account_id: int, symbol: str, side: Side) -> str:
        order = {
            "symbol": symbol,
            "side": side,
            "type": "LIMIT",
            "timeInForce": "GTC",
            "quantity": show(QUANTITY),
            "price": show(TOUCH),
            "newOrderRespType": "RESULT",
        }
        return self._traders[account_id].request("POST", "/v1/order", order)


@contextmanager
def served(size: Size) -> Iterator[World]:
    """A world of that size, made and served for a `with` block."""
    with tempfile.TemporaryDirectory() as folder:
        config = write_config(Path(folder) / "config", size.symbols)
        url = f"sqlite:///{folder}/world.db"
        traders = store(size, config, url)
        with serving(config, url) as server:
            yield World(size, server, traders)


def growth_tables(rounds: int, seconds: float, pictures: Pictures | None) -> Iterator[Table]:
    """A table of each way to grow, and a picture of them all."""
    rounds, seconds = min(rounds, MOST_ROUNDS), min(seconds, LONGEST_S)
    found: dict[str, Sequence[Point]] = {}
    with served(Size()) as smallest:
        smallest.measure(seconds)  # warm
        for way in WAYS:
            points = [_point(value, size, smallest, rounds, seconds) for value, size in way.sizes.items()]
            found[way.what] = points
            yield _table(way, points)
    if pictures is not None:
        from benchmarks.drawing import draw_growth  # the one need of matplotlib

        draw_growth(found, pictures)


def _point(value: int, size: Size, smallest: World, rounds: int, seconds: float) -> Point:
    alone = measured_alone(size)
    with served(size) as world:
        world.measure(min(seconds, 1))  # warm
        turns = [(world.measure(seconds), smallest.measure(seconds)) for _ in range(rounds)]
        return Point(
            value=value,
            alone=alone,
            whole=[mine for mine, _ in turns],
            smallest=[other for _, other in turns],
            start_s=world.served.start_s,
            resident_mb=resident_mb(world.served.pid),
        )


def _table(way: Way, points: Sequence[Point]) -> Table:
    table = Table(
        way.what,
        "engine: µs an order",
        "order and cancel",
        "snapshot, ms",
        "orders/s",
        "of the smallest world",
        "processor µs an order",
        "of the smallest",
        "p99 ms",
        "start s",
        "resident MB",
    )
    for point in points:
        table.row(
            f"{point.value:,}",
            f"{point.alone.order_us:.1f}",
            f"{point.alone.cancel_us:.1f}",
            f"{point.alone.state_ms:.1f} + {point.alone.encode_ms:.1f}",
            f"{point.per_second:,.0f}",
            f"{point.of_the_smallest:.2f}",
            f"{point.processor_us:.0f}",
            f"{point.processor_of_the_smallest:.2f}",
            f"{point.p99_ms:.1f}",
            f"{point.start_s:.1f}",
            f"{point.resident_mb:.0f}",
        )
    return table
