"""What the exchange keeps about people beside its ledger: API keys."""

import msgspec
from sqlalchemy import RowMapping, select

from hypersim.ask import KeyRow
from hypersim.store.database import Database
from hypersim.store.tables import api_keys


def load_keys(database: Database) -> list[KeyRow]:
    """Every API key, oldest first."""
    query = select(api_keys).order_by(api_keys.c.created_us, api_keys.c.api_key)
    with database.readers.connect() as connection:
        return [as_key(row) for row in connection.execute(query).mappings()]


def as_key(row: RowMapping) -> KeyRow:
    """A key from a row of `api_keys`."""
    return msgspec.convert({name: row[name] for name in KeyRow.__struct_fields__}, KeyRow)
