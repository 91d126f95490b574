"""Orders from their placement to their end, an account's trades and balances, as whole answers."""

from decimal import Decimal
from typing import Any

import pytest

from hypersim.api.unified.account_shapes import STATUSES
from hypersim.engine.orders import OrderStatus, Side
from tests.api.lab import START_US, Lab
from tests.api.unified.client import UnifiedClient

LIMIT: dict[str, Any] = {"symbol": "BTC/USDT", "type": "limit", "side": "buy", "amount": 0.002, "price": 40000}
RESTING: dict[str, Any] = {
    "id": "BTCUSDT-1",
    "clientOrderId": "mine",
    "timestamp": 1_700_000_000_000,
    "datetime": "2023-11-14T22:13:20.000Z",
    "lastTradeTimestamp": None,
    "lastUpdateTimestamp": 1_700_000_000_000,
    "symbol": "BTC/USDT",
    "type": "limit",
    "timeInForce": "GTC",
    "postOnly": False,
    "side": "buy",
    "price": 40000,
    "triggerPrice": None,
    "amount": Decimal("0.002"),
    "cost": 0,
    "average": None,
    "filled": 0,
    "remaining": Decimal("0.002"),
    "status": "open",
    "fee": None,
    "fees": [],
    "trades": [],
}
LATER = {"lastUpdateTimestamp": 1_700_000_060_000}


def part(order: str, number: int, price: int, amount: str, fee: str, **more: object) -> dict[str, Any]:
    """A buy that took."""
    paid = {"currency": "BTC", "cost": Decimal(fee)}
    return {
        "id": str(number),
        "timestamp": 1_700_000_000_000,
        "datetime": "2023-11-14T22:13:20.000Z",
        "symbol": "BTC/USDT",
        "order": order,
        "type": None,
        "side": "buy",
        "takerOrMaker": "taker",
        "price": price,
        "amount": Decimal(amount),
        "cost": int(price * Decimal(amount)),
        "fee": paid,
        "fees": [paid],
        **more,
    }


async def test_a_limit_order_rests_until_it_is_canceled(lab: Lab, alice: UnifiedClient) -> None:
    assert (201, RESTING) == (await alice.order(**LIMIT, clientOrderId="mine"))[:2]
    assert (200, RESTING) == (await alice.get("/order/BTCUSDT-1"))[:2]
    assert [RESTING] == (await alice.get("/orders/open")).json
    assert [RESTING] == (await alice.get("/orders")).json
    assert [] == (await alice.get("/orders/closed")).json
    lab.clock.time_us += 60_000_000
    canceled = RESTING | LATER | {"status": "canceled"}
    assert (200, canceled) == (await alice.cancel("BTCUSDT-1"))[:2]
    assert (200, canceled) == (await alice.get("/order/BTCUSDT-1"))[:2]
    assert [] == (await alice.get("/orders/open")).json
    assert [canceled] == (await alice.get("/orders")).json
    assert [canceled] == (await alice.get("/orders/closed")).json


async def test_a_market_order_by_amount_says_at_which_prices_it_was_filled(alice: UnifiedClient) -> None:
    answer = await alice.order(symbol="btc_usdt", type="market", side="buy", amount="0.04", clientOrderId="mine")
    fee = {"currency": "BTC", "cost": Decimal("0.00004")}
    filled = RESTING | {
        "lastTradeTimestamp": 1_700_000_000_000,
        "type": "market",
        "price": 50010,
        "amount": Decimal("0.04"),
        "cost": Decimal("2000.4"),
        "average": 50010,
        "filled": Decimal("0.04"),
        "remaining": 0,
        "status": "closed",
        "fee": fee,
        "fees": [fee],
        "trades": [part("BTCUSDT-1", 2, 50010, "0.04", "0.00004") | {"cost": Decimal("2000.4")}],
    }
    assert (201, filled) == answer[:2]
    assert (200, filled) == (await alice.get("/order/BTCUSDT-1"))[:2]
    listed = filled | {"fee": None, "fees": [], "trades": []}
    assert [listed] == (await alice.get("/orders/closed")).json
    assert filled["trades"] == (await alice.get("/myTrades")).json


async def test_an_order_that_walks_the_book_has_its_average_and_all_its_fees(lab: Lab, alice: UnifiedClient) -> None:
    await lab.ladder("BTCUSDT", {"49990": "1"}, {"50000": "0.02", "50010": "0.03", "60000": "5"})
    answer = await alice.order(symbol="BTCUSDT", type="limit", side="buy", amount=0.06, price=50010)
    fee = {"currency": "BTC", "cost": Decimal("0.00005")}
    trades = [
        part("BTCUSDT-1", 2, 50000, "0.02", "0.00002"),
        part("BTCUSDT-1", 3, 50010, "0.03", "0.00003") | {"cost": Decimal("1500.3")},
    ]
    shown = {key: answer.json[key] for key in ("price", "average", "cost", "filled", "remaining", "status", "fee")}
    expected = {
        "price": 50010,
        "average": 50006,
        "cost": Decimal("2500.3"),
        "filled": Decimal("0.05"),
        "remaining": Decimal("0.01"),
        "status": "open",
        "fee": fee,
    }
    assert (201, expected, trades) == (answer.status, shown, answer.json["trades"])
    assert answer.json == (await alice.get("/order/BTCUSDT-1")).json


