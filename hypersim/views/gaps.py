"""When one market's world did not hear of the outside: the spans of time in which a source's candles count.

Folded from what was committed. A gap begins with the last moment that was heard of before the outside became
unknown, and ends with the moment from which it was heard of again, both by the source's time. Guarantees that
spans are whole seconds strictly inside a gap, ascending and apart, that each says after which of the world's own
trades it comes, and that there are at most MOST_SPANS. Before the world began to listen, or to trade, there are
none: all of that time is the source's.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Final

from msgspec import Struct

from hypersim.views.candles import SECOND_US, bucket
from hypersim.views.records import Candle, Span

MOST_SPANS: Final = 1000
"""Beyond these, neighbours lose the order of own trades between them, then the oldest are forgotten."""


Seconds = Callable[[int], Iterable[Candle]]
"""Own candles of a second, from a second on."""


class GapsState(Struct, frozen=True):
    """All of it, as a value."""

    known: bool = False
    heard_us: int = 0
    heard_id: int = 0
    missing_from: tuple[int, int] | None = None
    spans: tuple[Span, ...] = ()
    begun_us: int | None = None


class Gaps:
    """The gaps of one market. An own trade within one divides it, so that the order to the second is kept."""

    def __init__(self) -> None:
        self.known = False
        """Whether the outside is heard of now."""
        self.begun_us: int | None = None
        """The source's time from which on this world listened; None while it never did."""
        self._heard_us = self._heard_id = 0
        """The source's newest moment, and the newest own trade then; 0 before the first."""
        self._missing_from: tuple[int, int] | None = None
        """Where the span begins that has no end yet, and the own trade that it comes after."""
        self._spans: list[Span] = []

    def traded(self, time_us: int, trade_id: int) -> None:
        """The world had a trade of its own while nothing was heard of the outside."""
        second_us = bucket(time_us, 1)
        if self._missing_from is None:
            self._missing_from = second_us, trade_id
        else:
            self._divide(second_us, trade_id)

    def heard(self, time_us: int, resumes_us: int, trade_id: int, began_us: int | None, seconds: Seconds) -> None:
        """The outside was heard of: its state at a time. `resumes_us` is when its word became continuous again
        where something before was missed, else 0. `trade_id` is the newest own trade, `seconds` gives the own
        candles from a second on.
        """
        if resumes_us and self.known and began_us is not None:
            self._begin(time_us, trade_id, began_us, seconds)
        if self._missing_from is not None:
            self._end(bucket(resumes_us or time_us, 1))
        self.known = True
        if self.begun_us is None and resumes_us:
            self.begun_us = resumes_us
        self._heard_us, self._heard_id = max(self._heard_us, time_us), trade_id

    def lost(self, time_us: int, trade_id: int, began_us: int | None, seconds: Seconds) -> None:
        """The outside is unknown from here on; what was traded since it was last heard of was missed."""
        self.known = False
        if self._missing_from is None and began_us is not None:
            self._begin(time_us, trade_id, began_us, seconds)

    @property
    def newest(self) -> Span | None:
        """The last span; its end means nothing where it has none yet."""
        if self._missing_from is not None:
            return Span(self._missing_from[0], self._missing_from[0], self._missing_from[1])
        return self._spans[-1] if self._spans else None

    def spans(self, start_us: int, end_us: int) -> list[Span]:
        """The spans between two whole seconds, cut to them; one without an end ends there."""
        if self._missing_from is None and (not self._spans or self._spans[-1].end_us <= start_us):
            return []
        found = self._spans[bisect_right(self._spans, start_us, key=attrgetter("end_us")) :]
        if self._missing_from is not None:
            found.append(Span(self._missing_from[0], end_us, self._missing_from[1]))
        return [
            Span(max(start_us, span.start_us), min(end_us, span.end_us), span.after_id)
            for span in found
            if max(start_us, span.start_us) < min(end_us, span.end_us)
        ]

    def snapshot(self) -> GapsState:
        return GapsState(
            self.known, self._heard_us, self._heard_id, self._missing_from, tuple(self._spans), self.begun_us
        )

    def restore(self, state: GapsState) -> None:
        self.known, self._heard_us, self._heard_id = state.known, state.heard_us, state.heard_id
        self._missing_from, self.begun_us = state.missing_from, state.begun_us
        self._spans = list(state.spans)

    def _begin(self, time_us: int, trade_id: int, began_us: int, seconds: Seconds) -> None:
        if not self._heard_us:
            self._missing_from = bucket(time_us, 1) + SECOND_US, trade_id
            return
        start_us = max(bucket(self._heard_us, 1) + SECOND_US, bucket(began_us, 1))
        self._missing_from = start_us, self._heard_id
        for second in seconds(bucket(self._heard_us, 1)):
            if second.last_id > self._heard_id:
                self._divide(second.open_us, second.last_id)

    def _divide(self, second_us: int, trade_id: int) -> None:
        """What the source traded before a second comes before an own trade in it, the rest after it."""
        assert self._missing_from is not None
        start_us, after_id = self._missing_from
        if second_us > start_us:
            self._add(Span(start_us, second_us, after_id))
        self._missing_from = max(start_us, second_us), trade_id

    def _end(self, end_us: int) -> None:
        assert self._missing_from is not None
        end_us = max(end_us, bucket(self._heard_us, 1))  # a source's time may go back: what was heard stays heard
        start_us, after_id = self._missing_from
        self._missing_from = None
        while self._spans and self._spans[-1].end_us > end_us:
            cut = self._spans.pop()
            start_us, after_id = cut.start_us, cut.after_id
        if start_us < end_us:
            self._add(Span(start_us, end_us, after_id))

    def _add(self, span: Span) -> None:
        self._spans.append(span)
        if len(self._spans) <= MOST_SPANS:
            return
        older, newer = self._spans[: MOST_SPANS // 2], self._spans[MOST_SPANS // 2 :]
        joined: list[Span] = []
        for each in older:
            if joined and joined[-1].end_us == each.start_us:
                joined[-1] = Span(joined[-1].start_us, each.end_us, joined[-1].after_id)
            else:
                joined.append(each)
        self._spans = [*joined, *newer][-MOST_SPANS:]
