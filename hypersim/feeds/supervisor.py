"""Runs the feeds of a world and tells the exchange what they saw.

Guarantees one command in flight per symbol, quotes withdrawn when nobody confirmed them for 30 s, and a feed
that fails started again, later each time. A feed's failure never reaches the exchange; a failure of the
exchange ends `run`. Knows the exchange only by `ask` and by the records that it commits.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from hypersim.ask import Ask
from hypersim.clock import MICROSECONDS, Clock
from hypersim.engine.commands import OutsideUpdate, PutMarket, Reset
from hypersim.engine.events import Committed
from hypersim.errors import Reason, Refused
from hypersim.feeds.base import FeedStatus
from hypersim.feeds.channel import Channel
from hypersim.feeds.levers.levers import Levers
from hypersim.feeds.line import Line, Sources
from hypersim.feeds.pace import Pace
from hypersim.feeds.runner import FeedRunner

logger = logging.getLogger(__name__)

STALE_AFTER_S = 30
WATCH_INTERVAL_S = 1
LONGEST_START_S = 2
"""How long an emptied world is waited for until its markets stand again."""
REFUSAL_PAUSE_S = 0.25
"""Before an exchange that is overloaded or being rebuilt is asked again."""

LATER = frozenset({Reason.OVERLOADED, Reason.SHUTTING_DOWN})
"""Refusals that say: not now, and nothing happened."""


class FeedSupervisor:
    """The outside market of one world, as some sources show it.

    `pace` says how long updates of markets are gathered on which nobody has an order; it beats while this runs. `seed`
    is that of the pauses' jitter. `levers` bend what the sources say.
    """

    def __init__(
        self,
        *,
        ask: Ask,
        clock: Clock,
        sources: Sources,
        seed: int,
        pace: Pace | None = None,
        levers: Levers | None = None,
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._sources = sources
        self._pace = pace or Pace(clock)
        self._running = False
        jitter = random.Random(f"{seed}/pauses")
        feeds = {id(feed): feed for _, order in sources.markets.values() for feed in order}
        self._runners = {
            key: FeedRunner(feed, clock, jitter, heard=self._heard, silent=self._silent) for key, feed in feeds.items()
        }
        self._lines = {
            symbol: Line(market, [self._runners[id(feed)] for feed in order])
            for symbol, (market, order) in sources.markets.items()
        }
        self.channels = {symbol: line.channel for symbol, line in self._lines.items()}
        """By symbol."""
        self._levers = levers
        if levers is not None:
            levers.move(self)
        self._failures: dict[str, str] = {}
        """By the symbol that they are about."""
        self._failing: set[int] | None = None
        """The runners that failed when it was last worked out which are wanted."""
        self._want()

    async def run(self) -> None:
        """Runs until it is cancelled, or until the exchange fails with something else than a refusal."""
        self._running = True
        try:
            await self._run()
        finally:
            self._running = False

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for runner in self._runners.values():
                tasks.create_task(runner.run(), name=f"runner {runner.feed.name}")
            for line in self._lines.values():
                tasks.create_task(self._tell(line), name=f"outside {line.channel.symbol}")
            tasks.create_task(self._pace.run(), name="beats")
            tasks.create_task(self._watch(), name="stale quotes")
            if self._levers is not None:
                tasks.create_task(self._levers.run(), name="price paths")

    def _want(self) -> None:
        """Has a feed run where a market has no better one, or where all better ones fail."""
        failing = {key for key, runner in self._runners.items() if runner.failure is not None}
        if failing == self._failing:
            return
        self._failing = failing
        wanted = set()
        for line in self._lines.values():
            for runner in line.runners:
                wanted.add(id(runner))
                if runner.failure is None:
                    break
        for runner in self._runners.values():
            runner.want(id(runner) in wanted)

    def _heard(self, runner: FeedRunner, update: OutsideUpdate) -> None:
        line = self._lines[update.symbol]
        if line.heard(runner, update, self._clock.now_us()):
            self._want()

    def _silent(self, runner: FeedRunner) -> None:
        for line in self._lines.values():
            line.silent(runner)
        self._want()

    @property
    def hopeless(self) -> bool:
        """Whether every feed that runs has failed: nobody is about to speak."""
        return all(runner.failure is not None for runner in self._runners.values() if runner.wanted)

    async def ready(self) -> None:
        """Returns once the exchange has the first ladder of every symbol. Only while `run` runs."""
        for line in self._lines.values():
            await line.laid.wait()

    @asynccontextmanager
    async def starting_over(self) -> AsyncIterator[None]:
        """For a block that empties the world: nothing that was seen before it is told after it.

        Ends with the first ladders of the new world, as far as they come within LONGEST_START_S.
        """
        async with AsyncExitStack() as stack:
            for line in self._lines.values():
                await stack.enter_async_context(line.turn)
            yield
        with suppress(TimeoutError):
            await asyncio.wait_for(self.ready(), LONGEST_START_S)

    @asynccontextmanager
    async def by_hand(self, symbol: str) -> AsyncIterator[None]:
        """For a block that moves a market by hand: nothing that was seen before it is told after it."""
        line = self._lines.get(symbol)
        if line is None:
            yield
        else:
            async with line.turn:
                yield

    def rebuilt(self) -> None:
        """The exchange was rebuilt: what became durable on the way was not folded, so everything is said anew."""
        for line in self._lines.values():
            line.channel.restarted()
        if self._levers is not None:
            self._levers.rebuilt()

    def fold(self, record: Committed) -> None:
        """Takes note of what others did to the markets: hands on them, resets, new rules. A listener of the
        writer.
        """
        if self._levers is not None:
            self._levers.fold(record)
        command = record.command
        if type(command) is OutsideUpdate:
            line = self._lines.get(command.symbol)
            if line is not None and line.channel.in_flight != command:
                line.moved(moved_to(command))
        elif type(command) is Reset:
            for line in self._lines.values():
                line.emptied()
        elif type(command) is PutMarket and command.market.symbol in self._lines:
            self._lines[command.market.symbol].channel.regrid(command.market)

    def status(self) -> FeedStatus:
        now_us = self._clock.now_us()
        failures = [runner.failure for runner in self._runners.values() if runner.failure is not None]
        return FeedStatus(
            name=self._sources.name,
            why=self._sources.why,
            failure="; ".join([*failures, *self._failures.values()]) or None,
            sources={runner.feed.name: runner.status() for runner in self._runners.values()},
            symbols={symbol: line.status(now_us) for symbol, line in self._lines.items()},
            notes=self._sources.notes,
        )

    def wake(self, symbol: str) -> None:
        """There is something to tell of a market."""
        self._lines[symbol].wake.set()

    async def tell(self, symbol: str) -> None:
        """Returns once the exchange was told what there was to tell of a market, or has refused it."""
        if self._running:  # else somebody else is about to speak
            await self._tell_next(self._lines[symbol])

    async def _tell(self, line: Line) -> None:
        symbol = line.channel.symbol
        while True:
            await line.wake.wait()
            line.wake.clear()
            while await self._tell_next(line):
                pass
            if symbol not in self._pace.hurried():
                await self._pace.beat()

    async def _tell_next(self, line: Line) -> bool:
        """Tells the exchange what there is to tell of a market; whether there was anything."""
        channel = line.channel
        async with line.turn:
            command = channel.next_command()
            if command is None:
                return False
            try:
                await self._ask(command)
            except Refused as refused:
                self._refused(channel, refused)
            except asyncio.CancelledError:
                channel.lost()
                raise
            else:
                channel.taken_in()
                self._failures.pop(channel.symbol, None)
                if channel.quoted:
                    line.laid.set()
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
            stale = [line for line in self._lines.values() if line.channel.expire(stale_before_us)]
            for line in stale:
                line.wake.set()
            if stale:
                symbols = ", ".join(line.channel.symbol for line in stale)
                logger.warning("quotes withdrawn, not confirmed for %s s: %s", STALE_AFTER_S, symbols)


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
