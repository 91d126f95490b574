"""What signed calls cost: request weight, and orders of the unfilled order count.

Sources: the weight that rest-api.md gives for each endpoint; CHANGELOG 2026-03-27 and 2026-04-02, by which order entry
costs nothing when it succeeds; faqs/order_count_decrement.md.
"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from hypersim.api.binance.endpoints import SPOT
from hypersim.api.binance.routes import ENDPOINTS
from hypersim.engine.orders import Side
from hypersim.limits import ORDERS_10S
from tests.api.conformance.answers import alices
from tests.api.conformance.rows import ALL_LISTS, BTC, LIMIT, MARKET, OCO, OTO, OTOCO, but
from tests.api.lab import Lab, open_lab

REPLACE = {**LIMIT, "cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrderId": "1"}

WEIGHTS = [
    ("POST /v1/order/test", LIMIT, 1),
    ("POST /v1/order/test", {**LIMIT, "computeCommissionRates": "false"}, 1),
    ("POST /v1/order/test", {**LIMIT, "computeCommissionRates": "true"}, 20),
    ("GET /v1/account", {}, 20),
    ("GET /v1/account/commission", BTC, 20),
    ("GET /v1/order", {**BTC, "orderId": "1"}, 4),
    ("GET /v1/openOrders", BTC, 6),
    ("GET /v1/openOrders", {}, 80),
    ("GET /v1/allOrders", BTC, 20),
    ("GET /v1/orderList", {"orderListId": "1"}, 4),
    ("GET /v1/allOrderList", {}, 20),
    ("GET /v1/openOrderList", {}, 6),
    ("GET /v1/myTrades", BTC, 20),
    ("GET /v1/myTrades", {**BTC, "orderId": "1"}, 5),
    ("GET /v1/rateLimit/order", {}, 40),
    ("GET /v1/myPreventedMatches", {**BTC, "preventedMatchId": "1"}, 2),
    ("GET /v1/myPreventedMatches", {**BTC, "orderId": "1"}, 20),
    ("GET /v1/myAllocations", BTC, 20),
    ("GET /v1/order/amendments", {**BTC, "orderId": "1"}, 4),
    ("GET /v1/myFilters", BTC, 40),
    ("PUT /v1/order/amend/keepPriority", {**BTC, "orderId": "1", "newQty": "0.005"}, 4),
]
"""Calls that succeed, in an account whose order 1 is open, and their weight."""
FREE = [
    ("POST /v1/order", LIMIT, {"price": "9"}, 1),
    *((call, arguments, {"listClientOrderId": "first"}, 1) for call, arguments in ALL_LISTS),
    ("POST /v1/order/cancelReplace", REPLACE, {"cancelOrderId": "77"}, 1),
    ("DELETE /v1/orderList", {**BTC, "orderListId": "1"}, {"orderListId": "77"}, 1),
    ("DELETE /v1/order", {**BTC, "orderId": "1"}, {"orderId": "77"}, 1),
    ("DELETE /v1/openOrders", BTC, {"symbol": "ETHUSDT"}, 1),
]
"""Order entry: a call that succeeds, with what it does not, and the weight that it has then."""
REFUSED = [
    ("POST /v1/sor/order", LIMIT, 1),
    ("POST /v1/sor/order/test", LIMIT, 1),
    ("POST /v1/sor/order/test", {**LIMIT, "computeCommissionRates": "true"}, 20),
    ("PUT /v1/order/amend/keepPriority", {**BTC, "orderId": "77", "newQty": "0.005"}, 4),
    ("GET /v1/order", {**BTC, "orderId": "77"}, 4),
    ("GET /v1/allOrders", {"symbol": "NOSUCH"}, 20),
    ("GET /v1/myPreventedMatches", {"symbol": "NOSUCH", "preventedMatchId": "1"}, 2),
]
"""Calls that fail, and their weight."""
UNREAD = [
    ("GET /v1/depth", {"limit": "5"}, 5),
    ("GET /v1/ticker/24hr", {"symbol": "btcusdt"}, 2),
    ("GET /v1/ticker/price", {"symbol": "btcusdt"}, 2),
    ("GET /v1/ticker/bookTicker", {"symbol": "btcusdt"}, 2),
    ("GET /v1/ticker", {"symbol": "btcusdt"}, 4),
    ("GET /v1/ticker/tradingDay", {"symbol": "btcusdt"}, 4),
]
SIGNED_UNREAD = [
    ("GET /v1/openOrders", {"symbol": "btcusdt"}, 6),
    ("GET /v1/myTrades", {"symbol": "btcusdt"}, 5),
    ("GET /v1/myPreventedMatches", {"symbol": "btcusdt"}, 2),
]
"""Calls that cannot be read, and the least weight that their endpoint has, whatever is sent."""
PLACING = [
    ("POST /v1/order", LIMIT, 1),
    ("POST /v1/orderList/oco", OCO, 2),
    ("POST /v1/orderList/oto", OTO, 2),
    ("POST /v1/orderList/otoco", OTOCO, 3),
    ("POST /v1/orderList/opo", ALL_LISTS[3][1], 2),
    ("POST /v1/orderList/opoco", ALL_LISTS[4][1], 3),
    ("POST /v1/order/oco", ALL_LISTS[5][1], 2),
    ("POST /v1/order/cancelReplace", REPLACE, 1),
    ("PUT /v1/order/amend/keepPriority", {**BTC, "orderId": "1", "newQty": "0.005"}, 0),
    ("POST /v1/order/test", LIMIT, 0),
    ("DELETE /v1/order", {**BTC, "orderId": "1"}, 0),
]
"""'Unfilled Order Count' of rest-api.md."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def busy_lab() -> AsyncIterator[Lab]:
    """Alice has order 1 and the list 1 named 'first'."""
    async with open_lab() as lab:
        await alices(lab, "POST /v1/order", LIMIT)
        await alices(lab, "POST /v1/orderList/oco", {**OCO, "listClientOrderId": "first"})
        yield lab


