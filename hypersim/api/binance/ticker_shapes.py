"""The shapes of tickers, and how a market and its statistics fill them.

Source: rest-api.md, '24hr ticker price change statistics' to 'Rolling window price change statistics'.
Amounts are truncated to the 8 decimals of the wire; times are as the caller wants them.
"""

from typing import NamedTuple

from msgspec import Struct

from hypersim.units import show, show_amount
from hypersim.views.candles import bucket
from hypersim.views.depth import Level
from hypersim.views.marketdata import DAY_US, MarketView
from hypersim.views.statistics import Statistics, show_percent


class AveragePrice(Struct, frozen=True, rename="camel"):
    """The answer of avgPrice."""

    mins: int
    price: str
    close_time: int


class PriceTicker(Struct, frozen=True, rename="camel"):
    """The newest price."""

    symbol: str
    price: str


class BookTicker(Struct, frozen=True, rename="camel"):
    """The best prices of the book and the quantities there; zero for an empty side."""

    symbol: str
    bid_price: str
    bid_qty: str
    ask_price: str
    ask_qty: str


class MiniTicker(Struct, frozen=True, rename="camel"):
    """What type MINI says of a span of time."""

    symbol: str
    open_price: str
    high_price: str
    low_price: str
    last_price: str
    volume: str
    quote_volume: str
    open_time: int
    close_time: int
    first_id: int
    last_id: int
    count: int


class WindowTicker(Struct, frozen=True, rename="camel"):
    """What type FULL says of a span of time."""

    symbol: str
    price_change: str
    price_change_percent: str
    weighted_avg_price: str
    open_price: str
    high_price: str
    low_price: str
    last_price: str
    volume: str
    quote_volume: str
    open_time: int
    close_time: int
    first_id: int
    last_id: int
    count: int


class DayTicker(Struct, frozen=True, rename="camel"):
    """What type FULL says of the last 24 hours."""

    symbol: str
    price_change: str
    price_change_percent: str
    weighted_avg_price: str
    prev_close_price: str
    last_price: str
    last_qty: str
    bid_price: str
    bid_qty: str
    ask_price: str
    ask_qty: str
    open_price: str
    high_price: str
    low_price: str
    volume: str
    quote_volume: str
    open_time: int
    close_time: int
    first_id: int
    last_id: int
    count: int


class Beside(NamedTuple):
    """What a ticker of 24 hours says beside their statistics."""

    previous_close: int
    last_quantity: int
    bid: Level
    ask: Level

    @classmethod
    def of(cls, view: MarketView, found: Statistics, now_us: int) -> "Beside":
        last = view.last if found.last_id >= 0 else None
        return cls(
            view.close_before(bucket(now_us - DAY_US, 60), now_us),
            last.quantity if last is not None else 0,
            *view.touch,
        )


def _shown(bid: Level, ask: Level) -> tuple[str, str, str, str]:
    return show(bid[0]), show(bid[1]), show(ask[0]), show(ask[1])


def book_ticker(view: MarketView) -> BookTicker:
    return BookTicker(view.market.symbol, *_shown(*view.touch))


def _traded(
    found: Statistics, open_time: int, close_time: int
) -> tuple[str, str, str, str, str, str, int, int, int, int, int]:
    """From the open price to the count, as both types say it."""
    return (
        show(found.open),
        show(found.high),
        show(found.low),
        show(found.last),
        show(found.volume),
        show_amount(found.quote_volume),
        open_time,
        close_time,
        found.first_id,
        found.last_id,
        found.count,
    )


def mini_ticker(symbol: str, found: Statistics, open_time: int, close_time: int) -> MiniTicker:
    return MiniTicker(symbol, *_traded(found, open_time, close_time))


def window_ticker(symbol: str, found: Statistics, open_time: int, close_time: int) -> WindowTicker:
    return WindowTicker(
        symbol,
        show(found.change),
        show_percent(found.change_percent),
        show(found.weighted_average),
        *_traded(found, open_time, close_time),
    )


def day_ticker(view: MarketView, now_us: int, open_time: int, close_time: int) -> DayTicker:
    found = view.rolling_day(now_us)
    beside = Beside.of(view, found, now_us)
    return DayTicker(
        view.market.symbol,
        show(found.change),
        show_percent(found.change_percent),
        show(found.weighted_average),
        show(beside.previous_close),
        show(found.last),
        show(beside.last_quantity),
        *_shown(beside.bid, beside.ask),
        show(found.open),
        show(found.high),
        show(found.low),
        show(found.volume),
        show_amount(found.quote_volume),
        open_time,
        close_time,
        found.first_id,
        found.last_id,
        found.count,
    )
