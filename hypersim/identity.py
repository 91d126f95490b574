"""Who is who: API keys, and their secrets at rest.

A key belongs to one account and proves a request by its signature. HMAC keys share a secret with their owner;
of RSA and Ed25519 keys only the public half is here. Guarantees that a secret leaves this module only once,
when it is made: what is stored is ciphertext under the master key (AES-256-GCM, bound to its API key), so that
a copy of the database alone signs nothing.

Sources: rest-api.md, 'SIGNED Endpoint security'; faqs/api_key_types.md.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import string
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Final

from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from msgspec import Struct

from hypersim.ask import KeyKind, KeyRow

ALPHABET: Final = string.ascii_letters + string.digits
GENERATED_LENGTH: Final = 64
"""Of a generated key and of a generated secret, as at Binance."""

BINANCE_KEY: Final = re.compile("[A-Za-z0-9]{64}", re.ASCII)
"""What an API key of Binance looks like; any other text is an 'API-key format invalid.'"""

CHOSEN_KEY: Final = re.compile("[A-Za-z0-9_-]{1,128}", re.ASCII)
"""What a person may choose as an API key or secret of their own."""

NONCE_BYTES: Final = 12
SHA256_BLOCK_BYTES: Final = 64

PUBLIC_PEM: Final = re.compile(r"-----BEGIN PUBLIC KEY-----\s[A-Za-z0-9+/=\s]+\s-----END PUBLIC KEY-----", re.ASCII)
RSA_BITS: Final = (2048, 4096)


class WrongMasterKey(Exception):
    """A stored secret cannot be read: it was encrypted under another master key, or altered."""


class MasterKey:
    """Encrypts secrets for the store. Made from a text of high entropy, such as `generate()` gives."""

    def __init__(self, text: str) -> None:
        derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"hypersim api secrets")
        self._cipher = AESGCM(derive.derive(text.encode()))

    def encrypt(self, secret: str, api_key: str) -> str:
        """The secret as ciphertext that only this master key and this API key open again."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, secret.encode(), api_key.encode())).decode()

    def decrypt(self, encrypted: str, api_key: str) -> str:
        """The secret. Raises WrongMasterKey."""
        try:
            sealed = base64.b64decode(encrypted, validate=True)
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], api_key.encode()).decode()
        except (InvalidTag, binascii.Error, ValueError):
            raise WrongMasterKey(f"the secret of API key {api_key} cannot be read") from None


class PublicKey(Struct, frozen=True):
    """The public half of a pair whose private half its owner keeps."""

    kind: KeyKind
    pem: str
    """SubjectPublicKeyInfo, in one way of writing it."""


class BadPublicKey(ValueError):
    """A text that is no public key for signatures; the message is one line for the person who sent it."""


def read_public_key(text: str) -> PublicKey:
    """The public key that a PEM holds: RSA of 2048 or 4096 bits, or Ed25519. Raises BadPublicKey."""
    if "PRIVATE KEY-----" in text:
        raise BadPublicKey("this is a private key: keep it to yourself, and send its public half")
    if PUBLIC_PEM.fullmatch(text.strip()) is None:
        raise BadPublicKey("a PEM is wanted, from '-----BEGIN PUBLIC KEY-----' to '-----END PUBLIC KEY-----'")
    key = _load(text)
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return PublicKey(KeyKind.RSA if isinstance(key, RSAPublicKey) else KeyKind.ED25519, pem)


def _load(pem: str) -> RSAPublicKey | Ed25519PublicKey:
    try:
        key = load_pem_public_key(pem.strip().encode())
    except (ValueError, UnsupportedAlgorithm):
        raise BadPublicKey("what the PEM holds cannot be read as a public key") from None
    if isinstance(key, Ed25519PublicKey) or (isinstance(key, RSAPublicKey) and key.key_size in RSA_BITS):
        return key
    raise BadPublicKey("only Ed25519 keys and RSA keys of 2048 or 4096 bits are supported")


class ApiKey(ABC):
    """A key of an account; each kind verifies signatures in its own way."""

    __slots__ = ("account_id", "api_key", "label")

    def __init__(self, api_key: str, account_id: int, label: str) -> None:
        self.api_key = api_key
        self.account_id = account_id
        self.label = label

    @abstractmethod
    def verify(self, payload: bytes, signature: str) -> bool:
        """Whether `signature`, percent-decoded, is this key's over `payload`. Any text may be asked about."""


