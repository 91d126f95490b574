"""binance-sdk-spot, unmodified, with the configuration that is printed for it: a trading loop, and its errors.

It reads every answer into models of strict types, so that an answer of another shape than Binance's fails here.
"""

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
BUY = {**BTC, "side": "BUY", "type": "LIMIT", "time_in_force": "GTC"}
OCO = {
    **BTC,
    "side": "SELL",
    "quantity": 1.0,
    "above_type": "LIMIT_MAKER",
    "above_price": 50_500.0,
    "below_type": "STOP_LOSS_LIMIT",
    "below_stop_price": 49_500.0,
    "below_price": 49_400.0,
    "below_time_in_force": "GTC",
}
WORKING = {
    **BTC,
    "working_type": "LIMIT",
    "working_side": "BUY",
    "working_price": 49_995.0,
    "working_quantity": 0.1,
    "working_time_in_force": "GTC",
    "pending_side": "SELL",
}
ALONE = {"pending_type": "LIMIT", "pending_price": 50_500.0, "pending_time_in_force": "GTC"}
PAIR = {
    "pending_above_type": "LIMIT_MAKER",
    "pending_above_price": 50_500.0,
    "pending_below_type": "STOP_LOSS",
    "pending_below_stop_price": 49_500.0,
}


class Rest:
    """The library's `rest_api`."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def __call__(self, call: str, **arguments: Any) -> Any:
        return self._library(f"rest_api.{call}", **arguments)


def rest(library: Library, account: Account) -> Rest:
    """Its client as it is printed, but for its patience of one second: a test must not fail on a slow machine."""
    text = printed("binance-sdk-spot", account).replace("base_path=rest", "base_path=rest, timeout=20_000")
    library.configure(text, "binance_common.errors")
    return Rest(library)


@pytest.fixture
def client(libraries: Library, account: Account) -> Rest:
    """For a fresh account at the desk."""
    return rest(libraries, account)


def part(row: Row, *keys: str) -> tuple[Any, ...]:
    """The values of those keys."""
    return tuple(row[key] for key in keys)


def status(client: Rest, order: Row) -> str:
    """An order's status, as the exchange has it."""
    return str(client("get_order", **BTC, order_id=order["orderId"])["status"])


def test_the_exchange_and_its_market_are_described(client: Rest) -> None:
    before = time.time_ns() // 1_000_000
    assert before <= client("time")["serverTime"] <= time.time_ns() // 1_000_000
    assert {} == client("ping")
    assert 7 == len(client("exchange_info")["symbols"])
    assert [["49990.00000000", "1.00000000"]] == client("depth", **BTC, limit=1)["bids"]
    assert "50000.00000000" == client("ticker_price", **BTC)["price"]
    assert 7 == len(client("ticker24hr"))
    assert 12 == len(client("klines", **BTC, interval="1m", limit=1)[0])
    for call in ("get_trades", "historical_trades"):
        [trade] = client(call, **BTC)
        assert ("50000.00000000", "0.10000000", False) == part(trade, "price", "qty", "isBuyerMaker")


def test_the_account_is_described(client: Rest) -> None:
    account = client("get_account", omit_zero_balances=True)
    filters = client("my_filters", **BTC)

    assert [("BTC", "10.00000000"), ("USDT", "1000000.00000000")] == [
        part(row, "asset", "free") for row in account["balances"]
    ]
    assert {"exchangeFilters", "symbolFilters", "assetFilters"} <= set(filters)
    assert "0.00100000" == client("account_commission", **BTC)["standardCommission"]["taker"]
    assert [("SECOND", 10), ("DAY", 1)] == [
        part(limit, "interval", "intervalNum") for limit in client("rate_limit_order")
    ]
    assert [] == client("my_allocations", **BTC)


