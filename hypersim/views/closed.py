"""Orders that ended lately, of all accounts: what became of an order is asked right after it became so.

Older ones are in the store. A restart begins without any. Every order ends here and few are asked for: what it takes to
find one is paid by who asks, for all that ended since somebody asked last.
"""

from collections import deque
from itertools import islice
from typing import Final

from hypersim.engine.orders import Order

MOST: Final = 10_000
"""Some 10 MB."""


class ClosedOrders:
    """The last orders that ended, found by either id."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._orders: deque[Order] = deque()
        """In the order of their ends. The oldest of them are indexed: as many as `_by_id` has."""
        self._by_id: dict[tuple[int, str, int], Order] = {}
        """(account, symbol, order id) -> order."""
        self._names: dict[tuple[int, str, str], int] = {}
        """(account, symbol, client order id) -> the newest order id."""

    def add(self, order: Order) -> None:
        """Takes in an order that has ended; the one that is here the longest leaves for it."""
        orders = self._orders
        if len(orders) == self._most:
            oldest = orders.popleft()
            if self._by_id:
                self._forget(oldest)
        orders.append(order)

    def get(self, account_id: int, symbol: str, order_id: int) -> Order | None:
        self._index()
        return self._by_id.get((account_id, symbol, order_id))

    def named(self, account_id: int, symbol: str, client_order_id: str) -> Order | None:
        """Of several with one client order id the newest."""
        self._index()
        order_id = self._names.get((account_id, symbol, client_order_id))
        return self._by_id.get((account_id, symbol, order_id)) if order_id is not None else None

    def _index(self) -> None:
        """Takes in those that ended since it was asked last."""
        added = len(self._orders) - len(self._by_id)
        for order in islice(reversed(self._orders), added) if added else ():
            self._by_id[order.account_id, order.symbol, order.order_id] = order
            name = (order.account_id, order.symbol, order.client_order_id)
            self._names[name] = max(order.order_id, self._names.get(name, 0))

    def _forget(self, oldest: Order) -> None:
        del self._by_id[oldest.account_id, oldest.symbol, oldest.order_id]
        name = (oldest.account_id, oldest.symbol, oldest.client_order_id)
        if self._names.get(name) == oldest.order_id:
            del self._names[name]
