"""GET openOrders: strategies ask it again and again, mostly about orders that have not changed since.

So each order is encoded once for as long as it stays as it is (benchmarks/endpoints.py): asked about 20 orders, the
exchange takes a quarter of the instructions.
"""

from typing import Final

from msgspec import Raw

from hypersim.api.binance.endpoints import Call
from hypersim.api.binance.parameters import ANY_SYMBOL
from hypersim.api.binance.render import queried
from hypersim.api.wire import encode
from hypersim.engine.orders import Order
from hypersim.world import World

MOST_KEPT: Final = 20_000
"""Orders, of some 500 bytes each; then all are forgotten."""


class OpenOrders:
    """The handler, with what it keeps for one world."""

    def __init__(self, most_kept: int = MOST_KEPT) -> None:
        self._most_kept = most_kept
        self._kept: dict[tuple[str, int, bool], tuple[Order, Raw]] = {}
        """Symbol, order id and whether times are in microseconds -> the order as it was, and as it was shown."""

    async def __call__(self, world: World, call: Call) -> list[Raw]:
        symbol = call[ANY_SYMBOL]
        if symbol is not None:
            world.market(symbol)
        return [self._shown(order, call) for order in world.accounts.open_orders(call.account_id, symbol)]

    def _shown(self, order: Order, call: Call) -> Raw:
        name = order.symbol, order.order_id, call.microseconds
        kept = self._kept.get(name)
        if kept is None or kept[0] is not order:  # what changes an order makes another
            if len(self._kept) >= self._most_kept:
                self._kept.clear()
            kept = self._kept[name] = order, Raw(encode(queried(order, call)))
        return kept[1]
