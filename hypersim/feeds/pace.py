"""How often the exchange is told of markets on which nobody has an order: all of them together, at beats.

Guarantees that what is gathered is never told later than a beat after what was told before, and that a feed may know
when nobody listens. Who runs a pace says when it beats; one that nobody runs never asks anybody to wait.
"""

import asyncio
from collections.abc import Callable, Set
from typing import Final

from hypersim.clock import MICROSECONDS, Clock

PACE_S: Final = 0.1
"""From beat to beat: fewer commands, the same book, and one batch of the store for all markets."""
LEAD_S: Final = 0.01
"""So long before a beat feeds look again, that what they see then is told at it."""


class Pace:
    """The beats of one world. `hurried` tells the symbols on which somebody has an open order: nothing of these waits
    for a beat.
    """

    def __init__(self, clock: Clock, hurried: Callable[[], Set[str]] = frozenset) -> None:
        self.hurried = hurried
        self._clock = clock
        self._beat = asyncio.Event()
        """Set, and made anew, at every beat."""
        self._lull_ends_us = 0

    async def run(self) -> None:
        """Beats until it is cancelled."""
        while True:
            self._lull_ends_us = self._clock.now_us() + round((PACE_S - LEAD_S) * MICROSECONDS)
            await self._clock.sleep(PACE_S)
            self._beat.set()
            self._beat = asyncio.Event()

    async def beat(self) -> None:
        """Returns at the next beat."""
        await self._beat.wait()

    def lull_s(self) -> float:
        """How long nothing is told of markets of which something was told at the last beat; 0 where anybody may wait
        for it.
        """
        left_us = self._lull_ends_us - self._clock.now_us()
        return left_us / MICROSECONDS if left_us > 0 and not self.hurried() else 0