async def test_a_market_order_by_cost_spends_what_it_says(alice: UnifiedClient) -> None:
    answer = await alice.order(symbol="BTC/USDT", type="market", side="buy", cost=1000)
    assert (Decimal("0.01999"), Decimal("999.6999"), "closed") == tuple(
        answer.json[key] for key in ("amount", "cost", "status")
    )


async def test_a_fill_as_maker_is_shown_as_one(lab: Lab, alice: UnifiedClient) -> None:
    await alice.order(symbol="BTC/USDT", type="limit", side="sell", amount=0.5, price=50005)
    lab.clock.time_us += 60_000_000
    await lab.trade("BTCUSDT", "50005", "0.2", Side.BUY)
    order = (await alice.get("/order/BTCUSDT-1")).json
    [trade] = (await alice.get("/myTrades?symbol=BTC_USDT")).json
    fee = {"currency": "USDT", "cost": Decimal("10.001")}
    expected = {
        "id": "2",
        "timestamp": 1_700_000_060_000,
        "datetime": "2023-11-14T22:14:20.000Z",
        "symbol": "BTC/USDT",
        "order": "BTCUSDT-1",
        "type": None,
        "side": "sell",
        "takerOrMaker": "maker",
        "price": 50005,
        "amount": Decimal("0.2"),
        "cost": 10001,
        "fee": fee,
        "fees": [fee],
    }
    assert expected == trade
    assert [trade] == order["trades"]
    assert ("open", Decimal("0.2"), Decimal("0.3"), 1_700_000_060_000) == tuple(
        order[key] for key in ("status", "filled", "remaining", "lastTradeTimestamp")
    )
    canceled = (await alice.cancel("BTCUSDT-1")).json
    assert order | {"status": "canceled"} == canceled


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({}, ("GTC", False, "open")),
        ({"timeInForce": "GTC", "postOnly": False}, ("GTC", False, "open")),
        ({"timeInForce": None, "postOnly": None, "cost": None, "clientOrderId": None}, ("GTC", False, "open")),
        ({"postOnly": True}, ("PO", True, "open")),
        ({"timeInForce": "PO"}, ("PO", True, "open")),
        ({"timeInForce": "GTC", "postOnly": True}, ("PO", True, "open")),
        ({"timeInForce": "IOC"}, ("IOC", False, "expired")),
        ({"timeInForce": "FOK"}, ("FOK", False, "expired")),
    ],
)
async def test_how_long_an_order_stands_is_said_as_in_ccxt(
    alice: UnifiedClient, body: dict[str, Any], shown: tuple[str, bool, str]
) -> None:
    answer = await alice.order(**LIMIT, **body)
    assert (201, shown) == (answer.status, tuple(answer.json[key] for key in ("timeInForce", "postOnly", "status")))


async def test_an_id_finds_its_order_alone_or_as_a_number_with_a_symbol(alice: UnifiedClient) -> None:
    await alice.order(**LIMIT | {"symbol": "ETH/USDT", "price": 2000, "amount": 1})
    await alice.order(**LIMIT)
    for target, found in (
        ("/order/BTCUSDT-1", "BTCUSDT-1"),
        ("/order/btcusdt-1", "BTCUSDT-1"),
        ("/order/BTC/USDT-1", "BTCUSDT-1"),
        ("/order/BTC%2FUSDT-1", "BTCUSDT-1"),
        ("/order/BTCUSDT-1?symbol=BTC/USDT", "BTCUSDT-1"),
        ("/order/1?symbol=BTC%2FUSDT", "BTCUSDT-1"),
        ("/order/1?symbol=ETHUSDT", "ETHUSDT-1"),
    ):
        assert (target, found) == (target, (await alice.get(target)).json["id"])


