"""Key pairs of every kind that the exchange takes, made by the library that its clients use."""

from __future__ import annotations

from base64 import b64encode
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from hypersim.ask import KeyKind


class Pair:
    """A private key and what one does with it."""

    def __init__(self, key: RSAPrivateKey | Ed25519PrivateKey) -> None:
        self._key = key
        self.kind: Final = KeyKind.RSA if isinstance(key, RSAPrivateKey) else KeyKind.ED25519
        self.public: Final = pem(key)
        """PEM."""
        self.private: Final = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        """PEM."""

    def raw(self, payload: bytes) -> bytes:
        if isinstance(self._key, RSAPrivateKey):
            return self._key.sign(payload, PKCS1v15(), SHA256())
        return self._key.sign(payload)

    def sign(self, payload: bytes) -> str:
        """In base64."""
        return b64encode(self.raw(payload)).decode()


def pem(
    key: RSAPrivateKey | Ed25519PrivateKey | Ed448PrivateKey | X25519PrivateKey | EllipticCurvePrivateKey,
    written: PublicFormat = PublicFormat.SubjectPublicKeyInfo,
) -> str:
    """The public half."""
    return key.public_key().public_bytes(Encoding.PEM, written).decode()


PAIRS: Final = {
    "RSA, 2048 bits": Pair(generate_private_key(65537, 2048)),
    "RSA, 4096 bits": Pair(generate_private_key(65537, 4096)),
    "Ed25519": Pair(Ed25519PrivateKey.generate()),
}
