"""Which trades of a market were seen, when its exchange shows them again and again.

Guarantees that no trade is new twice, and that none is new which is older than the first look, or was not
newer than what had been seen in another way before. Two trades without ids that are alike in time, price, size
and side are told apart within one look only.
"""

from collections import Counter
from collections.abc import Hashable, Iterable
from typing import Final

from hypersim.feeds.ccxt.shapes import Trade

REMEMBERED: Final = 10_000
"""What is remembered of trades, two things of each: several times what an exchange shows at once."""


class Tape:
    """The trades of one symbol. `after_us`: the first look was then, in another way."""

    def __init__(self, after_us: int | None = None) -> None:
        self.last: Trade | None = None
        """The newest one."""
        self._from_us = None if after_us is None else after_us + 1
        self._seen: dict[Hashable, int] = {}

    @property
    def newest_us(self) -> int | None:
        """Nothing older is new; None before the first look."""
        if self.last is not None:
            return self.last.time_us
        return None if self._from_us is None else self._from_us - 1

    def fresh(self, trades: Iterable[Trade]) -> list[Trade]:
        """Those that are new, of some that are in time order. A look that shows none is no first look."""
        shown = list(trades)
        if not shown:
            return []
        first_look = self._from_us is None
        if self._from_us is None:
            self._from_us = shown[-1].time_us
        from_us, alike, fresh = self._from_us, Counter[Hashable](), []
        for trade in shown:
            value = (trade.time_us, trade.price, trade.size, trade.side)
            alike[value] += 1
            by_value = (value, alike[value])
            if trade.time_us < from_us:
                continue
            known = (by_value if trade.id is None else trade.id) in self._seen
            self._seen[by_value] = trade.time_us
            if trade.id is not None:
                self._seen[trade.id] = trade.time_us
            if not known and not first_look:
                fresh.append(trade)
        if self.last is None or shown[-1].order >= self.last.order:
            self.last = shown[-1]
        self._forget_oldest()
        return fresh

    def _forget_oldest(self) -> None:
        assert self._from_us is not None
        while len(self._seen) > REMEMBERED:
            oldest = next(iter(self._seen))
            self._from_us = max(self._from_us, self._seen.pop(oldest) + 1)
