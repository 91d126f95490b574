"""What a world keeps about itself beside its state: named texts, such as the feed it was begun with."""

from collections.abc import Mapping
from contextlib import closing
from typing import Final

from sqlalchemy import delete, exists, insert, select

from hypersim.engine.commands import CancelReplace, PlaceList, PlaceOrder, Reset
from hypersim.store.database import Database
from hypersim.store.rows import newest_projected, stored_batches
from hypersim.store.tables import facts, orders

ORDERING: Final = (PlaceOrder, PlaceList, CancelReplace)
"""Commands that lead to an order, or come after one: the journal has none that were refused."""


def read_facts(database: Database) -> dict[str, str]:
    """Every fact, by name."""
    with database.readers.connect() as connection:
        return dict(connection.execute(select(facts.c.name, facts.c.value)).all())


def write_facts(database: Database, values: Mapping[str, str]) -> None:
    """Stores facts, in the place of those of the same names. Raises StoreError when it has another owner."""
    with database.transaction() as connection:
        connection.execute(delete(facts).where(facts.c.name.in_(values)))
        connection.execute(insert(facts), [{"name": name, "value": value} for name, value in values.items()])


def has_orders(database: Database) -> bool:
    """Whether any account of this world has, or had, an order: a stored one, or one that is yet to be projected.
    Raises StoreError where the journal cannot be read.
    """
    with database.readers.connect() as connection:
        found = bool(connection.execute(select(exists(select(orders.c.order_id)))).scalar())
        with closing(stored_batches(connection, newest_projected(connection))) as batches:
            for batch in batches:
                for stamped in batch.commands:
                    found = isinstance(stamped.command, ORDERING) or (found and not isinstance(stamped.command, Reset))
        return found
