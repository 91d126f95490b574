"""Every refusal has one of eleven codes and says what is wrong; none of them changes anything."""

from typing import Any

import pytest

from hypersim.api.unified.placing import BOUNDS
from hypersim.api.unified.refusals import CODE_OF_FIELD, STATUSES, WORDINGS, Code, word
from hypersim.ask import Outcome
from hypersim.engine.commands import Command
from hypersim.errors import Reason, Refused
from tests.api.lab import Lab
from tests.api.unified.client import UnifiedClient

LIMIT: dict[str, Any] = {"symbol": "BTC/USDT", "type": "limit", "side": "buy", "amount": "0.002", "price": "40000"}
MARKET: dict[str, Any] = {"symbol": "BTC/USDT", "type": "market", "side": "buy", "amount": "0.002"}
FIELDS = "symbol, type, side, amount, price, cost, clientOrderId, timeInForce, postOnly"
NUMBER = "a number above 0, such as 0.5"
ROWS = "a number of rows, 1 to 1000: the oldest from `since` on, without it the newest"


def test_every_reason_has_its_wording() -> None:
    assert set(Reason) == set(WORDINGS)


def test_there_are_eleven_codes_each_with_its_status() -> None:
    assert {
        "INVALID_API_KEY": 401,
        "INVALID_SIGNATURE": 401,
        "INVALID_SYMBOL": 400,
        "INVALID_AMOUNT": 400,
        "INVALID_PRICE": 400,
        "INSUFFICIENT_BALANCE": 400,
        "ORDER_NOT_FOUND": 404,
        "ORDER_ALREADY_FILLED": 400,
        "ORDER_ALREADY_CANCELED": 400,
        "RATE_LIMIT_EXCEEDED": 429,
        "INTERNAL_ERROR": 500,
    } == {code.value: status for code, status in STATUSES.items()}
    assert set(Code) == set(STATUSES)
    assert set(CODE_OF_FIELD.values()) <= set(Code)


def test_a_reason_is_worded_with_its_details_and_without_them() -> None:
    for reason, wording in WORDINGS.items():
        for details in ([], [f"<{name}>" for name in wording.names]):
            status, problem = word(Refused(reason, *details))
            assert 400 <= status < 600, reason
            assert len(details) == len(problem.error.details), reason
            assert "{" not in problem.error.message, reason


def test_no_refusal_is_a_fault_of_the_server_but_those_that_are() -> None:
    unavailable = {Reason.OVERLOADED, Reason.STATUS_UNKNOWN, Reason.SHUTTING_DOWN}
    assert unavailable == {reason for reason in Reason if word(Refused(reason))[0] >= 500}
    assert unavailable == {reason for reason, row in WORDINGS.items() if row.code is Code.INTERNAL_ERROR}


NOT_OF_A_MARKET = {Reason.FILTER_MAX_ASSET} | {
    reason for reason in Reason if reason.value.startswith("filter_exchange_")
}
OF_ORDERS_THAT_ARE_NOT_PLACED_HERE = {
    Reason.FILTER_ICEBERG_PARTS,
    Reason.FILTER_TRAILING_DELTA,
    Reason.FILTER_MAX_NUM_ALGO_ORDERS,
    Reason.FILTER_MAX_NUM_ICEBERG_ORDERS,
    Reason.FILTER_MAX_NUM_ORDER_LISTS,
    Reason.FILTER_MAX_NUM_ORDER_AMENDS,
}


def test_bounds_are_told_for_every_rule_of_a_market() -> None:
    filters = {reason for reason in Reason if reason.value.startswith("filter_")}
    told = filters - NOT_OF_A_MARKET - OF_ORDERS_THAT_ARE_NOT_PLACED_HERE
    assert told | {Reason.DUPLICATE_ORDER} == set(BOUNDS)


