"""Statements that each store many rows at once, generated from the tables for SQLite or PostgreSQL.

Each statement lets go of the interpreter several times, and beside a busy event loop each time costs up to a
switch interval to get it back. So there is one for all that belongs together, with one JSON parameter per table, which
the database takes apart. It commits by itself, in one round trip: either everything is stored or nothing is.

Two kinds: a batch of the journal, alone or with rows that came with its commands, and the rows of projections with the
mark how far these are. PostgreSQL: one INSERT per table in WITH, prepared once. SQLite: an INSERT into a temporary
view, whose triggers do the same by such a view of each table; a batch alone is an INSERT of its own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import count
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import Column, Dialect, Table
from sqlalchemy.dialects.postgresql import dialect as postgresql_types
from sqlalchemy.dialects.sqlite import dialect as sqlite_names

from hypersim.store import postgresql
from hypersim.store.postgresql import Parameters
from hypersim.store.tables import (
    PROJECTIONS,
    api_keys,
    balances,
    candles,
    facts,
    fence,
    journal,
    ledger,
    order_lists,
    orders,
    projected,
    tickers,
    withdrawals,
)

Row = tuple[str | int | bool | None, ...]
"""A row in the order of its table's columns; values of `Whole` columns as decimal text."""

UPSERTED: Final = (orders, order_lists, withdrawals, balances, candles, tickers, facts)
"""Tables whose rows are written again as they change. Those of the others are written once: one that is there already
is a bug, and fails the statement.
"""

# Under another epoch than the database's this is NULL, which no column here takes. SHARE rather than UPDATE: it, too,
# keeps a new owner out until the transaction is over, and the journal and what is written behind it do not wait for
# one another.
FENCED: Final = f"(SELECT {{value}} FROM {fence.name} WHERE {fence.c.epoch.name} = {{epoch}}{{lock}})"


class Kind(Struct, frozen=True):
    """A statement: values of its own, and the tables whose rows go with them."""

    name: str
    """Of what the database prepares for it; no table's."""
    fields: tuple[str, ...]
    """The names of those values."""
    first: Callable[[Mapping[str, str], str], tuple[str, ...]]
    """Statements that write them, from the fields' SQL and the clause that locks the fence."""
    tables: tuple[Table, ...] = ()


def _batch(fields: Mapping[str, str], lock: str) -> tuple[str, ...]:
    epoch = FENCED.format(value=fence.c.epoch.name, epoch=fields["epoch"], lock=lock)
    return (f"{_into(journal)} VALUES ({', '.join((dict(fields) | {'epoch': epoch}).values())})",)


def _mark(fields: Mapping[str, str], lock: str) -> tuple[str, ...]:
    first, last = (f"CAST({fields[name]} AS BIGINT)" for name in ("first_sequence", "sequence"))
    fenced = FENCED.format(value=last, epoch=fields["epoch"], lock=lock)
    return (
        f"UPDATE {projected.name} SET {projected.c.sequence.name} = {fenced}",
        f"{_into(ledger)} SELECT {first}, {last}, {fields['entries']} WHERE {fields['entries']} <> '[]'",
    )


JOURNAL: Final = tuple(column.name for column in journal.columns)

ALONE: Final = Kind("batch_alone", JOURNAL, _batch)
"""A batch of the journal."""
JOINED: Final = Kind("batch_joined", JOURNAL, _batch, (api_keys, facts))
"""A batch of the journal, and rows that came with its commands."""
BEHIND: Final = Kind(
    "behind",
    ("first_sequence", "sequence", "epoch", "entries"),
    _mark,
    tuple(table for table in PROJECTIONS if table is not ledger),
)
"""Rows of projections, the entries of the ledger, and the commands that they are of."""


def parameters(kind: Kind, fields: Mapping[str, str | int], rows: Mapping[Table, Sequence[Row]]) -> Parameters:
    """The parameters of a statement: of each table's rows none comes twice."""
    documents = (rows.get(table) for table in kind.tables)
    return (
        *(fields[name] for name in kind.fields),
        *(msgspec.json.encode(found).decode() if found else "[]" for found in documents),
    )


def bound(kind: Kind, dialect: str, session: Any) -> Callable[[Parameters], None]:
    """A function that runs a statement on a driver's connection."""
    if dialect == "postgresql":
        return postgresql.prepared(session, kind.name, _postgresql(kind))
    if not kind.tables:
        (statement,) = kind.first(dict.fromkeys(kind.fields, "?"), "")
        return partial(session.execute, statement)
    for setup in _sqlite_setup(kind):
        session.execute(setup)
    marks = ", ".join("?" * (len(kind.fields) + len(kind.tables)))
    return partial(session.execute, f"INSERT INTO {kind.name} VALUES ({marks})")


def _postgresql(kind: Kind) -> str:
    dialect = postgresql_types()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
    mark = (f"${number}" for number in count(1))
    parts = [*kind.first({name: next(mark) for name in kind.fields}, " FOR SHARE")]
    for table in kind.tables:
        fields = (f"(r.value ->> {number})::{_type(column, dialect)}" for number, column in enumerate(table.columns))
        source = f"SELECT {', '.join(fields)} FROM jsonb_array_elements({next(mark)}::jsonb) AS r"
        parts.append(f"{_into(table)} {source}{_on_conflict(table)}")
    steps = ", ".join(f"step_{number} AS ({part})" for number, part in enumerate(parts[:-1]))
    return f"WITH {steps} {parts[-1]}" if steps else parts[-1]


def _sqlite_setup(kind: Kind) -> Iterator[str]:
    yield _sqlite_view(kind.name, (*kind.fields, *(table.name for table in kind.tables)))
    yield _sqlite_trigger(kind.name, kind.name, kind.first({name: f"NEW.{name}" for name in kind.fields}, ""))
    for table in kind.tables:
        # A view of its own, whose trigger sees each row as it is: of json_each itself, the row would be written out as
        # text again for each of its columns, which costs as much as all the rest (benchmarks/orders.py).
        view, rows = f"{kind.name}_{table.name}", f"NEW.{table.name}"
        # json_extract rather than ->>, which is younger (3.38) than what some systems' Python brings
        fields = (f"json_extract(NEW.row, '$[{number}]')" for number in range(len(table.columns)))
        yield _sqlite_view(view, ("row",))
        yield _sqlite_trigger(view, view, (f"{_into(table)} VALUES ({', '.join(fields)}){_on_conflict(table)}",))
        each = (f"INSERT INTO {view} SELECT value FROM json_each({rows})",)
        yield _sqlite_trigger(f"each_{view}", f"{kind.name} WHEN {rows} <> '[]'", each)


def _sqlite_view(name: str, columns: Sequence[str]) -> str:
    return f"CREATE TEMP VIEW IF NOT EXISTS {name} AS SELECT {', '.join(f'NULL AS {column}' for column in columns)}"


def _sqlite_trigger(name: str, view: str, steps: Sequence[str]) -> str:
    return f"CREATE TEMP TRIGGER IF NOT EXISTS store_{name} INSTEAD OF INSERT ON {view} BEGIN {'; '.join(steps)}; END"


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
