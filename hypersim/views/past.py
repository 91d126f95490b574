"""What a market did before the world's first trade, as far as a source knows it."""

from collections.abc import Sequence

from hypersim.views.candles import SECOND_US, merge_all, pieces
from hypersim.views.records import PAST_SECONDS, Candle, HistorySource

LOOK_BACK_US = tuple(hours * 3_600_000_000 for hours in (1, 24, 32 * 24, 400 * 24))
"""How far back the last trade before a moment is looked for, step by step."""


class Past:
    """A source's candles of one symbol."""

    def __init__(self, source: HistorySource | None, symbol: str) -> None:
        self._source = source
        self._symbol = symbol

    @property
    def known(self) -> bool:
        """Whether there is a source at all."""
        return self._source is not None

    def candles(self, seconds: int, start_us: int, end_us: int) -> Sequence[Candle]:
        """Candles of a base with start_us <= open_us < end_us."""
        if self._source is None or start_us >= end_us:
            return ()
        return self._source.candles(self._symbol, seconds, start_us, end_us)

    def window(self, start_us: int, end_us: int) -> Candle | None:
        """All that was traded in a span of whole seconds; None when nothing was."""
        if self._source is None:
            return None
        return merge_all(candle for piece in pieces(start_us, end_us, PAST_SECONDS) for candle in self.candles(*piece))

    def close_before(self, time_us: int) -> int | None:
        """Price of the last trade before a whole second; None when none is known within 400 days."""
        for span_us in LOOK_BACK_US:
            window = self.window(time_us - span_us, time_us)
            if window is not None:
                return window.close
        return None

    def first_from(self, start_us: int, end_us: int) -> int | None:
        """The second of the first trade in a span of whole seconds; None when nothing was traded in it."""
        bases: tuple[int, ...] = PAST_SECONDS
        while True:
            for seconds, run_start_us, run_end_us in pieces(start_us, end_us, bases):
                if found := self.candles(seconds, run_start_us, run_end_us):
                    break
            else:
                return None
            if seconds == bases[0]:
                return found[0].open_us
            start_us, end_us = found[0].open_us, found[0].open_us + seconds * SECOND_US
            bases = tuple(base for base in bases if base < seconds)
