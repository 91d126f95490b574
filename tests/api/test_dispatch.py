"""How requests arrive and answers leave: methods, bodies, signatures, time, weights, limits, faults."""

import logging
from typing import Any

import pytest

from hypersim.ask import Outcome
from hypersim.engine.commands import Command
from hypersim.errors import Reason, Refused
from hypersim.limits import PATIENCE
from tests.api.client import Client, encoded
from tests.api.lab import Lab

ORDER = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.001",
    "price": "40000",
}
BAD_SIGNATURE = {"code": -1022, "msg": "Signature for this request is not valid."}


async def test_a_signature_may_come_in_every_way_that_clients_send_it(lab: Lab) -> None:
    key = {"X-MBX-APIKEY": "alice_key"}
    payload = encoded({**ORDER, "timestamp": lab.now_ms})
    head, tail = payload.split("&quantity", 1)
    tail = f"quantity{tail}"
    together, split = lab.alice.sign(payload), lab.alice.sign(head + tail)
    ways = {
        "in the query": (f"{payload}&signature={together}", ""),
        "in the body": ("", f"{payload}&signature={together}"),
        "first": (f"signature={together}&{payload}", ""),
        "parameters in the query, signature in the body": (payload, f"signature={together}"),
        "split, signature in the body": (head, f"{tail}&signature={split}"),
        "split, signature in the query": (f"{head}&signature={split}", tail),
        "upper case": (f"{payload}&signature={together.upper()}", ""),
    }
    for way, (query, body) in ways.items():
        answer = await lab.alice.raw("POST", "/v1/order", query, body, key)
        assert (way, 200) == (way, answer.status), answer.json


async def test_the_signature_covers_the_bytes_as_they_were_sent(lab: Lab) -> None:
    key = {"X-MBX-APIKEY": "alice_key"}
    raw = f"symbols=%5b%22A%22%5d&symbol=BTCUSDT&timestamp={lab.now_ms}"
    normalised = raw.replace("%5b", "%5B").replace("%5d", "%5D")
    wrong = await lab.alice.raw("GET", "/v1/openOrders", f"{raw}&signature={lab.alice.sign(normalised)}", "", key)
    assert (400, BAD_SIGNATURE) == (wrong.status, wrong.json)
    right = await lab.alice.raw("GET", "/v1/openOrders", f"{raw}&signature={lab.alice.sign(raw)}", "", key)
    assert -1104 == right.json["code"], "signed as sent, so it is the unknown parameter that is refused"


async def test_a_wrong_signature_is_refused_whatever_it_is(lab: Lab) -> None:
    key = {"X-MBX-APIKEY": "alice_key"}
    payload = f"symbol=BTCUSDT&timestamp={lab.now_ms}"
    bobs = Client(lab.app, "bob_key", "bob_secret").sign(payload)
    for signature in ("0" * 64, bobs, "zz", "%C3%A9", lab.alice.sign(payload)[:-1]):
        answer = await lab.alice.raw("GET", "/v1/openOrders", f"{payload}&signature={signature}", "", key)
        assert (400, BAD_SIGNATURE) == (answer.status, answer.json)


@pytest.mark.parametrize(
    ("sent_ms", "window", "accepted"),
    [
        (0, None, True),
        (-5000, None, True),
        (-5001, None, False),
        (999, None, True),
        (1000, None, False),
        (20_000, None, False),
        (-5001, "5001", True),
        (-60_000, "60000", True),
        (-60_001, "60000", False),
        (-1, "0", False),
        (0, "0", True),
    ],
)
async def test_a_request_counts_for_its_window_only(lab: Lab, sent_ms: int, window: str | None, accepted: bool) -> None:
    """rest-api.md, 'Timing security'."""
    arguments = {} if window is None else {"recvWindow": window}
    answer = await lab.alice.signed("GET", "/v1/openOrders", arguments, time=lab.now_ms + sent_ms)
    sentence = (
        "Timestamp for this request was 1000ms ahead of the server's time."
        if sent_ms > 0
        else "Timestamp for this request is outside of the recvWindow."
    )
    expected = (200, []) if accepted else (400, {"code": -1021, "msg": sentence})
    assert expected == (answer.status, answer.json)


