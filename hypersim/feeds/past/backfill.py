"""What markets did while this world did not watch them, from the klines of an upstream, fetched at first need.

Guarantees that a closed bar is asked for once for as long as it is remembered, a span without bars too; that
whoever asks at the same time shares one request; and that an upstream which fails makes no answer fail: what is
known is answered, and it is asked again a little later. A bar that may still change is good for a few seconds.
Bars without trades are none here, and trade ids are 0: an upstream's mean nothing in this world.

Sources: rest-api.md, 'Kline/Candlestick data'.
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Protocol
from weakref import WeakValueDictionary

from msgspec import Struct

from hypersim.clock import MICROSECONDS, Clock
from hypersim.feeds.base import FeedFailed
from hypersim.feeds.binance.answers import DayTicker
from hypersim.feeds.binance.upstream import Unreachable, quantity
from hypersim.feeds.past.pages import BARS, Pages
from hypersim.units import to_amount
from hypersim.views.candles import bucket, pieces
from hypersim.views.records import PAST_SECONDS, Candle, Run, Span

logger = logging.getLogger(__name__)

INTERVALS: Final = dict(zip(PAST_SECONDS, ("1s", "1m", "15m", "1h", "1d"), strict=True))
REQUEST_BARS: Final = 16 * BARS
"""Bars of one request, whole pages and less than the 1000 that Binance allows."""
AT_ONCE: Final = 4
"""Requests on their way at the same time."""
CLOSED_FOR_S: Final = 2
"""How long a bar must have been over before it is remembered: clocks differ, and an upstream takes a moment."""
FRESH_S: Final = 5
"""For how long a bar that may still change is not asked for again."""
PATIENCE_S: Final = 8
"""How long an answer waits for an upstream; what came by then is used."""
REST_S: Final = 5
"""How long an upstream that failed is not asked for anything."""
SYMBOL_REST_S: Final = 30
"""How long it is not asked for a symbol of which it answered nonsense, or that it refused."""
DAY_GOOD_FOR_S: Final = 180
"""How old the upstream's figures of the last day may be."""


class Bar(Protocol):
    """A kline, as an upstream's answer has it: texts for prices and volumes."""

    @property
    def open_time_ms(self) -> int: ...
    @property
    def open(self) -> str: ...
    @property
    def high(self) -> str: ...
    @property
    def low(self) -> str: ...
    @property
    def close(self) -> str: ...
    @property
    def volume(self) -> str: ...
    @property
    def quote_volume(self) -> str: ...
    @property
    def trades(self) -> int: ...
    @property
    def taker_volume(self) -> str: ...
    @property
    def taker_quote_volume(self) -> str: ...


class Klines(Protocol):
    """Who answers for an upstream (hypersim/feeds/binance/upstream.py)."""

    async def klines(self, symbol: str, interval: str, start_us: int, end_us: int, limit: int) -> Sequence[Bar]:
        """Bars that open from a time to another, both inclusive, the oldest first. Raises FeedFailed."""
        ...


class Tail(Struct, frozen=True):
    """The newest bars of a base, which may still change."""

    fetched_us: int
    start_us: int
    end_us: int
    bars: tuple[Candle, ...]


