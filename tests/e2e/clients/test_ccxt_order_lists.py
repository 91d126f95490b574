"""Order lists by ccxt's implicit calls: who waits for whom, and what is left when one is done."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.clients.desk import SYMBOL, Desk
from tests.e2e.clients.exchanges import Awaited

pytestmark = pytest.mark.parametrize("kind", ["hypersim", "binance-asyncio"])

Row = dict[str, Any]

ID = {"symbol": "BTCUSDT"}
OCO = {
    **ID,
    "side": "SELL",
    "quantity": "1",
    "aboveType": "LIMIT_MAKER",
    "abovePrice": "50500",
    "belowType": "STOP_LOSS_LIMIT",
    "belowStopPrice": "49500",
    "belowPrice": "49400",
    "belowTimeInForce": "GTC",
}
OLD_OCO = {
    **ID,
    "side": "SELL",
    "quantity": "1",
    "price": "50500",
    "stopPrice": "49500",
    "stopLimitPrice": "49400",
    "stopLimitTimeInForce": "GTC",
}
WORKING = {
    **ID,
    "workingType": "LIMIT",
    "workingSide": "BUY",
    "workingPrice": "49995",
    "workingQuantity": "0.1",
    "workingTimeInForce": "GTC",
    "pendingSide": "SELL",
}
PAIR = {
    "pendingAboveType": "LIMIT_MAKER",
    "pendingAbovePrice": "50500",
    "pendingBelowType": "STOP_LOSS",
    "pendingBelowStopPrice": "49500",
}
ALONE = {"pendingType": "LIMIT", "pendingPrice": "50500", "pendingTimeInForce": "GTC"}
QUANTITY = {"pendingQuantity": "0.05"}


async def legs(exchange: Awaited, placed: Row) -> list[tuple[str, str, str]]:
    """(type, quantity, status) of each order of a list, as the exchange has them, in the list's order."""
    answers = [await exchange.privateGetOrder({**ID, "orderId": order["orderId"]}) for order in placed["orders"]]
    assert {str(placed["orderListId"])} == {str(answer["orderListId"]) for answer in answers}
    return [(answer["type"], answer["origQty"], answer["status"]) for answer in answers]


async def state(exchange: Awaited, placed: Row) -> tuple[str, str]:
    """(contingency, status) of a list, as the exchange has it."""
    answer = await exchange.privateGetOrderList({"orderListId": placed["orderListId"]})
    assert placed["orders"] == answer["orders"]
    return answer["contingencyType"], answer["listOrderStatus"]


@pytest.mark.parametrize(("call", "request_"), [("ListOco", OCO), ("Oco", OLD_OCO)])
@pytest.mark.parametrize(
    ("trade", "stop", "limit"),
    [
        (("BUY", 50_500, 3), "EXPIRED", "FILLED"),
        (("SELL", 49_500, 0.1), "NEW", "EXPIRED"),
    ],
)
async def test_of_an_oco_the_one_that_is_touched_ends_the_other(
    exchange: Awaited, desk: Desk, call: str, request_: Row, trade: tuple[str, float, float], stop: str, limit: str
) -> None:
    placed = await getattr(exchange, f"privatePostOrder{call}")(dict(request_))
    quantity = "1.00000000"
    assert [("STOP_LOSS_LIMIT", quantity, "NEW"), ("LIMIT_MAKER", quantity, "NEW")] == await legs(exchange, placed)
    assert 1.0 == (await exchange.fetch_balance())["used"]["BTC"]

    desk.trade(*trade)
    assert [("STOP_LOSS_LIMIT", quantity, stop), ("LIMIT_MAKER", quantity, limit)] == await legs(exchange, placed)
    over = "ALL_DONE" if limit == "FILLED" else "EXECUTING"
    assert ("OCO", over) == await state(exchange, placed)


@pytest.mark.parametrize(
    ("call", "pending", "quantity", "types"),
    [
        ("Oto", ALONE | QUANTITY, "0.05000000", ["LIMIT"]),
        ("Otoco", PAIR | QUANTITY, "0.05000000", ["STOP_LOSS", "LIMIT_MAKER"]),
        ("Opo", ALONE, "0.10000000", ["LIMIT"]),
        ("Opoco", PAIR, "0.10000000", ["STOP_LOSS", "LIMIT_MAKER"]),
    ],
)
async def test_pending_orders_enter_when_the_working_one_is_filled(
    exchange: Awaited, desk: Desk, call: str, pending: Row, quantity: str, types: list[str]
) -> None:
    """Of OPO and OPOCO they sell what was bought; its fee is paid from what is free, where there is enough of it."""
    placed = await getattr(exchange, f"privatePostOrderList{call}")(WORKING | pending)
    working, *others = await legs(exchange, placed)
    assert ("LIMIT", "0.10000000", "NEW") == working
    assert [(kind, "PENDING_NEW") for kind in types] == [(kind, status) for kind, _, status in others]

    desk.trade("SELL", 49_995, 0.1)
    assert [("LIMIT", "0.10000000", "FILLED"), *((kind, quantity, "NEW") for kind in types)] == await legs(
        exchange, placed
    )
    assert ("OTO", "EXECUTING") == await state(exchange, placed)


async def test_a_list_is_cancelled_whole_by_its_own_id_or_by_one_order(exchange: Awaited) -> None:
    first = await exchange.privatePostOrderListOco(dict(OCO))
    second = await exchange.privatePostOrderListOto(WORKING | ALONE | QUANTITY)
    assert [first["orderListId"], second["orderListId"]] == [
        each["orderListId"] for each in await exchange.privateGetOpenOrderList()
    ]
    cancelled = await exchange.privateDeleteOrderList({**ID, "orderListId": first["orderListId"]})
    await exchange.cancel_order(second["orders"][1]["orderId"], SYMBOL)

    assert ["CANCELED", "CANCELED"] == [report["status"] for report in cancelled["orderReports"]]
    assert {"CANCELED"} == {status for each in (first, second) for _, _, status in await legs(exchange, each)}
    assert [] == await exchange.privateGetOpenOrderList() == await exchange.fetch_open_orders(SYMBOL)
    assert ["ALL_DONE", "ALL_DONE"] == [each["listOrderStatus"] for each in await exchange.privateGetAllOrderList()]
    assert {0.0} == set((await exchange.fetch_balance())["used"].values())
