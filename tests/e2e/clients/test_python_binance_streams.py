"""python-binance's sockets and its WebSocket API, with the configuration that is printed for it: a market that is
stirred, orders, and user data.
"""

from __future__ import annotations

import asyncio
import queue
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from binance import AsyncClient, BinanceSocketManager, DepthCacheManager, ThreadedWebsocketManager
from binance.exceptions import BinanceAPIException

from hypersim.testing import Account
from tests.e2e.clients.addresses import keep_addresses
from tests.e2e.clients.desk import ASKS, BIDS, Desk, stirred, texts
from tests.e2e.clients.exchanges import configured

PATIENCE_S = 20
TOP = ("49990.00000000", "50010.00000000")
DEEPER = [49_500.0, 3.0]


@pytest.fixture
async def client(account: Account, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AsyncClient]:
    """The client for asyncio, with the addresses that the configuration sets on the classes."""
    keep_addresses(monkeypatch)
    configured("python-binance", account)["client"].close_connection()
    client = await AsyncClient.create(account.api_key, account.secret)
    yield client
    closing = asyncio.ensure_future(client.close_connection())
    await asyncio.sleep(0.1)
    if client.ws_api.ws is not None:  # it closes with the next message, or after ten seconds
        await client.ws_api.ws.send('{"id": "last", "method": "ping"}')
    await closing


def part(row: dict[str, Any], keys: str) -> tuple[Any, ...]:
    """The values of those keys."""
    return tuple(row[key] for key in keys.split())


async def next_of(socket: Any) -> Any:
    return await asyncio.wait_for(socket.recv(), PATIENCE_S)


@pytest.mark.parametrize(
    ("name", "arguments", "keys", "told"),
    [
        ("trade_socket", ("BTCUSDT",), "e s p q m", ("trade", "BTCUSDT", "50000.00000000", "0.10000000", False)),
        ("aggtrade_socket", ("BTCUSDT",), "e s p q m", ("aggTrade", "BTCUSDT", "50000.00000000", "0.10000000", False)),
        ("symbol_ticker_socket", ("BTCUSDT",), "e s c b a", ("24hrTicker", "BTCUSDT", "50000.00000000", *TOP)),
        ("symbol_miniticker_socket", ("BTCUSDT",), "e s c", ("24hrMiniTicker", "BTCUSDT", "50000.00000000")),
        ("symbol_book_ticker_socket", ("BTCUSDT",), "s b a", ("BTCUSDT", *TOP)),
    ],
)
async def test_a_socket_tells_of_its_market(
    client: AsyncClient, desk: Desk, name: str, arguments: tuple[str, ...], keys: str, told: tuple[Any, ...]
) -> None:
    with stirred(desk):
        async with getattr(BinanceSocketManager(client), name)(*arguments) as socket:
            assert told == part(await next_of(socket), keys)


async def test_a_candle_is_the_one_that_is_asked_for(client: AsyncClient, desk: Desk) -> None:
    with stirred(desk):
        async with BinanceSocketManager(client).kline_socket("BTCUSDT", "1h") as socket:
            told = await next_of(socket)
    [candle] = await client.get_klines(symbol="BTCUSDT", interval="1h", limit=1)

    assert ("kline", "BTCUSDT", "1h", False) == (told["e"], *part(told["k"], "s i x"))
    assert [*candle[:5], candle[6]] == list(part(told["k"], "t o h l c T"))


async def test_all_markets_that_moved_come_together(client: AsyncClient, desk: Desk) -> None:
    with stirred(desk):
        async with BinanceSocketManager(client).miniticker_socket() as socket:
            told = await next_of(socket)

    tickers = {ticker["s"]: ticker for ticker in told}
    assert ("24hrMiniTicker", "50000.00000000") == part(tickers["BTCUSDT"], "e c")
    assert len(tickers) == len(told)


