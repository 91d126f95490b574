"""The names of market streams: one table of forms, from which a name is read.

Source: web-socket-streams.md. Names are lower case but for intervals, as at Binance; `!bookTicker` and `!ticker@arr`,
which Binance retired, are still asked for and exist here; so are the speeds of `!miniTicker@arr`, which python-binance
always names.
"""

import enum
import re
from typing import Final

from msgspec import Struct

from hypersim.views.intervals import Interval
from hypersim.views.marketdata import DAY_US, MINUTE_US


class Kind(enum.Enum):
    """What a stream tells."""

    TRADE = enum.auto()
    AGG_TRADE = enum.auto()
    BLOCK_TRADE = enum.auto()
    BOOK_TICKER = enum.auto()
    DEPTH = enum.auto()
    """Changed levels."""
    PARTIAL_DEPTH = enum.auto()
    """The best levels."""
    KLINE = enum.auto()
    MINI_TICKER = enum.auto()
    TICKER = enum.auto()
    WINDOW_TICKER = enum.auto()
    AVG_PRICE = enum.auto()
    REFERENCE_PRICE = enum.auto()


class Stream(Struct, frozen=True, kw_only=True):
    """A market stream. Times are microseconds."""

    name: str
    kind: Kind
    symbol: str = ""
    """Upper case; empty for all symbols."""
    every_us: int = 0
    """How often it tells; 0: of everything at once."""
    levels: int = 0
    interval: Interval = Interval.M1
    offset_us: int = 0
    """Of the time zone in which bars begin."""
    window_us: int = 0
    window: str = ""


SECOND_US: Final = 1_000_000
LONGEST: Final = 128
"""A symbol has up to 50 characters."""
SPEEDS_US: Final = {None: SECOND_US, "1000ms": SECOND_US, "100ms": SECOND_US // 10}
WINDOWS_US: Final = {"1h": 60 * MINUTE_US, "4h": 240 * MINUTE_US, "1d": DAY_US}
ZONES: Final = re.compile(r"([+-])(\d\d):(\d\d)", re.ASCII)

PLAIN: Final = {
    "trade": (Kind.TRADE, 0),
    "aggTrade": (Kind.AGG_TRADE, 0),
    "blockTrade": (Kind.BLOCK_TRADE, 0),
    "bookTicker": (Kind.BOOK_TICKER, 0),
    "miniTicker": (Kind.MINI_TICKER, SECOND_US),
    "ticker": (Kind.TICKER, SECOND_US),
    "avgPrice": (Kind.AVG_PRICE, SECOND_US),
    "referencePrice": (Kind.REFERENCE_PRICE, SECOND_US),
}
OF_ALL: Final = {
    "!miniTicker@arr": (Kind.MINI_TICKER, SECOND_US),
    "!miniTicker@arr@1000ms": (Kind.MINI_TICKER, SECOND_US),
    "!miniTicker@arr@3000ms": (Kind.MINI_TICKER, 3 * SECOND_US),
    "!ticker@arr": (Kind.TICKER, SECOND_US),
    "!bookTicker": (Kind.BOOK_TICKER, 0),
}
DEPTH: Final = re.compile(r"depth(5|10|20)?(?:@(100ms|1000ms))?", re.ASCII)
KLINE: Final = re.compile(r"kline_([0-9]+[smhdwM])(?:@([+-]\d\d:\d\d))?", re.ASCII)
WINDOW_TICKER: Final = re.compile("ticker_(1h|4h|1d)")
WINDOW_TICKERS: Final = re.compile("!ticker_(1h|4h|1d)@arr")
INTERVALS: Final = {interval.value: interval for interval in Interval}


def parse(name: str) -> Stream | None:
    """The stream of that name; None when there is none of that form. Whether its symbol is listed is not asked."""
    if len(name) > LONGEST:
        return None
    if name.startswith("!"):
        return _of_all(name)
    symbol, _, what = name.partition("@")
    listed = symbol.upper()
    if not symbol or not what or symbol != listed.lower():  # there and back, or letters are lost on the way
        return None
    symbol = listed
    if what in PLAIN:
        kind, every_us = PLAIN[what]
        return Stream(name=name, kind=kind, symbol=symbol, every_us=every_us)
    if match := DEPTH.fullmatch(what):
        levels, speed = match.groups()
        kind = Kind.DEPTH if levels is None else Kind.PARTIAL_DEPTH
        return Stream(name=name, kind=kind, symbol=symbol, every_us=SPEEDS_US[speed], levels=int(levels or 0))
    if match := KLINE.fullmatch(what):
        return _kline(name, symbol, *match.groups())
    if match := WINDOW_TICKER.fullmatch(what):
        return _window(name, symbol, match[1])
    return None


def _of_all(name: str) -> Stream | None:
    if name in OF_ALL:
        kind, every_us = OF_ALL[name]
        return Stream(name=name, kind=kind, every_us=every_us)
    match = WINDOW_TICKERS.fullmatch(name)
    return _window(name, "", match[1]) if match else None


def _window(name: str, symbol: str, window: str) -> Stream:
    return Stream(
        name=name,
        kind=Kind.WINDOW_TICKER,
        symbol=symbol,
        every_us=SECOND_US,
        window_us=WINDOWS_US[window],
        window=window,
    )


def _kline(name: str, symbol: str, interval_text: str, zone: str | None) -> Stream | None:
    interval = INTERVALS.get(interval_text)
    if interval is None:
        return None
    offset_us = 0
    if zone is not None:
        match = ZONES.fullmatch(zone)
        assert match is not None
        sign, hours, minutes = match.groups()
        offset_us = (int(hours) * 60 + int(minutes)) * MINUTE_US * (1 if sign == "+" else -1)
        if not -12 * 60 * MINUTE_US <= offset_us <= 14 * 60 * MINUTE_US or int(minutes) > 59:
            return None
    every_us = SECOND_US if interval is Interval.S1 else 2 * SECOND_US
    return Stream(name=name, kind=Kind.KLINE, symbol=symbol, every_us=every_us, interval=interval, offset_us=offset_us)
