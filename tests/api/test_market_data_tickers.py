"""Tickers as Binance answers them: shapes, windows, one or many, weights, refusals."""

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from hypersim.engine.commands import PutMarket
from hypersim.engine.market import MarketStatus
from hypersim.engine.orders import Side
from tests.api.lab import START_US, Lab

MINUTE_MS = 60_000
DAY_MS = 1440 * MINUTE_MS
START_MS = START_US // 1000
ZERO = "0.00000000"
EMPTY = {
    "openPrice": ZERO,
    "highPrice": ZERO,
    "lowPrice": ZERO,
    "lastPrice": ZERO,
    "volume": ZERO,
    "quoteVolume": ZERO,
    "firstId": -1,
    "lastId": -1,
    "count": 0,
}
"""What every ticker says of a span without trades."""
UNCHANGED = {"priceChange": ZERO, "priceChangePercent": "0.000", "weightedAvgPrice": ZERO}


async def ticker(lab: Lab, path: str, **arguments: str) -> Any:
    answer = await lab.alice.public(f"/api/v3/{path}", arguments)
    assert answer.status == 200, answer.json
    return answer.json


async def traded(lab: Lab) -> None:
    """Three more trades: a minute, an hour and two hours after the first."""
    for minutes, price, quantity, side in (
        (1, "51000", "0.02", Side.BUY),
        (60, "49000.01", "0.00003", Side.SELL),
        (120, "49500", "0.01", Side.BUY),
    ):
        lab.clock.time_us = START_US + minutes * 60_000_000
        await lab.trade("BTCUSDT", price, quantity, side)
    lab.clock.time_us += 5_500_000


STATISTICS = {
    "openPrice": "50000.00000000",
    "highPrice": "51000.00000000",
    "lowPrice": "49000.01000000",
    "lastPrice": "49500.00000000",
    "volume": "0.04003000",
    "quoteVolume": "2016.47000030",
    "firstId": 1,
    "lastId": 4,
    "count": 4,
}
CHANGES = {
    "priceChange": "-500.00000000",
    "priceChangePercent": "-1.000",
    "weightedAvgPrice": "50373.96953035",
}


async def test_the_day_in_full(lab: Lab) -> None:
    await lab.ladder("BTCUSDT", {"49490": "1.5"}, {"49510": "2"})
    await traded(lab)
    await lab.ladder("BTCUSDT", {"49490": "1.5"}, {"49510": "2"})

    assert {
        "symbol": "BTCUSDT",
        **CHANGES,
        "prevClosePrice": ZERO,
        "lastQty": "0.01000000",
        "bidPrice": "49490.00000000",
        "bidQty": "1.50000000",
        "askPrice": "49510.00000000",
        "askQty": "2.00000000",
        **STATISTICS,
        "openTime": lab.now_ms - DAY_MS,
        "closeTime": lab.now_ms,
    } == await ticker(lab, "ticker/24hr", symbol="BTCUSDT")


async def test_the_day_in_short(lab: Lab) -> None:
    await traded(lab)

    assert {
        "symbol": "BTCUSDT",
        **STATISTICS,
        "openTime": lab.now_ms - DAY_MS,
        "closeTime": lab.now_ms,
    } == await ticker(lab, "ticker/24hr", symbol="BTCUSDT", type="MINI")


async def test_a_day_later_only_the_price_before_is_left(lab: Lab) -> None:
    await traded(lab)
    lab.clock.time_us += 25 * 3_600_000_000
    book = {
        "bidPrice": "49490.00000000",
        "bidQty": "1.00000000",
        "askPrice": "49510.00000000",
        "askQty": "1.00000000",
    }
    await lab.ladder("BTCUSDT", {"49490": "1"}, {"49510": "1"})

    assert {
        "symbol": "BTCUSDT",
        **UNCHANGED,
        "prevClosePrice": "49500.00000000",
        "lastQty": ZERO,
        **book,
        **EMPTY,
        "openTime": lab.now_ms - DAY_MS,
        "closeTime": lab.now_ms,
    } == await ticker(lab, "ticker/24hr", symbol="BTCUSDT")
    assert {"symbol": "BTCUSDT", "price": "49500.00000000"} == await ticker(lab, "ticker/price", symbol="BTCUSDT")


