"""Live prices from Binance: streamed where that works, asked for where it does not.

Where few symbols are listed, all of them are streamed; where there are many, those in demand are. What is not
streamed is polled, within a budget of request weight: depth and each trade of the symbols in demand, tickers
of the others. Guarantees that one source at a time speaks for a symbol, that a change of source begins with a
full ladder, and that what was traded while nobody looked is not traded against later.
"""

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from typing import Final

from hypersim.clock import MICROSECONDS, Clock
from hypersim.engine.commands import OutsideUpdate
from hypersim.engine.market import Market
from hypersim.feeds.base import Sight, SourceReport
from hypersim.feeds.binance.chorus import Alarm, Say, chorus
from hypersim.feeds.binance.polling import FEW, LearnDay, LookPolling, TickerPolling, find
from hypersim.feeds.binance.streaming import MarketStream
from hypersim.feeds.binance.upstream import Upstream
from hypersim.feeds.binance.watched import Source, Watched
from hypersim.feeds.demand import Demand
from hypersim.feeds.pace import Pace

MOST_STREAMED_IDLE = 20
"""Up to so many symbols are all streamed, in demand or not."""
SIGHTS: Final = {Source.STREAM: Sight.STREAM, Source.LOOKS: Sight.BOOK, Source.TICKERS: Sight.TICKERS}
ATTENTION_INTERVAL_US = MICROSECONDS
"""How often it is looked which symbols are in demand still; a new one is noticed at once."""


class BinanceFeed:
    """The markets of an upstream that are listed here too: `markets` with the upstream's names of them.

    `pace` says when nobody listens. `traded` are the symbols that have a last price in this world; the others begin
    with the upstream's. `stream_url` says where the streams are, by default those of the host that answers; `learn_day`
    is told what the upstream says of each symbol's last 24 hours.
    """

    name = "binance"

    def __init__(
        self,
        *,
        clock: Clock,
        upstream: Upstream,
        markets: Sequence[tuple[Market, str]],
        demand: Demand,
        pace: Pace | None = None,
        interval_ms: int,
        seed: int,
        traded: Iterable[str],
        stream_url: str | None = None,
        learn_day: LearnDay = lambda symbol, day: None,
    ) -> None:
        self._learn_day = learn_day
        self._clock = clock
        self._upstream = upstream
        self._markets = tuple(markets)
        self._demand = demand
        self._pace = pace or Pace(clock)
        self._interval_s = interval_ms / 1000
        self._seed = seed
        self._traded = set(traded)
        self._stream_url: Callable[[], str] = (lambda: stream_url) if stream_url else (lambda: upstream.stream_url)
        self._watched: dict[str, Watched] = {}
        self._cared_for: set[str] = set()
        self._attention = Alarm(clock)
        self._assigned: list[Source] = []

    @property
    def real(self) -> bool:
        return self._upstream.is_binance

    def sight(self, symbol: str) -> Sight | None:
        one = self._watched.get(symbol)
        return None if one is None else SIGHTS.get(one.source)

    def report(self) -> SourceReport:
        streamed = sum(one.source is Source.STREAM for one in self._watched.values())
        return SourceReport(
            host=self._upstream.host,
            transport="websocket" if streamed else "polling",
            weight_per_minute=self._upstream.budget.per_minute,
            weight_spent=self._upstream.budget.spent,
            streamed=streamed,
        )

    async def updates(self) -> AsyncGenerator[OutsideUpdate, None]:
        watched = await find(self._upstream, self._markets, self._seed, self._traded, self._learn_day)
        self._cared_for = set()
        self._tickers = TickerPolling(
            self._clock, self._upstream, watched, self._interval_s, self._is_near, self._learn_day
        )
        self._looks = LookPolling(self._clock, self._upstream, watched, self._interval_s)
        self._stream = MarketStream(
            clock=self._clock,
            upstream=self._upstream,
            url=self._stream_url,
            watched=watched,
            changed=self._attention.ring,
            pace=self._pace,
            seed=self._seed,
        )
        self._watched = {one.symbol: one for one in watched}
        speakers = (self._attend, self._notice, self._tickers.run, self._looks.run, self._stream.run)
        try:
            async with aclosing(chorus(*speakers)) as said:
                async for update in said:
                    if update.prints:
                        self._traded.add(update.symbol)
                    yield update
        finally:
            self._watched = {}

    def moved(self, symbol: str, price: int | None) -> None:
        if price is None:
            self._traded.discard(symbol)
        if (one := self._watched.get(symbol)) is not None:
            one.moved(price)
            self._stream.moved(one.upstream_symbol)

    def _is_near(self, one: Watched) -> bool:
        """Whether it is worth to be told in full."""
        return one.symbol in self._cared_for or len(self._watched) <= FEW

    async def _notice(self, _: Say) -> None:
        """Has a symbol that comes into demand attended to at once."""
        growth = self._demand.growth
        while True:
            growth = await self._demand.grown(growth)
            self._attention.ring()

    async def _attend(self, say: Say) -> None:
        """Decides who speaks for which symbol, again and again."""
        while True:
            cared_for = {symbol for symbol in self._demand.active() if symbol in self._watched}
            newly, self._cared_for = cared_for - self._cared_for, cared_for
            for symbol in newly:
                if self._watched[symbol].source is Source.TICKERS:
                    say(self._watched[symbol].sample(near=True))
            self._assign()
            await self._attention.sleep_until(self._clock.now_us() + ATTENTION_INTERVAL_US)

    def _assign(self) -> None:
        watched = self._watched.values()
        cared_for = [one for one in watched if one.symbol in self._cared_for]
        wanted = watched if len(watched) <= MOST_STREAMED_IDLE else cared_for
        self._stream.want(one.upstream_symbol for one in wanted)
        polled = [one for one in watched if one.source is not Source.STREAM and not self._may_wait(one)]
        candidates = [one for one in polled if one.symbol in self._cared_for]
        candidates.sort(key=lambda one: one.source is not Source.LOOKS)
        looked_at = candidates[: self._looks.most]
        for one in polled:
            one.speak_for(Source.LOOKS if one in looked_at else Source.TICKERS)
        before, self._assigned = self._assigned, [one.source for one in watched]
        if self._assigned != before:
            self._tickers.alarm.ring()
            self._looks.alarm.ring()

    def _may_wait(self, one: Watched) -> bool:
        return one.source is Source.NONE and self._stream.about_to_speak(one.upstream_symbol)