class HmacKey(ApiKey):
    """A key with a shared secret: requests are signed by HMAC-SHA-256 (RFC 2104), in hex of either case."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, api_key: str, account_id: int, label: str, secret: bytes) -> None:
        super().__init__(api_key, account_id, label)
        # Both hashes are begun once and copied for every request: half the time of a new `hmac`, three quarters of a
        # copied one (benchmarks/orders.py). And unlike `hmac.digest` they do not hand the interpreter over, which
        # costs more than the digest while a commit is under way.
        key = secret if len(secret) <= SHA256_BLOCK_BYTES else hashlib.sha256(secret).digest()
        key = key.ljust(SHA256_BLOCK_BYTES, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key))

    def verify(self, payload: bytes, signature: str) -> bool:
        """The same; takes the same time for every wrong one."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(payload)
        outer.update(inner.digest())
        return signature.isascii() and hmac.compare_digest(outer.hexdigest(), signature.lower())


class PublicHalfKey(ApiKey):
    """A key whose owner signs with a private half that is not here: in base64, where the case counts."""

    __slots__ = ()

    def verify(self, payload: bytes, signature: str) -> bool:
        try:
            self._check(base64.b64decode(signature, validate=True), payload)
        except (InvalidSignature, ValueError):  # ValueError: no base64
            return False
        return True

    @abstractmethod
    def _check(self, signature: bytes, payload: bytes) -> None:
        """Raises InvalidSignature."""


class RsaKey(PublicHalfKey):
    """Requests are signed by RSASSA-PKCS1-v1_5 with SHA-256."""

    __slots__ = ("_public",)

    def __init__(self, api_key: str, account_id: int, label: str, public: RSAPublicKey) -> None:
        super().__init__(api_key, account_id, label)
        self._public = public

    def _check(self, signature: bytes, payload: bytes) -> None:
        self._public.verify(signature, payload, PKCS1v15(), SHA256())


class Ed25519Key(PublicHalfKey):
    """Requests are signed by Ed25519, over the payload itself."""

    __slots__ = ("_public",)

    def __init__(self, api_key: str, account_id: int, label: str, public: Ed25519PublicKey) -> None:
        super().__init__(api_key, account_id, label)
        self._public = public

    def _check(self, signature: bytes, payload: bytes) -> None:
        self._public.verify(signature, payload)


class Credentials(Struct, frozen=True):
    """A new key with its secret in clear, for the one answer that shows it, and the row that is stored."""

    secret: str | None
    """None for a key with a public half: who signs with it has the other half."""
    row: KeyRow


def generate() -> str:
    """A key or secret that nobody can guess: 64 letters and digits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(GENERATED_LENGTH))


class KeyRing:
    """Every API key in memory, by its text."""

    def __init__(self, master: MasterKey) -> None:
        self._master = master
        self._keys: dict[str, ApiKey] = {}

    def load(self, rows: Iterable[KeyRow]) -> None:
        """Adds what the store has. Raises WrongMasterKey or BadPublicKey at the first key that cannot be read."""
        for row in rows:
            self.add(row)

    def add(self, row: KeyRow) -> None:
        """Makes a stored key usable. Raises WrongMasterKey or BadPublicKey."""
        self._keys[row.api_key] = self._usable(row)

    def _usable(self, row: KeyRow) -> ApiKey:
        whose = row.api_key, row.account_id, row.label
        if row.public_key is None:
            assert row.secret_encrypted is not None
            return HmacKey(*whose, self._master.decrypt(row.secret_encrypted, row.api_key).encode())
        public = _load(row.public_key)
        return RsaKey(*whose, public) if isinstance(public, RSAPublicKey) else Ed25519Key(*whose, public)

    def issue(
        self,
        account_id: int,
        created_us: int,
        *,
        label: str = "",
        api_key: str | None = None,
        secret: str | None = None,
        public_key: PublicKey | None = None,
    ) -> Credentials:
        """A new key, generated or as chosen; usable once its row is stored and added.

        It has the public half that is given, otherwise a secret.
        """
        api_key = api_key or generate()
        if public_key is None:
            secret = secret or generate()
            kind, sealed, pem = KeyKind.HMAC, self._master.encrypt(secret, api_key), None
        else:
            assert secret is None
            kind, sealed, pem = public_key.kind, None, public_key.pem
        row = KeyRow(
            api_key=api_key,
            kind=kind,
            secret_encrypted=sealed,
            public_key=pem,
            account_id=account_id,
            label=label,
            created_us=created_us,
        )
        return Credentials(secret, row)

    def get(self, api_key: str) -> ApiKey | None:
        return self._keys.get(api_key)

    def __contains__(self, api_key: str) -> bool:
        return api_key in self._keys

    def __len__(self) -> int:
        return len(self._keys)
