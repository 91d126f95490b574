"""How this dialect words a refusal: one total table from Reason to one of eleven codes, and a sentence.

    {"error": {"code": "INVALID_PRICE", "message": "price: expected at most 8 decimals.",
               "details": {"field": "price", "expected": "at most 8 decimals"}}}

There are eleven codes and more ways to go wrong. Where a refusal is about one field of the request, its code is
that field's: INVALID_SYMBOL, INVALID_PRICE, an id's ORDER_NOT_FOUND, a credential's INVALID_API_KEY or
INVALID_SIGNATURE, and INVALID_AMOUNT for every other one; `details` says which field, and what is expected there.
INVALID_SYMBOL also stands for what does not exist at all (a path, a method; with the status that HTTP has for it)
and for a market that takes no such order now. INTERNAL_ERROR is never the request's fault: with 503 the exchange
cannot act now, and the sentence says whether it did.
"""

import enum
from collections.abc import Mapping
from typing import Final, NamedTuple

from msgspec import Raw, Struct

from hypersim.api.unified.numbers import exact
from hypersim.errors import Reason, Refused
from hypersim.limits import Limited


class Code(enum.StrEnum):
    """All codes that a client has to know."""

    INVALID_API_KEY = "INVALID_API_KEY"
    INVALID_SIGNATURE = "INVALID_SIGNATURE"
    INVALID_SYMBOL = "INVALID_SYMBOL"
    INVALID_AMOUNT = "INVALID_AMOUNT"
    INVALID_PRICE = "INVALID_PRICE"
    INSUFFICIENT_BALANCE = "INSUFFICIENT_BALANCE"
    ORDER_NOT_FOUND = "ORDER_NOT_FOUND"
    ORDER_ALREADY_FILLED = "ORDER_ALREADY_FILLED"
    ORDER_ALREADY_CANCELED = "ORDER_ALREADY_CANCELED"
    RATE_LIMIT_EXCEEDED = "RATE_LIMIT_EXCEEDED"
    INTERNAL_ERROR = "INTERNAL_ERROR"


STATUSES: Final[Mapping[Code, int]] = {
    Code.INVALID_API_KEY: 401,
    Code.INVALID_SIGNATURE: 401,
    Code.INVALID_SYMBOL: 400,
    Code.INVALID_AMOUNT: 400,
    Code.INVALID_PRICE: 400,
    Code.INSUFFICIENT_BALANCE: 400,
    Code.ORDER_NOT_FOUND: 404,
    Code.ORDER_ALREADY_FILLED: 400,
    Code.ORDER_ALREADY_CANCELED: 400,
    Code.RATE_LIMIT_EXCEEDED: 429,
    Code.INTERNAL_ERROR: 500,
}

API_KEY: Final = "X-API-KEY"
TIMESTAMP: Final = "X-API-TIMESTAMP"
SIGNATURE: Final = "X-API-SIGNATURE"

CODE_OF_FIELD: Final[Mapping[str, Code]] = {
    "symbol": Code.INVALID_SYMBOL,
    "symbols": Code.INVALID_SYMBOL,
    "price": Code.INVALID_PRICE,
    "id": Code.ORDER_NOT_FOUND,
    API_KEY: Code.INVALID_API_KEY,
    TIMESTAMP: Code.INVALID_SIGNATURE,
    SIGNATURE: Code.INVALID_SIGNATURE,
}
"""Of a refusal that names a field; INVALID_AMOUNT for every field that is not here."""


class Wording(NamedTuple):
    """One row."""

    code: Code | None
    """None: that of the field which is the first detail."""
    sentence: str
    """`{name}` stands for a detail."""
    names: tuple[str, ...] = ()
    """Of the refusal's details, in their order."""
    status: int | None = None
    """Where it is not the code's own."""


FIELD: Final = ("field",)
BOUND: Final = ("field", "expected")
ORDER_ID: Final = ("id",)
UNAVAILABLE: Final = 503

