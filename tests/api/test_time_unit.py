"""Times in milliseconds and, for whom asks so, in microseconds; of every operation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hypersim.api.binance.endpoints import SPOT, Endpoint
from hypersim.api.binance.routes import ENDPOINTS
from hypersim.api.binance.security import Milliseconds
from tests.api.client import Answer
from tests.api.lab import Lab

FIRST_MOMENT_MS = 1_483_228_800_000
ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
TIMED = {
    *("/time", "/exchangeInfo", "/trades", "/historicalTrades", "/aggTrades", "/klines", "/uiKlines", "/avgPrice"),
    *("/ticker", "/ticker/24hr", "/ticker/tradingDay", "/order", "/openOrders", "/allOrders", "/account", "/myTrades"),
}
"""What has a time in its answer."""


def moments(answer: Any) -> Iterator[int]:
    """Every number in an answer that is a time."""
    if isinstance(answer, dict):
        for value in answer.values():
            yield from moments(value)
    elif isinstance(answer, list):
        for value in answer:
            yield from moments(value)
    elif isinstance(answer, int) and answer >= FIRST_MOMENT_MS:
        yield answer


async def asked(lab: Lab, endpoint: Endpoint, unit: str | None) -> Answer:
    """The endpoint's example. The exchange has just filled an order; its time is no whole millisecond."""
    headers = {} if unit is None else {"X-MBX-TIME-UNIT": unit}
    path = endpoint.prefixes[0] + endpoint.path
    if not endpoint.security.signed:
        return await lab.alice.public(path, endpoint.example, **headers)
    return await lab.alice.signed(endpoint.method, path, endpoint.example, time=lab.now_ms, **headers)


READ = [each for each in ENDPOINTS if each.method == "GET"]
[FIRST] = [each for each in ENDPOINTS if (each.method, each.path) == ("POST", "/order")]


@pytest.mark.parametrize("endpoint", READ, ids=lambda each: f"{each.prefixes[0]}{each.path}")
async def test_the_same_moments_are_told_in_either_unit(lab: Lab, endpoint: Endpoint) -> None:
    lab.clock.time_us += 346
    for order in (ORDER, FIRST.example):
        assert 200 == (await lab.alice.signed("POST", "/v1/order", order, time=lab.now_ms)).status
    default, milliseconds, microseconds = [
        list(moments((await asked(lab, endpoint, unit)).json)) for unit in (None, "MILLISECOND", "MICROSECOND")
    ]
    assert default == milliseconds
    assert default or endpoint.path not in TIMED or endpoint.prefixes != SPOT
    if endpoint.prefixes == SPOT:
        assert default == [moment // 1000 for moment in microseconds]
        assert all(moment >= FIRST_MOMENT_MS * 1000 for moment in microseconds)
    else:
        assert default == microseconds, "the wallet and the futures know milliseconds alone"


@pytest.mark.parametrize("unit", ["SECOND", ""])
async def test_the_wallet_and_the_futures_do_not_read_the_unit(lab: Lab, unit: str) -> None:
    for endpoint in READ:
        if endpoint.prefixes != SPOT and not endpoint.refuses:
            assert 200 == (await asked(lab, endpoint, unit)).status


@pytest.mark.parametrize("kind", ["ACK", "RESULT", "FULL"])
async def test_orders_and_cancels_tell_their_moments_in_either_unit(lab: Lab, kind: str) -> None:
    lab.clock.time_us += 346
    resting = {**ORDER, "type": "LIMIT", "timeInForce": "GTC", "price": "40000", "newOrderRespType": kind}
    told = []
    for unit in ("MILLISECOND", "MICROSECOND"):
        header = {"X-MBX-TIME-UNIT": unit}
        placed = await lab.alice.signed("POST", "/v1/order", resting, time=lab.now_ms, **header)
        number = {"symbol": "BTCUSDT", "orderId": placed.json["orderId"]}
        cancelled = await lab.alice.signed("DELETE", "/v1/order", number, time=lab.now_ms, **header)
        told.append([*moments(placed.json), *moments(cancelled.json)])
    count = 2 if kind == "ACK" else 3
    assert [[lab.now_ms] * count, [lab.clock.time_us] * count] == told


@pytest.mark.parametrize(
    ("sent_us", "window", "expected"),
    [
        (0, None, 200),
        (999_999, None, 200),
        (1_000_000, None, "ahead"),
        (10_000_001, "60000", "ahead"),
        (10**15, "60000", "ahead"),
        (-5_000_000, None, 200),
        (-5_000_001, None, "old"),
        (-60_000_000, "60000", 200),
        (-60_000_000, "60000.000", 200),
        (-60_000_001, "60000", "old"),
        (-1, "0.001", 200),
        (-2, "0.001", "old"),
        (-1, "0", "old"),
    ],
)
async def test_a_request_in_microseconds_counts_to_the_microsecond(
    lab: Lab, sent_us: int, window: str | None, expected: int | str
) -> None:
    """rest-api.md, 'Timing security'."""
    sentences = {
        "ahead": "Timestamp for this request was 1000ms ahead of the server's time.",
        "old": "Timestamp for this request is outside of the recvWindow.",
    }
    arguments = {} if window is None else {"recvWindow": window}
    answer = await lab.alice.signed("GET", "/v1/openOrders", arguments, time=lab.clock.time_us + sent_us)
    if isinstance(expected, int):
        assert (expected, []) == (answer.status, answer.json)
    else:
        assert (400, {"code": -1021, "msg": sentences[expected]}) == (answer.status, answer.json)


@pytest.mark.parametrize(
    ("window", "code", "sentence"),
    [
        ("60000.001", -1131, "recvWindow must be less than 60000."),
        ("60001", -1131, "recvWindow must be less than 60000."),
        ("99999999999999999999", -1131, "recvWindow must be less than 60000."),
        ("1.0001", -1111, "Parameter 'recvWindow' has too much precision."),
        ("", -1105, "Parameter 'recvWindow' was empty."),
        *(
            (
                window,
                -1100,
                f"Illegal characters found in parameter 'recvWindow'; legal range is '{Milliseconds.legal}'.",
            )
            for window in ("-1", "1e3", "5s", ".5", "5.", "１", " 5", "NaN")
        ),
    ],
)
async def test_a_window_that_cannot_be_is_refused(lab: Lab, window: str, code: int, sentence: str) -> None:
    answer = await lab.alice.signed("GET", "/v1/openOrders", {"recvWindow": window}, time=lab.now_ms)
    assert (400, {"code": code, "msg": sentence}) == (answer.status, answer.json)


@pytest.mark.parametrize(
    "sent_us",
    [1_483_228_799_999_999, 0, 1_483_228_799_999, 100_000_000_000_000],
    ids=["the last one of 2016", "the epoch", "the same in milliseconds", "the first that counts as microseconds"],
)
async def test_a_moment_before_there_was_a_market_is_too_old(lab: Lab, sent_us: int) -> None:
    """CHANGELOG.md, 2024-12-09."""
    answer = await lab.alice.signed("GET", "/v1/openOrders", {"recvWindow": 60000}, time=sent_us)
    assert (400, -1021) == (answer.status, answer.json["code"])
