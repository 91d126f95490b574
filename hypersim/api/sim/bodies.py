"""What the simulation API accepts: JSON bodies into integers, each field refused by its own name.

Numbers may be JSON numbers or texts; either way their digits are read as they were written, never as floats.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct, field

from hypersim import units
from hypersim.engine.commands import Print
from hypersim.engine.market import ASSET_NAME
from hypersim.engine.orders import Side
from hypersim.errors import Reason, Refused
from hypersim.identity import CHOSEN_KEY, BadPublicKey, PublicKey, read_public_key
from hypersim.settings import check_sources

LARGEST: Final = 2**63 - 1
"""Of a price or quantity of scale 8, as on the wire of Binance: 92233720368.54775807."""

Chosen = Annotated[str, Meta(pattern=rf"\A{CHOSEN_KEY.pattern}\Z")]
Asset = Annotated[str, Meta(pattern=rf"\A{ASSET_NAME}\Z")]
Level = tuple[Raw, Raw]
NOT_SENT: Final = Raw()

B = TypeVar("B", bound=Struct)


class Fees(Struct, forbid_unknown_fields=True):
    """Fee rates: "0.001" is 10 bps."""

    maker: Raw
    taker: Raw


class KeyBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """POST /keys: a key with a secret, generated or chosen, or of a public half as PEM."""

    label: Annotated[str, Meta(max_length=100, pattern=r"\A[^\x00]*\Z")] = ""  # PostgreSQL's texts have no NUL
    api_key: Chosen | None = None
    secret_key: Chosen | None = None
    public_key: Annotated[str, Meta(max_length=5000)] | None = None


class OpenAccountBody(KeyBody, forbid_unknown_fields=True, rename="camel"):
    """POST /accounts: the account, and its first key."""

    balances: dict[Asset, Raw] = field(default_factory=dict)
    fees: Fees | None = None


class FaucetBody(Struct, forbid_unknown_fields=True):
    """POST /faucet."""

    asset: Asset
    amount: Raw


class WithdrawalBody(Struct, forbid_unknown_fields=True):
    """POST /withdrawal/{id}: how it ends."""

    status: Literal["completed", "cancelled", "failed"]


class PrintBody(Struct, forbid_unknown_fields=True):
    """An outside trade; `side` is the side of who took."""

    side: Literal["BUY", "SELL", "buy", "sell"]
    price: Raw
    quantity: Raw


class MarketBody(Struct, forbid_unknown_fields=True):
    """POST /market/{symbol}: a price, or a ladder, or a trade, or a trade and the ladder that it led to; or a
    path for the feed's prices.
    """

    price: Raw = NOT_SENT
    path: Annotated[str, Meta(max_length=5000)] | None = None
    bids: Annotated[list[Level], Meta(max_length=5000)] | None = None
    asks: Annotated[list[Level], Meta(max_length=5000)] | None = None
    print: PrintBody | None = None


class FeedBody(Struct, forbid_unknown_fields=True):
    """POST /feed: as HYPERSIM_FEED, or as a list; it is only said what would happen until it is confirmed."""

    feed: str | list[str]
    confirm: bool = False


class ResetBody(Struct, forbid_unknown_fields=True):
    """POST /reset."""

    balances: dict[Asset, Raw] | None = None


def feed_names(body: FeedBody) -> tuple[str, ...]:
    """The feeds that are wanted, the preferred one first. Raises Refused INVALID_FIELD."""
    names = body.feed.split(",") if isinstance(body.feed, str) else body.feed
    try:
        return check_sources([name.strip().lower() for name in names])
    except ValueError as error:
        raise Refused(Reason.INVALID_FIELD, "feed", str(error)) from None


def read(body: bytes, shape: type[B]) -> B:
    """The body as that struct. Raises Refused INVALID_FIELD, naming the field."""
    try:
        return msgspec.json.decode(body or b"{}", type=shape)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at ")
        raise Refused(Reason.INVALID_FIELD, path.replace("`", "").removeprefix("$.") or "body", message) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(Reason.INVALID_FIELD, "body", f"not JSON: {error}") from None


def public_key(body: KeyBody) -> PublicKey | None:
    """The public half of the key that is wanted; None for a key with a secret. Raises Refused INVALID_FIELD."""
    if body.public_key is None:
        return None
    if body.secret_key is not None:
        raise Refused(Reason.INVALID_FIELD, "publicKey", "comes without secretKey: its private half signs")
    try:
        return read_public_key(body.public_key)
    except BadPublicKey as error:
        raise Refused(Reason.INVALID_FIELD, "publicKey", str(error)) from None


def number(name: str, token: Raw, *, zero: bool = False, most: int = LARGEST) -> int:
    """Scale-8 integer of a JSON number or text. Raises Refused INVALID_FIELD."""
    text = bytes(token).decode("utf-8", "replace")
    if text.startswith('"'):
        text = str(msgspec.json.decode(text))
    try:
        value = units.parse(text)
    except ValueError:
        plain = re.fullmatch(r"[0-9]{1,20}\.[0-9]{9,20}", text, re.ASCII) is not None
        wanted = "at most 8 decimals" if plain else "a plain decimal is wanted, such as 0.5"
        raise Refused(Reason.INVALID_FIELD, name, wanted) from None
    if value > most:
        raise Refused(Reason.INVALID_FIELD, name, f"at most {units.show(most)}")
    if value == 0 and not zero:
        raise Refused(Reason.INVALID_FIELD, name, "must be above 0")
    return value


def amounts(balances: Mapping[str, Raw]) -> tuple[tuple[str, int], ...]:
    """(asset, amount of scale 16) of each balance that is not zero."""
    read = [(asset, number(f"balances.{asset}", token, zero=True)) for asset, token in balances.items()]
    return tuple((asset, units.to_amount(value)) for asset, value in read if value)


def rate(name: str, token: Raw) -> int:
    """A fee rate of scale 8, at most 1."""
    return number(name, token, zero=True, most=units.ONE)


def levels(name: str, rows: list[Level]) -> tuple[tuple[int, int], ...]:
    """(price, quantity) of each level."""
    return tuple(
        (number(f"{name}[{at}][0]", price), number(f"{name}[{at}][1]", quantity, zero=True))
        for at, (price, quantity) in enumerate(rows)
    )


def require_alone(body: MarketBody, name: Literal["price", "path"]) -> None:
    """Raises Refused INVALID_FIELD where that field is sent beside others."""
    sent = {field for field in body.__struct_fields__ if getattr(body, field) not in (None, NOT_SENT)}
    if sent - {name}:
        raise Refused(Reason.INVALID_FIELD, name, "comes alone")


def trade(body: PrintBody) -> Print:
    """The outside trade."""
    price = number("print.price", body.price)
    return Print(price, number("print.quantity", body.quantity), Side(body.side.upper()))
