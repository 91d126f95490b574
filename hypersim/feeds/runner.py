"""Keeps one feed running: starts it while it is wanted, and again after each failure, later each time.

Guarantees that a failure of a feed ends in one line of the log and in `failure`, never in an exception. What
becomes of what the feed says is the caller's business.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import aclosing

from hypersim.clock import MICROSECONDS, Clock
from hypersim.engine.commands import OutsideUpdate
from hypersim.feeds.base import Feed, FeedFailed, SourceStatus

logger = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1, 60
"""Before a feed that failed starts again; doubles with each failure until the feed has run for the longest
one.
"""


class FeedRunner:
    """One feed. `heard` takes what it says, `silent` is told when it ends, for whatever reason.

    `jitter` spreads the pauses, so that many exchanges do not come back to one source at the same moment.
    """

    def __init__(
        self,
        feed: Feed,
        clock: Clock,
        jitter: random.Random,
        *,
        heard: Callable[["FeedRunner", OutsideUpdate], None],
        silent: Callable[["FeedRunner"], None],
    ) -> None:
        self.feed = feed
        self.speaking = False
        """Whether it has said anything since it was started last."""
        self.failure: str | None = None
        """Why it is not speaking, in one line; None while it speaks, or was not asked to."""
        self._clock, self._jitter = clock, jitter
        self._heard, self._silent = heard, silent
        self._wanted = asyncio.Event()
        self._observing: asyncio.Task[None] | None = None

    @property
    def wanted(self) -> bool:
        return self._wanted.is_set()

    def want(self, wanted: bool) -> None:
        """Whether it should run; one that is not wanted any more stops at once."""
        if wanted:
            self._wanted.set()
        elif self.wanted:
            self._wanted.clear()
            self.failure = None
            if self._observing is not None:
                self._observing.cancel()

    def status(self) -> SourceStatus:
        return SourceStatus(wanted=self.wanted, speaking=self.speaking, failure=self.failure, report=self.feed.report())

    async def run(self) -> None:
        """Runs until it is cancelled."""
        pause_s: float = FIRST_PAUSE_S
        while True:
            await self._wanted.wait()
            began_us = self._clock.now_us()
            self._observing = asyncio.create_task(self._observe(), name=f"feed {self.feed.name}")
            [failure] = await asyncio.gather(self._observing, return_exceptions=True)
            self.speaking = False
            if isinstance(failure, asyncio.CancelledError):  # by `want`: it did not fail
                self._silent(self)
                pause_s = FIRST_PAUSE_S
                continue
            if self._clock.now_us() - began_us > LONGEST_PAUSE_S * MICROSECONDS:
                pause_s = FIRST_PAUSE_S
            wait_s = self._note(failure, pause_s * self._jitter.uniform(0.75, 1.25))
            self._silent(self)
            await self._clock.sleep(wait_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _note(self, failure: BaseException | None, pause_s: float) -> float:
        """Says what happened; returns how long to wait, which is longer where the source asked for it."""
        name = self.feed.name
        if isinstance(failure, FeedFailed):
            pause_s = max(pause_s, failure.retry_after_s)
            self.failure = f"{name}: {failure}"
            logger.warning("feed %s: %s; next try in %.1f s", name, failure, pause_s)
        elif failure is not None:
            self.failure = f"{name}: {type(failure).__name__}: {failure}"
            logger.error("feed %s broke; next try in %.1f s", name, pause_s, exc_info=failure)
        else:
            self.failure = f"{name}: ended"
            logger.warning("feed %s ended; next try in %.1f s", name, pause_s)
        return pause_s

    async def _observe(self) -> None:
        async with aclosing(self.feed.updates()) as updates:
            async for update in updates:
                self.speaking, self.failure = True, None
                self._heard(self, update)
