"""Bars of many symbols that are known for good, in pages of sixty, packed: what a back-fill remembers.

Knows of every bucket whether it is known, so that one without trades is remembered as such. What is known of all
parts of a larger bucket is known of it, too: it is added up at once. Guarantees a bound on what it keeps: the
page that was not used for longest goes first. Asks nobody.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from hypersim.views.candles import SECOND_US, aggregate, bucket, bucket_after
from hypersim.views.records import PAST_SECONDS, Candle

BARS: Final = 60
"""Buckets of a page."""
MOST_PAGES: Final = 20_000
"""About 70 MB where every bucket has trades: a day of minutes of 660 markets, or 5 years of hours of 27."""
Key = tuple[str, int, int]
"""Symbol, seconds of the base, and which page."""


class Page(Struct, frozen=True, gc=False):
    """Some buckets: a bit for each that is known, and the candles of those with trades."""

    known: int
    packed: bytes


EMPTY: Final = Page(0, b"")
_decoder: Final = msgspec.json.Decoder(list[Candle])


class Pages:
    """Closed bars, by symbol and base. Times are microseconds UTC and starts of buckets."""

    def __init__(self, most: int = MOST_PAGES) -> None:
        self._most = most
        self._pages: dict[Key, Page] = {}
        """The one that was used last at the end."""

    @property
    def roomy(self) -> bool:
        """Whether a tenth of the room is free: nothing has to go soon."""
        return len(self._pages) < self._most * 9 // 10

    def add(self, symbol: str, seconds: int, start_us: int, end_us: int, bars: Sequence[Candle]) -> None:
        """What was traded in the buckets from a start to another is known now; `bars` ascend."""
        at = 0
        for key, first, last in _pieces(symbol, seconds, start_us, end_us):
            page_end_us = (key[2] * BARS + last) * seconds * SECOND_US
            begin = at
            while at < len(bars) and bars[at].open_us < page_end_us:
                at += 1
            self._put(key, _mask(first, last), bars[begin:at])
        self._add_up(symbol, seconds, start_us, end_us)

    def bars(self, symbol: str, seconds: int, start_us: int, end_us: int) -> list[Candle]:
        """The bars with trades that are known, ascending."""
        found: list[Candle] = []
        for key, _, _ in _pieces(symbol, seconds, start_us, end_us):
            if (page := self._pages.pop(key, None)) is not None:
                self._pages[key] = page
                found += (bar for bar in _unpack(page) if start_us <= bar.open_us < end_us)
        return found

    def missing(self, symbol: str, seconds: int, start_us: int, end_us: int) -> tuple[int, int] | None:
        """Where the first bucket begins of which nothing is known, and where the last one ends; None for none."""
        first_missing = last_missing = None
        for key, first, last in _pieces(symbol, seconds, start_us, end_us):
            lacking = _mask(first, last) & ~self._pages.get(key, EMPTY).known
            if lacking:
                begin = key[2] * BARS
                if first_missing is None:
                    first_missing = begin + (lacking & -lacking).bit_length() - 1
                last_missing = begin + lacking.bit_length()
        if first_missing is None or last_missing is None:
            return None
        return first_missing * seconds * SECOND_US, last_missing * seconds * SECOND_US

    def _put(self, key: Key, known: int, bars: Sequence[Candle]) -> None:
        page = self._pages.pop(key, EMPTY)
        packed = page.packed
        if bars:
            together = {bar.open_us: bar for bar in (*_unpack(page), *bars)}
            packed = _pack([together[open_us] for open_us in sorted(together)])
        self._pages[key] = Page(page.known | known, packed)
        while len(self._pages) > self._most:
            del self._pages[next(iter(self._pages))]

    def _add_up(self, symbol: str, seconds: int, start_us: int, end_us: int) -> None:
        """Larger buckets of which all parts are known by now."""
        larger = next((base for base in PAST_SECONDS if base > seconds), None)
        if larger is None:
            return
        whole = [
            open_us
            for open_us in range(bucket(start_us, larger), bucket_after(end_us, larger), larger * SECOND_US)
            if self.missing(symbol, seconds, open_us, open_us + larger * SECOND_US) is None
            and self.missing(symbol, larger, open_us, open_us + larger * SECOND_US) is not None
        ]
        if whole:
            first_us, last_us = whole[0], whole[-1] + larger * SECOND_US
            parts = aggregate(self.bars(symbol, seconds, first_us, last_us), lambda time_us: bucket(time_us, larger))
            made = {bar.open_us: bar for bar in parts}
            for run_start_us, run_end_us in _touching(whole, larger * SECOND_US):
                within = [made[at] for at in range(run_start_us, run_end_us, larger * SECOND_US) if at in made]
                self.add(symbol, larger, run_start_us, run_end_us, within)


def _pieces(symbol: str, seconds: int, start_us: int, end_us: int) -> Iterator[tuple[Key, int, int]]:
    """The pages of a span of buckets, with the first and the bucket after the last in each."""
    first, last = start_us // (seconds * SECOND_US), end_us // (seconds * SECOND_US)
    for page in range(first // BARS, -(-last // BARS) if first < last else 0):
        yield (symbol, seconds, page), max(0, first - page * BARS), min(BARS, last - page * BARS)


def _mask(first: int, last: int) -> int:
    return (1 << last) - (1 << first)


def _touching(starts_us: Iterable[int], length_us: int) -> Iterator[tuple[int, int]]:
    """Buckets of a length as runs."""
    run: tuple[int, int] | None = None
    for start_us in starts_us:
        if run is not None and run[1] == start_us:
            run = run[0], start_us + length_us
        else:
            if run is not None:
                yield run
            run = start_us, start_us + length_us
    if run is not None:
        yield run


def _pack(bars: list[Candle]) -> bytes:
    return zlib.compress(msgspec.json.encode(bars), 1)


def _unpack(page: Page) -> list[Candle]:
    return _decoder.decode(zlib.decompress(page.packed)) if page.packed else []
