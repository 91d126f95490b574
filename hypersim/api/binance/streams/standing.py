"""What of an account that is listened to stands, from one event to the next.

The views know it only as it is after a record. Told within one are what two orders had left when they met, and what a
reset ended.
"""

from hypersim.engine.events import BalanceChanged, ListChanged, OrderChanged
from hypersim.engine.lists import OrderList, Phase
from hypersim.engine.orders import Order
from hypersim.views.accounts import Accounts


class Standing:
    """An account's open orders and lists, in the order of their placement, and the assets that it has."""

    def __init__(self, accounts: Accounts, account_id: int) -> None:
        """As the views have it now."""
        orders, lists, view = (
            accounts.open_orders(account_id),
            accounts.open_lists(account_id),
            accounts.get(account_id),
        )
        self.orders: dict[tuple[str, int], Order] = {(order.symbol, order.order_id): order for order in orders}
        """By symbol and order id."""
        self.lists: dict[int, OrderList] = {each.list_id: each for each in lists}
        """By list id."""
        self.assets: dict[str, None] = dict.fromkeys(view.balances) if view is not None else {}

    def fold(self, event: OrderChanged | ListChanged | BalanceChanged) -> None:
        """Takes in an event of the account."""
        if isinstance(event, OrderChanged):
            order = event.order
            if order.is_open:
                self.orders[order.symbol, order.order_id] = order
            else:
                self.orders.pop((order.symbol, order.order_id), None)
        elif isinstance(event, ListChanged):
            if event.order_list.phase is Phase.DONE:
                self.lists.pop(event.order_list.list_id, None)
            else:
                self.lists[event.order_list.list_id] = event.order_list
        elif event.free or event.locked:
            self.assets[event.asset] = None
        else:
            self.assets.pop(event.asset, None)

    def clear(self) -> None:
        """Nothing stands any more."""
        self.orders.clear()
        self.lists.clear()
        self.assets.clear()
