"""Price-time priority: what an order would trade with, decided before anything is changed."""

from hypersim.engine.book import BookSide
from hypersim.engine.orders import SELL, Order, SelfTradePrevention
from hypersim.units import floor_to


class Match:
    """One entry of the book that would be filled: at which price, whose (an order id, or a house chunk), how much."""

    __slots__ = ("key", "price", "quantity")

    def __init__(self, price: int, key: int, quantity: int) -> None:
        self.price = price
        self.key = key
        self.quantity = quantity


class Plan:
    """What an incoming order would do to the book.

    `matches` in the order in which they trade; `expired` are own resting orders that self-trade prevention ends;
    `stopped` says that it ends the taker as well. `filled` and `wanted` have scale 8, `cost` (the sum of
    price x quantity) scale 16.
    """

    __slots__ = ("cost", "expired", "filled", "matches", "stopped", "wanted")

    def __init__(self) -> None:
        self.matches: list[Match] = []
        self.expired: list[int] = []
        self.stopped = False
        self.filled = 0
        self.cost = 0
        self.wanted = 0
        """The quantity asked for; by budget, what is filled and what the rest would still buy at the last price."""


def plan_fills(
    opposite: BookSide,
    *,
    limit: int | None,
    quantity: int,
    budget: int,
    step: int,
    orders: dict[int, Order],
    account_id: int,
    prevention: SelfTradePrevention,
) -> Plan:
    """Walks the opposite side from its best price for a quantity (scale 8) or, where that is 0, for a budget of quote.

    By budget (scale 16), the quantity is the largest multiple of the step whose notional stays within it, level by
    level.
    """
    plan = Plan()
    plan.wanted = quantity
    if limit is not None and not opposite.reaches(limit):
        return plan
    guarded = prevention is not SelfTradePrevention.NONE
    selling = opposite.side is SELL
    for level in opposite.levels():
        price = level.price
        if limit is not None and (price > limit if selling else price < limit):
            break
        if not quantity:
            plan.wanted = plan.filled + floor_to((budget - plan.cost) // price, step)
        for key, resting in level.queue.items():
            if plan.filled == plan.wanted:
                return plan
            if guarded and key > 0 and orders[key].account_id == account_id:
                if prevention is not SelfTradePrevention.EXPIRE_TAKER:
                    plan.expired.append(key)
                if prevention is not SelfTradePrevention.EXPIRE_MAKER:
                    plan.stopped = True
                    return plan
                continue
            fill = min(plan.wanted - plan.filled, resting)
            plan.matches.append(Match(price, key, fill))
            plan.filled += fill
            plan.cost += price * fill
            if fill < resting:
                return plan  # never past what still rests, even where a worse price would fit the budget
    return plan
