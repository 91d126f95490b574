"""Each kind of order through its life: placed, queried and cancelled, and what each answer shows of it.

Sources: the samples of rest-api.md and its 'Conditional fields in Order Responses'; faqs/pegged_orders.md.
"""

from typing import Any

import pytest

from tests.api.conformance.answers import NOW, ZERO, Values, alices, cancelled, ordered, placed, queried
from tests.api.conformance.rows import BTC, LIMIT, MAKER, MARKET, PROFIT, PROFIT_LIMIT, STOP, STOP_LIMIT, but
from tests.api.lab import Lab

WAITS = {"workingTime": -1}
AT_MARKET = {"price": ZERO}
IS_STOP = {**WAITS, **AT_MARKET, "type": "STOP_LOSS", "stopPrice": "51000.00000000"}
IS_STOP_LIMIT = {**WAITS, "type": "STOP_LOSS_LIMIT", "price": "51100.00000000", "stopPrice": "51000.00000000"}
IS_PROFIT = {**WAITS, **AT_MARKET, "type": "TAKE_PROFIT", "stopPrice": "49000.00000000"}
IS_PROFIT_LIMIT = {**WAITS, "type": "TAKE_PROFIT_LIMIT", "price": "49100.00000000", "stopPrice": "49000.00000000"}
IS_MAKER = {"type": "LIMIT_MAKER"}
TRAILS = {"trailingDelta": 100, "trailingTime": NOW, "stopPrice": ZERO}
PRIMARY = {"pegPriceType": "PRIMARY_PEG"}
DEEPER = {"pegOffsetType": "PRICE_LEVEL", "pegOffsetValue": "1"}
IS_DEEPER = {"pegOffsetType": "PRICE_LEVEL", "pegOffsetValue": 1}

