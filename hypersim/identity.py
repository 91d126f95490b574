"""Who is who: API keys, and their secrets at rest.

A key belongs to one account and proves a request by its signature. Guarantees that a secret leaves this
module only once, when it is made: what is stored is ciphertext under the master key (AES-256-GCM, bound to
its API key), so that a copy of the database alone signs nothing. Keys with a public half (RSA, Ed25519) will
be further kinds of `ApiKey`, with their own `verify`; today there are HMAC keys.
"""

import base64
import binascii
import hmac
import re
import secrets
import string
from collections.abc import Iterable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Struct

from hypersim.ask import KeyRow

ALPHABET: Final = string.ascii_letters + string.digits
GENERATED_LENGTH: Final = 64
"""Of a generated key and of a generated secret, as at Binance."""

BINANCE_KEY: Final = re.compile("[A-Za-z0-9]{64}", re.ASCII)
"""What an API key of Binance looks like; any other text is an 'API-key format invalid.'"""

CHOSEN_KEY: Final = re.compile("[A-Za-z0-9_-]{1,128}", re.ASCII)
"""What a person may choose as an API key or secret of their own."""

NONCE_BYTES: Final = 12


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


class ApiKey:
    """A key with a shared secret: requests are signed by HMAC-SHA-256, in hex of either case."""

    __slots__ = ("_mac", "account_id", "api_key", "label")

    def __init__(self, api_key: str, account_id: int, label: str, secret: bytes) -> None:
        self.api_key = api_key
        self.account_id = account_id
        self.label = label
        # Begun once and copied for every request: half the time of a new one, and unlike `hmac.digest` it
        # does not hand the interpreter over, which costs more than the digest while a commit is under way.
        self._mac = hmac.new(secret, digestmod="sha256")

    def verify(self, payload: bytes, signature: str) -> bool:
        """Whether `signature` is this key's over `payload`; takes the same time for every wrong one."""
        mac = self._mac.copy()
        mac.update(payload)
        return signature.isascii() and hmac.compare_digest(mac.hexdigest(), signature.lower())


class Credentials(Struct, frozen=True):
    """A new key with its secret in clear, for the one answer that shows it, and the row that is stored."""

    secret: str
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
        """Adds what the store has. Raises WrongMasterKey at the first secret that cannot be read."""
        for row in rows:
            self.add(row)

    def add(self, row: KeyRow) -> None:
        """Makes a stored key usable. Raises WrongMasterKey."""
        secret = self._master.decrypt(row.secret_encrypted, row.api_key)
        self._keys[row.api_key] = ApiKey(row.api_key, row.account_id, row.label, secret.encode())

    def issue(
        self,
        account_id: int,
        created_us: int,
        *,
        label: str = "",
        api_key: str | None = None,
        secret: str | None = None,
    ) -> Credentials:
        """A new key, generated or as chosen; usable once its row is stored and added."""
        api_key = api_key or generate()
        secret = secret or generate()
        row = KeyRow(
            api_key=api_key,
            secret_encrypted=self._master.encrypt(secret, api_key),
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
