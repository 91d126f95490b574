"""The names of market streams."""

import pytest

from hypersim.api.binance.streams.names import Kind, Stream, parse
from hypersim.views.intervals import Interval

SECOND_US, HOUR_US = 1_000_000, 3_600_000_000


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("btcusdt@trade", {"kind": Kind.TRADE}),
        ("btcusdt@aggTrade", {"kind": Kind.AGG_TRADE}),
        ("btcusdt@blockTrade", {"kind": Kind.BLOCK_TRADE}),
        ("btcusdt@bookTicker", {"kind": Kind.BOOK_TICKER}),
        ("btcusdt@miniTicker", {"kind": Kind.MINI_TICKER, "every_us": SECOND_US}),
        ("btcusdt@ticker", {"kind": Kind.TICKER, "every_us": SECOND_US}),
        ("btcusdt@avgPrice", {"kind": Kind.AVG_PRICE, "every_us": SECOND_US}),
        ("btcusdt@referencePrice", {"kind": Kind.REFERENCE_PRICE, "every_us": SECOND_US}),
        ("btcusdt@depth", {"kind": Kind.DEPTH, "every_us": SECOND_US}),
        ("btcusdt@depth@1000ms", {"kind": Kind.DEPTH, "every_us": SECOND_US}),
        ("btcusdt@depth@100ms", {"kind": Kind.DEPTH, "every_us": SECOND_US // 10}),
        ("btcusdt@depth5", {"kind": Kind.PARTIAL_DEPTH, "every_us": SECOND_US, "levels": 5}),
        ("btcusdt@depth20@100ms", {"kind": Kind.PARTIAL_DEPTH, "every_us": SECOND_US // 10, "levels": 20}),
        ("btcusdt@kline_1s", {"kind": Kind.KLINE, "every_us": SECOND_US, "interval": Interval.S1}),
        ("btcusdt@kline_1m", {"kind": Kind.KLINE, "every_us": 2 * SECOND_US, "interval": Interval.M1}),
        ("btcusdt@kline_1M", {"kind": Kind.KLINE, "every_us": 2 * SECOND_US, "interval": Interval.MO1}),
        (
            "btcusdt@kline_1d@+08:00",
            {"kind": Kind.KLINE, "every_us": 2 * SECOND_US, "interval": Interval.D1, "offset_us": 8 * HOUR_US},
        ),
        (
            "btcusdt@kline_1h@-03:30",
            {"kind": Kind.KLINE, "every_us": 2 * SECOND_US, "interval": Interval.H1, "offset_us": -7 * HOUR_US // 2},
        ),
        (
            "btcusdt@ticker_4h",
            {"kind": Kind.WINDOW_TICKER, "every_us": SECOND_US, "window_us": 4 * HOUR_US, "window": "4h"},
        ),
        ("!miniTicker@arr", {"kind": Kind.MINI_TICKER, "every_us": SECOND_US, "symbol": ""}),
        ("!miniTicker@arr@1000ms", {"kind": Kind.MINI_TICKER, "every_us": SECOND_US, "symbol": ""}),
        ("!miniTicker@arr@3000ms", {"kind": Kind.MINI_TICKER, "every_us": 3 * SECOND_US, "symbol": ""}),
        ("!ticker@arr", {"kind": Kind.TICKER, "every_us": SECOND_US, "symbol": ""}),
        ("!bookTicker", {"kind": Kind.BOOK_TICKER, "symbol": ""}),
        (
            "!ticker_1d@arr",
            {
                "kind": Kind.WINDOW_TICKER,
                "every_us": SECOND_US,
                "window_us": 24 * HOUR_US,
                "window": "1d",
                "symbol": "",
            },
        ),
        ("币安usdt@trade", {"kind": Kind.TRADE, "symbol": "币安USDT"}),
        ("", None),
        ("0", None),
        ("btcusdt", None),
        ("btcusdt@", None),
        ("@trade", None),
        ("BTCUSDT@trade", None),
        ("btcusdt@Trade", None),
        ("btcusdt@trade@100ms", None),
        ("btcusdt@depth7", None),
        ("btcusdt@depth@250ms", None),
        ("btcusdt@depth5@100MS", None),
        ("btcusdt@kline_", None),
        ("btcusdt@kline_2m", None),
        ("btcusdt@kline_1H", None),
        ("btcusdt@kline_1d@08:00", None),
        ("btcusdt@kline_1d@+15:00", None),
        ("btcusdt@kline_1d@+08:60", None),
        ("btcusdt@kline_1d@ 08:00", None),
        ("btcusdt@kline_１m", None),
        ("btcusdt@ticker_2h", None),
        ("!trade@arr", None),
        ("!ticker_2h@arr", None),
        ("bıtusdt@trade", None),  # upper case would make another symbol of it
        ("stra\u00dfe@trade", None),
    ],
)
def test_a_name_is_a_stream_or_none(name: str, expected: dict[str, object] | None) -> None:
    stream = None if expected is None else Stream(**{"name": name, "symbol": "BTCUSDT", **expected})  # type: ignore[arg-type] # a table's values

    assert stream == parse(name)
