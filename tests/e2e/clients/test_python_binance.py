"""python-binance, its blocking client and its asyncio one, with the configuration that is printed for it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from binance import AsyncClient
from binance.exceptions import BinanceAPIException

from hypersim.testing import Account, ServerProcess
from tests.e2e.clients.addresses import keep_addresses
from tests.e2e.clients.desk import Desk
from tests.e2e.clients.exchanges import Awaited, configured

HOUR_MS = 3_600_000
BTC = {"symbol": "BTCUSDT"}
ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
OCO = {
    "symbol": "BTCUSDT",
    "quantity": "1",
    "aboveType": "LIMIT_MAKER",
    "abovePrice": "50500",
    "belowType": "STOP_LOSS_LIMIT",
    "belowStopPrice": "49500",
    "belowPrice": "49400",
    "belowTimeInForce": "GTC",
}


@pytest.fixture(params=["Client", "AsyncClient"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each class in turn; the addresses that the configuration sets are as before afterwards."""
    keep_addresses(monkeypatch)
    return str(request.param)


async def made(kind: str, account: Account) -> Any:
    """A client, as the configuration makes it; it has sent its ping by then."""
    client = configured("python-binance", account)["client"]
    if kind == "Client":
        return client
    client.close_connection()
    return await AsyncClient.create(account.api_key, account.secret)


@pytest.fixture
async def client(kind: str, account: Account) -> AsyncIterator[Awaited]:
    """Each class in turn, at the desk."""
    client = Awaited(await made(kind, account))
    yield client
    await client.close_connection()


@pytest.fixture
async def living(kind: str, hypersim_server: ServerProcess) -> AsyncIterator[Awaited]:
    """Each class in turn, on the exchange whose prices move and have a past."""
    client = Awaited(await made(kind, hypersim_server.open_account()))
    yield client
    await client.close_connection()


def part(row: dict[str, Any], *keys: str) -> tuple[Any, ...]:
    """The values of those keys."""
    return tuple(row[key] for key in keys)


async def test_the_exchange_describes_itself(client: Awaited) -> None:
    before = time.time_ns() // 1_000_000
    told = (await client.get_server_time())["serverTime"]
    assert before <= told <= time.time_ns() // 1_000_000
    assert {} == await client.ping()
    assert 7 == len((await client.get_exchange_info())["symbols"])
    assert ("BTC", "USDT", "TRADING") == part(
        await client.get_symbol_info("BTCUSDT"), "baseAsset", "quoteAsset", "status"
    )
    assert {"status": 0, "msg": "normal"} == await client.get_system_status()


async def test_market_data_is_what_was_laid(client: Awaited) -> None:
    book = await client.get_order_book(**BTC, limit=1)
    assert ([["49990.00000000", "1.00000000"]], [["50010.00000000", "1.00000000"]]) == (
        book["bids"],
        book["asks"],
    )
    assert {"symbol": "BTCUSDT", "price": "50000.00000000"} == await client.get_symbol_ticker(**BTC)
    assert "50000.00000000" == (await client.get_avg_price(**BTC))["price"]
    assert ("49990.00000000", "50010.00000000") == part(
        await client.get_orderbook_ticker(**BTC), "bidPrice", "askPrice"
    )
    assert ("50000.00000000", "0.10000000") == part(await client.get_ticker(**BTC), "lastPrice", "volume")
    assert "0.10000000" == (await client.get_symbol_ticker_window(**BTC, windowSize="1h"))["volume"]
    assert 7 == len(await client.get_all_tickers()) == len(await client.get_orderbook_tickers())
    for call in ("get_recent_trades", "get_historical_trades"):
        [trade] = await getattr(client, call)(**BTC)
        assert ("50000.00000000", "0.10000000", False) == part(trade, "price", "qty", "isBuyerMaker")
    [whole] = await client.get_aggregate_trades(**BTC)
    assert ("50000.00000000", "0.10000000", False) == part(whole, "p", "q", "m")


