"""PUT /order/amend/keepPriority and GET /order/amendments: what they answer and what they leave.

Sources: rest-api.md, 'Order Amend Keep Priority' and 'Query Order Amendments'; faqs/order_amend_keep_priority.md.
"""

from typing import Any

import pytest

from hypersim.engine.orders import Side
from tests.api.conformance.answers import NOW, ZERO, Values, alices, amended, listed, ordered, queried
from tests.api.conformance.rows import BTC, LIMIT, MAKER, OCO, OTO, STOP, but
from tests.api.lab import Lab

AMEND = "PUT /v1/order/amend/keepPriority"
LOWER = {"newQty": "0.004", "newClientOrderId": "less"}
LESS = {"origQty": "0.00400000", "clientOrderId": "less"}


def answered(order: Values, before: str = "mine", execution_id: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "transactTime": NOW,
        "executionId": execution_id,
        "amendedOrder": amended({**LESS, **order}, before),
        **more,
    }


def status_of(contingency: str, orders: list[Values]) -> dict[str, Any]:
    """listStatus: a list under fewer keys."""
    whole = listed({"contingencyType": contingency}, orders)
    return {name: value for name, value in whole.items() if name not in ("listStatusType", "transactionTime")}


@pytest.mark.parametrize("named", [{"orderId": "1"}, {"origClientOrderId": "mine"}])
@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (LIMIT, {}),
        (but(MAKER, icebergQty="0.002"), {"type": "LIMIT_MAKER", "icebergQty": "0.00200000"}),
        (
            but(STOP, trailingDelta="100"),
            {
                "type": "STOP_LOSS",
                "price": ZERO,
                "stopPrice": "51000.00000000",
                "trailingDelta": 100,
                "trailingTime": -1,
                "workingTime": -1,
            },
        ),
        (
            but(LIMIT, "price", pegPriceType="PRIMARY_PEG"),
            {"price": ZERO, "pegPriceType": "PRIMARY_PEG", "peggedPrice": "49990.00000000"},
        ),
    ],
    ids=["limit", "iceberg", "stop", "pegged"],
)
async def test_a_single_order_is_amended(
    lab: Lab, arguments: dict[str, str], shown: Values, named: dict[str, str]
) -> None:
    await alices(lab, "POST /v1/order", {**arguments, "newClientOrderId": "mine"})
    assert ordered(answered(shown)) == ordered(await alices(lab, AMEND, {**BTC, **named, **LOWER}))
    assert [queried({**LESS, **shown})] == await alices(lab, "GET /v1/openOrders", BTC)


async def test_amendments_are_told_oldest_first(lab: Lab) -> None:
    await alices(lab, "POST /v1/order", {**LIMIT, "newClientOrderId": "mine"})
    for quantity, name in (("0.009", "second"), ("0.008", "second"), ("0.007", "third")):
        await alices(lab, AMEND, {**BTC, "orderId": 1, "newQty": quantity, "newClientOrderId": name})
    lowered = ["0.01000000", "0.00900000", "0.00800000", "0.00700000"]
    rows = [
        {
            "symbol": "BTCUSDT",
            "orderId": 1,
            "executionId": number,
            "origClientOrderId": before,
            "newClientOrderId": after,
            "origQty": lowered[number - 1],
            "newQty": lowered[number],
            "time": NOW,
        }
        for number, before, after in ((1, "mine", "second"), (2, "second", "second"), (3, "second", "third"))
    ]
    query = "GET /v1/order/amendments"
    assert ordered(rows) == ordered(await alices(lab, query, {**BTC, "orderId": 1}))
    assert rows[1:] == await alices(lab, query, {**BTC, "orderId": 1, "fromExecutionId": 2})
    assert rows[:1] == await alices(lab, query, {**BTC, "orderId": 1, "limit": 1})
    assert [] == await alices(lab, query, {**BTC, "orderId": 2})
    foreign = await lab.bob.signed("GET", "/v1/order/amendments", {**BTC, "orderId": 1}, time=lab.now_ms)
    assert [] == foreign.json