async def cost(lab: Lab, call: str, arguments: dict[str, str]) -> tuple[int, int]:
    """Status of one of alice's calls, and its weight, by what the minute has used before and after it."""
    method, path = call.split()
    before = await lab.alice.public("/v1/ping")
    answer = await lab.alice.signed(method, path, arguments, time=lab.now_ms)
    used = [int(each.headers["x-mbx-used-weight-1m"]) for each in (before, answer)]
    assert answer.headers["x-mbx-used-weight"] == answer.headers["x-mbx-used-weight-1m"]
    return answer.status, used[1] - used[0]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("call", "arguments", "weight"), WEIGHTS)
async def test_a_call_has_its_documented_weight(
    busy_lab: Lab, call: str, arguments: dict[str, str], weight: int
) -> None:
    assert (200, weight) == await cost(busy_lab, call, arguments)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("call", "arguments", "weight"), REFUSED)
async def test_a_refused_call_has_its_weight_too(
    busy_lab: Lab, call: str, arguments: dict[str, str], weight: int
) -> None:
    assert (400, weight) == await cost(busy_lab, call, arguments)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("call", "arguments", "weight"), SIGNED_UNREAD)
async def test_a_signed_call_that_cannot_be_read_has_the_least_weight(
    busy_lab: Lab, call: str, arguments: dict[str, str], weight: int
) -> None:
    assert (400, weight) == await cost(busy_lab, call, arguments)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("call", "arguments", "weight"), UNREAD)
async def test_a_call_that_cannot_be_read_has_the_least_weight(
    busy_lab: Lab, call: str, arguments: dict[str, str], weight: int
) -> None:
    before = await busy_lab.alice.public("/v1/ping")
    answer = await busy_lab.alice.public(call.split()[1], arguments)
    used = [int(each.headers["x-mbx-used-weight"]) for each in (before, answer)]
    assert (400, weight) == (answer.status, used[1] - used[0])


