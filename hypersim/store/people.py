"""Rows about people that the exchange keeps beside its ledger: API keys."""

from msgspec import Struct


class KeyRow(Struct, frozen=True, kw_only=True):
    """An API key of an account. The secret is ciphertext (text): the store cannot read it."""

    api_key: str
    secret_encrypted: str
    account_id: int
    label: str = ""
    created_us: int


PeopleRow = KeyRow
"""Every kind of row that a request may bring along; it is stored in the transaction of its command."""