async def test_it_finds_where_the_past_begins_and_pages_to_now(living: Awaited) -> None:
    now = (await living.get_server_time())["serverTime"]
    since = now // HOUR_MS * HOUR_MS - 1_500 * HOUR_MS
    candles = await living.get_historical_klines("BTCUSDT", "1h", since)
    [newest] = await living.get_klines(**BTC, interval="1h", limit=1)

    assert [since + at * HOUR_MS for at in range(1_501)] == [candle[0] for candle in candles][:1_501]
    assert newest[0] in {candle[0] for candle in candles[-2:]}
    assert 12 == len(candles[0])


async def test_limit_orders_rest_are_found_and_are_cancelled(client: Awaited) -> None:
    order = await client.order_limit_buy(**BTC, quantity="0.1", price="49000", newClientOrderId="mine")
    named = {**BTC, "orderId": order["orderId"]}
    assert ("NEW", "0.00000000", []) == part(order, "status", "executedQty", "fills")
    assert "mine" == (await client.get_order(**named))["clientOrderId"]
    assert [order["orderId"]] == [each["orderId"] for each in await client.get_open_orders(**BTC)]
    assert {"asset": "USDT", "free": "995100.00000000", "locked": "4900.00000000"} == (
        await client.get_asset_balance(asset="USDT")
    )

    assert ("CANCELED", "mine") == part(await client.cancel_order(**named), "status", "origClientOrderId")
    for price in ("48000", "47000"):
        await client.order_limit_buy(**BTC, quantity="0.1", price=price)
    assert 2 == len(await client.cancel_all_open_orders(**BTC))
    assert [] == await client.get_open_orders()
    assert ["CANCELED"] * 3 == [each["status"] for each in await client.get_all_orders(**BTC)]


async def test_market_orders_are_filled_to_the_last_digit(client: Awaited) -> None:
    bought = await client.order_market_buy(**BTC, quantity="1.5")
    assert ("FILLED", "1.50000000", "75020.00000000") == part(bought, "status", "executedQty", "cummulativeQuoteQty")
    assert [
        ("50010.00000000", "1.00000000", "0.00100000", "BTC"),
        ("50020.00000000", "0.50000000", "0.00050000", "BTC"),
    ] == [part(fill, "price", "qty", "commission", "commissionAsset") for fill in bought["fills"]]
    spent = await client.create_order(**BTC, side="BUY", type="MARKET", quoteOrderQty="5002")
    assert ("FILLED", "0.10000000", "5002.00000000") == part(spent, "status", "executedQty", "cummulativeQuoteQty")
    sold = await client.order_market_sell(**BTC, quantity="0.5")
    trades = await client.get_my_trades(**BTC)
    assert [True, True, True, False] == [trade["isBuyer"] for trade in trades]
    assert sold["orderId"] == trades[-1]["orderId"]
    expected = Decimal("1000000") - 75_020 - 5_002 + Decimal("24995") * Decimal("0.999")
    assert expected == Decimal((await client.get_asset_balance(asset="USDT"))["free"])


@pytest.mark.parametrize(
    ("order", "status"),
    [
        ({"type": "LIMIT", "timeInForce": "IOC", "price": "50005"}, "EXPIRED"),
        ({"type": "LIMIT", "timeInForce": "FOK", "price": "50010"}, "FILLED"),
        ({"type": "LIMIT_MAKER", "price": "50005", "newOrderRespType": "RESULT"}, "NEW"),
    ],
)
async def test_orders_of_every_kind_are_carried_out(client: Awaited, order: dict[str, str], status: str) -> None:
    await client.create_test_order(**BTC, side="BUY", quantity="0.2", **order)
    assert status == (await client.create_order(**BTC, side="BUY", quantity="0.2", **order))["status"]


async def status(client: Awaited, order: dict[str, Any]) -> str:
    """An order's status, as the exchange has it."""
    return str((await client.get_order(**BTC, orderId=order["orderId"]))["status"])


async def statuses(client: Awaited, placed: dict[str, Any]) -> list[str]:
    """Those of a list's orders, in its order."""
    return [await status(client, order) for order in placed["orders"]]


