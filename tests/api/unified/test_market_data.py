"""What everybody may ask, as whole answers."""

from decimal import Decimal

import pytest

from hypersim.engine.orders import Side
from hypersim.views.tape import KEPT
from tests.api.lab import START_US, Lab
from tests.api.unified.client import UnifiedClient

NOW = {"timestamp": 1_700_000_000_000, "datetime": "2023-11-14T22:13:20.000Z"}
BTC = {
    "symbol": "BTC/USDT",
    **NOW,
    "high": 50000,
    "low": 50000,
    "bid": 49990,
    "bidVolume": 1,
    "ask": 50010,
    "askVolume": 1,
    "vwap": 50000,
    "open": 50000,
    "close": 50000,
    "last": 50000,
    "previousClose": None,
    "change": 0,
    "percentage": 0,
    "average": 50000,
    "baseVolume": Decimal("0.01"),
    "quoteVolume": 500,
}
QUIET = dict.fromkeys(BTC) | NOW | {"symbol": "ETH/USDT", "baseVolume": 0, "quoteVolume": 0}


async def test_it_answers_and_says_the_time(alice: UnifiedClient) -> None:
    assert (200, {}) == (await alice.public("/ping"))[:2]
    assert (200, NOW) == (await alice.public("/time"))[:2]


async def test_a_market_is_described_as_ccxt_describes_it(alice: UnifiedClient) -> None:
    markets = (await alice.public("/markets")).json
    expected = {
        "id": "BTCUSDT",
        "symbol": "BTC/USDT",
        "base": "BTC",
        "quote": "USDT",
        "baseId": "BTC",
        "quoteId": "USDT",
        "type": "spot",
        "spot": True,
        "margin": False,
        "swap": False,
        "future": False,
        "option": False,
        "contract": False,
        "active": True,
        "taker": Decimal("0.001"),
        "maker": Decimal("0.001"),
        "percentage": True,
        "tierBased": False,
        "precision": {
            "amount": Decimal("0.00001"),
            "price": Decimal("0.01"),
            "base": Decimal("0.00000001"),
            "quote": Decimal("0.00000001"),
        },
        "limits": {
            "amount": {"min": Decimal("0.00001"), "max": 9000},
            "price": {"min": Decimal("0.01"), "max": 1_000_000},
            "cost": {"min": 5, "max": 9_000_000},
            "market": {"min": None, "max": Decimal("97.09521512")},
        },
    }
    assert expected == markets[0]
    assert ["BTC/USDT", "ETH/USDT", "ETH/BTC"] == [market["symbol"] for market in markets[:3]]


async def test_a_symbol_may_be_spelled_in_every_way(alice: UnifiedClient) -> None:
    spellings = "BTC/USDT BTC%2FUSDT BTC%2fUSDT BTC_USDT BTCUSDT btc/usdt btc_usdt BTC-USDT".split()
    assert [(each, BTC) for each in spellings] == [
        (each, (await alice.public(f"/ticker/{each}")).json) for each in spellings
    ]


@pytest.mark.parametrize(
    "symbol", ["FOO", "B/TCUSDT", "BTC/USDT/", "BTC//USDT", "USDT/BTC", "BTC_USDT_", "%C3%A9", "-"]
)
async def test_what_is_no_symbol_is_said_to_be_none(alice: UnifiedClient, symbol: str) -> None:
    answer = await alice.public(f"/ticker/{symbol}")
    shown = symbol.replace("%C3%A9", "é")
    problem = {"code": "INVALID_SYMBOL", "message": "There is no such market.", "details": {"symbol": shown}}
    assert (400, {"error": problem}) == answer[:2]


async def test_tickers_are_those_of_all_markets_or_of_the_named_ones(alice: UnifiedClient) -> None:
    every = (await alice.public("/tickers")).json
    assert (7, BTC, QUIET) == (len(every), every["BTC/USDT"], every["ETH/USDT"])
    some = await alice.public("/tickers?symbols=ETHUSDT,BTC/USDT")
    assert {"ETH/USDT": QUIET, "BTC/USDT": BTC} == some.json


async def test_a_ticker_says_how_the_day_went(lab: Lab, alice: UnifiedClient) -> None:
    lab.clock.time_us += 60_000_000
    await lab.trade("BTCUSDT", "50010", "0.03", Side.BUY)
    ticker = (await alice.public("/ticker/BTCUSDT")).json
    changed = {
        "timestamp": 1_700_000_060_000,
        "datetime": "2023-11-14T22:14:20.000Z",
        "high": 50010,
        "vwap": Decimal("50007.5"),
        "close": 50010,
        "last": 50010,
        "change": 10,
        "percentage": Decimal("0.02"),
        "average": 50005,
        "askVolume": Decimal("0.97"),
        "baseVolume": Decimal("0.04"),
        "quoteVolume": Decimal("2000.3"),
    }
    assert BTC | changed == ticker