async def test_a_rolling_window_begins_with_a_minute(lab: Lab) -> None:
    await traded(lab)
    now_ms = lab.now_ms
    assert now_ms % MINUTE_MS != 0

    assert {
        "symbol": "BTCUSDT",
        **CHANGES,
        **STATISTICS,
        "openTime": (now_ms - DAY_MS) // MINUTE_MS * MINUTE_MS,
        "closeTime": now_ms,
    } == await ticker(lab, "ticker", symbol="BTCUSDT")


@pytest.mark.parametrize(
    ("window", "minutes", "first_id"),
    [
        ("1m", 1, 4),
        ("59m", 59, 4),
        ("1h", 60, 3),
        ("2h", 120, 1),
        ("23h", 1380, 1),
        ("1d", 1440, 1),
        ("7d", 10080, 1),
    ],
)
async def test_windows_have_the_size_that_was_asked_for(lab: Lab, window: str, minutes: int, first_id: int) -> None:
    await traded(lab)
    found = await ticker(lab, "ticker", symbol="BTCUSDT", windowSize=window, type="MINI")

    assert (
        (lab.now_ms - minutes * MINUTE_MS) // MINUTE_MS * MINUTE_MS,
        lab.now_ms,
        first_id,
        4,
        5 - first_id,
    ) == tuple(found[name] for name in ("openTime", "closeTime", "firstId", "lastId", "count"))


async def test_long_windows_reach_into_the_store(lab: Lab) -> None:
    for _ in range(200):
        lab.clock.time_us += 47 * 60_000_000
        await lab.trade("BTCUSDT", "50000", "0.01", Side.BUY)
    for days in range(1, 8):
        found = await ticker(lab, "ticker", symbol="BTCUSDT", windowSize=f"{days}d")
        start_ms = (lab.now_ms - days * DAY_MS) // MINUTE_MS * MINUTE_MS
        times = [START_MS + n * 47 * MINUTE_MS for n in range(201)]
        within = [n for n, time in enumerate(times, 1) if time >= start_ms]
        assert (within[0], 201, len(within)) == (found["firstId"], found["lastId"], found["count"])


@pytest.mark.parametrize(
    ("zone", "open_ms", "first_id"),
    [
        ("0", 1_700_006_400_000, 4),
        ("8", 1_699_977_600_000, 1),
        ("-1:30", 1_699_925_400_000, 1),
        ("-2", 1_699_927_200_000, 1),
    ],
)
async def test_the_trading_day_is_that_of_the_zone(lab: Lab, zone: str, open_ms: int, first_id: int) -> None:
    await traded(lab)  # the last trade is at 00:13:20 UTC of 2023-11-15
    found = await ticker(lab, "ticker/tradingDay", symbol="BTCUSDT", timeZone=zone)

    assert (open_ms, open_ms + DAY_MS - 1, first_id, 4) == tuple(
        found[name] for name in ("openTime", "closeTime", "firstId", "lastId")
    )
    assert set(found) == {"symbol", *CHANGES, *STATISTICS, "openTime", "closeTime"}


async def test_the_average_price_is_that_of_five_minutes(lab: Lab) -> None:
    assert {"mins": 5, "price": "50000.00000000", "closeTime": START_MS} == await ticker(
        lab, "avgPrice", symbol="BTCUSDT"
    )
    await traded(lab)
    assert {
        "mins": 5,
        "price": "49500.00000000",
        "closeTime": START_MS + 120 * MINUTE_MS,
    } == await ticker(lab, "avgPrice", symbol="BTCUSDT")
    await lab.trade("BTCUSDT", "49700", "0.03", Side.BUY)
    assert (await ticker(lab, "avgPrice", symbol="BTCUSDT"))["price"] == "49650.00000000"
    assert {"mins": 5, "price": ZERO, "closeTime": 0} == await ticker(lab, "avgPrice", symbol="ETHUSDT")


