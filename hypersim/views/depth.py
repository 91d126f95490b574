"""A market's book as outsiders see it: the total at each price. Folded from changed levels."""

from collections.abc import Callable, Hashable, Iterable
from itertools import islice
from typing import Any, Final, TypeVar

from sortedcontainers import SortedList

Level = tuple[int, int]
"""Price and quantity, scale 8."""
EMPTY: Final[Level] = (0, 0)
"""In the place of a level where there is none."""
MOST_MADE: Final = 8
"""Pictures of one moment of a book that are kept: there are some seven usual limits."""

T = TypeVar("T")


class Depth:
    """Totals per price, best first on both sides."""

    def __init__(self) -> None:
        self._bids = SideDepth()
        self._asks = SideDepth()
        self._made: dict[Hashable, Any] = {}

    @property
    def best_bid(self) -> Level | None:
        bids = self._bids
        return (price := bids.prices[-1], bids.totals[price]) if bids.prices else None

    @property
    def best_ask(self) -> Level | None:
        asks = self._asks
        return (price := asks.prices[0], asks.totals[price]) if asks.prices else None

    def apply(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Sets levels to their new totals; 0 takes a level away."""
        if self._made:
            self._made.clear()
        if bids:
            self._bids.apply(bids)
        if asks:
            self._asks.apply(asks)

    def top(self, limit: int) -> tuple[list[Level], list[Level]]:
        """The best levels of both sides, bids first: from the highest down, and from the lowest up."""
        bids, asks = self._bids, self._asks
        return (
            [(price, bids.totals[price]) for price in islice(reversed(bids.prices), limit)],
            [(price, asks.totals[price]) for price in islice(asks.prices, limit)],
        )

    def made(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is made of the book as it stands, once for all who ask before it changes."""
        found: T | None = self._made.get(key)
        if found is None:
            if len(self._made) >= MOST_MADE:
                self._made.clear()
            found = self._made[key] = make()
        return found

    def clear(self) -> None:
        self._made.clear()
        self._bids = SideDepth()
        self._asks = SideDepth()


class SideDepth:
    """One side's totals. A level is far more often changed than it comes or goes, and keeps its place then."""

    __slots__ = ("prices", "totals")

    def __init__(self) -> None:
        self.prices: SortedList[int] = SortedList()
        self.totals: dict[int, int] = {}
        """By price."""

    def apply(self, levels: Iterable[Level]) -> None:
        totals = self.totals
        for price, quantity in levels:
            if quantity:
                if price not in totals:
                    self.prices.add(price)
                totals[price] = quantity
            elif totals.pop(price, None) is not None:
                self.prices.remove(price)
