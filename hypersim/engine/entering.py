"""How an order enters the book: what it would meet and cost, then the trades, then what becomes of the rest."""

from itertools import islice
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from hypersim.engine.book import BookSide
from hypersim.engine.ledger import Ledger
from hypersim.engine.matching import Match, Plan, plan_fills
from hypersim.engine.orders import (
    OPEN,
    ORDER_TYPES,
    SELL,
    ExpiryReason,
    Order,
    OrderStatus,
    PegPriceType,
    TimeInForce,
)
from hypersim.engine.outside import Outside
from hypersim.engine.prevention import prevent
from hypersim.engine.venue import Venue
from hypersim.errors import Reason, Refused
from hypersim.units import ONE, show_amount

FOK: Final = TimeInForce.FOK
IOC: Final = TimeInForce.IOC
NOTHING: Final = Plan(0)
"""Of an order that meets nobody."""


class Entry(Struct, gc=False):
    """An order that may enter the book now: what it would trade with, and what it must hold for that (scale 16)."""

    order: Order
    plan: Plan
    required: int


def prepared(venue: Venue, ledger: Ledger, order: Order, time_us: int, held: int = 0) -> Entry:
    """The guards that look at the book and at the account's funds, of which the order holds some already.

    Raises Refused. By quote quantity the order's quantity is settled here, and a peg's price is taken.
    """
    market, rule = venue.market, ORDER_TYPES[order.type]
    terms, side, limit = order.terms, order.side, order.price
    if terms is not None and terms.peg is not None:
        order = _pegged(venue, order, time_us)
        limit = order.limit
    opposite = venue.book.bids if side is SELL else venue.book.asks
    meets = not rule.priced or opposite.reaches(limit)
    plan = NOTHING
    if meets:
        plan = plan_fills(opposite, order, limit if rule.priced else None, market.step_size or 1, venue.orders)
    if order.quote_quantity:
        _check_liquidity(venue, opposite, plan)
        order = replace(order, quantity=plan.wanted)
    if side is SELL:
        asset, required = market.base, order.quantity * ONE
    else:
        asset, required = market.quote, order.quantity * limit if rule.priced else plan.cost
    check_funds(ledger, order.account_id, asset, required, held)
    if meets and rule.maker_only:
        raise Refused(Reason.WOULD_MATCH_IMMEDIATELY)
    return Entry(order, plan, required)


def _check_liquidity(venue: Venue, opposite: BookSide, plan: Plan) -> None:
    """That an order by quoteOrderQty meets enough to say what it comes to; its account's own orders are liquidity, too.

    Source: errors.md, 'Messages for -1010, -2010, -2011'.
    """
    market = venue.market
    if opposite.best is None:
        raise Refused(Reason.LIQUIDITY_BELOW_SYMBOL_MINIMUM)
    met = sum(match.quantity for match in plan.matches)
    if met < max(market.min_quantity, 1):
        raise Refused(Reason.LIQUIDITY_BELOW_LOT_SIZE)
    venue.filters.check_settled_quantity(plan.wanted)
    if met < market.market_min_quantity:
        raise Refused(Reason.LIQUIDITY_BELOW_MARKET_LOT_SIZE)


def check_funds(ledger: Ledger, account_id: int, asset: str, required: int, held: int = 0) -> None:
    """That an account can pay; `held` is what the order holds already, or one that makes room for it."""
    available = ledger.free(account_id, asset) + held
    if required > available:
        raise Refused(Reason.INSUFFICIENT_BALANCE, asset, show_amount(available), show_amount(required))


def _pegged(venue: Venue, order: Order, time_us: int) -> Order:
    """The order with the price that the book gives it now."""
    peg = order.special.peg
    assert peg is not None
    side = order.side if peg.price_type is PegPriceType.PRIMARY_PEG else order.side.opposite
    level = next(islice(venue.book.resting(side).levels(), peg.offset or 0, None), None)
    if level is None:
        raise Refused(Reason.PEG_WITHOUT_LIQUIDITY)
    venue.filters.check_price(order.side, level.price, venue.tape.reference_price(time_us))
    venue.filters.check_notional(order.type, level.price * order.quantity)
    return replace(order, terms=replace(order.special, pegged_price=level.price))


def execute(venue: Venue, outside: Outside, entry: Entry, time_us: int) -> None:
    """Carries a plan out for an order that is open and pays from its hold; then rests or expires what is left."""
    order, plan = entry.order, entry.plan
    if order.time_in_force is FOK and plan.filled < order.quantity:
        # also where prevention would have ended or lowered it: it meets nobody, so nothing is prevented
        _expire(venue, order, ExpiryReason.UNFILLED_FOK_ORDER_EXPIRED, time_us)
        return
    if plan.matches:
        order = _meet(venue, outside, order, plan.matches, time_us)
        if order.status not in OPEN:
            return
    if not ORDER_TYPES[order.type].priced:
        _expire(venue, order, ExpiryReason.INSUFFICIENT_LIQUIDITY, time_us)
    elif order.time_in_force is IOC:
        _expire(venue, order, ExpiryReason.UNFILLED_IOC_QUANTITY_EXPIRED, time_us)
    else:
        venue.rest(order)


def _meet(venue: Venue, outside: Outside, taker: Order, matches: list[Match], time_us: int) -> Order:
    """Lets an order trade with what it meets, or not where that is prevented; returns it as it is then."""
    side = taker.side
    resting = venue.book.bids if side is SELL else venue.book.asks
    venue.tape.begin_taker()
    for match in matches:
        maker = venue.orders[match.key] if match.key > 0 else None
        if match.prevention is not None:
            assert maker is not None
            taker = prevent(venue, taker, maker, match.quantity, match.prevention, time_us)
            continue
        resting.remove(match.price, match.key, match.quantity)
        if maker is None:
            outside.take(resting.side, match.price, match.quantity, time_us)
        filled = venue.trade(side, match.price, match.quantity, taker, maker, time_us)
        assert filled is not None
        taker = filled
    return taker


def _expire(venue: Venue, order: Order, reason: ExpiryReason, time_us: int) -> None:
    venue.end(order, OrderStatus.EXPIRED, time_us, entering=True, expiry_reason=reason)
