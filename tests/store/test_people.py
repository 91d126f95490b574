"""API keys in the database: each with a secret or a public half, over the version that knew secrets alone."""

import msgspec
import pytest
from alembic import command
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError

from hypersim.ask import KeyKind, KeyRow
from hypersim.store import tables
from hypersim.store.database import Database
from hypersim.store.migrate import alembic_config
from hypersim.store.people import load_keys


def test_keys_that_a_database_has_stay_as_they_are_when_it_learns_of_public_ones(database: Database) -> None:
    """Up to 0002 each key had a secret."""
    kept = KeyRow(api_key="old", kind=KeyKind.HMAC, secret_encrypted="sealed", account_id=7, label="bot", created_us=5)
    public = KeyRow(api_key="new", kind=KeyKind.ED25519, public_key="PEM", account_id=7, created_us=6)
    with database.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0003")
        connection.execute(
            text(
                "INSERT INTO api_keys (api_key, secret_encrypted, account_id, label, created_us) "
                "VALUES ('old', 'sealed', 7, 'bot', 5)"
            )
        )
        command.upgrade(alembic_config(connection), "head")
    assert [kept] == load_keys(database)

    with database.engine.begin() as connection:
        connection.execute(insert(tables.api_keys), [msgspec.structs.asdict(public)])
    assert [kept, public] == load_keys(database)

    with database.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0003")
        assert [("old", "sealed")] == connection.execute(text("SELECT api_key, secret_encrypted FROM api_keys")).all()


@pytest.mark.parametrize(
    ("kind", "secret", "public"),
    [("HMAC", None, None), ("HMAC", "a", "b"), ("HMAC", None, "b"), ("RSA", None, None), ("RSA", "a", "b")],
)
def test_a_key_has_a_secret_or_a_public_half_as_its_kind_says(
    database: Database, kind: str, secret: str | None, public: str | None
) -> None:
    row = {"api_key": "k", "account_id": 1, "label": "", "created_us": 0}
    row |= {"kind": kind, "secret_encrypted": secret, "public_key": public}
    with pytest.raises(IntegrityError), database.engine.begin() as connection:
        connection.execute(insert(tables.api_keys), [row])
