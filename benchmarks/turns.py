"""Targets that have their turn in every round, so that what drifts meanwhile is the same for all; ratios by rounds."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol, TypeVar

from benchmarks.load import Result
from benchmarks.table import Table

WARM_S: Final = 1


class Rated(Protocol):
    """What a run found."""

    @property
    def per_second(self) -> float: ...


T = TypeVar("T")
Run = Callable[[float], Result]
"""One run of one target, so many seconds long."""


def turns(runs: Mapping[str, Callable[[float], T]], rounds: int, seconds: float) -> dict[str, list[T]]:
    """What each run found in each round, after each was warm."""
    for run in runs.values():
        run(min(seconds, WARM_S))
    results: dict[str, list[T]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            results[name].append(run(seconds))
    return results


def rate(runs: Sequence[Rated]) -> str:
    """The median, per second."""
    return f"{statistics.median(run.per_second for run in runs):,.0f}"


def ratio(runs: Sequence[Rated], others: Sequence[Rated]) -> str:
    """The median of the ratios of each round."""
    ratios = [run.per_second / other.per_second for run, other in zip(runs, others, strict=True)]
    return f"{statistics.median(ratios):.2f}"


def compared(what: str, unit: str, beside: str = "the bare handler") -> Table:
    """An empty table for `add_rows`."""
    return Table(what, "target", unit, f"of {beside}", "p50 ms", "p99 ms")


def add_rows(table: Table, what: str, results: Mapping[str, Sequence[Result]]) -> None:
    """A row of medians for each target; the first one is what the others are compared with."""
    first = next(iter(results.values()))
    for name, mine in results.items():
        table.row(
            what,
            name,
            rate(mine),
            ratio(mine, first),
            f"{statistics.median(one.percentile_ms(0.5) for one in mine):.2f}",
            f"{statistics.median(one.percentile_ms(0.99) for one in mine):.1f}",
        )
