"""Ticker streams: one market's, every second, and arrays of the markets whose statistics changed."""

from collections.abc import Hashable

from hypersim.api.binance.streams import messages
from hypersim.api.binance.streams.form import Build
from hypersim.api.binance.streams.names import Kind, Stream
from hypersim.views.archive import Archive
from hypersim.views.candles import bucket
from hypersim.views.marketdata import MarketView


async def ticker(stream: Stream, view: MarketView, archive: Archive, now_us: int) -> tuple[Hashable, Build]:
    """One market's ticker of a stream's kind, and what it tells beside the time: equal when nothing changed."""
    symbol = view.market.symbol
    if stream.kind is Kind.WINDOW_TICKER:
        start_us = bucket(now_us - stream.window_us, 60)
        found = view.summary(await archive.window(start_us))
        window = stream.window
        return found, lambda unit: messages.window_ticker(symbol, window, found, start_us, now_us, unit)
    found = view.rolling_day(now_us)
    if stream.kind is Kind.MINI_TICKER:
        return found, lambda unit: messages.mini_ticker(symbol, found, now_us, unit)
    sides = messages.Sides.of(view, found, now_us)
    return (found, sides), lambda unit: messages.day_ticker(symbol, found, sides, now_us, unit)