async def test_lists_are_of_all_markets_or_of_one_and_of_a_span_of_time(lab: Lab, alice: UnifiedClient) -> None:
    for symbol, price in (("ETH/USDT", 2000), ("BTC/USDT", 40000), ("BNB/USDT", 200), ("BTC/USDT", 40001)):
        await lab.ladder(symbol.replace("/", ""), {}, {str(price): "100"})
        await alice.order(
            symbol=symbol, type="limit", side="buy", amount=0.1 if symbol != "BTC/USDT" else 0.01, price=price
        )
        lab.clock.time_us += 1_000_000
    start_ms = START_US // 1000
    every = ["ETHUSDT-1", "BTCUSDT-1", "BNBUSDT-1", "BTCUSDT-2"]
    for query, expected in (
        ("", every),
        ("?symbol=BTC/USDT", every[1::2]),
        ("?symbol=SOLUSDT", []),
        ("?limit=2", every[2:]),
        ("?limit=2&since=0", every[:2]),
        (f"?since={start_ms + 1000}&until={start_ms + 2000}", every[1:3]),
        (f"?until={start_ms + 2000}&limit=1", every[2:3]),
        (f"?since={start_ms + 3001}", []),
        (f"?symbol=BTCUSDT&since={start_ms + 1001}", every[3:]),
    ):
        for listing, key in (("/orders", "id"), ("/orders/closed", "id"), ("/myTrades", "order")):
            rows = (await alice.get(listing + query)).json
            assert (listing, query, expected) == (listing, query, [row[key] for row in rows])
    assert ["BTCUSDT-2"] == [row["order"] for row in (await alice.get("/myTrades?order=BTCUSDT-2")).json]
    assert ["BTCUSDT-1"] == [row["order"] for row in (await alice.get("/myTrades?order=1&symbol=BTCUSDT")).json]


async def test_open_orders_are_of_all_markets_or_of_one(alice: UnifiedClient) -> None:
    await alice.order(**LIMIT)
    await alice.order(**LIMIT | {"symbol": "ETH/USDT", "price": 2000, "amount": 1})
    for query, expected in (
        ("", ["BTCUSDT-1", "ETHUSDT-1"]),
        ("?symbol=eth/usdt", ["ETHUSDT-1"]),
        ("?symbol=BNBUSDT", []),
    ):
        assert expected == [order["id"] for order in (await alice.get(f"/orders/open{query}")).json]


async def test_nobody_sees_the_orders_of_another(alice: UnifiedClient, bob: UnifiedClient) -> None:
    await alice.order(**LIMIT)
    for listing in ("/orders", "/orders/open", "/orders/closed", "/myTrades"):
        assert (listing, []) == (listing, (await bob.get(listing)).json)
    problem = {"code": "ORDER_NOT_FOUND", "message": "There is no such order.", "details": {"id": "BTCUSDT-1"}}
    assert (404, {"error": problem}) == (await bob.get("/order/BTCUSDT-1"))[:2]
    assert (404, {"error": problem}) == (await bob.cancel("BTCUSDT-1"))[:2]
    assert "open" == (await alice.get("/order/BTCUSDT-1")).json["status"]


async def test_a_balance_is_shown_by_asset_and_by_kind(lab: Lab, alice: UnifiedClient) -> None:
    lab.clock.time_us += 60_000_000
    await alice.order(**LIMIT)
    nothing = ("AAPL", "BNB", "ETH", "SOL", "XRP")
    zeros = dict.fromkeys(nothing, 0)
    expected = {
        **{asset: {"free": 0, "used": 0, "total": 0} for asset in nothing},
        "BTC": {"free": 1, "used": 0, "total": 1},
        "USDT": {"free": 9920, "used": 80, "total": 10000},
        "free": zeros | {"BTC": 1, "USDT": 9920},
        "used": zeros | {"BTC": 0, "USDT": 80},
        "total": zeros | {"BTC": 1, "USDT": 10000},
        "timestamp": 1_700_000_060_000,
        "datetime": "2023-11-14T22:14:20.000Z",
    }
    assert (200, expected) == (await alice.get("/balance"))[:2]


def test_every_status_of_an_order_has_its_name() -> None:
    assert set(OrderStatus) == set(STATUSES)


async def test_an_order_of_a_list_is_told_with_its_trigger_and_takes_the_list_with_it(
    lab: Lab, alice: UnifiedClient
) -> None:
    pair = {"symbol": "BTCUSDT", "side": "BUY", "quantity": "0.002", "price": "40000", "stopPrice": "60000"}
    last = await lab.alice.signed("POST", "/v1/order", BUY_A_LITTLE, time=lab.now_ms)  # stops need a last price
    placed = await lab.alice.signed("POST", "/v1/order/oco", pair, time=lab.now_ms)
    stop, limit = (await alice.get("/orders/open?symbol=BTC/USDT")).json
    cancelled = await alice.cancel(limit["id"])
    left = (await alice.get("/orders/open?symbol=BTC/USDT")).json

    assert (200, 200) == (last.status, placed.status)
    assert [("market", 60000, None), ("limit", None, 40000)] == [
        (each["type"], each["triggerPrice"], each["price"]) for each in (stop, limit)
    ]
    assert (200, limit["id"], "canceled", []) == (
        cancelled.status,
        cancelled.json["id"],
        cancelled.json["status"],
        left,
    )


BUY_A_LITTLE = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.001"}
