"""What group commit buys: orders a second beside an exchange that commits each order before it takes the next.

The other is this one but for that (`benchmarks.variant.OneAtATime`).
"""

from collections.abc import Mapping
from functools import partial
from typing import Final

from benchmarks.orders import measure
from benchmarks.table import Table
from benchmarks.targets import exchange
from benchmarks.turns import add_rows, compared, turns
from benchmarks.variant import naive_exchange

CONNECTIONS: Final = 32


def durability_table(
    databases: Mapping[str, str], naive_databases: Mapping[str, str], rounds: int, seconds: float
) -> Table:
    """Both in each kind of database, in turn; the ratio round by round."""
    table = compared("database", "orders/s", "a commit for each order")
    for kind, url in databases.items():
        with (
            naive_exchange("a commit for each order", naive_databases[kind]) as naive,
            exchange("group commit", url) as ours,
        ):
            runs = {target.name: partial(measure, target, CONNECTIONS) for target in (naive, ours)}
            add_rows(table, kind, turns(runs, rounds, seconds))
    return table
