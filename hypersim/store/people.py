"""What the exchange keeps about people beside its ledger: API keys."""

from collections.abc import Sequence, Set

import msgspec
from sqlalchemy import RowMapping, select

from hypersim.ask import JoinedRow, KeyRow
from hypersim.errors import Reason, Refused
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


def check_people(rows: Sequence[JoinedRow], taken: Set[str]) -> None:
    """Refuses rows that the store would not take: when they are stored it is too late. `taken`: the keys there are.

    Raises Refused DUPLICATE_API_KEY or INVALID_FIELD.
    """
    people = [row for row in rows if isinstance(row, KeyRow)]
    keys = [row.api_key for row in people]
    if len(set(keys)) < len(keys) or not taken.isdisjoint(keys):
        raise Refused(Reason.DUPLICATE_API_KEY)
    for row in people:
        for name, text in (("api_key", row.api_key), ("label", row.label)):
            if not _storable(text):
                raise Refused(Reason.INVALID_FIELD, name, "text without NUL characters or halves of others")


def _storable(text: str) -> bool:
    """Whether every database can keep a text."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False
