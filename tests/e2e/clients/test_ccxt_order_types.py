"""ccxt's variants of an order, as they land: what was meant is what the exchange then has, and does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.clients.desk import SYMBOL, Desk
from tests.e2e.clients.exchanges import Awaited

pytestmark = pytest.mark.parametrize("kind", ["binance", "hypersim-asyncio"])

Row = dict[str, Any]

ID = {"symbol": "BTCUSDT"}
NONE = "0.00000000"
TRAILING = {"trailingPercent": 1.5, "stopLossOrTakeProfit": "stopLoss"}
STATED = "type side price origQty stopPrice icebergQty timeInForce status isWorking".split()
WAITS, RESTS = ("NEW", False), ("NEW", True)


def decimal(number: float) -> str:
    """A number as the exchange writes it."""
    return f"{number:.8f}"


def part(row: Row, *keys: str) -> tuple[Any, ...]:
    """The values of those keys."""
    return tuple(row[key] for key in keys)


async def told(exchange: Awaited, order: Row) -> Row:
    """An order as the exchange has it: the answer of GET /order."""
    answer: Row = (await exchange.fetch_order(order["id"], SYMBOL))["info"]
    return answer


@pytest.mark.parametrize(
    ("kind_of_order", "side", "price", "params", "expected"),
    [
        ("limit", "buy", 49_000, {}, ("LIMIT", 49_000, 0, 0, "GTC", *RESTS)),
        ("limit", "buy", 49_000, {"postOnly": True}, ("LIMIT_MAKER", 49_000, 0, 0, "GTC", *RESTS)),
        ("limit", "buy", 49_000, {"timeInForce": "PO"}, ("LIMIT_MAKER", 49_000, 0, 0, "GTC", *RESTS)),
        ("limit", "buy", 49_000, {"icebergAmount": 0.1}, ("LIMIT", 49_000, 0, 0.1, "GTC", *RESTS)),
        ("market", "sell", None, {"triggerPrice": 49_500}, ("STOP_LOSS", 0, 49_500, 0, "GTC", *WAITS)),
        ("market", "buy", None, {"stopLossPrice": 50_500}, ("STOP_LOSS", 0, 50_500, 0, "GTC", *WAITS)),
        ("market", "sell", None, {"takeProfitPrice": 50_500}, ("TAKE_PROFIT", 0, 50_500, 0, "GTC", *WAITS)),
        ("limit", "sell", 49_400, {"stopPrice": 49_500}, ("STOP_LOSS_LIMIT", 49_400, 49_500, 0, "GTC", *WAITS)),
        (
            "limit",
            "sell",
            49_400,
            {"stopLossPrice": 49_500, "timeInForce": "IOC"},
            ("STOP_LOSS_LIMIT", 49_400, 49_500, 0, "IOC", *WAITS),
        ),
        (
            "limit",
            "buy",
            49_600,
            {"takeProfitPrice": 49_500, "icebergAmount": 0.2},
            ("TAKE_PROFIT_LIMIT", 49_600, 49_500, 0.2, "GTC", *WAITS),
        ),
        ("TAKE_PROFIT", "buy", None, {"stopPrice": 49_500}, ("TAKE_PROFIT", 0, 49_500, 0, "GTC", *WAITS)),
        ("market", "sell", None, TRAILING, ("STOP_LOSS", 0, 0, 0, "GTC", *WAITS)),
        (
            "limit",
            "sell",
            49_400,
            TRAILING | {"trailingTriggerPrice": 49_900},
            ("STOP_LOSS_LIMIT", 49_400, 49_900, 0, "GTC", *WAITS),
        ),
    ],
)
async def test_an_order_lands_as_it_was_meant(
    exchange: Awaited,
    kind_of_order: str,
    side: str,
    price: float | None,
    params: Row,
    expected: tuple[Any, ...],
) -> None:
    order = await exchange.create_order(SYMBOL, kind_of_order, side, 1, price, dict(params))
    landed = await told(exchange, order)
    order_type, limit, stop, iceberg, time_in_force, status, works = expected

    assert [
        order_type,
        side.upper(),
        decimal(limit),
        decimal(1),
        decimal(stop),
        decimal(iceberg),
        time_in_force,
        status,
        works,
    ] == [landed[column] for column in STATED]
    assert (150 if "trailingPercent" in params else None) == landed.get("trailingDelta")
    assert [order["id"]] == [each["id"] for each in await exchange.fetch_open_orders(SYMBOL)]


@pytest.mark.parametrize(
    ("params", "spent", "bought"),
    [
        ({"cost": 5_001}, 5_001.0, 0.1),
        ({"quoteOrderQty": 75_020}, 75_020.0, 1.5),
    ],
)
async def test_a_market_order_by_cost_spends_it(exchange: Awaited, params: Row, spent: float, bought: float) -> None:
    order = await exchange.create_order(SYMBOL, "market", "buy", 1, None, dict(params))
    landed = await told(exchange, order)

    assert ("MARKET", decimal(spent), decimal(spent), decimal(bought), "FILLED") == part(
        landed, "type", "origQuoteOrderQty", "cummulativeQuoteQty", "executedQty", "status"
    )


@pytest.mark.parametrize(
    ("kind_of_order", "side", "price", "params", "trade", "expected"),
    [
        ("market", "sell", None, {"triggerPrice": 49_500}, ("SELL", 49_500), ("FILLED", 0.5, 49_000)),
        ("market", "buy", None, {"stopLossPrice": 50_500}, ("BUY", 50_500), ("FILLED", 0.5, 51_000)),
        ("limit", "buy", 50_600, {"triggerPrice": 50_500}, ("BUY", 50_500), ("NEW", 0, 0)),
        ("limit", "sell", 48_900, {"stopLossPrice": 49_500}, ("SELL", 49_500), ("FILLED", 0.5, 49_000)),
        ("market", "sell", None, {"takeProfitPrice": 50_500}, ("BUY", 50_500), ("FILLED", 0.5, 49_990)),
        ("limit", "buy", 49_600, {"takeProfitPrice": 49_500}, ("SELL", 49_500), ("NEW", 0, 0)),
    ],
)
async def test_a_stop_waits_for_its_price_and_then_enters(
    exchange: Awaited,
    desk: Desk,
    kind_of_order: str,
    side: str,
    price: float | None,
    params: Row,
    trade: tuple[str, float],
    expected: tuple[str, float, float],
) -> None:
    """The outside trade at the stop price went through the book up to there."""
    order = await exchange.create_order(SYMBOL, kind_of_order, side, 0.5, price, dict(params))
    towards, stop = trade
    desk.trade(towards, stop + (1 if towards == "SELL" else -1), 0.1)
    assert WAITS == part(await told(exchange, order), "status", "isWorking")
    desk.trade(towards, stop, 0.1)
    landed = await told(exchange, order)
    status, filled, average = expected

    assert (status, True, decimal(filled), decimal(filled * average)) == part(
        landed, "status", "isWorking", "executedQty", "cummulativeQuoteQty"
    )


async def test_a_trailing_stop_follows_the_price_and_sells_when_it_turns(exchange: Awaited, desk: Desk) -> None:
    """One percent below 51,000, the highest trade since it was placed, is 50,490."""
    order = await exchange.create_trailing_percent_order(
        SYMBOL, "market", "sell", 0.5, None, 1, None, {"stopLossOrTakeProfit": "stopLoss"}
    )
    statuses = []
    for side, price in (("BUY", 51_000), ("SELL", 50_491), ("SELL", 50_490)):
        desk.trade(side, price, 0.1, bids=[["49990", "1"]], asks=[["51010", "1"]])
        statuses.append((await told(exchange, order))["status"])

    assert ["NEW", "NEW", "FILLED"] == statuses
    assert decimal(0.5 * 49_990) == (await told(exchange, order))["cummulativeQuoteQty"]


async def test_an_iceberg_shows_its_tip_alone_and_all_of_it_trades(exchange: Awaited, desk: Desk) -> None:
    order = await exchange.create_order(SYMBOL, "limit", "buy", 1, 49_995, {"icebergAmount": 0.1})
    tips = [(await exchange.fetch_order_book(SYMBOL, 1))["bids"][0]]
    for quantity in (0.1, 0.25):
        desk.trade("SELL", 49_995, quantity)
        tips.append((await exchange.fetch_order_book(SYMBOL, 1))["bids"][0])
    landed = await told(exchange, order)

    assert [[49_995.0, 0.1], [49_995.0, 0.1], [49_995.0, 0.05]] == tips
    assert ("PARTIALLY_FILLED", decimal(0.35)) == (landed["status"], landed["executedQty"])


async def test_an_edited_order_is_cancelled_for_the_new_one(exchange: Awaited) -> None:
    first = await exchange.create_order(SYMBOL, "limit", "buy", 1, 49_000)
    second = await exchange.edit_order(first["id"], SYMBOL, "limit", "buy", 2, 48_000, {"postOnly": True})
    stop = await exchange.edit_order(
        "", SYMBOL, "market", "sell", 2, None, {"stopPrice": 49_500, "cancelOrigClientOrderId": second["clientOrderId"]}
    )

    assert [("LIMIT", "CANCELED"), ("LIMIT_MAKER", "CANCELED"), ("STOP_LOSS", "NEW")] == [
        (landed["type"], landed["status"]) for landed in [await told(exchange, each) for each in (first, second, stop)]
    ]
    balance = await exchange.fetch_balance()
    assert (0.0, 2.0) == (balance["used"]["USDT"], balance["used"]["BTC"])


async def test_an_amended_order_keeps_its_id(exchange: Awaited) -> None:
    """ccxt has no call for it; its raw request sends every one of Binance's."""
    order = await exchange.create_order(SYMBOL, "limit", "buy", 1, 49_000)
    amended = await exchange.request(
        "order/amend/keepPriority", ["private"], "PUT", {**ID, "orderId": order["id"], "newQty": "0.4"}
    )
    [amendment] = await exchange.request("order/amendments", ["private"], "GET", {**ID, "orderId": order["id"]})

    assert (int(order["id"]), decimal(0.4)) == (amended["amendedOrder"]["orderId"], amended["amendedOrder"]["qty"])
    assert (decimal(1), decimal(0.4)) == (amendment["origQty"], amendment["newQty"])
    assert ("NEW", decimal(0.4)) == part(await told(exchange, order), "status", "origQty")


