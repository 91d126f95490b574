"""Durable orders a second over REST, beside the bare handler, in turn and in one run."""

import statistics
from collections.abc import Sequence

from benchmarks import pipeline
from benchmarks.conditions import resident_mb
from benchmarks.load import Result, finish, start
from benchmarks.table import Table
from benchmarks.targets import Target

CONNECTIONS = (1, 8, 32, 128)
REST_CONNECTIONS = 32
UNDER_WAY = 64
"""Requests on one connection to the WebSocket API at a time."""


def measure(target: Target, connections: int, seconds: float) -> Result:
    """One run of one target. Raises RuntimeError when anything but success came back."""
    target.clear()
    return finish(start(target.order_job(connections, seconds)))


def orders_table(targets: Sequence[Target], rounds: int, seconds: float) -> Table:
    """Medians over rounds in which every target has its turn; ratios are taken round by round."""
    table = Table("connections", "target", "orders/s", "of the bare handler", "p50 ms", "p99 ms")
    for connections in CONNECTIONS:
        results: dict[str, list[Result]] = {target.name: [] for target in targets}
        for target in targets:
            measure(target, connections, min(seconds, 1))  # warm
        for _ in range(rounds):
            for target in targets:
                results[target.name].append(measure(target, connections, seconds))
        bare = results[targets[0].name]
        for target in targets:
            mine = results[target.name]
            ratios = [one.per_second / other.per_second for one, other in zip(mine, bare, strict=True)]
            table.row(
                str(connections),
                target.name,
                f"{statistics.median(one.per_second for one in mine):,.0f}",
                f"{statistics.median(ratios):.2f}",
                f"{statistics.median(one.percentile_ms(0.5) for one in mine):.2f}",
                f"{statistics.median(one.percentile_ms(0.99) for one in mine):.1f}",
            )
    return table


def pipelined_table(targets: Sequence[Target], rounds: int, seconds: float) -> Table:
    """Durable orders over one connection to the WebSocket API, beside REST, in turn; the ratio round by round."""
    table = Table("target", "REST orders/s", "WebSocket API orders/s", "of REST")
    for target in targets:
        pairs = []
        for _ in range(rounds):
            rest = measure(target, REST_CONNECTIONS, seconds)
            target.clear()
            pairs.append((rest.per_second, pipeline.measured(target.pipelined(UNDER_WAY, seconds)).per_second))
        table.row(
            target.name,
            *(f"{statistics.median(each):,.0f}" for each in zip(*pairs, strict=True)),
            f"{statistics.median(pipelined / rest for rest, pipelined in pairs):.2f}",
        )
    return table


def readers_table(targets: Sequence[Target], seconds: float) -> Table:
    """How long a durable order takes on its one connection while 32 others read."""
    table = Table("target", "readers", "orders/s", "order p50 ms", "order p99 ms", "reads/s")
    for target in targets:
        for readers in (0, 32):
            reading = start(target.read_job(readers, seconds + 1)) if readers else None
            orders = measure(target, 1, seconds)
            reads = finish(reading) if reading is not None else None
            table.row(
                target.name,
                str(readers),
                f"{orders.per_second:,.0f}",
                f"{orders.percentile_ms(0.5):.2f}",
                f"{orders.percentile_ms(0.99):.1f}",
                f"{reads.per_second:,.0f}" if reads is not None else "-",
            )
    return table


def memory_table(targets: Sequence[Target]) -> Table:
    """What each process holds after all of this."""
    table = Table("target", "resident MB")
    for target in targets:
        table.row(target.name, f"{resident_mb(target.pid):.0f}")
    return table
