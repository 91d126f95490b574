"""How requests arrive and answers leave: paths, methods, bodies, weights, limits, faults."""

import itertools
import logging
from typing import Any

import pytest

from hypersim.api.unified.operations import Operation
from hypersim.api.unified.routes import OPERATIONS
from hypersim.ask import Outcome
from hypersim.engine.commands import Command
from hypersim.limits import PATIENCE
from tests.api.lab import Lab
from tests.api.unified.client import UnifiedClient

LIMIT: dict[str, Any] = {"symbol": "BTC/USDT", "type": "limit", "side": "buy", "amount": 0.002, "price": 40000}


@pytest.mark.parametrize(
    "target",
    [
        "",
        "/",
        "/nothing",
        "/ping/",
        "/ticker",
        "/ticker/",
        "/order/",
        "/orders/mine",
        "/orders/open/1",
        "/Ping",
        "//ping",
    ],
)
async def test_an_unknown_path_is_answered_in_this_dialect(alice: UnifiedClient, target: str) -> None:
    error = {
        "code": "INVALID_SYMBOL",
        "message": "There is nothing at this path.",
        "details": {"path": f"/unified/v1{target}"},
    }
    answer = await alice.public(target)
    assert (404, {"error": error}) == answer[:2]
    assert "application/json" == answer.headers["content-type"]


@pytest.mark.parametrize("path", ["/unified/v1x", "/unified/v2/ping", "/unified", "/v1/ping"])
async def test_other_paths_are_others_business(lab: Lab, path: str) -> None:
    assert "error" not in ((await lab.alice.raw("GET", path)).json or {})


async def test_a_browser_gets_a_page_for_what_is_not_there_and_json_for_what_is(alice: UnifiedClient) -> None:
    told = await alice.public("/nothing", Accept="application/json")
    assert "INVALID_SYMBOL" == told.json["error"]["code"]
    page = await alice.public("/nothing", Accept="text/html,application/xhtml+xml")
    assert (404, None) == (page.status, page.json.get("error"))
    assert (200, {}) == (await alice.public("/ping", Accept="text/html"))[:2]


@pytest.mark.parametrize(
    ("method", "target", "allow"),
    [
        ("POST", "/ping", "GET, HEAD, OPTIONS"),
        ("GET", "/order", "POST, OPTIONS"),
        ("PUT", "/order", "POST, OPTIONS"),
        ("PATCH", "/order/BTCUSDT-1", "GET, DELETE, HEAD, OPTIONS"),
        ("DELETE", "/orders/open", "GET, HEAD, OPTIONS"),
        ("TRACE", "/ticker/BTC/USDT", "GET, HEAD, OPTIONS"),
    ],
)
async def test_a_method_that_a_path_has_not_is_refused_with_those_that_it_has(
    alice: UnifiedClient, method: str, target: str, allow: str
) -> None:
    error = {
        "code": "INVALID_SYMBOL",
        "message": "This path has no such method; the header Allow says which it has.",
        "details": {"method": method},
    }
    answer = await alice.public(target, method)
    assert (405, {"error": error}, allow) == (*answer[:2], answer.headers["allow"])
    options = await alice.public(target, "OPTIONS")
    assert (204, None, allow) == (*options[:2], options.headers["allow"])


async def test_head_is_answered_as_get_is(alice: UnifiedClient) -> None:
    assert 200 == (await alice.public("/ticker/BTC/USDT", "HEAD")).status
    assert 200 == (await alice.signed("HEAD", "/orders/open")).status


async def test_a_body_beyond_measure_is_refused(lab: Lab, alice: UnifiedClient) -> None:
    error = {"error": {"code": "INVALID_AMOUNT", "message": "The body is too large.", "details": {}}}
    assert (413, error) == (await alice.signed("POST", "/order", b" " * 70_000))[:2]
    parts = await lab.alice.raw("POST", "/unified/v1/order", body=[b" " * 40_000, b" " * 40_000])
    assert (413, error) == parts[:2]


WEIGHTS: tuple[tuple[str, int], ...] = (
    ("/ping", 1),
    ("/markets", 20),
    ("/ticker/BTCUSDT", 2),
    ("/tickers", 80),
    ("/tickers?symbols=BTCUSDT,ETHUSDT", 2),
    ("/orderbook/BTCUSDT", 5),
    ("/orderbook/BTCUSDT?limit=101", 25),
    ("/orderbook/BTCUSDT?limit=5000", 250),
    ("/trades/BTCUSDT", 25),
    ("/ohlcv/BTCUSDT", 2),
    ("/balance", 20),
    ("/orders", 80),
    ("/orders?symbol=BTCUSDT", 20),
    ("/orders/open", 80),
    ("/orders/open?symbol=BTCUSDT", 6),
    ("/orders/closed?symbol=BTCUSDT", 20),
    ("/myTrades", 80),
    ("/myTrades?symbol=BTCUSDT", 20),
    ("/myTrades?order=BTCUSDT-1", 5),
    ("/order/BTCUSDT-1", 4),
)


