"""binance-connector, unmodified, with the configuration that is printed for it: a trading loop, and its errors."""

from __future__ import annotations

import time
from typing import Any

import pytest

from hypersim.testing import Account
from tests.e2e.clients.desk import Desk
from tests.e2e.clients.exchanges import printed
from tests.e2e.clients.libraries import Library, Raised

Row = dict[str, Any]

BTC = {"symbol": "BTCUSDT"}
BUY = {**BTC, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
OCO = {
    **BTC,
    "side": "SELL",
    "quantity": 1.0,
    "aboveType": "LIMIT_MAKER",
    "abovePrice": 50_500.0,
    "belowType": "STOP_LOSS_LIMIT",
    "belowStopPrice": 49_500.0,
    "belowPrice": 49_400.0,
    "belowTimeInForce": "GTC",
}


@pytest.fixture
def client(libraries: Library, account: Account) -> Library:
    """Its `Spot`, for a fresh account at the desk."""
    libraries.configure(printed("binance-connector", account), "binance.error")
    return libraries


def part(row: Row, *keys: str) -> tuple[Any, ...]:
    """The values of those keys."""
    return tuple(row[key] for key in keys)


def status(client: Library, order: Row) -> str:
    """An order's status, as the exchange has it."""
    return str(client("get_order", **BTC, orderId=order["orderId"])["status"])


def funds(client: Library) -> dict[str, tuple[str, str]]:
    """(free, locked) by asset, those that are not zero."""
    return {row["asset"]: part(row, "free", "locked") for row in client("account", omitZeroBalances="true")["balances"]}


def test_the_exchange_and_its_market_are_described(client: Library) -> None:
    before = time.time_ns() // 1_000_000
    assert before <= client("time")["serverTime"] <= time.time_ns() // 1_000_000
    assert {} == client("ping")
    assert ["BTCUSDT", "ETHUSDT"] == [
        listed["symbol"] for listed in client("exchange_info", symbols=["BTCUSDT", "ETHUSDT"])["symbols"]
    ]
    assert [["49990.00000000", "1.00000000"]] == client("depth", **BTC, limit=1)["bids"]
    assert {"symbol": "BTCUSDT", "price": "50000.00000000"} == client("ticker_price", **BTC)
    assert 12 == len(client("klines", **BTC, interval="1m", limit=1)[0])
    assert {"BTC": ("10.00000000", "0.00000000"), "USDT": ("1000000.00000000", "0.00000000")} == funds(client)


def test_a_limit_order_is_placed_found_and_cancelled(client: Library) -> None:
    order = client("new_order", **BUY, quantity=0.5, price=49_000.0, newClientOrderId="mine")
    assert ("NEW", "0.50000000", "49000.00000000", []) == part(order, "status", "origQty", "price", "fills")
    assert order["orderId"] == client("get_order", **BTC, origClientOrderId="mine")["orderId"]
    assert [order["orderId"]] == [each["orderId"] for each in client("get_open_orders", **BTC)]
    assert ("975500.00000000", "24500.00000000") == funds(client)["USDT"]

    cancelled = client("cancel_order", **BTC, orderId=order["orderId"])
    assert ("CANCELED", "mine") == part(cancelled, "status", "origClientOrderId")
    for price in (48_000.0, 47_000.0):
        client("new_order", **BUY, quantity=0.1, price=price)
    assert ["CANCELED"] * 2 == [each["status"] for each in client("cancel_open_orders", **BTC)]
    assert [] == client("get_open_orders")
    assert ["CANCELED"] * 3 == [each["status"] for each in client("get_orders", **BTC)]


def test_a_market_order_is_filled_and_its_trades_are_told(client: Library) -> None:
    assert {} == client("new_order_test", **BTC, side="BUY", type="MARKET", quantity=1.5)
    order = client("new_order", **BTC, side="BUY", type="MARKET", quantity=1.5)
    trades = client("my_trades", **BTC, orderId=order["orderId"])

    assert ("FILLED", "75020.00000000") == part(order, "status", "cummulativeQuoteQty")
    assert [("50010.00000000", "1.00000000", "0.00100000"), ("50020.00000000", "0.50000000", "0.00050000")] == [
        part(trade, "price", "qty", "commission") for trade in trades
    ]
    assert {"BTC": ("11.49850000", "0.00000000"), "USDT": ("924980.00000000", "0.00000000")} == funds(client)


def test_a_stop_waits_until_the_price_was_there(client: Library, desk: Desk) -> None:
    stop = client("new_order", **BTC, side="SELL", type="STOP_LOSS", quantity=0.5, stopPrice=49_500.0)
    trailing = client("new_order", **BTC, side="BUY", type="STOP_LOSS", quantity=0.5, trailingDelta=100)
    assert {"symbol", "orderId", "orderListId", "clientOrderId", "transactTime"} == set(stop)
    desk.trade("SELL", 49_501.0, 0.1)
    assert ("NEW", "NEW") == (status(client, stop), status(client, trailing))
    desk.trade("SELL", 49_500.0, 0.1)
    assert ("FILLED", "NEW") == (status(client, stop), status(client, trailing))
    desk.trade("BUY", 49_995.0, 0.1)
    assert "FILLED" == status(client, trailing)


def test_an_oco_is_placed_found_and_done_when_one_is_filled(client: Library, desk: Desk) -> None:
    first, second = (client("new_oco_order", **OCO, newOrderRespType="RESULT") for _ in range(2))
    assert [("STOP_LOSS_LIMIT", "NEW"), ("LIMIT_MAKER", "NEW")] == [
        part(report, "type", "status") for report in first["orderReports"]
    ]
    assert [each["orderListId"] for each in (first, second)] == [
        each["orderListId"] for each in client("get_oco_open_orders")
    ]
    cancelled = client("cancel_oco_order", **BTC, orderListId=second["orderListId"])
    assert ["CANCELED"] * 2 == [report["status"] for report in cancelled["orderReports"]]

    desk.trade("BUY", 50_500.0, 3)
    assert ["EXPIRED", "FILLED"] == [status(client, order) for order in first["orders"]]
    assert ("OCO", "ALL_DONE") == part(
        client("get_oco_order", orderListId=first["orderListId"]), "contingencyType", "listOrderStatus"
    )
    assert 2 == len(client("get_oco_orders"))


def test_pending_orders_enter_after_the_working_one(client: Library, desk: Desk) -> None:
    placed = client(
        "new_otoco_order",
        **BTC,
        workingType="LIMIT",
        workingSide="BUY",
        workingTimeInForce="GTC",
        workingPrice=49_995.0,
        workingQuantity=0.1,
        pendingSide="SELL",
        pendingQuantity=0.05,
        pendingAboveType="LIMIT_MAKER",
        pendingAbovePrice=50_500.0,
        pendingBelowType="STOP_LOSS",
        pendingBelowStopPrice=49_500.0,
    )
    assert ["NEW", "PENDING_NEW", "PENDING_NEW"] == [status(client, order) for order in placed["orders"]]
    desk.trade("SELL", 49_995.0, 0.1)
    assert ["FILLED", "NEW", "NEW"] == [status(client, order) for order in placed["orders"]]


def test_an_order_is_replaced(client: Library) -> None:
    order = client("new_order", **BUY, quantity=0.5, price=49_000.0)
    replaced = client(
        "cancel_and_replace",
        **BUY,
        cancelReplaceMode="STOP_ON_FAILURE",
        quantity=0.4,
        price=48_000.0,
        cancelOrderId=order["orderId"],
    )

    assert ("SUCCESS", "SUCCESS") == part(replaced, "cancelResult", "newOrderResult")
    assert "CANCELED" == status(client, order)
    assert "NEW" == status(client, replaced["newOrderResponse"])


def test_a_self_trade_is_prevented_and_told(client: Library) -> None:
    maker = client("new_order", **BTC, side="SELL", type="LIMIT_MAKER", quantity=1.0, price=50_005.0)
    taker = client("new_order", **BUY, quantity=0.4, price=50_005.0, selfTradePreventionMode="DECREMENT")
    [match] = client("query_prevented_matches", **BTC, orderId=taker["orderId"])

    assert ("EXPIRED_IN_MATCH", "0.40000000") == part(taker, "status", "preventedQuantity")
    assert (maker["orderId"], "0.40000000") == part(match, "makerOrderId", "makerPreventedQuantity")


def test_the_account_is_described(client: Library) -> None:
    client("new_order", **BTC, side="BUY", type="MARKET", quantity=0.1)
    commission = client("query_commission_rates", **BTC)["standardCommission"]

    assert ("0.00100000", "0.00100000") == part(commission, "maker", "taker")
    assert [("SECOND", 10), ("DAY", 1)] == [
        part(limit, "interval", "intervalNum") for limit in client("get_order_rate_limit")
    ]
    assert [] == client("query_allocations", **BTC)
    assert {"data": "Normal"} == client("account_status")
    assert "0.00100000" == client("trade_fee", **BTC)[0]["makerCommission"]


@pytest.mark.parametrize(
    ("call", "arguments", "status_code", "code", "message"),
    [
        (
            "new_order",
            {**BUY, "quantity": 30.0, "price": 49_000.0},
            400,
            -2010,
            "Account has insufficient balance for requested action.",
        ),
        ("new_order", {**BUY, "quantity": 0.0001, "price": 49_000.0}, 400, -1013, "Filter failure: NOTIONAL"),
        (
            "new_order",
            {**BTC, "side": "BUY", "type": "LIMIT_MAKER", "quantity": 0.1, "price": 50_010.0},
            400,
            -2010,
            "Order would immediately match and take.",
        ),
        (
            "new_order",
            {**BTC, "side": "SELL", "type": "STOP_LOSS", "quantity": 0.1, "stopPrice": 50_500.0},
            400,
            -2010,
            "Order would trigger immediately.",
        ),
        (
            "new_order",
            {**BUY, "quantity": 0.00001, "price": 49_000.0},  # str() of it is 1e-05
            400,
            -1100,
            "Illegal characters found in parameter 'quantity'; legal range is '^([0-9]{1,20})(\\.[0-9]{1,20})?$'.",
        ),
        (
            "new_oco_order",
            OCO | {"belowStopPrice": 50_100.0},
            400,
            -2010,
            "The relationship of the prices for the orders is not correct.",
        ),
        ("get_order", {**BTC, "orderId": 99_999}, 400, -2013, "Order does not exist."),
        ("cancel_order", {**BTC, "orderId": 99_999}, 400, -2011, "Unknown order sent."),
        ("depth", {"symbol": "NOPE"}, 400, -1121, "Invalid symbol."),
    ],
)
def test_a_refusal_is_a_client_error_with_binances_code_and_sentence(
    client: Library, call: str, arguments: Row, status_code: int, code: int, message: str
) -> None:
    with pytest.raises(Raised) as raised:
        client(call, **arguments)

    assert ("ClientError", status_code, code, message) == (
        raised.value.kind,
        *part(raised.value.told, "status_code", "error_code", "error_message"),
    )


def test_half_a_replacement_says_what_became_of_each_half(client: Library) -> None:
    order = client("new_order", **BUY, quantity=0.5, price=49_000.0)
    with pytest.raises(Raised) as raised:
        client(
            "cancel_and_replace",
            **BUY,
            cancelReplaceMode="STOP_ON_FAILURE",
            quantity=30.0,
            price=49_000.0,
            cancelOrderId=order["orderId"],
        )
    told = raised.value.told

    assert (409, -2021, "Order cancel-replace partially failed.") == part(
        told, "status_code", "error_code", "error_message"
    )
    assert ("SUCCESS", "FAILURE") == part(told["error_data"], "cancelResult", "newOrderResult")
    assert -2010 == told["error_data"]["newOrderResponse"]["code"]
    assert "CANCELED" == status(client, order)


def test_a_stranger_is_told_so(libraries: Library, account: Account) -> None:
    stranger = Account(account.server, account.account_id, "y" * 64, "unknown")
    libraries.configure(printed("binance-connector", stranger), "binance.error")
    with pytest.raises(Raised) as raised:
        libraries("account")

    assert (401, -2015) == part(raised.value.told, "status_code", "error_code")
