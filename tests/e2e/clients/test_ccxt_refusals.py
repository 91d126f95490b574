"""A refusal reaches a strategy as the exception that it would catch at Binance, and changes nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import ccxt
import pytest

from hypersim.testing import Account, ServerProcess, running_server
from tests.e2e.clients.desk import FUNDS, SYMBOL, Desk
from tests.e2e.clients.exchanges import Awaited, connected

POOR = "Account has insufficient balance for requested action."
WOULD_TAKE = "Order would immediately match and take."
WOULD_TRIGGER = "Order would trigger immediately."
ILLEGAL = "Illegal characters found in parameter 'quantity'; legal range is"
UNREAD = "Not all sent parameters were read; read '11' parameter(s) but was sent '12'."


def limit(side: str, amount: float, price: float, **params: Any) -> tuple[Any, ...]:
    """The call of a limit order."""
    return "create_order", SYMBOL, "limit", side, amount, price, params


def stop(side: str, **params: Any) -> tuple[Any, ...]:
    """The call of a market order that waits."""
    return "create_order", SYMBOL, "market", side, 0.1, None, params


OCO = {"symbol": "BTCUSDT", "side": "SELL", "quantity": "1", "aboveType": "LIMIT_MAKER", "belowType": "STOP_LOSS"}


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (limit("buy", 30, 49_000), ccxt.InsufficientFunds, POOR),
        (limit("sell", 11, 51_000), ccxt.InsufficientFunds, POOR),
        (limit("buy", 0.1, 50_010, postOnly=True), ccxt.OrderImmediatelyFillable, WOULD_TAKE),
        (limit("sell", 0.1, 49_990, postOnly=True), ccxt.OrderImmediatelyFillable, WOULD_TAKE),
        (stop("sell", triggerPrice=50_500), ccxt.OrderImmediatelyFillable, WOULD_TRIGGER),
        (stop("buy", takeProfitPrice=50_500), ccxt.OrderImmediatelyFillable, WOULD_TRIGGER),
        (limit("buy", 0.1, 49_000, stopLossPrice=49_500), ccxt.OrderImmediatelyFillable, WOULD_TRIGGER),
        (
            stop("sell", trailingPercent=50, stopLossOrTakeProfit="stopLoss"),
            ccxt.BadRequest,
            "Filter failure: TRAILING_DELTA",
        ),
        (limit("buy", 1, 49_000, icebergAmount=0.001), ccxt.BadRequest, "Filter failure: ICEBERG_PARTS"),
        (limit("buy", 1, 49_000, sor=True), ccxt.BadRequest, "SOR is not supported for this symbol."),
        (limit("buy", 1, 49_000, selfTradePrevention="maybe"), ccxt.BadRequest, "selfTradePreventionMode"),
        (
            ("privatePostOrderListOco", OCO | {"abovePrice": "49900", "belowStopPrice": "49500"}),
            ccxt.InvalidOrder,
            "The relationship of the prices for the orders is not correct.",
        ),
        (
            ("privatePostOrderListOco", OCO | {"abovePrice": "50500"}),
            ccxt.BadRequest,
            "Param 'belowStopPrice' or 'belowTrailingDelta' must be sent, but both were empty/null!",
        ),
        (limit("buy", 9_001, 49_000), ccxt.InvalidOrder, "Filter failure: LOT_SIZE"),
        (("create_order", SYMBOL, "market", "buy", 98), ccxt.InvalidOrder, "Filter failure: MARKET_LOT_SIZE"),
        (limit("buy", 0.1, 2_000_000), ccxt.InvalidOrder, "Filter failure: PRICE_FILTER"),
        (limit("buy", 0.1, 9_000), ccxt.InvalidOrder, "Filter failure: PERCENT_PRICE_BY_SIDE"),
        (limit("buy", 0.0001, 49_000), ccxt.BadRequest, "Filter failure: NOTIONAL"),
        (("create_market_buy_order_with_cost", SYMBOL, 4.99), ccxt.BadRequest, "Filter failure: NOTIONAL"),
        (limit("buy", -1, 49_000), ccxt.BadRequest, ILLEGAL),
        (limit("buy", 1, 49_000, quantity="NaN"), ccxt.BadRequest, ILLEGAL),
        (limit("buy", 1, 49_000, colour="blue"), ccxt.BadRequest, UNREAD),
        (limit("buy", 1, 49_000, timeInForce="GTX"), ccxt.BadRequest, "Invalid timeInForce."),
        (("fetch_order", "99999", SYMBOL), ccxt.OrderNotFound, "Order does not exist."),
        (("cancel_order", "99999", SYMBOL), ccxt.OrderNotFound, "Unknown order sent."),
        (("cancel_all_orders", SYMBOL), ccxt.OrderNotFound, "Unknown order sent."),
        (("fetch_ticker", "NO/PE"), ccxt.BadSymbol, "does not have market symbol NO/PE"),
        (("publicGetDepth", {"symbol": "NOPE"}), ccxt.BadSymbol, "Invalid symbol."),
        (("fetch_ohlcv", SYMBOL, "7m"), ccxt.BadRequest, "Invalid interval."),
    ],
    ids=str,
)
async def test_a_refusal_is_the_exception_that_it_is_at_binance_and_changes_nothing(
    exchange: Awaited, call: tuple[Any, ...], error: type[ccxt.BaseError], sentence: str
) -> None:
    name, *arguments = call
    with pytest.raises(ccxt.BaseError) as raised:
        await getattr(exchange, name)(*arguments)

    assert error is raised.type
    assert sentence in str(raised.value)
    assert [] == await exchange.fetch_orders(SYMBOL)
    assert FUNDS == {code: free for code, free in (await exchange.fetch_balance())["free"].items() if free}


@pytest.mark.parametrize(
    ("wrong", "error", "sentence"),
    [
        ({"secret": "wrong"}, ccxt.AuthenticationError, "Signature for this request is not valid."),
        (
            {"apiKey": "y" * 64},
            ccxt.AuthenticationError,
            "Invalid API-key, IP, or permissions for action.",
        ),
        ({"apiKey": "too short"}, ccxt.AuthenticationError, "API-key format invalid."),
        ({"apiKey": ""}, ccxt.AuthenticationError, 'requires "apiKey" credential'),
        (
            {"options": {"timeDifference": 20_000}},
            ccxt.InvalidNonce,
            "Timestamp for this request is outside of the recvWindow.",
        ),
        (
            {"options": {"timeDifference": -20_000}},
            ccxt.InvalidNonce,
            "Timestamp for this request was 1000ms ahead of the server's time.",
        ),
    ],
)
async def test_who_cannot_prove_who_asks_now_is_told_why(
    account: Account, kind: str, wrong: dict[str, Any], error: type[ccxt.BaseError], sentence: str
) -> None:
    async with connected(kind, account, **wrong) as exchange:
        with pytest.raises(ccxt.BaseError) as raised:
            await exchange.fetch_balance()

    assert error is raised.type
    assert sentence in str(raised.value)


async def test_an_id_of_ones_own_is_free_again_when_its_order_is_done(exchange: Awaited) -> None:
    order = [SYMBOL, "limit", "buy", 0.1, 49_000, {"clientOrderId": "mine"}]
    first = await exchange.create_order(*order)
    with pytest.raises(ccxt.InvalidOrder, match=r"Duplicate order sent\."):
        await exchange.create_order(*order)
    await exchange.cancel_order(first["id"], SYMBOL)
    second = await exchange.create_order(*order)

    assert ("mine", "open") == (second["clientOrderId"], second["status"])
    assert first["id"] != second["id"]


async def test_the_order_of_another_account_is_no_order(exchange: Awaited, desk: Desk, kind: str) -> None:
    order = await exchange.create_order(SYMBOL, "limit", "buy", 0.1, 49_000)
    async with connected(kind, desk.open_account()) as stranger:
        await stranger.load_markets()
        for call in ("fetch_order", "cancel_order"):
            with pytest.raises(ccxt.OrderNotFound):
                await getattr(stranger, call)(order["id"], SYMBOL)

    assert "open" == (await exchange.fetch_order(order["id"], SYMBOL))["status"]


@pytest.mark.parametrize("kind", ["hypersim", "hypersim-asyncio"])
async def test_the_adapter_finds_the_errors_that_ccxt_looks_up_by_binances_host(exchange: Awaited) -> None:
    with pytest.raises(ccxt.BaseError) as window:
        await exchange.fetch_balance({"recvWindow": 70_000})
    with pytest.raises(ccxt.BaseError) as twice:
        await exchange.publicGetTicker24hr({"symbols": '["BTCUSDT","BTCUSDT"]'})

    assert (ccxt.BadRequest, ccxt.BadSymbol) == (window.type, twice.type)


@pytest.mark.parametrize(
    ("kind", "error"), [("hypersim", ccxt.BadResponse), ("binance-asyncio", ccxt.ExchangeError)], ids=str
)
async def test_an_edit_that_fails_says_which_half_and_leaves_what_it_says(
    exchange: Awaited, kind: str, error: type[ccxt.BaseError]
) -> None:
    order = await exchange.create_order(SYMBOL, "limit", "buy", 0.1, 49_000)
    with pytest.raises(ccxt.BaseError) as unknown:
        await exchange.edit_order("99999", SYMBOL, "limit", "buy", 0.2, 49_000)
    assert [order["id"]] == [each["id"] for each in await exchange.fetch_open_orders(SYMBOL)]
    with pytest.raises(ccxt.BaseError) as poor:
        await exchange.edit_order(order["id"], SYMBOL, "limit", "buy", 30, 49_000)

    assert (error, error) == (unknown.type, poor.type)
    assert '"cancelResult":"FAILURE","newOrderResult":"NOT_ATTEMPTED"' in str(unknown.value)
    assert '"cancelResult":"SUCCESS","newOrderResult":"FAILURE"' in str(poor.value)
    assert POOR in str(poor.value)
    assert [] == await exchange.fetch_open_orders(SYMBOL)


async def test_a_sixth_stop_is_one_too_many(exchange: Awaited) -> None:
    for price in range(49_100, 49_600, 100):
        await exchange.create_order(*stop("sell", triggerPrice=price)[1:])
    with pytest.raises(ccxt.BadRequest, match="Filter failure: MAX_NUM_ALGO_ORDERS"):
        await exchange.create_order(*stop("sell", triggerPrice=49_000)[1:])

    assert 5 == len(await exchange.fetch_open_orders(SYMBOL))


async def test_a_market_that_is_listed_no_more_is_closed(tmp_path: Path) -> None:
    """It was there when the world began, and is not among the symbols of the next start."""
    with running_server("--feed", "manual", folder=str(tmp_path)) as server:
        account = server.open_account()
    only_ether = {"HYPERSIM_SYMBOLS": "ETHUSDT"}
    with running_server("--feed", "manual", folder=str(tmp_path), environment=only_ether) as server:
        for kind in ("hypersim", "binance-asyncio"):
            async with connected(kind, replace(account, server=server)) as exchange:
                markets = await exchange.load_markets()
                with pytest.raises(ccxt.MarketClosed, match=r"Market is closed\."):
                    await exchange.create_order(SYMBOL, "limit", "buy", 0.1, 49_000)

            assert (False, True) == (markets["BTC/USDT"]["active"], markets["ETH/USDT"]["active"]), kind


@pytest.fixture(scope="module")
def limiting_server() -> Iterator[ServerProcess]:
    """An exchange that limits as Binance does; nobody else asks it anything."""
    with running_server("--memory", "--fresh", "--feed", "manual") as server:
        yield server


async def repeated(most: int, exchange: Awaited, call: str, *arguments: Any) -> None:
    """Calls until it is refused, but not more than `most` times."""
    for _ in range(most):
        await getattr(exchange, call)(*arguments)


@pytest.mark.parametrize("kind", ["hypersim"])
async def test_too_many_orders_and_too_many_requests_are_told_to_wait(
    limiting_server: ServerProcess, kind: str
) -> None:
    """Twice what a window holds, since one may end in between."""
    limiting_server.move_market("BTCUSDT", bids=[["49990", "1"]], asks=[["50010", "1"]])
    async with connected(kind, limiting_server.open_account()) as exchange:
        await exchange.load_markets()
        with pytest.raises(ccxt.DDoSProtection) as orders:
            await repeated(201, exchange, *limit("buy", 0.1, 49_000, timeInForce="IOC"))
        with pytest.raises(ccxt.DDoSProtection) as weight:
            await repeated(151, exchange, "fetch_tickers")
        waiting = exchange.raw.last_response_headers["Retry-After"]

    assert '"code":-1015,"msg":"Too many new orders; current limit is 100 orders per 10 SECOND."' in str(orders.value)
    assert '"code":-1003,"msg":"Too much request weight used; current limit is 6000 request weight' in str(weight.value)
    assert 0 < int(waiting) <= 60


@pytest.mark.parametrize("kind", ["hypersim", "hypersim-asyncio"])
async def test_where_nobody_answers_the_network_is_to_blame(desk: Desk, kind: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nowhere = f"127.0.0.1:{taken.getsockname()[1]}"
        async with connected(kind, desk.open_account(), hostname=nowhere) as exchange:
            with pytest.raises(ccxt.NetworkError):
                await exchange.fetch_time()