@pytest.mark.parametrize(
    ("mode", "taker", "maker", "prevented"),
    [
        ("none", ("FILLED", 0.4, None), ("PARTIALLY_FILLED", 0.4, None), []),
        ("expire_taker", ("EXPIRED_IN_MATCH", 0, None), ("NEW", 0, None), ["EXPIRE_TAKER"]),
        ("expire_maker", ("NEW", 0, None), ("EXPIRED_IN_MATCH", 0, None), ["EXPIRE_MAKER"]),
        ("expire_both", ("EXPIRED_IN_MATCH", 0, None), ("EXPIRED_IN_MATCH", 0, None), ["EXPIRE_BOTH"]),
        ("decrement", ("EXPIRED_IN_MATCH", 0, 0.4), ("NEW", 0, 0.4), ["DECREMENT"]),
    ],
)
async def test_self_trades_are_prevented_as_the_taker_says(
    exchange: Awaited,
    mode: str,
    taker: tuple[str, float, float | None],
    maker: tuple[str, float, float | None],
    prevented: list[str],
) -> None:
    resting = await exchange.create_order(SYMBOL, "limit", "sell", 1, 50_005)
    taking = await exchange.create_order(SYMBOL, "limit", "buy", 0.4, 50_005, {"selfTradePrevention": mode})
    matches = await exchange.privateGetMyPreventedMatches({**ID, "orderId": taking["id"]})

    for order, (status, filled, lost) in ((taking, taker), (resting, maker)):
        landed = await told(exchange, order)
        assert (status, decimal(filled)) == (landed["status"], landed["executedQty"])
        if lost is not None:
            assert decimal(lost) == landed["preventedQuantity"]
    assert prevented == [match["selfTradePreventionMode"] for match in matches]