def test_a_limit_order_is_placed_found_and_cancelled(client: Rest) -> None:
    order = client("new_order", **BUY, quantity=0.5, price=49_000.0, new_client_order_id="mine")
    assert ("NEW", "0.50000000", "49000.00000000", []) == part(order, "status", "origQty", "price", "fills")
    assert order["orderId"] == client("get_order", **BTC, orig_client_order_id="mine")["orderId"]
    assert [order["orderId"]] == [each["orderId"] for each in client("get_open_orders", **BTC)]

    assert ("CANCELED", "mine") == part(
        client("delete_order", **BTC, order_id=order["orderId"]), "status", "origClientOrderId"
    )
    client("new_order", **BUY, quantity=0.1, price=48_000.0)
    assert ["CANCELED"] == [each["status"] for each in client("delete_open_orders", **BTC)]
    assert ["CANCELED"] * 2 == [each["status"] for each in client("all_orders", **BTC)]


def test_a_market_order_is_filled_and_its_trades_are_told(client: Rest) -> None:
    rates = client("order_test", **BTC, side="BUY", type="MARKET", quantity=1.5, compute_commission_rates=True)
    order = client("new_order", **BTC, side="BUY", type="MARKET", quantity=1.5)
    trades = client("my_trades", **BTC, order_id=order["orderId"])

    assert {"maker": "0.00100000", "taker": "0.00100000"} == rates["standardCommissionForOrder"]
    assert ("FILLED", "75020.00000000") == part(order, "status", "cummulativeQuoteQty")
    assert [("50010.00000000", "1.00000000", "0.00100000"), ("50020.00000000", "0.50000000", "0.00050000")] == [
        part(trade, "price", "qty", "commission") for trade in trades
    ]


def test_an_order_is_amended_and_then_replaced(client: Rest) -> None:
    order = client("new_order", **BUY, quantity=0.5, price=49_000.0)
    amended = client("order_amend_keep_priority", **BTC, order_id=order["orderId"], new_qty=0.3)["amendedOrder"]
    [amendment] = client("order_amendments", **BTC, order_id=order["orderId"])
    replaced = client(
        "order_cancel_replace",
        **BUY,
        cancel_replace_mode="STOP_ON_FAILURE",
        quantity=0.4,
        price=48_000.0,
        cancel_order_id=order["orderId"],
    )

    assert (order["orderId"], "0.30000000", "NEW") == part(amended, "orderId", "qty", "status")
    assert ("0.50000000", "0.30000000") == part(amendment, "origQty", "newQty")
    assert ("SUCCESS", "SUCCESS") == part(replaced, "cancelResult", "newOrderResult")
    assert ("CANCELED", "NEW") == (status(client, order), status(client, replaced["newOrderResponse"]))


def test_a_stop_waits_until_the_price_was_there(client: Rest, desk: Desk) -> None:
    stop = client("new_order", **BTC, side="SELL", type="STOP_LOSS", quantity=0.5, stop_price=49_500.0)
    pegged = client("new_order", **BUY, quantity=0.1, peg_price_type="PRIMARY_PEG")
    assert "NEW" == status(client, stop)
    assert "49990.00000000" == client("get_order", **BTC, order_id=pegged["orderId"])["peggedPrice"]
    desk.trade("SELL", 49_500.0, 0.6)
    assert ("FILLED", "FILLED") == (status(client, stop), status(client, pegged))


def test_an_oco_is_placed_found_and_done_when_one_is_filled(client: Rest, desk: Desk) -> None:
    first, second = (client("order_list_oco", **OCO) for _ in range(2))
    assert [each["orderListId"] for each in (first, second)] == [
        each["orderListId"] for each in client("open_order_list")
    ]
    cancelled = client("delete_order_list", **BTC, order_list_id=second["orderListId"])
    assert ["CANCELED"] * 2 == [report["status"] for report in cancelled["orderReports"]]

    desk.trade("BUY", 50_500.0, 3)
    assert ["EXPIRED", "FILLED"] == [status(client, order) for order in first["orders"]]
    assert ("OCO", "ALL_DONE") == part(
        client("get_order_list", order_list_id=first["orderListId"]), "contingencyType", "listOrderStatus"
    )
    assert 2 == len(client("all_order_list"))