class UpstreamHistory:
    """A HistorySource. `symbols` are ours, with the upstream's names of them."""

    def __init__(self, clock: Clock, upstream: Klines, symbols: Mapping[str, str]) -> None:
        self.failure: str | None = None
        """Why the upstream's klines cannot be had now, in one line; None while they can."""
        self._clock = clock
        self._upstream = upstream
        self._symbols = dict(symbols)
        self._pages = Pages()
        self._tails: dict[tuple[str, int], Tail] = {}
        self._begins_us: dict[str, int] = {}
        """The day on which a symbol's bars begin, where somebody looked."""
        self._days: dict[str, tuple[int, Candle]] = {}
        self._versions = dict.fromkeys(symbols, 1)
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._fetching: WeakValueDictionary[tuple[str, int, int], asyncio.Lock] = WeakValueDictionary()
        self._rests_until_us: dict[str | None, int] = {}
        """By symbol; None for the upstream as a whole."""

    @property
    def roomy(self) -> bool:
        """Whether there is room for more than what was asked for."""
        return self._pages.roomy

    def version(self, symbol: str) -> int:
        return self._versions.get(symbol, 0)

    def candles(self, symbol: str, base_seconds: int, start_us: int, end_us: int) -> list[Candle]:
        found = self._pages.bars(symbol, base_seconds, start_us, end_us)
        tail = self._tails.get((symbol, base_seconds))
        if tail is None or tail.end_us <= start_us or end_us <= tail.start_us:
            return found
        opens_us = {bar.open_us for bar in found}
        found += (bar for bar in tail.bars if start_us <= bar.open_us < end_us and bar.open_us not in opens_us)
        return sorted(found, key=_open_of)

    def learn_day(self, symbol: str, day: Candle) -> None:
        """Takes in the upstream's own figures of a symbol's last 24 hours."""
        if symbol in self._symbols:
            self._days[symbol] = self._clock.now_us(), day

    def knows_day(self, symbol: str) -> bool:
        """Whether there are the upstream's own figures of the last 24 hours."""
        learned_us, _ = self._days.get(symbol, (0, None))
        return self._clock.now_us() - learned_us <= DAY_GOOD_FOR_S * MICROSECONDS

    def day(self, symbol: str, spans: Sequence[Span]) -> Candle | None:
        if not self.knows_day(symbol) or all(self.covers(symbol, span) for span in spans):
            return None
        return self._days[symbol][1]

    def covers(self, symbol: str, span: Span) -> bool:
        """Whether all that was traded in a span is known for good."""
        return all(self._missing(symbol, *piece) is None for piece in pieces(span.start_us, span.end_us, PAST_SECONDS))

    async def reach(self, symbol: str, runs: Sequence[Run]) -> None:
        if symbol not in self._symbols or self._resting(symbol):
            return
        needed = [part for run in runs for part in _requests(run) if self._needs(symbol, *part)]
        if not needed:
            return
        try:
            async with asyncio.timeout(PATIENCE_S):
                results = await asyncio.gather(*(self._fill(symbol, *part) for part in needed), return_exceptions=True)
            for result in results:
                if isinstance(result, BaseException):
                    raise result
        except Unreachable as failure:
            self._rest(symbol, str(failure), failure.retry_after_s)
        except FeedFailed as failure:
            self._rests_until_us[symbol] = self._clock.now_us() + SYMBOL_REST_S * MICROSECONDS
            self._rest(symbol, str(failure), failure.retry_after_s)
        except TimeoutError:
            self._rest(symbol, f"klines did not come within {PATIENCE_S} s", 0)
        else:
            self.failure = None

    def _resting(self, symbol: str) -> bool:
        now_us = self._clock.now_us()
        return any(now_us < self._rests_until_us.get(what, 0) for what in (None, symbol))

    def _rest(self, symbol: str, failure: str, retry_after_s: float) -> None:
        self._rests_until_us[None] = self._clock.now_us() + round(max(REST_S, retry_after_s) * MICROSECONDS)
        if self.failure is None:
            logger.warning("history of %s: %s; it is asked again later", symbol, failure)
        self.failure = failure

    def _missing(self, symbol: str, seconds: int, start_us: int, end_us: int) -> tuple[int, int] | None:
        """What is not known for good of a run, from its first bucket to its last."""
        return self._pages.missing(symbol, seconds, max(start_us, self._begins_us.get(symbol, 0)), end_us)

    def _needs(self, symbol: str, seconds: int, start_us: int, end_us: int) -> bool:
        """Whether something of a run is neither known for good nor fresh."""
        missing, tail = self._missing(symbol, seconds, start_us, end_us), self._tails.get((symbol, seconds))
        if missing is None or tail is None or self._clock.now_us() - tail.fetched_us > FRESH_S * MICROSECONDS:
            return missing is not None
        return not (tail.start_us <= missing[0] and missing[1] <= tail.end_us + FRESH_S * MICROSECONDS)

    async def _fill(self, symbol: str, seconds: int, start_us: int, end_us: int) -> None:
        """Fetches what a request can bring, unless somebody else has by the time it is our turn."""
        which = start_us // (REQUEST_BARS * seconds * MICROSECONDS)
        async with self._fetching.setdefault((symbol, seconds, which), asyncio.Lock()):
            if self._needs(symbol, seconds, start_us, end_us):
                missing = self._missing(symbol, seconds, start_us, end_us)
                assert missing is not None, "what is needed is missing"
                await self._fetch(symbol, seconds, *missing)

    async def _fetch(self, symbol: str, seconds: int, start_us: int, end_us: int) -> None:
        """Asks for the buckets from a start to another, and for the rest of their pages as far as those are over."""
        page_us = BARS * seconds * MICROSECONDS
        began_us = self._clock.now_us()
        start_us = max(start_us - start_us % page_us, self._begins_us.get(symbol, 0))
        end_us = max(end_us, min(end_us + -end_us % page_us, bucket(began_us, seconds)))
        async with self._turns:
            bars = await self._upstream.klines(
                self._symbols[symbol], INTERVALS[seconds], start_us, end_us - 1, REQUEST_BARS
            )
        opens_us = range(start_us, end_us, seconds * MICROSECONDS)
        traded = sorted((bar for bar in map(candle_of, bars) if bar.trades and bar.open_us in opens_us), key=_open_of)
        closed_us = bucket(began_us - CLOSED_FOR_S * MICROSECONDS, seconds)
        final_us = max(start_us, min(end_us, closed_us))
        self._pages.add(symbol, seconds, start_us, final_us, [bar for bar in traded if bar.open_us < final_us])
        if final_us < end_us:
            late = tuple(bar for bar in traded if bar.open_us >= final_us)
            self._tails[symbol, seconds] = Tail(began_us, final_us, end_us, late)
        self._versions[symbol] += 1
        if not bars and final_us == end_us:
            async with self._fetching.setdefault((symbol, 0, 0), asyncio.Lock()):
                if symbol not in self._begins_us:
                    await self._find_begin(symbol)

    async def _find_begin(self, symbol: str) -> None:
        """An upstream that has no bars of a time may have none before it, either: the first day tells."""
        async with self._turns:
            days = await self._upstream.klines(self._symbols[symbol], "1d", 0, self._clock.now_us(), 1)
        if days:
            self._begins_us[symbol] = bucket(days[0].open_time_ms * 1000, 86400)


