"""Placing orders and lists of them: each a list of guards, then one mutation.

The order of the guards is the specification. What happens to orders that wait is in contingency.py.
"""

from itertools import pairwise
from typing import Final

from msgspec.structs import replace

from hypersim.engine.checks import check_counts, check_order, check_position
from hypersim.engine.commands import PlaceList, PlaceOrder
from hypersim.engine.contingency import estimate, half
from hypersim.engine.entering import check_funds, execute, prepared
from hypersim.engine.ledger import Ledger
from hypersim.engine.lists import ListKind, OrderList, Phase
from hypersim.engine.orders import BUY, ORDER_TYPES, Order, OrderStatus, Terms, triggers_above
from hypersim.engine.outside import Outside
from hypersim.engine.venue import Venue
from hypersim.errors import Reason, Refused

PENDING: Final = OrderStatus.PENDING_NEW


def new_order(venue: Venue, command: PlaceOrder, time_us: int, list_id: int = 0, nth: int = 0) -> Order:
    """The order that a command asks for, not accepted yet; `nth` of those that come together."""
    market, stop = venue.market, ORDER_TYPES[command.type].stop is not None
    # what most orders lack comes after: beyond 15 keywords CPython puts them all into a dict (benchmarks/engine.py)
    order = Order(
        symbol=market.symbol,
        order_id=venue.next_order_id + nth,
        account_id=command.account_id,
        client_order_id=command.client_order_id,
        side=command.side,
        type=command.type,
        time_in_force=command.time_in_force,
        price=command.price,
        quantity=command.quantity,
        quote_quantity=command.quote_quantity,
        self_trade_prevention=command.self_trade_prevention or market.default_self_trade_prevention,
        created_us=time_us,
        updated_us=time_us,
        working_us=0 if stop else time_us,
    )
    if command.strategy_id is not None or command.strategy_type is not None:
        order = replace(order, strategy_id=command.strategy_id, strategy_type=command.strategy_type)
    if stop or command.iceberg or command.peg is not None or list_id:
        order = replace(order, terms=_new_terms(venue, command, stop, list_id, time_us))
    return order


def _new_terms(venue: Venue, command: PlaceOrder, stop: bool, list_id: int, time_us: int) -> Terms:
    follows = stop and not command.stop_price and venue.last_price
    unpriced = stop and command.side is BUY and not command.price
    return Terms(
        stop_price=command.stop_price,
        trailing_delta=command.trailing_delta,
        trailing_us=time_us if follows else 0,
        iceberg=command.iceberg,
        peg=command.peg,
        list_id=list_id,
        hold_price=estimate(command.stop_price or venue.last_price, command.trailing_delta) if unpriced else None,
    )


def test_order(venue: Venue, ledger: Ledger, command: PlaceOrder, time_us: int) -> None:
    """The guards of a placement that need neither funds nor the book."""
    order = new_order(venue, command, time_us)
    check_order(venue, order, time_us)
    check_counts(venue, venue.open_orders(order.account_id), (order,))
    check_position(venue, ledger, order)


def place_order(venue: Venue, outside: Outside, ledger: Ledger, command: PlaceOrder, time_us: int) -> None:
    """Accepts an order; lets a stop wait, fills what crosses of another, and rests or expires what is left."""
    order = new_order(venue, command, time_us)
    check_order(venue, order, time_us)
    mine = venue.open_orders(order.account_id)
    check_counts(venue, mine, (order,))
    if venue.market.max_position:
        check_position(venue, ledger, order)
    if order.client_order_id in mine:
        raise Refused(Reason.DUPLICATE_ORDER)
    if not order.working_us:
        check_stop(venue, ledger, order)
        accept_stop(venue, order)
        return
    entry = prepared(venue, ledger, order, time_us)
    venue.accept(entry.order, entry.required)
    execute(venue, outside, entry, time_us)


def check_stop(venue: Venue, ledger: Ledger, order: Order) -> None:
    """That a stop order can wait: it is paid for, and the price is not there yet."""
    check_funds(ledger, order.account_id, venue.paid_asset(order.side), order.held)
    if venue.stops.would_trigger(order, venue.last_price):
        raise Refused(Reason.WOULD_TRIGGER_IMMEDIATELY)


def accept_stop(venue: Venue, order: Order) -> None:
    venue.accept(order, order.held)
    venue.wait(order)


