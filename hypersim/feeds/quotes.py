"""One side of an outside market: what its source states, what that is on our grid, and what the exchange was
told.

Guarantees that `changes` lists every level where the exchange may hold something else than the source states.
Sizes and prices have scale 8. Off-grid prices move away from the market (bids down, asks up), so that a grid
never crosses a book; sizes that meet on one grid price are added, then rounded down to the step. Where the
market is bent, the source's prices hold times a factor (hypersim/feeds/levers/bend.py).
"""

from collections.abc import Iterable, Mapping

from hypersim.engine.market import Market
from hypersim.engine.orders import Side
from hypersim.feeds.levers.bend import UNBENT, bent_down, bent_up
from hypersim.units import ceil_to, floor_to

UNBOUNDED = 2**63 - 1


class Quotes:
    """The bids or the asks of one symbol."""

    def __init__(self, side: Side, market: Market) -> None:
        self.side = side
        self._stated_bound: int | None = None
        self._known_bound: int | None = None
        """The same on the grid."""
        self._near: int | None = None
        """The farthest price to tell of, where that is not all that is known."""
        self._factor = UNBENT
        self._tick = market.tick_size
        self._step = market.step_size
        self._stated: dict[int, int] = {}
        self._sizes: dict[int, int] = {}
        self._best: int | None = None
        """Of the prices in `_sizes` the best one, None where it has to be looked for."""
        self._laid: dict[int, int] = {}
        self._laid_bound: int | None = None
        self._touched: set[int] = set()
        self._printed: set[int] = set()

    def regrid(self, market: Market) -> None:
        """The market's grid changed."""
        self._tick, self._step = market.tick_size, market.step_size
        self._lay_out()

    def bend(self, factor: int, nearest: int | None = None) -> None:
        """The source's prices, those that it stated before too, hold times a factor from now on.

        `nearest`: until the next bend no more levels than that are told, and the range ends there.
        """
        self._factor = factor
        self._lay_out()
        self._near = None
        if nearest is not None and len(self._sizes) > nearest:
            self._near = sorted(self._sizes, reverse=self.side is Side.BUY)[nearest - 1]

    def _lay_out(self) -> None:
        """Puts what is stated on the grid as it is now."""
        self._touched.update(self._sizes)
        self._known_bound = self._on_grid(self._stated_bound)
        stated, self._stated, self._sizes, self._best = self._stated, {}, {}, None
        for price, size in stated.items():
            on_grid = self.align(price)
            if self._known(on_grid):
                self._stated[price] = size
                self._sizes[on_grid] = self._sizes.get(on_grid, 0) + size
        self._touched.update(self._sizes)

    def _on_grid(self, bound: int | None) -> int | None:
        return bound if bound is None or bound >= UNBOUNDED else self.align(bound)

    @property
    def bound(self) -> int | None:
        """The farthest price (on the grid) that is known and told; None: nothing is known."""
        if self._near is None or self._known_bound is None:
            return self._known_bound
        return (max if self.side is Side.BUY else min)(self._near, self._known_bound)

    def align(self, price: int) -> int:
        """The grid price of a source's price."""
        if self.side is Side.BUY:
            return floor_to(price if self._factor == UNBENT else bent_down(price, self._factor), self._tick)
        return ceil_to(price if self._factor == UNBENT else bent_up(price, self._factor), self._tick)

    def state(self, listed: Iterable[tuple[int, int]], bound: int | None, *, full: bool) -> None:
        """Takes in what the source says of its levels; `full`: a level that is not listed is gone.

        Levels outside the known range are nobody's knowledge, whatever is said of them.
        """
        before, self._stated_bound, self._known_bound = self._known_bound, bound, self._on_grid(bound)
        levels = dict(listed)
        gone: set[int] = set()
        if full:
            gone = self._stated.keys() - levels.keys()
        if self._known_bound != before:
            gone |= {price for price in self._stated if not self._known(self.align(price))}
        for price in gone:
            self._set(price, 0)
        for price, size in levels.items():
            self._set(price, size)

    def _set(self, price: int, size: int) -> None:
        before = self._stated.get(price, 0)
        if size == before:
            return
        on_grid = self.align(price)
        if size and (before or self._known(on_grid)):
            self._stated[price] = size
        elif before:
            size = 0
            del self._stated[price]
        else:
            return
        total = self._sizes.get(on_grid, 0) + size - before
        if total:
            self._sizes[on_grid] = total
            if self._best is not None and (on_grid > self._best if self.side is Side.BUY else on_grid < self._best):
                self._best = on_grid
        else:
            del self._sizes[on_grid]
            if on_grid == self._best:
                self._best = None
        self._touched.add(on_grid)

    def consumed(self, price: int) -> None:
        """The exchange is about to trade at a price: what it holds there and before it changes on its own."""
        # what it holds and the source does not state any more is among what is still to be told
        self._printed.update(self._reached(self._touched & self._laid.keys(), price))
        best, tick = self._best_stated(), self._tick
        if best is None:
            return
        distance = best - price if self.side is Side.BUY else price - best
        if tick and distance // tick < len(self._sizes):  # a few ticks as a rule, of a thousand levels
            grid = range(best, price - 1, -tick) if self.side is Side.BUY else range(best, price + 1, tick)
            self._printed.update(level for level in grid if level in self._sizes)
        else:
            self._printed.update(self._reached(self._sizes, price))

    def _reached(self, levels: Iterable[int], price: int) -> list[int]:
        if self.side is Side.BUY:
            return [level for level in levels if level >= price]
        return [level for level in levels if level <= price]

    def _best_stated(self) -> int | None:
        if self._best is None:  # it has gone, as seldom happens: most that is said of it is another size
            self._best = (max if self.side is Side.BUY else min)(self._sizes, default=None)
        return self._best

    def best(self) -> int | None:
        """The best price with at least a step of size."""
        best = self._best_stated()
        if best is None or (self._sizes[best] >= self._step and best > 0):
            return best
        return (max if self.side is Side.BUY else min)(self.sizes, default=None)

    def changes(self, *, full: bool) -> tuple[tuple[tuple[int, int], ...], bool]:
        """(grid price, size) of the levels to tell the exchange about, best first; and whether there is
        anything to tell.

        0 for one that is gone. One that lies outside the known range now is not listed: the exchange forgets
        those by their bound. Starts anew: what comes later is the next call's.
        """
        prices = set(self._sizes) if full else self._touched | self._printed
        listed = []
        outgrown = False
        bound = self.bound
        for price in sorted(prices, reverse=self.side is Side.BUY):
            if price <= 0 or not self._within(bound, price):
                outgrown = outgrown or price in self._laid
                continue
            size = floor_to(self._sizes.get(price, 0), self._step)
            if size if full else price in self._printed or size != self._laid.get(price, 0):
                listed.append((price, size))
        self._touched, self._printed = set(), set()
        return tuple(listed), bool(listed) or outgrown or full

    def _known(self, price: int) -> bool:
        return self._within(self._known_bound, price)

    def _within(self, bound: int | None, price: int) -> bool:
        if bound is None:
            return False
        return price >= bound if self.side is Side.BUY else price <= bound

    def laid(self, listed: Iterable[tuple[int, int]], bound: int | None, *, full: bool) -> None:
        """The exchange took these levels in, with this known range."""
        if full or bound is None:
            self._laid.clear()
        for price, size in listed:
            if size:
                self._laid[price] = size
            else:
                self._laid.pop(price, None)
        if bound is not None and bound != self._laid_bound:
            forgotten = [price for price in self._laid if not self._within(bound, price)]
            for price in forgotten:
                del self._laid[price]
        self._laid_bound = bound

    def not_laid(self, listed: Iterable[tuple[int, int]]) -> None:
        """The exchange did not take these levels in: they are still to be told."""
        self._printed.update(price for price, _ in listed)
        self._touched.update(price for price in self._laid if not self._within(self.bound, price))

    @property
    def sizes(self) -> Mapping[int, int]:
        """What the exchange should hold, by grid price."""
        return {
            price: floor_to(size, self._step) for price, size in self._sizes.items() if price > 0 and size >= self._step
        }
