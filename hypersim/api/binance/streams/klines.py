"""A kline stream: the bar that runs, every second or two, and each bar once more when it is over, with `x` true.

The archive is read when a bar ends or begins, and when what a source says of its time may have changed. In between a
bar goes on by the trades on the tape.

Seconds are told when they are over, and only then: at the time of the telling the next one is empty.
"""

from typing import Final

from hypersim.api.binance.streams import messages
from hypersim.api.binance.streams.form import Build
from hypersim.api.binance.streams.names import Stream
from hypersim.views.archive import Archive
from hypersim.views.candles import with_trades
from hypersim.views.intervals import Interval
from hypersim.views.marketdata import MarketView
from hypersim.views.records import Candle, Span
from hypersim.views.statistics import own_ids
from hypersim.views.tape import NEVER

MOST_CLOSED: Final = 1000
"""Bars that may have ended since a stream last told: more than one only when the machine stood still."""

Known = tuple[int, int, list[Span], int | None]
"""What a bar is good for: its start, a version of the source and the spans in which that counts, and the first trade
of the world.
"""


class Bars:
    """What one stream told last, and what it has to tell."""

    def __init__(self, stream: Stream, now_us: int) -> None:
        self._stream = stream
        self._open_us = stream.interval.open_of(now_us, stream.offset_us)
        """Of the oldest bar whose end is still to be told."""
        self._known: Known | None = None
        self._bar: Candle | None = None
        """The bar that runs, as it was seen last."""
        self._seen_id = 0
        """The newest trade in it, or before it."""

    async def news(self, view: MarketView, archive: Archive, now_us: int) -> list[tuple[Build, int | None]]:
        """What is to be told at a time until which everything is known; with the open time of a bar that still runs,
        which a newer message supersedes.
        """
        interval, offset_us = self._stream.interval, self._stream.offset_us
        running_us = interval.open_of(now_us, offset_us)
        if self._open_us < running_us:
            bars = await archive.klines(
                interval, start_us=self._open_us, end_us=running_us - 1, limit=MOST_CLOSED, offset_us=offset_us
            )
            self._open_us = running_us
            return [(self._build(view, bar, now_us, closed=True), None) for bar in bars]
        if interval is Interval.S1:
            return []
        bar = await self._running(view, archive, running_us, now_us)
        return [] if bar is None else [(self._build(view, bar, now_us, closed=False), running_us)]

    async def _running(self, view: MarketView, archive: Archive, open_us: int, now_us: int) -> Candle | None:
        """The bar that runs; None while nothing was ever traded."""
        known = _known(view, open_us, now_us)
        end_us = self._stream.interval.after(open_us, self._stream.offset_us)
        newer = view.tape.since(self._seen_id + 1, NEVER) if known == self._known else None
        bar = self._bar
        if newer is None or bar is None:
            self._seen_id = view.tape.last.trade_id if view.tape.last is not None else 0
            bars = await archive.klines(
                self._stream.interval, start_us=None, end_us=now_us, limit=1, offset_us=self._stream.offset_us
            )
            bar = bars[-1] if bars and bars[-1].open_us == open_us else None
            if bar is not None:  # the archive may have seen more than the tape had before
                self._seen_id = max(self._seen_id, own_ids(bar, view.first_id)[1])
        else:
            inside = [trade for trade in newer if open_us <= trade.time_us < end_us]
            if inside:
                bar = with_trades(bar if bar.trades else None, open_us, inside)
            if newer:
                self._seen_id = newer[-1].trade_id
        self._known, self._bar = known, bar
        return bar

    def _build(self, view: MarketView, bar: Candle, now_us: int, *, closed: bool) -> Build:
        stream = self._stream
        ids = own_ids(bar, view.first_id)
        close_us = stream.interval.after(bar.open_us, stream.offset_us) - 1
        return lambda unit: messages.kline(
            stream.symbol, stream.interval, bar, ids, close_us, closed=closed, time_us=now_us, unit=unit
        )


def _known(view: MarketView, open_us: int, now_us: int) -> Known:
    version = view.past.version
    return open_us, version, view.source_spans(open_us, now_us) if version else [], view.first_id