WORDINGS: Final[Mapping[Reason, Wording]] = {
    # how the request was written
    Reason.UNKNOWN_PATH: Wording(Code.INVALID_SYMBOL, "There is nothing at this path.", ("path",), 404),
    Reason.METHOD_NOT_ALLOWED: Wording(
        Code.INVALID_SYMBOL, "This path has no such method; the header Allow says which it has.", ("method",), 405
    ),
    Reason.BODY_TOO_LARGE: Wording(Code.INVALID_AMOUNT, "The body is too large.", (), 413),
    Reason.FORBIDDEN_ORIGIN: Wording(Code.INVALID_API_KEY, "Requests from there are not answered.", (), 403),
    Reason.BAD_ENVELOPE: Wording(None, "{field}: expected {expected}.", BOUND),
    Reason.NOT_JSON: Wording(Code.INVALID_AMOUNT, "The body is not JSON."),
    Reason.INVALID_FIELD: Wording(None, "{field}: expected {expected}.", BOUND),
    Reason.ILLEGAL_CHARACTERS: Wording(None, "The request has characters that do not belong there.", BOUND),
    Reason.TOO_MANY_PARAMETERS: Wording(None, "{field} has too many values.", ("field", "most")),
    Reason.DUPLICATE_PARAMETER: Wording(None, "A parameter was sent twice.", FIELD),
    Reason.PARAMETER_MISSING: Wording(None, "{field} is missing.", FIELD),
    Reason.PARAMETERS_BOTH_MISSING: Wording(None, "{field} or {other} is needed.", ("field", "other")),
    Reason.PARAMETERS_UNREAD: Wording(Code.INVALID_AMOUNT, "Some parameters mean nothing here.", ("read", "sent")),
    Reason.PARAMETERS_UNEXPECTED: Wording(Code.INVALID_AMOUNT, "Too many parameters were sent.", ("most", "sent")),
    Reason.PARAMETER_EMPTY: Wording(None, "{field} is empty.", FIELD),
    Reason.PARAMETER_NOT_REQUIRED: Wording(Code.INVALID_AMOUNT, "There is no field {field} here.", BOUND),
    Reason.PARAMETER_OVERFLOW: Wording(None, "{field} is too large a number.", FIELD),
    Reason.PARAMETER_INVALID: Wording(None, "{field} is not valid.", FIELD),
    Reason.TOO_MUCH_PRECISION: Wording(None, "{field} has too many decimals.", FIELD),
    Reason.BAD_COMBINATION: Wording(Code.INVALID_AMOUNT, "These parameters exclude one another."),
    Reason.BAD_INTERVAL: Wording(Code.INVALID_AMOUNT, "There is no such timeframe."),
    Reason.BAD_SYMBOL: Wording(Code.INVALID_SYMBOL, "There is no such market.", ("symbol",)),
    Reason.BAD_SYMBOL_STATUS: Wording(Code.INVALID_SYMBOL, "There is no such market status."),
    Reason.SYMBOL_STATUS_MISMATCH: Wording(Code.INVALID_SYMBOL, "The market has another status."),
    Reason.DUPLICATE_SYMBOLS: Wording(Code.INVALID_SYMBOL, "A symbol was sent twice."),
    Reason.BAD_TICKER_TYPE: Wording(Code.INVALID_SYMBOL, "There is no such kind of ticker."),
    Reason.BAD_TIME_UNIT: Wording(Code.INVALID_AMOUNT, "There is no such unit of time."),
    Reason.BAD_ORDER_TYPE: Wording(Code.INVALID_AMOUNT, "There is no such order type."),
    Reason.BAD_SIDE: Wording(Code.INVALID_AMOUNT, "A side is buy or sell."),
    Reason.BAD_TIME_IN_FORCE: Wording(Code.INVALID_AMOUNT, "There is no such time in force."),
    Reason.BAD_RESPONSE_TYPE: Wording(Code.INVALID_AMOUNT, "There is no such kind of response."),
    Reason.BAD_RECV_WINDOW: Wording(Code.INVALID_SIGNATURE, "The window is too long."),
    Reason.BAD_STRATEGY_TYPE: Wording(Code.INVALID_AMOUNT, "The strategy's type is too small."),
    Reason.BAD_CANCEL_RESTRICTIONS: Wording(Code.ORDER_NOT_FOUND, "There is no such cancel restriction.", (), 400),
    Reason.LOOKUP_TOO_WIDE: Wording(Code.INVALID_AMOUNT, "The span of time is too wide.", ("hours",)),
    # who asks, and when
    Reason.BAD_API_KEY_FORMAT: Wording(Code.INVALID_API_KEY, f"Send your API key in the header {API_KEY}."),
    Reason.BAD_API_KEY: Wording(Code.INVALID_API_KEY, "No account has this API key."),
    Reason.BAD_SIGNATURE: Wording(
        Code.INVALID_SIGNATURE,
        f"{SIGNATURE} is not the HMAC-SHA256, in hex, of {TIMESTAMP} + method + path with query + body.",
    ),
    Reason.TIMESTAMP_TOO_OLD: Wording(
        Code.INVALID_SIGNATURE, f"{TIMESTAMP} is more than 5000 ms old; GET /unified/v1/time says what time it is."
    ),
    Reason.TIMESTAMP_AHEAD: Wording(
        Code.INVALID_SIGNATURE,
        f"{TIMESTAMP} is 1000 ms or more ahead of the exchange's time; GET /unified/v1/time says what time it is.",
    ),
    Reason.TOO_MUCH_WEIGHT: Wording(
        Code.RATE_LIMIT_EXCEEDED, "Too much request weight; the limit is {limit} per {interval}.", ("limit", "interval")
    ),
    Reason.TOO_MANY_CONNECTIONS: Wording(
        Code.RATE_LIMIT_EXCEEDED,
        "Too many connections were opened; the limit is {limit} per {interval}.",
        ("limit", "interval"),
    ),
    Reason.BANNED: Wording(Code.RATE_LIMIT_EXCEEDED, "Banned for going on after too many requests.", ("until",)),
    Reason.TOO_MANY_ORDERS: Wording(
        Code.RATE_LIMIT_EXCEEDED,
        "Too many unfilled orders; the limit is {limit} per {interval}.",
        ("limit", "interval"),
    ),
    Reason.NOT_LOGGED_ON: Wording(Code.INVALID_API_KEY, "Nobody is logged on."),
    Reason.ADMIN_ONLY: Wording(Code.INVALID_API_KEY, "This key may not do that.", (), 403),
    # the exchange itself
    Reason.OVERLOADED: Wording(
        Code.INTERNAL_ERROR, "The exchange is overloaded; nothing was done. Try again.", (), UNAVAILABLE
    ),
    Reason.STATUS_UNKNOWN: Wording(
        Code.INTERNAL_ERROR, "The store failed: whether this was done is not known yet.", (), UNAVAILABLE
    ),
    Reason.SHUTTING_DOWN: Wording(Code.INTERNAL_ERROR, "The exchange is stopping; nothing was done.", (), UNAVAILABLE),
    # what the engine refuses
    Reason.NO_SUCH_ACCOUNT: Wording(Code.INVALID_API_KEY, "The account of this API key does not exist."),
    Reason.NO_SUCH_ASSET: Wording(Code.INVALID_SYMBOL, "There is no such asset."),
    Reason.MARKET_CLOSED: Wording(Code.INVALID_SYMBOL, "The market is closed."),
    Reason.ORDER_TYPE_NOT_SUPPORTED: Wording(Code.INVALID_SYMBOL, "The market has no orders of this type.", ("type",)),
    Reason.STP_MODE_NOT_ALLOWED: Wording(Code.INVALID_SYMBOL, "The market has no such self-trade prevention."),
    Reason.BAD_QUANTITY: Wording(Code.INVALID_AMOUNT, "The amount is not valid."),
    Reason.BAD_PRICE: Wording(Code.INVALID_PRICE, "The price is not valid."),
    Reason.FILTER_PRICE: Wording(Code.INVALID_PRICE, "The price is off the market's grid or out of its bounds.", BOUND),
    Reason.FILTER_PERCENT_PRICE_BY_SIDE: Wording(
        Code.INVALID_PRICE, "The price is too far from the market's average.", BOUND
    ),
    Reason.FILTER_LOT_SIZE: Wording(
        Code.INVALID_AMOUNT, "The amount is off the market's grid or out of its bounds.", BOUND
    ),
    Reason.FILTER_MARKET_LOT_SIZE: Wording(
        Code.INVALID_AMOUNT, "The amount is out of the market's bounds for market orders.", BOUND
    ),
    Reason.FILTER_NOTIONAL: Wording(Code.INVALID_AMOUNT, "Price x amount is out of the market's bounds.", BOUND),
    Reason.FILTER_MAX_NUM_ORDERS: Wording(
        Code.INVALID_SYMBOL, "The account has as many open orders as the market allows.", BOUND
    ),
    Reason.DUPLICATE_ORDER: Wording(Code.INVALID_AMOUNT, "An open order has this clientOrderId.", BOUND),
    Reason.INSUFFICIENT_BALANCE: Wording(
        Code.INSUFFICIENT_BALANCE, "The balance is too small.", ("asset", "available", "required")
    ),
    Reason.WOULD_MATCH_IMMEDIATELY: Wording(Code.INVALID_PRICE, "The order is postOnly and would trade at once."),
    Reason.LIQUIDITY_BELOW_SYMBOL_MINIMUM: Wording(Code.INVALID_AMOUNT, "The book has nothing on that side."),
    Reason.LIQUIDITY_BELOW_LOT_SIZE: Wording(Code.INVALID_AMOUNT, "The book has less than the smallest amount."),
    Reason.LIQUIDITY_BELOW_MARKET_LOT_SIZE: Wording(
        Code.INVALID_AMOUNT, "The book has less than the smallest amount of a market order."
    ),
    Reason.UNKNOWN_ORDER: Wording(Code.ORDER_NOT_FOUND, "There is no such open order.", ORDER_ID),
    Reason.CANCEL_IDS_MISMATCH: Wording(Code.ORDER_NOT_FOUND, "The two ids name different orders.", ORDER_ID),
    Reason.CANCEL_RESTRICTED: Wording(Code.ORDER_NOT_FOUND, "The order's status forbids this cancel.", ORDER_ID, 400),
    Reason.PARAMETER_TOO_GREAT: Wording(None, "{field} must not be greater than {most}.", ("field", "most")),
    Reason.BAD_PEG_PRICE_TYPE: Wording(Code.INVALID_PRICE, "There is no such peg."),
    Reason.BAD_PEG_OFFSET_TYPE: Wording(Code.INVALID_PRICE, "There is no such offset of a peg."),
    Reason.BAD_OCO_ORDER_TYPE: Wording(Code.INVALID_AMOUNT, "An OCO cannot have an order of this type."),
    Reason.OCO_ICEBERG_NOT_GTC: Wording(None, "{field} needs the time in force GTC.", FIELD),
    Reason.OCO_BOTH_LIMIT: Wording(Code.INVALID_AMOUNT, "An OCO needs a stop order."),
    Reason.BUY_OCO_LIMIT_ABOVE: Wording(Code.INVALID_AMOUNT, "The limit order of an OCO to buy must be below."),
    Reason.SELL_OCO_LIMIT_BELOW: Wording(Code.INVALID_AMOUNT, "The limit order of an OCO to sell must be above."),
    Reason.BUY_OCO_STOP_LOSS_BELOW: Wording(Code.INVALID_AMOUNT, "The stop loss of an OCO to buy must be above."),
    Reason.SELL_OCO_STOP_LOSS_ABOVE: Wording(Code.INVALID_AMOUNT, "The stop loss of an OCO to sell must be below."),
    Reason.BUY_OCO_TAKE_PROFIT_ABOVE: Wording(Code.INVALID_AMOUNT, "The take profit of an OCO to buy must be below."),
    Reason.SELL_OCO_TAKE_PROFIT_BELOW: Wording(Code.INVALID_AMOUNT, "The take profit of an OCO to sell must be above."),
    Reason.OPO_WORKING_NOT_BUY: Wording(Code.INVALID_AMOUNT, "The working order must buy."),
    Reason.OPO_PENDING_NOT_SELL: Wording(Code.INVALID_AMOUNT, "What is pending must sell."),
    Reason.FILTER_ICEBERG_PARTS: Wording(Code.INVALID_AMOUNT, "An iceberg may not have that many parts here."),
    Reason.ICEBERG_TOO_LARGE: Wording(Code.INVALID_AMOUNT, "An iceberg cannot show more than it has."),
    Reason.FILTER_TRAILING_DELTA: Wording(Code.INVALID_PRICE, "The trailing delta is out of bounds."),
    Reason.FILTER_MAX_NUM_ALGO_ORDERS: Wording(Code.INVALID_AMOUNT, "The account has too many stop orders here."),
    Reason.FILTER_MAX_NUM_ICEBERG_ORDERS: Wording(Code.INVALID_AMOUNT, "The account has too many icebergs here."),
    Reason.FILTER_MAX_NUM_ORDER_LISTS: Wording(Code.INVALID_AMOUNT, "The account has too many open order lists here."),
    Reason.FILTER_PERCENT_PRICE: Wording(Code.INVALID_PRICE, "The price is too far from the market's."),
    Reason.FILTER_MIN_NOTIONAL: Wording(Code.INVALID_AMOUNT, "The order is worth too little."),
    Reason.FILTER_EXCHANGE_MAX_NUM_ORDERS: Wording(Code.INVALID_AMOUNT, "The account has too many open orders."),
    Reason.FILTER_EXCHANGE_MAX_NUM_ALGO_ORDERS: Wording(Code.INVALID_AMOUNT, "The account has too many stop orders."),
    Reason.FILTER_EXCHANGE_MAX_NUM_ICEBERG_ORDERS: Wording(Code.INVALID_AMOUNT, "The account has too many icebergs."),
    Reason.FILTER_EXCHANGE_MAX_NUM_ORDER_LISTS: Wording(
        Code.INVALID_AMOUNT, "The account has too many open order lists."
    ),
    Reason.FILTER_MAX_ASSET: Wording(Code.INVALID_AMOUNT, "The order is about too much of an asset."),
    Reason.FILTER_MAX_POSITION: Wording(Code.INVALID_AMOUNT, "The account would have too much of this asset."),
    Reason.FILTER_MAX_NUM_ORDER_AMENDS: Wording(Code.INVALID_AMOUNT, "The order was amended too often."),
    Reason.QUOTE_QUANTITY_NOT_SUPPORTED: Wording(Code.INVALID_SYMBOL, "Orders by quote quantity are not traded here."),
    Reason.REPLACE_NOT_SUPPORTED: Wording(Code.INVALID_SYMBOL, "Orders cannot be replaced here."),
    Reason.AMEND_NOT_SUPPORTED: Wording(Code.INVALID_SYMBOL, "Orders cannot be amended here."),
    Reason.AMENDED_ORDER_UNKNOWN: Wording(Code.ORDER_NOT_FOUND, "There is no such open order."),
    Reason.AMEND_INCREASES: Wording(Code.INVALID_AMOUNT, "An amendment can only lower the quantity."),
    Reason.AMEND_CHANGES_NOTHING: Wording(Code.INVALID_AMOUNT, "The order has that quantity already."),
    Reason.AMEND_OF_PAID_ORDER: Wording(Code.INVALID_AMOUNT, "The order has no quantity yet."),
    Reason.PEG_NOT_FOR_TYPE: Wording(Code.INVALID_PRICE, "This order type cannot be pegged."),
    Reason.PEG_UNSUITABLE: Wording(Code.INVALID_PRICE, "This order type cannot be pegged to that side of the book."),
    Reason.SMART_ROUTING_NOT_SUPPORTED: Wording(Code.INVALID_SYMBOL, "There is no smart order routing here."),
    Reason.LIST_PRICES_WRONG: Wording(
        Code.INVALID_PRICE, "The prices of the orders do not lie around the last price as they must."
    ),
    Reason.WOULD_TRIGGER_IMMEDIATELY: Wording(Code.INVALID_PRICE, "The order would be triggered at once."),
    Reason.PEG_WITHOUT_LIQUIDITY: Wording(Code.INVALID_PRICE, "The book has no such price level."),
    Reason.REPLACE_FAILED: Wording(Code.ORDER_NOT_FOUND, "Nothing was cancelled and nothing placed.", (), 400),
    Reason.REPLACE_PARTIALLY_FAILED: Wording(Code.ORDER_NOT_FOUND, "Only one half was done.", (), 409),
    Reason.SUBSCRIPTION_ACTIVE: Wording(Code.INVALID_AMOUNT, "This account is subscribed to already."),
    Reason.SUBSCRIPTION_INACTIVE: Wording(Code.INVALID_AMOUNT, "There is no such subscription."),
    Reason.TOO_MANY_SUBSCRIPTIONS: Wording(
        Code.RATE_LIMIT_EXCEEDED, "At most {most} subscriptions at a time.", ("most",)
    ),
    Reason.MOST_SUBSCRIPTION_IDS: Wording(Code.RATE_LIMIT_EXCEEDED, "This connection has no subscription left."),
    Reason.NO_REFERENCE_PRICE: Wording(Code.INVALID_SYMBOL, "This market has no reference price."),
    Reason.INVALID_LISTEN_KEY: Wording(Code.INVALID_API_KEY, "There is no such listen key."),
    Reason.RETIRED: Wording(Code.INVALID_SYMBOL, "This is no longer there.", (), 410),
    Reason.LOOKUP_TOO_MANY_DAYS: Wording(Code.INVALID_AMOUNT, "The span of time is too wide.", ("days",)),
    Reason.NETWORK_CLOSED: Wording(Code.INVALID_SYMBOL, "The asset does not leave by that network."),
    Reason.BAD_ADDRESS: Wording(Code.INVALID_AMOUNT, "The network has no such address."),
    Reason.BAD_ADDRESS_TAG: Wording(Code.INVALID_AMOUNT, "The address cannot have this tag."),
    Reason.WITHDRAWAL_TOO_SMALL: Wording(Code.INVALID_AMOUNT, "At least {least} must leave.", ("least",)),
    Reason.DUPLICATE_WITHDRAWAL: Wording(
        Code.INVALID_AMOUNT, "The account has made a withdrawal with this id already.", (), 409
    ),
    Reason.NOT_ENOUGH_TO_WITHDRAW: Wording(
        Code.INSUFFICIENT_BALANCE, "The balance is too small.", ("asset", "available", "required")
    ),
    Reason.WITHDRAWAL_NOT_FOUND: Wording(Code.ORDER_NOT_FOUND, "No withdrawal with this id is on its way."),
    Reason.NO_MARGIN_ACCOUNT: Wording(Code.INVALID_SYMBOL, "There are no margin accounts.", (), 404),
    Reason.NO_FUTURES_ACCOUNT: Wording(Code.INVALID_SYMBOL, "There are no futures accounts.", (), 404),
    Reason.NO_SUCH_WALLET: Wording(Code.INVALID_SYMBOL, "An account has one wallet.", (), 404),
    Reason.DUST_NOT_CONVERTED: Wording(Code.INVALID_AMOUNT, "Small amounts are not converted."),
    Reason.ORDER_LIST_NOT_FOUND: Wording(Code.ORDER_NOT_FOUND, "There is no such order list."),
    Reason.ORDER_NOT_FOUND: Wording(Code.ORDER_NOT_FOUND, "There is no such order.", ORDER_ID),
    Reason.ORDER_ALREADY_FILLED: Wording(Code.ORDER_ALREADY_FILLED, "The order was filled already.", ORDER_ID),
    Reason.ORDER_ALREADY_CANCELED: Wording(
        Code.ORDER_ALREADY_CANCELED, "The order was canceled or expired already.", ORDER_ID
    ),
    Reason.ORDER_IDS_MISMATCH: Wording(Code.ORDER_NOT_FOUND, "The two ids name different orders.", ORDER_ID),
    Reason.DUPLICATE_ACCOUNT: Wording(Code.INVALID_API_KEY, "An account has this id already.", (), 400),
    Reason.DUPLICATE_API_KEY: Wording(Code.INVALID_API_KEY, "An account has this API key already.", (), 400),
    Reason.OUTSIDE_CROSSED: Wording(Code.INVALID_PRICE, "The highest bid must be below the lowest ask."),
    Reason.NO_OUTSIDE_HERE: Wording(Code.INVALID_SYMBOL, "This exchange has no outside market."),
    Reason.FEED_SILENT: Wording(Code.INVALID_SYMBOL, "No prices come from there.", ("why",)),
    Reason.NO_PRICE_PATH: Wording(Code.INVALID_SYMBOL, "No price path bends this market."),
}
"""Every member of Reason has its row; a test proves it."""

