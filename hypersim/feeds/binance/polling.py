"""Asking an upstream for what is wanted of many symbols, as often as its budget allows.

Guarantees an even pace: best quotes at every interval for the symbols that somebody cares for (for all where
there are few), every ten seconds for the others, of which half are told each time and half are confirmed;
figures of the day of all every ten seconds, or as the budget allows them; depth and trades of those in demand, as often
as their share of the budget allows. What a symbol's other speakers say is theirs: their symbols are not asked about.
"""

import logging
from collections.abc import Callable, Container, Sequence
from typing import Final

from hypersim.clock import MICROSECONDS, Clock
from hypersim.engine.commands import OutsideUpdate
from hypersim.engine.market import Market
from hypersim.feeds.base import FeedFailed
from hypersim.feeds.binance.answers import AggregateTrade, DayTicker
from hypersim.feeds.binance.chorus import Alarm, Say, all_of
from hypersim.feeds.binance.upstream import (
    BOOK_WEIGHT,
    TRADES_WEIGHT,
    Upstream,
    day_weight,
    depth_weight,
)
from hypersim.feeds.binance.watched import Source, Watched

logger = logging.getLogger(__name__)

DAY_INTERVAL_S: Final = 10.0
FAR_INTERVAL_S: Final = 10.0
"""Between quotes of symbols that nobody cares for, where there are many."""
FAR_TURNS: Final = 2
"""Of these symbols, so many parts are told one after the other; the rest is only confirmed meanwhile."""
FEW: Final = 50
"""Up to so many symbols are all asked about at every interval."""
BOOK_SHARE: Final = 0.75
"""Of the budget, for quotes; the rest is for the figures of the day."""
LOOK_SHARE, BOOK_SHARE_BESIDE_LOOKS = 0.6, 0.2
LONGEST_LOOK_INTERVAL_S: Final = 10.0
"""What could not be looked at that often is seen by its tickers instead."""
LOOK_LIMIT: Final = 100
"""Levels of each side: as many as the least weight buys."""
LOOK_WEIGHT: Final = depth_weight(LOOK_LIMIT) + TRADES_WEIGHT
TRADES_LIMIT: Final = 1000
MOST_PAGES: Final = 5
"""Of trades, in one look; what is more is a gap."""
AT_ONCE: Final = 100
"""Symbols that are worked out before others get a turn."""
CLOCK_INTERVAL_US: Final = 60 * MICROSECONDS


LearnDay = Callable[[str, DayTicker], None]
"""Is told the day's figures of a symbol of ours."""


async def find(
    upstream: Upstream,
    markets: Sequence[tuple[Market, str]],
    seed: int,
    traded: Container[str],
    learn_day: LearnDay,
) -> list[Watched]:
    """Those of our markets that the upstream has, with their newest quotes and figures. Raises FeedFailed when
    it has none.
    """
    quotes = {ticker.symbol: ticker for ticker in await upstream.book_tickers(None)}
    names = [name for _, name in markets]
    found = {
        name: Watched(market, name, seed, traded=market.symbol in traded) for market, name in markets if name in quotes
    }
    if not found:
        raise FeedFailed(f"{upstream.host} has none of {', '.join(names)}")
    if missing := set(names) - found.keys():
        logger.warning("%s has no %s", upstream.host, ", ".join(sorted(missing)))
    for day in await upstream.day_tickers(list(found)):
        if (one := found.get(day.symbol)) is not None:
            learn_day(one.symbol, day)
            one.sampled.learn_day(day, speaking=True)
            one.sampled.learn_quote(quotes[day.symbol])
    return list(found.values())


