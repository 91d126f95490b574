"""A refusal reaches a strategy as the exception that it would catch at Binance, and changes nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import ccxt
import pytest

from hypersim.testing import Account, ServerProcess, running_server
from tests.e2e.clients.desk import FUNDS, SYMBOL, Desk
from tests.e2e.clients.exchanges import Awaited, connected

POOR = "Account has insufficient balance for requested action."
WOULD_TAKE = "Order would immediately match and take."
ILLEGAL = "Illegal characters found in parameter 'quantity'; legal range is"
UNREAD = "Not all sent parameters were read; read '11' parameter(s) but was sent '12'."


def limit(side: str, amount: float, price: float, **params: Any) -> tuple[Any, ...]:
    """The call of a limit order."""
    return "create_order", SYMBOL, "limit", side, amount, price, params


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (limit("buy", 30, 49_000), ccxt.InsufficientFunds, POOR),
        (limit("sell", 11, 51_000), ccxt.InsufficientFunds, POOR),
        (limit("buy", 0.1, 50_010, postOnly=True), ccxt.OrderImmediatelyFillable, WOULD_TAKE),
        (limit("sell", 0.1, 49_990, postOnly=True), ccxt.OrderImmediatelyFillable, WOULD_TAKE),
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