async def test_a_request_weighs_what_it_weighs_at_binance(alice: UnifiedClient) -> None:
    used = [0, *[int((await alice.get(target)).headers["x-used-weight-1m"]) for target, _ in WEIGHTS]]
    weights = [after - before for before, after in itertools.pairwise(used)]
    assert list(WEIGHTS) == list(zip((target for target, _ in WEIGHTS), weights, strict=True))


async def test_order_entry_weighs_only_when_it_fails(alice: UnifiedClient) -> None:
    used = [
        (await alice.order(**LIMIT)).headers["x-used-weight-1m"],
        (await alice.cancel("BTCUSDT-1")).headers["x-used-weight-1m"],
        (await alice.cancel("BTCUSDT-1")).headers["x-used-weight-1m"],
        (await alice.order(**LIMIT | {"side": "up"})).headers["x-used-weight-1m"],
    ]
    assert ["0", "0", "1", "2"] == used


async def test_weight_is_one_budget_for_all_dialects(lab: Lab, alice: UnifiedClient) -> None:
    await alice.public("/markets")
    assert "40" == (await lab.alice.public("/v1/exchangeInfo")).headers["x-mbx-used-weight-1m"]


async def test_who_asks_too_much_is_told_when_to_come_back_and_banned_if_he_goes_on(limited_lab: Lab) -> None:
    lab, alice = limited_lab, UnifiedClient(limited_lab, limited_lab.alice)
    lab.clock.time_us += -lab.clock.time_us % 60_000_000
    for _ in range(300):
        assert 200 == (await alice.public("/markets")).status
    told = {
        "code": "RATE_LIMIT_EXCEEDED",
        "message": "Too much request weight; the limit is 6000 per 1 MINUTE.",
        "details": {"limit": 6000, "interval": "1 MINUTE", "retryAfter": 60},
    }
    answers = [await alice.public("/ping") for _ in range(PATIENCE + 1)]
    assert [(429, {"error": told}, "60")] * PATIENCE == [
        (each.status, each.json, each.headers["Retry-After"]) for each in answers[:-1]
    ]
    banned = {
        "code": "RATE_LIMIT_EXCEEDED",
        "message": "Banned for going on after too many requests.",
        "details": {"until": lab.now_ms + 120_000, "retryAfter": 120},
    }
    assert (429, {"error": banned}) == answers[-1][:2]
    lab.clock.time_us += 120_000_000
    assert 200 == (await alice.public("/ping")).status


async def test_unfilled_orders_are_counted_whatever_dialect_places_them(limited_lab: Lab) -> None:
    lab, alice = limited_lab, UnifiedClient(limited_lab, limited_lab.alice)
    lab.clock.time_us += -lab.clock.time_us % 10_000_000
    binance = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.002",
        "price": "40000",
    }
    for _ in range(50):
        assert 201 == (await alice.order(**LIMIT)).status
        assert 200 == (await lab.alice.signed("POST", "/v1/order", binance, time=lab.now_ms)).status
    lab.clock.time_us += 3_000_000
    answer = await alice.order(**LIMIT)
    told = {
        "code": "RATE_LIMIT_EXCEEDED",
        "message": "Too many unfilled orders; the limit is 100 per 10 SECOND.",
        "details": {"limit": 100, "interval": "10 SECOND", "retryAfter": 7},
    }
    assert (429, {"error": told}, "7") == (*answer[:2], answer.headers["Retry-After"])
    assert 200 == (await alice.cancel("BTCUSDT-1")).status
    lab.clock.time_us += 7_000_000
    assert 201 == (await alice.order(**LIMIT)).status


async def test_a_fault_of_ours_is_logged_and_answered_without_its_trace(
    lab: Lab, alice: UnifiedClient, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(command: Command, **options: Any) -> Outcome:
        raise ZeroDivisionError

    lab.world.ask = fail
    with caplog.at_level(logging.ERROR, "hypersim"):
        answer = await alice.order(**LIMIT)
    told = "The exchange failed to answer; its log says why. Whether this was done is unknown."
    assert (500, {"error": {"code": "INTERNAL_ERROR", "message": told, "details": {}}}) == answer[:2]
    assert ["POST /unified/v1/order failed"] == [record.getMessage() for record in caplog.records]


def test_no_two_operations_share_a_path_and_a_method() -> None:
    def name(operation: Operation) -> tuple[str, str]:
        return operation.method, operation.path

    assert len(OPERATIONS) == len(set(map(name, OPERATIONS)))
