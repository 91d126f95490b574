"""API keys: made, stored as ciphertext, found, and believed only with a true signature."""

import hashlib
import hmac

import msgspec
import pytest

from hypersim.identity import BINANCE_KEY, KeyRing, MasterKey, WrongMasterKey, generate


def test_generated_keys_look_like_binances_and_do_not_repeat() -> None:
    keys = [generate() for _ in range(100)]
    assert 100 == len(set(keys))
    assert all(BINANCE_KEY.fullmatch(key) for key in keys)


def test_a_key_signs_for_its_account_after_a_round_trip_through_the_store() -> None:
    ring = KeyRing(MasterKey("master"))
    credentials = ring.issue(7, 1_000_000, label="bot")
    assert ring.get(credentials.row.api_key) is None
    restarted = KeyRing(MasterKey("master"))
    restarted.load([credentials.row])
    key = restarted.get(credentials.row.api_key)
    assert key is not None
    assert (7, "bot", 1) == (key.account_id, key.label, len(restarted))
    signature = hmac.new(credentials.secret.encode(), b"a=1", hashlib.sha256).hexdigest()
    answers = [key.verify(b"a=1", text) for text in (signature, signature.upper(), signature[:-1], "", "é")]
    assert [True, True, False, False, False] == answers
    assert not key.verify(b"a=2", signature)


def test_a_chosen_key_and_secret_are_kept() -> None:
    ring = KeyRing(MasterKey("master"))
    credentials = ring.issue(1, 0, api_key="test_key_123", secret="test_secret_456")
    ring.add(credentials.row)
    assert ("test_key_123", "test_secret_456") == (credentials.row.api_key, credentials.secret)
    key = ring.get("test_key_123")
    assert key is not None
    assert ("test_key_123", 1) == (key.api_key, key.account_id)


def test_the_store_never_sees_a_secret() -> None:
    ring = KeyRing(MasterKey("master"))
    credentials = ring.issue(1, 0)
    again = ring.issue(1, 0, api_key=credentials.row.api_key, secret=credentials.secret)
    assert credentials.secret not in str(msgspec.to_builtins(credentials.row))
    assert credentials.row.secret_encrypted != again.row.secret_encrypted


@pytest.mark.parametrize("damage", ["other master key", "other api key", "altered", "not base64"])
def test_a_secret_opens_only_with_its_master_key_and_api_key(damage: str) -> None:
    row = KeyRing(MasterKey("master")).issue(1, 0, api_key="a").row
    master = MasterKey("other" if damage == "other master key" else "master")
    if damage == "other api key":
        row = msgspec.structs.replace(row, api_key="b")
    elif damage == "altered":
        flipped = "B" if row.secret_encrypted[20] == "A" else "A"
        row = msgspec.structs.replace(
            row, secret_encrypted=row.secret_encrypted[:20] + flipped + row.secret_encrypted[21:]
        )
    elif damage == "not base64":
        row = msgspec.structs.replace(row, secret_encrypted="?")
    with pytest.raises(WrongMasterKey):
        KeyRing(master).load([row])