@pytest.mark.parametrize(
    ("body", "field", "expected", "code"),
    [
        (LIMIT | {"symbol": 5}, "symbol", "a market's symbol, such as BTC/USDT, BTC_USDT or BTCUSDT", "INVALID_SYMBOL"),
        (LIMIT | {"type": "stop"}, "type", "limit or market", "INVALID_AMOUNT"),
        (LIMIT | {"side": "BUY"}, "side", "buy or sell", "INVALID_AMOUNT"),
        (LIMIT | {"stopPrice": 1}, "stopPrice", f"one of {FIELDS}", "INVALID_AMOUNT"),
        (LIMIT | {"amount": "1,5"}, "amount", NUMBER, "INVALID_AMOUNT"),
        (LIMIT | {"amount": 0}, "amount", NUMBER, "INVALID_AMOUNT"),
        (LIMIT | {"amount": -1}, "amount", NUMBER, "INVALID_AMOUNT"),
        (LIMIT | {"amount": 1e-9}, "amount", "at most 8 decimals", "INVALID_AMOUNT"),
        (LIMIT | {"amount": None}, "amount", "an amount for a limit order", "INVALID_AMOUNT"),
        (LIMIT | {"amount": "0.0020001"}, "amount", "from 0.00001 to 9000 in steps of 0.00001", "INVALID_AMOUNT"),
        (LIMIT | {"amount": "0.0001"}, "amount", "price x amount from 5 to 9000000 USDT", "INVALID_AMOUNT"),
        (LIMIT | {"cost": 5}, "cost", "no cost for a limit order", "INVALID_AMOUNT"),
        (LIMIT | {"price": None}, "price", "a price for a limit order", "INVALID_PRICE"),
        (LIMIT | {"price": "x"}, "price", NUMBER, "INVALID_PRICE"),
        (LIMIT | {"price": "40000.001"}, "price", "from 0.01 to 1000000 in steps of 0.01", "INVALID_PRICE"),
        (
            LIMIT | {"price": "400"},
            "price",
            "0.2 to 5 times the average price of 5 minutes to buy, 0.2 to 5 times to sell",
            "INVALID_PRICE",
        ),
        (LIMIT | {"price": "1e30"}, "price", "at most 92233720368.54775807", "INVALID_PRICE"),
        (
            LIMIT | {"timeInForce": "GTD"},
            "timeInForce",
            "GTC, IOC, FOK, or PO for postOnly; limit orders only",
            "INVALID_AMOUNT",
        ),
        (
            LIMIT | {"timeInForce": "IOC", "postOnly": True},
            "timeInForce",
            "PO, GTC or nothing for a postOnly order",
            "INVALID_AMOUNT",
        ),
        (
            LIMIT | {"timeInForce": "PO", "postOnly": False},
            "postOnly",
            "true, or nothing, where timeInForce is PO",
            "INVALID_AMOUNT",
        ),
        (
            LIMIT | {"clientOrderId": "a b"},
            "clientOrderId",
            "a name of your own, 1 to 36 of A-Z a-z 0-9 - _, unique among your open orders",
            "INVALID_AMOUNT",
        ),
        (MARKET | {"price": 40000}, "price", "no price for a market order", "INVALID_PRICE"),
        (MARKET | {"cost": 100}, "amount", "either amount or cost for a market order", "INVALID_AMOUNT"),
        (MARKET | {"amount": None}, "amount", "either amount or cost for a market order", "INVALID_AMOUNT"),
        (MARKET | {"timeInForce": "GTC"}, "timeInForce", "no time in force for a market order", "INVALID_AMOUNT"),
        (MARKET | {"postOnly": True}, "postOnly", "false, or nothing: a market order takes", "INVALID_AMOUNT"),
        (MARKET | {"amount": "98"}, "amount", "from 0 to 97.09521512", "INVALID_AMOUNT"),
    ],
)
async def test_an_order_that_does_not_fit_is_refused_by_its_field(
    lab: Lab, alice: UnifiedClient, body: dict[str, Any], field: str, expected: str, code: str
) -> None:
    before = lab.state_hash()
    answer = await alice.order(**body)
    error = answer.json["error"]
    assert (400, code, {"field": field, "expected": expected}) == (answer.status, error["code"], error["details"])
    assert before == lab.state_hash()


