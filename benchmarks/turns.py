"""Targets that have their turn in every round, so that what drifts meanwhile is the same for all; ratios by rounds."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from benchmarks.load import Result
from benchmarks.table import Table

WARM_S: Final = 1

Run = Callable[[float], Result]
"""One run of one target, so many seconds long."""


def turns(runs: Mapping[str, Run], rounds: int, seconds: float) -> dict[str, list[Result]]:
    """What each run found in each round, after each was warm."""
    for run in runs.values():
        run(min(seconds, WARM_S))
    results: dict[str, list[Result]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            results[name].append(run(seconds))
    return results


def compared(what: str, rate: str) -> Table:
    """An empty table for `add_rows`."""
    return Table(what, "target", rate, "of the bare handler", "p50 ms", "p99 ms")


def add_rows(table: Table, what: str, results: Mapping[str, Sequence[Result]]) -> None:
    """A row of medians for each target; the first one is what the others are compared with."""
    first = next(iter(results.values()))
    for name, mine in results.items():
        ratios = [one.per_second / other.per_second for one, other in zip(mine, first, strict=True)]
        table.row(
            what,
            name,
            f"{statistics.median(one.per_second for one in mine):,.0f}",
            f"{statistics.median(ratios):.2f}",
            f"{statistics.median(one.percentile_ms(0.5) for one in mine):.2f}",
            f"{statistics.median(one.percentile_ms(0.99) for one in mine):.1f}",
        )
