"""A market's whole history as klines: a source's past, what is stored, and what is in memory, as one.

Reads only. The source counts up to the second of the world's first trade and in gaps, the world's own trades always:
nothing counts twice, and a bar in which both lie has both, in their order. Where memory does not reach, rows come
from the store; what the source does not have at hand, it is given the time to fetch.
"""

from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from hypersim.clock import Clock
from hypersim.views.candles import (
    SECOND_US,
    aggregate,
    bucket,
    join,
    merge_all,
    pieces,
    placed,
    weave,
)
from hypersim.views.intervals import SECONDS, Interval
from hypersim.views.marketdata import MarketView, joined
from hypersim.views.past import LOOK_BACK_US
from hypersim.views.records import BASE_SECONDS, PAST_SECONDS, AggregateTrade, Candle, Run, Span

PAGE: Final = 1000
"""Aggregates read at once where seconds are made of them."""

PORTIONS: Final = {1: 300, 60: 150, 900: 100, 3600: 240, 86400: 5000}
"""Buckets of the past that are read before others have a turn, by their seconds: what a source works out in
about 10 ms.
"""


class Stored(Protocol):
    """What is read from the store."""

    async def candles(self, symbol: str, base_seconds: int, start_us: int, end_us: int) -> list[Candle]:
        """Candles with start_us <= open_us < end_us, ascending; base_seconds is 60, 3600 or 86400."""
        ...

    async def aggregates(
        self,
        symbol: str,
        *,
        from_id: int | None = None,
        start_us: int | None = None,
        end_us: int | None = None,
        limit: int,
    ) -> list[AggregateTrade]:
        """The oldest aggregates from an id or a time on, until a time, both inclusive, ascending."""
        ...


