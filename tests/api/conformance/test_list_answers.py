"""Each kind of order list: placed, queried and cancelled, by itself, by one of its orders, and with everything else.

Sources: the samples of rest-api.md, 'Order lists' and 'Cancel All Open Orders on a Symbol'.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest

from tests.api.conformance.answers import DONE, ZERO, Values, alices, cancelled, listed, ordered, placed, queried
from tests.api.conformance.rows import ALL_LISTS, BTC, LIMIT, OCO, OLD_OCO, OPO, OPOCO, OTO, OTOCO, WORKING, but
from tests.api.lab import Lab

PENDING = {"status": "PENDING_NEW", "workingTime": -1}
SELLS = {"side": "SELL"}
UPPER: Values = {**SELLS, "type": "LIMIT_MAKER", "price": "51000.00000000"}
LOWER: Values = {
    **SELLS,
    "type": "STOP_LOSS_LIMIT",
    "price": "48900.00000000",
    "stopPrice": "49000.00000000",
    "workingTime": -1,
}
LOWER_AT_MARKET: Values = {
    **SELLS,
    **PENDING,
    "type": "STOP_LOSS",
    "price": ZERO,
    "stopPrice": "48000.00000000",
}
PENDING_PROFIT: Values = {
    **SELLS,
    **PENDING,
    "type": "TAKE_PROFIT_LIMIT",
    "price": "51000.00000000",
    "stopPrice": "50900.00000000",
}
UNPAID = {"origQty": None}
"""A pending order whose quantity another is yet to pay for: no origQty where it is placed, 0 elsewhere."""


class Listing(NamedTuple):
    """A list, by what is asked for and by what is shown of it: of an OCO the stop first."""

    call: str
    arguments: dict[str, str]
    names: tuple[str, ...]
    orders: tuple[Values, ...]
    contingency: str = "OTO"


OTOCO_NAMES = ("workingClientOrderId", "pendingBelowClientOrderId", "pendingAboveClientOrderId")
LISTS = {
    "OCO": Listing(
        "POST /v1/orderList/oco", OCO, ("belowClientOrderId", "aboveClientOrderId"), (LOWER, UPPER), contingency="OCO"
    ),
    "the retired OCO": Listing(
        "POST /v1/order/oco", OLD_OCO, ("stopClientOrderId", "limitClientOrderId"), (LOWER, UPPER), contingency="OCO"
    ),
    "OCO to buy": Listing(
        "POST /v1/orderList/oco",
        {
            **BTC,
            "side": "BUY",
            "quantity": "0.01",
            "aboveType": "STOP_LOSS",
            "aboveTrailingDelta": "100",
            "aboveStopPrice": "51000",
            "belowType": "TAKE_PROFIT",
            "belowStopPrice": "49000",
            "belowStrategyId": "3",
        },
        ("aboveClientOrderId", "belowClientOrderId"),
        (
            {
                "type": "STOP_LOSS",
                "price": ZERO,
                "stopPrice": "51000.00000000",
                "trailingDelta": 100,
                "trailingTime": -1,
                "workingTime": -1,
            },
            {
                "type": "TAKE_PROFIT",
                "price": ZERO,
                "stopPrice": "49000.00000000",
                "workingTime": -1,
                "strategyId": 3,
            },
        ),
        contingency="OCO",
    ),
    "OCO with an iceberg": Listing(
        "POST /v1/orderList/oco",
        but(OCO, aboveIcebergQty="0.005", belowIcebergQty="0.002"),
        ("belowClientOrderId", "aboveClientOrderId"),
        ({**LOWER, "icebergQty": "0.00200000"}, {**UPPER, "icebergQty": "0.00500000"}),
        contingency="OCO",
    ),
    "OTO": Listing(
        "POST /v1/orderList/oto", OTO, ("workingClientOrderId", "pendingClientOrderId"), ({}, PENDING_PROFIT)
    ),
    "OTO at market": Listing(
        "POST /v1/orderList/oto",
        {**WORKING, "pendingType": "MARKET", "pendingSide": "SELL", "pendingQuantity": "0.005"},
        ("workingClientOrderId", "pendingClientOrderId"),
        ({}, {**SELLS, **PENDING, "type": "MARKET", "price": ZERO, "origQty": "0.00500000"}),
    ),
    "OTO that will trail": Listing(
        "POST /v1/orderList/oto",
        but(OTO, "pendingStopPrice", pendingTrailingDelta="100"),
        ("workingClientOrderId", "pendingClientOrderId"),
        ({}, {**PENDING_PROFIT, "stopPrice": ZERO, "trailingDelta": 100, "trailingTime": -1}),
    ),
    "OTO that will be pegged": Listing(
        "POST /v1/orderList/oto",
        {
            **WORKING,
            "pendingType": "LIMIT_MAKER",
            "pendingSide": "SELL",
            "pendingQuantity": "0.01",
            "pendingPegPriceType": "PRIMARY_PEG",
        },
        ("workingClientOrderId", "pendingClientOrderId"),
        ({}, {**SELLS, **PENDING, "type": "LIMIT_MAKER", "price": ZERO, "pegPriceType": "PRIMARY_PEG"}),
    ),
    "OTOCO": Listing("POST /v1/orderList/otoco", OTOCO, OTOCO_NAMES, ({}, LOWER_AT_MARKET, {**UPPER, **PENDING})),
    "OPO": Listing(
        "POST /v1/orderList/opo",
        OPO,
        ("workingClientOrderId", "pendingClientOrderId"),
        ({}, {**SELLS, **PENDING, **UNPAID, "price": "51000.00000000"}),
    ),
    "OPOCO": Listing(
        "POST /v1/orderList/opoco",
        OPOCO,
        OTOCO_NAMES,
        ({}, {**LOWER_AT_MARKET, **UNPAID}, {**UPPER, **PENDING, **UNPAID}),
    ),
}


class Placed(NamedTuple):
    """A list as it should be shown."""

    answer: Any
    of_list: Values
    orders: Sequence[Values]
    contingency: str

    def placed(self, response: str) -> dict[str, Any]:
        reports = [
            {name: value for name, value in placed(order, response).items() if value is not None}
            for order in self.orders
        ]
        return listed(self.of_list, self.orders, orderReports=reports)

    def cancelled(self) -> dict[str, Any]:
        reports = [cancelled(known(order), "the-cancel") for order in self.orders]
        return listed({**self.of_list, **DONE}, self.orders, orderReports=reports)


def known(order: Values) -> Values:
    """An order with the quantity that is shown of it once it is placed."""
    return {name: ZERO if value is None else value for name, value in order.items()}


async def place(lab: Lab, listing: Listing, **more: str) -> Placed:
    first = len(await alices(lab, "GET /v1/allOrders", BTC)) + 1
    number = len(await alices(lab, "GET /v1/allOrderList", {})) + 1
    names = [f"order{nth}" for nth in range(len(listing.names))]
    asked = {**listing.arguments, **dict(zip(listing.names, names, strict=True)), "listClientOrderId": "list", **more}
    answer = await alices(lab, listing.call, asked)
    orders = [
        {**order, "orderId": first + nth, "orderListId": number, "clientOrderId": name}
        for nth, (order, name) in enumerate(zip(listing.orders, names, strict=True))
    ]
    of_list = {"orderListId": number, "contingencyType": listing.contingency}
    return Placed(answer, of_list, orders, listing.contingency)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("listing", LISTS.values(), ids=LISTS)
async def test_a_list_is_shown_as_in_the_samples(kept_lab: Lab, listing: Listing) -> None:
    for response in ("ACK", "RESULT", "FULL"):
        one = await place(kept_lab, listing, newOrderRespType=response)
        assert ordered(one.placed(response)) == ordered(one.answer)
        expected = ordered(listed(one.of_list, one.orders))
        list_id = one.of_list["orderListId"]
        for named in ({"orderListId": list_id}, {"origClientOrderId": "list"}):
            assert expected == ordered(await alices(kept_lab, "GET /v1/orderList", named))
        assert [expected] == ordered(await alices(kept_lab, "GET /v1/openOrderList", {}))
        assert expected == ordered(await alices(kept_lab, "GET /v1/allOrderList", {}))[-1]
        orders = [queried(known(order)) for order in one.orders]
        assert ordered(orders) == ordered(await alices(kept_lab, "GET /v1/openOrders", BTC))
        arguments = {**BTC, "orderListId": list_id, "newClientOrderId": "the-cancel"}
        assert ordered(one.cancelled()) == ordered(await alices(kept_lab, "DELETE /v1/orderList", arguments))
        done = ordered(listed({**one.of_list, **DONE}, one.orders))
        assert done == ordered(await alices(kept_lab, "GET /v1/orderList", {"orderListId": list_id}))
        assert [] == await alices(kept_lab, "GET /v1/openOrderList", {})
        ended = [queried({**known(order), "status": "CANCELED"}) for order in one.orders]
        all_orders = await alices(kept_lab, "GET /v1/allOrders", BTC)
        assert ordered(ended) == ordered(all_orders[-len(one.orders) :])


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("listing", LISTS.values(), ids=LISTS)
async def test_the_cancel_of_one_order_cancels_its_whole_list(kept_lab: Lab, listing: Listing) -> None:
    """rest-api.md, Cancel Order list: notes."""
    for nth in range(len(listing.names)):
        one = await place(kept_lab, listing)
        assert ordered(one.placed("RESULT")) == ordered(one.answer)
        arguments = {**BTC, "orderId": one.orders[nth]["orderId"], "newClientOrderId": "the-cancel"}
        assert ordered(one.cancelled()) == ordered(await alices(kept_lab, "DELETE /v1/order", arguments))
        assert [] == await alices(kept_lab, "GET /v1/openOrders", BTC)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("listing", LISTS.values(), ids=LISTS)
async def test_a_list_is_cancelled_with_all_open_orders(kept_lab: Lab, listing: Listing) -> None:
    """rest-api.md, Cancel All Open Orders on a Symbol: each order, and each list with its orders, under one id."""
    before = await alices(kept_lab, "POST /v1/order", {**LIMIT, "newClientOrderId": "before"})
    one = await place(kept_lab, listing)
    after = await alices(kept_lab, "POST /v1/order", {**LIMIT, "newClientOrderId": "after"})
    answer = await alices(kept_lab, "DELETE /v1/openOrders", BTC)
    cancel_id = answer[0]["clientOrderId"]
    whole = one.cancelled()
    reports = [{**report, "clientOrderId": cancel_id} for report in whole["orderReports"]]
    single = [
        cancelled({"orderId": order["orderId"], "clientOrderId": order["clientOrderId"]}, cancel_id)
        for order in (before, after)
    ]
    assert ordered([single[0], {**whole, "orderReports": reports}, single[1]]) == ordered(answer)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("call", "arguments"), ALL_LISTS, ids=[call for call, _ in ALL_LISTS])
async def test_a_name_is_free_again_once_its_list_is_done(kept_lab: Lab, call: str, arguments: dict[str, str]) -> None:
    for _ in range(2):
        placed = await alices(kept_lab, call, {**arguments, "listClientOrderId": "again"})
        cancel = {**BTC, "listClientOrderId": "again", "orderListId": placed["orderListId"]}
        assert "ALL_DONE" == (await alices(kept_lab, "DELETE /v1/orderList", cancel))["listOrderStatus"]
