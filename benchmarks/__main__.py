"""`make bench`, or `python -m benchmarks [--rounds 5] [--seconds 3] [--watch 30] [PART ...]`, the parts as in PARTS.

Prints tables in Markdown with the conditions under which they were measured; `make curves` runs the parts that say how
cost grows, and draws pictures, too. Needs nothing running; brings its own PostgreSQL. On a shared machine compare the
ratios, which are taken round by round, not the absolute figures.
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.conditions import conditions
from benchmarks.delay import delay_table
from benchmarks.engine import engine_table
from benchmarks.growth import growth_tables
from benchmarks.history import history_tables
from benchmarks.idle import STARTS, idle_table
from benchmarks.orders import memory_table, orders_table, pipelined_table, readers_table
from benchmarks.outside import MOST_ROUNDS, outside_table
from benchmarks.pictures import Pictures, wanted
from benchmarks.recovery import recovery_table
from benchmarks.soak import soak_table
from benchmarks.streams import streams_table, subscribers_table
from benchmarks.targets import Target, exchange, yardstick
from tests import postgres

PARTS = (
    "orders",
    "readers",
    "engine",
    "recovery",
    "outside",
    "idle",
    "delay",
    "streams",
    "pipelined",
    "growth",
    "history",
    "soak",
)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures the exchange.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all when none is named")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each target")
    parser.add_argument("--seconds", type=float, default=3, help="length of one measurement")
    parser.add_argument("--watch", type=float, default=30, help="for how long an exchange that follows is watched")
    parser.add_argument("--orders", type=int, default=100_000, help="orders in the journal that is recovered")
    parser.add_argument("--trades", type=int, default=1_000_000, help="in the longest history that is asked about")
    parser.add_argument("--minutes", type=float, default=10, help="of full load under which memory is watched")
    parser.add_argument("--pictures", type=Path, default=Path("build/curves"), help="where curves are drawn")
    chosen = parser.parse_args()
    parts = chosen.parts or PARTS
    if unknown := set(parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    measured_under = conditions()
    pictures = wanted(chosen.pictures, measured_under)
    print(
        f"Conditions: {measured_under}; medians of {chosen.rounds} rounds of {chosen.seconds:g} s "
        f"(at most {MOST_ROUNDS} of outside updates) and of {STARTS} starts; "
        f"an exchange that follows an upstream is watched once, for {chosen.watch:g} s.",
        flush=True,
    )
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(postgres.running())

        def databases(label: str) -> dict[str, str]:
            name = stack.enter_context(server.database())
            return {"SQLite": f"sqlite:///{folder / label}.db", "PostgreSQL": server.url(name)}

        if "engine" in parts:
            print(f"\n{engine_table(50_000)}", flush=True)
        if "recovery" in parts:
            print(f"\n{recovery_table(databases('recovery'), databases('replay'), chosen.orders)}", flush=True)
        if "outside" in parts:
            print(f"\n{outside_table(databases('outside'), chosen.rounds, chosen.seconds)}", flush=True)
        if "idle" in parts:
            print(f"\n{idle_table(chosen.watch)}", flush=True)
        if "delay" in parts:
            print(f"\n{delay_table(chosen.watch)}", flush=True)
        if "streams" in parts:
            print(f"\n{streams_table(chosen.seconds)}", flush=True)
            print(f"\n{subscribers_table()}", flush=True)
        print_curves(parts, databases, chosen, pictures)
        if {"orders", "readers", "pipelined"} & set(parts):
            exchanges = [stack.enter_context(exchange(name, url)) for name, url in databases("orders").items()]
            with yardstick() as bare:
                print_orders(parts, bare, exchanges, chosen.rounds, chosen.seconds)


def print_curves(
    parts: Sequence[str],
    databases: Callable[[str], dict[str, str]],
    chosen: argparse.Namespace,
    pictures: Pictures | None,
) -> None:
    """Measures how cost grows, and draws it."""
    if "growth" in parts:
        for table in growth_tables(chosen.rounds, chosen.seconds, pictures):
            print(f"\n{table}", flush=True)
    if "history" in parts:
        for table in history_tables(databases("history"), chosen.trades, chosen.seconds, pictures):
            print(f"\n{table}", flush=True)
    if "soak" in parts:
        table, verdict = soak_table(databases("soak")["SQLite"], chosen.minutes, pictures)
        print(f"\n{table}\n\n{verdict}", flush=True)


def print_orders(parts: Sequence[str], bare: Target, exchanges: Sequence[Target], rounds: int, seconds: float) -> None:
    """Measures what is asked of exchanges that stand, and what they hold at last."""
    if "orders" in parts:
        print(f"\n{orders_table([bare, *exchanges], rounds, seconds)}", flush=True)
    if "pipelined" in parts:
        print(f"\n{pipelined_table(exchanges, rounds, seconds)}", flush=True)
    if "readers" in parts:
        print(f"\n{readers_table(exchanges, seconds)}", flush=True)
    print(f"\n{memory_table(exchanges)}", flush=True)


if __name__ == "__main__":
    main()
