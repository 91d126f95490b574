"""One market's price-time book: who rests where, in which order. It knows no money and decides nothing.

A level is a queue in time order of users' orders (keys > 0, the order ids) and house chunks (keys < 0): the outside
market's size keeps its place between the users. Quantities are integers of scale 8.
"""

from collections import OrderedDict
from collections.abc import Iterator

from msgspec import Struct
from sortedcontainers import SortedList

from hypersim.engine.orders import BUY, Side
from hypersim.units import ceil_to


class Level(Struct, gc=False):
    """What rests at one price, first come first."""

    price: int
    queue: OrderedDict[int, int]
    total: int = 0
    house: int = 0
    told: int = 0
    """Its total when the side was last drained."""

    @property
    def users(self) -> int:
        """What users have at this level."""
        return self.total - self.house


class BookSide:
    """The bids or the asks: levels from best to worst, and which totals changed since they were last drained."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.best: Level | None = None
        """The level that trades first. Each order asks for it, and it comes and goes most: so it stands by itself."""
        self.touched: dict[int, Level] = {}
        """By price, the levels where something happened since the side was last drained; some may have gone."""
        self.icebergs: set[int] = set()
        """The orders here that show only a part of what they have."""
        self._sign = -1 if side is BUY else 1
        self._levels: dict[int, Level] = {}
        self._others: SortedList[int] = SortedList()
        """Price x sign of every level but the best, so that the next best is first."""
        self._next_chunk = -1

    def level(self, price: int) -> Level | None:
        return self._levels.get(price)

    def levels(self) -> Iterator[Level]:
        """All levels, best first. The side must not change meanwhile."""
        if self.best is not None:
            yield self.best
            for key in self._others:
                yield self._levels[key * self._sign]

    def through(self, price: int, *, strictly: bool = False) -> list[Level]:
        """The levels at least as good as a price (or better than it), best first."""
        found = []
        for level in self.levels():
            if not self.trades(level.price, price) or (strictly and level.price == price):
                break
            found.append(level)
        return found

    def trades(self, price: int, limit: int) -> bool:
        """Whether what rests here at a price trades with an opposite order of this limit."""
        return price >= limit if self.side is BUY else price <= limit

    def reaches(self, limit: int | None) -> bool:
        """Whether the best level trades with an opposite order of this limit; None is one that takes any price."""
        best = self.best
        return best is not None and (limit is None or self.trades(best.price, limit))

    def first(self) -> tuple[int, int, int]:
        """(price, key, quantity) of the entry that trades first, on a side that is not empty."""
        best = self.best
        assert best is not None
        key, quantity = next(iter(best.queue.items()))
        return best.price, key, quantity

    def shown(self, price: int, key: int) -> int:
        """How much of an entry can be seen; 0 where it is not in the queue."""
        level = self.level(price)
        return 0 if level is None else level.queue.get(key, 0)

    def add(self, price: int, order_id: int, quantity: int, iceberg: bool = False) -> None:
        """Puts a user's order, or the next part of an iceberg, at the end of its level's queue."""
        level = self._touch(price)
        if iceberg:
            self.icebergs.add(order_id)
        level.queue[order_id] = quantity
        level.total += quantity

    def remove(self, price: int, key: int, quantity: int) -> None:
        """Takes a quantity out of an entry, which leaves the queue when nothing remains; places are kept."""
        level = self._levels[price]
        self.touched[price] = level
        queue = level.queue
        left = queue[key] - quantity
        assert left >= 0, (price, key, quantity)
        if left:
            queue[key] = left
        else:
            del queue[key]
            if self.icebergs:
                self.icebergs.discard(key)
        level.total -= quantity
        if key < 0:
            level.house -= quantity
        if not queue:
            self._close(level)

    def add_house(self, price: int, quantity: int, *, ahead: bool) -> None:
        """Lets outside size join the back of a level's queue, or its front where it stood there all along."""
        level = self._touch(price)
        queue = level.queue
        neighbour = next(iter(queue) if ahead else reversed(queue), 0)
        if neighbour < 0:
            queue[neighbour] += quantity
        else:
            queue[self._next_chunk] = quantity
            if ahead:
                queue.move_to_end(self._next_chunk, last=False)
            self._next_chunk -= 1
        level.house += quantity
        level.total += quantity

    def shrink_house(self, price: int, target: int, step: int, exponent: int) -> None:
        """Withdraws outside size from a level until `target` is left, keeping each user's fair place.

        With H resting and D = H - target withdrawn, the house ahead of a user (A, with B = H - A behind) loses
        D * A^n / (A^n + B^n), rounded so that the user never advances too far: pro rata for exponent n = 1, and
        more from behind the larger n is (the power law of hftbacktest's queue models).
        """
        level = self._touch(price)
        resting, withdrawn = level.house, level.house - target
        assert 0 <= target <= resting
        ahead = ahead_after = 0
        for key, quantity in list(level.queue.items()):
            if key > 0:
                continue
            ahead += quantity
            behind = resting - ahead
            power, other = ahead**exponent, behind**exponent
            kept = ceil_to(ahead - withdrawn * power // (power + other), step)
            kept = max(ahead_after, min(kept, target, ahead), target - behind)
            if kept > ahead_after:
                level.queue[key] = kept - ahead_after
            else:
                del level.queue[key]
            ahead_after = kept
        level.house = target
        level.total -= withdrawn
        if not level.queue:
            self._close(level)

    def succeed(self, side: "BookSide") -> None:
        """Takes the place of a side: what stood there has gone."""
        self.touched = {level.price: Level(level.price, OrderedDict(), told=level.total) for level in side.levels()}

    def _touch(self, price: int) -> Level:
        level = self.touched[price] = self._levels.get(price) or self._open(price)
        return level

    def _open(self, price: int) -> Level:
        level = self._levels[price] = self.touched.get(price) or Level(price, OrderedDict())
        best = self.best
        if best is None:
            self.best = level
        elif best.price > price if self.side is BUY else best.price < price:
            self._others.add(price * self._sign)
        else:
            self._others.add(best.price * self._sign)
            self.best = level
        return level

    def _close(self, level: Level) -> None:
        del self._levels[level.price]
        if level is not self.best:
            self._others.remove(level.price * self._sign)
        elif self._others:
            self.best = self._levels[self._others.pop(0) * self._sign]
        else:
            self.best = None

    def drain(self) -> tuple[tuple[int, int], ...]:
        """(price, total) of the levels whose total differs from what it was at the last call, best first."""
        changed = []
        for level in self.touched.values():
            if level.total != level.told:
                level.told = level.total
                changed.append((level.price, level.total))
        self.touched = {}
        if len(changed) > 1:
            changed.sort(reverse=self.side is BUY)
        return tuple(changed)

    def state(self) -> tuple[tuple[int, tuple[tuple[int, int], ...]], ...]:
        """(price, queue entries in time order) of each level, best first.

        House chunks are numbered by their place, so that equal books have equal states however they came about.
        """
        return tuple(
            (
                level.price,
                tuple(
                    (key if key > 0 else -place, quantity)
                    for place, (key, quantity) in enumerate(level.queue.items(), start=1)
                ),
            )
            for level in self.levels()
        )

    def restore(self, state: tuple[tuple[int, tuple[tuple[int, int], ...]], ...]) -> None:
        """Puts the levels of a snapshot back."""
        for price, entries in state:
            level = self._open(price)
            level.queue.update(entries)
            level.total = level.told = sum(quantity for _, quantity in entries)
            level.house = sum(quantity for key, quantity in entries if key < 0)
            self._next_chunk = min(self._next_chunk, *(key - 1 for key, _ in entries))


class Book:
    """Both sides of one market."""

    def __init__(self) -> None:
        self.bids = BookSide(Side.BUY)
        self.asks = BookSide(Side.SELL)

    def resting(self, side: Side) -> BookSide:
        """The side on which orders of this side rest."""
        return self.bids if side is BUY else self.asks

    def opposite(self, side: Side) -> BookSide:
        """The side that orders of this side trade with."""
        return self.asks if side is BUY else self.bids

    def succeed(self, book: "Book") -> None:
        """Takes the place of a book that was told of until now."""
        self.bids.succeed(book.bids)
        self.asks.succeed(book.asks)

    def check(self) -> None:
        """Totals are the sums of their queues, no entry is empty, and the book is not crossed."""
        for side in (self.bids, self.asks):
            for level in side.levels():
                assert level.queue, level.price
                assert all(quantity > 0 for quantity in level.queue.values()), level.price
                assert level.total == sum(level.queue.values()), level.price
                assert level.house == sum(quantity for key, quantity in level.queue.items() if key < 0), level.price
        bid, ask = self.bids.best, self.asks.best
        assert bid is None or ask is None or bid.price < ask.price, (bid.price, ask.price)
