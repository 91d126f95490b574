"""Which markets somebody cares for: those with an open order, and those asked about in the last minutes.

A feed with a budget looks closer at these. Knows nothing of accounts and requests but what it is told.
"""

import asyncio
from collections.abc import Callable, Set
from typing import Final

from hypersim.clock import MICROSECONDS, Clock

REMEMBERED_S: Final = 300
"""For how long a request keeps a market in demand."""


class Demand:
    """The markets in demand. `with_orders` tells the symbols that have an open order now."""

    def __init__(self, clock: Clock, with_orders: Callable[[], Set[str]]) -> None:
        self._clock = clock
        self._with_orders = with_orders
        self._asked_us: dict[str, int] = {}
        self._grown = asyncio.Event()
        """Set, and made anew, when a market comes into demand."""
        self.growth = 0
        """How often one did."""

    def asked(self, symbol: str) -> None:
        """Somebody asked about a market, or sent an order there."""
        now_us = self._clock.now_us()
        before_us = self._asked_us.get(symbol, 0)
        self._asked_us[symbol] = now_us
        if now_us - before_us > REMEMBERED_S * MICROSECONDS:
            self.growth += 1
            self._grown.set()
            self._grown = asyncio.Event()

    def active(self) -> Set[str]:
        """The symbols in demand now."""
        since_us = self._clock.now_us() - REMEMBERED_S * MICROSECONDS
        self._asked_us = {symbol: at_us for symbol, at_us in self._asked_us.items() if at_us >= since_us}
        return self._asked_us.keys() | self._with_orders()

    async def grown(self, since: int) -> int:
        """Returns `growth` once it is another than it was, for any number of feeds that wait: once a market was asked
        about that nobody had asked about for a while.
        """
        while self.growth == since:
            await self._grown.wait()
        return self.growth
