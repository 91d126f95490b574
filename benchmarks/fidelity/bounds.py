"""When a resting order could have filled, by the recording alone.

A probe joined a level at a time. What was ahead of it, what was traded and what was taken away there since, follow from
the tape, but for two things: who cancelled (ahead of the probe, or behind), and where in the tape the exchange was. The
exchange is behind the tape by up to the feed's patience, so a probe may have joined the book of any moment within it
(the window); bounds take the most favourable moment on either side, and are widened by no more than that.

Asks are reflected to bids: every price changes its sign.
"""

from bisect import bisect_right
from collections.abc import Iterator

from msgspec import Struct

from benchmarks.fidelity.tape import Tape


class Joined(Struct, frozen=True):
    """A resting order: where and when it joined the book."""

    is_ask: bool
    price: int
    size: int
    placed_us: int
    until_us: int
    """When it was cancelled, or filled wholly."""


class Bounds(Struct, frozen=True):
    """Times in microseconds; None: not within the recording."""

    first_from_us: int | None
    """No part can have filled earlier."""
    whole_until_us: int | None
    """All of it must have filled by then."""
    touched_us: int | None
    """When fill-on-touch fills it: the opposite best quote or a trade reached its price."""


class Level:
    """One level of the tape as a probe in it sees it."""

    def __init__(self, tape: Tape, joined: Joined) -> None:
        self._tape = tape
        self._sign = -1 if joined.is_ask else 1
        self._price = joined.price * self._sign
        self.sizes = tape.sizes.get((joined.is_ask, joined.price))
        self._joined = joined
        self._until_us = joined.until_us

    def trades(self, from_us: int) -> Iterator[tuple[int, int, bool]]:
        """(time, quantity, whether it went through) of the trades at the price or through it, after a time."""
        times = self._tape.trade_times
        for trade in self._tape.trades[bisect_right(times, from_us) : bisect_right(times, self._until_us)]:
            price = trade.price * self._sign
            against = trade.sold != self._joined.is_ask
            if price < self._price or (price == self._price and not against):
                yield trade.received_us, trade.quantity, True
            elif price == self._price:
                yield trade.received_us, trade.quantity, False

    def crossed_us(self, from_us: int) -> int | None:
        """When the opposite best quote was at the price or through it, after a time."""
        quotes = self._tape.bids if self._joined.is_ask else self._tape.asks
        price, changes = quotes.within(from_us, self._until_us)
        for time_us, quoted in ((from_us, price), *changes):
            if quoted * self._sign <= self._price:
                return time_us
        return None


def bounds(tape: Tape, joined: Joined, window_us: int) -> Bounds:
    """The bounds of one probe."""
    level = Level(tape, joined)
    opened_us = joined.placed_us - window_us
    least, most = _ahead(level, opened_us, joined.placed_us)
    return Bounds(
        first_from_us=_first_from(level, opened_us, joined, least),
        whole_until_us=_whole_until(level, joined, most, window_us),
        touched_us=_touched(level, joined.placed_us),
    )


def _ahead(level: Level, opened_us: int, placed_us: int) -> tuple[int, int]:
    """The least and the most that was ahead of the probe, over the window."""
    if level.sizes is None:
        return 0, 0
    size, changes = level.sizes.within(opened_us, placed_us)
    sizes = [size, *(size for _, size in changes)]
    return min(sizes), max(sizes)


def _first_from(level: Level, opened_us: int, joined: Joined, least: int) -> int | None:
    """The earliest time at which nothing need have been ahead of the probe any more."""
    placed_us = joined.placed_us
    if not least:  # it was the first in its level: any trade at its price may be its own
        touched = _touched(level, opened_us)
        return max(placed_us, touched) if touched is not None else None
    found = [level.crossed_us(opened_us), _consumed(level, opened_us, least), _shrunk(level, opened_us, joined)]
    known = [time_us for time_us in found if time_us is not None]
    return max(placed_us, min(known)) if known else None


def _consumed(level: Level, opened_us: int, least: int) -> int | None:
    """When trades alone had consumed what was ahead."""
    volume = 0
    for time_us, quantity, through in level.trades(opened_us):
        volume += quantity
        if through or volume >= least:
            return time_us
    return None


def _shrunk(level: Level, opened_us: int, joined: Joined) -> int | None:
    """When the level had shrunk by what was ahead, by trades and cancels together, were all of them ahead."""
    if level.sizes is None:
        return None
    size, changes = level.sizes.within(opened_us, joined.until_us)
    shrunk, enough = 0, size
    for time_us, after in changes:
        shrunk += max(0, size - after)
        size = after
        if time_us <= joined.placed_us:
            enough = min(enough, shrunk + after)  # it may have joined the book of this moment
        if shrunk >= enough:
            return time_us
    return None


def _whole_until(level: Level, joined: Joined, most: int, window_us: int) -> int | None:
    """When trades at the price had consumed all that was ahead and the probe, or trades through it the probe."""
    volume = through_volume = 0
    for time_us, quantity, through in level.trades(joined.placed_us):
        volume += quantity
        through_volume += quantity if through else 0
        if volume >= most + joined.size or through_volume >= joined.size:
            return time_us + window_us
    return None


def _touched(level: Level, placed_us: int) -> int | None:
    traded = next((time_us for time_us, *_ in level.trades(placed_us)), None)
    crossed = level.crossed_us(placed_us)
    return min((time_us for time_us in (traded, crossed) if time_us is not None), default=None)
