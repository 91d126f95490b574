"""Durable orders a second of a hundred accounts over twenty symbols, beside the bare handler, in turn, in one run."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Final

from benchmarks.orders import orders_table
from benchmarks.table import Table
from benchmarks.targets import yardstick
from benchmarks.variant import exchange_of

CONNECTIONS: Final = (1, 32)
ACCOUNTS: Final = 100
SYMBOLS: Final = 20


def many_table(databases: Mapping[str, str], rounds: int, seconds: float) -> Table:
    """As the table of two accounts on one symbol."""
    with ExitStack() as stack:
        targets = [stack.enter_context(yardstick())]
        for name, url in databases.items():
            what = f"{name}, {ACCOUNTS} accounts, {SYMBOLS} symbols"
            targets.append(stack.enter_context(exchange_of(what, url, symbols=SYMBOLS, accounts=ACCOUNTS)))
        return orders_table(targets, rounds, seconds, CONNECTIONS)
