"""Klines as Binance answers them: twelve columns, ranges, time zones, refusals."""

from typing import Any

import pytest

from hypersim.engine.orders import Side
from tests.api.lab import START_US, Lab

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
FIRST_MS = START_US // 1000 // MINUTE_MS * MINUTE_MS
"""The minute in which the market's first trade lies."""


def flat(open_ms: int, price: str, length_ms: int = MINUTE_MS) -> list[Any]:
    """A bar without trades."""
    zero = "0.00000000"
    return [open_ms, price, price, price, price, zero, open_ms + length_ms - 1, zero, 0, zero, zero, "0"]


async def klines(lab: Lab, interval: str, **arguments: str | int) -> Any:
    asked = {"symbol": "BTCUSDT", "interval": interval, **arguments}
    answer = await lab.alice.public("/api/v3/klines", asked)
    assert answer.status == 200
    assert answer.json == (await lab.alice.public("/v1/uiKlines", asked)).json
    return answer.json


async def test_a_bar_has_what_was_traded_in_it(lab: Lab) -> None:
    lab.clock.time_us += 1_000_000
    await lab.trade("BTCUSDT", "50005", "0.002", Side.BUY)
    await lab.trade("BTCUSDT", "49995.5", "0.00003", Side.SELL)

    assert [
        [
            FIRST_MS,
            "50000.00000000",
            "50005.00000000",
            "49995.50000000",
            "49995.50000000",
            "0.01203000",
            FIRST_MS + MINUTE_MS - 1,
            "601.50986500",
            3,
            "0.01200000",
            "600.01000000",
            "0",
        ]
    ] == await klines(lab, "1m")


async def test_bars_without_trades_repeat_the_close(lab: Lab) -> None:
    lab.clock.time_us += 3 * 60_000_000
    minutes = await klines(lab, "1m", limit=3)

    assert [flat(FIRST_MS + n * MINUTE_MS, "50000.00000000") for n in (1, 2, 3)] == minutes
    assert 4 == len(await klines(lab, "1m"))


@pytest.mark.parametrize(
    ("start", "end", "limit", "expected"),
    [
        (None, None, 2, [8, 9]),
        (None, None, 5000, list(range(10))),
        (0, None, 3, [0, 1, 2]),
        (1, None, 2, [1, 2]),
        (MINUTE_MS, None, 2, [1, 2]),
        (MINUTE_MS + 1, None, 2, [2, 3]),
        (3 * MINUTE_MS, 5 * MINUTE_MS, 500, [3, 4, 5]),
        (3 * MINUTE_MS, 5 * MINUTE_MS, 1, [3]),
        (4 * MINUTE_MS, 4 * MINUTE_MS, 500, [4]),
        (4 * MINUTE_MS + 1, 5 * MINUTE_MS - 1, 500, []),
        (None, 4 * MINUTE_MS, 2, [3, 4]),
        (None, 4 * MINUTE_MS - 1, 2, [2, 3]),
        (None, -1, 2, []),
        (20 * MINUTE_MS, None, 2, []),
        (None, 10**12, 2, [8, 9]),
        (5 * MINUTE_MS, 3 * MINUTE_MS, 500, []),
    ],
)
async def test_ranges_name_bars_by_their_opening(
    lab: Lab, start: int | None, end: int | None, limit: int, expected: list[int]
) -> None:
    lab.clock.time_us += 9 * 60_000_000
    arguments = {"limit": limit}
    if start is not None:
        arguments["startTime"] = FIRST_MS + start
    if end is not None:
        arguments["endTime"] = FIRST_MS + end
    bars = await klines(lab, "1m", **arguments)

    assert [FIRST_MS + n * MINUTE_MS for n in expected] == [bar[0] for bar in bars]


async def test_a_start_before_all_history_begins_with_the_first_trade(lab: Lab) -> None:
    assert [FIRST_MS] == [bar[0] for bar in await klines(lab, "1m", startTime=0)]
    assert [] == await klines(lab, "1m", startTime=2**63 - 1)


