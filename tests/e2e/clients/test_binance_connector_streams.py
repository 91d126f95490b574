"""binance-connector's WebSocket clients, unmodified, with the addresses that are printed for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ccxt_adapter import hypersim
from hypersim.testing import Account
from tests.e2e.clients.desk import ASKS, BIDS, Desk, stirred
from tests.e2e.clients.exchanges import printed
from tests.e2e.clients.libraries import Library

LISTENING = """
import json
import queue

from binance.websocket.spot.websocket_api import SpotWebsocketAPIClient
from binance.websocket.spot.websocket_stream import SpotWebsocketStreamClient

heard = queue.Queue()


def hear(_, message):
    heard.put(json.loads(message))


keys = {"api_key": client.api_key, "api_secret": client.api_secret}
spot, client = client, MADE
client.new_listen_key = spot.new_listen_key
client.heard = lambda: heard.get(timeout=20)
"""
"""After the printed configuration: a client whose messages are kept until they are asked for."""

STREAMS = "SpotWebsocketStreamClient(stream_url=streams, on_message=hear, is_combined={combined})"
WEBSOCKET_API = "SpotWebsocketAPIClient(stream_url=ws_api, on_message=hear, **keys)"

Row = dict[str, Any]


def made(libraries: Library, account: Account, how: str) -> Iterator[Library]:
    """That client, until the end of the test."""
    libraries.configure(printed("binance-connector", account) + LISTENING.replace("MADE", how), "binance.error")
    yield libraries
    libraries("stop")


@pytest.fixture
def streams(libraries: Library, account: Account) -> Iterator[Library]:
    yield from made(libraries, account, STREAMS.format(combined=False))


@pytest.fixture
def combined(libraries: Library, account: Account) -> Iterator[Library]:
    yield from made(libraries, account, STREAMS.format(combined=True))


@pytest.fixture
def websocket_api(libraries: Library, account: Account) -> Iterator[Library]:
    yield from made(libraries, account, WEBSOCKET_API)


def part(row: Row, keys: str) -> tuple[Any, ...]:
    """The values of those keys."""
    return tuple(row[key] for key in keys.split())


def answered(client: Library, call: str, **arguments: Any) -> Any:
    """The result of a call of the WebSocket API, or its error."""
    client(call, **arguments)
    answer = client("heard")
    return answer["result"] if answer["status"] == 200 else answer["error"]


@pytest.mark.parametrize(
    ("call", "arguments", "keys", "told"),
    [
        ("trade", {}, "e s p q", ("trade", "BTCUSDT", "50000.00000000", "0.10000000")),
        ("agg_trade", {}, "e s p q", ("aggTrade", "BTCUSDT", "50000.00000000", "0.10000000")),
        ("book_ticker", {}, "s b a", ("BTCUSDT", "49990.00000000", "50010.00000000")),
        ("mini_ticker", {}, "e s c", ("24hrMiniTicker", "BTCUSDT", "50000.00000000")),
        ("ticker", {}, "e s c", ("24hrTicker", "BTCUSDT", "50000.00000000")),
        ("rolling_window_ticker", {"windowSize": "1h"}, "e s c", ("1hTicker", "BTCUSDT", "50000.00000000")),
        ("diff_book_depth", {"speed": 100}, "e s", ("depthUpdate", "BTCUSDT")),
        ("kline", {"interval": "1h"}, "e s", ("kline", "BTCUSDT")),
        ("kline_timezone_offset", {"interval": "1d"}, "e s", ("kline", "BTCUSDT")),
    ],
)
def test_a_stream_tells_after_it_was_subscribed_to(
    streams: Library, desk: Desk, call: str, arguments: Row, keys: str, told: tuple[Any, ...]
) -> None:
    with stirred(desk):
        streams(call, symbol="btcusdt", id=7, **arguments)
        assert {"result": None, "id": 7} == streams("heard")
        assert told == part(streams("heard"), keys)


def test_combined_streams_come_by_their_names_until_they_are_unsubscribed(combined: Library, desk: Desk) -> None:
    combined("partial_book_depth", symbol="btcusdt", level=5, speed=100, id=1)
    with stirred(desk):
        confirmed, told = combined("heard"), combined("heard")
        combined("list_subscribe", id=2)
        while (answer := combined("heard")).get("id") != 2:
            assert "btcusdt@depth5@100ms" == answer["stream"]
        combined("unsubscribe", stream="btcusdt@depth5@100ms", id=3)
        while (ended := combined("heard")).get("id") != 3:
            assert "btcusdt@depth5@100ms" == ended["stream"]

    assert [{"result": None, "id": 1}, {"result": ["btcusdt@depth5@100ms"], "id": 2}, {"result": None, "id": 3}] == [
        confirmed,
        answer,
        ended,
    ]
    assert "btcusdt@depth5@100ms" == told["stream"]
    assert [price for price, _ in BIDS] == [float(price) for price, _ in told["data"]["bids"]]
    assert [price for price, _ in ASKS] == [float(price) for price, _ in told["data"]["asks"]]


def test_user_data_is_subscribed_to_by_its_listen_key(streams: Library, account: Account) -> None:
    exchange = hypersim({"hostname": account.server.hostname, **account.credentials})
    key = streams("new_listen_key")["listenKey"]
    streams("user_data", listen_key=key, id=1)
    assert {"result": None, "id": 1} == streams("heard")
    placed = exchange.create_order("BTC/USDT", "market", "buy", 0.5)
    placing, fill, position = (streams("heard") for _ in range(3))
    exchange.session.close()

    assert ("executionReport", int(placed["id"]), "NEW", "NEW") == part(placing, "e i x X")
    assert ("executionReport", int(placed["id"]), "TRADE", "FILLED") == part(fill, "e i x X")
    assert {"BTC": "10.49950000", "USDT": "974995.00000000"} == {row["a"]: row["f"] for row in position["B"]}


def test_an_order_is_placed_found_and_cancelled(websocket_api: Library) -> None:
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": 0.5}
    placed = answered(websocket_api, "new_order", **order, price=45_000, newOrderRespType="RESULT")
    found = answered(websocket_api, "get_order", symbol="BTCUSDT", orderId=placed["orderId"])
    cancelled = answered(websocket_api, "cancel_order", symbol="BTCUSDT", orderId=placed["orderId"])

    assert ("NEW", "0.50000000", "45000.00000000") == part(placed, "status origQty price")
    assert part(placed, "orderId clientOrderId status") == part(found, "orderId clientOrderId status")
    assert ("CANCELED", placed["clientOrderId"]) == part(cancelled, "status origClientOrderId")
    assert [] == answered(websocket_api, "get_open_orders", symbol="BTCUSDT")


def test_what_was_filled_is_in_the_account_and_its_history(websocket_api: Library) -> None:
    market = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": 0.5}
    filled = answered(websocket_api, "new_order", **market, newOrderRespType="FULL")
    [trade] = answered(websocket_api, "my_trades", symbol="BTCUSDT")
    balances = {row["asset"]: row["free"] for row in answered(websocket_api, "account")["balances"]}

    assert ("FILLED", "25005.00000000") == part(filled, "status cummulativeQuoteQty")
    assert (filled["orderId"], "50010.00000000", "0.50000000") == part(trade, "orderId price qty")
    assert ("10.49950000", "974995.00000000") == part(balances, "BTC USDT")


def test_the_market_is_asked_for(websocket_api: Library) -> None:
    book = answered(websocket_api, "order_book", symbol="BTCUSDT", limit=5)
    assert (BIDS, ASKS) == tuple([[*map(float, level)] for level in book[side]] for side in ("bids", "asks"))
    assert {"symbol": "BTCUSDT", "price": "50000.00000000"} == answered(websocket_api, "ticker_price", symbol="BTCUSDT")
    assert ["BTCUSDT", "ETHUSDT"] == [
        listed["symbol"]
        for listed in answered(websocket_api, "exchange_info", symbols=["BTCUSDT", "ETHUSDT"])["symbols"]
    ]
    assert {} == answered(websocket_api, "ping_connectivity")


def test_a_refusal_has_binances_code_and_sentence(websocket_api: Library) -> None:
    order = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": 100,
        "price": 50_000,
    }

    assert {"code": -2010, "msg": "Account has insufficient balance for requested action."} == answered(
        websocket_api, "new_order", **order
    )