async def test_time_counts_to_the_microsecond(lab: Lab) -> None:
    lab.clock.time_us += 346
    stamp_us = lab.clock.time_us - 6_000_346
    for window, status in (("6000.346", 200), ("6000.345", 400)):
        answer = await lab.alice.signed("GET", "/v1/openOrders", {"recvWindow": window}, time=stamp_us)
        assert (window, status) == (window, answer.status)


async def test_the_deadline_goes_with_the_command(lab: Lab) -> None:
    """The second check: what reaches the exchange too late is refused, and counts as an order."""
    ask = lab.world.ask

    async def slow(command: Command, **options: Any) -> Outcome:
        lab.clock.time_us += 5_000_001
        return await ask(command, **options)

    lab.world.ask = slow
    answer = await lab.alice.signed("POST", "/v1/order", ORDER, time=lab.now_ms)
    assert (400, -1021) == (answer.status, answer.json["code"])
    assert 1 == lab.world.limits.orders.counts(1, lab.clock.time_us)[1]


@pytest.mark.parametrize("value", ["MICROSECOND", "microsecond", "MILLISECOND", "millisecond"])
async def test_the_caller_chooses_the_unit_of_times(lab: Lab, value: str) -> None:
    answer = await lab.alice.public("/v1/time", {}, **{"X-MBX-TIME-UNIT": value})
    expected = lab.clock.time_us if value.lower() == "microsecond" else lab.now_ms
    assert {"serverTime": expected} == answer.json


@pytest.mark.parametrize("value", ["SECOND", "Microsecond", ""])
async def test_a_unit_of_time_that_does_not_exist_is_refused(lab: Lab, value: str) -> None:
    answer = await lab.alice.public("/v1/time", {}, **{"X-MBX-TIME-UNIT": value})
    sentence = "Invalid value for time unit; expected either MICROSECOND or MILLISECOND."
    assert (400, {"code": -1194, "msg": sentence}) == (answer.status, answer.json)


async def test_methods_that_a_path_does_not_have_are_named(lab: Lab) -> None:
    put = await lab.alice.raw("PUT", "/v1/order")
    assert (405, {"code": -1020, "msg": "This operation is not supported."}) == (put.status, put.json)
    assert "POST, DELETE, GET, HEAD, OPTIONS" == put.headers["Allow"]
    options = await lab.alice.raw("OPTIONS", "/api/v3/ping")
    assert (204, None, "GET, HEAD, OPTIONS") == (options.status, options.json, options.headers["Allow"])


async def test_head_is_answered_as_get_is(lab: Lab) -> None:
    head = await lab.alice.raw("HEAD", "/v1/time")
    assert (200, "28") == (head.status, head.headers["Content-Length"])


@pytest.mark.parametrize("body", [b"a" * 1_000_000, [b"a" * 1024] * 1000])
async def test_a_body_that_is_too_long_is_refused_unread(lab: Lab, body: bytes | list[bytes]) -> None:
    answer = await lab.alice.raw("POST", "/v1/order", body=body)
    expected = {"code": -1101, "msg": "Too many parameters sent for this endpoint."}
    assert (413, expected) == (answer.status, answer.json)


async def test_the_query_counts_where_the_body_says_something_else(lab: Lab) -> None:
    payload = encoded({**ORDER, "timestamp": lab.now_ms})
    body = "price=1&quantity=9"
    signature = lab.alice.sign(payload + body)
    answer = await lab.alice.raw(
        "POST", "/v1/order", f"{payload}&signature={signature}", body, {"X-MBX-APIKEY": "alice_key"}
    )
    assert ("40000.00000000", "0.00100000") == (answer.json["price"], answer.json["origQty"])


async def test_used_weight_is_on_every_answer(lab: Lab) -> None:
    seen = []
    for method, path, arguments in (
        ("GET", "/v1/ping", {}),
        ("GET", "/v1/exchangeInfo", {}),
        ("GET", "/v1/openOrders", {"symbol": "BTCUSDT"}),
        ("GET", "/v1/openOrders", {}),
        ("POST", "/v1/order", ORDER),
        ("POST", "/v1/order", {**ORDER, "price": "0.001"}),
        ("DELETE", "/v1/order", {"symbol": "BTCUSDT", "orderId": "1"}),
        ("DELETE", "/v1/order", {"symbol": "BTCUSDT", "orderId": "1"}),
        ("GET", "/v1/order", {"symbol": "BTCUSDT", "orderId": "9"}),
        ("POST", "/v1/order/test", ORDER),
        ("POST", "/v1/order/test", {**ORDER, "computeCommissionRates": "true"}),
        ("GET", "/v1/myTrades", {"symbol": "BTCUSDT"}),
        ("GET", "/v1/myTrades", {"symbol": "BTCUSDT", "orderId": "1"}),
        ("GET", "/v1/account", {"unknown": "1"}),
    ):
        public = path in ("/v1/ping", "/v1/exchangeInfo")
        answer = await (
            lab.alice.public(path, arguments) if public else lab.alice.signed(method, path, arguments, time=lab.now_ms)
        )
        assert answer.headers["X-MBX-USED-WEIGHT"] == answer.headers["X-MBX-USED-WEIGHT-1M"]
        seen.append(int(answer.headers["X-MBX-USED-WEIGHT-1M"]))
    costs = [now - before for before, now in zip([0, *seen], seen, strict=False)]
    assert [1, 20, 6, 80, 0, 1, 0, 1, 4, 1, 20, 20, 5, 20] == costs