OPEN: dict[str, tuple[dict[str, str], Values]] = {
    "limit": (LIMIT, {}),
    "limit to sell": (but(LIMIT, side="SELL", price="51000"), {"side": "SELL", "price": "51000.00000000"}),
    "limit iceberg": (but(LIMIT, icebergQty="0.002"), {"icebergQty": "0.00200000"}),
    "limit of a strategy": (
        but(LIMIT, strategyId="37463720", strategyType="1000000"),
        {"strategyId": 37463720, "strategyType": 1000000},
    ),
    "limit of a mode": (but(LIMIT, selfTradePreventionMode="NONE"), {"selfTradePreventionMode": "NONE"}),
    "limit maker": (MAKER, IS_MAKER),
    "limit maker iceberg": (but(MAKER, icebergQty="0.002"), {**IS_MAKER, "icebergQty": "0.00200000"}),
    "stop": (STOP, IS_STOP),
    "stop to sell": (
        but(STOP, side="SELL", stopPrice="49000"),
        {**IS_STOP, "side": "SELL", "stopPrice": "49000.00000000"},
    ),
    "stop limit": (STOP_LIMIT, IS_STOP_LIMIT),
    "stop limit, then now or never": (but(STOP_LIMIT, timeInForce="IOC"), {**IS_STOP_LIMIT, "timeInForce": "IOC"}),
    "stop limit iceberg": (but(STOP_LIMIT, icebergQty="0.002"), {**IS_STOP_LIMIT, "icebergQty": "0.00200000"}),
    "take profit": (PROFIT, IS_PROFIT),
    "take profit limit": (PROFIT_LIMIT, IS_PROFIT_LIMIT),
    "take profit limit of a strategy": (
        but(PROFIT_LIMIT, strategyId="7", icebergQty="0.002"),
        {**IS_PROFIT_LIMIT, "icebergQty": "0.00200000", "strategyId": 7},
    ),
    "trailing from now on": (but(STOP, "stopPrice", trailingDelta="100"), {**IS_STOP, **TRAILS}),
    "trailing limit from now on": (but(PROFIT_LIMIT, "stopPrice", trailingDelta="100"), {**IS_PROFIT_LIMIT, **TRAILS}),
    "trailing from a price on": (
        but(STOP_LIMIT, trailingDelta="100"),
        {**IS_STOP_LIMIT, "trailingDelta": 100, "trailingTime": -1},
    ),
    "pegged": (but(LIMIT, "price", **PRIMARY), {**AT_MARKET, **PRIMARY, "peggedPrice": "49990.00000000"}),
    "pegged deeper": (
        but(LIMIT, "price", **PRIMARY, **DEEPER),
        {**AT_MARKET, **PRIMARY, **IS_DEEPER, "peggedPrice": "49980.00000000"},
    ),
    "pegged with a price of its own": (but(LIMIT, **PRIMARY), {**PRIMARY, "peggedPrice": "49990.00000000"}),
    "pegged maker": (
        but(MAKER, "price", **PRIMARY),
        {**AT_MARKET, **IS_MAKER, **PRIMARY, "peggedPrice": "49990.00000000"},
    ),
    "pegged stop": (but(STOP_LIMIT, "price", **PRIMARY), {**IS_STOP_LIMIT, **AT_MARKET, **PRIMARY}),
    "pegged take profit": (
        but(PROFIT_LIMIT, "price", pegPriceType="MARKET_PEG", **DEEPER),
        {**IS_PROFIT_LIMIT, **AT_MARKET, "pegPriceType": "MARKET_PEG", **IS_DEEPER},
    ),
}
"""What is asked for, and what the answers say of it."""


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("arguments", "shown"), OPEN.values(), ids=OPEN)
async def test_an_open_order_is_shown_as_in_the_samples(
    kept_lab: Lab, arguments: dict[str, str], shown: Values
) -> None:
    lab = kept_lab
    before = len(await alices(lab, "GET /v1/allOrders", BTC))
    for order_id, response in enumerate(("ACK", "RESULT", "FULL"), before + 1):
        named = {**BTC, "orderId": order_id}
        asked = {**arguments, "newClientOrderId": "mine", "newOrderRespType": response}
        order = {**shown, "orderId": order_id}
        assert ordered(placed(order, response)) == ordered(await alices(lab, "POST /v1/order", asked))
        expected = ordered(queried(order))
        assert expected == ordered(await alices(lab, "GET /v1/order", named))
        assert [expected] == ordered(await alices(lab, "GET /v1/openOrders", BTC))
        assert expected == ordered(await alices(lab, "GET /v1/allOrders", BTC))[-1]
        cancel = await alices(lab, "DELETE /v1/order", {**named, "newClientOrderId": "the-cancel"})
        assert ordered(cancelled(order, "the-cancel")) == ordered(cancel)
        assert ordered(queried({**order, "status": "CANCELED"})) == ordered(await alices(lab, "GET /v1/order", named))


def fill(price: str, quantity: str, commission: str, trade_id: int, asset: str = "BTC") -> dict[str, Any]:
    return {
        "price": price,
        "qty": quantity,
        "commission": commission,
        "commissionAsset": asset,
        "tradeId": trade_id,
    }


