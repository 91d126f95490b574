"""What each call weighs, and where that is said: compared with rest-api.md, operation by operation."""

from __future__ import annotations

import json

import pytest

from hypersim.limits import PATIENCE, WEIGHT
from tests.api.client import Arguments
from tests.api.lab import Lab

BTC = {"symbol": "BTCUSDT"}
ALL = ["AAPLUSDT", "BNBUSDT", "BTCUSDT", "ETHBTC", "ETHUSDT", "SOLUSDT", "XRPUSDT"]


def several(count: int) -> Arguments:
    """That many symbols; those that do not exist make the call fail, and do not change what it weighs."""
    return {"symbols": json.dumps([*ALL, *(f"X{number}" for number in range(count))][:count], separators=(",", ":"))}


# path, arguments, weight of a success
PUBLIC: tuple[tuple[str, Arguments, int], ...] = (
    ("/api/v3/ping", {}, 1),
    ("/api/v3/time", {}, 1),
    ("/api/v3/exchangeInfo", {}, 20),
    ("/api/v3/exchangeInfo", BTC, 20),
    ("/api/v3/depth", {**BTC, "limit": 1}, 5),
    ("/api/v3/depth", {**BTC, "limit": 100}, 5),
    ("/api/v3/depth", {**BTC, "limit": 101}, 25),
    ("/api/v3/depth", {**BTC, "limit": 500}, 25),
    ("/api/v3/depth", {**BTC, "limit": 501}, 50),
    ("/api/v3/depth", {**BTC, "limit": 1000}, 50),
    ("/api/v3/depth", {**BTC, "limit": 1001}, 250),
    ("/api/v3/depth", {**BTC, "limit": 5000}, 250),
    ("/api/v3/depth", {**BTC, "limit": 9999}, 250),
    ("/api/v3/depth", BTC, 5),
    ("/api/v3/trades", BTC, 25),
    ("/api/v3/historicalTrades", BTC, 25),
    ("/api/v3/aggTrades", BTC, 4),
    ("/api/v3/klines", {**BTC, "interval": "1m"}, 2),
    ("/api/v3/uiKlines", {**BTC, "interval": "1m"}, 2),
    ("/api/v3/avgPrice", BTC, 2),
    ("/api/v3/ticker/24hr", BTC, 2),
    ("/api/v3/ticker/24hr", {}, 80),
    ("/api/v3/ticker/24hr", several(7), 2),
    ("/api/v3/ticker/price", BTC, 2),
    ("/api/v3/ticker/price", {}, 4),
    ("/api/v3/ticker/price", several(1), 4),
    ("/api/v3/ticker/bookTicker", BTC, 2),
    ("/api/v3/ticker/bookTicker", {}, 4),
    ("/api/v3/ticker/bookTicker", several(7), 4),
    ("/api/v3/ticker/tradingDay", BTC, 4),
    ("/api/v3/ticker/tradingDay", several(7), 28),
    ("/api/v3/ticker", BTC, 4),
    ("/api/v3/ticker", {**several(7), "windowSize": "7d"}, 28),
    ("/sapi/v1/system/status", {}, 1),
)
# of calls that fail after they were read: the weight is that of the call all the same
FAILING: tuple[tuple[str, Arguments, int], ...] = (
    ("/api/v3/ticker/24hr", several(20), 2),
    ("/api/v3/ticker/24hr", several(21), 40),
    ("/api/v3/ticker/24hr", several(100), 40),
    ("/api/v3/ticker/24hr", several(101), 80),
    ("/api/v3/ticker/tradingDay", several(50), 200),
    ("/api/v3/ticker/tradingDay", several(51), 200),
    ("/api/v3/ticker", several(49), 196),
    ("/api/v3/ticker", several(100), 200),
    ("/api/v3/depth", {"symbol": "NOPE", "limit": 1000}, 50),
)
ORDER = {**BTC, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.001", "price": "40000"}
# method, path, arguments, status, weight
SIGNED: tuple[tuple[str, str, Arguments, int, int], ...] = (
    ("GET", "/api/v3/account", {}, 200, 20),
    ("GET", "/api/v3/account/commission", BTC, 200, 20),
    ("GET", "/api/v3/myTrades", BTC, 200, 20),
    ("GET", "/api/v3/myTrades", {**BTC, "orderId": 1}, 200, 5),
    ("GET", "/api/v3/rateLimit/order", {}, 200, 40),
    ("GET", "/api/v3/openOrders", BTC, 200, 6),
    ("GET", "/api/v3/openOrders", {}, 200, 80),
    ("GET", "/api/v3/allOrders", BTC, 200, 20),
    ("GET", "/api/v3/order", {**BTC, "orderId": 99}, 400, 4),
    ("POST", "/api/v3/order", ORDER, 200, 0),
    ("POST", "/api/v3/order", {**ORDER, "price": "0.001"}, 400, 1),
    ("POST", "/api/v3/order/test", ORDER, 200, 1),
    ("POST", "/api/v3/order/test", {**ORDER, "computeCommissionRates": "true"}, 200, 20),
    ("DELETE", "/api/v3/order", {**BTC, "orderId": 99}, 400, 1),
    ("DELETE", "/api/v3/openOrders", BTC, 400, 1),
    ("GET", "/sapi/v1/capital/config/getall", {}, 200, 10),
    ("GET", "/sapi/v1/asset/tradeFee", {}, 200, 1),
)


@pytest.mark.parametrize(("path", "arguments", "weight"), PUBLIC)
async def test_a_public_call_weighs_what_is_documented(lab: Lab, path: str, arguments: Arguments, weight: int) -> None:
    answer = await lab.alice.public(path, arguments)
    assert (200, str(weight)) == (answer.status, answer.headers["X-MBX-USED-WEIGHT-1M"])


@pytest.mark.parametrize(("path", "arguments", "weight"), FAILING)
async def test_a_call_that_fails_weighs_what_was_asked_for(
    lab: Lab, path: str, arguments: Arguments, weight: int
) -> None:
    answer = await lab.alice.public(path, arguments)
    assert (400, -1121, str(weight)) == (answer.status, answer.json["code"], answer.headers["X-MBX-USED-WEIGHT-1M"])


@pytest.mark.parametrize(("method", "path", "arguments", "status", "weight"), SIGNED)
async def test_a_signed_call_weighs_what_is_documented(
    lab: Lab, method: str, path: str, arguments: Arguments, status: int, weight: int
) -> None:
    answer = await lab.alice.signed(method, path, arguments, time=lab.now_ms)
    assert (status, str(weight)) == (answer.status, answer.headers["X-MBX-USED-WEIGHT-1M"])


# method, path, query, headers, status
ANSWERS: tuple[tuple[str, str, str, dict[str, str], int], ...] = (
    ("GET", "/api/v3/ping", "", {}, 200),
    ("HEAD", "/api/v3/ping", "", {}, 200),
    ("OPTIONS", "/api/v3/ping", "", {}, 204),
    ("PUT", "/api/v3/ping", "", {}, 405),
    ("GET", "/api/v3/nothing", "", {}, 404),
    ("POST", "/v1/nothing", "", {}, 404),
    ("GET", "/sapi/v1/nothing", "", {}, 404),
    ("GET", "/fapi/v1/nothing", "", {}, 404),
    ("GET", "/api/v3/depth", "", {}, 400),
    ("GET", "/api/v3/ping", "a=%", {}, 400),
    ("GET", "/api/v3/ping", "", {"X-MBX-TIME-UNIT": "no"}, 400),
    ("GET", "/api/v3/account", "timestamp=1&signature=x", {}, 401),
    ("POST", "/api/v3/order", "", {"Content-Length": "99999999"}, 413),
)


@pytest.mark.parametrize(("method", "path", "query", "headers", "status"), ANSWERS)
async def test_every_answer_says_how_much_was_used(
    lab: Lab, method: str, path: str, query: str, headers: dict[str, str], status: int
) -> None:
    await lab.alice.public("/api/v3/exchangeInfo")
    answer = await lab.alice.raw(method, path, query, headers=headers)
    used = answer.headers["X-MBX-USED-WEIGHT-1M"]
    assert (status, used) == (answer.status, answer.headers["X-MBX-USED-WEIGHT"])
    assert int(used) >= 20
    assert (await lab.bob.public("/api/v3/ping")).headers["X-MBX-USED-WEIGHT-1M"] == str(int(used) + 1)


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/v3/nothing"), ("PUT", "/api/v3/ping"), ("GET", "/v1/time")])
async def test_who_used_it_up_is_told_when_to_come_back_wherever_he_asks(
    limited_lab: Lab, method: str, path: str
) -> None:
    lab = limited_lab
    lab.clock.time_us += 18_000_000 - lab.clock.time_us % 60_000_000
    lab.world.limits.visitor(lab.alice.address, lab.clock.time_us).used = WEIGHT.limit
    seen = [await lab.alice.raw(method, path) for _ in range(PATIENCE + 2)]
    told = [(answer.status, answer.headers["Retry-After"], answer.json["code"]) for answer in seen]
    assert [(429, "42", -1003)] * PATIENCE + [(418, "120", -1003)] * 2 == told
    assert {str(WEIGHT.limit)} == {answer.headers["X-MBX-USED-WEIGHT-1M"] for answer in seen}
