"""A strategy on a market that lives, on each of ccxt's classes: what it asks and trades, and its sum."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from hypersim.testing import Account
from tests.e2e.clients.desk import SYMBOL
from tests.e2e.clients.exchanges import Awaited, connected

ROUNDS = 6
SIZE = 0.01


@pytest.fixture
async def live(kind: str, hypersim_account: Account) -> AsyncIterator[Awaited]:
    """Each class in turn, on the exchange whose prices move."""
    async with connected(kind, hypersim_account) as exchange:
        await exchange.load_markets()
        yield exchange


async def totals(exchange: Awaited) -> dict[str, Decimal]:
    """What the account has, orders included, as the exchange wrote it."""
    rows = (await exchange.fetch_balance())["info"]["balances"]
    return {row["asset"]: Decimal(row["free"]) + Decimal(row["locked"]) for row in rows}


def changes(trades: Iterable[Mapping[str, Any]]) -> dict[str, Decimal]:
    """What trades did to the account, as the exchange wrote them."""
    changed = {"BTC": Decimal(0), "USDT": Decimal(0)}
    for trade in trades:
        told = trade["info"]
        sign = 1 if told["isBuyer"] else -1
        changed["BTC"] += sign * Decimal(told["qty"])
        changed["USDT"] -= sign * Decimal(told["quoteQty"])
        changed[told["commissionAsset"]] -= Decimal(told["commission"])
    return changed


async def quote_and_follow(exchange: Awaited, side: str) -> None:
    """Looks at the past, quotes inside the spread, and takes what it did not get."""
    closes = [candle[4] for candle in await exchange.fetch_ohlcv(SYMBOL, "1m", limit=20)]
    book = await exchange.fetch_order_book(SYMBOL, 5)
    ticker = await exchange.fetch_ticker(SYMBOL)
    assert ticker["low"] <= ticker["last"] <= ticker["high"]
    assert len(closes) == 20

    price = book["bids" if side == "buy" else "asks"][0][0]
    order = await exchange.create_order(
        SYMBOL,
        "limit",
        side,
        exchange.raw.amount_to_precision(SYMBOL, SIZE),
        exchange.raw.price_to_precision(SYMBOL, price),
    )
    try:
        left = (await exchange.cancel_order(order["id"], SYMBOL))["remaining"]
    except ccxt.OrderNotFound:  # the market came to it first
        left = (await exchange.fetch_order(order["id"], SYMBOL))["remaining"]
    if left * price >= 5:
        taken = await exchange.create_order(SYMBOL, "market", side, left)
        assert ("closed", left) == (taken["status"], taken["filled"])


async def test_a_strategy_ends_with_what_its_trades_add_up_to(live: Awaited) -> None:
    before = await totals(live)
    for turn in range(ROUNDS):
        await quote_and_follow(live, "buy" if turn % 2 == 0 else "sell")
    await live.create_market_buy_order_with_cost(SYMBOL, 50)
    trades = await live.fetch_my_trades(SYMBOL)
    orders = await live.fetch_orders(SYMBOL)
    after = await totals(live)

    assert {asset: before[asset] + change for asset, change in changes(trades).items()} == {
        asset: after[asset] for asset in ("BTC", "USDT")
    }
    assert [] == await live.fetch_open_orders(SYMBOL)
    assert {trade["order"] for trade in trades} == {order["id"] for order in orders if order["filled"]}
    filled = sum(Decimal(order["info"]["executedQty"]) for order in orders)
    assert filled == sum(Decimal(trade["info"]["qty"]) for trade in trades)


@pytest.mark.parametrize("kind", ["hypersim-asyncio", "binance-asyncio"])
async def test_orders_sent_at_once_are_each_carried_out_once(live: Awaited) -> None:
    before = await totals(live)
    low = round((await live.fetch_ticker(SYMBOL))["last"] * 0.9, 2)
    sent = [live.create_order(SYMBOL, "limit", "buy", 0.001, low, {"clientOrderId": f"n{n}"}) for n in range(30)]
    taking = [live.create_order(SYMBOL, "market", side, 0.002) for side in ("buy", "sell") * 5]
    placed = await asyncio.gather(*sent, *taking)
    told = await live.fetch_orders(SYMBOL)

    assert {f"n{n}" for n in range(30)} == {order["clientOrderId"] for order in await live.fetch_open_orders(SYMBOL)}
    assert sorted(int(order["id"]) for order in placed) == [int(order["id"]) for order in told]
    with_all_cancelled = await asyncio.gather(*(live.cancel_order(order["id"], SYMBOL) for order in placed[:30]))
    assert {"canceled"} == {order["status"] for order in with_all_cancelled}
    expected = changes(await live.fetch_my_trades(SYMBOL))
    after = await totals(live)
    assert expected == {asset: after[asset] - before[asset] for asset in expected}
