"""What a world keeps about itself beside its state: named texts, such as the feed it was begun with."""

from collections.abc import Mapping

from sqlalchemy import delete, exists, insert, select

from hypersim.store.database import Database
from hypersim.store.tables import facts, orders


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
    """Whether any account of this world has, or had, an order."""
    with database.readers.connect() as connection:
        return bool(connection.execute(select(exists(select(orders.c.order_id)))).scalar())
