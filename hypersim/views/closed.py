"""Orders that ended lately, of all accounts: what became of an order is asked right after it became so.

Older ones are in the store. A restart begins without any.
"""

from collections import OrderedDict
from typing import Final

from hypersim.engine.orders import Order

MOST: Final = 10_000
"""Some 10 MB."""


class ClosedOrders:
    """The last orders that ended, found by either id."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._orders: OrderedDict[tuple[int, str, int], Order] = OrderedDict()
        self._names: dict[tuple[int, str, str], int] = {}
        """(account, symbol, client order id) -> the newest order id."""

    def add(self, order: Order) -> None:
        """Takes in an order that has ended; the one that is here the longest leaves for it."""
        account_id, symbol, order_id = order.account_id, order.symbol, order.order_id
        self._orders[account_id, symbol, order_id] = order
        name = (account_id, symbol, order.client_order_id)
        self._names[name] = max(order_id, self._names.get(name, 0))
        if len(self._orders) > self._most:
            _, oldest = self._orders.popitem(last=False)
            name = (oldest.account_id, oldest.symbol, oldest.client_order_id)
            if self._names.get(name) == oldest.order_id:
                del self._names[name]

    def get(self, account_id: int, symbol: str, order_id: int) -> Order | None:
        return self._orders.get((account_id, symbol, order_id))

    def named(self, account_id: int, symbol: str, client_order_id: str) -> Order | None:
        """Of several with one client order id the newest."""
        order_id = self._names.get((account_id, symbol, client_order_id))
        return self._orders.get((account_id, symbol, order_id)) if order_id is not None else None
