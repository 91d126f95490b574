"""The conformance table: a row per documented refusal, through the whole API. Refusals change nothing.

Alice has 10000 USDT, 1 BTC, an open order 1 ('open', BUY 0.01 at 49000) and a filled order 2 ('done').
ETHUSDT is halted. Sources: rest-api.md, errors.md, filters.md of Binance's Spot API documents; 'seen' is a
live reply that its users quoted.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple

import msgspec
import pytest
import pytest_asyncio

from hypersim.engine.commands import PutMarket
from hypersim.engine.market import MarketStatus
from tests.api.client import encoded
from tests.api.lab import Lab, open_lab

LIMIT = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.01",
    "price": "49000",
}
MAKER = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT_MAKER", "quantity": "0.01", "price": "49000"}
MARKET = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
BTC = {"symbol": "BTCUSDT"}

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


UNREAD = "Not all sent parameters were read; read '{}' parameter(s) but was sent '{}'."
TOO_MANY = "Too many parameters; expected '{}' and received '{}'."
NO_SYMBOL = (-1121, "Invalid symbol.")
UNKNOWN_ORDER = (-2011, "Unknown order sent.")
POOR = (-2010, "Account has insufficient balance for requested action.")
BAD_COMBINATION = (-1128, "Combination of optional parameters invalid.")
BY_TYPE = "rest-api.md, Additional mandatory parameters based on type"
ORDER = "POST /v1/order"


def shape_rows() -> Iterator[Row]:
    """POST /order: what a type needs and refuses."""
    for name in ("symbol", "side", "type"):
        yield Row("rest-api.md, New order", ORDER, but(LIMIT, name), *missing(name))
        yield Row("errors.md, -1105", ORDER, but(LIMIT, **{name: ""}), *empty(name))
    for name in ("timeInForce", "quantity", "price"):
        yield Row(BY_TYPE, ORDER, but(LIMIT, name), *missing(name))
        yield Row("seen", ORDER, but(LIMIT, **{name: ""}), *empty(name))
    for name in ("quantity", "price"):
        yield Row(BY_TYPE, ORDER, but(MAKER, name), *missing(name))
    for name, value in (("stopPrice", "1"), ("trailingDelta", "10"), ("quoteOrderQty", "10")):
        yield Row("seen", ORDER, but(LIMIT, **{name: value}), *not_required(name))
    for name, value in (("timeInForce", "GTC"), ("stopPrice", "1")):
        yield Row("seen", ORDER, but(MAKER, **{name: value}), *not_required(name))
    for name, value in (("timeInForce", "GTC"), ("price", "50000"), ("stopPrice", "1"), ("icebergQty", "1")):
        yield Row("seen", ORDER, but(MARKET, **{name: value}), *not_required(name))
    yield Row(
        BY_TYPE,
        ORDER,
        but(MARKET, "quantity"),
        -1102,
        "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!",
    )
    yield Row("seen", ORDER, but(MARKET, quoteOrderQty="100"), *not_required("quoteOrderQty"))


def value_rows() -> Iterator[Row]:
    """POST /order: what each parameter may say."""
    for value in ("-1", "+1", "1e-05", "NaN", "Infinity", "1,5", "None", " 1", "0x1"):
        yield Row("errors.md, -1100; seen", ORDER, but(LIMIT, price=value), *illegal("price", DECIMAL))
    for name in ("quantity", "quoteOrderQty", "stopPrice", "icebergQty"):
        for value in ("-1", "1e-05"):
            yield Row("errors.md, -1100; seen", ORDER, but(LIMIT, **{name: value}), *illegal(name, DECIMAL))
    for name in ("quantity", "price"):
        yield Row("errors.md, -1111", ORDER, but(LIMIT, **{name: "1.123456789"}), *precise(name))
        yield Row("errors.md, -1108", ORDER, but(LIMIT, **{name: "99999999999999999999"}), *overflow(name))
        yield Row("seen", ORDER, but(LIMIT, **{name: "1" * 21}), *illegal(name, DECIMAL))
    yield Row(
        "errors.md, -1111",
        ORDER,
        but(MARKET, "quantity", quoteOrderQty="9.123456789"),
        *precise("quoteOrderQty"),
    )
    for value in ("a b", "a.b", "ä", "a" * 37, "a;b", "a\0b"):
        yield Row("seen", ORDER, but(LIMIT, newClientOrderId=value), *illegal("newClientOrderId", CLIENT_ID))
    yield Row("errors.md, -1117", ORDER, but(LIMIT, side="buy"), -1117, "Invalid side.")
    yield Row("errors.md, -1116", ORDER, but(LIMIT, type="limit"), -1116, "Invalid orderType.")
    yield Row("errors.md, -1115", ORDER, but(LIMIT, timeInForce="GTX"), -1115, "Invalid timeInForce.")
    yield Row("ccxt's table", ORDER, but(LIMIT, newOrderRespType="ALL"), -1136, "Invalid newOrderRespType.")
    yield Row(
        "errors.md, -1134",
        ORDER,
        but(LIMIT, strategyType="999999"),
        -1134,
        "strategyType was less than 1000000.",
    )
    yield Row("errors.md, -1100", ORDER, but(LIMIT, strategyId="x"), *illegal("strategyId", DIGITS))
    yield Row(
        "errors.md, -1130",
        ORDER,
        but(LIMIT, selfTradePreventionMode="SOME"),
        *invalid("selfTradePreventionMode"),
    )


def unread_rows() -> Iterator[Row]:
    """POST /order: names that mean nothing."""
    yield Row("seen", ORDER, but(LIMIT, "timeInForce", timeInforce="GTC"), -1104, UNREAD.format(7, 8))
    yield Row("errors.md, -1104", ORDER, but(LIMIT, foo="1", bar="2"), -1104, UNREAD.format(8, 10))
    yield Row("errors.md, -1121", ORDER, but(LIMIT, symbol="NOSUCH"), *NO_SYMBOL)
    for value in ("btcusdt", "BTC/USDT", "BTC USDT", "A" * 51):
        yield Row("seen", ORDER, but(LIMIT, symbol=value), *illegal("symbol", SYMBOL))


def engine_rows() -> Iterator[Row]:
    """POST /order: filters, funds and the book."""
    for arguments in (but(LIMIT, quantity="0"), but(MARKET, quantity="0.00000000")):
        yield Row("seen", ORDER, arguments, -1013, "Invalid quantity.")
    yield Row("seen", ORDER, but(MARKET, "quantity", quoteOrderQty="0"), -1013, "Invalid quantity.")
    yield Row("errors.md, -1013", ORDER, but(LIMIT, price="0"), -1013, "Invalid price.")
    for price in ("49000.001", "1000000.01"):
        yield Row("filters.md, PRICE_FILTER", ORDER, but(LIMIT, price=price), *filtered("PRICE_FILTER"))
    for price, side in (("9000", "BUY"), ("300000", "BUY"), ("9000", "SELL"), ("300000", "SELL")):
        yield Row(
            "filters.md, PERCENT_PRICE_BY_SIDE",
            ORDER,
            but(LIMIT, price=price, side=side),
            *filtered("PERCENT_PRICE_BY_SIDE"),
        )
    for quantity in ("0.000001", "0.000015", "9000.00001"):
        yield Row("filters.md, LOT_SIZE", ORDER, but(LIMIT, quantity=quantity), *filtered("LOT_SIZE"))
    yield Row("filters.md, MARKET_LOT_SIZE", ORDER, but(MARKET, quantity="97.1"), *filtered("MARKET_LOT_SIZE"))
    for arguments in (
        but(LIMIT, quantity="0.0001"),
        but(LIMIT, quantity="200"),
        but(MARKET, quantity="0.00009"),
        but(MARKET, "quantity", quoteOrderQty="4.99"),
    ):
        yield Row("filters.md, NOTIONAL", ORDER, arguments, *filtered("NOTIONAL"))
    for arguments in (
        but(LIMIT, quantity="1"),
        but(LIMIT, quantity="1.1", side="SELL"),
        but(MARKET, quantity="0.5"),
        but(MARKET, quantity="1.5", side="SELL"),
        but(MARKET, "quantity", quoteOrderQty="10001"),
    ):
        yield Row("errors.md, other errors", ORDER, arguments, *POOR)
    yield Row("errors.md, other errors", ORDER, but(LIMIT, newClientOrderId="open"), -2010, "Duplicate order sent.")
    for arguments in (but(MAKER, price="50010"), but(MAKER, price="49990", side="SELL")):
        yield Row("errors.md, other errors", ORDER, arguments, -2010, "Order would immediately match and take.")
    for arguments in (but(LIMIT, symbol="ETHUSDT", price="2500"), but(MARKET, symbol="ETHUSDT")):
        yield Row("seen", ORDER, arguments, -1013, "Market is closed.")
    yield Row(
        "errors.md, other errors",
        ORDER,
        but(MARKET, "quantity", symbol="BNBUSDT", quoteOrderQty="100"),
        -2010,
        "Order book liquidity is less than LOT_SIZE filter minimum quantity.",
    )


def cancel_and_query_rows() -> Iterator[Row]:
    """Naming orders."""
    both = "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!"
    for call in ("DELETE /v1/order", "GET /v1/order"):
        yield Row("CHANGELOG 2025-04", call, BTC, -1102, both)
        yield Row("rest-api.md", call, {"orderId": "1"}, *missing("symbol"))
        yield Row("seen", call, {**BTC, "orderId": "abc"}, *illegal("orderId", DIGITS))
        yield Row("errors.md, -1108", call, {**BTC, "orderId": "9" * 20}, *overflow("orderId"))
        yield Row("seen", call, {**BTC, "origClientOrderId": "a b"}, *illegal("origClientOrderId", CLIENT_ID))
        yield Row("errors.md, -1121", call, {"symbol": "NOSUCH", "orderId": "1"}, *NO_SYMBOL)
        yield Row("errors.md, -1105", call, {**BTC, "orderId": ""}, *empty("orderId"))
    for named in (
        {"orderId": "77"},
        {"origClientOrderId": "nobody"},
        {"orderId": "2"},
        {"origClientOrderId": "done"},
    ):
        yield Row("errors.md, other errors", "DELETE /v1/order", {**BTC, **named}, *UNKNOWN_ORDER)
    yield Row("bob's order", "DELETE /v1/order", {**BTC, "orderId": "3"}, *UNKNOWN_ORDER)
    yield Row("rest-api.md", "DELETE /v1/order", {**BTC, "orderId": "1", "origClientOrderId": "x"}, *UNKNOWN_ORDER)
    yield Row(
        "rest-api.md, cancelRestrictions",
        "DELETE /v1/order",
        {**BTC, "orderId": "1", "cancelRestrictions": "ONLY_OLD"},
        -1145,
        "Invalid cancelRestrictions",
    )
    yield Row(
        "rest-api.md, cancelRestrictions",
        "DELETE /v1/order",
        {**BTC, "orderId": "1", "cancelRestrictions": "ONLY_PARTIALLY_FILLED"},
        -2011,
        "Order was not canceled due to cancel restrictions.",
    )
    absent = (-2013, "Order does not exist.")
    for named in ({"orderId": "77"}, {"origClientOrderId": "nobody"}, {"orderId": "0"}):
        yield Row("errors.md, -2013", "GET /v1/order", {**BTC, **named}, *absent)
    yield Row("bob's order", "GET /v1/order", {**BTC, "orderId": "3"}, *absent)
    yield Row("bob's order", "GET /v1/order", {**BTC, "origClientOrderId": "bobs"}, *absent)
    for order_id in ("1", "2"):
        yield Row(
            "CHANGELOG 2025-04-08",
            "GET /v1/order",
            {**BTC, "orderId": order_id, "origClientOrderId": "x"},
            -2039,
            "Client order ID is not correct for this order ID.",
        )
    yield Row("seen", "DELETE /v1/openOrders", {"symbol": "XRPUSDT"}, *UNKNOWN_ORDER)
    yield Row("rest-api.md", "DELETE /v1/openOrders", {}, *missing("symbol"))
    for call in ("GET /v1/openOrders", "DELETE /v1/openOrders", "GET /v1/allOrders", "GET /v1/myTrades"):
        yield Row("errors.md, -1121", call, {"symbol": "NOSUCH"}, *NO_SYMBOL)
    for call in ("GET /v1/allOrders", "GET /v1/myTrades", "GET /v1/account/commission"):
        yield Row("rest-api.md", call, {}, *missing("symbol"))
    for call in ("GET /v1/allOrders", "GET /v1/myTrades"):
        day = {"startTime": "1600000000000", "endTime": "1600086400001"}
        wide = "More than 24 hours between startTime and endTime."
        yield Row("errors.md, -1127", call, {**BTC, **day}, -1127, wide)
        yield Row("errors.md, -1130", call, {**BTC, "limit": "0"}, *invalid("limit"))
        yield Row("seen", call, {**BTC, "limit": "None"}, *illegal("limit", DIGITS))
        yield Row("seen", call, {**BTC, "startTime": "-1"}, *illegal("startTime", DIGITS))


def count_rows() -> Iterator[Row]:
    """What nobody reads: more than the endpoint takes is -1101, an unknown one among fewer is -1104."""
    yield Row("seen", "GET /v1/ping", {"x": "1"}, -1101, TOO_MANY.format(0, 1))
    yield Row("seen", "GET /v1/time", {"timestamp": "1", "signature": "x"}, -1101, TOO_MANY.format(0, 2))
    yield Row("seen", "GET /v1/order", but(LIMIT), -1101, TOO_MANY.format(6, 8))
    yield Row("errors.md, -1104", "GET /v1/exchangeInfo", {"pair": "BTCUSDT"}, -1104, UNREAD.format(0, 1))
    yield Row("errors.md, -1104", "GET /v1/openOrders", {"pair": "BTCUSDT"}, -1104, UNREAD.format(2, 3))
    yield Row("errors.md, -1104", "GET /v1/account", {"omitzerobalances": "true"}, -1104, UNREAD.format(2, 3))


def exchange_info_rows() -> Iterator[Row]:
    """GET /exchangeInfo."""
    call = "GET /v1/exchangeInfo"
    yield Row("rest-api.md, Exchange information", call, {"symbol": "NOSUCH"}, *NO_SYMBOL)
    yield Row("rest-api.md, Exchange information", call, {"symbols": '["BTCUSDT","NOSUCH"]'}, *NO_SYMBOL)
    for other in (
        {"symbols": '["BTCUSDT"]'},
        {"permissions": "SPOT"},
        {"symbolStatus": "TRADING"},
    ):
        yield Row("rest-api.md, Exchange information", call, {**BTC, **other}, *BAD_COMBINATION)
    yield Row(
        "errors.md, -1151",
        call,
        {"symbols": '["BTCUSDT","BTCUSDT"]'},
        -1151,
        "Symbol is present multiple times in the list.",
    )
    legal = r"""'^\[("[\w\-._&&[^a-z]]{1,50}"(,"[\w\-._&&[^a-z]]{1,50}"){0,}){0,1}\]$'"""
    for value in ("BTCUSDT", '["BTCUSDT", "ETHUSDT"]', "['BTCUSDT']", '["BTCUSDT"'):
        yield Row("seen", call, {"symbols": value}, *illegal("symbols", legal))
    yield Row("errors.md, -1122", call, {"symbolStatus": "OPEN"}, -1122, "Invalid symbolStatus.")
    for value in ("NOTHING", '["SPOT"', '[["SPOT"]]', "[1]"):
        yield Row("errors.md, -1130", call, {"permissions": value}, *invalid("permissions"))
    yield Row("errors.md, -1130", call, {"showPermissionSets": "2"}, *invalid("showPermissionSets"))


ROWS = (
    *shape_rows(),
    *value_rows(),
    *unread_rows(),
    *engine_rows(),
    *cancel_and_query_rows(),
    *count_rows(),
    *exchange_info_rows(),
)
PUBLIC = {"/v1/ping", "/v1/time", "/v1/exchangeInfo"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def busy_lab() -> AsyncIterator[Lab]:
    async with open_lab() as lab:
        now_ms = lab.now_ms
        await lab.alice.signed("POST", "/v1/order", but(LIMIT, newClientOrderId="open"), time=now_ms)
        await lab.alice.signed("POST", "/v1/order", but(MARKET, newClientOrderId="done"), time=now_ms)
        await lab.bob.signed("POST", "/v1/order", but(LIMIT, newClientOrderId="bobs"), time=now_ms)
        halted = msgspec.structs.replace(lab.world.market("ETHUSDT").market, status=MarketStatus.HALT)
        await lab.world.ask(PutMarket(halted))
        yield lab


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.call} {row.code} {encoded(row.arguments)[:60]}")
async def test_what_is_refused_is_refused_in_binances_words(busy_lab: Lab, row: Row) -> None:
    method, path = row.call.split()
    before = busy_lab.state_hash()
    if path in PUBLIC:
        answer = await busy_lab.alice.public(path, row.arguments)
    else:
        answer = await busy_lab.alice.signed(method, path, row.arguments, time=busy_lab.now_ms)
    assert (row.status, {"code": row.code, "msg": row.sentence}) == (answer.status, answer.json)
    assert before == busy_lab.state_hash()