async def test_several_streams_come_by_their_names(client: AsyncClient, desk: Desk) -> None:
    names = {"btcusdt@trade", "btcusdt@bookTicker", "btcusdt@depth5@100ms"}
    told: dict[str, Any] = {}
    with stirred(desk):
        async with BinanceSocketManager(client).multiplex_socket([*names]) as socket:
            while set(told) < names:
                message = await next_of(socket)
                told[message["stream"]] = message["data"]

    assert names == set(told)
    assert "50000.00000000" == told["btcusdt@trade"]["p"]
    assert [price for price, _ in BIDS] == [float(price) for price, _ in told["btcusdt@depth5@100ms"]["bids"]]


@pytest.mark.parametrize("interval", [None, 100])
async def test_the_book_that_it_keeps_follows_the_one_that_is_there(
    client: AsyncClient, desk: Desk, interval: int | None
) -> None:
    with ExitStack() as ending:
        async with DepthCacheManager(client, "BTCUSDT", ws_interval=interval) as manager:
            assert (BIDS, ASKS) == (manager.get_depth_cache().get_bids(), manager.get_depth_cache().get_asks())
            for bids in ([*BIDS, DEEPER], BIDS[1:], BIDS):
                expected = sorted(bids, reverse=True)
                desk.trade("BUY", 50_000.0, 0.1, bids=texts(expected), asks=texts(ASKS))
                async with asyncio.timeout(PATIENCE_S):
                    while (await manager.recv()).get_bids() != expected:
                        pass
                assert ASKS == manager.get_depth_cache().get_asks()
            ending.enter_context(stirred(desk))  # it closes with the next message, or after ten seconds


async def user_data(socket: Any, count: int) -> list[dict[str, Any]]:
    return [await next_of(socket) for _ in range(count)]


async def test_a_fill_is_told_as_user_data(client: AsyncClient) -> None:
    async with BinanceSocketManager(client).user_socket() as socket:
        placed = await client.order_market_buy(symbol="BTCUSDT", quantity="0.5")
        placing, fill, position = await user_data(socket, 3)

    assert [("executionReport", "NEW", "NEW"), ("executionReport", "TRADE", "FILLED")] == [
        part(event, "e x X") for event in (placing, fill)
    ]
    assert {(placed["orderId"], placed["clientOrderId"])} == {part(event, "i c") for event in (placing, fill)}
    assert ("50010.00000000", "0.50000000", "0.00050000", "BTC") == part(fill, "L l n N")
    assert {"BTC": "10.49950000", "USDT": "974995.00000000"} == {row["a"]: row["f"] for row in position["B"]}


async def test_orders_go_over_the_websocket_api_while_user_data_comes_over_it(client: AsyncClient) -> None:
    async with BinanceSocketManager(client).user_socket() as socket:
        placed = await client.ws_order_limit_buy(symbol="BTCUSDT", quantity="0.5", price="45000")
        assert [placed["orderId"]] == [order["orderId"] for order in await client.ws_get_open_orders(symbol="BTCUSDT")]
        cancelled = await client.ws_cancel_order(symbol="BTCUSDT", orderId=placed["orderId"])
        events = await user_data(socket, 4)

    assert ("NEW", "CANCELED") == (placed["status"], cancelled["status"])
    assert ["NEW", None, "CANCELED", None] == [event.get("x") for event in events]
    assert (cancelled["clientOrderId"], placed["clientOrderId"]) == part(events[2], "c C")
    assert [{"USDT": "977500.00000000"}, {"USDT": "1000000.00000000"}] == [
        {row["a"]: row["f"] for row in event["B"]} for event in events[1::2]
    ]


async def test_a_user_socket_that_was_left_tells_nothing_until_it_is_entered_again(client: AsyncClient) -> None:
    sockets = BinanceSocketManager(client)
    for step in range(3):
        async with sockets.user_socket() as socket:
            placed = await client.ws_order_limit_buy(symbol="BTCUSDT", quantity="0.1", price=str(45_000 + step))
            report, position = await user_data(socket, 2)
        assert ("executionReport", "NEW", placed["orderId"]) == part(report, "e x i")
        assert "outboundAccountPosition" == position["e"]
        await client.ws_cancel_order(symbol="BTCUSDT", orderId=placed["orderId"])