async def test_best_prices_and_their_quantities(lab: Lab) -> None:
    assert {
        "symbol": "BTCUSDT",
        "bidPrice": "49990.00000000",
        "bidQty": "1.00000000",
        "askPrice": "50010.00000000",
        "askQty": "1.00000000",
    } == await ticker(lab, "ticker/bookTicker", symbol="BTCUSDT")
    assert {
        "symbol": "ETHUSDT",
        "bidPrice": ZERO,
        "bidQty": ZERO,
        "askPrice": ZERO,
        "askQty": ZERO,
    } == await ticker(lab, "ticker/bookTicker", symbol="ETHUSDT")


ONE_OR_MANY = ("ticker", "ticker/24hr", "ticker/tradingDay", "ticker/price", "ticker/bookTicker")


@pytest.mark.parametrize("path", ONE_OR_MANY)
async def test_symbol_gives_an_object_and_symbols_an_array(lab: Lab, path: str) -> None:
    one = await ticker(lab, path, symbol="BTCUSDT")

    assert [one] == await ticker(lab, path, symbols='["BTCUSDT"]')
    assert ["ETHUSDT", "BTCUSDT"] == [row["symbol"] for row in await ticker(lab, path, symbols='["ETHUSDT","BTCUSDT"]')]


@pytest.mark.parametrize("path", ["ticker/24hr", "ticker/price", "ticker/bookTicker"])
async def test_neither_gives_all_of_them(lab: Lab, path: str) -> None:
    rows = await ticker(lab, path)

    assert list(lab.world.markets.markets) == [row["symbol"] for row in rows]


@pytest.mark.parametrize("path", ONE_OR_MANY)
async def test_a_status_refuses_one_and_drops_among_many(lab: Lab, path: str) -> None:
    market = lab.world.market("ETHUSDT").market
    await lab.world.ask(PutMarket(replace(market, status=MarketStatus.BREAK)))
    both = '["ETHUSDT","BTCUSDT"]'

    assert ["ETHUSDT"] == [row["symbol"] for row in await ticker(lab, path, symbols=both, symbolStatus="BREAK")]
    assert ["BTCUSDT"] == [row["symbol"] for row in await ticker(lab, path, symbols=both, symbolStatus="TRADING")]
    assert [] == await ticker(lab, path, symbols=both, symbolStatus="HALT")
    assert "ETHUSDT" == (await ticker(lab, path, symbol="ETHUSDT", symbolStatus="BREAK"))["symbol"]
    refused = await lab.alice.public(f"/api/v3/{path}", {"symbol": "ETHUSDT", "symbolStatus": "TRADING"})
    assert (400, -1220, "The symbol's status does not match the requested symbolStatus.") == (
        refused.status,
        refused.json["code"],
        refused.json["msg"],
    )


def listed(count: int) -> str:
    """A `symbols` of so many unknown symbols."""
    return "[" + ",".join(f'"X{n}"' for n in range(count)) + "]"


@pytest.mark.parametrize(
    ("path", "arguments", "weight"),
    [
        ("avgPrice", {"symbol": "BTCUSDT"}, 2),
        ("ticker/24hr", {"symbol": "BTCUSDT"}, 2),
        ("ticker/24hr", {"symbols": '["BTCUSDT"]'}, 2),
        ("ticker/24hr", {"symbols": listed(20)}, 2),
        ("ticker/24hr", {"symbols": listed(21)}, 40),
        ("ticker/24hr", {"symbols": listed(100)}, 40),
        ("ticker/24hr", {"symbols": listed(101)}, 80),
        ("ticker/24hr", {}, 80),
        ("ticker/price", {"symbol": "BTCUSDT"}, 2),
        ("ticker/price", {"symbols": '["BTCUSDT"]'}, 4),
        ("ticker/price", {}, 4),
        ("ticker/bookTicker", {"symbol": "BTCUSDT"}, 2),
        ("ticker/bookTicker", {}, 4),
        ("ticker", {"symbol": "BTCUSDT"}, 4),
        ("ticker", {"symbols": '["BTCUSDT","ETHUSDT"]'}, 8),
        ("ticker", {"symbols": listed(50)}, 200),
        ("ticker", {"symbols": listed(100)}, 200),
        ("ticker/tradingDay", {"symbols": listed(51)}, 200),
    ],
)
async def test_more_symbols_weigh_more(lab: Lab, path: str, arguments: Mapping[str, str], weight: int) -> None:
    answer = await lab.alice.public(f"/api/v3/{path}", arguments)

    assert str(weight) == answer.headers["x-mbx-used-weight-1m"]


