"""API keys: made, stored as ciphertext, found, and believed only with a true signature."""

import hashlib
import hmac
import random
from base64 import b64encode
from collections.abc import Callable

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa, x25519
from cryptography.hazmat.primitives.serialization import PublicFormat

from hypersim.ask import KeyKind
from hypersim.identity import (
    ALPHABET,
    BINANCE_KEY,
    BadPublicKey,
    HmacKey,
    KeyRing,
    MasterKey,
    WrongMasterKey,
    generate,
    read_public_key,
)
from tests.pairs import PAIRS, Pair, pem


def test_generated_keys_look_like_binances_and_do_not_repeat() -> None:
    keys = [generate() for _ in range(100)]
    assert 100 == len(set(keys))
    assert all(BINANCE_KEY.fullmatch(key) for key in keys)


@pytest.mark.parametrize("length", [1, 63, 64, 65, 128])
def test_a_shared_secret_of_any_length_signs_as_hmac_says(length: int) -> None:
    chance = random.Random(length)
    secret = "".join(chance.choices(ALPHABET, k=length))
    key = HmacKey("key", 7, "bot", secret.encode())
    for size in (0, 55, 64, 200, 5_000):
        payload = chance.randbytes(size)
        signature = hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()
        assert (True, True) == (key.verify(payload, signature), key.verify(payload, signature.upper()))
        assert not key.verify(payload + b"x", signature)


def test_a_key_signs_for_its_account_after_a_round_trip_through_the_store() -> None:
    ring = KeyRing(MasterKey("master"))
    credentials = ring.issue(7, 1_000_000, label="bot")
    assert ring.get(credentials.row.api_key) is None
    restarted = KeyRing(MasterKey("master"))
    restarted.load([credentials.row])
    key = restarted.get(credentials.row.api_key)
    assert key is not None
    assert (7, "bot", 1) == (key.account_id, key.label, len(restarted))
    assert credentials.secret is not None
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
    assert credentials.secret is not None
    again = ring.issue(1, 0, api_key=credentials.row.api_key, secret=credentials.secret)
    assert credentials.secret not in str(msgspec.to_builtins(credentials.row))
    assert credentials.row.secret_encrypted != again.row.secret_encrypted


@pytest.mark.parametrize("damage", ["other master key", "other api key", "altered", "not base64"])
def test_a_secret_opens_only_with_its_master_key_and_api_key(damage: str) -> None:
    row = KeyRing(MasterKey("master")).issue(1, 0, api_key="a").row
    sealed = row.secret_encrypted
    assert sealed is not None
    master = MasterKey("other" if damage == "other master key" else "master")
    if damage == "other api key":
        row = msgspec.structs.replace(row, api_key="b")
    elif damage == "altered":
        flipped = "B" if sealed[20] == "A" else "A"
        row = msgspec.structs.replace(row, secret_encrypted=sealed[:20] + flipped + sealed[21:])
    elif damage == "not base64":
        row = msgspec.structs.replace(row, secret_encrypted="?")
    with pytest.raises(WrongMasterKey):
        KeyRing(master).load([row])


@pytest.mark.parametrize(("kind", "pair"), PAIRS.items(), ids=list(PAIRS))
def test_a_key_of_a_public_half_believes_its_private_half_alone(kind: str, pair: Pair) -> None:
    ring = KeyRing(MasterKey("master"))
    credentials = ring.issue(7, 1_000_000, label="bot", public_key=read_public_key(pair.public))
    assert (None, None, pair.kind) == (
        credentials.secret,
        credentials.row.secret_encrypted,
        credentials.row.kind,
    )
    restarted = KeyRing(MasterKey("another: there is no secret to read"))
    restarted.load([credentials.row])
    key = restarted.get(credentials.row.api_key)
    assert key is not None
    assert (7, "bot", 1) == (key.account_id, key.label, len(restarted))
    signature = pair.sign(b"a=1")
    assert key.verify(b"a=1", signature)
    assert not key.verify(b"a=2", signature)
    for other_kind, other in PAIRS.items():
        assert (other_kind == kind) == key.verify(b"a=1", other.sign(b"a=1"))


WRONG: dict[str, Callable[[str], str]] = {
    "nothing": lambda right: "",
    "the case of a letter": lambda right: right.swapcase(),
    "without padding": lambda right: right.rstrip("="),
    "with more padding": lambda right: right + "=",
    "a plus sign as a space": lambda right: right[:5] + " " + right[5:],
    "a new line at the end": lambda right: right + "\n",
    "half of it": lambda right: right[: len(right) // 8 * 4],
    "twice": lambda right: right.rstrip("=") + right,
    "in hex": lambda right: right.encode().hex(),
    "of other letters": lambda right: "é" + right[1:],
    "half a letter": lambda right: "\ud800" + right[1:],
}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=list(PAIRS))
@pytest.mark.parametrize("wrong", WRONG)
def test_a_signature_of_a_public_half_is_base64_to_the_letter(pair: Pair, wrong: str) -> None:
    ring = KeyRing(MasterKey("master"))
    ring.add(ring.issue(1, 0, api_key="a", public_key=read_public_key(pair.public)).row)
    key = ring.get("a")
    assert key is not None
    assert not key.verify(b"a=1", WRONG[wrong](pair.sign(b"a=1")))