async def test_a_stop_waits_until_the_price_was_there(client: Awaited, desk: Desk) -> None:
    stop = await client.create_order(**BTC, side="SELL", type="STOP_LOSS", quantity="0.5", stopPrice="49500")
    trailing = await client.create_order(**BTC, side="BUY", type="STOP_LOSS", quantity="0.5", trailingDelta=100)
    assert {"symbol", "orderId", "orderListId", "clientOrderId", "transactTime"} == set(stop)
    desk.trade("SELL", 49_501, 0.1)
    assert ("NEW", "NEW") == (await status(client, stop), await status(client, trailing))
    desk.trade("SELL", 49_500, 0.1)
    assert ("FILLED", "NEW") == (await status(client, stop), await status(client, trailing))
    desk.trade("BUY", 49_995, 0.1)
    assert "FILLED" == await status(client, trailing)


async def test_an_oco_is_placed_found_and_done_when_one_is_filled(client: Awaited, desk: Desk) -> None:
    placed = await client.order_oco_sell(**OCO, newOrderRespType="RESULT")
    assert [("STOP_LOSS_LIMIT", "NEW"), ("LIMIT_MAKER", "NEW")] == [
        part(report, "type", "status") for report in placed["orderReports"]
    ]
    assert [placed["orderListId"]] == [each["orderListId"] for each in await client.get_open_oco_orders()]
    desk.trade("BUY", 50_500, 3)
    assert ["EXPIRED", "FILLED"] == await statuses(client, placed)
    assert ("OCO", "ALL_DONE") == part(
        await client.v3_get_order_list(orderListId=placed["orderListId"]), "contingencyType", "listOrderStatus"
    )


async def test_pending_orders_enter_after_the_working_one_and_leave_with_it(client: Awaited, desk: Desk) -> None:
    first, second = [
        await client.v3_post_order_list_otoco(
            **BTC,
            workingType="LIMIT",
            workingSide="BUY",
            workingTimeInForce="GTC",
            workingPrice=price,
            workingQuantity="0.1",
            pendingSide="SELL",
            pendingQuantity="0.05",
            pendingAboveType="LIMIT_MAKER",
            pendingAbovePrice="50500",
            pendingBelowType="STOP_LOSS",
            pendingBelowStopPrice="49500",
        )
        for price in ("49995", "48000")
    ]
    desk.trade("SELL", 49_995, 0.1)
    cancelled = await client.v3_delete_order_list(**BTC, orderListId=second["orderListId"])

    assert ["FILLED", "NEW", "NEW"] == await statuses(client, first)
    assert ["CANCELED"] * 3 == await statuses(client, second)
    assert ("OTO", "ALL_DONE") == part(cancelled, "contingencyType", "listOrderStatus")
    assert 2 == len(await client.v3_get_all_order_list())


async def test_an_order_is_replaced(client: Awaited) -> None:
    order = await client.order_limit_buy(**BTC, quantity="0.5", price="49000")
    replaced = await client.cancel_replace_order(
        **ORDER, cancelReplaceMode="STOP_ON_FAILURE", quantity="0.4", price="48000", cancelOrderId=order["orderId"]
    )

    assert ("SUCCESS", "SUCCESS") == part(replaced, "cancelResult", "newOrderResult")
    assert ("CANCELED", "NEW") == (await status(client, order), await status(client, replaced["newOrderResponse"]))


async def test_a_self_trade_is_prevented_and_told(client: Awaited) -> None:
    maker = await client.order_limit_sell(**BTC, quantity="1", price="50005")
    taker = await client.create_order(**ORDER, quantity="0.4", price="50005", selfTradePreventionMode="DECREMENT")
    [match] = await client.get_prevented_matches(**BTC, orderId=taker["orderId"])

    assert ("EXPIRED_IN_MATCH", "0.40000000") == part(taker, "status", "preventedQuantity")
    assert (maker["orderId"], "0.40000000") == part(match, "makerOrderId", "makerPreventedQuantity")
    assert [] == await client.get_allocations(**BTC)


async def test_the_account_is_described(client: Awaited) -> None:
    account = await client.get_account()
    assert ({"BTC", "USDT"}, True) == (
        {row["asset"] for row in account["balances"] if Decimal(row["free"])},
        account["canTrade"],
    )
    assert [{"symbol": "BTCUSDT", "makerCommission": "0.00100000", "takerCommission": "0.00100000"}] == (
        await client.get_trade_fee(**BTC)
    )
    await client.order_market_buy(**BTC, quantity="0.1")
    assert {("SECOND", 10), ("DAY", 1)} == {
        part(limit, "interval", "intervalNum") for limit in await client.get_current_order_count()
    }
    assert {"data": "Normal"} == await client.get_account_status()
    assert (await client.get_account_api_trading_status())["data"]["isLocked"] is False
    assert "BTC" in {coin["coin"] for coin in await client.get_all_coins_info()}