async def test_an_order_book_is_shown_best_first_to_the_depth_that_is_wanted(alice: UnifiedClient) -> None:
    whole = {"symbol": "BTC/USDT", "bids": [[49990, 1], [49980, 1]], "asks": [[50010, 1], [50020, 1]], **NOW}
    answer = await alice.public("/orderbook/BTC/USDT")
    nonce = answer.json.pop("nonce")
    assert (200, whole, int) == (answer.status, answer.json, type(nonce))
    best = await alice.public("/orderbook/BTC/USDT?limit=1")
    assert ([[49990, 1]], [[50010, 1]], nonce) == tuple(best.json[key] for key in ("bids", "asks", "nonce"))


def shown(number: int, time_us: int, side: str = "buy") -> dict[str, object]:
    seconds = (time_us - START_US) // 1_000_000
    return {
        "id": str(number),
        "timestamp": time_us // 1000,
        "datetime": f"2023-11-14T22:{13 + (20 + seconds) // 60}:{(20 + seconds) % 60:02d}.000Z",
        "symbol": "BTC/USDT",
        "order": None,
        "type": None,
        "side": side,
        "takerOrMaker": None,
        "price": 50000,
        "amount": Decimal("0.01"),
        "cost": 500,
        "fee": None,
        "fees": [],
    }


async def test_trades_are_the_newest_or_the_oldest_since_a_time(lab: Lab, alice: UnifiedClient) -> None:
    for _ in range(3):
        lab.clock.time_us += 1_000_000
        await lab.trade("BTCUSDT", "50000", "0.01", Side.SELL)
    trades = [shown(1, START_US), *(shown(n + 1, START_US + n * 1_000_000, "sell") for n in (1, 2, 3))]
    start_ms = START_US // 1000
    for query, expected in (
        ("", trades),
        ("?limit=2", trades[2:]),
        ("?since=0&limit=2", trades[:2]),
        (f"?since={start_ms + 1000}", trades[1:]),
        (f"?since={start_ms + 1001}&limit=1", trades[2:3]),
        (f"?since={start_ms + 3001}", []),
    ):
        assert (query, expected) == (query, (await alice.public(f"/trades/BTC/USDT{query}")).json)
    assert [] == (await alice.public("/trades/ETH/USDT?since=0")).json


async def test_trades_that_memory_has_no_longer_come_from_the_store(lab: Lab, alice: UnifiedClient) -> None:
    for number in range(KEPT + 200):
        lab.clock.time_us = START_US + number * 10_000
        await lab.trade("BTCUSDT", "50000", "0.01", Side.BUY if number % 2 else Side.SELL)
    for since, limit, first in ((0, 3, 1), (START_US // 1000 + 50, 2, 7), (START_US // 1000 + 11_000, 2, 1102)):
        trades = (await alice.public(f"/trades/BTC/USDT?since={since}&limit={limit}")).json
        assert [str(first + each) for each in range(limit)] == [trade["id"] for trade in trades]


async def test_candles_are_arrays_of_six(lab: Lab, alice: UnifiedClient) -> None:
    minute_us = START_US - START_US % 60_000_000
    lab.clock.time_us = minute_us + 120_000_000
    await lab.trade("BTCUSDT", "50010", "0.5", Side.BUY)
    first, second, third = (minute_us // 1000 + n * 60_000 for n in range(3))
    bars = [
        [first, 50000, 50000, 50000, 50000, Decimal("0.01")],
        [second, 50000, 50000, 50000, 50000, 0],
        [third, 50010, 50010, 50010, 50010, Decimal("0.5")],
    ]
    for query, expected in (
        ("", bars),
        ("?limit=1", bars[2:]),
        (f"?since={second}&limit=1", bars[1:2]),
        (f"?until={second}", bars[:2]),
        (f"?since={third + 1}", []),
        ("?timeframe=1h", [[minute_us // 1000 - 13 * 60_000, 50000, 50010, 50000, 50010, Decimal("0.51")]]),
    ):
        assert (query, expected) == (query, (await alice.public(f"/ohlcv/BTC/USDT{query}")).json)
