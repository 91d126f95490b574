"""What a market did while this world did not watch it, as far as a source knows it."""

from collections.abc import Sequence

from hypersim.views.candles import SECOND_US, merge_all, pieces, placed
from hypersim.views.records import PAST_SECONDS, Candle, HistorySource, Run, Span

LOOK_BACK_US = tuple(hours * 3_600_000_000 for hours in (1, 24, 32 * 24, 400 * 24))
"""How far back the last trade before a moment is looked for, step by step."""


class Past:
    """A source's candles of one symbol."""

    def __init__(self, source: HistorySource | None, symbol: str) -> None:
        self._source = source
        self._symbol = symbol

    @property
    def version(self) -> int:
        """Another number whenever answers may be others; 0 where nothing is ever known."""
        return self._source.version(self._symbol) if self._source is not None else 0

    async def reach(self, runs: Sequence[Run]) -> None:
        """Has the candles of some runs at hand, as far as they can be had now."""
        if self._source is not None and runs:
            await self._source.reach(self._symbol, runs)

    def candles(self, seconds: int, start_us: int, end_us: int) -> Sequence[Candle]:
        """Candles of a base with start_us <= open_us < end_us, as far as they are at hand."""
        if self._source is None or start_us >= end_us:
            return ()
        return self._source.candles(self._symbol, seconds, start_us, end_us)

    def day(self, spans: Sequence[Span]) -> Candle | None:
        """The last 24 hours in the source's own figures, while not all seconds of some spans are known."""
        return self._source.day(self._symbol, spans) if self._source is not None and spans else None

    def window(self, start_us: int, end_us: int) -> Candle | None:
        """All that was traded in a span of whole seconds; None when nothing was."""
        if self._source is None:
            return None
        return merge_all(candle for piece in pieces(start_us, end_us, PAST_SECONDS) for candle in self.candles(*piece))

    def within(self, spans: Sequence[Span]) -> Candle | None:
        """All that was traded in some spans, with ids that say which own trades it comes after."""
        windows = ((self.window(span.start_us, span.end_us), span.after_id) for span in spans)
        return merge_all(placed(window, after_id) for window, after_id in windows if window is not None)

    def close_before(self, time_us: int, since_us: int = 0) -> int | None:
        """Price of the last trade before a whole second; None when none is known since another, or within 400 days."""
        for start_us in _looking_back(time_us, since_us):
            if (window := self.window(start_us, time_us)) is not None:
                return window.close
        return None

    async def reach_close(self, time_us: int, since_us: int) -> None:
        """Has at hand what `close_before` asks for."""
        for start_us in _looking_back(time_us, since_us):
            await self.reach(list(pieces(start_us, time_us, PAST_SECONDS)))
            if self.window(start_us, time_us) is not None:
                return

    async def first_from(self, start_us: int, end_us: int) -> int | None:
        """The second of the first trade in a span of whole seconds; None when nothing was traded in it."""
        bases: tuple[int, ...] = PAST_SECONDS
        while True:
            for seconds, run_start_us, run_end_us in pieces(start_us, end_us, bases):
                await self.reach([(seconds, run_start_us, run_end_us)])
                if found := self.candles(seconds, run_start_us, run_end_us):
                    break
            else:
                return None
            if seconds == bases[0]:
                return found[0].open_us
            start_us, end_us = found[0].open_us, found[0].open_us + seconds * SECOND_US
            bases = tuple(base for base in bases if base < seconds)


def _looking_back(time_us: int, since_us: int) -> list[int]:
    """Where to begin to look for the last trade before a time, one step farther each, not before another time."""
    starts_us = [max(since_us, time_us - span_us) for span_us in LOOK_BACK_US]
    return [start_us for at, start_us in enumerate(starts_us) if start_us < time_us and start_us not in starts_us[:at]]