def place_list(venue: Venue, outside: Outside, ledger: Ledger, command: PlaceList, list_id: int, time_us: int) -> None:
    """Accepts a list with all its orders, or refuses it whole."""
    orders = [new_order(venue, each, time_us, list_id=list_id, nth=nth) for nth, each in enumerate(command.orders)]
    _check_list(venue, ledger, command, orders, time_us)
    if command.kind is ListKind.OCO:
        _place_oco(venue, outside, ledger, command, orders, time_us)
    else:
        _place_working(venue, outside, ledger, command, orders, time_us)


def _check_list(venue: Venue, ledger: Ledger, command: PlaceList, orders: list[Order], time_us: int) -> None:
    """The guards of a list that need neither funds nor the book."""
    market, kind = venue.market, command.kind
    for label, allowed, asked in (
        ("OCO", market.oco_allowed, kind in (ListKind.OCO, ListKind.OTOCO, ListKind.OPOCO)),
        ("OTO", market.oto_allowed, kind is not ListKind.OCO),
        ("OPO", market.opo_allowed, kind.is_paid),
    ):
        if asked and not allowed:
            raise Refused(Reason.ORDER_TYPE_NOT_SUPPORTED, label)
    for nth, order in enumerate(orders):
        check_order(venue, order, time_us, by_received=kind.is_paid and nth > 0)
    mine = venue.open_orders(command.account_id)
    check_counts(venue, mine, orders)
    lists = [each for each in venue.lists.values() if each.account_id == command.account_id]
    if market.max_num_order_lists and len(lists) >= market.max_num_order_lists:
        raise Refused(Reason.FILTER_MAX_NUM_ORDER_LISTS)
    check_position(venue, ledger, orders[0])
    names = [order.client_order_id for order in orders]
    if len(set(names)) < len(names) or any(name in mine for name in names):
        raise Refused(Reason.DUPLICATE_ORDER)
    if any(each.client_list_id == command.client_list_id for each in lists):
        raise Refused(Reason.DUPLICATE_ORDER)
    alternatives = orders if kind is ListKind.OCO else orders[1:]
    for stop, other in pairwise(alternatives):
        prices = [_turning_price(stop), _turning_price(other)]
        if kind is ListKind.OCO:
            prices.insert(1, venue.last_price or None)
        ordered = [price for price in prices if price is not None]
        rises = not triggers_above(stop.type, stop.side)
        if any(before >= after for before, after in pairwise(ordered if rises else ordered[::-1])):
            raise Refused(Reason.LIST_PRICES_WRONG)


def _turning_price(order: Order) -> int | None:
    """The price at which a leg of an OCO comes into play; None where the market decides."""
    if ORDER_TYPES[order.type].stop is not None:
        return order.special.stop_price or None
    return order.price or None


def _place_oco(
    venue: Venue, outside: Outside, ledger: Ledger, command: PlaceList, orders: list[Order], time_us: int
) -> None:
    stop, other = orders
    entry = prepared(venue, ledger, other, time_us) if other.working_us else None
    other = entry.order if entry is not None else other  # a peg has its price by now
    stop = half(stop, other)
    check_funds(ledger, stop.account_id, venue.paid_asset(stop.side), stop.held + other.held)
    _begin(venue, command, orders, Phase.OPEN, time_us)
    accept_stop(venue, stop)
    if entry is None:
        accept_stop(venue, other)
    else:
        venue.accept(entry.order, entry.required)
        execute(venue, outside, entry, time_us)


def _place_working(
    venue: Venue, outside: Outside, ledger: Ledger, command: PlaceList, orders: list[Order], time_us: int
) -> None:
    entry = prepared(venue, ledger, orders[0], time_us)
    _begin(venue, command, orders, Phase.WORKING, time_us)
    venue.accept(entry.order, entry.required)
    for order in orders[1:]:
        terms = replace(order.special, hold_price=0, trailing_us=0)
        venue.accept(replace(order, status=PENDING, working_us=0, terms=terms), 0)
    execute(venue, outside, entry, time_us)


def _begin(venue: Venue, command: PlaceList, orders: list[Order], phase: Phase, time_us: int) -> None:
    venue.put_list(
        OrderList(
            list_id=orders[0].special.list_id,
            account_id=command.account_id,
            symbol=command.symbol,
            client_list_id=command.client_list_id,
            kind=command.kind,
            phase=phase,
            orders=tuple((order.order_id, order.client_order_id) for order in orders),
            created_us=time_us,
            updated_us=time_us,
        )
    )
