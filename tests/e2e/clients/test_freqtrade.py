"""What freqtrade asks of an exchange, in its order, through ccxt with the configuration printed for it.

freqtrade itself brings more than a test should install; it was tried by hand with this configuration.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import ccxt
import ccxt.async_support
import pytest

from hypersim.testing import Account
from tests.e2e.clients.exchanges import by_id, printed

MINUTE_MS = 60_000


@pytest.fixture
def settings(hypersim_account: Account) -> dict[str, Any]:
    """The configuration file."""
    read: dict[str, Any] = json.loads(printed("freqtrade", hypersim_account))
    return read


@pytest.fixture
def config(settings: dict[str, Any]) -> dict[str, Any]:
    """What freqtrade makes of it for ccxt's classes."""
    exchange = settings["exchange"]
    return {"apiKey": exchange["key"], "secret": exchange["secret"], **exchange["ccxt_config"]}


@pytest.fixture
async def looking(config: dict[str, Any]) -> AsyncIterator[ccxt.async_support.binance]:
    """The class with which freqtrade looks at the market, which loads the markets for both."""
    async with ccxt.async_support.binance(config) as exchange:
        exchange.timeout_on_exit = 0
        await exchange.load_markets(reload=True, params={})
        yield exchange


@pytest.fixture
def trading(config: dict[str, Any], looking: ccxt.async_support.binance) -> Iterator[ccxt.binance]:
    """The class with which it trades."""
    exchange = ccxt.binance(config)
    exchange.set_markets_from_exchange(looking)
    exchange.options = looking.options
    yield exchange
    exchange.session.close()


async def test_it_starts_up(trading: ccxt.binance, settings: dict[str, Any]) -> None:
    assert set(settings["exchange"]["pair_whitelist"]) <= set(trading.markets)
    assert abs(trading.fetch_time() - trading.milliseconds()) < MINUTE_MS
    assert trading.fetch_balance()["free"][settings["stake_currency"]] >= settings["stake_amount"]
    assert set(trading.markets) == set(trading.fetch_trading_fees())
    assert [] == trading.sapi_get_spot_delist_schedule()
    assert set(trading.markets) == set(trading.fetch_tickers())
    for limit in (5, 10, 20, 50, 100, 500, 1000):
        book = trading.fetch_l2_order_book("BTC/USDT", limit)
        assert 0 < len(book["bids"]) <= limit


async def test_it_looks_at_the_past_as_far_as_it_goes(looking: ccxt.async_support.binance) -> None:
    newest = await looking.fetch_ohlcv("BTC/USDT", timeframe="5m", limit=1000, params={})
    since = newest[0][0] - 1000 * 5 * MINUTE_MS
    older = await looking.fetch_ohlcv("BTC/USDT", timeframe="5m", since=since, limit=1000, params={})

    assert (1000, 1000) == (len(newest), len(older))
    assert older[-1][0] + 5 * MINUTE_MS == newest[0][0]


async def test_it_pages_through_the_trades_from_the_first_on(looking: ccxt.async_support.binance) -> None:
    following, trades = "0", []
    while page := by_id(await looking.fetch_trades("BTC/USDT", params={"fromId": following}, limit=1000)):
        trades += page
        following = str(int(page[-1]["id"]) + 1)

    first = int(trades[0]["id"])
    assert list(range(first, first + len(trades))) == [int(trade["id"]) for trade in trades]


async def test_it_enters_is_filled_and_leaves(trading: ccxt.binance, settings: dict[str, Any]) -> None:
    [pair, *_] = settings["exchange"]["pair_whitelist"]
    started = trading.fetch_time()
    best = trading.fetch_l2_order_book(pair, 5)
    amount = trading.amount_to_precision(pair, settings["stake_amount"] / best["asks"][0][0])
    waiting = trading.create_order(
        pair, "limit", "buy", float(amount), best["bids"][-1][0] * 0.9, {"timeInForce": "GTC"}
    )
    assert "open" == trading.fetch_order(waiting["id"], pair)["status"]
    assert "canceled" == trading.cancel_order(waiting["id"], pair, params={})["status"]

    entered = trading.create_order(pair, "market", "buy", float(amount))
    fees = [trade["fee"]["cost"] for trade in trading.fetch_my_trades(pair, started - 5_000, params={})]
    left = trading.create_order(
        pair, "market", "sell", float(trading.amount_to_precision(pair, float(amount) - sum(fees)))
    )
    assert ("closed", "closed") == (entered["status"], left["status"])
    assert [waiting["id"], entered["id"], left["id"]] == [
        order["id"] for order in trading.fetch_orders(pair, since=started - 5_000)
    ]
