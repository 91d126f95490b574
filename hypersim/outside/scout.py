"""Looks at what feeds would say, without telling the exchange: where each market would stand.

Runs them as they would run, backups included, behind an `ask` that only takes notes.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from hypersim.ask import JoinedRow, Outcome
from hypersim.clock import Clock
from hypersim.engine.commands import Command, OutsideUpdate
from hypersim.feeds.base import FeedStatus
from hypersim.feeds.line import Sources
from hypersim.feeds.supervisor import FeedSupervisor, moved_to

PATIENCE_S = 10
"""For feeds to say something of every market."""


class Scout:
    """What some sources would make of the markets. Use `look` once."""

    def __init__(self, sources: Sources, clock: Clock) -> None:
        self.prices: dict[str, int] = {}
        """By symbol: where the market would stand, scale 8; those of which nothing was heard are not in it."""
        self._supervisor = FeedSupervisor(ask=self._note, clock=clock, sources=sources, seed=0)

    async def look(self) -> FeedStatus:
        """Looks until every market was heard of, or for PATIENCE_S; then the feeds are stopped."""
        running = asyncio.create_task(self._supervisor.run(), name="scout")
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE_S):
                    await self._supervisor.ready()
            return self._supervisor.status()
        finally:
            running.cancel()
            await asyncio.wait([running])

    async def _note(
        self, command: Command, *, deadline_us: int | None = None, rows: Sequence[JoinedRow] = ()
    ) -> Outcome:
        if isinstance(command, OutsideUpdate) and (price := moved_to(command)) is not None:
            self.prices[command.symbol] = price
        return Outcome(0, 0, ())
