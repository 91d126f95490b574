"""A feed that says what a test puts into it, and a supervisor that runs it on the desk."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence, Set
from contextlib import asynccontextmanager

from hypersim.engine.commands import Command, OutsideUpdate
from hypersim.engine.market import Market
from hypersim.feeds.base import Sight, SourceReport
from hypersim.feeds.levers.levers import Levers
from hypersim.feeds.pace import Pace
from hypersim.feeds.supervisor import FeedSupervisor
from tests.feeds.desk import MARKET, Desk, VirtualClock, fed_by, ladder, settle

BOOK = ladder([(99, 5)], [(101, 4)], full=True)


class ScriptedFeed:
    """A feed that says, or raises, what a test puts into it."""

    real = False

    def __init__(self, name: str = "scripted") -> None:
        self.name = name
        self.script: asyncio.Queue[OutsideUpdate | Exception] = asyncio.Queue()
        self.starts_us: list[int] = []
        self.moves: list[tuple[str, int | None]] = []
        self._clock: VirtualClock | None = None

    def timed_by(self, clock: VirtualClock) -> "ScriptedFeed":
        self._clock = clock
        return self

    async def updates(self) -> AsyncGenerator[OutsideUpdate, None]:
        assert self._clock is not None
        self.starts_us.append(self._clock.now_us())
        while True:
            said = await self.script.get()
            if isinstance(said, Exception):
                raise said
            yield said

    def report(self) -> SourceReport:
        return SourceReport()

    def sight(self, symbol: str) -> Sight:
        return Sight.BOOK

    def moved(self, symbol: str, price: int | None) -> None:
        self.moves.append((symbol, price))

    def say(self, *said: OutsideUpdate | Exception) -> None:
        for update in said:
            self.script.put_nowait(update)


@asynccontextmanager
async def supervised(
    desk: Desk,
    clock: VirtualClock,
    *feeds: ScriptedFeed,
    hurried: Set[str] = frozenset({MARKET.symbol}),
    levers: Levers | None = None,
    market: Market = MARKET,
) -> AsyncIterator[FeedSupervisor]:
    supervisor = FeedSupervisor(
        ask=desk,
        clock=clock,
        sources=fed_by([market], *(feed.timed_by(clock) for feed in feeds)),
        seed=1,
        pace=Pace(clock, lambda: hurried),
        levers=levers,
    )
    desk.listeners.append(supervisor.fold)
    running = asyncio.create_task(supervisor.run())
    await settle()
    try:
        yield supervisor
    finally:
        running.cancel()
        await asyncio.wait([running])


def ladders(commands: Sequence[Command]) -> list[object]:
    return [command.ladder for command in commands if isinstance(command, OutsideUpdate)]
