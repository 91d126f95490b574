"""What the rows of the conformance table are, and the words in which Binance refuses.

A row is one documented behaviour with its source: rest-api.md, errors.md, filters.md, enums.md or faqs/* of Binance's
Spot API documents. 'seen' is a live reply that its users quoted; 'inferred' is what no document says, and why.
"""

from typing import Any, NamedTuple

LIMIT = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.01",
    "price": "49000",
}
STOP = {"symbol": "BTCUSDT", "side": "BUY", "type": "STOP_LOSS", "quantity": "0.01", "stopPrice": "51000"}
STOP_LIMIT = {**STOP, "type": "STOP_LOSS_LIMIT", "timeInForce": "GTC", "price": "51100"}
PROFIT = {**STOP, "type": "TAKE_PROFIT", "stopPrice": "49000"}
PROFIT_LIMIT = {**STOP_LIMIT, "type": "TAKE_PROFIT_LIMIT", "stopPrice": "49000", "price": "49100"}
MAKER = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT_MAKER", "quantity": "0.01", "price": "49000"}
MARKET = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
BTC = {"symbol": "BTCUSDT"}

WORKING = {
    **BTC,
    "workingType": "LIMIT",
    "workingSide": "BUY",
    "workingTimeInForce": "GTC",
    "workingQuantity": "0.01",
    "workingPrice": "49000",
}
OCO = {
    **BTC,
    "side": "SELL",
    "quantity": "0.01",
    "aboveType": "LIMIT_MAKER",
    "abovePrice": "51000",
    "belowType": "STOP_LOSS_LIMIT",
    "belowTimeInForce": "GTC",
    "belowPrice": "48900",
    "belowStopPrice": "49000",
}
OTO = {
    **WORKING,
    "pendingType": "TAKE_PROFIT_LIMIT",
    "pendingSide": "SELL",
    "pendingQuantity": "0.01",
    "pendingTimeInForce": "GTC",
    "pendingPrice": "51000",
    "pendingStopPrice": "50900",
}
OPOCO = {
    **WORKING,
    "pendingSide": "SELL",
    "pendingAboveType": "LIMIT_MAKER",
    "pendingAbovePrice": "51000",
    "pendingBelowType": "STOP_LOSS",
    "pendingBelowStopPrice": "48000",
}
OTOCO = {**OPOCO, "pendingQuantity": "0.01"}
OPO = {
    **WORKING,
    "pendingType": "LIMIT",
    "pendingSide": "SELL",
    "pendingTimeInForce": "GTC",
    "pendingPrice": "51000",
}
OLD_OCO = {
    **BTC,
    "side": "SELL",
    "quantity": "0.01",
    "price": "51000",
    "stopPrice": "49000",
    "stopLimitPrice": "48900",
    "stopLimitTimeInForce": "GTC",
}
OLD_OCO_CALL = "POST /v1/order/oco"
ALL_LISTS = (
    ("POST /v1/orderList/oco", OCO),
    ("POST /v1/orderList/oto", OTO),
    ("POST /v1/orderList/otoco", OTOCO),
    ("POST /v1/orderList/opo", OPO),
    ("POST /v1/orderList/opoco", OPOCO),
    (OLD_OCO_CALL, OLD_OCO),
)

DECIMAL = r"'^([0-9]{1,20})(\.[0-9]{1,20})?$'"
DIGITS = "'^[0-9]{1,20}$'"
CLIENT_ID = "'^[a-zA-Z0-9-_]{1,36}$'"
SYMBOL = r"'^[\w\-._&&[^a-z]]{1,50}$'"


class Row(NamedTuple):
    """One documented refusal."""

    source: str
    call: str
    arguments: dict[str, Any]
    code: int
    sentence: str
    status: int = 400


def but(arguments: dict[str, str], *gone: str, **changes: str) -> dict[str, str]:
    """Arguments with some changed and some gone."""
    return {name: value for name, value in {**arguments, **changes}.items() if name not in gone}


def missing(name: str) -> tuple[int, str]:
    return -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."


def illegal(name: str, legal: str) -> tuple[int, str]:
    return -1100, f"Illegal characters found in parameter '{name}'; legal range is {legal}."


def not_required(name: str) -> tuple[int, str]:
    return -1106, f"Parameter '{name}' sent when not required."


def empty(name: str) -> tuple[int, str]:
    return -1105, f"Parameter '{name}' was empty."


def precise(name: str) -> tuple[int, str]:
    return -1111, f"Parameter '{name}' has too much precision."


def invalid(name: str) -> tuple[int, str]:
    return -1130, f"Data sent for parameter '{name}' is not valid."


def overflow(name: str) -> tuple[int, str]:
    return -1108, f"Parameter '{name}' overflowed."


def filtered(name: str) -> tuple[int, str]:
    return -1013, f"Filter failure: {name}"


def both_missing(first: str, second: str) -> tuple[int, str]:
    return -1102, f"Param '{first}' or '{second}' must be sent, but both were empty/null!"


def together(first: str, second: str) -> tuple[int, str]:
    """errors.md speaks of fields, as FIX does; REST calls them parameters (CHANGELOG 2019-11-13)."""
    return (
        -1128,
        f"Combination of optional parameters invalid. Recommendation: '{first}' and '{second}' must both be sent.",
    )


def unsupported(label: str) -> tuple[int, str]:
    """What a symbol does not allow. errors.md has the sentence, a live server was seen to send it with -1013."""
    return -1013, f"{label} orders are not supported for this symbol."


def rejected(sentence: str) -> tuple[int, str]:
    return -2010, sentence


UNREAD = "Not all sent parameters were read; read '{}' parameter(s) but was sent '{}'."
TOO_MANY = "Too many parameters; expected '{}' and received '{}'."
NO_SYMBOL = (-1121, "Invalid symbol.")
UNKNOWN_ORDER = (-2011, "Unknown order sent.")
POOR = (-2010, "Account has insufficient balance for requested action.")
DUPLICATE = (-2010, "Duplicate order sent.")
BAD_PRICES = (-2010, "The relationship of the prices for the orders is not correct.")
CLOSED = (-1013, "Market is closed.")
ENGINE = "errors.md, messages of the matching engine"
BAD_COMBINATION = (-1128, "Combination of optional parameters invalid.")
BY_TYPE = "rest-api.md, Additional mandatory parameters based on type"
ORDER = "POST /v1/order"