async def test_who_asks_too_much_is_told_to_wait_and_then_banned(limited_lab: Lab) -> None:
    lab = limited_lab
    lab.clock.time_us += -lab.clock.time_us % 60_000_000
    for _ in range(300):
        assert 200 == (await lab.alice.public("/v1/exchangeInfo")).status
    answers = [await lab.alice.public("/v1/ping") for _ in range(PATIENCE + 1)]
    told = {
        "code": -1003,
        "msg": "Too much request weight used; current limit is 6000 request weight per 1 MINUTE. Please use "
        "WebSocket Streams for live updates to avoid polling the API.",
    }
    assert [(429, told, "60")] * PATIENCE == [
        (each.status, each.json, each.headers["Retry-After"]) for each in answers[:-1]
    ]
    banned = answers[-1]
    until_ms = lab.now_ms + 120_000
    assert (418, "120", -1003) == (banned.status, banned.headers["Retry-After"], banned.json["code"])
    assert f"Way too much request weight used; IP banned until {until_ms}." in banned.json["msg"]
    lab.clock.time_us += 120_000_000
    assert 200 == (await lab.alice.public("/v1/ping")).status


async def test_too_many_unfilled_orders_are_refused_with_the_time_to_wait(limited_lab: Lab) -> None:
    lab = limited_lab
    lab.clock.time_us += -lab.clock.time_us % 10_000_000
    for _ in range(100):
        assert 200 == (await lab.alice.signed("POST", "/v1/order", ORDER, time=lab.now_ms)).status
    lab.clock.time_us += 3_000_000
    answer = await lab.alice.signed("POST", "/v1/order", ORDER, time=lab.now_ms)
    expected = {"code": -1015, "msg": "Too many new orders; current limit is 100 orders per 10 SECOND."}
    assert (429, expected, "7") == (answer.status, answer.json, answer.headers["Retry-After"])
    lab.clock.time_us += 7_000_000
    assert 200 == (await lab.alice.signed("POST", "/v1/order", ORDER, time=lab.now_ms)).status


@pytest.mark.parametrize(
    ("reason", "status", "code", "counted"),
    [
        (Reason.STATUS_UNKNOWN, 503, -1007, 1),
        (Reason.OVERLOADED, 503, -1008, 0),
        (Reason.SHUTTING_DOWN, 503, -1016, 0),
    ],
)
async def test_what_the_exchange_cannot_do_now_is_not_the_callers_fault(
    lab: Lab, reason: Reason, status: int, code: int, counted: int
) -> None:
    async def refuse(command: Command, **options: Any) -> Outcome:
        raise Refused(reason)

    lab.world.ask = refuse
    answer = await lab.alice.signed("POST", "/v1/order", ORDER, time=lab.now_ms)
    assert (status, code) == (answer.status, answer.json["code"])
    assert counted == lab.world.limits.orders.counts(1, lab.clock.time_us)[0]


async def test_a_fault_of_ours_is_logged_and_answered_without_its_trace(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(command: Command, **options: Any) -> Outcome:
        raise ZeroDivisionError

    lab.world.ask = fail
    with caplog.at_level(logging.ERROR, "hypersim"):
        answer = await lab.alice.signed("POST", "/v1/order", ORDER, time=lab.now_ms)
    expected = {"code": -1000, "msg": "An unknown error occurred while processing the request."}
    assert (500, expected) == (answer.status, answer.json)
    assert ["POST /v1/order failed"] == [record.getMessage() for record in caplog.records]
