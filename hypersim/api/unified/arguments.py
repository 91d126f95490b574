"""What a caller may send: one struct per operation, read strictly from a query string or a JSON body.

Unknown fields are refused, and so is what does not fit; either way the refusal names the field and says what is
expected there, in the words that the reference has for it. Prices and amounts stay raw text until they are read
(`numbers`), so that no float ever holds them.
"""

import re
from typing import Annotated, Any, Final, Literal, TypeVar
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta, Raw, Struct, field, inspect

from hypersim.errors import Reason, Refused
from hypersim.views.intervals import Interval

A = TypeVar("A", bound=Struct)

LAST_MS: Final = 2**53 - 1
MOST_ROWS: Final = 1000
MOST_LEVELS: Final = 5000
NOT_SENT: Final = Raw()
NULL: Final = Raw(b"null")

Symbol = Annotated[str, Meta(description="a market's symbol, such as BTC/USDT, BTC_USDT or BTCUSDT")]
Since = Annotated[
    Annotated[int, Meta(ge=0, le=LAST_MS)] | None, Meta(description="the first time, in milliseconds UTC")
]
Until = Annotated[Annotated[int, Meta(ge=0, le=LAST_MS)] | None, Meta(description="the last time, in milliseconds UTC")]
Limit = Annotated[
    Annotated[int, Meta(ge=1, le=MOST_ROWS)],
    Meta(description=f"a number of rows, 1 to {MOST_ROWS}: the oldest from `since` on, without it the newest"),
]
Levels = Annotated[
    Annotated[int, Meta(ge=1, le=MOST_LEVELS)], Meta(description=f"a number of levels a side, 1 to {MOST_LEVELS}")
]


class Arguments(Struct, forbid_unknown_fields=True, rename="camel", frozen=True):
    """The base of all: nothing."""


class OfMarket(Arguments, frozen=True):
    """Of one market, or of all."""

    symbol: Symbol | None = None


class OfMarkets(Arguments, frozen=True):
    """Of several markets, or of all."""

    symbols: Annotated[str | None, Meta(description="symbols with commas in between, such as BTC/USDT,ETH/USDT")] = None


class Depth(Arguments, frozen=True):
    """A part of an order book."""

    limit: Levels = 100


class Tape(Arguments, frozen=True):
    """A part of a market's trades."""

    since: Since = None
    limit: Limit = 500


class Bars(Arguments, frozen=True):
    """A part of a market's candles."""

    timeframe: Annotated[
        Interval, Meta(description=f"what one bar covers, one of {', '.join(each.value for each in Interval)}")
    ] = Interval.M1
    since: Since = None
    until: Until = None
    limit: Limit = 500


class Page(Arguments, frozen=True):
    """A part of an account's history, of one market or of all."""

    symbol: Symbol | None = None
    since: Since = None
    until: Until = None
    limit: Limit = 500


class TradesPage(Page, frozen=True):
    """The same, or the trades of one order."""

    order: Annotated[str | None, Meta(description="an order's id, such as BTCUSDT-17: only its trades")] = None


Amount = Annotated[Raw, Meta(extra_json_schema={"type": ["number", "string", "null"]})]
"""A decimal as it was sent; empty when it was not."""


class NewOrder(Arguments, frozen=True, kw_only=True):
    """The body of POST /order. A limit order has an amount and a price, a market order an amount or a cost."""

    symbol: Symbol
    type: Annotated[Literal["limit", "market"], Meta(description="limit or market")]
    side: Annotated[Literal["buy", "sell"], Meta(description="buy or sell")]
    amount: Annotated[Amount, Meta(description="an amount of the base currency")] = field(default_factory=Raw)
    price: Annotated[Amount, Meta(description="the worst price to trade at; limit orders only")] = field(
        default_factory=Raw
    )
    cost: Annotated[
        Amount, Meta(description="an amount of the quote currency, instead of `amount`; market orders only")
    ] = field(default_factory=Raw)
    client_order_id: Annotated[
        Annotated[str, Meta(pattern=r"\A[a-zA-Z0-9-_]{1,36}\Z")] | None,
        Meta(description="a name of your own, 1 to 36 of A-Z a-z 0-9 - _, unique among your open orders"),
    ] = None
    time_in_force: Annotated[
        Literal["GTC", "IOC", "FOK", "PO"] | None,
        Meta(description="GTC, IOC, FOK, or PO for postOnly; limit orders only"),
    ] = None
    post_only: Annotated[
        bool | None,
        Meta(description="true or false; limit orders: true for one that is refused rather than trade at once"),
    ] = None


UNKNOWN: Final = re.compile("Object contains unknown field `(.*)`", re.DOTALL)
MISSING: Final = re.compile("Object missing required field `(.*)`")
AT: Final = re.compile(r" - at `\$\.([A-Za-z]+)")


def from_query(query: bytes, shape: type[A]) -> A:
    """The arguments in a query string. Raises Refused INVALID_FIELD or PARAMETER_NOT_REQUIRED."""
    try:
        pairs = parse_qsl(query.decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise Refused(Reason.INVALID_FIELD, "query", "UTF-8, percent-encoded") from None
    sent = dict(pairs)
    if len(sent) != len(pairs):
        raise Refused(Reason.INVALID_FIELD, "query", "each parameter once")
    try:
        return msgspec.convert(sent, shape, strict=False)
    except msgspec.ValidationError as error:
        raise _unfit(str(error), shape) from None


def from_body(body: bytes, shape: type[A]) -> A:
    """The arguments in a JSON body. Raises Refused INVALID_FIELD or PARAMETER_NOT_REQUIRED."""
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        raise _unfit(str(error), shape) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(Reason.INVALID_FIELD, "body", f"a JSON object ({error})") from None


def was_sent(token: Raw) -> bool:
    """Whether a field has a value: null is as good as leaving it out."""
    return token not in (NOT_SENT, NULL)


def described(shape: type[Struct]) -> dict[str, str]:
    """What is expected in each field, by its name on the wire."""
    info = inspect.type_info(shape)
    assert isinstance(info, inspect.StructType)
    return {field.encode_name: _description(field.type) for field in info.fields}


def _description(kind: Any) -> str:
    """Of a field's type, or of that of its members which has one."""
    if isinstance(kind, inspect.Metadata):
        text: str = (kind.extra_json_schema or {}).get("description", "")
        return text or _description(kind.type)
    if isinstance(kind, inspect.UnionType):
        return next((text for text in map(_description, kind.types) if text), "")
    return ""


def _unfit(message: str, shape: type[Struct]) -> Refused:
    """The refusal for what msgspec says about a field."""
    expected = described(shape)
    if match := UNKNOWN.search(message):
        known = f"one of {', '.join(expected)}" if expected else "nothing"
        return Refused(Reason.PARAMETER_NOT_REQUIRED, match[1], known)
    if match := MISSING.search(message) or AT.search(message):
        return Refused(Reason.INVALID_FIELD, match[1], expected[match[1]])
    return Refused(Reason.INVALID_FIELD, "body", "a JSON object")
