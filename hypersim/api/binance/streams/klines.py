"""A kline stream: the bar that runs, every second or two, and each bar once more when it is over, with `x` true."""

from hypersim.api.binance.streams import messages
from hypersim.api.binance.streams.form import Build
from hypersim.api.binance.streams.names import Stream
from hypersim.views.archive import Archive
from hypersim.views.records import Candle


class Bars:
    """What one stream told last, and what it has to tell."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._open_us: int | None = None
        """Of the bar that runs, as far as was told."""

    async def news(self, archive: Archive, now_us: int) -> list[tuple[Build, int | None]]:
        """What is to be told at a time until which everything is known; with the open time of a bar that still runs,
        which a newer message supersedes.
        """
        interval, offset_us = self._stream.interval, self._stream.offset_us
        running_us = interval.open_of(now_us, offset_us)
        before_us, self._open_us = self._open_us, running_us
        if before_us is None or before_us == running_us:
            bars = await archive.klines(interval, start_us=None, end_us=now_us, limit=1, offset_us=offset_us)
            return [(self._build(bar, now_us, closed=False), bar.open_us) for bar in bars if bar.open_us == running_us]
        bars = await archive.klines(
            interval, start_us=before_us, end_us=running_us - 1, limit=MOST_CLOSED, offset_us=offset_us
        )
        return [(self._build(bar, now_us, closed=True), None) for bar in bars]

    def _build(self, bar: Candle, now_us: int, *, closed: bool) -> Build:
        stream = self._stream
        close_us = stream.interval.after(bar.open_us, stream.offset_us) - 1
        return lambda unit: messages.kline(
            stream.symbol, stream.interval, bar, close_us, closed=closed, time_us=now_us, unit=unit
        )


MOST_CLOSED = 1000
"""Bars that may have ended since a stream last told: more than one only when the machine stood still."""
