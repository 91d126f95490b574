"""Open orders are shown as they are now, however often they were shown before."""

from typing import Any

import pytest

from hypersim.api.binance.endpoints import Call
from hypersim.api.binance.open_orders import OpenOrders
from hypersim.api.wire import encode
from hypersim.engine.orders import Side
from tests.api.lab import Lab
from tests.api.test_trading import LIMIT_BUY, place


async def shown(lab: Lab, **headers: str) -> tuple[Any, Any]:
    """Alice's open orders as they are shown together, and each by itself."""
    together = (await lab.alice.signed("GET", "/v1/openOrders", {}, time=lab.now_ms, **headers)).json
    alone = []
    for order in together:
        name = {"symbol": order["symbol"], "orderId": str(order["orderId"])}
        alone.append((await lab.alice.signed("GET", "/v1/order", name, time=lab.now_ms, **headers)).json)
    return together, alone


@pytest.mark.parametrize("headers", [{}, {"x_mbx_time_unit": "MICROSECOND"}], ids=["milliseconds", "microseconds"])
async def test_open_orders_are_shown_as_each_is_by_itself_after_every_change(lab: Lab, headers: dict[str, str]) -> None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    await place(lab, newClientOrderId="first")
    await place(lab, newClientOrderId="second", price="48000")
    states = []
    for change in ("none", "a fill", "an amendment", "a cancel"):
        if change == "a fill":
            lab.clock.time_us += 1_000
            await lab.trade("BTCUSDT", "49000", "0.04", Side.SELL)
        elif change == "an amendment":
            amendment = {"symbol": "BTCUSDT", "orderId": "2", "newQty": "0.05"}
            await lab.alice.signed("PUT", "/v1/order/amend/keepPriority", amendment, time=lab.now_ms)
        elif change == "a cancel":
            await lab.alice.signed("DELETE", "/v1/order", {"symbol": "BTCUSDT", "orderId": "1"}, time=lab.now_ms)
        together, alone = await shown(lab, **named)
        assert alone == together
        states.append([(order["orderId"], order["origQty"], order["executedQty"]) for order in together])
    first, second = (1, "0.10000000", "0.00000000"), (2, "0.10000000", "0.00000000")
    filled, amended = (1, "0.10000000", "0.04000000"), (2, "0.05000000", "0.00000000")
    assert [[first, second], [filled, second], [filled, amended], [amended]] == states


async def test_what_is_kept_of_open_orders_is_bounded_and_changes_no_answer(lab: Lab) -> None:
    for number in range(3):
        await place(lab, newClientOrderId=f"order-{number}", price=str(48000 + number), quantity="0.01")
    key = lab.world.keys.get(lab.alice.api_key)
    assert key is not None
    call = Call({"symbol": LIMIT_BUY["symbol"]}, key.account_id, lab.clock.time_us)
    tight, wide = OpenOrders(most_kept=2), OpenOrders()
    answers = [[encode(await handler(lab.world, call)) for _ in range(3)] for handler in (tight, wide)]
    assert answers[1] == answers[0]
    assert len(tight._kept) <= 2
