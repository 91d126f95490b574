"""How much a feed may ask of its upstream: request weight within any minute.

Guarantees that no 60 seconds hold more weight than the budget. Knows nothing of what others spend from the
same address; the budget leaves room for them.
"""

from collections import deque

from hypersim.clock import MICROSECONDS, Clock

WINDOW_US = 60 * MICROSECONDS


class WeightBudget:
    """Request weight a minute. One spender at a time."""

    def __init__(self, clock: Clock, per_minute: int) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._spendings: deque[tuple[int, int]] = deque()

    @property
    def spent(self) -> int:
        """Within the last minute."""
        return sum(weight for _, weight in self._recent())

    async def spend(self, weight: int) -> None:
        """Returns once that much may be spent. What is more than the whole budget waits for an
        idle minute.
        """
        while (recent := self._recent()) and self.spent + weight > self.per_minute:
            idle_us = recent[0][0] + WINDOW_US - self._clock.now_us()
            await self._clock.sleep(idle_us / MICROSECONDS)
        self._spendings.append((self._clock.now_us(), weight))

    def interval_s(self, weight: int, share: float = 1.0) -> float:
        """How often something of this weight may be asked, if it may have a share of the budget."""
        return 60 * weight / (share * self.per_minute)

    def _recent(self) -> deque[tuple[int, int]]:
        before_us = self._clock.now_us() - WINDOW_US
        while self._spendings and self._spendings[0][0] <= before_us:
            self._spendings.popleft()
        return self._spendings