AMOUNTS: Final = frozenset({"available", "required"})
"""Details that are decimal texts, and numbers in this dialect."""

Detail = str | int | Raw


class Error(Struct, frozen=True):
    """What is wrong; `details` by their names."""

    code: Code
    message: str
    details: dict[str, Detail]


class Problem(Struct, frozen=True):
    """The body of every error."""

    error: Error


UNEXPECTED: Final = Problem(
    Error(Code.INTERNAL_ERROR, "The exchange failed to answer; its log says why. Whether this was done is unknown.", {})
)
"""With status 500: a fault of the exchange, never of the request."""


def word(refused: Refused) -> tuple[int, Problem]:
    """HTTP status and body for a refusal."""
    wording = WORDINGS[refused.reason]
    details: dict[str, Detail] = {
        name: exact(str(value)) if name in AMOUNTS else value
        for name, value in zip(wording.names, refused.details, strict=False)  # a Reason may come without its details
    }
    code = wording.code or CODE_OF_FIELD.get(str(details.get("field")), Code.INVALID_AMOUNT)
    message = wording.sentence.format(**{name: details.get(name, "?") for name in wording.names})
    if isinstance(refused, Limited):
        details["retryAfter"] = refused.retry_after_s
    return wording.status or STATUSES[code], Problem(Error(code, message, details))