async def test_orders_and_lists_are_replaced_and_cancelled_over_the_websocket_api(client: AsyncClient) -> None:
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.5"}
    placed = await client.ws_create_order(**order, price="45000")
    replaced = await client.ws_cancel_and_replace_order(
        **order, price="46000", cancelReplaceMode="STOP_ON_FAILURE", cancelOrderId=placed["orderId"]
    )
    assert ("SUCCESS", "SUCCESS") == part(replaced, "cancelResult newOrderResult")
    pair = await client.ws_create_oto_order(
        symbol="BTCUSDT",
        workingType="LIMIT",
        workingSide="BUY",
        workingPrice="45000",
        workingQuantity="0.5",
        workingTimeInForce="GTC",
        pendingType="MARKET",
        pendingSide="SELL",
        pendingQuantity="0.4",
    )
    assert await client.get_open_orders(symbol="BTCUSDT") == await client.ws_get_open_orders(symbol="BTCUSDT")
    assert [pair["orderListId"]] == [each["orderListId"] for each in await client.ws_get_oco_open_orders()]
    ended = await client.ws_cancel_oco_order(symbol="BTCUSDT", orderListId=pair["orderListId"])
    cancelled = await client.ws_cancel_all_open_orders(symbol="BTCUSDT")

    assert ("ALL_DONE", "ALL_DONE") == part(ended, "listStatusType listOrderStatus")
    assert [replaced["newOrderResponse"]["orderId"]] == [each["orderId"] for each in cancelled]
    assert ["CANCELED"] * 4 == [each["status"] for each in await client.get_all_orders(symbol="BTCUSDT")]


async def test_what_is_asked_over_the_websocket_api_is_what_rest_answers(client: AsyncClient) -> None:
    await client.ws_order_market_buy(symbol="BTCUSDT", quantity="0.5")
    for asked, answered in (
        (client.ws_get_account(), client.get_account()),
        (client.ws_get_all_orders(symbol="BTCUSDT"), client.get_all_orders(symbol="BTCUSDT")),
        (client.ws_get_my_trades(symbol="BTCUSDT"), client.get_my_trades(symbol="BTCUSDT")),
        (client.ws_get_order_book(symbol="BTCUSDT"), client.get_order_book(symbol="BTCUSDT")),
        (
            client.ws_get_klines(symbol="BTCUSDT", interval="1h"),
            client.get_klines(symbol="BTCUSDT", interval="1h"),
        ),
        (client.ws_get_symbol_ticker(symbol="BTCUSDT"), client.get_symbol_ticker(symbol="BTCUSDT")),
    ):
        assert await answered == await asked


async def test_a_refusal_over_the_websocket_api_has_binances_code_and_sentence(client: AsyncClient) -> None:
    with pytest.raises(BinanceAPIException) as raised:
        await client.ws_order_limit_buy(symbol="BTCUSDT", quantity="100", price="50000")

    assert (400, -2010, "Account has insufficient balance for requested action.") == (
        raised.value.status_code,
        raised.value.code,
        raised.value.message,
    )


@pytest.fixture
def threaded(account: Account, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadedWebsocketManager]:
    """Its sockets for programs without asyncio, which call back from a thread."""
    keep_addresses(monkeypatch)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)  # it takes the current one, or makes one and leaves it open
    configured("python-binance", account)["client"].close_connection()
    manager = ThreadedWebsocketManager(account.api_key, account.secret)
    manager.start()
    yield manager
    with stirred(desk):  # it closes with the next message, or after ten seconds
        manager.stop()
        manager.join(PATIENCE_S)
    assert not manager.is_alive()
    asyncio.set_event_loop(None)
    loop.close()


def test_sockets_in_a_thread_call_back(threaded: ThreadedWebsocketManager, desk: Desk) -> None:
    heard: queue.Queue[dict[str, Any]] = queue.Queue()
    with stirred(desk):
        threaded.start_trade_socket(heard.put, "BTCUSDT")
        trade = heard.get(timeout=PATIENCE_S)

    assert ("trade", "BTCUSDT", "50000.00000000", "0.10000000") == part(trade, "e s p q")