@pytest.mark.parametrize(
    ("interval", "zone", "open_ms", "close_ms"),
    [
        # the first trade is on Tuesday, 2023-11-14 at 22:13:20 UTC
        ("1s", "0", 1_700_000_000_000, 1_700_000_000_999),
        ("1h", "0", 1_699_999_200_000, 1_700_002_799_999),
        ("1h", "05:45", 1_699_996_500_000, 1_700_000_099_999),
        ("1d", "0", 1_699_920_000_000, 1_700_006_399_999),
        ("1d", "8", 1_699_977_600_000, 1_700_063_999_999),
        ("1d", "-1:00", 1_699_923_600_000, 1_700_009_999_999),
        ("1d", "+14:00", 1_699_956_000_000, 1_700_042_399_999),
        ("1w", "0", 1_699_833_600_000, 1_700_438_399_999),
        ("1M", "0", 1_698_796_800_000, 1_701_388_799_999),
        ("1M", "-12", 1_698_840_000_000, 1_701_431_999_999),
    ],
)
async def test_a_time_zone_moves_where_bars_begin(
    lab: Lab, interval: str, zone: str, open_ms: int, close_ms: int
) -> None:
    [bar] = await klines(lab, interval, timeZone=zone)

    assert (open_ms, close_ms, 1) == (bar[0], bar[6], bar[8])


async def test_times_come_in_microseconds_on_request(lab: Lab) -> None:
    asked = {"symbol": "BTCUSDT", "interval": "1m"}
    answer = await lab.alice.public("/api/v3/klines", asked, **{"X-MBX-TIME-UNIT": "MICROSECOND"})

    assert (FIRST_MS * 1000, (FIRST_MS + MINUTE_MS) * 1000 - 1) == (answer.json[0][0], answer.json[0][6])


async def test_a_market_that_never_traded_has_no_bars(lab: Lab) -> None:
    answer = await lab.alice.public("/api/v3/klines", {"symbol": "ETHUSDT", "interval": "1m"})

    assert (200, [], "2") == (answer.status, answer.json, answer.headers["x-mbx-used-weight-1m"])


async def test_bars_of_another_day_come_from_the_store(lab: Lab) -> None:
    for _ in range(300):
        lab.clock.time_us += 15 * 60_000_000
        await lab.trade("BTCUSDT", "50000", "0.01", Side.BUY)
    first = await klines(lab, "1m", startTime=FIRST_MS, limit=16)
    days = await klines(lab, "1d")

    assert [1, *[0] * 14, 1] == [bar[8] for bar in first]
    assert 301 == sum(bar[8] for bar in days)
    assert "3.01000000" == f"{sum(float(bar[5]) for bar in days):.8f}"
    for interval in ("1h", "4h", "1d"):
        bars = await klines(lab, interval, startTime=FIRST_MS - DAY_MS, limit=1000)
        assert 301 == sum(bar[8] for bar in bars)


@pytest.mark.parametrize(
    ("query", "code", "sentence"),
    [
        ("interval=1m", -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."),
        (
            "symbol=BTCUSDT",
            -1102,
            "Mandatory parameter 'interval' was not sent, was empty/null, or malformed.",
        ),
        ("symbol=BTCUSDT&interval=1x", -1120, "Invalid interval."),
        ("symbol=BTCUSDT&interval=1D", -1120, "Invalid interval."),
        ("symbol=BTCUSDT&interval=10m", -1120, "Invalid interval."),
        ("symbol=NOPE&interval=1m", -1121, "Invalid symbol."),
        ("symbol=BTCUSDT&interval=1m&timeZone=15", -1130, "Data sent for parameter 'timeZone' is not valid."),
        (
            "symbol=BTCUSDT&interval=1m&timeZone=-12:30",
            -1130,
            "Data sent for parameter 'timeZone' is not valid.",
        ),
        ("symbol=BTCUSDT&interval=1m&limit=0", -1130, "Data sent for parameter 'limit' is not valid."),
    ],
)
async def test_what_cannot_be_answered_is_refused(lab: Lab, query: str, code: int, sentence: str) -> None:
    answer = await lab.alice.raw("GET", "/api/v3/klines", query)

    assert (400, {"code": code, "msg": sentence}) == (answer.status, answer.json)
