"""Cancelling, replacing and lowering open orders: each a list of guards, then one mutation."""

from typing import Final

from hypersim.engine.commands import AmendOrder, CancelAll, CancelList, CancelOrder
from hypersim.engine.lists import OrderList
from hypersim.engine.orders import ORDER_TYPES, CancelRestriction, Order, OrderStatus
from hypersim.engine.venue import Venue
from hypersim.errors import Reason, Refused

STATUS_OF_RESTRICTION: Final = {
    CancelRestriction.ONLY_NEW: OrderStatus.NEW,
    CancelRestriction.ONLY_PARTIALLY_FILLED: OrderStatus.PARTIALLY_FILLED,
}


def named_order(
    venue: Venue,
    account_id: int,
    order_id: int | None,
    client_order_id: str | None,
    *,
    unknown: Reason = Reason.UNKNOWN_ORDER,
    mismatched: Reason = Reason.CANCEL_IDS_MISMATCH,
) -> Order:
    """An account's open order by either id or by both. A closed, foreign or unknown one is the same to whoever asks:
    Refused with `unknown`; two ids of different orders with `mismatched`.
    """
    if order_id is None and client_order_id is not None:
        order_id = venue.open_orders(account_id).get(client_order_id)
    order = venue.orders.get(order_id) if order_id is not None else None
    if order is None or order.account_id != account_id:
        raise Refused(unknown)
    if client_order_id is not None and client_order_id != order.client_order_id:
        raise Refused(mismatched)
    return order


def cancel_order(venue: Venue, command: CancelOrder, time_us: int) -> None:
    """Cancels one open order of the account, and with it the list that it belongs to."""
    order = named_order(venue, command.account_id, command.order_id, command.client_order_id)
    if command.restriction is not None and order.status is not STATUS_OF_RESTRICTION[command.restriction]:
        raise Refused(Reason.CANCEL_RESTRICTED)
    order_list = venue.lists.get(order.special.list_id)
    if order_list is not None:
        _cancel_list(venue, order_list, command.cancel_id, time_us)
    else:
        venue.end(order, OrderStatus.CANCELED, time_us, cancel_id=command.cancel_id)


def cancel_list(venue: Venue, command: CancelList, time_us: int) -> None:
    """Cancels every open order of an open list of the account."""
    for order_list in venue.lists.values():
        if (
            order_list.account_id == command.account_id
            and command.list_id in (None, order_list.list_id)
            and command.client_list_id in (None, order_list.client_list_id)
        ):
            _cancel_list(venue, order_list, command.cancel_id, time_us)
            return
    raise Refused(Reason.UNKNOWN_ORDER)


def _cancel_list(venue: Venue, order_list: OrderList, cancel_id: str, time_us: int) -> None:
    for order_id, _ in order_list.orders:
        if (order := venue.orders.get(order_id)) is not None:
            venue.end(order, OrderStatus.CANCELED, time_us, cancel_id=cancel_id)


def cancel_all(venue: Venue, command: CancelAll, time_us: int) -> None:
    """Cancels every open order of the account on the symbol, in the order of their placement."""
    order_ids = tuple(venue.open_orders(command.account_id).values())
    if not order_ids:
        raise Refused(Reason.UNKNOWN_ORDER)
    for order_id in order_ids:
        venue.end(venue.orders[order_id], OrderStatus.CANCELED, time_us, cancel_id=command.cancel_id)


def amend_order(venue: Venue, command: AmendOrder, time_us: int) -> None:
    """Lowers the quantity of an open order; of an OCO, that of both orders, for which it must be right.

    An order that is left with nothing to trade expires (CHANGELOG of 2026-04-02 of Binance's Spot API documents).
    """
    market = venue.market
    if not market.amend_allowed:
        raise Refused(Reason.AMEND_NOT_SUPPORTED)
    order = named_order(
        venue,
        command.account_id,
        command.order_id,
        command.client_order_id,
        unknown=Reason.AMENDED_ORDER_UNKNOWN,
        mismatched=Reason.AMENDED_ORDER_UNKNOWN,
    )
    if not order.quantity:
        raise Refused(Reason.AMEND_OF_PAID_ORDER)
    if command.quantity > order.quantity:
        raise Refused(Reason.AMEND_INCREASES)
    if command.quantity == order.quantity:
        raise Refused(Reason.AMEND_CHANGES_NOTHING)
    order_list = venue.lists.get(order.special.list_id)
    other_id = order_list.other(order.order_id) if order_list is not None else None
    other = venue.orders.get(other_id) if other_id is not None else None
    for each in (order, other) if other is not None else (order,):
        _check_lowered(venue, each, command.quantity, time_us)
    name = command.new_client_order_id
    if name != order.client_order_id and name in venue.open_orders(command.account_id):
        raise Refused(Reason.DUPLICATE_ORDER)
    venue.amend(order, command.quantity, name, time_us)
    if other is not None:
        venue.amend(other, command.quantity, other.client_order_id, time_us)


def _check_lowered(venue: Venue, order: Order, quantity: int, time_us: int) -> None:
    """That an order may have a lower quantity: no less than it has traded, and within the filters."""
    market = venue.market
    if not quantity or quantity < order.quantity - order.leaves:
        raise Refused(Reason.BAD_QUANTITY)
    venue.filters.check_quantity(order.type, quantity)
    price = order.limit if ORDER_TYPES[order.type].priced else venue.tape.reference_price(time_us)
    if price:
        venue.filters.check_notional(order.type, price * quantity)
    if market.max_num_order_amends and order.special.amends >= market.max_num_order_amends:
        raise Refused(Reason.FILTER_MAX_NUM_ORDER_AMENDS)
