"""A database for the tests of the writer: SQLite and PostgreSQL in turn."""

from collections.abc import Iterator

import pytest

from hypersim.store.database import Database, open_database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database, owned by the test."""
    opened = open_database(database_url)
    yield opened
    opened.close()