@pytest.mark.parametrize(
    ("call", "pending"),
    [
        ("order_list_oto", ALONE | {"pending_quantity": 0.05}),
        ("order_list_otoco", PAIR | {"pending_quantity": 0.05}),
        ("order_list_opo", ALONE),
        ("order_list_opoco", PAIR),
    ],
)
def test_pending_orders_enter_after_the_working_one(client: Rest, desk: Desk, call: str, pending: Row) -> None:
    placed = client(call, **WORKING, **pending)
    [working, *others] = placed["orders"]
    assert ["PENDING_NEW"] * len(others) == [status(client, order) for order in others]
    desk.trade("SELL", 49_995.0, 0.1)
    assert ["FILLED"] + ["NEW"] * len(others) == [status(client, order) for order in (working, *others)]


def test_a_self_trade_is_prevented_and_told(client: Rest) -> None:
    maker = client("new_order", **BTC, side="SELL", type="LIMIT_MAKER", quantity=1.0, price=50_005.0)
    taker = client("new_order", **BUY, quantity=0.4, price=50_005.0, self_trade_prevention_mode="DECREMENT")
    [match] = client("my_prevented_matches", **BTC, order_id=taker["orderId"])

    assert "EXPIRED_IN_MATCH" == taker["status"]
    assert (maker["orderId"], "0.40000000") == part(match, "makerOrderId", "makerPreventedQuantity")


@pytest.mark.parametrize(
    ("call", "arguments", "code", "message"),
    [
        (
            "new_order",
            {**BUY, "quantity": 30.0, "price": 49_000.0},
            -2010,
            "Account has insufficient balance for requested action.",
        ),
        (
            "new_order",
            {**BTC, "side": "SELL", "type": "STOP_LOSS", "quantity": 0.1, "stop_price": 50_500.0},
            -2010,
            "Order would trigger immediately.",
        ),
        (
            "order_list_oco",
            OCO | {"below_stop_price": 50_100.0},
            -2010,
            "The relationship of the prices for the orders is not correct.",
        ),
        (
            "order_cancel_replace",
            {
                **BUY,
                "cancel_replace_mode": "STOP_ON_FAILURE",
                "quantity": 1,
                "price": 49_000,
                "cancel_order_id": 99_999,
            },
            -2022,
            "Order cancel-replace failed.",
        ),
        (
            "order_amend_keep_priority",
            {**BTC, "order_id": 99_999, "new_qty": 1.0},
            -2038,
            "Unknown order sent.",
        ),
        (
            "sor_order",
            {**BTC, "side": "BUY", "type": "MARKET", "quantity": 1.0},
            -1013,
            "SOR is not supported for this symbol.",
        ),
        ("get_order", {**BTC, "order_id": 99_999}, -2013, "Order does not exist."),
        ("delete_order", {**BTC, "order_id": 99_999}, -2011, "Unknown order sent."),
        ("depth", {"symbol": "NOPE"}, -1121, "Invalid symbol."),
    ],
)
def test_a_refusal_is_a_bad_request_with_binances_code_and_sentence(
    client: Rest, call: str, arguments: Row, code: int, message: str
) -> None:
    with pytest.raises(Raised) as raised:
        client(call, **arguments)

    assert ("BadRequestError", {"status_code": code, "error_message": message}) == (
        raised.value.kind,
        raised.value.told,
    )


def test_a_stranger_is_told_so(libraries: Library, account: Account) -> None:
    stranger = rest(libraries, Account(account.server, account.account_id, "y" * 64, "unknown"))
    with pytest.raises(Raised) as raised:
        stranger("get_account")

    assert ("UnauthorizedError", -2015) == (raised.value.kind, raised.value.told["status_code"])
