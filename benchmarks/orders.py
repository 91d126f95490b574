"""Durable orders a second over REST, beside the bare handler, in turn and in one run."""

from collections.abc import Callable, Sequence
from functools import partial

from benchmarks import pipeline
from benchmarks.conditions import resident_mb
from benchmarks.load import Result, finish, start
from benchmarks.pipeline import Answered
from benchmarks.table import Table
from benchmarks.targets import Target
from benchmarks.turns import Rated, add_rows, compared, rate, ratio, turns

CONNECTIONS = (1, 8, 32, 128)
REST_CONNECTIONS = 32
UNDER_WAY = 64
"""Requests on one connection to the WebSocket API at a time."""


def measure(target: Target, connections: int, seconds: float) -> Result:
    """One run of one target. Raises RuntimeError when anything but success came back."""
    target.clear()
    return finish(start(target.order_job(connections, seconds)))


def orders_table(
    targets: Sequence[Target], rounds: int, seconds: float, of_connections: Sequence[int] = CONNECTIONS
) -> Table:
    """Orders from few connections and from many; the first target is the one that the others are compared with."""
    table = compared("connections", "orders/s")
    for connections in of_connections:
        runs = {target.name: partial(measure, target, connections) for target in targets}
        add_rows(table, str(connections), turns(runs, rounds, seconds))
    return table


def pipelined_table(bare: Target, targets: Sequence[Target], rounds: int, seconds: float) -> Table:
    """Durable orders over one connection to the WebSocket API, beside REST and the bare handler, in turn; the ratios
    round by round.
    """
    table = Table(
        "target", "bare handler/s", "REST orders/s", "WebSocket API orders/s", "of REST", "of the bare handler"
    )
    for target in targets:
        runs: dict[str, Callable[[float], Rated]] = {
            "bare": partial(measure, bare, REST_CONNECTIONS),
            "rest": partial(measure, target, REST_CONNECTIONS),
            "pipelined": partial(_pipeline, target),
        }
        found = turns(runs, rounds, seconds)
        pipelined = found["pipelined"]
        table.row(
            target.name, *map(rate, found.values()), ratio(pipelined, found["rest"]), ratio(pipelined, found["bare"])
        )
    return table


def _pipeline(target: Target, seconds: float) -> Answered:
    target.clear()
    return pipeline.measured(target.pipelined(UNDER_WAY, seconds))


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