class TickerPolling:
    """Quotes and the figures of the day, of whatever no better source speaks for."""

    def __init__(
        self,
        clock: Clock,
        upstream: Upstream,
        watched: Sequence[Watched],
        interval_s: float,
        is_near: Callable[[Watched], bool],
        learn_day: LearnDay,
    ) -> None:
        self.alarm = Alarm(clock)
        self._clock = clock
        self._upstream = upstream
        self._watched = watched
        self._by_name = {one.upstream_symbol: one for one in watched}
        self._interval_s = interval_s
        self._is_near = is_near
        self._learn_day = learn_day
        self._far_turn = 0

    async def run(self, say: Say) -> None:
        """Asks until it is cancelled, or the upstream fails. Figures of the day are known already."""
        due_us = far_due_us = self._clock.now_us()
        day_due_us = due_us + round(self._day_interval_s(len(self._watched)) * MICROSECONDS)
        while True:
            now_us = self._clock.now_us()
            sampled = [one for one in self._watched if one.source is Source.TICKERS]
            if now_us >= day_due_us:  # of all: until a market's last day is known in detail, it is what these say
                day_due_us = now_us + round(self._day_interval_s(len(self._watched)) * MICROSECONDS)
                await self._ask_day(self._watched)
            if now_us >= far_due_us:
                far_due_us = now_us + round(FAR_INTERVAL_S * MICROSECONDS)
                self._far_turn = (self._far_turn + 1) % FAR_TURNS
                asked = sampled
            else:
                asked = [one for one in sampled if self._is_near(one)]
            if asked:
                await self._ask_quotes(asked, say)
            now_us = self._clock.now_us()
            due_us = max(due_us + round(self._book_interval_s() * MICROSECONDS), now_us)
            await self.alarm.sleep_until(due_us)
            due_us = min(due_us, self._clock.now_us())

    async def _ask_day(self, asked: Sequence[Watched]) -> None:
        asked_us = self._clock.now_us()
        for count, day in enumerate(await self._upstream.day_tickers([one.upstream_symbol for one in asked])):
            if count % AT_ONCE == 0:
                await self._clock.sleep(0)
            if (one := self._by_name.get(day.symbol)) is not None:
                self._learn_day(one.symbol, day)
                one.sampled.learn_day(day, speaking=one.source is Source.TICKERS)
                if one.source is Source.TICKERS:
                    one.sampled.known_until_us = asked_us

    async def _ask_quotes(self, asked: Sequence[Watched], say: Say) -> None:
        names = dict.fromkeys(one.upstream_symbol for one in asked)
        for count, book in enumerate(await self._upstream.book_tickers(list(names))):
            if count % AT_ONCE == 0:
                await self._clock.sleep(0)
            if book.symbol in names:
                one = self._by_name[book.symbol]
                one.sampled.learn_quote(book)
                if one.source is Source.TICKERS:
                    say(self._told(one, count))

    def _told(self, one: Watched, number: int) -> OutsideUpdate:
        """What is to be said of it now; of one that nobody cares for, in turn with others, only that it holds."""
        near = self._is_near(one)
        if near or one.sampled.unsaid or number % FAR_TURNS == self._far_turn:
            return one.sample(near=near)
        return OutsideUpdate(symbol=one.symbol, source_time_us=one.sampled.known_until_us)

    def _book_interval_s(self) -> float:
        looked_at = any(one.source is Source.LOOKS for one in self._watched)
        share = BOOK_SHARE_BESIDE_LOOKS if looked_at else BOOK_SHARE
        return max(self._interval_s, self._upstream.budget.interval_s(BOOK_WEIGHT, share))

    def _day_interval_s(self, symbols: int) -> float:
        return max(DAY_INTERVAL_S, self._upstream.budget.interval_s(day_weight(symbols), 1 - BOOK_SHARE))


class LookPolling:
    """Depth and trades of the symbols in demand."""

    def __init__(self, clock: Clock, upstream: Upstream, watched: Sequence[Watched], interval_s: float) -> None:
        self.alarm = Alarm(clock)
        self._clock = clock
        self._upstream = upstream
        self._watched = watched
        self._interval_s = interval_s
        self._ahead_us = 0
        """By how much the upstream's clock is ahead of ours."""
        self._clock_due_us = 0

    @property
    def most(self) -> int:
        """How many symbols the budget lets look at."""
        return int(LONGEST_LOOK_INTERVAL_S // self._upstream.budget.interval_s(LOOK_WEIGHT, LOOK_SHARE))

    async def run(self, say: Say) -> None:
        while True:
            looked_at = [one for one in self._watched if one.source is Source.LOOKS]
            now_us = self._clock.now_us()
            due = [one for one in looked_at if one.look_due_us <= now_us]
            if due:
                if now_us >= self._clock_due_us:
                    self._ahead_us = await self._upstream.ahead_us()
                    self._clock_due_us = self._clock.now_us() + CLOCK_INTERVAL_US
                for one in due:
                    one.look_due_us = self._clock.now_us() + self._pause_us(len(looked_at))
                await all_of(*(self._look(one, say) for one in due))
            await self.alarm.sleep_until(min((one.look_due_us for one in looked_at), default=None))

    def _pause_us(self, symbols: int) -> int:
        least_s = symbols * self._upstream.budget.interval_s(LOOK_WEIGHT, LOOK_SHARE)
        return round(max(self._interval_s, least_s) * MICROSECONDS)

    async def _look(self, one: Watched, say: Say) -> None:
        depth, at_us = await self._upstream.depth(one.upstream_symbol, LOOK_LIMIT)
        moment_us = at_us + self._ahead_us
        trades, whole = await self._trades(one)
        if one.source is Source.LOOKS:  # else somebody else speaks for it by now
            say(one.looked(one.looks.take(depth, LOOK_LIMIT, moment_us, trades, whole=whole)))

    async def _trades(self, one: Watched) -> tuple[list[AggregateTrade], bool]:
        """Trades since the last look, and whether that is all of them."""
        from_id = one.looks.next_id
        trades: list[AggregateTrade] = []
        for _ in range(MOST_PAGES):
            page = await self._upstream.aggregate_trades(one.upstream_symbol, from_id, TRADES_LIMIT)
            trades += page
            if from_id is None or len(page) < TRADES_LIMIT:
                return trades, True
            from_id = page[-1].aggregate_id + 1
        return trades, False
