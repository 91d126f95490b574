"""What a market traded, by second, minute, hour and day: the recent part of it, in memory.

A trade changes one running candle, that of its second, once somebody asks or some more have come. When a second is
over it joins the running minute, which joins the running hour when it is over, and so on. Finished candles stay for a
while (KEPT_SECONDS); what is older is in the store. Only this world's own trades are here.
"""

from operator import attrgetter
from typing import Final

from msgspec import Struct

from hypersim.views.candles import SECOND_US, aggregate, bucket, merge, opening_at, with_trades
from hypersim.views.packedlog import LogState, PackedLog
from hypersim.views.records import BASE_SECONDS, Candle, TapeTrade

KEPT_SECONDS: Final = {1: 3600, 60: 25 * 3600, 3600: 8 * 86400, 86400: 400 * 86400}
"""For how long finished candles of each base are kept: a day of minutes for the rolling day and its edges."""

MOST_UNCOUNTED: Final = 64
"""Trades that wait to be counted."""


class TimelineState(Struct, frozen=True):
    """All of a timeline, as a value; logs and running candles in the order of BASE_SECONDS."""

    first: TapeTrade | None
    logs: tuple[LogState[Candle], ...]
    running: tuple[Candle | None, ...]


class Timeline:
    """Candles of the base buckets, up to the newest trade."""

    def __init__(self) -> None:
        self.first: TapeTrade | None = None
        """The first trade since the world began, or was reset."""
        self._logs: dict[int, PackedLog[Candle]] = {
            seconds: PackedLog(Candle, attrgetter("open_us")) for seconds in BASE_SECONDS
        }
        self._running: dict[int, Candle | None] = dict.fromkeys(BASE_SECONDS)
        """By base, what its unfinished candle has from finished candles of the next smaller base; of the second, from
        trades.
        """
        self._second_end_us = 0
        """Where the running second ends."""
        self._newest: list[TapeTrade] = []
        """Trades of the running second that its candle does not have yet: counting many at once costs less."""

    @property
    def first_us(self) -> int | None:
        """When the first trade was."""
        return self.first.time_us if self.first is not None else None

    def add(self, trade: TapeTrade) -> None:
        """Counts a trade, which is not older than any before."""
        if trade.time_us >= self._second_end_us:
            self._next_second(trade)
        newest = self._newest
        newest.append(trade)
        if len(newest) == MOST_UNCOUNTED:
            self._count()

    def start(self, start_us: int) -> int:
        """A time before which nothing more was traded than before start_us, so that a span may begin there.

        Before the first trade that is the start of its day: whole buckets are then as good as parts of them.
        """
        if self.first is None or start_us > self.first.time_us:
            return start_us
        return bucket(self.first.time_us, BASE_SECONDS[-1])

    def kept_from(self, seconds: int) -> int | None:
        """Where the candles of a base begin that are here; None when all that ever were are here."""
        gone = self._logs[seconds].gone
        return None if gone is None else gone.open_us + seconds * SECOND_US

    def candles(self, seconds: int, start_us: int, end_us: int) -> list[Candle]:
        """Candles of a base with start_us <= open_us < end_us, running ones included, that are here."""
        found = self._logs[seconds].between(start_us, end_us)
        found += [candle for candle in self._unfinished(seconds) if start_us <= candle.open_us < end_us]
        return found

    def newest_before(self, minute_us: int) -> Candle | None:
        """The last minute with trades before the start of a minute; None when none is known here."""
        for candle in reversed(self._unfinished(60)):
            if candle.open_us < minute_us:
                return candle
        return self._logs[60].newest_before(minute_us)

    def snapshot(self) -> TimelineState:
        self._count()
        return TimelineState(
            self.first,
            tuple(self._logs[seconds].snapshot() for seconds in BASE_SECONDS),
            tuple(self._running[seconds] for seconds in BASE_SECONDS),
        )

    def restore(self, state: TimelineState) -> None:
        self.first = state.first
        for seconds, log, running in zip(BASE_SECONDS, state.logs, state.running, strict=True):
            self._logs[seconds].restore(log)
            self._running[seconds] = running
        second = self._running[1]
        self._second_end_us = second.open_us + SECOND_US if second is not None else 0
        self._newest = []

    def _next_second(self, trade: TapeTrade) -> None:
        """Finishes the running second; the next one has a trade."""
        self._count()
        second = self._running[1]
        if second is not None:
            self._finish(0, second)
            self._running[1] = None
        elif self.first is None:
            self.first = trade
        self._second_end_us = bucket(trade.time_us, 1) + SECOND_US

    def _count(self) -> None:
        """Brings the candle of the running second up to the newest trade."""
        if self._newest:
            self._running[1] = with_trades(self._running[1], self._second_end_us - SECOND_US, self._newest)
            self._newest.clear()

    def _finish(self, level: int, candle: Candle) -> None:
        """Files a finished candle and lets it join the running one of the next larger base."""
        seconds = BASE_SECONDS[level]
        log = self._logs[seconds]
        log.append(candle)
        log.forget_before(candle.open_us - KEPT_SECONDS[seconds] * SECOND_US)
        if level + 1 == len(BASE_SECONDS):
            return
        larger = BASE_SECONDS[level + 1]
        open_us = bucket(candle.open_us, larger)
        running = self._running[larger]
        if running is not None and running.open_us != open_us:
            self._finish(level + 1, running)
            running = None
        joined = opening_at(candle, open_us)
        self._running[larger] = joined if running is None else merge(running, joined)

    def _unfinished(self, seconds: int) -> list[Candle]:
        """The candles of a base that are not filed yet: the running one, and one that ended since."""
        self._count()
        parts = [
            candle for base in reversed(BASE_SECONDS) if base <= seconds and (candle := self._running[base]) is not None
        ]
        return aggregate(parts, lambda time_us: bucket(time_us, seconds))
