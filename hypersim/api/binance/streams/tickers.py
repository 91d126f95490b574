"""Ticker streams: what they tell of a market, and how it is found."""

from collections.abc import Hashable

from msgspec import Struct

from hypersim.api.binance.streams.form import Build
from hypersim.api.binance.streams.names import Kind, Stream
from hypersim.api.binance.ticker_shapes import Beside
from hypersim.units import show, show_amount
from hypersim.views.archive import Archive
from hypersim.views.candles import bucket
from hypersim.views.marketdata import DAY_US, MarketView
from hypersim.views.statistics import Statistics, show_percent


class MiniTicker(Struct, frozen=True, gc=False):
    """Prices and volumes of the last 24 hours."""

    e: str
    E: int
    s: str
    c: str
    o: str
    h: str
    l: str  # noqa: E741 - the key's name
    v: str
    q: str


class DayTicker(Struct, frozen=True, gc=False):
    """All statistics of the last 24 hours."""

    e: str
    E: int
    s: str
    p: str
    P: str
    w: str
    x: str
    c: str
    Q: str
    b: str
    B: str
    a: str
    A: str
    o: str
    h: str
    l: str  # noqa: E741 - the key's name
    v: str
    q: str
    O: int  # noqa: E741 - the key's name
    C: int
    F: int
    L: int
    n: int


class WindowTicker(Struct, frozen=True, gc=False):
    """The statistics of another span."""

    e: str
    E: int
    s: str
    p: str
    P: str
    o: str
    h: str
    l: str  # noqa: E741 - the key's name
    c: str
    w: str
    v: str
    q: str
    O: int  # noqa: E741 - the key's name
    C: int
    F: int
    L: int
    n: int


async def ticker(stream: Stream, view: MarketView, archive: Archive, now_us: int) -> tuple[Hashable, Build]:
    """One market's ticker of a stream's kind, and what it tells beside the time: equal when nothing changed."""
    symbol = view.market.symbol
    if stream.kind is Kind.WINDOW_TICKER:
        start_us = bucket(now_us - stream.window_us, 60)
        found = view.summary(await archive.window(start_us))
        window = stream.window
        return found, lambda unit: window_ticker(symbol, window, found, start_us, now_us, unit)
    found = view.rolling_day(now_us)
    if stream.kind is Kind.MINI_TICKER:
        return found, lambda unit: mini_ticker(symbol, found, now_us, unit)
    beside = Beside.of(view, found, now_us)
    return (found, beside), lambda unit: day_ticker(symbol, found, beside, now_us, unit)


def mini_ticker(symbol: str, found: Statistics, now_us: int, unit: int) -> MiniTicker:
    return MiniTicker(
        "24hrMiniTicker",
        now_us // unit,
        symbol,
        show(found.last),
        show(found.open),
        show(found.high),
        show(found.low),
        show(found.volume),
        show_amount(found.quote_volume),
    )


def day_ticker(symbol: str, found: Statistics, beside: Beside, now_us: int, unit: int) -> DayTicker:
    return DayTicker(
        "24hrTicker",
        now_us // unit,
        symbol,
        show(found.change),
        show_percent(found.change_percent),
        show(found.weighted_average),
        show(beside.previous_close),
        show(found.last),
        show(beside.last_quantity),
        show(beside.bid[0]),
        show(beside.bid[1]),
        show(beside.ask[0]),
        show(beside.ask[1]),
        show(found.open),
        show(found.high),
        show(found.low),
        show(found.volume),
        show_amount(found.quote_volume),
        (now_us - DAY_US) // unit,
        now_us // unit,
        found.first_id,
        found.last_id,
        found.count,
    )


def window_ticker(symbol: str, window: str, found: Statistics, start_us: int, now_us: int, unit: int) -> WindowTicker:
    return WindowTicker(
        f"{window}Ticker",
        now_us // unit,
        symbol,
        show(found.change),
        show_percent(found.change_percent),
        show(found.open),
        show(found.high),
        show(found.low),
        show(found.last),
        show(found.weighted_average),
        show(found.volume),
        show_amount(found.quote_volume),
        start_us // unit,
        now_us // unit,
        found.first_id,
        found.last_id,
        found.count,
    )
