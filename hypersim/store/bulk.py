"""One statement that stores a whole batch, generated from the tables for SQLite or PostgreSQL.

Each statement lets go of the interpreter several times, and beside a busy event loop each time costs up to a
switch interval to get it back. So a batch is one statement with one JSON parameter per table, which the
database takes apart. It commits by itself, in one round trip: either everything is stored or nothing is.

PostgreSQL: one INSERT per table in WITH, prepared once. SQLite: an INSERT into a temporary view, whose
trigger does the same.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import count
from typing import Any, Final

import msgspec
from sqlalchemy import Column, Dialect, Table
from sqlalchemy.dialects.postgresql import dialect as postgresql_types
from sqlalchemy.dialects.sqlite import dialect as sqlite_names

from hypersim.store import postgresql
from hypersim.store.postgresql import Parameters
from hypersim.store.tables import (
    amendments,
    api_keys,
    balances,
    candles,
    facts,
    fence,
    journal,
    ledger_entries,
    order_lists,
    orders,
    prevented_matches,
    tape,
    tickers,
    trades,
    withdrawals,
)

Row = tuple[str | int | bool | None, ...]
"""A row in the order of its table's columns; values of `Whole` columns as decimal text."""

INSERTED: Final = (api_keys, trades, tape, ledger_entries, prevented_matches, amendments)
"""Rows that are written once: one that is there already is a bug, and fails the batch."""

UPSERTED: Final = (orders, order_lists, withdrawals, balances, candles, tickers, facts)
"""Rows that are written again as they change."""

# A batch under another epoch than the database's has no epoch here, which `journal.epoch` does not take.
EPOCH: Final = f"(SELECT {fence.c.epoch.name} FROM {fence.name} WHERE {fence.c.epoch.name} = {{}}{{}})"


class BatchStatement:
    """The statement for one database: made ready on a session by `bind`, filled by `parameters`."""

    def __init__(self, dialect: str) -> None:
        self._dialect = dialect
        self._columns = [column.name for column in journal.columns]

    def bind(self, session: Any) -> Callable[[Parameters], None]:
        """A function that runs the statement on a driver's connection."""
        if self._dialect == "postgresql":
            return postgresql.prepared(session, _postgresql())
        for setup in _sqlite_setup():
            session.execute(setup)
        marks = ", ".join("?" * (len(self._columns) + len(INSERTED + UPSERTED)))
        return partial(session.execute, f"INSERT INTO batch VALUES ({marks})")

    def parameters(self, record: Mapping[str, str | int], rows: Mapping[Table, Sequence[Row]]) -> Parameters:
        """The journal's row and the rows of every other table, none of which comes twice, as parameters."""
        documents = (rows.get(table) for table in INSERTED + UPSERTED)
        return (
            *(record[name] for name in self._columns),
            *(msgspec.json.encode(found).decode() if found else "[]" for found in documents),
        )


def _postgresql() -> str:
    dialect = postgresql_types()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
    mark = (f"${number}" for number in count(1))
    values = (
        EPOCH.format(next(mark), " FOR UPDATE") if column.name == "epoch" else next(mark) for column in journal.columns
    )
    parts = [f"{_into(journal)} VALUES ({', '.join(values)})"]
    for table in INSERTED + UPSERTED:
        fields = (f"(r.value ->> {number})::{_type(column, dialect)}" for number, column in enumerate(table.columns))
        source = f"SELECT {', '.join(fields)} FROM jsonb_array_elements({next(mark)}::jsonb) AS r"
        parts.append(f"{_into(table)} {source}{_on_conflict(table)}")
    steps = ", ".join(f"step_{number} AS ({part})" for number, part in enumerate(parts[:-1]))
    return f"WITH {steps} {parts[-1]}"


def _sqlite_setup() -> tuple[str, ...]:
    # json_extract rather than ->>, which is younger (3.38) than what some systems' Python brings
    names = [column.name for column in journal.columns] + [table.name for table in INSERTED + UPSERTED]
    values = (
        EPOCH.format("NEW.epoch", "") if column.name == "epoch" else f"NEW.{column.name}" for column in journal.columns
    )
    steps = [f"{_into(journal)} VALUES ({', '.join(values)})"]
    for table in INSERTED + UPSERTED:
        fields = (f"json_extract(r.value, '$[{number}]')" for number in range(len(table.columns)))
        source = f"SELECT {', '.join(fields)} FROM json_each(NEW.{table.name}) AS r WHERE true"
        steps.append(f"{_into(table)} {source}{_on_conflict(table)}")
    columns = ", ".join(f"NULL AS {name}" for name in names)
    return (
        f"CREATE TEMP VIEW IF NOT EXISTS batch AS SELECT {columns}",
        f"CREATE TEMP TRIGGER IF NOT EXISTS store INSTEAD OF INSERT ON batch BEGIN {'; '.join(steps)}; END",
    )


def _into(table: Table) -> str:
    return f"INSERT INTO {table.name} ({', '.join(_quoted(column) for column in table.columns)})"


def _on_conflict(table: Table) -> str:
    if table not in UPSERTED:
        return ""
    key = ", ".join(_quoted(column) for column in table.primary_key)
    changed = (_quoted(column) for column in table.columns if not column.primary_key)
    return f" ON CONFLICT ({key}) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in changed)}"


def _quoted(column: Column[Any]) -> str:
    # the quoting of both dialects is the same, and so are the names that need it
    return sqlite_names().identifier_preparer.quote(column.name)


def _type(column: Column[Any], dialect: Dialect) -> str:
    return column.type.dialect_impl(dialect).compile(dialect=dialect)
