"""Books and trades that an exchange of ccxt's pushes by WebSocket, for the markets that are wanted.

A market is watched from its first book on. Ladders are said at most every 100 ms: trades come in a channel of
their own, and should be said before the ladder that they led to. Whatever breaks ends the watching of all, and
it begins again later, each time after a longer pause; what cannot be watched at all is left to whoever polls.
A market that is no longer wanted is not said any more, but the exchange goes on to send it until nothing is
wanted or the connection ends.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Set
from typing import Any, Final

from hypersim.clock import MICROSECONDS, Clock
from hypersim.engine.commands import OutsideUpdate
from hypersim.feeds.base import FeedFailed
from hypersim.feeds.ccxt.connection import Connection, Declined
from hypersim.feeds.ccxt.shapes import Trade, book_of, trades_of
from hypersim.feeds.ccxt.symbol import Observed

logger = logging.getLogger(__name__)

DEPTH: Final = 100
"""Levels per side. An exchange that does not take this number sends what it likes."""
HOLD_S: Final = 0.1
FIRST_BOOK_S: Final = 15.0
"""How long the first book may take; ccxt gives up connecting after 10 s."""
LONGEST_CROSSED_S: Final = 5.0
"""How long bids may stand at or above asks before the book is taken to have lost something."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 300.0
"""Before watching begins again; doubles until it has gone well for as long as the longest one."""


