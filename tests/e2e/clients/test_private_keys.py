"""ccxt and python-binance sign with RSA and Ed25519 keys of their own, as their users do with Binance's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ccxt
import pytest
from binance import AsyncClient, BinanceSocketManager, Client
from binance.base_client import BaseClient
from binance.exceptions import BinanceAPIException

from hypersim.testing import Account
from tests.e2e.clients.desk import SYMBOL, Desk
from tests.e2e.clients.exchanges import Awaited, configured, connected
from tests.pairs import PAIRS, Pair


@pytest.fixture(params=["RSA, 2048 bits", "Ed25519"])
def pair(request: pytest.FixtureRequest) -> Pair:
    """A pair of each kind in turn."""
    return PAIRS[request.param]


@pytest.fixture
def account(desk: Desk, pair: Pair) -> Account:
    """A fresh account at the desk, whose key is the public half; the private half in the place of its secret."""
    opened = desk.open_account(publicKey=pair.public)
    return Account(opened.server, opened.account_id, opened.api_key, pair.private)


@pytest.mark.parametrize(
    ("pair", "kind"), [("RSA, 2048 bits", "hypersim"), ("Ed25519", "binance-asyncio")], indirect=["pair"]
)
async def test_ccxt_trades_with_a_private_key_as_its_secret(account: Account, kind: str) -> None:
    async with connected(kind, account) as exchange:
        await exchange.load_markets()
        bought = await exchange.create_order(SYMBOL, "market", "buy", 0.1)
        resting = await exchange.create_order(SYMBOL, "limit", "sell", 0.1, 60_000)
        cancelled = await exchange.cancel_order(resting["id"], SYMBOL)
        trades = await exchange.fetch_my_trades(SYMBOL)
        balance = await exchange.fetch_balance()
    assert ("closed", "canceled", 0.1) == (bought["status"], cancelled["status"], sum(t["amount"] for t in trades))
    assert 10.1 > balance["total"]["BTC"] > 10


async def test_ccxt_is_refused_with_another_private_key(account: Account, pair: Pair) -> None:
    other = next(each for each in PAIRS.values() if each is not pair)
    stranger = Account(account.server, account.account_id, account.api_key, other.private)
    async with connected("hypersim", stranger) as exchange:
        with pytest.raises(ccxt.AuthenticationError, match="-1022"):
            await exchange.fetch_balance()


@pytest.fixture
async def addressed(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """python-binance's addresses are this exchange's, and as before afterwards. A coroutine, because its blocking
    client makes an event loop of its own where none runs.
    """
    for holder in (BaseClient, BinanceSocketManager):
        for name in vars(holder):
            if name.endswith("_URL"):
                monkeypatch.setattr(holder, name, getattr(holder, name))
    configured("python-binance", account)["client"].close_connection()


@pytest.mark.usefixtures("addressed")
@pytest.mark.parametrize("kind", ["Client", "AsyncClient"])
async def test_python_binance_trades_with_a_private_key(account: Account, tmp_path: Path, kind: str) -> None:
    """Given as text to one, as a file to the other."""
    file = tmp_path / "key.pem"
    file.write_text(account.secret)
    client: Any
    if kind == "Client":
        client = Client(account.api_key, private_key=account.secret)
    else:
        client = await AsyncClient.create(account.api_key, private_key=file)
    exchange = Awaited(client)
    bought = await exchange.order_market_buy(symbol="BTCUSDT", quantity="0.1")
    resting = await exchange.order_limit_sell(symbol="BTCUSDT", quantity="0.1", price="60000")
    cancelled = await exchange.cancel_order(symbol="BTCUSDT", orderId=resting["orderId"])
    shown = await exchange.get_account()
    trades = await exchange.get_my_trades(symbol="BTCUSDT")
    await exchange.close_connection()
    assert ("FILLED", "NEW", "CANCELED") == (bought["status"], resting["status"], cancelled["status"])
    assert (account.account_id, ["0.10000000"]) == (shown["uid"], [trade["qty"] for trade in trades])


@pytest.mark.usefixtures("addressed")
async def test_python_binance_is_refused_with_another_private_key(account: Account, pair: Pair) -> None:
    other = next(each for each in PAIRS.values() if each is not pair)
    client = Client(account.api_key, private_key=other.private)
    with pytest.raises(BinanceAPIException) as refused:
        client.get_account()
    client.close_connection()
    assert (-1022, "Signature for this request is not valid.") == (refused.value.code, refused.value.message)
