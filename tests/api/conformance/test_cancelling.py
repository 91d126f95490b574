"""DELETE /order and DELETE /orderList: by which ids, in which status; and times in microseconds.

Sources: rest-api.md, 'Cancel order', 'Regarding cancelRestrictions' and 'Cancel Order list'.
"""

from typing import Any

import pytest
from msgspec.structs import replace

from hypersim.engine.commands import PutMarket
from hypersim.engine.market import MarketStatus
from hypersim.engine.orders import Side
from tests.api.conformance.answers import alices
from tests.api.conformance.rows import BTC, LIMIT, OCO, OTO, STOP
from tests.api.lab import Lab

RESTRICTED = {"code": -2011, "msg": "Order was not canceled due to cancel restrictions."}
NEW, PARTLY = "ONLY_NEW", "ONLY_PARTIALLY_FILLED"
NAMES = {
    "aboveClientOrderId": "above",
    "belowClientOrderId": "below",
    "workingClientOrderId": "working",
    "pendingClientOrderId": "pending",
}


async def cancel(lab: Lab, path: str, arguments: dict[str, Any]) -> tuple[int, Any]:
    answer = await lab.alice.signed("DELETE", path, {**BTC, **arguments}, time=lab.now_ms)
    return answer.status, answer.json


@pytest.mark.parametrize(
    ("named", "done"),
    [
        ({"orderId": 1}, True),
        ({"origClientOrderId": "mine"}, True),
        ({"orderId": 1, "origClientOrderId": "mine"}, True),
        ({"orderId": 1, "origClientOrderId": "other"}, False),
        ({"orderId": 2, "origClientOrderId": "mine"}, False),
        ({"orderId": 77, "origClientOrderId": "mine"}, False),
    ],
)
async def test_an_order_is_cancelled_where_both_ids_are_its_own(lab: Lab, named: dict[str, Any], done: bool) -> None:
    for name in ("mine", "other"):
        await alices(lab, "POST /v1/order", {**LIMIT, "newClientOrderId": name})
    before = lab.state_hash()
    status, answer = await cancel(lab, "/v1/order", named)
    if done:
        assert (200, "mine", "CANCELED") == (status, answer["origClientOrderId"], answer["status"])
    else:
        assert (400, {"code": -2011, "msg": "Unknown order sent."}) == (status, answer)
        assert before == lab.state_hash()


@pytest.mark.parametrize(
    ("named", "done"),
    [
        ({"orderListId": 1}, True),
        ({"listClientOrderId": "mine"}, True),
        ({"orderListId": 1, "listClientOrderId": "mine"}, True),
        ({"orderListId": 1, "listClientOrderId": "other"}, False),
        ({"orderListId": 2, "listClientOrderId": "mine"}, False),
    ],
)
async def test_a_list_is_cancelled_where_both_ids_are_its_own(lab: Lab, named: dict[str, Any], done: bool) -> None:
    for name in ("mine", "other"):
        await alices(lab, "POST /v1/orderList/oco", {**OCO, "listClientOrderId": name})
    before = lab.state_hash()
    status, answer = await cancel(lab, "/v1/orderList", named)
    if done:
        assert (200, "mine", "ALL_DONE") == (status, answer["listClientOrderId"], answer["listOrderStatus"])
    else:
        assert (400, {"code": -2011, "msg": "Unknown order sent."}) == (status, answer)
        assert before == lab.state_hash()


@pytest.mark.parametrize(
    ("call", "arguments", "name", "traded", "restriction", "done"),
    [
        ("order", LIMIT, "mine", "", NEW, True),
        ("order", LIMIT, "mine", "", PARTLY, False),
        ("order", LIMIT, "mine", "0.004", NEW, False),
        ("order", LIMIT, "mine", "0.004", PARTLY, True),
        ("order", STOP, "mine", "", NEW, True),
        ("order", STOP, "mine", "", PARTLY, False),
        ("orderList/oco", OCO, "above", "", NEW, True),
        ("orderList/oco", OCO, "below", "", NEW, True),
        ("orderList/oco", OCO, "below", "", PARTLY, False),
        ("orderList/oto", OTO, "working", "", NEW, True),
        ("orderList/oto", OTO, "working", "0.004", NEW, False),
        ("orderList/oto", OTO, "working", "0.004", PARTLY, True),
        ("orderList/oto", OTO, "pending", "", NEW, False),
        ("orderList/oto", OTO, "pending", "", PARTLY, False),
    ],
)
async def test_a_cancel_may_be_restricted_to_a_status(
    lab: Lab, call: str, arguments: dict[str, str], name: str, traded: str, restriction: str, done: bool
) -> None:
    of_list = {key: value for key, value in NAMES.items() if f"{value}Type" in arguments}
    await alices(lab, f"POST /v1/{call}", {**arguments, **(of_list or {"newClientOrderId": "mine"})})
    if traded:
        await lab.trade("BTCUSDT", "49000", traded, Side.SELL)
    before = lab.state_hash()
    status, answer = await cancel(lab, "/v1/order", {"origClientOrderId": name, "cancelRestrictions": restriction})
    if done:
        assert 200 == status
        assert [] == await alices(lab, "GET /v1/openOrders", BTC)
    else:
        assert (400, RESTRICTED) == (status, answer)
        assert before == lab.state_hash()


@pytest.mark.parametrize("status", [MarketStatus.HALT, MarketStatus.BREAK, MarketStatus.CANCEL_ONLY])
async def test_what_is_open_may_be_cancelled_while_nothing_is_traded(lab: Lab, status: MarketStatus) -> None:
    """enums.md, symbol status; seen: a halted symbol refuses orders and takes cancels."""
    for name in ("first", "second"):
        await alices(lab, "POST /v1/order", {**LIMIT, "newClientOrderId": name})
    for name in ("one", "two"):
        await alices(lab, "POST /v1/orderList/oco", {**OCO, "listClientOrderId": name})
    await lab.world.ask(PutMarket(replace(lab.world.market("BTCUSDT").market, status=status)))
    refused = await lab.alice.signed("POST", "/v1/order", LIMIT, time=lab.now_ms)
    assert (400, {"code": -1013, "msg": "Market is closed."}) == (refused.status, refused.json)
    await alices(lab, "DELETE /v1/order", {**BTC, "origClientOrderId": "first"})
    await alices(lab, "DELETE /v1/orderList", {**BTC, "listClientOrderId": "one"})
    rest = await alices(lab, "DELETE /v1/openOrders", BTC)
    assert ["second", "two"] == [each.get("origClientOrderId", each.get("listClientOrderId")) for each in rest]


async def test_a_list_tells_its_times_in_microseconds_on_request(lab: Lab) -> None:
    lab.clock.time_us += 123
    arguments = {name: value for name, value in OCO.items() if name not in ("belowStopPrice",)}
    answer = await lab.alice.signed(
        "POST",
        "/v1/orderList/oco",
        {**arguments, "belowTrailingDelta": "100"},
        time=lab.now_ms,
        **{"X-MBX-TIME-UNIT": "MICROSECOND"},
    )
    now_us = lab.clock.time_us
    stop, limit = answer.json["orderReports"]
    assert (now_us, now_us, now_us, -1, now_us) == (
        answer.json["transactionTime"],
        stop["transactTime"],
        stop["trailingTime"],
        stop["workingTime"],
        limit["workingTime"],
    )
