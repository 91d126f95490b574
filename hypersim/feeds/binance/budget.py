"""How much may be asked of an upstream: request weight within any minute, shared by all who ask.

Guarantees that no 60 seconds hold more weight than the budget, that quotes go before depth and depth before
the past, that a burst of the later ones leaves room for the earlier ones, and that nobody waits for ever:
waiting makes a request more urgent. Knows nothing of what others spend from the same address; the budget
leaves room for them.
"""

import asyncio
import enum
from collections import deque

from msgspec import Struct

from hypersim.clock import MICROSECONDS, Clock

WINDOW_US = 60 * MICROSECONDS


class Priority(enum.IntEnum):
    """What a request is for, the most urgent first."""

    QUOTES = 0
    DEPTH = 1
    PAST = 2


PATIENCE_US = {Priority.QUOTES: 0, Priority.DEPTH: 5 * MICROSECONDS, Priority.PAST: 30 * MICROSECONDS}
"""By how much a later request of higher priority may overtake."""
SHARES = {Priority.QUOTES: 1.0, Priority.DEPTH: 0.75, Priority.PAST: 0.25}
"""Of the budget of any minute: the most that this priority and those after it spend together."""


class Waiting(Struct, eq=False):
    """A request for weight. `rank` is from when on nobody new overtakes it."""

    rank: tuple[int, int]
    weight: int
    priority: Priority


class WeightBudget:
    """Request weight a minute, for any number of spenders."""

    def __init__(self, clock: Clock, per_minute: int) -> None:
        self.clock = clock
        self.per_minute = per_minute
        self._spendings: deque[tuple[int, int, Priority]] = deque()
        self._waiting: list[Waiting] = []
        self._arrivals = 0
        self._moved = asyncio.Event()
        """Set, and made anew, when somebody leaves the queue."""

    @property
    def spent(self) -> int:
        """Within the last minute."""
        return sum(weight for _, weight, _ in self._recent())

    async def spend(self, weight: int, priority: Priority = Priority.QUOTES) -> None:
        """Returns once that much may be spent. What is more than its share of the budget waits for an
        idle minute.
        """
        self._arrivals += 1
        mine = Waiting((self.clock.now_us() + PATIENCE_US[priority], self._arrivals), weight, priority)
        self._waiting.append(mine)
        try:
            while (wait_us := self._wait_us(mine)) != 0:
                if wait_us is None:
                    await self._moved.wait()
                else:
                    await self.clock.sleep(wait_us / MICROSECONDS)
            self._spendings.append((self.clock.now_us(), weight, priority))
        finally:
            self._waiting.remove(mine)
            self._moved.set()
            self._moved = asyncio.Event()

    def interval_s(self, weight: int, share: float = 1.0) -> float:
        """How often something of this weight may be asked, if it may have a share of the budget."""
        return 60 * weight / (share * self.per_minute)

    def _wait_us(self, mine: Waiting) -> int | None:
        """How long until it may be spent, if nobody else comes; None while somebody goes before."""
        share_us = self._idle_us(mine, mine.priority)
        if share_us:
            return share_us
        if any(other.rank < mine.rank and not self._idle_us(other, other.priority) for other in self._waiting):
            return None
        return self._idle_us(mine, Priority.QUOTES)

    def _idle_us(self, request: Waiting, limit: Priority) -> int:
        """How long until its weight fits into what a priority and those after it may spend."""
        spendings = [(at_us, weight) for at_us, weight, priority in self._recent() if priority >= limit]
        excess = sum(weight for _, weight in spendings) + request.weight - SHARES[limit] * self.per_minute
        until_us = 0
        for at_us, weight in spendings:
            if excess <= 0:
                break
            excess -= weight
            until_us = at_us + WINDOW_US
        return max(0, until_us - self.clock.now_us())

    def _recent(self) -> deque[tuple[int, int, Priority]]:
        before_us = self.clock.now_us() - WINDOW_US
        while self._spendings and self._spendings[0][0] <= before_us:
            self._spendings.popleft()
        return self._spendings
