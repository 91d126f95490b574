"""`make bench`, or `python -m benchmarks [--rounds 5] [--seconds 3] [--watch 30] [PART ...]`, the parts being

- orders: durable orders over REST beside a bare handler, of two accounts, and of a hundred over twenty symbols;
- endpoints: what a strategy asks beside them, cancels and queries, each beside the bare handler;
- readers: how long an order takes while others read;
- pipelined: orders over one connection to the WebSocket API, beside REST and the bare handler;
- durability: orders beside an exchange that commits each of them by itself;
- engine: the engine alone, and what compiling it would buy;
- peers: the engine beside those of other projects, which are installed at first need;
- recovery: a start from a long journal;
- outside, idle, delay: updates of the outside market, what following it costs, how late its ticker is;
- streams: how late trades are told, and to how many;
- growth, history: how the cost of an order grows with books, accounts, symbols and open orders, and how long questions
  about the past take as it grows;
- soak: a server's memory under minutes of full load.

Prints tables in Markdown with the conditions under which they were measured; `make curves` runs the parts that say how
cost grows, and draws pictures, too. Needs nothing running; brings its own PostgreSQL, and sends its load by wrk where
that is installed. On a shared machine compare the ratios, which are taken
round by round, not the absolute figures.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.compiled import compiled_table
from benchmarks.conditions import conditions
from benchmarks.delay import delay_table
from benchmarks.durability import durability_table
from benchmarks.endpoints import endpoints_table
from benchmarks.engine import engine_table
from benchmarks.growth import growth_tables
from benchmarks.history import history_tables
from benchmarks.idle import STARTS, idle_table
from benchmarks.many import many_table
from benchmarks.orders import memory_table, orders_table, pipelined_table, readers_table
from benchmarks.outside import MOST_ROUNDS, outside_table
from benchmarks.peers.table import peers_table
from benchmarks.pictures import Pictures, wanted
from benchmarks.recovery import recovery_table
from benchmarks.soak import soak_table
from benchmarks.streams import streams_table, subscribers_table
from benchmarks.targets import Target, exchange, yardstick
from tests import postgres

PARTS = tuple(
    "orders endpoints readers engine recovery outside idle delay streams pipelined durability peers growth history "
    "soak".split()
)

Measure = Callable[[], object]
"""Gives something to print: a table, as a rule."""


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
    print(
        f"Conditions: {measured_under}; medians of {chosen.rounds} rounds of {chosen.seconds:g} s "
        f"(at most {MOST_ROUNDS} of outside updates, of endpoints and of peers) and of {STARTS} starts; "
        f"an exchange that follows an upstream is watched once, for {chosen.watch:g} s.",
        flush=True,
    )
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(postgres.running())

        def databases(label: str) -> dict[str, str]:
            name = stack.enter_context(server.database())
            return {"SQLite": f"sqlite:///{folder / label}.db", "PostgreSQL": server.url(name)}

        for part, measures in tables(chosen, databases, wanted(chosen.pictures, measured_under)).items():
            for measured in measures if part in parts else ():
                print(f"\n{measured()}", flush=True)
        if {"orders", "readers", "pipelined"} & set(parts):
            exchanges = [stack.enter_context(exchange(name, url)) for name, url in databases("orders").items()]
            with yardstick() as bare:
                print_orders(parts, bare, exchanges, chosen.rounds, chosen.seconds)


def tables(
    chosen: argparse.Namespace, databases: Callable[[str], dict[str, str]], pictures: Pictures | None
) -> dict[str, Iterable[Measure]]:
    """By part, what measures with processes of its own; `databases` makes empty ones under a label."""
    rounds, seconds = chosen.rounds, chosen.seconds
    return {
        "engine": [lambda: engine_table(50_000), lambda: compiled_table(rounds)],
        "recovery": [lambda: recovery_table(databases("recovery"), databases("replay"), chosen.orders)],
        "outside": [lambda: outside_table(databases("outside"), rounds, seconds)],
        "idle": [lambda: idle_table(chosen.watch)],
        "delay": [lambda: delay_table(chosen.watch)],
        "streams": [lambda: streams_table(seconds), subscribers_table],
        "endpoints": [lambda: endpoints_table(databases("endpoints"), rounds, seconds)],
        "durability": [lambda: durability_table(databases("durability"), databases("naive"), rounds, seconds)],
        "peers": [lambda: peers_table(rounds)],
        "orders": [lambda: many_table(databases("many"), rounds, seconds)],
        "growth": each(lambda: growth_tables(rounds, seconds, pictures)),
        "history": each(lambda: history_tables(databases("history"), chosen.trades, seconds, pictures)),
        "soak": each(lambda: soak_table(databases("soak")["SQLite"], chosen.minutes, pictures)),
    }


def each(several: Callable[[], Iterable[object]]) -> Iterator[Measure]:
    """What measures one after another, as they come."""
    for one in several():
        yield lambda found=one: found  # type: ignore[misc]  # the default binds this one


def print_orders(parts: Sequence[str], bare: Target, exchanges: Sequence[Target], rounds: int, seconds: float) -> None:
    """Measures what is asked of exchanges that stand, and what they hold at last."""
    if "orders" in parts:
        print(f"\n{orders_table([bare, *exchanges], rounds, seconds)}", flush=True)
    if "pipelined" in parts:
        print(f"\n{pipelined_table(bare, exchanges, rounds, seconds)}", flush=True)
    if "readers" in parts:
        print(f"\n{readers_table(exchanges, seconds)}", flush=True)
    print(f"\n{memory_table(exchanges)}", flush=True)


if __name__ == "__main__":
    main()
