"""A market's book as outsiders see it: the total at each price. Folded from changed levels."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import islice
from typing import Any, Final, TypeVar

from sortedcontainers import SortedDict

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
        self._bids: SortedDict[int, int] = SortedDict()
        self._asks: SortedDict[int, int] = SortedDict()
        self._made: dict[Hashable, Any] = {}

    @property
    def best_bid(self) -> Level | None:
        return self._bids.peekitem(-1) if self._bids else None

    @property
    def best_ask(self) -> Level | None:
        return self._asks.peekitem(0) if self._asks else None

    def apply(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Sets levels to their new totals; 0 takes a level away."""
        self._made.clear()
        for side, levels in ((self._bids, bids), (self._asks, asks)):
            for price, quantity in levels:
                if quantity:
                    side[price] = quantity
                else:
                    side.pop(price, None)

    def bids(self) -> Iterator[Level]:
        """From the best, which is the highest, down."""
        return reversed(self._bids.items())

    def asks(self) -> Iterator[Level]:
        """From the best, which is the lowest, up."""
        return iter(self._asks.items())

    def top(self, limit: int) -> tuple[list[Level], list[Level]]:
        """The best levels of both sides, bids first."""
        return list(islice(self.bids(), limit)), list(islice(self.asks(), limit))

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
        self._bids.clear()
        self._asks.clear()
