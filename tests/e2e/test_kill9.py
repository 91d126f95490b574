"""kill -9 at random moments under load: nothing that was acknowledged is lost or missing in the history that is read
afterwards, nothing has two outcomes.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from hypersim.store.verify import verify
from hypersim.testing import Account, ServerProcess
from tests.e2e.trader import Trader

ACCOUNTS = 3
CLIENTS_PER_ACCOUNT = 4
CLOSED = {"FILLED", "CANCELED", "EXPIRED", "EXPIRED_IN_MATCH"}


@dataclass
class Sent:
    """What one client order id was told."""

    placed: dict[str, Any] | None = None
    """The answer to the placement, if there was one."""
    refused: bool = False
    cancelled: dict[str, Any] | None = None
    """The answer to the cancel, if there was one."""


@dataclass
class Book:
    """What every client order id of one account was told; survives the server."""

    account: Account
    sent: dict[str, Sent] = field(default_factory=dict)


async def trade_until_it_dies(book: Book, chance: random.Random, names: Iterator[int], http: httpx.AsyncClient) -> None:
    """Places and cancels orders one after the other, until the server is gone."""
    trader = Trader(book.account, http)
    open_ids: list[str] = []
    while True:
        name = f"c{next(names)}"
        sent = book.sent[name] = Sent()
        side = chance.choice(["BUY", "SELL"])
        order: dict[str, Any] = {"symbol": "BTCUSDT", "side": side, "newClientOrderId": name}
        if chance.random() < 0.4:
            order |= {"type": "MARKET", "quantity": "0.0005", "newOrderRespType": "RESULT"}
        else:
            price = chance.randrange(30_000, 40_000) if side == "BUY" else chance.randrange(110_000, 150_000)
            order |= {"type": "LIMIT", "timeInForce": "GTC", "quantity": "0.0005", "price": str(price)}
        try:
            status, answer = await trader.call("POST", "/order", **order)
            assert status in (200, 400, 503), answer
            sent.refused = status != 200
            if sent.refused:
                assert answer["code"] in (-2010, -1013), answer  # no funds left, or too many open orders
            else:
                sent.placed = answer
                if answer["status"] == "NEW":
                    open_ids.append(name)
            if open_ids and chance.random() < 0.6:
                cancelled = open_ids.pop(chance.randrange(len(open_ids)))
                book.sent[cancelled].cancelled = await trader.done(
                    "DELETE", "/order", symbol="BTCUSDT", origClientOrderId=cancelled
                )
        except httpx.TransportError:
            return


async def run_until_killed(
    server: ServerProcess, books: list[Book], chance: random.Random, names: Iterator[int]
) -> None:
    """Loads the server, and kills it somewhere in the middle."""
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=None), timeout=30) as http:
        trading = [
            asyncio.create_task(trade_until_it_dies(book, random.Random(chance.random()), names, http))
            for book in books
            for _ in range(CLIENTS_PER_ACCOUNT)
        ]
        await asyncio.sleep(chance.uniform(0.05, 0.6))
        server.process.kill()
        await asyncio.gather(*trading)
    server.kill()


async def all_rows(trader: Trader, path: str, key: str) -> list[Any]:
    """Every row of a list that is read in pages by id."""
    rows: list[Any] = []
    start = 0
    while True:
        page = await trader.done("GET", path, symbol="BTCUSDT", limit=1000, **{"fromId" if key == "id" else key: start})
        rows += page
        if len(page) < 1000:
            return rows
        start = page[-1][key] + 1


async def settle_accounts(book: Book, http: httpx.AsyncClient) -> None:
    """Compares all that one account was ever told with what the exchange says now."""
    trader = Trader(book.account, http)
    orders = await all_rows(trader, "/allOrders", "orderId")
    by_name = {order["clientOrderId"]: order for order in orders}
    trades = await all_rows(trader, "/myTrades", "id")
    filled: dict[int, Decimal] = {}
    for row in trades:
        filled[row["orderId"]] = filled.get(row["orderId"], Decimal(0)) + Decimal(row["qty"])

    assert len(orders) == len(by_name), "a client order id with two outcomes"
    assert set(by_name) <= set(book.sent), "an order that nobody sent"
    for name, sent in book.sent.items():
        order = by_name.get(name)
        if sent.refused:
            assert order is None, f"{name} was refused and exists"
        if sent.placed is not None:
            assert order is not None, f"{name} was acknowledged and is lost"
            assert sent.placed["orderId"] == order["orderId"]
            assert Decimal(sent.placed["executedQty"]) <= Decimal(order["executedQty"])
            if sent.placed["status"] in CLOSED:
                assert sent.placed["status"] == order["status"]
        if sent.cancelled is not None:
            assert order is not None
            assert "CANCELED" == order["status"], f"the cancel of {name} was acknowledged and is lost"
        if order is not None:
            assert Decimal(order["executedQty"]) == filled.get(order["orderId"], Decimal(0))
    await settle_balances(trader, orders, trades)


async def settle_balances(trader: Trader, orders: list[Any], trades: list[Any]) -> None:
    """What is locked is what open orders hold; what is there is what was traded."""
    start = {"USDT": Decimal(START["USDT"]), "BTC": Decimal(START["BTC"])}
    locked = {"USDT": Decimal(0), "BTC": Decimal(0)}
    for order in orders:
        if order["status"] not in CLOSED:
            left = Decimal(order["origQty"]) - Decimal(order["executedQty"])
            is_buy = order["side"] == "BUY"
            locked["USDT" if is_buy else "BTC"] += left * (Decimal(order["price"]) if is_buy else 1)
    for row in trades:
        sign = 1 if row["isBuyer"] else -1
        start["BTC"] += sign * Decimal(row["qty"])
        start["USDT"] -= sign * Decimal(row["quoteQty"])
        start[row["commissionAsset"]] -= Decimal(row["commission"])
    balances = await trader.balances()

    assert {asset: (total - locked[asset], locked[asset]) for asset, total in start.items()} == {
        asset: (Decimal(free), Decimal(held)) for asset, (free, held) in balances.items()
    }


START = {"USDT": "1000000", "BTC": "20"}


async def survive(server: ServerProcess, url: str, *, kills: int, seed: int) -> None:
    """Kills a loaded server again and again, and settles all accounts at the end."""
    chance, names = random.Random(seed), itertools.count()
    server.start()
    books = [Book(server.open_account(START)) for _ in range(ACCOUNTS)]
    for number in range(kills):
        await run_until_killed(server, books, chance, names)
        behind = await asyncio.to_thread(verify, url)  # as it was left: what is projected may be behind
        assert behind.projected <= behind.sequence
        server.start()
        async with httpx.AsyncClient(timeout=30) as http:
            await settle_accounts(books[number % ACCOUNTS], http)
        await asyncio.to_thread(verify, url)
    async with httpx.AsyncClient(timeout=30) as http:
        for book in books:
            await settle_accounts(book, http)
    acknowledged = sum(sent.placed is not None for book in books for sent in book.sent.values())
    assert acknowledged > 20 * kills, "hardly anything was going on"
    assert 0 == server.stop()


@pytest.fixture
def killed(tmp_path: Path) -> Iterator[dict[str, ServerProcess]]:
    """Servers by database URL, closed at the end."""
    servers: dict[str, ServerProcess] = {}
    yield servers
    for server in servers.values():
        server.close()


def on(url: str, folder: Path) -> ServerProcess:
    return ServerProcess("--feed", "synthetic", "--rate-limits", "off", "--database-url", url, folder=str(folder))


@pytest.mark.parametrize("kills", [4, pytest.param(20, marks=pytest.mark.slow)])
async def test_kills_on_sqlite_lose_nothing(tmp_path: Path, killed: dict[str, ServerProcess], kills: int) -> None:
    url = f"sqlite:///{tmp_path / 'hypersim.db'}"
    killed[url] = on(url, tmp_path)

    await survive(killed[url], url, kills=kills, seed=11)


async def test_four_kills_on_postgresql_lose_nothing(
    tmp_path: Path, postgres_url: str, killed: dict[str, ServerProcess]
) -> None:
    killed[postgres_url] = on(postgres_url, tmp_path)

    await survive(killed[postgres_url], postgres_url, kills=4, seed=12)
