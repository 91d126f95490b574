"""What an order would come to if it entered the book now, for those of which that has to be known beforehand."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from hypersim.engine.book import BookSide
from hypersim.engine.orders import Order, SelfTradePrevention
from hypersim.units import ONE, floor_to

UNGUARDED: Final = SelfTradePrevention.NONE
EXPIRE_MAKER: Final = SelfTradePrevention.EXPIRE_MAKER
ENDS_TAKER: Final = frozenset({SelfTradePrevention.EXPIRE_TAKER, SelfTradePrevention.EXPIRE_BOTH})


class Prospect(Struct, gc=False):
    """What an order would meet. Quantities of scale 8; `cost`, the sum of price x quantity, of scale 16."""

    wanted: int
    """The quantity asked for; by amount, what is filled and what the rest would still buy at the last price."""
    met: int = 0
    """How much the orders on the book had for it, its account's own among them."""
    filled: int = 0
    prevented: int = 0
    """What prevention takes out of the taker's quantity while it goes on."""
    cost: int = 0


def prospect_of(
    order: Order, opposite: BookSide, limit: int | None, step: int, orders: Mapping[int, Order]
) -> Prospect:
    """Walks the opposite side as the order would, for its quantity or, where that is 0, for its amount of quote.

    By amount, the quantity is the largest multiple of the step whose notional stays within it, level by level. What
    an iceberg hides comes after everything that is shown at its price. `limit` is None for an order that has none.
    """
    account_id, prevention = order.account_id, order.self_trade_prevention
    guarded, by_amount = prevention is not UNGUARDED, not order.quantity
    left, budget = order.quantity, order.quote_quantity * ONE
    seen = Prospect(left)
    ended: set[int] = set()
    for level in opposite.levels():
        price = level.price
        if limit is not None and not opposite.trades(price, limit):
            break
        if by_amount:
            left = floor_to(budget // price, step)
            seen.wanted = seen.filled + seen.prevented + left
        for key, shown in _unfolded(level.queue, orders) if opposite.icebergs else level.queue.items():
            if not left:
                return seen
            if key in ended:
                continue
            quantity = min(left, shown)
            seen.met += quantity
            if guarded and key > 0 and orders[key].account_id == account_id:
                if prevention in ENDS_TAKER:
                    return seen
                if prevention is EXPIRE_MAKER:
                    ended.add(key)
                    continue
                seen.prevented += quantity
            else:
                seen.filled += quantity
                seen.cost += price * quantity
            left -= quantity
            budget -= price * quantity
            if quantity < shown:
                return seen  # never past what still rests, even where a worse price would fit the budget
    return seen


def _unfolded(queue: Mapping[int, int], orders: Mapping[int, Order]) -> list[tuple[int, int]]:
    """A level's queue in which what icebergs hide follows, part by part, in the order in which it will be shown."""
    entries = list(queue.items())
    hidden = {key: orders[key].leaves - shown for key, shown in entries if key > 0 and orders[key].special.iceberg}
    for key, _ in entries:
        if hidden.get(key):
            part = min(hidden[key], orders[key].special.iceberg)
            hidden[key] -= part
            entries.append((key, part))
    return entries