async def test_order_entry_has_weight_only_when_it_fails() -> None:
    for call, arguments, wrong, weight in FREE:
        async with open_lab() as lab:
            await alices(lab, "POST /v1/order", LIMIT)
            await alices(lab, "POST /v1/orderList/oco", {**OCO, "listClientOrderId": "first"})
            assert (400, weight) == await cost(lab, call, {**arguments, **wrong}), call
            assert (200, 0) == await cost(lab, call, arguments), call


async def test_an_amend_has_no_weight_where_the_order_expires_because_of_it(lab: Lab) -> None:
    await alices(lab, "POST /v1/order", LIMIT)
    await lab.trade("BTCUSDT", "49000", "0.004", Side.SELL)
    amend, of_one = "PUT /v1/order/amend/keepPriority", {**BTC, "orderId": "1"}
    expected = [(400, 4), (200, 4), (200, 0), (400, 4)]
    actual = [await cost(lab, amend, {**of_one, "newQty": each}) for each in ("0.003", "0.005", "0.004", "0.003")]
    assert expected == actual


def test_every_signed_endpoint_has_its_row() -> None:
    known = {call for call, *_ in (*WEIGHTS, *FREE, *REFUSED)}
    signed = [each for each in ENDPOINTS if each.prefixes == SPOT and each.security.signed]
    assert {f"{each.method} /v1{each.path}" for each in signed} == known


@pytest.mark.parametrize(("call", "arguments", "orders"), PLACING)
async def test_a_call_counts_the_orders_that_it_places(
    limited_lab: Lab, call: str, arguments: dict[str, str], orders: int
) -> None:
    lab = limited_lab
    await alices(lab, "POST /v1/order", LIMIT)
    method, path = call.split()
    refused = await lab.alice.signed(method, path, {**arguments, "symbol": "NOSUCH"}, time=lab.now_ms)
    assert 400 == refused.status
    answer = await lab.alice.signed(method, path, arguments, time=lab.now_ms)
    assert 200 == answer.status, answer.json
    counts = [row["count"] for row in await alices(lab, "GET /v1/rateLimit/order", {})]
    assert [1 + orders] * 2 == counts
    told = [answer.headers.get(f"x-mbx-order-count-{window}") for window in ("10s", "1d")]
    assert ([str(1 + orders)] * 2 if orders else [None] * 2) == told


@pytest.mark.parametrize(("call", "arguments", "orders"), [row for row in PLACING if row[2]])
async def test_more_orders_than_may_be_placed_are_refused_whole(
    limited_lab: Lab, call: str, arguments: dict[str, str], orders: int
) -> None:
    lab = limited_lab
    await alices(lab, "POST /v1/order", LIMIT)
    now_us = lab.clock.time_us
    lab.world.limits.orders.take(1, ORDERS_10S.limit - orders, now_us)
    before = lab.state_hash()
    method, path = call.split()
    answer = await lab.alice.signed(method, path, arguments, time=lab.now_ms)
    sentence = "Too many new orders; current limit is 100 orders per 10 SECOND."
    assert (429, {"code": -1015, "msg": sentence}) == (answer.status, answer.json)
    assert str(10 - now_us // 1_000_000 % 10) == answer.headers["retry-after"]
    assert before == lab.state_hash()
    lab.clock.time_us += 10_000_000
    await alices(lab, call, arguments)


async def test_fills_give_orders_back(limited_lab: Lab) -> None:
    """faqs/order_count_decrement.md: the first fill of a taker takes one back, cancelling none."""
    lab = limited_lab

    async def count() -> int:
        counts = await alices(lab, "GET /v1/rateLimit/order", {})
        return int(counts[0]["count"])

    counted = []
    for call, arguments in (
        ("POST /v1/order", LIMIT),
        ("DELETE /v1/order", {**BTC, "orderId": "1"}),
        ("POST /v1/order", but(LIMIT, timeInForce="FOK")),
        ("POST /v1/order", MARKET),
        ("POST /v1/order", LIMIT),
    ):
        await alices(lab, call, arguments)
        counted.append(await count())
    assert [1, 1, 2, 2, 3] == counted