FIRST = fill("50010.00000000", "1.00000000", "0.00100000", 2)
RICH: Values = {"executedQty": "1.00000000", "cummulativeQuoteQty": "50010.00000000"}
IOC: Values = {"price": "50010.00000000", "timeInForce": "IOC", "origQty": "1.50000000", "status": "EXPIRED"}
DECIDED: dict[str, tuple[dict[str, str], Values, list[Any]]] = {
    "market": (
        but(MARKET, quantity="1"),
        {**RICH, **AT_MARKET, "type": "MARKET", "status": "FILLED", "origQty": "1.00000000"},
        [FIRST],
    ),
    "market over two levels": (
        but(MARKET, quantity="1.5"),
        {
            **AT_MARKET,
            "type": "MARKET",
            "status": "FILLED",
            "origQty": "1.50000000",
            "executedQty": "1.50000000",
            "cummulativeQuoteQty": "75020.00000000",
        },
        [FIRST, fill("50020.00000000", "0.50000000", "0.00050000", 3)],
    ),
    "market, sold by quote quantity": (
        but(MARKET, "quantity", side="SELL", quoteOrderQty="100"),
        {
            **AT_MARKET,
            "type": "MARKET",
            "side": "SELL",
            "status": "FILLED",
            "origQty": "0.00200000",
            "executedQty": "0.00200000",
            "origQuoteOrderQty": "100.00000000",
            "cummulativeQuoteQty": "99.98000000",
        },
        [fill("49990.00000000", "0.00200000", "0.09998000", 2, "USDT")],
    ),
    "market on a thin book": (
        but(MARKET, quantity="2.5"),
        {
            **AT_MARKET,
            "type": "MARKET",
            "status": "EXPIRED",
            "origQty": "2.50000000",
            "executedQty": "2.00000000",
            "cummulativeQuoteQty": "100030.00000000",
            "expiryReason": "INSUFFICIENT_LIQUIDITY",
        },
        [FIRST, fill("50020.00000000", "1.00000000", "0.00100000", 3)],
    ),
    "now or never": (
        but(LIMIT, timeInForce="IOC", quantity="1.5", price="50010"),
        {**RICH, **IOC, "expiryReason": "UNFILLED_IOC_QUANTITY_EXPIRED"},
        [FIRST],
    ),
    "all or nothing": (
        but(LIMIT, timeInForce="FOK", quantity="1.5", price="50010"),
        {**IOC, "timeInForce": "FOK", "expiryReason": "UNFILLED_FOK_ORDER_EXPIRED"},
        [],
    ),
    "limit, filled in part": (
        but(LIMIT, quantity="1.5", price="50010"),
        {**RICH, "price": "50010.00000000", "status": "PARTIALLY_FILLED", "origQty": "1.50000000"},
        [FIRST],
    ),
    "pegged to the other side": (
        but(LIMIT, "price", pegPriceType="MARKET_PEG", timeInForce="IOC", quantity="1"),
        {
            **RICH,
            **AT_MARKET,
            "pegPriceType": "MARKET_PEG",
            "peggedPrice": "50010.00000000",
            "timeInForce": "IOC",
            "status": "FILLED",
            "origQty": "1.00000000",
        },
        [FIRST],
    ),
}
"""What is asked for, what the answers say of it, and its fills."""


@pytest.mark.parametrize(("arguments", "shown", "fills"), DECIDED.values(), ids=DECIDED)
async def test_an_order_that_trades_at_once_is_shown_as_in_the_samples(
    lab: Lab, arguments: dict[str, str], shown: Values, fills: list[Any]
) -> None:
    await lab.deposit("USDT", "200000")
    asked = {**arguments, "newClientOrderId": "mine", "newOrderRespType": "FULL"}
    assert ordered(placed({**shown, "fills": fills}, "FULL")) == ordered(await alices(lab, "POST /v1/order", asked))
    assert ordered(queried(shown)) == ordered(await alices(lab, "GET /v1/order", {**BTC, "orderId": 1}))
    trades = await alices(lab, "GET /v1/myTrades", BTC)
    assert [(each["price"], each["tradeId"]) for each in fills] == [(each["price"], each["id"]) for each in trades]


@pytest.mark.parametrize("response", ["ACK", "RESULT"])
async def test_why_an_order_expired_is_told_unless_it_is_only_acknowledged(lab: Lab, response: str) -> None:
    """CHANGELOG 2026-03-26."""
    await lab.deposit("USDT", "200000")
    arguments, shown, _ = DECIDED["market on a thin book"]
    asked = {**arguments, "newClientOrderId": "mine", "newOrderRespType": response}
    assert ordered(placed(shown, response)) == ordered(await alices(lab, "POST /v1/order", asked))


async def test_the_type_decides_how_much_is_answered_where_nobody_asks(lab: Lab) -> None:
    """rest-api.md, New order: newOrderRespType."""
    answers = {
        arguments["type"]: len(await alices(lab, "POST /v1/order", arguments))
        for arguments in (LIMIT, MARKET, MAKER, STOP, STOP_LIMIT, PROFIT, PROFIT_LIMIT)
    }
    assert {
        "LIMIT": 17,
        "MARKET": 17,
        "LIMIT_MAKER": 5,
        "STOP_LOSS": 5,
        "STOP_LOSS_LIMIT": 5,
        "TAKE_PROFIT": 5,
        "TAKE_PROFIT_LIMIT": 5,
    } == answers