async def test_a_name_is_made_where_none_is_sent(lab: Lab) -> None:
    await alices(lab, "POST /v1/order", {**LIMIT, "newClientOrderId": "mine"})
    answer = await alices(lab, AMEND, {**BTC, "orderId": 1, "newQty": "0.004"})
    assert ("mine", 22) == (
        answer["amendedOrder"]["origClientOrderId"],
        len(answer["amendedOrder"]["clientOrderId"]),
    )


async def test_an_amended_pending_order_is_told_with_its_list(lab: Lab) -> None:
    """The sample of an order that is part of a list: it has no workingTime."""
    names = {"workingClientOrderId": "working", "pendingClientOrderId": "mine", "listClientOrderId": "list"}
    await alices(lab, "POST /v1/orderList/oto", {**OTO, **names})
    pending: Values = {
        "orderId": 2,
        "orderListId": 1,
        "side": "SELL",
        "type": "TAKE_PROFIT_LIMIT",
        "status": "PENDING_NEW",
        "price": "51000.00000000",
        "stopPrice": "50900.00000000",
        "workingTime": -1,
    }
    orders: list[Values] = [{"orderId": 1, "clientOrderId": "working"}, {"orderId": 2, "clientOrderId": "less"}]
    expected = answered(pending, listStatus=status_of("OTO", orders))
    assert ordered(expected) == ordered(await alices(lab, AMEND, {**BTC, "orderId": 2, **LOWER}))
    working = await alices(lab, "GET /v1/order", {**BTC, "orderId": 1})
    assert "0.01000000" == working["origQty"], "the orders of an OTO are amended one by one"


@pytest.mark.parametrize("amended_id", [1, 2])
async def test_amending_one_order_of_an_oco_amends_both(lab: Lab, amended_id: int) -> None:
    names = {"belowClientOrderId": "below", "aboveClientOrderId": "above", "listClientOrderId": "list"}
    await alices(lab, "POST /v1/orderList/oco", {**OCO, **names})
    answer = await alices(lab, AMEND, {**BTC, "orderId": amended_id, **LOWER})
    after = {1: ["less", "above"], 2: ["below", "less"]}[amended_id]
    orders: list[Values] = [{"orderId": nth, "clientOrderId": name} for nth, name in enumerate(after, 1)]
    assert status_of("OCO", orders) == answer["listStatus"]
    open_orders = await alices(lab, "GET /v1/openOrders", BTC)
    assert [(name, "0.00400000") for name in after] == [
        (order["clientOrderId"], order["origQty"]) for order in open_orders
    ]
    account = await alices(lab, "GET /v1/account", {"omitZeroBalances": "true"})
    assert {"asset": "BTC", "free": "0.99600000", "locked": "0.00400000"} == account["balances"][0]


async def test_what_is_kept_of_the_name_is_told_with_the_list_too(lab: Lab) -> None:
    names = {"belowClientOrderId": "below", "aboveClientOrderId": "above", "listClientOrderId": "list"}
    await alices(lab, "POST /v1/orderList/oco", {**OCO, **names})
    answer = await alices(lab, AMEND, {**BTC, "orderId": 2, "newQty": "0.004", "newClientOrderId": "above"})
    orders: list[Values] = [{"orderId": 1, "clientOrderId": "below"}, {"orderId": 2, "clientOrderId": "above"}]
    assert status_of("OCO", orders) == answer["listStatus"]


