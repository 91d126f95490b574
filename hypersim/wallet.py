"""The networks over which assets come and go, all of them simulated: terms, addresses and transaction ids.

Guarantees that what an account is shown is the same each time, being derived from who and what, and that it has the
form of the real thing, so that a client's own checks pass. Nobody can pay to such an address by mistake: on networks
whose addresses have a check, it fails. Codes and patterns are those that Binance gives (capital/config/getall).
"""

import hashlib
import re
from typing import Final

from msgspec import Struct

BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
HEX: Final = "0123456789abcdef"
CONFIRMATION_US: Final = 5_000_000
"""How long a network takes to confirm what leaves: long enough to be seen, short enough to be waited for."""
MULTIPLE: Final = 1
"""Amounts are multiples of it, scale 8."""


class Form(Struct, frozen=True):
    """What a text looks like: a beginning, and so many characters of an alphabet after it."""

    beginning: str
    alphabet: str
    length: int

    def derive(self, *seed: str | int) -> str:
        """The text of this form that belongs to a seed."""
        digest = hashlib.shake_256("\0".join(map(str, seed)).encode()).digest(2 * self.length)
        numbers = (int.from_bytes(digest[at : at + 2]) for at in range(0, len(digest), 2))
        return self.beginning + "".join(self.alphabet[number % len(self.alphabet)] for number in numbers)


class Network(Struct, frozen=True, kw_only=True):
    """One network."""

    code: str
    name: str
    address: Form
    address_pattern: str
    tag: Form | None = None
    """Of an address's second part (memo, destination tag), where the network has one."""
    tag_pattern: str = ""
    transaction: Form
    confirmations: int = 1

    @property
    def explorer(self) -> str:
        """Where a page about an address would be; of a domain that can never be anybody's (RFC 2606)."""
        return f"https://{self.code.lower()}.invalid"

    def address_of(self, account_id: int, asset: str) -> str:
        """Where an account receives an asset."""
        return self.address.derive("address", self.code, account_id, asset)

    def tag_of(self, account_id: int, asset: str) -> str:
        """What is said beside that address; empty where nothing is."""
        return "" if self.tag is None else self.tag.derive("tag", self.code, account_id, asset)

    def transaction_of(self, *name: str | int) -> str:
        """The id of a transaction, by a name that no other has."""
        return self.transaction.derive("transaction", self.code, *name)

    def is_address(self, text: str) -> bool:
        """Whether something can be sent there."""
        return re.fullmatch(self.address_pattern, text) is not None

    def is_tag(self, text: str) -> bool:
        """Whether an address can have this second part; none is always fine."""
        return not text or (self.tag is not None and re.fullmatch(self.tag_pattern, text) is not None)


class Terms(Struct, frozen=True):
    """What it costs to withdraw an asset, and the least that one may; scale 8."""

    fee: int
    minimum: int


BITCOIN: Final = Network(
    code="BTC",
    name="Bitcoin",
    address=Form("bc1q", "023456789acdefghjklmnpqrstuvwxyz", 38),
    address_pattern="^[13][a-km-zA-HJ-NP-Z1-9]{25,34}$|^(bc1)[0-9A-Za-z]{39,59}$",
    transaction=Form("", HEX, 64),
)
BNB_CHAIN: Final = Network(
    code="BSC",
    name="BNB Smart Chain (BEP20)",
    address=Form("0x", HEX + "ABCDEF", 40),
    address_pattern="^(0x)[0-9A-Fa-f]{40}$",
    transaction=Form("0x", HEX, 64),
    confirmations=15,
)
ETHEREUM: Final = Network(
    code="ETH",
    name="Ethereum (ERC20)",
    address=Form("0x", HEX + "ABCDEF", 40),
    address_pattern="^(0x)[0-9A-Fa-f]{40}$",
    transaction=Form("0x", HEX, 64),
    confirmations=6,
)
SOLANA: Final = Network(
    code="SOL",
    name="Solana",
    address=Form("Sim", BASE58, 41),  # more than the 32 bytes of a real one
    address_pattern="^[1-9A-HJ-NP-Za-km-z]{32,44}$",
    transaction=Form("", BASE58, 88),
)
RIPPLE: Final = Network(
    code="XRP",
    name="Ripple",
    address=Form("r", BASE58, 33),
    address_pattern="^r[1-9A-HJ-NP-Za-km-z]{25,34}$",
    tag=Form("1", "0123456789", 8),
    tag_pattern="^((?!0)[0-9]{1,10})$",
    transaction=Form("", HEX.upper(), 64),
)

NATIVE: Final = {"BTC": BITCOIN, "BNB": BNB_CHAIN, "SOL": SOLANA, "XRP": RIPPLE}
"""Assets with a network of their own; every other is a token on Ethereum."""

TERMS: Final = {
    "BTC": Terms(fee=10_000, minimum=20_000),
    "ETH": Terms(fee=40_000, minimum=100_000),
    "BNB": Terms(fee=10_000, minimum=200_000),
    "SOL": Terms(fee=100_000, minimum=1_000_000),
    "XRP": Terms(fee=20_000_000, minimum=200_000_000),
    "USDT": Terms(fee=100_000_000, minimum=1_000_000_000),
}
FREE: Final = Terms(fee=0, minimum=MULTIPLE)
"""Of assets whose worth nobody said: they leave for nothing."""


def network_of(asset: str) -> Network:
    """The one network of an asset."""
    return NATIVE.get(asset, ETHEREUM)


def terms_of(asset: str) -> Terms:
    """What withdrawing an asset costs."""
    return TERMS.get(asset, FREE)
