"""The ledger's entries, many in a row; a view of them one by one, and a table of deposits."""

from collections.abc import Iterator
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

import msgspec
import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TOGETHER = 64
"""Commands whose entries make a row."""
AT_ONCE = 1_000
"""Rows that are in memory."""

COLUMNS = "account_id asset kind free_change locked_change free locked reference".split()
WHOLE = sa.Text().with_variant(sa.Numeric(), "postgresql")
IS_DEPOSIT = sa.text("account_id > 0 AND kind IN ('opening', 'deposit')")
ENTRIES = sa.table(
    "ledger_entries",
    *(sa.column(name) for name in ("sequence", "number", "time_us")),
    *(sa.column(name, WHOLE if name in COLUMNS[3:7] else None) for name in COLUMNS),
)
LEDGER = sa.table("ledger", sa.column("first_sequence"), sa.column("sequence"), sa.column("entries"))
DEPOSITS = sa.table(
    "deposits", *(sa.column(name) for name in "account_id sequence number asset amount time_us".split())
)

VIEWS = {
    "sqlite": """
CREATE VIEW ledger_entries AS SELECT json_extract(c.value, '$[0]') AS sequence, e.key AS number,
json_extract(c.value, '$[1]') AS time_us, json_extract(e.value, '$[0]') AS account_id,
json_extract(e.value, '$[1]') AS asset, json_extract(e.value, '$[2]') AS kind,
json_extract(e.value, '$[3]') AS free_change, json_extract(e.value, '$[4]') AS locked_change,
json_extract(e.value, '$[5]') AS free, json_extract(e.value, '$[6]') AS locked,
json_extract(e.value, '$[7]') AS reference
FROM ledger AS l, json_each(l.entries) AS c, json_each(c.value, '$[2]') AS e""",
    "postgresql": """
CREATE VIEW ledger_entries AS SELECT (c.value ->> 0)::bigint AS sequence, (e.number - 1)::integer AS number,
(c.value ->> 1)::bigint AS time_us, (e.value ->> 0)::bigint AS account_id,
(e.value ->> 1) AS asset, (e.value ->> 2) AS kind,
(e.value ->> 3)::numeric AS free_change, (e.value ->> 4)::numeric AS locked_change,
(e.value ->> 5)::numeric AS free, (e.value ->> 6)::numeric AS locked,
(e.value ->> 7) AS reference
FROM ledger AS l, jsonb_array_elements(l.entries::jsonb) AS c (value),
jsonb_array_elements(c.value -> 2) WITH ORDINALITY AS e (value, number)""",
}


def upgrade() -> None:
    """Makes the tables and the view; what there is goes over, some commands at a time."""
    op.create_table(
        "ledger",
        sa.Column("first_sequence", sa.BigInteger(), nullable=False),
        sa.Column(
            "sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("entries", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
    )
    op.drop_index("deposits", "ledger_entries")
    op.create_table(
        "deposits",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("amount", WHOLE, nullable=False),
        sa.Column("time_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "sequence", "number"),
        sqlite_with_rowid=False,
    )
    entry = ENTRIES.c
    found = sa.select(entry.account_id, entry.sequence, entry.number, entry.asset, entry.free_change, entry.time_us)
    op.execute(DEPOSITS.insert().from_select(list(DEPOSITS.c.keys()), found.where(IS_DEPOSIT)))
    commands = groupby(_rows(), key=itemgetter(0, 2))
    while together := [(*command, [_entry(row) for row in rows]) for command, rows in islice(commands, TOGETHER)]:
        text = msgspec.json.encode(together).decode()
        row = LEDGER.insert().values(first_sequence=together[0][0], sequence=together[-1][0], entries=text)
        op.get_bind().execute(row)
    op.drop_table("ledger_entries")
    op.execute(VIEWS[op.get_bind().dialect.name])


def downgrade() -> None:
    """Makes a row of each entry again."""
    op.execute("DROP VIEW ledger_entries")
    op.drop_table("deposits")
    op.create_table(
        "ledger_entries",
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("time_us", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        *(sa.Column(name, WHOLE, nullable=False) for name in COLUMNS[3:7]),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", "number"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "deposits",
        "ledger_entries",
        ["account_id", "sequence", "number"],
        sqlite_where=IS_DEPOSIT,
        postgresql_where=IS_DEPOSIT,
    )
    after = 0
    while True:
        query = sa.select(LEDGER).where(LEDGER.c.sequence > after).order_by(LEDGER.c.sequence).limit(TOGETHER)
        found = op.get_bind().execute(query).all()
        if not found:
            break
        after = found[-1].sequence
        names = ("sequence", "number", "time_us", *COLUMNS)
        rows = [
            dict(zip(names, (sequence, number, time_us, *entry), strict=True))
            for row in found
            for sequence, time_us, entries in msgspec.json.decode(row.entries)
            for number, entry in enumerate(entries)
        ]
        op.bulk_insert(ENTRIES, rows)
    op.drop_table("ledger")


def _rows() -> Iterator[Any]:
    """Every entry, in order; sequence, number, time and what it is."""
    key, after = sa.tuple_(ENTRIES.c.sequence, ENTRIES.c.number), (-1, -1)
    query = sa.select(ENTRIES).order_by(ENTRIES.c.sequence, ENTRIES.c.number).limit(AT_ONCE)
    while found := op.get_bind().execute(query.where(key > after)).all():
        yield from found
        after = (found[-1].sequence, found[-1].number)


def _entry(row: Any) -> tuple[Any, ...]:
    account_id, asset, kind, *whole, reference = row[3:]
    return (account_id, asset, kind, *(str(int(value)) for value in whole), reference)