class Archive:
    """All that was ever traded on one market, until the clock's present."""

    def __init__(self, view: MarketView, stored: Stored, clock: Clock) -> None:
        self._view = view
        self._stored = stored
        self._clock = clock

    async def window(self, start_us: int) -> Candle | None:
        """All trades from a whole minute on, as one candle; None when there were none."""
        view, now_us = self._view, self._clock.now_us()
        if view.past.version:
            spans = view.source_spans(start_us, now_us)
            await view.past.reach([run for span in spans for run in pieces(span.start_us, span.end_us, PAST_SECONDS)])
        if view.remembers(start_us):
            return view.window(start_us, now_us)
        own: list[Candle] = []
        for piece in pieces(view.timeline.start(start_us), now_us + 1):
            own += await self._own(*piece)
        return joined(view.missed(start_us, now_us), merge_all(own))

    async def klines(
        self,
        interval: Interval,
        *,
        start_us: int | None,
        end_us: int | None,
        limit: int,
        offset_us: int,
    ) -> list[Candle]:
        """Bars that open from start_us to end_us, both inclusive, ascending.

        At most `limit`: the oldest of them where a start is given, otherwise the newest. From the market's
        first trade to now there are no gaps: a bar without trades has the close before it as its prices.
        Seconds that nobody can tell any more, because the store no longer has their trades, have no bars: the
        answer begins after them.
        `offset_us` is the offset of the time zone in which bars begin.
        """
        now_us = self._clock.now_us()
        end_us = now_us if end_us is None else min(end_us, now_us)
        newest_us = last_us = interval.open_of(end_us, offset_us)
        if start_us is None:
            first_us = interval.after(last_us, offset_us, 1 - limit)
        else:
            first_us = interval.open_of(min(start_us, now_us), offset_us)
            if first_us < start_us:
                first_us = interval.after(first_us, offset_us)
            last_us = min(newest_us, interval.after(first_us, offset_us, limit - 1))
        first_us = max(first_us, interval.open_of(0, offset_us))
        if interval is Interval.S1 and (tape_us := await self._tape_from(first_us, last_us)) is not None:
            first_us = tape_us
            if start_us is not None:
                last_us = min(newest_us, interval.after(first_us, offset_us, limit - 1))
        bars = await self._bars(interval, first_us, last_us, offset_us, now_us)
        close = None
        if (not bars or bars[0].open_us > first_us) and first_us <= last_us:
            close = await self._close_before(first_us, now_us)
            if close is None:  # nothing was traded before: the answer begins with the first trade
                begin_us = bars[0].open_us if bars else None
                if start_us is not None:
                    begin_us = begin_us or await self._first_trade(first_us, now_us)
                if begin_us is None:
                    return []
                first_us = interval.open_of(begin_us, offset_us)
                if start_us is not None:
                    last_us = min(newest_us, interval.after(first_us, offset_us, limit - 1))
                    bars = await self._bars(interval, first_us, last_us, offset_us, now_us)
        return list(_without_gaps(bars, interval, first_us, last_us, offset_us, close))

    async def _bars(self, interval: Interval, first_us: int, last_us: int, offset_us: int, now_us: int) -> list[Candle]:
        """The bars with trades that open from first_us to last_us."""
        if first_us > last_us:
            return []
        view = self._view
        end_us = interval.after(last_us, offset_us)

        def open_of(time_us: int) -> int:
            return interval.open_of(time_us, offset_us)

        source: list[Candle] = []
        for span, found in await self._source(interval, first_us, end_us, offset_us, now_us):
            bars: list[Candle] = []
            for portion in (portion for run in found for portion in _portions(*run)):
                aggregate(view.past.candles(*portion), open_of, bars)
                await self._clock.sleep(0)
            source = join(source, [placed(bar, span.after_id) for bar in bars])
        own: list[Candle] = []
        if view.timeline.first_us is not None:
            for run in runs(interval, max(first_us, open_of(view.timeline.first_us)), end_us, offset_us):
                aggregate(await self._own(*run), open_of, own)
        return weave(source, own)

    async def _source(
        self, interval: Interval, start_us: int, end_us: int, offset_us: int, now_us: int
    ) -> list[tuple[Span, list[Run]]]:
        """The spans in which the source counts, with the runs that make their bars; these are at hand."""
        if not self._view.past.version:
            return []
        found = [
            (span, list(runs(interval, span.start_us, min(end_us, span.end_us), offset_us, PAST_SECONDS)))
            for span in self._view.source_spans(start_us, now_us)
            if span.start_us < end_us
        ]
        await self._view.past.reach([run for _, span_runs in found for run in span_runs])
        return found

    async def _tape_from(self, first_us: int, last_us: int) -> int | None:
        """The second from which on all trades are known, where in a span of seconds some are not."""
        timeline = self._view.timeline
        kept_us = timeline.kept_from(1)
        if timeline.first is None or kept_us is None or first_us >= kept_us:
            return None
        if last_us < bucket(timeline.first.time_us, 1):
            return None
        oldest = await self._stored.aggregates(self._view.market.symbol, from_id=0, limit=1)
        if oldest and oldest[0].first_id <= timeline.first.trade_id:
            return None
        # some of its second may be gone
        known_us = min(kept_us, bucket(oldest[0].time_us, 1) + SECOND_US) if oldest else kept_us
        return known_us if first_us < known_us else None

    async def _close_before(self, time_us: int, now_us: int) -> int | None:
        """Price of the last trade before the opening of a bar."""
        view, own = self._view, await self._newest_own(time_us)
        for span in reversed(view.source_spans(0, now_us) if view.past.version else ()):
            if own is not None and own.last_id > span.after_id:
                break
            await view.past.reach_close(min(time_us, span.end_us), span.start_us)
            if (close := view.past.close_before(min(time_us, span.end_us), span.start_us)) is not None:
                return close
        return own.close if own is not None else None

    async def _newest_own(self, time_us: int) -> Candle | None:
        """A candle that ends with the last own trade before the opening of a bar."""
        first_us = self._view.timeline.first_us
        if first_us is None or first_us >= time_us:
            return None
        begin_us = self._view.timeline.start(0)
        for span_us in (*LOOK_BACK_US, time_us - begin_us):
            window = None
            for piece in pieces(max(begin_us, time_us - span_us), time_us):
                window = merge_all(await self._own(*piece)) or window
            if window is not None:
                return window
        return None

    async def _first_trade(self, time_us: int, now_us: int) -> int | None:
        """When the first trade was that is not before a time."""
        past_us = None
        if self._view.past.version:
            past_us = await self._view.past.first_from(time_us, self._view.past_end_us(now_us))
        return self._view.timeline.first_us if past_us is None else past_us

    async def _own(self, seconds: int, start_us: int, end_us: int) -> list[Candle]:
        """The world's own candles of a base, from memory and, where that does not reach, from the store."""
        timeline = self._view.timeline
        start_us = max(start_us, bucket(timeline.first_us or 0, seconds))
        if start_us >= end_us:
            return []
        recent = timeline.candles(seconds, start_us, end_us)
        kept_us = timeline.kept_from(seconds)
        if kept_us is None or start_us >= kept_us:
            return recent
        until_us = min(end_us, kept_us)
        symbol = self._view.market.symbol
        if seconds > 1:
            return await self._stored.candles(symbol, seconds, start_us, until_us) + recent
        return await self._seconds(symbol, start_us, until_us) + recent

    async def _seconds(self, symbol: str, start_us: int, end_us: int) -> list[Candle]:
        """Candles of a second, from the aggregates of the tape: the store keeps none of them."""
        result: list[Candle] = []
        from_id: int | None = None
        while True:
            page = await self._stored.aggregates(
                symbol, from_id=from_id, start_us=start_us, end_us=end_us - 1, limit=PAGE
            )
            found = aggregate(map(_candle_of, page), lambda time_us: bucket(time_us, 1))
            result = join(result, found)
            if len(page) < PAGE:
                return result
            from_id = page[-1].aggregate_id + 1


