"""How an order enters the book: what it would meet and cost, then the trades, then what becomes of the rest."""

from itertools import islice
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from hypersim.engine.book import BookSide
from hypersim.engine.ledger import Ledger
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
from hypersim.engine.prospect import UNGUARDED, Prospect, prospect_of
from hypersim.engine.venue import Venue
from hypersim.errors import Reason, Refused
from hypersim.units import ONE, show_amount

FOK: Final = TimeInForce.FOK
IOC: Final = TimeInForce.IOC


class Entry(Struct, gc=False):
    """An order that may enter the book now."""

    order: Order
    limit: int | None
    """None for an order that takes any price."""
    required: int
    """What it must hold for that, scale 16."""
    is_killed: bool = False
    """It is to be filled whole or not at all, and would not be filled whole."""


def prepared(venue: Venue, ledger: Ledger, order: Order, time_us: int, held: int = 0) -> Entry:
    """The guards that look at the book and at the account's funds, of which the order holds some already.

    Raises Refused. By quote quantity the order's quantity is settled here, and a peg's price is taken.
    """
    market, rule = venue.market, ORDER_TYPES[order.type]
    terms, side, limit = order.terms, order.side, order.price
    if terms is not None and terms.peg is not None:
        order = _pegged(venue, order, time_us)
        limit = order.limit
    opposite = venue.book.opposite(side)
    bound = limit if rule.priced else None
    cost, is_killed = 0, False
    if bound is None or order.time_in_force is FOK:
        prospect = prospect_of(order, opposite, bound, market.step_size or 1, venue.orders)
        if order.quote_quantity:
            _check_liquidity(venue, opposite, prospect)
            order = replace(order, quantity=prospect.wanted)
        is_killed = order.time_in_force is FOK and prospect.filled < order.quantity
        cost = prospect.cost
    if side is SELL:
        asset, required = market.base, order.quantity * ONE
    else:
        asset, required = market.quote, cost if bound is None else order.quantity * bound
    check_funds(ledger, order.account_id, asset, required, held)
    if rule.maker_only and opposite.reaches(limit):
        raise Refused(Reason.WOULD_MATCH_IMMEDIATELY)
    return Entry(order, bound, required, is_killed)


def _check_liquidity(venue: Venue, opposite: BookSide, prospect: Prospect) -> None:
    """That an order by quoteOrderQty meets enough to say what it comes to; its account's own orders are liquidity, too.

    Source: errors.md, 'Messages for -1010, -2010, -2011'.
    """
    market = venue.market
    if opposite.best is None:
        raise Refused(Reason.LIQUIDITY_BELOW_SYMBOL_MINIMUM)
    if prospect.met < max(market.min_quantity, 1):
        raise Refused(Reason.LIQUIDITY_BELOW_LOT_SIZE)
    venue.filters.check_settled_quantity(prospect.wanted)
    if prospect.met < market.market_min_quantity:
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
    """Lets an order that is open trade, and pay from its hold; then rests or expires what is left."""
    order, limit = entry.order, entry.limit
    if entry.is_killed:
        # also where prevention would have ended or lowered it: it meets nobody, so nothing is prevented
        _expire(venue, order, ExpiryReason.UNFILLED_FOK_ORDER_EXPIRED, time_us)
        return
    opposite = venue.book.opposite(order.side)
    if opposite.reaches(limit):
        order = _meet(venue, outside, opposite, order, limit, time_us)
        if order.status not in OPEN:
            return
    if limit is None:
        _expire(venue, order, ExpiryReason.INSUFFICIENT_LIQUIDITY, time_us)
    elif order.time_in_force is IOC:
        _expire(venue, order, ExpiryReason.UNFILLED_IOC_QUANTITY_EXPIRED, time_us)
    else:
        venue.rest(order)


def _meet(venue: Venue, outside: Outside, opposite: BookSide, taker: Order, limit: int | None, time_us: int) -> Order:
    """Lets an order meet what the opposite side has for it, best price first, then first come first.

    Returns the order as it is then. Where both are of one account, prevention may have another say.
    """
    side, account_id, left = taker.side, taker.account_id, taker.leaves
    guarded = taker.self_trade_prevention is not UNGUARDED
    venue.tape.begin_taker()
    while True:
        price, key, shown = opposite.first()
        quantity = shown if shown < left else left
        maker = venue.orders[key] if key > 0 else None
        if guarded and maker is not None and maker.account_id == account_id:
            taker = prevent(venue, taker, maker, quantity, time_us)
            left = taker.leaves
        else:
            opposite.remove(price, key, quantity)
            if maker is None:
                outside.take(opposite.side, price, quantity, time_us)
            filled = venue.trade(side, price, quantity, taker, maker, time_us)
            assert filled is not None
            taker, left = filled, left - quantity
        if not left or not opposite.reaches(limit):
            return taker


def _expire(venue: Venue, order: Order, reason: ExpiryReason, time_us: int) -> None:
    venue.end(order, OrderStatus.EXPIRED, time_us, entering=True, expiry_reason=reason)
