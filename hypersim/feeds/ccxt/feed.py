"""Live prices from any exchange that ccxt knows.

What is in demand is seen closely: books and trades, pushed where the exchange can (hypersim/feeds/ccxt/watch.py),
else polled, the book first and then the trades that led to it. The others are seen from afar, by their tickers
in one request; by their books in turn where there are no such tickers. Never asks faster than the exchange's
rate limit in ccxt allows, so that many markets in demand are polled more slowly than the interval says. Trades
that an exchange no longer shows at the next look are missed.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence, Set
from typing import Any, Final

from hypersim.clock import MICROSECONDS, Clock
from hypersim.engine.commands import OutsideUpdate
from hypersim.engine.market import Market
from hypersim.feeds.base import FeedFailed, Sight, SourceReport
from hypersim.feeds.ccxt.connection import Connection, Declined, Unlisted
from hypersim.feeds.ccxt.shapes import Book, Ticker, Trade, book_of, tickers_of, trades_of
from hypersim.feeds.ccxt.symbol import Observed
from hypersim.feeds.ccxt.watch import DEPTH, Watch
from hypersim.feeds.demand import Demand

logger = logging.getLogger(__name__)

DAY_INTERVAL_S: Final = 10.0
MOST_NAMED: Final = 100
"""Symbols named in a request for tickers; of more, all tickers are asked for."""
TRADES: Final = 500
"""Asked for at each look, the newest ones."""
QUIET_S: Final = 10.0
"""After how long a watched market that nothing was heard of is looked at."""


class CcxtFeed:
    """Markets of ours, each with its unified symbol on the exchange of that id.

    `traded` are our symbols that have a last price in this world; the others begin with the last trade there.
    `config` goes to ccxt's class, as its users write it: addresses, options, a proxy. Raises SettingsError where
    ccxt is missing or does not know the exchange.
    """

    real = True

    def __init__(
        self,
        *,
        clock: Clock,
        exchange_id: str,
        markets: Sequence[tuple[Market, str]],
        interval_ms: int,
        seed: int,
        traded: Iterable[str],
        demand: Demand,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = f"ccxt:{exchange_id}"
        self._clock = clock
        self._markets = tuple(markets)
        self._interval_s = interval_ms / 1000
        self._seed = seed
        self._traded = set(traded)
        self._demand, self._growth = demand, demand.growth
        self._connection = Connection(exchange_id, config or {})
        self._observed: dict[str, Observed] = {}
        self._watch: Watch | None = None
        self._turn: deque[str] = deque()
        """Symbols to be looked at in turn."""
        self._left_out: set[str] = set()
        """Symbols that the exchange turned out not to have."""
        self._day_due_us = 0
        self._has_quotes = self._has_trades = False
        self._depth: tuple[int, ...] = (DEPTH,)

    def sight(self, symbol: str) -> Sight | None:
        observed = self._observed.get(symbol)
        if observed is None:
            return None
        if symbol in self._watched:
            return Sight.STREAM
        return Sight.TICKERS if observed.has_day else Sight.BOOK

    def report(self) -> SourceReport:
        watched = len(self._watched)
        return SourceReport(
            host=self._connection.host, transport="websocket" if watched else "polling", streamed=watched
        )

    async def listed(self) -> frozenset[str]:
        """Those of our symbols whose market there exists and trades. Raises FeedFailed."""
        async with self._connection.opened():
            return frozenset(market.symbol for market, there in self._markets if self._connection.trades(there))

    async def updates(self) -> AsyncGenerator[OutsideUpdate, None]:
        said: asyncio.Queue[OutsideUpdate | None] = asyncio.Queue()
        work = asyncio.create_task(self._observe(said))
        work.add_done_callback(lambda _: said.put_nowait(None))
        try:
            while (update := await said.get()) is not None:
                if self._observed[update.symbol].traded:
                    self._traded.add(update.symbol)
                yield update
            work.result()
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    def moved(self, symbol: str, price: int | None) -> None:
        if price is None:
            self._traded.discard(symbol)
        if symbol in self._observed:
            self._observed[symbol].forget(traded=price is not None)
        if self._watch is not None:
            self._watch.doubt(symbol)

    @property
    def _watched(self) -> Set[str]:
        return self._watch.watched if self._watch is not None else frozenset()

    async def _observe(self, said: asyncio.Queue[OutsideUpdate | None]) -> None:
        """Says what is seen until something fails."""
        failure: BaseException | None = None
        async with self._connection.opened():
            self._begin()
            try:
                async with asyncio.TaskGroup() as group:
                    if self._connection.can("watchOrderBook", "watchTrades"):
                        self._watch = self._new_watch(said)
                        group.create_task(self._watch.run())
                    group.create_task(self._poll(said))
            except* FeedFailed as failures:
                failure = failures.exceptions[0]
            finally:
                self._watch = None
        assert failure is not None, "they end only by failing"
        raise failure

    def _new_watch(self, said: asyncio.Queue[OutsideUpdate | None]) -> Watch:
        return Watch(
            clock=self._clock,
            connection=self._connection,
            name=self.name,
            observed=self._observed,
            say=said.put_nowait,
        )

    def _begin(self) -> None:
        """Nothing is known yet of the markets that are there."""
        connection = self._connection
        self._observed = {
            market.symbol: Observed(market, there, self._seed, traded=market.symbol in self._traded)
            for market, there in self._markets
            if connection.trades(there)
        }
        missing = [there for market, there in self._markets if market.symbol not in self._observed]
        if missing:
            connection.forget_markets()
        if not self._observed:
            raise FeedFailed(f"{connection.host} has none of {', '.join(missing)}")
        if missing:
            logger.warning("feed %s: %s has no %s", self.name, connection.host, ", ".join(missing))
        self._has_quotes = connection.can("fetchBidsAsks")
        self._has_trades = connection.can("fetchTrades")
        self._turn = deque(() if connection.can("fetchTickers") else self._observed)
        self._left_out.clear()
        self._day_due_us = 0

    async def _poll(self, said: asyncio.Queue[OutsideUpdate | None]) -> None:
        """One round after the other: from afar, closely, whatever watching went quiet about, in turn."""
        due_us = self._clock.now_us()
        while True:
            there = self._observed.keys() - self._left_out
            close = self._demand.active() & there
            if self._watch is not None:
                self._watch.want(close)
            far = there - close
            due_us = max(due_us + round(self._interval_s * MICROSECONDS), self._clock.now_us())
            await self._sample(far.difference(self._turn), said)
            for symbol in sorted(close):
                await self._look(symbol, said)
            await self._ask_after_quiet(said)
            for _ in range(len(self._turn)):
                self._turn.rotate(-1)
                if self._turn[-1] in far:
                    await self._look(self._turn[-1], said)
                if self._clock.now_us() >= due_us:
                    break
            await self._pause(due_us)

    async def _pause(self, until_us: int) -> None:
        """Until then, or until a market comes into demand."""
        waits = [
            asyncio.create_task(self._clock.sleep((until_us - self._clock.now_us()) / MICROSECONDS)),
            asyncio.create_task(self._demand.grown(self._growth)),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            self._growth = self._demand.growth
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.wait(waits)

    async def _sample(self, symbols: Set[str], said: asyncio.Queue[OutsideUpdate | None]) -> None:
        """Looks at some symbols from afar. Those that have no ticker are looked at in turn from then on."""
        sampled = [observed for symbol, observed in self._observed.items() if symbol in symbols]
        if not sampled:
            return
        try:
            quotes = await self._tickers(sampled)
        except Declined as declined:
            logger.warning("feed %s looks at books in turn: %s", self.name, declined)
            self._turn.extend(observed.market.symbol for observed in sampled)
            return
        for observed in sampled:
            ticker = quotes.get(observed.there)
            if ticker is None or not (ticker.quote.bid or ticker.quote.ask):
                self._turn.append(observed.market.symbol)
            elif (update := observed.learn_quote(ticker)) is not None:
                said.put_nowait(update)

    async def _tickers(self, sampled: list[Observed]) -> dict[str, Ticker]:
        """Quotes; the figures of the day are learnt on the way when they are due."""
        names = [observed.there for observed in sampled]
        named = names if len(names) <= MOST_NAMED else None
        days: dict[str, Ticker] = {}
        due = self._clock.now_us() >= self._day_due_us or not all(observed.has_day for observed in sampled)
        if due or not self._has_quotes:
            self._day_due_us = self._clock.now_us() + round(DAY_INTERVAL_S * MICROSECONDS)
            days = await self._connection.call("fetch_tickers", named, shape=tickers_of)
            for observed in sampled:
                if observed.there in days:
                    observed.learn_day(days[observed.there])
        if self._has_quotes:
            return await self._connection.call("fetch_bids_asks", named, shape=tickers_of)
        return days

    async def _look(self, symbol: str, said: asyncio.Queue[OutsideUpdate | None]) -> None:
        """Looks closely at a symbol, unless it is watched."""
        if symbol in self._watched:
            return
        observed = self._observed[symbol]
        trades: list[Trade] = []
        try:
            book = await self._book(observed)
            if self._has_trades:
                trades = await self._connection.call("fetch_trades", observed.there, None, TRADES, shape=trades_of)
        except Unlisted as unlisted:
            self._left_out.add(symbol)
            if self._left_out >= self._observed.keys():
                raise
            logger.warning("feed %s leaves %s out: %s", self.name, observed.there, unlisted)
            return
        if symbol not in self._watched and (update := observed.learn_look(book, trades)) is not None:
            said.put_nowait(update)

    async def _book(self, observed: Observed) -> Book:
        """As deep as we would have it, where the exchange takes that number; else as deep as it likes."""
        try:
            return await self._connection.call("fetch_order_book", observed.there, *self._depth, shape=book_of)
        except Unlisted:
            raise
        except Declined:
            if not self._depth:
                raise
        self._depth = ()
        return await self._connection.call("fetch_order_book", observed.there, shape=book_of)

    async def _ask_after_quiet(self, said: asyncio.Queue[OutsideUpdate | None]) -> None:
        """Confirms watched markets in which nothing happens, and finds those of which nothing comes."""
        watch = self._watch
        if watch is None:
            return
        for symbol in watch.quiet(QUIET_S):
            observed = self._observed[symbol]
            book = await self._book(observed)
            if symbol not in watch.quiet(QUIET_S):
                continue
            if book.best != observed.best:
                watch.give_up(symbol)
            elif (update := observed.learn_book(book)) is not None:
                watch.heard(symbol)
                said.put_nowait(update)