async def test_an_order_that_is_amended_to_what_it_has_traded_expires(lab: Lab) -> None:
    """CHANGELOG of 2026-04-02: "when the order expires because of the amendment"."""
    await alices(lab, "POST /v1/order", {**LIMIT, "newClientOrderId": "mine"})
    await lab.trade("BTCUSDT", "49000", "0.004", Side.SELL)
    traded = {"executedQty": "0.00400000", "status": "EXPIRED"}
    expected = answered({**traded, "cummulativeQuoteQty": "196.00000000"})
    assert ordered(expected) == ordered(await alices(lab, AMEND, {**BTC, "orderId": 1, **LOWER}))
    order = queried({**LESS, **traded, "cummulativeQuoteQty": "196.00000000", "isWorking": False})
    assert order == await alices(lab, "GET /v1/order", {**BTC, "origClientOrderId": "less"})
    assert [] == await alices(lab, "GET /v1/openOrders", BTC)
    [amendment] = await alices(lab, "GET /v1/order/amendments", {**BTC, "orderId": 1})
    assert ("0.01000000", "0.00400000") == (amendment["origQty"], amendment["newQty"])
    account = await alices(lab, "GET /v1/account", {"omitZeroBalances": "true"})
    assert [ZERO] * 2 == [balance["locked"] for balance in account["balances"]]


async def test_a_list_that_an_amendment_ends_is_told_as_done(lab: Lab) -> None:
    names = {"workingClientOrderId": "mine", "pendingClientOrderId": "pending", "listClientOrderId": "list"}
    await alices(lab, "POST /v1/orderList/oto", {**OTO, **names})
    await lab.trade("BTCUSDT", "49000", "0.004", Side.SELL)
    answer = await alices(lab, AMEND, {**BTC, "orderId": 1, **LOWER})
    orders: list[Values] = [{"orderId": 1, "clientOrderId": "less"}, {"orderId": 2, "clientOrderId": "pending"}]
    assert status_of("OTO", orders) | {"listOrderStatus": "ALL_DONE"} == answer["listStatus"]
    assert "ALL_DONE" == (await alices(lab, "GET /v1/orderList", {"orderListId": 1}))["listOrderStatus"]
    pending = await alices(lab, "GET /v1/order", {**BTC, "orderId": 2})
    assert ("EXPIRED", "OTO_PHASE_ONE_EXPIRED") == (pending["status"], pending["expiryReason"])


async def test_an_order_keeps_its_place_and_what_it_has_traded(lab: Lab) -> None:
    """faqs/order_amend_keep_priority.md: alice stays before bob."""
    await alices(lab, "POST /v1/order", {**LIMIT, "quantity": "0.02", "newClientOrderId": "mine"})
    await lab.bob.signed("POST", "/v1/order", LIMIT, time=lab.now_ms)
    await lab.trade("BTCUSDT", "49000", "0.005", Side.SELL)
    await alices(lab, AMEND, {**BTC, "orderId": 1, "newQty": "0.015", "newClientOrderId": "mine"})
    await lab.trade("BTCUSDT", "49000", "0.01", Side.SELL)
    order = queried(
        {
            "origQty": "0.01500000",
            "executedQty": "0.01500000",
            "cummulativeQuoteQty": "735.00000000",
            "status": "FILLED",
        }
    )
    assert order == await alices(lab, "GET /v1/order", {**BTC, "orderId": 1})
    bobs = await lab.bob.signed("GET", "/v1/openOrders", BTC, time=lab.now_ms)
    assert [ZERO] == [each["executedQty"] for each in bobs.json]


async def test_an_iceberg_shows_less_only_where_less_is_left(lab: Lab) -> None:
    """faqs/order_amend_keep_priority.md, 'Can Iceberg Orders be amended?'."""
    await alices(lab, "POST /v1/order", {**LIMIT, "icebergQty": "0.005"})
    shown = []
    for quantity in ("0.006", "0.004"):
        await alices(lab, AMEND, {**BTC, "orderId": 1, "newQty": quantity})
        depth = await lab.alice.public("/v1/depth", BTC)
        shown.append(dict(depth.json["bids"])["49000.00000000"])
    assert ["0.00500000", "0.00400000"] == shown
