"""Price-time priority: what an order would trade with, decided before anything is changed."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from hypersim.engine.book import BookSide
from hypersim.engine.orders import SELL, Order, SelfTradePrevention
from hypersim.units import ONE, floor_to

UNGUARDED: Final = SelfTradePrevention.NONE
EXPIRE_MAKER: Final = SelfTradePrevention.EXPIRE_MAKER
ENDS_TAKER: Final = frozenset({SelfTradePrevention.EXPIRE_TAKER, SelfTradePrevention.EXPIRE_BOTH})


class Match(Struct, frozen=True, gc=False):
    """One entry of the book that an order meets: at which price, whose (an order id, or a house chunk), how much.

    `prevention` is None for a trade; otherwise both are of one account, and it says what happens instead.
    """

    price: int
    key: int
    quantity: int
    prevention: SelfTradePrevention | None = None


class Plan(Struct, gc=False):
    """What an incoming order would do to the book.

    `matches` in the order in which they happen.
    `filled`, `prevented` and `wanted` have scale 8, `cost` (the sum of price x quantity) scale 16.
    """

    wanted: int
    """The quantity asked for; by budget, what is filled and what the rest would still buy at the last price."""
    matches: list[Match] = []
    filled: int = 0
    prevented: int = 0
    """What prevention takes out of the taker's quantity while it goes on."""
    cost: int = 0


def plan_fills(opposite: BookSide, order: Order, limit: int | None, step: int, orders: Mapping[int, Order]) -> Plan:
    """Walks the opposite side from its best price for an order's quantity or, where that is 0, for its amount of quote.

    By amount, the quantity is the largest multiple of the step whose notional stays within it, level by level. What
    an iceberg hides comes after everything that is shown at its price. `limit` is None for an order that has none.
    """
    account_id, prevention = order.account_id, order.self_trade_prevention
    guarded, selling = prevention is not UNGUARDED, opposite.side is SELL
    by_amount, budget = not order.quantity, order.quote_quantity * ONE
    plan, left = Plan(order.quantity), order.quantity
    ended: set[int] = set()
    for level in opposite.levels():
        price = level.price
        if limit is not None and (price > limit if selling else price < limit):
            break
        if by_amount:
            left = floor_to(budget // price, step)
            plan.wanted = plan.filled + plan.prevented + left
        for key, shown in _unfolded(level.queue, orders) if opposite.icebergs else level.queue.items():
            if not left:
                return plan
            met = shown if shown < left else left
            spent = price * met
            if guarded and key > 0 and orders[key].account_id == account_id:
                if key in ended:
                    continue
                plan.matches.append(Match(price, key, met, prevention))
                if prevention in ENDS_TAKER:
                    return plan
                if prevention is EXPIRE_MAKER:
                    ended.add(key)
                    continue
                plan.prevented += met
            else:
                plan.matches.append(Match(price, key, met))
                plan.filled += met
                plan.cost += spent
            left -= met
            if by_amount:
                budget -= spent
            if met < shown:
                return plan  # never past what still rests, even where a worse price would fit the budget
    return plan


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
