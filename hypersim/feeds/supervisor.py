"""Runs the feeds of a world and tells the exchange what they saw.

Guarantees one command in flight per symbol, quotes withdrawn when nobody confirmed them for 30 s, and a feed
that fails started again, later each time. A feed's failure never reaches the exchange; a failure of the
exchange ends `run`. Knows the exchange only by `ask` and by the records that it commits.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress

from hypersim.ask import Ask
from hypersim.clock import MICROSECONDS, Clock
from hypersim.engine.commands import OutsideUpdate, Reset
from hypersim.engine.events import Committed, MarketChanged
from hypersim.engine.market import Market
from hypersim.errors import Reason, Refused
from hypersim.feeds.base import Feed, FeedFailed, FeedStatus
from hypersim.feeds.channel import Channel

logger = logging.getLogger(__name__)

STALE_AFTER_S = 30
WATCH_INTERVAL_S = 1
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1, 60
"""Before a feed that failed starts again; doubles with each failure until the feed has run for the longest
one.
"""
LONGEST_START_S = 2
"""How long an emptied world is waited for until its markets stand again."""
REFUSAL_PAUSE_S = 0.25
"""Before an exchange that is overloaded or being rebuilt is asked again."""

LATER = frozenset({Reason.OVERLOADED, Reason.SHUTTING_DOWN})
"""Refusals that say: not now, and nothing happened."""


class FeedSupervisor:
    """The outside market of one world: feeds, and the symbols that each of them observes.

    `name` and `why` say in status which feed this is and how it was chosen. `seed` is that of the pauses'
    jitter.
    """

    def __init__(
        self,
        *,
        ask: Ask,
        clock: Clock,
        name: str,
        why: str,
        feeds: Sequence[tuple[Feed, Sequence[Market]]],
        seed: int,
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._name, self._why = name, why
        self._jitter = random.Random(f"{seed}/pauses")
        self._feeds = tuple(feed for feed, _ in feeds)
        self._feed_of = {market.symbol: feed for feed, markets in feeds for market in markets}
        self._channels = {market.symbol: Channel(market, feed.name) for feed, markets in feeds for market in markets}
        self._wake = {symbol: asyncio.Event() for symbol in self._channels}
        self._first_ladders = {symbol: asyncio.Event() for symbol in self._channels}
        self._turns = {symbol: asyncio.Lock() for symbol in self._channels}
        """Held by whoever may tell the exchange of a symbol."""
        self._failures: dict[str, str] = {}
        """By the name of the feed or the symbol that they are about."""

    async def run(self) -> None:
        """Runs until it is cancelled, or until the exchange fails with something else than a refusal."""
        async with asyncio.TaskGroup() as tasks:
            for feed in self._feeds:
                tasks.create_task(self._keep_running(feed), name=f"feed {feed.name}")
            for channel in self._channels.values():
                tasks.create_task(self._tell(channel), name=f"outside {channel.symbol}")
            tasks.create_task(self._watch(), name="stale quotes")

    async def ready(self) -> None:
        """Returns once the exchange has the first ladder of every symbol. Only while `run` runs."""
        for laid in self._first_ladders.values():
            await laid.wait()

    @asynccontextmanager
    async def starting_over(self) -> AsyncIterator[None]:
        """For a block that empties the world: nothing that was seen before it is told after it.

        Ends with the first ladders of the new world, as far as they come within LONGEST_START_S.
        """
        async with AsyncExitStack() as stack:
            for turn in self._turns.values():
                await stack.enter_async_context(turn)
            yield
        with suppress(TimeoutError):
            await asyncio.wait_for(self.ready(), LONGEST_START_S)

    def rebuilt(self) -> None:
        """The exchange was rebuilt: what became durable on the way was not folded, so everything is said anew."""
        for channel in self._channels.values():
            channel.restarted()

    def fold(self, records: Sequence[Committed]) -> None:
        """Takes note of what others did to the markets: hands on them, resets, new rules. A listener of the
        writer.
        """
        for record in records:
            command = record.command
            if isinstance(command, OutsideUpdate):
                channel = self._channels.get(command.symbol)
                if channel is not None and channel.in_flight != command:
                    channel.disturbed()
                    price = moved_to(command)
                    if price is not None:
                        self._feed_of[command.symbol].moved(command.symbol, price)
            elif isinstance(command, Reset):
                for symbol, channel in self._channels.items():
                    channel.emptied()
                    self._first_ladders[symbol].clear()
                    self._feed_of[symbol].moved(symbol, None)
            for event in record.events:
                if isinstance(event, MarketChanged) and event.market.symbol in self._channels:
                    self._channels[event.market.symbol].regrid(event.market)

    def status(self) -> FeedStatus:
        now_us = self._clock.now_us()
        return FeedStatus(
            name=self._name,
            why=self._why,
            failure="; ".join(self._failures.values()) or None,
            symbols={symbol: channel.status(now_us) for symbol, channel in self._channels.items()},
        )

    async def _keep_running(self, feed: Feed) -> None:
        pause_s: float = FIRST_PAUSE_S
        while True:
            began_us = self._clock.now_us()
            [failure] = await asyncio.gather(self._observe(feed), return_exceptions=True)
            if self._clock.now_us() - began_us > LONGEST_PAUSE_S * MICROSECONDS:
                pause_s = FIRST_PAUSE_S
            wait_s = pause_s * self._jitter.uniform(0.75, 1.25)
            if isinstance(failure, FeedFailed):
                wait_s = max(wait_s, failure.retry_after_s)
                self._failures[feed.name] = f"{feed.name}: {failure}"
                logger.warning("feed %s: %s; next try in %.1f s", feed.name, failure, wait_s)
            elif isinstance(failure, Exception):
                self._failures[feed.name] = f"{feed.name}: {type(failure).__name__}: {failure}"
                logger.error("feed %s broke; next try in %.1f s", feed.name, wait_s, exc_info=failure)
            else:
                self._failures[feed.name] = f"{feed.name}: ended"
                logger.warning("feed %s ended; next try in %.1f s", feed.name, wait_s)
            for channel in self._channels_of(feed):
                channel.restarted()
            await self._clock.sleep(wait_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _observe(self, feed: Feed) -> None:
        async with aclosing(feed.updates()) as updates:
            async for update in updates:
                channel = self._channels[update.symbol]
                channel.observe(update, self._clock.now_us())
                self._wake[update.symbol].set()
                self._failures.pop(feed.name, None)

    def _channels_of(self, feed: Feed) -> list[Channel]:
        return [channel for symbol, channel in self._channels.items() if self._feed_of[symbol] is feed]

    async def _tell(self, channel: Channel) -> None:
        wake = self._wake[channel.symbol]
        while True:
            await wake.wait()
            wake.clear()
            while await self._tell_next(channel):
                pass

    async def _tell_next(self, channel: Channel) -> bool:
        """Tells the exchange what there is to tell of a symbol; whether there was anything."""
        async with self._turns[channel.symbol]:
            command = channel.next_command()
            if command is None:
                return False
            try:
                await self._ask(command)
            except Refused as refused:
                self._refused(channel, refused)
            else:
                channel.taken_in()
                self._failures.pop(channel.symbol, None)
                if channel.quoted:
                    self._first_ladders[channel.symbol].set()
                return True
        await self._clock.sleep(REFUSAL_PAUSE_S)
        return True

    def _refused(self, channel: Channel, refused: Refused) -> None:
        """What the exchange cannot take now is for later; what it will never take waits for the feed to say
        more.
        """
        if refused.reason in LATER:
            channel.to_repeat()
        elif refused.reason is Reason.STATUS_UNKNOWN:
            channel.lost()
        else:
            channel.refused()
            failure = f"{channel.symbol}: the exchange refused an update ({refused.reason})"
            if self._failures.get(channel.symbol) != failure:
                logger.error(failure)
            self._failures[channel.symbol] = failure

    async def _watch(self) -> None:
        while True:
            await self._clock.sleep(WATCH_INTERVAL_S)
            stale_before_us = self._clock.now_us() - STALE_AFTER_S * MICROSECONDS
            stale = [channel.symbol for channel in self._channels.values() if channel.expire(stale_before_us)]
            for symbol in stale:
                self._wake[symbol].set()
            if stale:
                logger.warning("quotes withdrawn, not confirmed for %s s: %s", STALE_AFTER_S, ", ".join(stale))


def moved_to(command: OutsideUpdate) -> int | None:
    """The price (scale 8) that an update leaves the market at: between the quotes it lays, else its last
    trade's.
    """
    ladder = command.ladder
    if ladder is not None:
        bids = [price for price, size in ladder.bids if size]
        asks = [price for price, size in ladder.asks if size]
        if bids and asks:
            return (max(bids) + min(asks)) // 2
        if bids or asks:
            return max(bids) if bids else min(asks)
    return command.prints[-1].price if command.prints else None