@pytest.mark.parametrize("pair", PAIRS.values(), ids=list(PAIRS))
def test_one_bit_off_is_a_wrong_signature(pair: Pair) -> None:
    ring = KeyRing(MasterKey("master"))
    ring.add(ring.issue(1, 0, api_key="a", public_key=read_public_key(pair.public)).row)
    key = ring.get("a")
    assert key is not None
    right, chance = bytearray(pair.raw(b"a=1")), random.Random(3)
    for _ in range(20):
        bit = chance.randrange(len(right) * 8)
        right[bit // 8] ^= 1 << bit % 8
        assert not key.verify(b"a=1", b64encode(right).decode()), bit
        right[bit // 8] ^= 1 << bit % 8
    assert key.verify(b"a=1", b64encode(right).decode())


def test_a_public_key_is_kept_in_one_way_of_writing_it() -> None:
    written = PAIRS["Ed25519"].public
    untidy = "\r\n  " + written.replace("\n", "\r\n") + "\n\n"
    assert [read_public_key(written)] * 2 == [read_public_key(text) for text in (untidy, written.strip())]
    assert (KeyKind.ED25519, written) == (read_public_key(untidy).kind, read_public_key(untidy).pem)


def test_the_sample_keys_of_the_documents_are_read() -> None:
    """faqs/api_key_types.md."""
    ed25519_sample = (
        "-----BEGIN PUBLIC KEY-----\n"
        "MCowBQYDK2VwAyEAgmDRTtj2FA+wzJUIlAL9ly1eovjLBu7uXUFR+jFULmg=\n"
        "-----END PUBLIC KEY-----"
    )
    rsa_sample = """-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAyfKiFXpcOhF5rX1XxePN
akwN7Etwtn3v05cZNY+ftDHbVZHs/kY6Ruj5lhxVFAq5dv7Ba9/4jPijXuMuIc6Y
8nUlqtrrxC8DEOAczw9SKATDYZN9nbLfYlbBFfHzRQUXdAtYCPI6XtxmJBS7aOBb
4nZe1SVm+bhLrp0YQnx2P0s+37qkGeVn09m6w9MnWxjgCkkYFPWQkXIu5qOnwx6p
NfqDmFD7d7dUc/6PZQ1bKFALu/UETsobmBk82ShbrBhlc0JXuhf9qBR7QASjHjFQ
2N+VF2PfH8dm5prZIpz/MFKPkBW4Yuss0OXiD+jQt1J2JUKspLqsIqoXjHQQGjL7
3wIDAQAB
-----END PUBLIC KEY-----"""
    assert [KeyKind.ED25519, KeyKind.RSA] == [read_public_key(text).kind for text in (ed25519_sample, rsa_sample)]


A_PEM_IS_WANTED = "a PEM is wanted, from '-----BEGIN PUBLIC KEY-----' to '-----END PUBLIC KEY-----'"
UNREADABLE = "what the PEM holds cannot be read as a public key"
UNSUPPORTED = "only Ed25519 keys and RSA keys of 2048 or 4096 bits are supported"
PRIVATE = "this is a private key: keep it to yourself, and send its public half"


def in_pem(content: str, label: str = "PUBLIC KEY") -> str:
    return f"-----BEGIN {label}-----\n{content}\n-----END {label}-----\n"


TOO_SMALL = rsa.generate_private_key(65537, 1024)  # noqa: S505 - which is why it is refused

NO_PUBLIC_KEYS = {
    "nothing": ("", A_PEM_IS_WANTED),
    "without its frame": ("MCowBQYDK2VwAyEAgmDRTtj2FA+wzJUIlAL9ly1eovjLBu7uXUFR+jFULmg=", A_PEM_IS_WANTED),
    "of ssh": (in_pem("MCowBQYDK2VwAyEAgmDRTtj2FA", "SSH2 PUBLIC KEY"), A_PEM_IS_WANTED),
    "of other letters": (in_pem("é"), A_PEM_IS_WANTED),
    "two at once": (in_pem("AAAA") * 2, A_PEM_IS_WANTED),
    "with something behind it": (in_pem("AAAA") + "\0", A_PEM_IS_WANTED),
    "RSA as PKCS#1": (pem(rsa.generate_private_key(65537, 2048), PublicFormat.PKCS1), A_PEM_IS_WANTED),
    "of zeros": (in_pem("AAAA"), UNREADABLE),
    "no base64": (in_pem("A"), UNREADABLE),
    "cut off": (in_pem("MCowBQYDK2VwAyEAgmDRTtj2FA+wzJUIlAL9ly1eovjLBu7uXUFR+jFU"), UNREADABLE),
    "RSA, 1024 bits": (pem(TOO_SMALL), UNSUPPORTED),
    "RSA, 2056 bits": (pem(rsa.generate_private_key(65537, 2056)), UNSUPPORTED),
    "ECDSA": (pem(ec.generate_private_key(ec.SECP256R1())), UNSUPPORTED),
    "Ed448": (pem(ed448.Ed448PrivateKey.generate()), UNSUPPORTED),
    "for key exchange": (pem(x25519.X25519PrivateKey.generate()), UNSUPPORTED),
    "private Ed25519": (PAIRS["Ed25519"].private, PRIVATE),
    "private RSA": (PAIRS["RSA, 2048 bits"].private, PRIVATE),
    "private RSA as PKCS#1": (in_pem("AAAA", "RSA PRIVATE KEY"), PRIVATE),
}


@pytest.mark.parametrize(("text", "sentence"), NO_PUBLIC_KEYS.values(), ids=list(NO_PUBLIC_KEYS))
def test_what_is_no_public_key_for_signatures_is_refused_with_the_reason(text: str, sentence: str) -> None:
    with pytest.raises(BadPublicKey) as refused:
        read_public_key(text)
    assert sentence == str(refused.value)
