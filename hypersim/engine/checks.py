"""What an order must be like before anything is done with it, whoever pays for it and whatever rests on the book.

The order of the guards is the specification. Nothing here changes anything.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from hypersim.engine.filters import Filters
from hypersim.engine.ledger import Ledger
from hypersim.engine.market import Market, MarketStatus
from hypersim.engine.orders import BUY, ORDER_TYPES, Order, Terms, TypeRule, triggers_above
from hypersim.engine.venue import Venue
from hypersim.errors import Reason, Refused
from hypersim.units import ONE, to_amount

TRADING: Final = MarketStatus.TRADING


def check_order(venue: Venue, order: Order, time_us: int, by_received: bool = False) -> None:
    """The guards of one order. `by_received`: its quantity will be what another order receives. Raises Refused."""
    market, filters, rule = venue.market, venue.filters, ORDER_TYPES[order.type]
    terms, limit, quantity = order.terms, order.price, order.quantity
    if market.status is not TRADING:
        raise Refused(Reason.MARKET_CLOSED)
    _check_allowed(market, order, rule)
    if not by_received and (quantity or order.quote_quantity) <= 0:
        raise Refused(Reason.BAD_QUANTITY)
    reference_price = venue.tape.reference_price(time_us)
    if rule.priced and (limit or terms is None or terms.peg is None):
        if limit <= 0:
            raise Refused(Reason.BAD_PRICE)
        filters.check_price(order.side, limit, reference_price)
    if terms is not None:
        _check_terms(filters, order, terms, rule)
    if quantity:
        filters.check_quantity(order.type, quantity)
    price = (limit or None) if rule.priced else reference_price
    if order.quote_quantity:
        filters.check_notional(order.type, to_amount(order.quote_quantity))
    elif price is not None and not by_received:
        filters.check_notional(order.type, price * quantity)


def _check_allowed(market: Market, order: Order, rule: TypeRule) -> None:
    """What the symbol allows at all."""
    if order.type not in market.order_types:
        raise Refused(Reason.ORDER_TYPE_NOT_SUPPORTED, rule.label)
    if order.quote_quantity and not market.quote_quantity_allowed:
        raise Refused(Reason.QUOTE_QUANTITY_NOT_SUPPORTED)
    terms = order.terms
    if terms is not None:
        for asked, allowed, label in (
            (terms.iceberg, market.iceberg_allowed, "Iceberg"),
            (terms.trailing_delta, market.trailing_allowed, "Trailing stop"),
            (terms.peg, market.peg_allowed, "Pegged"),
        ):
            if asked and not allowed:
                raise Refused(Reason.ORDER_TYPE_NOT_SUPPORTED, label)
    if order.self_trade_prevention not in market.allowed_self_trade_prevention:
        raise Refused(Reason.STP_MODE_NOT_ALLOWED)


def _check_terms(filters: Filters, order: Order, terms: Terms, rule: TypeRule) -> None:
    if rule.stop is not None:
        if terms.stop_price:
            filters.check_stop_price(terms.stop_price)
        if terms.trailing_delta:
            filters.check_trailing(terms.trailing_delta, above=triggers_above(order.type, order.side))
    if terms.iceberg and order.quantity:
        filters.check_iceberg(order.quantity, terms.iceberg)


def check_counts(venue: Venue, mine: Mapping[str, int], orders: Sequence[Order]) -> None:
    """That an account may have these orders open beside those that it has."""
    market = venue.market
    if market.max_num_orders and len(mine) + len(orders) > market.max_num_orders:
        raise Refused(Reason.FILTER_MAX_NUM_ORDERS)
    if len(orders) == 1 and orders[0].terms is None:  # neither a stop nor an iceberg
        return
    for most, counts, reason in (
        (market.max_num_algo_orders, _is_stop, Reason.FILTER_MAX_NUM_ALGO_ORDERS),
        (market.max_num_iceberg_orders, _is_iceberg, Reason.FILTER_MAX_NUM_ICEBERG_ORDERS),
    ):
        adding = sum(map(counts, orders))
        if most and adding and adding + sum(counts(venue.orders[order_id]) for order_id in mine.values()) > most:
            raise Refused(reason)


def check_position(venue: Venue, ledger: Ledger, order: Order) -> None:
    """MAX_POSITION, which bounds what an account has of the base asset, and is about to buy."""
    most = venue.market.max_position
    if not most or order.side is not BUY:
        return
    free, locked = ledger.balance(order.account_id, venue.market.base)
    buying = sum(
        mine.leaves
        for mine in map(venue.orders.__getitem__, venue.open_orders(order.account_id).values())
        if mine.side is BUY
    )
    if free + locked + (buying + order.quantity) * ONE > most * ONE:
        raise Refused(Reason.FILTER_MAX_POSITION)


def _is_stop(order: Order) -> bool:
    return ORDER_TYPES[order.type].stop is not None


def _is_iceberg(order: Order) -> bool:
    return order.special.iceberg > 0
