"""Time: the only reader of the clock and the only sleeper.

Guarantees microseconds UTC that never go back, whatever is done to the machine's clock. Does not order what
happens within one microsecond (two readings may be equal); that is what sequence numbers are for. Use one
instance per world, from the thread of its event loop.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

MICROSECONDS = 1_000_000
"""Of a second."""


class Clock(Protocol):
    """What tells a world its time, and lets it wait."""

    def now_us(self) -> int:
        """Microseconds UTC since 1970; never less than the answer before."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Returns once that many seconds of this clock have passed; at once, but not before a turn of the
        event loop, when they are zero or less."""
        ...


class WallClock:
    """The machine's time.

    Where the machine's clock is set forward, this one follows at once. Where it is set back, this one runs at
    half speed until the machine's has caught up: stamps keep counting, and clients that compare them with
    their own clock agree again as soon as possible. So it is, too, where the machine's clock is behind `from_us`,
    the first time. `wall_ns` and `elapsed_ns` are the machine's two clocks.
    """

    def __init__(
        self,
        wall_ns: Callable[[], int] = time.time_ns,
        elapsed_ns: Callable[[], int] = time.monotonic_ns,
        *,
        from_us: int = 0,
    ) -> None:
        self._wall_ns = wall_ns
        self._elapsed_ns = elapsed_ns
        self._now_ns = max(wall_ns(), from_us * 1000)
        self._read_at_ns = elapsed_ns()

    def now_us(self) -> int:
        wall_ns, read_at_ns = self._wall_ns(), self._elapsed_ns()
        if wall_ns >= self._now_ns:
            self._now_ns = wall_ns
        else:
            self._now_ns += (read_at_ns - self._read_at_ns) // 2
        self._read_at_ns = read_at_ns
        return self._now_ns // 1000

    def ahead_us(self) -> int:
        """By how much this clock is ahead of the machine's; 0 once that has caught up."""
        return max(self.now_us() - self._wall_ns() // 1000, 0)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds if seconds > 0 else 0)
