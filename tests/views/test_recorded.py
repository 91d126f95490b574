"""Bars and trades as Binance sent them, through our aggregation.

Needs HYPERSIM_RECORDED_DATA, a folder with recorded answers (gocryptotrader/http.json.gz) and recorded
streams (hftbacktest-spot). Skipped without it.
"""

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hypersim.units import ONE, parse
from hypersim.views.archive import Archive
from hypersim.views.candles import aggregate
from hypersim.views.intervals import Interval
from hypersim.views.records import Candle, TapeTrade
from hypersim.views.views import Views
from tests.views.test_intervals import bar_start
from tests.views.trades import MARKET, FixedClock, StoredTrades, candle_of, listed, traded

FOLDER = os.environ.get("HYPERSIM_RECORDED_DATA")
pytestmark = pytest.mark.skipif(not FOLDER, reason="HYPERSIM_RECORDED_DATA names no folder with recorded data")


def answers(path: str) -> list[tuple[str, Any]]:
    """(query, answer) of everything recorded at a path."""
    with gzip.open(Path(FOLDER or "") / "gocryptotrader" / "http.json.gz") as file:
        recorded = json.load(file)["routes"][path]["GET"]
    return [(each["queryString"], each["data"]) for each in recorded]


def candle(bar: list[Any]) -> Candle:
    """Our candle of a recorded bar; it has no trade ids."""
    return Candle(
        bar[0] * 1000,
        parse(bar[1]),
        parse(bar[2]),
        parse(bar[3]),
        parse(bar[4]),
        parse(bar[5]),
        parse(bar[7]) * ONE,
        bar[8],
        parse(bar[9]),
        parse(bar[10]) * ONE,
        0,
        0,
    )


def recorded_bars(interval: str, symbol: str = "BTCUSDT") -> dict[int, Candle]:
    """All recorded bars of an interval, by their opening."""
    return {
        bar[0] * 1000: candle(bar)
        for query, bars in answers("/api/v3/klines")
        if f"interval={interval}&" in query and f"symbol={symbol}" in query
        for bar in bars
    }


@pytest.mark.parametrize("interval", ["1h", "1d", "5m", "1m"])
def test_recorded_bars_begin_where_ours_do(interval: str) -> None:
    opens = list(recorded_bars(interval))

    assert len(opens) > 20
    assert opens == [Interval(interval).open_of(open_us) for open_us in opens]


@pytest.mark.parametrize(("interval", "bars"), [(Interval.H4, 368), (Interval.D1, 63)])
def test_recorded_hours_make_larger_bars(interval: Interval, bars: int) -> None:
    hours = [bar for open_us, bar in sorted(recorded_bars("1h").items()) if open_us < 1_600_000_000_000_000]
    found = aggregate(hours, interval.open_of)
    groups: dict[int, list[Candle]] = {}
    for hour in hours:
        groups.setdefault(bar_start(interval, hour.open_us, 0), []).append(hour)

    assert bars == len(found)
    assert [
        Candle(
            open_us,
            group[0].open,
            max(bar.high for bar in group),
            min(bar.low for bar in group),
            group[-1].close,
            sum(bar.volume for bar in group),
            sum(bar.quote_volume for bar in group),
            sum(bar.trades for bar in group),
            sum(bar.taker_base for bar in group),
            sum(bar.taker_quote for bar in group),
            0,
            0,
        )
        for open_us, group in groups.items()
    ] == found


def recorded_trades() -> Iterator[TapeTrade]:
    """Every trade of the recorded stream, in its order."""
    for path in sorted((Path(FOLDER or "") / "hftbacktest-spot").glob("*.gz")):
        with gzip.open(path, "rt") as file:
            for line in file:
                message = json.loads(line.partition(" ")[2])
                if message.get("stream", "").endswith("@trade"):
                    data = message["data"]
                    yield TapeTrade(
                        data["t"],
                        data["t"],
                        parse(data["p"]),
                        parse(data["q"]),
                        data["T"] * 1000,
                        data["m"],
                        True,
                    )


async def test_recorded_trades_make_the_minutes_that_hold_them() -> None:
    trades = list(recorded_trades())
    views = Views()
    views.fold(listed())
    for trade in trades:
        views.fold(traded(trade))
    now_us = trades[-1].time_us
    archive = Archive(views.marketdata.markets[MARKET.symbol], StoredTrades([]), FixedClock(now_us))

    minutes = await archive.klines(Interval.M1, start_us=None, end_us=None, limit=1000, offset_us=0)

    groups: dict[int, list[TapeTrade]] = {}
    for trade in trades:
        groups.setdefault(trade.time_us // 60_000_000 * 60_000_000, []).append(trade)
    assert [candle_of(open_us, group) for open_us, group in groups.items()] == minutes
    assert len(trades) == views.marketdata.markets[MARKET.symbol].rolling_day(now_us).count
    assert trades[-1].trade_id - trades[0].trade_id + 1 == len(trades)
