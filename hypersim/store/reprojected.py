"""Whether the stored history is what the journal leads to: each row of it, projected again from replayed records.

Compared are the rows that do not change any more: the ledger, trades, prevented matches, amendments, and orders, order
lists and withdrawals that have ended. What still stands is compared with the engine's state (verify.py), the tape and
its candles are not: they are kept for a while only. What happened before the oldest record that is replayed cannot be
proven. Reads only, some thousand records at a time.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Final

from sqlalchemy import Column, Connection, Table, bindparam, select

from hypersim.engine.events import Committed
from hypersim.engine.lists import Phase
from hypersim.engine.orders import OPEN
from hypersim.engine.withdrawal import WithdrawalStatus
from hypersim.errors import StoreError
from hypersim.store import tables
from hypersim.store.bulk import Row
from hypersim.store.projections import Entries, Projections
from hypersim.store.rows import stored_entries
from hypersim.store.tables import Whole

AT_ONCE: Final = 5_000
"""Records that are projected together: each asks the database once for each account and symbol that it names."""

RANGES: Final[Mapping[Table, str]] = {
    tables.deposits: "sequence",
    tables.trades: "trade_id",
    tables.prevented_matches: "prevented_match_id",
    tables.amendments: "order_id",
    tables.orders: "order_id",
    tables.order_lists: "list_id",
    tables.withdrawals: "applied_us",
}
"""The tables, each with the column of its key that counts up; the columns before it are looked up as they are."""

WHOLE: Final = frozenset({tables.ledger_entries, tables.deposits, tables.trades, tables.prevented_matches})
"""Those of which every row between two that are compared must be one of them."""


class Reprojected:
    """Replayed records, compared with what is stored of them. `raise_difference` tells the first difference."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._projections = Projections()
        self._records: list[Committed] = []
        self._difference: StoreError | None = None
        """Of what is older than the next reset, which would empty the tables: so it only counts at the end."""

    def add(self, records: Sequence[Committed]) -> None:
        """Takes in what was replayed."""
        self._records += records
        if len(self._records) >= AT_ONCE:
            self._compare()

    def raise_difference(self) -> None:
        """Raises StoreError for the first row that differs, or is missing, or too many."""
        self._compare()
        if self._difference is not None:
            raise self._difference

    def _compare(self) -> None:
        projected = self._projections.project(self._records)
        self._records.clear()
        if projected.reset:
            self._difference = None
        if self._difference is not None:
            return
        projected.orders = {key: each for key, each in projected.orders.items() if each.status not in OPEN}
        projected.lists = {key: each for key, each in projected.lists.items() if each.phase is Phase.DONE}
        projected.withdrawals = {
            key: each for key, each in projected.withdrawals.items() if each.status is not WithdrawalStatus.PROCESSING
        }
        rows = projected.rows()
        try:
            self._compare_entries(projected.ledger)
            for table in RANGES:
                self._compare_rows(table, rows[table])
        except StoreError as difference:
            self._difference = difference

    def _compare_entries(self, ledger: Sequence[Entries]) -> None:
        """Raises StoreError when these are not what the ledger has of their commands."""
        if ledger:
            stored = stored_entries(self._connection, ledger[0][0] - 1, ledger[-1][0])
            _compare_with(tables.ledger_entries, ("sequence", "number"), _by_number(stored), _by_number(ledger))

    def _compare_rows(self, table: Table, rows: Iterable[Row]) -> None:
        """Raises StoreError when these rows are not in the table."""
        names = [column.name for column in table.primary_key]
        place = names.index(RANGES[table])
        columns = list(table.columns)
        keys = [table.columns.keys().index(name) for name in names]
        groups: dict[tuple[Any, ...], dict[tuple[Any, ...], tuple[Any, ...]]] = {}
        for row in rows:
            values = tuple(_value(column, value) for column, value in zip(columns, row, strict=True))
            key = tuple(values[each] for each in keys)
            groups.setdefault(key[:place], {})[key] = values
        within = [table.c[name] == bindparam(f"is_{name}") for name in names[:place]]
        ranged = table.c[names[place]].between(bindparam("first"), bindparam("last"))
        query = select(*columns).where(*within, ranged)
        for group, expected in groups.items():
            counted = [key[place] for key in expected]
            named = {f"is_{name}": value for name, value in zip(names, group, strict=False)}
            found = self._connection.execute(query, named | {"first": min(counted), "last": max(counted)})
            stored = {tuple(row[each] for each in keys): tuple(row) for row in found}
            _compare_with(table, names, stored, expected)


def _by_number(ledger: Iterable[Entries]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Rows as `ledger_entries` shows them, by their key; a command that comes twice has more of them."""
    numbers: defaultdict[int, Iterator[int]] = defaultdict(count)
    rows = {}
    for sequence, time_us, entries in ledger:
        for entry in entries:
            number = next(numbers[sequence])
            rows[sequence, number] = (sequence, number, time_us, *entry)
    return rows


def _compare_with(
    table: Table,
    names: Sequence[str],
    stored: Mapping[tuple[Any, ...], tuple[Any, ...]],
    expected: Mapping[tuple[Any, ...], tuple[Any, ...]],
) -> None:
    for key, values in expected.items():
        if stored.get(key) != values:
            told = _named(table.columns.keys(), stored[key]) if key in stored else "not at all"
            raise StoreError(
                f"{table.name} ({_named(names, key)}) is stored as {told}, and should be "
                f"{_named(table.columns.keys(), values)}"
            )
    if table in WHOLE and (more := stored.keys() - expected.keys()):
        raise StoreError(f"{table.name} ({_named(names, min(more))}) is stored, and never happened")


def _value(column: Column[Any], value: Any) -> Any:
    """A value of a row that is written, as it is read back."""
    return int(value) if value is not None and isinstance(column.type, Whole) else value


def _named(names: Iterable[str], values: Iterable[Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(names, values, strict=True))
