"""Orders and balances of ccxt's classes with WebSockets: over the WebSocket API, and told as user data."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import ccxt
import httpx
import pytest

from ccxt_adapter import pro
from hypersim.testing import Account
from tests.adapter.guard import Guard
from tests.e2e.clients.desk import ASKS, LAST, SYMBOL, Desk
from tests.e2e.clients.exchanges import STREAMING, connected

PATIENCE_S = 20
BEST = ASKS[0][0]
LOW = 45_000.0
TRAILING = {"stopLossOrTakeProfit": "stopLoss"}
USER_DATA = ("watch_orders", "watch_my_trades", "watch_balance")


@pytest.fixture(params=STREAMING)
async def exchange(request: pytest.FixtureRequest, account: Account, guard: Guard) -> AsyncIterator[Any]:
    """Each class in turn, at the desk, its markets loaded; it must reach nobody else."""
    async with connected(request.param, account) as exchange:
        await exchange.load_markets()
        yield exchange.raw


def shown(order: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(order[key] for key in ("type", "side", "price", "amount", "filled", "status"))


async def watched(exchange: Any, *calls: str) -> list[asyncio.Future[Any]]:
    """What those will answer: user data is subscribed to."""
    await exchange.authenticate({"type": "spot"})
    watching = [asyncio.ensure_future(getattr(exchange, call)()) for call in calls]
    await asyncio.sleep(0)  # they wait from here on
    return watching


async def answers(watching: list[asyncio.Future[Any]]) -> list[Any]:
    return await asyncio.wait_for(asyncio.gather(*watching), PATIENCE_S)


async def test_an_order_rests_is_found_is_replaced_and_is_cancelled(exchange: Any) -> None:
    placed = await exchange.create_order_ws(SYMBOL, "limit", "buy", 0.5, LOW)
    assert ("limit", "buy", LOW, 0.5, 0.0, "open") == shown(placed)
    assert shown(placed) == shown(await exchange.fetch_order_ws(placed["id"], SYMBOL))
    assert [placed["id"]] == [order["id"] for order in await exchange.fetch_open_orders_ws(SYMBOL)]

    edited = await exchange.edit_order_ws(placed["id"], SYMBOL, "limit", "buy", 0.25, LOW + 1)
    cancelled = await exchange.cancel_order_ws(edited["id"], SYMBOL)
    assert ("limit", "buy", LOW + 1, 0.25, 0.0, "open") == shown(edited)
    assert ("limit", "buy", LOW + 1, 0.25, 0.0, "canceled") == shown(cancelled)
    assert ["canceled", "canceled"] == [order["status"] for order in await exchange.fetch_orders_ws(SYMBOL)]


async def test_what_is_fetched_is_what_rest_answers(exchange: Any) -> None:
    await exchange.create_order_ws(SYMBOL, "market", "buy", 0.5)
    await exchange.create_order_ws(SYMBOL, "limit", "sell", 0.5, BEST)
    for over_websocket, over_rest, arguments in (
        ("fetch_orders_ws", "fetch_orders", (SYMBOL,)),
        ("fetch_open_orders_ws", "fetch_open_orders", (SYMBOL,)),
        ("fetch_closed_orders_ws", "fetch_closed_orders", (SYMBOL,)),
        ("fetch_my_trades_ws", "fetch_my_trades", (SYMBOL,)),
        ("fetch_ohlcv_ws", "fetch_ohlcv", (SYMBOL, "1h")),
    ):
        answer = await getattr(exchange, over_rest)(*arguments)
        assert answer == await getattr(exchange, over_websocket)(*arguments), over_websocket
        assert answer, over_websocket
    if isinstance(exchange, pro.hypersim):  # ccxt.pro.binance forgets what kind of account it is, and answers nothing
        assert (await exchange.fetch_balance())["total"] == (await exchange.fetch_balance_ws())["total"]
    assert [LAST, BEST] == [trade["price"] for trade in await exchange.fetch_trades_ws(SYMBOL)]


async def test_everything_can_be_cancelled_at_once(exchange: Any) -> None:
    ids = {(await exchange.create_limit_order_ws(SYMBOL, "buy", 0.1, LOW + step))["id"] for step in range(3)}

    assert ids == {order["id"] for order in await exchange.cancel_all_orders_ws(SYMBOL)}
    assert [] == await exchange.fetch_open_orders_ws(SYMBOL)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("limit", "buy", 100, 50_000), ccxt.InsufficientFunds),
        (("LIMIT_MAKER", "buy", 1, BEST), ccxt.OrderImmediatelyFillable),
        (("market", "buy", 0.00000001), ccxt.InvalidOrder),
    ],
)
async def test_a_refusal_is_the_exception_that_it_is_over_rest(
    exchange: Any, arguments: tuple[Any, ...], error: type[ccxt.BaseError]
) -> None:
    for call in ("create_order", "create_order_ws"):
        with pytest.raises(error) as raised:
            await getattr(exchange, call)(SYMBOL, *arguments)
        assert error is raised.type


@pytest.mark.parametrize(
    ("call", "arguments", "expected"),
    [
        ("create_post_only_order", ("limit", "buy", 0.1, LOW), "LIMIT_MAKER"),
        ("create_order", ("limit", "buy", 0.1, LOW, {"timeInForce": "PO"}), "LIMIT_MAKER"),
        ("create_order", ("limit", "buy", 0.1, LOW, {"clientOrderId": "mine"}), "LIMIT"),
        ("create_order", ("market", "buy", 0, None, {"cost": 100}), "MARKET"),
        ("create_trigger_order", ("market", "sell", 0.1, None, LOW), "STOP_LOSS"),
        ("create_stop_loss_order", ("limit", "sell", 0.1, LOW, LOW), "STOP_LOSS_LIMIT"),
        ("create_take_profit_order", ("limit", "sell", 0.1, 60_000, 60_000), "TAKE_PROFIT_LIMIT"),
        ("create_trailing_percent_order", ("limit", "sell", 0.1, LOW, 1, None, TRAILING), "STOP_LOSS_LIMIT"),
    ],
)
async def test_the_adapter_sends_over_the_websocket_the_order_that_it_sends_over_rest(
    desk: Desk, call: str, arguments: tuple[Any, ...], expected: str
) -> None:
    sent = []
    for over in (call, f"{call}_ws"):
        async with connected("hypersim-pro", desk.open_account()) as exchange:
            order = await getattr(exchange, over)(SYMBOL, *arguments)
            sent.append((await exchange.fetch_order(order["id"], SYMBOL))["info"])
    differing = {"orderId", "clientOrderId", "time", "updateTime", "workingTime", "trailingTime"}

    assert expected == sent[0]["type"]
    assert [{key: value for key, value in sent[0].items() if key not in differing}] == [
        {key: value for key, value in sent[1].items() if key not in differing}
    ]
    assert (sent[0]["clientOrderId"] == "mine") is (sent[1]["clientOrderId"] == "mine")


async def test_orders_on_their_way_at_the_same_time_are_all_answered(exchange: Any) -> None:
    orders = await asyncio.gather(
        *(exchange.create_order_ws(SYMBOL, "limit", "buy", 0.01, LOW + step) for step in range(20))
    )

    assert [LOW + step for step in range(20)] == [order["price"] for order in orders]
    ids = [int(order["id"]) for order in orders]
    assert sorted(ids) == ids


@pytest.mark.parametrize("place", ["create_order", "create_order_ws"])
async def test_a_fill_is_told_as_order_trade_and_balance(exchange: Any, place: str) -> None:
    watching = await watched(exchange, *USER_DATA)
    placed = await getattr(exchange, place)(SYMBOL, "market", "buy", 0.5)
    orders, trades, balance = await answers(watching)

    [order] = [order for order in exchange.orders if order["id"] == placed["id"]]
    assert [placed["id"]] == [told["id"] for told in orders]
    assert ("market", "buy", BEST, 0.5, 0.5, "closed") == shown(order)
    assert [(placed["id"], BEST, 0.5, {"currency": "BTC", "cost": 0.0005}, "taker")] == [
        tuple(trade[key] for key in ("order", "price", "amount", "fee", "takerOrMaker")) for trade in trades
    ]
    assert (await exchange.fetch_balance())["total"]["BTC"] == balance["BTC"]["total"] == 10.4995
    assert (await exchange.fetch_balance())["total"]["USDT"] == balance["USDT"]["total"] == 974_995.0


async def test_what_the_outside_fills_and_what_is_cancelled_is_told_step_by_step(exchange: Any, desk: Desk) -> None:
    [opened] = await watched(exchange, "watch_orders")
    placed = await exchange.create_order_ws(SYMBOL, "limit", "buy", 0.4, 49_995)
    seen = [shown(order) for order in (await answers([opened]))[0]]
    for step in ("fill", "cancel"):
        [following] = await watched(exchange, "watch_orders")
        if step == "fill":
            desk.trade("SELL", 49_995, 0.1)
        else:
            await exchange.cancel_order_ws(placed["id"], SYMBOL)
        seen += [shown(order) for order in (await answers([following]))[0]]

    assert [(0.0, "open"), (0.1, "open"), (0.1, "canceled")] == [order[-2:] for order in seen]
    assert {("limit", "buy", 49_995.0, 0.4)} == {order[:4] for order in seen}


async def test_what_the_faucet_gives_is_told_once(exchange: Any, account: Account) -> None:
    [watching] = await watched(exchange, "watch_balance")
    async with httpx.AsyncClient(trust_env=False) as faucet:
        given = await faucet.post(
            f"{account.server.url}/sim/v1/faucet",
            json={"asset": "BTC", "amount": "2.5"},
            headers={"X-MBX-APIKEY": account.api_key},
        )
    assert given.is_success, given.text
    [balance] = await answers([watching])

    assert (await exchange.fetch_balance())["total"]["BTC"] == balance["BTC"]["free"] == 12.5
