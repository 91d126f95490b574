"""The view `ledger_entries`, which shows the ledger entry by entry: made with the tables, and dropped before them."""

from typing import Final

from sqlalchemy import Connection

VIEWS: Final = {
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
"""By dialect, what makes it."""


def create_entries(_target: object, connection: Connection, **_options: object) -> None:
    """Makes the view, once the tables are there."""
    connection.exec_driver_sql(VIEWS[connection.dialect.name])


def drop_entries(_target: object, connection: Connection, **_options: object) -> None:
    """Drops it, if it is there."""
    connection.exec_driver_sql("DROP VIEW IF EXISTS ledger_entries")