@pytest.mark.parametrize(
    ("path", "arguments", "code", "sentence"),
    [
        ("ticker/price", {"symbol": "NOPE"}, -1121, "Invalid symbol."),
        ("ticker/24hr", {"symbols": '["BTCUSDT","NOPE"]'}, -1121, "Invalid symbol."),
        (
            "ticker/24hr",
            {"symbols": '["BTCUSDT","BTCUSDT"]'},
            -1151,
            "Symbol is present multiple times in the list.",
        ),
        (
            "ticker",
            {"symbols": listed(101)},
            -1101,
            "Too many values sent for parameter 'symbols', maximum allowed up to 100.",
        ),
        (
            "ticker/bookTicker",
            {"symbol": "BTCUSDT", "symbols": '["BTCUSDT"]'},
            -1128,
            "Combination of optional parameters invalid.",
        ),
        (
            "ticker",
            {"symbol": "BTCUSDT", "symbols": '["BTCUSDT"]'},
            -1128,
            "Combination of optional parameters invalid.",
        ),
        ("ticker", {}, -1102, "Param 'symbol' or 'symbols' must be sent, but both were empty/null!"),
        (
            "ticker/tradingDay",
            {},
            -1102,
            "Param 'symbol' or 'symbols' must be sent, but both were empty/null!",
        ),
        ("ticker/24hr", {"symbol": "BTCUSDT", "type": "SHORT"}, -1139, "Invalid ticker type."),
        ("ticker", {"symbol": "BTCUSDT", "type": "mini"}, -1139, "Invalid ticker type."),
        ("ticker/price", {"symbolStatus": "OPEN"}, -1122, "Invalid symbolStatus."),
        *(
            (
                "ticker",
                {"symbol": "BTCUSDT", "windowSize": size},
                -1130,
                "Data sent for parameter 'windowSize' is not valid.",
            )
            for size in ("0m", "60m", "24h", "8d", "1d2h", "1w", "-1m", "05m", "1M")
        ),
        (
            "ticker/tradingDay",
            {"symbol": "BTCUSDT", "timeZone": "14:01"},
            -1130,
            "Data sent for parameter 'timeZone' is not valid.",
        ),
        (
            "avgPrice",
            {},
            -1102,
            "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.",
        ),
    ],
)
async def test_what_cannot_be_answered_is_refused(
    lab: Lab, path: str, arguments: Mapping[str, str], code: int, sentence: str
) -> None:
    answer = await lab.alice.public(f"/api/v3/{path}", arguments)

    assert (400, {"code": code, "msg": sentence}) == (answer.status, answer.json)


async def test_times_come_in_microseconds_on_request(lab: Lab) -> None:
    lab.clock.time_us += 77
    micro = {"X-MBX-TIME-UNIT": "MICROSECOND"}
    day = await lab.alice.public("/api/v3/ticker/24hr", {"symbol": "BTCUSDT"}, **micro)
    zone = await lab.alice.public("/api/v3/ticker/tradingDay", {"symbol": "BTCUSDT"}, **micro)
    average = await lab.alice.public("/api/v3/avgPrice", {"symbol": "BTCUSDT"}, **micro)

    assert (START_US + 77 - DAY_MS * 1000, START_US + 77) == (day.json["openTime"], day.json["closeTime"])
    assert 1_700_006_399_999_999 == zone.json["closeTime"]
    assert START_US == average.json["closeTime"]
