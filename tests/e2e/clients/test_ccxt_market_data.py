"""What ccxt's classes make of this exchange's market data: a known book, known trades, and the past."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest

from hypersim.testing import Account, ServerProcess
from tests.e2e.clients.desk import ASKS, BIDS, LAST, SYMBOL, Desk
from tests.e2e.clients.exchanges import Awaited, by_id, connected

SYMBOLS = ["BTC/USDT", "ETH/USDT", "ETH/BTC", "BNB/USDT", "SOL/USDT", "XRP/USDT", "AAPL/USDT"]
TIMEFRAMES = "1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1M".split()
MINUTE_MS = 60_000


@pytest.fixture
async def living(kind: str, hypersim_server: ServerProcess) -> AsyncIterator[Awaited]:
    """Each class in turn, without keys, on the exchange whose prices move and have a past."""
    nobody = Account(hypersim_server, 0, "", "")
    async with connected(kind, nobody) as exchange:
        yield exchange


def part(unified: dict[str, Any], *keys: str) -> dict[str, Any]:
    """Those keys of what ccxt returned."""
    return {key: unified[key] for key in keys}


async def test_the_markets_are_those_of_the_exchange(exchange: Awaited) -> None:
    markets = await exchange.load_markets()

    assert SYMBOLS == list(markets)
    assert {"spot"} == {market["type"] for market in markets.values()}
    assert part(markets[SYMBOL], "id", "base", "quote", "active", "maker", "taker") == {
        "id": "BTCUSDT",
        "base": "BTC",
        "quote": "USDT",
        "active": True,
        "maker": 0.001,
        "taker": 0.001,
    }


async def test_a_market_has_its_grid_and_its_limits(exchange: Awaited) -> None:
    for symbol, tick, step, amounts, costs in (
        ("BTC/USDT", 0.01, 0.00001, {"min": 0.00001, "max": 9_000}, {"min": 5, "max": 9_000_000}),
        ("ETH/BTC", 0.00001, 0.0001, {"min": 0.0001, "max": 100_000}, {"min": 0.0001, "max": 9_000_000}),
        ("XRP/USDT", 0.0001, 0.1, {"min": 0.1, "max": 9_222_449}, {"min": 5, "max": 9_000_000}),
        ("AAPL/USDT", 0.01, 0.01, {"min": 0.01, "max": 100_000}, {"min": 5, "max": 9_000_000}),
    ):
        market = exchange.raw.markets[symbol]
        assert (tick, step) == (market["precision"]["price"], market["precision"]["amount"]), symbol
        assert (amounts, costs) == (market["limits"]["amount"], market["limits"]["cost"]), symbol


async def test_markets_load_without_keys(living: Awaited) -> None:
    assert SYMBOLS == list(await living.load_markets())


async def test_status_and_time_are_told(exchange: Awaited) -> None:
    before = time.time_ns() // 1_000_000
    told = await exchange.fetch_time()

    assert before <= told <= time.time_ns() // 1_000_000
    assert "ok" == (await exchange.fetch_status())["status"]


async def test_a_ticker_adds_up_the_trades(exchange: Awaited, desk: Desk) -> None:
    desk.trade("SELL", 49_800, 0.4)
    desk.trade("BUY", 50_100, 0.5)
    ticker = await exchange.fetch_ticker(SYMBOL)

    assert part(
        ticker, "open", "high", "low", "last", "close", "bid", "ask", "baseVolume", "quoteVolume", "change"
    ) == {
        "open": LAST,
        "high": 50_100.0,
        "low": 49_800.0,
        "last": 50_100.0,
        "close": 50_100.0,
        "bid": 49_000.0,  # the trade at 49,800 went through the bids above it,
        "ask": 51_000.0,  # and that at 50,100 through the asks below it
        "baseVolume": 1.0,
        "quoteVolume": 49_970.0,
        "change": 100.0,
    }


async def test_tickers_are_those_that_were_asked_for(exchange: Awaited) -> None:
    everything = await exchange.fetch_tickers()
    two = await exchange.fetch_tickers(["BTC/USDT", "ETH/BTC"])

    assert set(SYMBOLS) == set(everything)
    assert (LAST, None) == (two["BTC/USDT"]["last"], two["ETH/BTC"]["last"])
    assert {"BTC/USDT", "ETH/BTC"} == set(two)


async def test_best_quotes_and_last_prices_come_without_the_rest(exchange: Awaited) -> None:
    quotes = (await exchange.fetch_bids_asks([SYMBOL]))[SYMBOL]
    prices = await exchange.fetch_last_prices()

    assert [*BIDS[0], *ASKS[0]] == [quotes[key] for key in ("bid", "bidVolume", "ask", "askVolume")]
    assert LAST == prices[SYMBOL]["price"]


async def test_the_order_book_is_the_one_that_was_laid(exchange: Awaited) -> None:
    book = await exchange.fetch_order_book(SYMBOL)
    top = await exchange.fetch_order_book(SYMBOL, 2)

    assert (BIDS, ASKS) == (book["bids"], book["asks"])
    assert (BIDS[:2], ASKS[:2]) == (top["bids"], top["asks"])
    assert book["nonce"] == top["nonce"]


@pytest.mark.parametrize("method", ["publicGetAggTrades", "publicGetTrades", "publicGetHistoricalTrades"])
async def test_trades_are_told_in_the_order_in_which_they_happened(exchange: Awaited, desk: Desk, method: str) -> None:
    desk.trade("SELL", 49_990, 0.2)
    desk.trade("BUY", 50_010, 0.3)
    trades = by_id(await exchange.fetch_trades(SYMBOL, params={"fetchTradesMethod": method}))
    newest = by_id(await exchange.fetch_trades(SYMBOL, limit=2, params={"fetchTradesMethod": method}))

    assert [("buy", LAST, 0.1), ("sell", 49_990.0, 0.2), ("buy", 50_010.0, 0.3)] == [
        (trade["side"], trade["price"], trade["amount"]) for trade in trades
    ]
    assert trades[1:] == newest
    assert [1, 1] == [int(after["id"]) - int(before["id"]) for before, after in pairwise(trades)]


async def test_trades_since_a_moment_leave_out_the_earlier_ones(exchange: Awaited, desk: Desk) -> None:
    for price in (50_001, 50_002, 50_003):
        desk.trade("BUY", price, 0.01)
    trades = by_id(await exchange.fetch_trades(SYMBOL))
    moment = trades[2]["timestamp"]
    since = by_id(await exchange.fetch_trades(SYMBOL, since=moment))

    assert [trade for trade in trades if trade["timestamp"] >= moment] == since


async def test_candles_add_up_the_trades(exchange: Awaited, desk: Desk) -> None:
    """Over all candles since the first trade, because a minute may end in between."""
    desk.trade("BUY", 50_100, 0.2)
    desk.trade("SELL", 49_900, 0.3)
    [first, *_] = by_id(await exchange.fetch_trades(SYMBOL))
    candles = await exchange.fetch_ohlcv(SYMBOL, "1m", since=first["timestamp"] // MINUTE_MS * MINUTE_MS)
    opened, opens, highs, lows, closes, volumes = zip(*candles, strict=True)

    assert first["timestamp"] // MINUTE_MS * MINUTE_MS == opened[0]
    assert (LAST, 50_100.0, 49_900.0, 49_900.0) == (opens[0], max(highs), min(lows), closes[-1])
    assert 0.6 == pytest.approx(sum(volumes), abs=1e-9)


async def test_there_is_a_past_in_every_timeframe(living: Awaited) -> None:
    """Candles follow one another without a gap, each within its own high and low, up to now."""
    assert set(TIMEFRAMES) == set(living.raw.timeframes)
    for timeframe in TIMEFRAMES:
        candles = await living.fetch_ohlcv(SYMBOL, timeframe, limit=20)
        opened = [candle[0] for candle in candles]
        step_ms = living.raw.parse_timeframe(timeframe) * 1000

        assert len(candles) == 20, timeframe
        if timeframe == "1M":
            assert all(28 <= (after - before) / 86_400_000 <= 31 for before, after in pairwise(opened))
        else:
            assert {step_ms} == {after - before for before, after in pairwise(opened)}, timeframe
        assert all(low <= min(first, last) for _, first, _, low, last, _ in candles), timeframe
        assert all(high >= max(first, last) for _, first, high, _, last, _ in candles), timeframe
        assert 0 <= await living.fetch_time() - opened[-1] <= 31 * 86_400_000, timeframe


async def test_candles_start_where_they_are_asked_to(living: Awaited) -> None:
    hour_ms = 60 * MINUTE_MS
    since = (await living.fetch_time()) // hour_ms * hour_ms - 48 * hour_ms
    candles = await living.fetch_ohlcv(SYMBOL, "1h", since=since, limit=3)
    later = await living.fetch_ohlcv(SYMBOL, "1h", since=since + 1, limit=2)

    assert [since, since + hour_ms, since + 2 * hour_ms] == [candle[0] for candle in candles]
    assert candles[1:] == later


async def test_pages_of_candles_meet_without_a_gap_or_a_repetition(living: Awaited) -> None:
    since = (await living.fetch_time()) // MINUTE_MS * MINUTE_MS - 2_500 * MINUTE_MS
    pages = await living.fetch_ohlcv(SYMBOL, "1m", since=since, params={"paginate": True})
    past = [candle for candle in pages if candle[0] < since + 2_000 * MINUTE_MS]
    alone = await living.fetch_ohlcv(SYMBOL, "1m", since=since + 990 * MINUTE_MS, limit=20)

    assert [since + at * MINUTE_MS for at in range(2_000)] == [candle[0] for candle in past]
    assert alone == past[990:1_010]