def runs(
    interval: Interval, start_us: int, end_us: int, offset_us: int, bases: tuple[int, ...] = BASE_SECONDS
) -> Iterator[Run]:
    """A span as runs (base seconds, start, end) that no edge of a bar cuts."""
    base = max(base for base in bases if base <= SECONDS.get(interval, bases[-1]))
    if offset_us % (base * SECOND_US) == 0:
        yield from pieces(start_us, end_us, tuple(each for each in bases if each <= base))
        return
    running: Run | None = None
    while start_us < end_us:
        next_us = interval.after(interval.open_of(start_us, offset_us), offset_us)
        for run in pieces(start_us, min(next_us, end_us), bases):
            if running is not None and running[0] == run[0]:
                running = run[0], running[1], run[2]
            else:
                if running is not None:
                    yield running
                running = run
        start_us = next_us
    if running is not None:
        yield running


def _portions(seconds: int, start_us: int, end_us: int) -> Iterator[Run]:
    """A run in parts after each of which others have a turn."""
    length_us = PORTIONS[seconds] * seconds * SECOND_US
    for portion_us in range(start_us, end_us, length_us):
        yield seconds, portion_us, min(portion_us + length_us, end_us)


def _candle_of(whole: AggregateTrade) -> Candle:
    quote = whole.price * whole.quantity
    taker_base, taker_quote = (0, 0) if whole.buyer_is_maker else (whole.quantity, quote)
    return Candle(
        whole.time_us,
        whole.price,
        whole.price,
        whole.price,
        whole.price,
        whole.quantity,
        quote,
        whole.last_id - whole.first_id + 1,
        taker_base,
        taker_quote,
        whole.first_id,
        whole.last_id,
    )


def _without_gaps(
    bars: Iterable[Candle], interval: Interval, first_us: int, last_us: int, offset_us: int, close: int | None
) -> Iterator[Candle]:
    """The bars from first_us to last_us, none missing; `close` is the one before them."""
    open_us = first_us
    for bar in bars:
        while open_us < bar.open_us:
            assert close is not None, "the first bar has trades, or a close before it"
            yield _without_trades(open_us, close)
            open_us = interval.after(open_us, offset_us)
        yield bar
        close = bar.close
        open_us = interval.after(open_us, offset_us)
    while open_us <= last_us and close is not None:
        yield _without_trades(open_us, close)
        open_us = interval.after(open_us, offset_us)


def _without_trades(open_us: int, price: int) -> Candle:
    return Candle(open_us, price, price, price, price, 0, 0, 0, 0, 0, 0, 0)
