"""Looks at what feeds would say, without telling the exchange: where each market would stand.

Runs them as they would run, backups included, behind an `ask` that only takes notes.
"""

import asyncio
from collections.abc import Sequence

from hypersim.ask import JoinedRow, Outcome
from hypersim.clock import MICROSECONDS, Clock
from hypersim.engine.commands import Command, OutsideUpdate
from hypersim.feeds.base import FeedStatus
from hypersim.feeds.line import Sources
from hypersim.feeds.supervisor import FeedSupervisor, moved_to

PATIENCE_S, LOOK_INTERVAL_S = 4, 0.05
"""For feeds to say something of every market, and how often it is looked whether they did."""


class Scout:
    """What some sources would make of the markets. Use `look` once."""

    def __init__(self, sources: Sources, clock: Clock) -> None:
        self.prices: dict[str, int] = {}
        """By symbol: where the market would stand, scale 8; those of which nothing was heard are not in it."""
        self._clock = clock
        self._supervisor = FeedSupervisor(ask=self._note, clock=clock, sources=sources, seed=0)

    async def look(self) -> FeedStatus:
        """Looks until every market was heard of, until every feed that runs has failed, or for PATIENCE_S; then the
        feeds are stopped.
        """
        running = asyncio.create_task(self._supervisor.run(), name="scout")
        ready = asyncio.create_task(self._supervisor.ready(), name="scout is ready")
        until_us = self._clock.now_us() + PATIENCE_S * MICROSECONDS
        try:
            while not (ready.done() or running.done() or self._supervisor.hopeless or self._clock.now_us() >= until_us):
                await self._clock.sleep(LOOK_INTERVAL_S)
            return self._supervisor.status()
        finally:
            for task in (running, ready):
                task.cancel()
            await asyncio.wait([running, ready])

    async def _note(
        self, command: Command, *, deadline_us: int | None = None, rows: Sequence[JoinedRow] = ()
    ) -> Outcome:
        if isinstance(command, OutsideUpdate) and (price := moved_to(command)) is not None:
            self.prices[command.symbol] = price
        return Outcome(0, 0, ())