@pytest.mark.parametrize(
    ("body", "message", "details", "code"),
    [
        (LIMIT | {"symbol": "FOO/USDT"}, "There is no such market.", {"symbol": "FOO/USDT"}, "INVALID_SYMBOL"),
        (
            LIMIT | {"amount": 1},
            "The balance is too small.",
            {"asset": "USDT", "available": 9992, "required": 40000},
            "INSUFFICIENT_BALANCE",
        ),
        (
            LIMIT | {"side": "sell", "amount": 2, "price": 60000},
            "The balance is too small.",
            {"asset": "BTC", "available": 1, "required": 2},
            "INSUFFICIENT_BALANCE",
        ),
        (
            LIMIT | {"price": 50010, "postOnly": True},
            "The order is postOnly and would trade at once.",
            {},
            "INVALID_PRICE",
        ),
        (
            LIMIT | {"clientOrderId": "twice"},
            "An open order has this clientOrderId.",
            {"field": "clientOrderId", "expected": "a name that no open order of yours has"},
            "INVALID_AMOUNT",
        ),
    ],
)
async def test_an_order_that_cannot_be_is_refused_with_the_reason(
    lab: Lab, alice: UnifiedClient, body: dict[str, Any], message: str, details: dict[str, Any], code: str
) -> None:
    await alice.order(**LIMIT | {"amount": "0.0002"}, clientOrderId="twice")
    before = lab.state_hash()
    assert (400, {"error": {"code": code, "message": message, "details": details}}) == (await alice.order(**body))[:2]
    assert before == lab.state_hash()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", "a JSON object (Input data was truncated)"),
        (b"symbol=BTCUSDT&side=buy", "a JSON object (JSON is malformed: invalid character (byte 0))"),
        (b"[]", "a JSON object"),
        (b"null", "a JSON object"),
        (b'"order"', "a JSON object"),
    ],
)
async def test_a_body_that_is_no_json_object_is_said_to_be_none(
    alice: UnifiedClient, raw: bytes, expected: str
) -> None:
    error = {
        "code": "INVALID_AMOUNT",
        "message": f"body: expected {expected}.",
        "details": {"field": "body", "expected": expected},
    }
    assert (400, {"error": error}) == (await alice.signed("POST", "/order", raw))[:2]


@pytest.mark.parametrize(
    ("method", "target", "field", "expected", "status", "code"),
    [
        ("GET", "/orders?limit=0", "limit", ROWS, 400, "INVALID_AMOUNT"),
        ("GET", "/orders?limit=1001", "limit", ROWS, 400, "INVALID_AMOUNT"),
        ("GET", "/orders?limit=", "limit", ROWS, 400, "INVALID_AMOUNT"),
        ("GET", "/orders?since=yesterday", "since", "the first time, in milliseconds UTC", 400, "INVALID_AMOUNT"),
        ("GET", "/orders?until=-1", "until", "the last time, in milliseconds UTC", 400, "INVALID_AMOUNT"),
        ("GET", "/orders?limit=1&limit=2", "query", "each parameter once", 400, "INVALID_AMOUNT"),
        ("GET", "/orders?symbol=%FF", "query", "UTF-8, percent-encoded", 400, "INVALID_AMOUNT"),
        ("GET", "/order/17", "id", "an order's id, such as BTCUSDT-17", 404, "ORDER_NOT_FOUND"),
        ("DELETE", "/order/mine", "id", "an order's id, such as BTCUSDT-17", 404, "ORDER_NOT_FOUND"),
        ("POST", "/order?symbol=BTCUSDT", "query", "an empty query string and a JSON body", 400, "INVALID_AMOUNT"),
    ],
)
async def test_a_parameter_that_does_not_fit_is_refused_by_its_name(
    alice: UnifiedClient, method: str, target: str, field: str, expected: str, status: int, code: str
) -> None:
    answer = await alice.signed(method, target)
    error = {
        "code": code,
        "message": f"{field}: expected {expected}.",
        "details": {"field": field, "expected": expected},
    }
    assert (status, {"error": error}) == answer[:2]


