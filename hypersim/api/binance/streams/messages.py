"""The messages of market streams, and how a market fills them. Keys are Binance's letters.

Source: web-socket-streams.md, 'Detailed Stream information'. Prices, quantities and amounts have the 8 decimals of the
wire. `unit` is how many microseconds one unit of the reader's times has: 1000, or 1 for who wants microseconds.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from hypersim.engine.events import Traded
from hypersim.units import show, show_amount
from hypersim.views.depth import Level
from hypersim.views.intervals import Interval
from hypersim.views.marketdata import MarketView
from hypersim.views.records import Candle

Sizes = list[tuple[str, str]]
"""Price and quantity of levels."""

IGNORED: Final = "0"


class Trade(Struct, frozen=True, gc=False):
    """One trade."""

    e: str
    E: int
    s: str
    t: int
    p: str
    q: str
    T: int
    m: bool
    M: bool


class AggTrade(Struct, frozen=True, gc=False):
    """The trades of one taker at one price."""

    e: str
    E: int
    s: str
    a: int
    p: str
    q: str
    f: int
    l: int  # noqa: E741 - the key's name
    T: int
    m: bool
    M: bool


class BookTicker(Struct, frozen=True, gc=False):
    """The best prices of the book."""

    u: int
    s: str
    b: str
    B: str
    a: str
    A: str


class PartialDepth(Struct, frozen=True, rename="camel"):
    """The best levels."""

    last_update_id: int
    bids: Sizes
    asks: Sizes


class DepthUpdate(Struct, frozen=True):
    """The levels that changed since the update before."""

    e: str
    E: int
    s: str
    U: int
    u: int
    b: Sizes
    a: Sizes


class Bar(Struct, frozen=True, gc=False):
    """A candlestick as it stands."""

    t: int
    T: int
    s: str
    i: str
    f: int
    L: int
    o: str
    c: str
    h: str
    l: str  # noqa: E741 - the key's name
    v: str
    n: int
    x: bool
    q: str
    V: str
    Q: str
    B: str


class Kline(Struct, frozen=True, gc=False):
    """A candlestick with its event."""

    e: str
    E: int
    s: str
    k: Bar


class AveragePrice(Struct, frozen=True, gc=False):
    """The average price of the last minutes."""

    e: str
    E: int
    s: str
    i: str
    w: str
    T: int


class ReferencePrice(Struct, frozen=True, gc=False):
    """What the percent filters refer to."""

    e: str
    s: str
    r: str | None
    t: int


class Shutdown(Struct, frozen=True, gc=False):
    """The exchange stops soon."""

    e: str
    E: int


def trade(event: Traded, time_us: int, unit: int) -> Trade:
    """A trade of the time at which it was recorded."""
    time = time_us // unit
    return Trade(
        "trade",
        time,
        event.symbol,
        event.trade_id,
        show(event.price),
        show(event.quantity),
        time,
        event.buyer_is_maker,
        True,
    )


def agg_trade(trades: list[Traded], time_us: int, unit: int) -> AggTrade:
    """Trades of one aggregate, ascending."""
    first, time = trades[0], time_us // unit
    return AggTrade(
        "aggTrade",
        time,
        first.symbol,
        first.aggregate_id,
        show(first.price),
        show(sum(each.quantity for each in trades)),
        first.trade_id,
        trades[-1].trade_id,
        time,
        first.buyer_is_maker,
        True,
    )


def book_ticker(symbol: str, update_id: int, bid: Level, ask: Level) -> BookTicker:
    """The best prices at an update; (0, 0) for a side that is empty."""
    return BookTicker(update_id, symbol, show(bid[0]), show(bid[1]), show(ask[0]), show(ask[1]))


def sizes(levels: Iterable[Level]) -> Sizes:
    return [(show(price), show(quantity)) for price, quantity in levels]


def kline(
    symbol: str,
    interval: Interval,
    bar: Candle,
    ids: tuple[int, int],
    close_us: int,
    *,
    closed: bool,
    time_us: int,
    unit: int,
) -> Kline:
    """A bar whose last microsecond is `close_us`; `ids` are those of this world's first and last trade in it."""
    return Kline(
        "kline",
        time_us // unit,
        symbol,
        Bar(
            bar.open_us // unit,
            close_us // unit,
            symbol,
            interval.value,
            *ids,
            show(bar.open),
            show(bar.close),
            show(bar.high),
            show(bar.low),
            show(bar.volume),
            bar.trades,
            closed,
            show_amount(bar.quote_volume),
            show(bar.taker_base),
            show_amount(bar.taker_quote),
            IGNORED,
        ),
    )


def average_price(view: MarketView, now_us: int, unit: int) -> AveragePrice:
    last_us = view.last.time_us if view.last is not None else 0
    return AveragePrice(
        "avgPrice",
        now_us // unit,
        view.market.symbol,
        f"{view.average_minutes}m",
        show(view.average(now_us)),
        last_us // unit,
    )


def partial_depth(view: MarketView, levels: int) -> PartialDepth:
    update_id, bids, asks = view.depth(levels)
    return PartialDepth(update_id, sizes(bids), sizes(asks))


def no_reference_price(symbol: str, now_us: int, unit: int) -> ReferencePrice:
    """No symbol of this exchange has one."""
    return ReferencePrice("referencePrice", symbol, None, now_us // unit)