def _requests(run: Run) -> Iterator[Run]:
    """A run in parts that one request each can bring."""
    seconds, start_us, end_us = run
    length_us = REQUEST_BARS * seconds * MICROSECONDS
    for part_us in range(start_us - start_us % length_us, end_us, length_us):
        yield seconds, max(start_us, part_us), min(end_us, part_us + length_us)


def candle_of(bar: Bar) -> Candle:
    """Our candle of a kline. Raises FeedFailed when a number is none."""
    return Candle(
        bar.open_time_ms * 1000,
        quantity(bar.open),
        quantity(bar.high),
        quantity(bar.low),
        quantity(bar.close),
        quantity(bar.volume),
        to_amount(quantity(bar.quote_volume)),
        bar.trades,
        quantity(bar.taker_volume),
        to_amount(quantity(bar.taker_quote_volume)),
        0,
        0,
    )


def day_of(day: DayTicker) -> Candle:
    """Our candle of a day's figures. Raises FeedFailed when a number is none."""
    opened, high, low, last = (
        quantity(text) for text in (day.open_price, day.high_price, day.low_price, day.last_price)
    )
    volume, quote_volume = quantity(day.volume), to_amount(quantity(day.quote_volume))
    return Candle(0, opened, high, low, last, volume, quote_volume, day.count, 0, 0, 0, 0)


def _open_of(bar: Candle) -> int:
    return bar.open_us
