"""Binance's market data streams over one WebSocket connection: everything, as it happens, at no request weight.

Guarantees that a symbol is spoken for by its stream only from a full ladder on and only while the connection
talks; that trades of a gap are not said; and that a connection that breaks or falls silent costs nothing but
itself: the symbols go back to whoever asks for them, and it is tried again, later each time. Keeps within
what Binance allows of a connection: its number of streams, its messages a second, its life of a day.

Sources: web-socket-streams.md, 'General WSS information' and 'How to manage a local order book correctly'; the
order of messages is the business of hypersim/feeds/binance/book.py.
"""

import itertools
import logging
import random
from collections.abc import Callable, Iterable, Set
from typing import Final
from urllib.parse import urlsplit

import msgspec
from msgspec import structs
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from hypersim.clock import MICROSECONDS, Clock
from hypersim.engine.commands import OutsideUpdate
from hypersim.feeds.base import FeedFailed
from hypersim.feeds.binance.book import BinanceBook, Observed
from hypersim.feeds.binance.chorus import Alarm, Say, all_of, together
from hypersim.feeds.binance.messages import Message, TradeMessage, decode, read_size, streams
from hypersim.feeds.binance.upstream import Upstream
from hypersim.feeds.binance.watched import Source, Watched
from hypersim.feeds.pace import Pace
from hypersim.settings import is_loopback

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT_S, CLOSE_TIMEOUT_S = 5.0, 0.5
LARGEST_MESSAGE_BYTES: Final = 4 * 2**20
SILENCE_S: Final = 10
"""A connection that says nothing for so long is given up."""
WATCH_INTERVAL_S: Final = 1.0
LIFE_S: Final = 23.5 * 3600
"""Binance ends a connection after 24 hours."""
STABLE_S: Final = 60
"""A connection that lived so long is made anew at once."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5, 300
SNAPSHOT_LIMIT: Final = 1000
SNAPSHOTS_AT_ONCE: Final = 8
FIRST_SNAPSHOT_PAUSE_US, LONGEST_SNAPSHOT_PAUSE_US = MICROSECONDS, 32 * MICROSECONDS
UNHEARD_US: Final = MICROSECONDS
"""So long a first message is waited for before the snapshot is asked for."""
PATIENCE_US: Final = 3 * MICROSECONDS
"""So long a stream may take to begin, or to find its place again, before somebody else speaks."""
MOST_STREAMED: Final = 300
"""Symbols: each has three streams, and a connection may have 1024."""
NAMED_AT_ONCE: Final = 20
"""Symbols in one message, or in the address."""
MESSAGE_INTERVAL_S: Final = 0.25
"""Binance takes five messages a second, our pongs among them."""


class Streamed:
    """A symbol on the connection."""

    def __init__(self, watched: Watched) -> None:
        self.watched = watched
        self.book = BinanceBook(watched.symbol)
        self.heard = False
        self.in_order_us = self.snapshot_due_us = 0
        """When its book was last known to be whole, and when it may ask for a snapshot."""
        self.snapshot_pause_us = FIRST_SNAPSHOT_PAUSE_US

    def begin(self, now_us: int) -> None:
        """It is on a new connection."""
        self.heard = False
        self.in_order_us, self.snapshot_due_us = now_us, now_us + UNHEARD_US


class MarketStream:
    """The streams of some symbols of an upstream. `url` says where they are; `changed` is called when symbols
    need somebody else to speak for them.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        upstream: Upstream,
        url: Callable[[], str],
        watched: Iterable[Watched],
        changed: Callable[[], None],
        pace: Pace,
        seed: int,
    ) -> None:
        self._clock = clock
        self._out: Say = lambda _: None
        self._upstream = upstream
        self._url = url
        self._changed = changed
        self._pace = pace
        self._by_name = {one.upstream_symbol: one for one in watched}
        self._jitter = random.Random(f"{seed}/stream")
        self._numbers = itertools.count(1)
        self._wanted: Set[str] = frozenset()
        self._streamed: dict[str, Streamed] = {}
        """By the upstream's name."""
        self._wanting, self._holding, self._subscribing = Alarm(clock), Alarm(clock), Alarm(clock)
        self._silent: set[str] = set()
        """The upstream's names of the symbols that have said nothing since this looked out for all of them."""
        self._settles_us: int | None = None
        self._heard_us = self._source_time_us = 0
        self._hopeful_until_us = clock.now_us() + PATIENCE_US

    def want(self, names: Iterable[str]) -> None:
        """Says which of the upstream's symbols are to be streamed."""
        wanted = frozenset(list(names)[:MOST_STREAMED])
        if wanted != self._wanted:
            self._wanted = wanted
            self._subscribing.ring()

    def about_to_speak(self, name: str) -> bool:
        """Whether a symbol that was not spoken for yet may wait for its stream."""
        return name in self._wanted and self._clock.now_us() < self._hopeful_until_us

    def moved(self, name: str) -> None:
        """What was said of a symbol is void: it is said anew."""
        if (streamed := self._streamed.get(name)) is not None and streamed.watched.source is Source.STREAM:
            self._say(streamed, streamed.book.restate(self._clock.now_us()))

    async def run(self, say: Say) -> None:
        """Keeps a connection for as long as symbols are wanted, until it is cancelled."""
        self._out = say
        pause_s: float = FIRST_PAUSE_S
        while True:
            while not self._wanted:
                await self._subscribing.sleep_until(None)
            began_us = self._clock.now_us()
            failure = await self._connection()
            for streamed in self._streamed.values():
                streamed.book.interrupted()
                streamed.watched.sampled.forget_trades()
            if self._clock.now_us() - began_us >= STABLE_S * MICROSECONDS:
                pause_s = FIRST_PAUSE_S
                logger.info("stream of %s: %s; it is made anew", self._host, failure)
                continue
            self._hopeful_until_us = 0
            self._lose(list(self._streamed))
            wait_s = pause_s * self._jitter.uniform(0.75, 1.25)
            logger.warning("stream of %s: %s; polling goes on, next try in %.0f s", self._host, failure, wait_s)
            await self._clock.sleep(wait_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    @property
    def _host(self) -> str:
        return urlsplit(self._url()).netloc

    async def _connection(self) -> str:
        """One connection, from its beginning to its end; returns why it ended, in one line."""
        first = sorted(self._wanted)[:NAMED_AT_ONCE]
        names = "/".join(name for symbol in first for name in streams(symbol))
        url = f"{self._url()}/stream?streams={names}"
        try:
            async with connect(
                url,
                open_timeout=CONNECT_TIMEOUT_S,
                close_timeout=CLOSE_TIMEOUT_S,
                max_size=LARGEST_MESSAGE_BYTES,
                compression=None,
                proxy=None if is_loopback(urlsplit(url).hostname or "") else True,
            ) as connection:
                self._heard_us = self._clock.now_us()
                self._settles_us = None
                self._silent.clear()
                self._begin(first)
                await together(
                    self._read(connection),
                    self._subscribe(connection, set(first)),
                    self._take_snapshots(),
                    self._settle(),
                    self._watch(),
                )
        except TimeoutError:
            return f"no answer within {CONNECT_TIMEOUT_S:g} s"
        except (FeedFailed, OSError, WebSocketException) as failure:
            return " ".join(str(failure).split()) or type(failure).__name__
        return "its day is over"

    def _begin(self, names: Iterable[str]) -> None:
        for name in names:
            streamed = self._streamed.setdefault(name, Streamed(self._by_name[name]))
            streamed.begin(self._clock.now_us())
            self._silent.add(name)

    async def _read(self, connection: ClientConnection) -> None:
        """Takes messages as they come. Once all symbols have said something that waits for a beat, what comes before it
        would wait too: it is taken all at once, shortly before the beat, for less (benchmarks/idle.py).
        """
        while True:
            if not self._silent and (lull_s := self._pace.lull_s()):
                await self._clock.sleep(lull_s)
                self._silent.update(self._streamed)
            message = decode(await connection.recv(decode=False))
            self._heard_us = now_us = self._clock.now_us()
            if message is not None and (streamed := self._streamed.get(message.symbol)) is not None:
                self._take(streamed, message, now_us)

    def _take(self, streamed: Streamed, message: Message, now_us: int) -> None:
        if not streamed.heard:
            streamed.heard = True
            streamed.snapshot_due_us = min(streamed.snapshot_due_us, now_us)
        watched, book = streamed.watched, streamed.book
        if isinstance(message, TradeMessage) and watched.source is Source.STREAM:
            if message.trade_id <= watched.sampled.told_id:
                return
            watched.sampled.printed(message.trade_id, read_size(message.quantity))
        self._say(streamed, book.take(message, now_us))
        if book.wants_snapshot and streamed.snapshot_due_us <= now_us:
            self._wanting.ring()
        due_us = book.due_us
        if due_us is not None and (self._settles_us is None or due_us < self._settles_us):
            self._holding.ring()

    def _say(self, streamed: Streamed, heard: Iterable[Observed]) -> None:
        watched = streamed.watched
        for observed in heard:
            update = observed.update
            self._source_time_us = max(self._source_time_us, update.source_time_us)
            if watched.source is not Source.STREAM:
                if update.ladder is None or not update.ladder.full:
                    continue
                # whoever spoke before may have said these trades
                update = structs.replace(update, prints=())
                watched.speak_for(Source.STREAM)
            self._out(watched.opened(update))
            self._silent.discard(watched.upstream_symbol)

    async def _subscribe(self, connection: ClientConnection, subscribed: set[str]) -> None:
        """Keeps the subscriptions as they are wanted."""
        while True:
            for names in _batches(subscribed - self._wanted):
                await self._ask(connection, "UNSUBSCRIBE", names)
                subscribed.difference_update(names)
            self._lose(self._streamed.keys() - self._wanted)
            for names in _batches(self._wanted - subscribed):
                self._begin(names)
                subscribed.update(names)
                await self._ask(connection, "SUBSCRIBE", names)
                self._wanting.ring()
            await self._subscribing.sleep_until(None)

    async def _ask(self, connection: ClientConnection, method: str, names: Iterable[str]) -> None:
        params = [stream for name in names for stream in streams(name)]
        request = {"method": method, "params": params, "id": next(self._numbers)}
        await connection.send(msgspec.json.encode(request).decode())
        await self._clock.sleep(MESSAGE_INTERVAL_S)

    def _lose(self, names: Iterable[str]) -> None:
        """Lets others speak for symbols that are not streamed any more."""
        for name in names:
            watched = self._streamed.pop(name).watched
            self._silent.discard(name)
            if watched.source is Source.STREAM:
                watched.speak_for(Source.TICKERS)
        self._changed()

    async def _take_snapshots(self) -> None:
        while True:
            wanting = [streamed for streamed in self._streamed.values() if streamed.book.wants_snapshot]
            now_us = self._clock.now_us()
            due = [streamed for streamed in wanting if streamed.snapshot_due_us <= now_us][:SNAPSHOTS_AT_ONCE]
            if due:
                await all_of(*(self._take_snapshot(streamed) for streamed in due))
            else:
                await self._wanting.sleep_until(min((s.snapshot_due_us for s in wanting), default=None))

    async def _take_snapshot(self, streamed: Streamed) -> None:
        now_us = self._clock.now_us()
        if now_us - streamed.snapshot_due_us > STABLE_S * MICROSECONDS:
            streamed.snapshot_pause_us = FIRST_SNAPSHOT_PAUSE_US
        pause_us = streamed.snapshot_pause_us
        streamed.snapshot_pause_us = min(2 * pause_us, LONGEST_SNAPSHOT_PAUSE_US)
        name = streamed.watched.upstream_symbol
        try:
            snapshot, _ = await self._upstream.depth(name, SNAPSHOT_LIMIT)
        except FeedFailed as failure:
            logger.warning("stream of %s: no depth of %s: %s", self._host, name, failure)
            pause_us = max(pause_us, round(failure.retry_after_s * MICROSECONDS))
        else:
            if self._streamed.get(name) is streamed:  # else it was not wanted any more
                self._say(streamed, streamed.book.take_snapshot(snapshot, SNAPSHOT_LIMIT, self._clock.now_us()))
        streamed.snapshot_due_us = self._clock.now_us() + pause_us

    async def _settle(self) -> None:
        """Says what books hold back, once it is due."""
        while True:
            now_us = self._clock.now_us()
            held = [s for s in self._streamed.values() if s.book.due_us is not None]
            for streamed in held:
                if (due_us := streamed.book.due_us) is not None and due_us <= now_us:
                    self._say(streamed, streamed.book.settle(now_us))
            self._settles_us = min((s.book.due_us for s in held if s.book.due_us is not None), default=None)
            await self._holding.sleep_until(self._settles_us)

    async def _watch(self) -> None:
        """Confirms what still holds, and gives up what is silent, out of order, or too old; returns when the
        connection's day is over.
        """
        began_us = confirmed_us = self._clock.now_us()
        while self._clock.now_us() - began_us < LIFE_S * MICROSECONDS:
            await self._clock.sleep(WATCH_INTERVAL_S)
            now_us = self._clock.now_us()
            if now_us - self._heard_us > SILENCE_S * MICROSECONDS:
                raise FeedFailed(f"it said nothing for {SILENCE_S} s")
            for name, streamed in list(self._streamed.items()):
                watched = streamed.watched
                if streamed.book.synchronised:
                    streamed.in_order_us = now_us
                    if watched.source is Source.STREAM and self._heard_us > confirmed_us:
                        self._out(OutsideUpdate(symbol=watched.symbol, source_time_us=self._source_time_us))
                elif watched.source is Source.STREAM and now_us - streamed.in_order_us > PATIENCE_US:
                    logger.warning("stream of %s: %s is out of order, polling goes on", self._host, name)
                    watched.sampled.forget_trades()
                    watched.speak_for(Source.TICKERS)
                    self._changed()
            confirmed_us = now_us


def _batches(symbols: Set[str]) -> list[list[str]]:
    names = sorted(symbols)
    return [names[start : start + NAMED_AT_ONCE] for start in range(0, len(names), NAMED_AT_ONCE)]