class Watch:
    """The pushing side of one connection. `say` takes what there is to say."""

    def __init__(
        self,
        *,
        clock: Clock,
        connection: Connection,
        name: str,
        observed: Mapping[str, Observed],
        say: Callable[[OutsideUpdate], None],
    ) -> None:
        self._clock, self._connection, self._name = clock, connection, name
        self._observed = observed
        self._say = say
        self._wanted: Set[str] = frozenset()
        self._changed = asyncio.Event()
        self._following: dict[str, asyncio.Task[None]] = {}
        self._heard_us: dict[str, int] = {}
        self._hopeless: set[str] = set()
        self._silent: FeedFailed | None = None

    @property
    def watched(self) -> Set[str]:
        """Those of our symbols whose book is followed now."""
        return self._heard_us.keys()

    def want(self, symbols: Set[str]) -> None:
        """Which of our symbols to watch from now on."""
        wanted = symbols - self._hopeless
        if wanted != self._wanted:
            self._wanted = wanted
            self._changed.set()

    def quiet(self, seconds: float) -> list[str]:
        """Watched symbols of which nothing was heard for so long."""
        before_us = self._clock.now_us() - round(seconds * MICROSECONDS)
        return [symbol for symbol, heard_us in self._heard_us.items() if heard_us <= before_us]

    def heard(self, symbol: str) -> None:
        """A quiet symbol was found to be as it was."""
        self._heard_us[symbol] = self._clock.now_us()

    def doubt(self, symbol: str) -> None:
        """A watched symbol is to be looked at: it is said in full again, and perhaps nothing is pushed for long."""
        if symbol in self._heard_us:
            self._heard_us[symbol] = 0

    def give_up(self, symbol: str) -> None:
        """A quiet symbol was found to have moved: what is said of it here is not true any more."""
        self._silent = FeedFailed(f"nothing more came of {symbol}, and it moved")
        self._changed.set()

    async def run(self) -> None:
        """Watches until it is cancelled."""
        pause_s = FIRST_PAUSE_S
        while True:
            began_us = self._clock.now_us()
            failure = await self._watch()
            self._following.clear()
            for symbol in self._heard_us:
                self._observed[symbol].lose_sight()
            self._heard_us.clear()
            await self._connection.hang_up()
            if failure is None:
                continue
            if self._clock.now_us() - began_us > LONGEST_PAUSE_S * MICROSECONDS:
                pause_s = FIRST_PAUSE_S
            logger.warning("feed %s polls, and watches again in %g s: %s", self._name, pause_s, failure)
            await self._clock.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _watch(self) -> FeedFailed | None:
        """Follows what is wanted until something breaks, or until nothing is wanted."""
        failure = None
        try:
            async with asyncio.TaskGroup() as group:
                while not self._wanted:
                    await self._changed_wanted()
                while self._wanted:
                    self._follow_wanted(group)
                    await self._changed_wanted()
                for task in self._following.values():
                    task.cancel()
        except* FeedFailed as failures:
            failure = failures.exceptions[0]
        assert failure is None or isinstance(failure, FeedFailed)
        return failure

    async def _changed_wanted(self) -> None:
        await self._changed.wait()
        self._changed.clear()
        silent, self._silent = self._silent, None
        if silent is not None:
            raise silent

    def _follow_wanted(self, group: asyncio.TaskGroup) -> None:
        for symbol in self._following.keys() - self._wanted:
            self._following.pop(symbol).cancel()
            if self._heard_us.pop(symbol, None) is not None:
                self._observed[symbol].lose_sight()
        for symbol in sorted(self._wanted - self._following.keys()):
            self._following[symbol] = group.create_task(self._follow(symbol))

    async def _follow(self, symbol: str) -> None:
        """Says books and trades of a symbol. Ends when it cannot be watched; raises FeedFailed when it broke."""
        observed = self._observed[symbol]
        early: list[Trade] = []
        trades = asyncio.create_task(self._follow_trades(symbol, early))
        books = asyncio.create_task(self._follow_books(symbol, early))
        try:
            await asyncio.wait([trades, books], return_when=asyncio.FIRST_COMPLETED)
        finally:
            trades.cancel()
            books.cancel()
            ends = await asyncio.gather(books, trades, return_exceptions=True)
        failure = next((end for end in ends if isinstance(end, Exception)), None)
        assert failure is not None, "they end only by failing"
        if symbol in self._heard_us or not isinstance(failure, Declined):
            raise failure
        logger.warning("feed %s polls %s: it cannot be watched (%s)", self._name, observed.there, failure)
        self._hopeless.add(symbol)

    async def _follow_books(self, symbol: str, early: Iterable[Trade]) -> None:
        observed, connection = self._observed[symbol], self._connection
        try:
            async with asyncio.timeout(FIRST_BOOK_S):
                depth, book = await self._first_book(observed.there)
        except TimeoutError:
            raise Declined(f"no book came within {FIRST_BOOK_S:g} s") from None
        observed.go_on_elsewhere(early)
        crossed_us = 0
        while True:
            self.heard(symbol)
            read = connection.read("watch_order_book", book, book_of)
            bid, ask = read.best
            if bid and ask and bid >= ask:
                crossed_us = crossed_us or self._clock.now_us()
                if self._clock.now_us() - crossed_us > LONGEST_CROSSED_S * MICROSECONDS:
                    raise FeedFailed(f"the book of {observed.there} stays crossed")
            else:
                crossed_us = 0
                if (update := observed.learn_book(read)) is not None:
                    self._say(update)
            book = await connection.call("watch_order_book", observed.there, *depth, shape=_as_it_is)
            await self._clock.sleep(HOLD_S)  # the book goes on changing: what is said is how it is then

    async def _first_book(self, there: str) -> tuple[tuple[int, ...], Any]:
        """What to ask for, and the first answer."""
        try:
            return (DEPTH,), await self._connection.call("watch_order_book", there, DEPTH, shape=_as_it_is)
        except Declined:
            return (), await self._connection.call("watch_order_book", there, shape=_as_it_is)

    async def _follow_trades(self, symbol: str, early: list[Trade]) -> None:
        """`early` takes those from before the first book, which may have been polled too."""
        observed = self._observed[symbol]
        while True:
            trades = await self._connection.call("watch_trades", observed.there, shape=trades_of)
            if symbol not in self._heard_us:
                early.extend(trades)
                continue
            self.heard(symbol)
            if (update := observed.learn_trades(trades)) is not None:
                self._say(update)


def _as_it_is(answer: Any) -> Any:
    """A book that ccxt goes on to change."""
    return answer
