"""The ledger, many entries to a row: seen one by one, carried over from earlier versions, and verified."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from alembic import command
from sqlalchemy import Connection, inspect, select, text, update

from hypersim.errors import StoreError
from hypersim.store import tables
from hypersim.store.database import Database
from hypersim.store.journal import SqlJournal
from hypersim.store.migrate import alembic_config
from hypersim.store.verify import verify
from tests.store.lives import Scribe, life
from tests.store.test_verify import grown


def test_the_view_of_the_ledger_is_the_same_migrated_and_declared(database: Database) -> None:
    def defined(connection: Connection) -> str:
        if database.dialect == "sqlite":
            query = "SELECT sql FROM sqlite_master WHERE name = 'ledger_entries'"
        else:
            query = "SELECT pg_get_viewdef('ledger_entries')"
        return str(connection.execute(text(query)).scalar_one())

    with database.engine.begin() as connection:
        migrated = defined(connection)
        tables.metadata.drop_all(connection)
        tables.metadata.create_all(connection)
        assert " ".join(defined(connection).split()) == " ".join(migrated.split())


def test_a_ledger_of_rows_for_each_entry_goes_over_and_back(database: Database, database_url: str) -> None:
    def stored() -> list[list[tuple[object, ...]]]:
        with database.readers.connect() as connection:
            return [
                [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
                for table in (tables.ledger_entries, tables.deposits)
            ]

    scribe = Scribe(SqlJournal(database))
    scribe.live(life(12), 400)
    before = stored()
    assert (len(before[0]) > 1000, len(before[1]) > 10) == (True, True)
    with database.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0006")
        old = select(tables.ledger_entries).order_by(*tables.ledger_entries.primary_key)
        assert "ledger_entries" in inspect(connection).get_table_names()
        assert before[0] == [tuple(row) for row in connection.execute(old)]
        command.upgrade(alembic_config(connection), "head")
    assert before == stored()
    scribe.live(life(13), 50)
    assert scribe.sequence == verify(database_url).sequence


NOTHING: list[Any] = [1, "USDT", "order", "0", "0", "0", "0", ""]
MOVED: tuple[tuple[Callable[[Any, Any], list[Any]], str], ...] = (
    (
        lambda first, second: [first, [*second[:2], [[*second[2][0][:-1], "x"]]]],
        r"is stored as .*reference x, and should",
    ),
    (
        lambda first, second: [[*first[:2], second[2]], [*second[:2], first[2]]],
        r"is stored as .*, and should be sequence",
    ),
    (lambda first, second: [[*first[:2], first[2] + second[2]]], r"is stored as not at all"),
    (lambda first, second: [first, [*second[:2], second[2] + [NOTHING]]], r"is stored, and never happened"),
    (lambda first, second: [first, second, [*second[:2], [NOTHING]]], r"is stored, and never happened"),
)
"""What is made of the last two commands' entries in the ledger, the sums being the same, and what is told."""


@pytest.mark.parametrize(("tamper", "told"), MOVED)
def test_entries_of_the_ledger_that_were_rewritten_are_found_though_their_sums_are_right(
    database: Database, database_url: str, tamper: Callable[[Any, Any], list[Any]], told: str
) -> None:
    grown(database)
    with database.transaction() as connection:
        newest = connection.execute(select(tables.ledger).order_by(tables.ledger.c.sequence.desc()).limit(1)).one()
        rewritten = msgspec.json.encode(tamper(*msgspec.json.decode(newest.entries))).decode()
        own = tables.ledger.c.sequence == newest.sequence
        connection.execute(update(tables.ledger).where(own).values(entries=rewritten))
    with pytest.raises(StoreError, match=f"ledger_entries .* {told}"):
        verify(database_url)