@pytest.mark.parametrize(
    ("target", "field", "expected"),
    [
        ("/orders?page=2", "page", "one of symbol, since, until, limit"),
        ("/orders?id=BTCUSDT-1", "id", "one of symbol, since, until, limit"),
        ("/orders/open?symbol=BTCUSDT&price=", "price", "one of symbol"),
        ("/balance?timestamp=1", "timestamp", "nothing"),
    ],
)
async def test_a_parameter_that_is_unknown_is_refused_with_those_that_are_known(
    alice: UnifiedClient, target: str, field: str, expected: str
) -> None:
    error = {
        "code": "INVALID_AMOUNT",
        "message": f"There is no field {field} here.",
        "details": {"field": field, "expected": expected},
    }
    assert (400, {"error": error}) == (await alice.get(target))[:2]


async def test_a_body_where_none_belongs_is_refused(alice: UnifiedClient) -> None:
    answer = await alice.signed("DELETE", "/order/BTCUSDT-1", b'{"symbol":"BTCUSDT"}')
    assert {"field": "body", "expected": "no body, but a query string"} == answer.json["error"]["details"]


@pytest.mark.parametrize(
    "target",
    [
        "/order/BTCUSDT-99",
        "/order/FOO-1",
        "/order/ETHUSDT-1",
        "/order/BTCUSDT-1?symbol=ETHUSDT",
        f"/order/BTCUSDT-{10**17}",
    ],
)
async def test_an_order_that_is_not_there_is_not_found(alice: UnifiedClient, target: str) -> None:
    await alice.order(**LIMIT)
    shown = target.removeprefix("/order/").partition("?")[0]
    error = {"code": "ORDER_NOT_FOUND", "message": "There is no such order.", "details": {"id": shown}}
    for method in ("GET", "DELETE"):
        assert (method, 404, {"error": error}) == (method, *(await alice.signed(method, target))[:2])


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (MARKET, "ORDER_ALREADY_FILLED", "The order was filled already."),
        (LIMIT, "ORDER_ALREADY_CANCELED", "The order was canceled or expired already."),
        (LIMIT | {"timeInForce": "IOC"}, "ORDER_ALREADY_CANCELED", "The order was canceled or expired already."),
    ],
)
async def test_a_cancel_that_comes_too_late_says_what_became_of_the_order(
    lab: Lab, alice: UnifiedClient, body: dict[str, Any], code: str, message: str
) -> None:
    placed = (await alice.order(**body)).json
    if placed["status"] == "open":
        await alice.cancel("BTCUSDT-1")
    before = lab.state_hash()
    error = {"code": code, "message": message, "details": {"id": "BTCUSDT-1"}}
    assert (400, {"error": error}) == (await alice.cancel("BTCUSDT-1"))[:2]
    assert before == lab.state_hash()


@pytest.mark.parametrize(
    ("reason", "counted", "status", "code"),
    [
        (Reason.STATUS_UNKNOWN, 1, 503, "INTERNAL_ERROR"),
        (Reason.OVERLOADED, 0, 503, "INTERNAL_ERROR"),
        (Reason.SHUTTING_DOWN, 0, 503, "INTERNAL_ERROR"),
        (Reason.TIMESTAMP_TOO_OLD, 1, 401, "INVALID_SIGNATURE"),
        (Reason.MARKET_CLOSED, 0, 400, "INVALID_SYMBOL"),
        (Reason.FILTER_MAX_NUM_ORDERS, 0, 400, "INVALID_SYMBOL"),
    ],
)
async def test_what_the_exchange_answers_to_an_order_reaches_who_asked(
    lab: Lab, alice: UnifiedClient, reason: Reason, counted: int, status: int, code: str
) -> None:
    async def refuse(command: Command, **options: Any) -> Outcome:
        raise Refused(reason)

    lab.world.ask = refuse
    answer = await alice.order(**LIMIT)
    assert (status, code) == (answer.status, answer.json["error"]["code"])
    assert counted == lab.world.limits.orders.counts(1, lab.clock.time_us)[0]
