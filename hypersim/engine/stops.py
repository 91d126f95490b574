"""Orders of one market that wait for a price: who is triggered by a trade, in which order.

A trade at a price triggers the plain stops that it reaches, nearest stop price first, then the trailing ones that the
price has turned back on, in the order of their placement. An order with a stop price and a trailing delta begins to
follow the price where a plain one would be triggered. Moves no money and decides nothing else.

Sources: rest-api.md, 'New order'; faqs/trailing-stop-faq.md.
"""

from typing import Final

from sortedcontainers import SortedList

from hypersim.engine.orders import BUY, Order, triggers_above

WHOLE: Final = 10_000
"""Basis points of the whole."""


class Trail:
    """A trailing order that follows the price: the best price since it does (the highest for a sell)."""

    __slots__ = ("best", "delta", "is_buy")

    def __init__(self, order: Order, best: int) -> None:
        self.best = best
        self.delta = order.special.trailing_delta
        self.is_buy = order.side is BUY

    def saw(self, price: int) -> bool:
        """Takes a trade's price in; whether it turned back by the delta."""
        if self.is_buy:
            self.best = min(self.best, price)
            return price * WHOLE >= self.best * (WHOLE + self.delta)
        self.best = max(self.best, price)
        return price * WHOLE <= self.best * (WHOLE - self.delta)


class StopBook:
    """The waiting stop orders of one market, by order id."""

    def __init__(self) -> None:
        self._rising: SortedList[tuple[int, int]] = SortedList()
        """(stop price, order id) of those that wait for a higher price."""
        self._falling: SortedList[tuple[int, int]] = SortedList()
        """(minus the stop price, order id) of those that wait for a lower one."""
        self._trails: dict[int, Trail] = {}
        self.waiting = False
        """Whether any order waits; asked at every trade, so no call."""

    def wait(self, order: Order) -> None:
        """Takes an order in that waits for its stop price."""
        self._side(order).add(_key(order))
        self.waiting = True

    def follow(self, order: Order, price: int) -> None:
        """Takes a trailing order in that follows the price from here on."""
        self._trails[order.order_id] = Trail(order, price)
        self.waiting = True

    def discard(self, order: Order) -> None:
        """Takes an order out that was ended, if it has not been triggered meanwhile."""
        if self._trails.pop(order.order_id, None) is None:
            self._side(order).discard(_key(order))
        self._look()

    def would_trigger(self, order: Order, last_price: int) -> bool:
        """Whether the market is already where the order waits for it to go."""
        stop_price = order.special.stop_price
        if not stop_price or not last_price:
            return False
        return last_price >= stop_price if triggers_above(order.type, order.side) else last_price <= stop_price

    def reached(self, price: int) -> list[int]:
        """The orders whose stop price a trade reaches; they wait no longer."""
        found = []
        for waiting, key in ((self._rising, price), (self._falling, -price)):
            while waiting and waiting[0][0] <= key:
                found.append(waiting.pop(0)[1])
        if found:
            self._look()
        return found

    def turned(self, price: int) -> list[int]:
        """The trailing orders that a trade's price triggers; they follow no longer."""
        found = [order_id for order_id, trail in self._trails.items() if trail.saw(price)]
        for order_id in found:
            del self._trails[order_id]
        if found:
            self._look()
        return found

    def state(self) -> tuple[tuple[int, int], ...]:
        """(order id, best price) of those that follow the price."""
        return tuple((order_id, trail.best) for order_id, trail in self._trails.items())

    def check(self, waiting: dict[int, Order]) -> None:
        """Raises AssertionError unless exactly these orders wait here."""
        known = [order_id for _, order_id in (*self._rising, *self._falling)]
        assert sorted([*known, *self._trails]) == sorted(waiting), (known, self._trails, waiting)
        assert self.waiting is bool(waiting)
        for order_id, trail in self._trails.items():
            assert waiting[order_id].special.trailing_us, order_id
            assert trail.best > 0, order_id

    def _look(self) -> None:
        self.waiting = bool(self._rising or self._falling or self._trails)

    def _side(self, order: Order) -> "SortedList[tuple[int, int]]":
        return self._rising if _rises(order) else self._falling


def _rises(order: Order) -> bool:
    """Whether it waits for a higher price; without a stop price, for any, which is not below 0."""
    return not order.special.stop_price or triggers_above(order.type, order.side)


def _key(order: Order) -> tuple[int, int]:
    stop_price = order.special.stop_price
    return (stop_price if _rises(order) else -stop_price), order.order_id