@pytest.mark.parametrize(
    ("call", "arguments", "status", "code", "message"),
    [
        (
            "create_order",
            {**ORDER, "quantity": "30", "price": "49000"},
            400,
            -2010,
            "Account has insufficient balance for requested action.",
        ),
        ("create_order", {**ORDER, "quantity": "0.0001", "price": "49000"}, 400, -1013, "Filter failure: NOTIONAL"),
        (
            "create_order",
            {**ORDER, "price": "49000"},
            400,
            -1102,
            "Mandatory parameter 'quantity' was not sent, was empty/null, or malformed.",
        ),
        (
            "create_order",
            {**BTC, "side": "SELL", "type": "STOP_LOSS", "quantity": "0.1", "stopPrice": "50500"},
            400,
            -2010,
            "Order would trigger immediately.",
        ),
        (
            "order_oco_sell",
            OCO | {"belowStopPrice": "50100"},
            400,
            -2010,
            "The relationship of the prices for the orders is not correct.",
        ),
        (
            "cancel_replace_order",
            {**ORDER, "quantity": "1", "price": "49000", "cancelReplaceMode": "ALLOW_FAILURE", "cancelOrderId": 99_999},
            409,
            -2021,
            "Order cancel-replace partially failed.",
        ),
        ("get_order", {"symbol": "BTCUSDT", "orderId": 99_999}, 400, -2013, "Order does not exist."),
        ("cancel_order", {"symbol": "BTCUSDT", "orderId": 99_999}, 400, -2011, "Unknown order sent."),
        ("get_order_book", {"symbol": "NOPE"}, 400, -1121, "Invalid symbol."),
    ],
)
async def test_a_refusal_has_binances_status_code_and_sentence(
    client: Awaited, call: str, arguments: dict[str, Any], status: int, code: int, message: str
) -> None:
    with pytest.raises(BinanceAPIException) as raised:
        await getattr(client, call)(**arguments)

    assert (status, code, message) == (raised.value.status_code, raised.value.code, raised.value.message)


async def test_a_stranger_is_told_so(kind: str, desk: Desk) -> None:
    account = desk.open_account()
    stranger = Awaited(await made(kind, Account(desk.server, account.account_id, "y" * 64, "unknown")))
    with pytest.raises(BinanceAPIException) as raised:
        await stranger.get_account()
    await stranger.close_connection()

    assert (401, -2015) == (raised.value.status_code, raised.value.code)


async def test_the_wallet_gives_and_takes(client: Awaited, account: Account) -> None:
    address = (await client.get_deposit_address("USDT"))["address"]
    assert address == (await client.get_deposit_address("USDT", network="ETH"))["address"]
    assert {"BTC", "USDT"} == {row["coin"] for row in await client.get_deposit_history()}
    sent = await client.withdraw(coin="USDT", address=address, amount="100", withdrawOrderId="mine")
    assert ("mine", 4) == part((await client.get_withdraw_history())[0], "withdrawOrderId", "status")
    account.server.simulate(f"withdrawal/{sent['id']}", {"status": "completed"})
    assert ("99.00000000", 6) == part(await client.get_withdraw_history_id(sent["id"]), "amount", "status")
    assert {"BTC", "USDT"} == {row["asset"] for row in await client.get_user_asset(needBtcValuation="true")}
    assert {"spotBNBBurn": True, "interestBNBBurn": False} == (
        await client.toggle_bnb_burn_spot_margin(spotBNBBurn="true")
    )
    assert (await client.get_bnb_burn_spot_margin())["spotBNBBurn"] is True
    assert 1.0 == (await client.get_asset_details(asset="USDT"))["USDT"]["withdrawFee"]
    assert [] == (await client.get_dust_assets())["details"] == (await client.get_dust_log())["userAssetDribblets"]
    assert (await client.get_account_api_permissions())["enableWithdrawals"] is True
