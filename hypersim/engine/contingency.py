"""What waits and what is linked: triggered stops enter the book, and the orders of a list act on one another.

Trades and ends only note what is due (`Venue.due`); it is done when the command's own work is over, in the order in
which it came due, so that a fill and a trigger within one command count in their order. What cannot enter when its
turn comes is ended, never refused: its account asked long ago.

Sources: rest-api.md, 'Order lists'; faqs/opo.md; faqs/pegged_orders.md.
"""

from typing import Final

from msgspec.structs import replace

from hypersim.engine.checks import check_order
from hypersim.engine.entering import Entry, check_funds, execute, prepared
from hypersim.engine.events import EntryKind
from hypersim.engine.ledger import Ledger
from hypersim.engine.lists import OrderList, Phase
from hypersim.engine.orders import BUY, ORDER_TYPES, ExpiryReason, Order, OrderStatus
from hypersim.engine.outside import Outside
from hypersim.engine.stops import WHOLE
from hypersim.engine.venue import Venue
from hypersim.errors import Reason, Refused
from hypersim.units import ONE

RELEASE: Final = EntryKind.RELEASE


class Contingencies:
    """What is due in one market, with what it needs to be done."""

    def __init__(self, venue: Venue, outside: Outside, ledger: Ledger, time_us: int) -> None:
        self._venue, self._outside, self._ledger, self._time_us = venue, outside, ledger, time_us

    def settle(self) -> None:
        """Does what is due, and what comes due by that."""
        due = self._venue.due
        while due:
            each = due.popleft()
            if each.triggered:
                self._trigger(each.order.order_id)
            else:
                self._go_on(each.order)

    def _trigger(self, order_id: int) -> None:
        """A waiting order's turn has come."""
        venue = self._venue
        order = venue.orders.get(order_id)
        if order is None:
            return
        order_list = venue.lists.get(order.special.list_id)
        other_id = order_list.other(order_id) if order_list is not None else None
        if other_id is not None:
            other = venue.orders.get(other_id)
            if other is None or other.executed:  # it came first; what prevention took of it is no trade
                self._end(order, ExpiryReason.OCO_TRIGGER)
                return
            self._end(other, ExpiryReason.OCO_TRIGGER)
        terms = replace(order.special, hold_price=None)
        ready = replace(order, working_us=self._time_us, updated_us=self._time_us, terms=terms)
        try:
            entry = prepared(venue, self._ledger, ready, self._time_us, held=order.held)
        except Refused as refused:
            self._refuse(order, refused.reason)
        else:
            self._enter(order, entry)

    def _enter(self, order: Order, entry: Entry) -> None:
        """Lets an order that waited, or was pending, meet the book."""
        self._venue.place(order, entry.order, entry.required)
        execute(self._venue, self._outside, entry, self._time_us)

    def _go_on(self, order: Order) -> None:
        """An order of a list was filled, or ended."""
        venue = self._venue
        order_list = venue.lists.get(order.special.list_id)
        if order_list is None:
            return
        if order_list.phase is Phase.WORKING:
            if order.order_id == order_list.orders[0][0]:
                order_list = self._working_order_went_on(order_list, order)
        else:
            self._end_the_other(order_list, order)
        if not any(order_id in venue.orders for order_id, _ in order_list.orders):
            assert not order_list.saved, order_list
            venue.put_list(replace(order_list, phase=Phase.DONE, updated_us=self._time_us))

    def _end_the_other(self, order_list: OrderList, order: Order) -> None:
        """Where one of two alternatives was filled, in part or whole, or ended, the one that still waits is over."""
        if order.is_open and not order.executed:
            return
        other_id = order_list.other(order.order_id)
        other = self._venue.orders.get(other_id) if other_id is not None else None
        if other is not None and not other.working_us:
            self._end(other, ExpiryReason.OCO_TRIGGER)

    def _working_order_went_on(self, order_list: OrderList, order: Order) -> OrderList:
        venue = self._venue
        if order.is_open:
            return order_list
        if order.status is OrderStatus.FILLED:
            return self._set_free(order_list)
        for order_id in order_list.pending:
            if (pending := venue.orders.get(order_id)) is not None:
                self._end(pending, ExpiryReason.OTO_PHASE_ONE_EXPIRED)
        return self._unsaved(order_list)

    def _unsaved(self, order_list: OrderList) -> OrderList:
        """Gives back what was kept."""
        if order_list.saved:
            base = self._venue.market.base
            self._ledger.release(order_list.account_id, base, order_list.saved, RELEASE, order_list.reference)
            order_list = replace(order_list, saved=0)
            self._venue.lists[order_list.list_id] = order_list
        return order_list

    def _set_free(self, order_list: OrderList) -> OrderList:
        """The working order is filled: what was pending is placed, all of it or nothing."""
        venue, saved = self._venue, order_list.saved
        order_list = replace(self._unsaved(order_list), phase=Phase.OPEN, updated_us=self._time_us)
        venue.put_list(order_list)
        pending = [venue.orders[order_id] for order_id in order_list.pending]
        quantity = None
        if order_list.kind.is_paid:  # two alternatives sell the same
            quantity = min(venue.filters.largest_quantity(order.type, saved // ONE) for order in pending)
        placed = [self._unfolded(order, quantity) for order in pending]
        try:
            for order in placed:
                check_order(venue, order, self._time_us)
            freed = self._payable(placed)
        except Refused as refused:
            for order in pending:
                self._refuse(order, refused.reason)
            return order_list
        for before, after in zip(pending, freed, strict=True):
            if isinstance(after, Entry):
                self._enter(before, after)
            else:
                venue.place(before, after, after.held)
                venue.wait(after)
        return order_list

    def _unfolded(self, order: Order, quantity: int | None) -> Order:
        """A pending order as it is placed, of its own quantity unless told."""
        venue, terms, stop = self._venue, order.special, ORDER_TYPES[order.type].stop is not None
        return replace(
            order,
            quantity=order.quantity if quantity is None else quantity,
            status=OrderStatus.NEW,
            working_us=0 if stop else self._time_us,
            updated_us=self._time_us,
            terms=replace(
                terms,
                hold_price=estimate(terms.stop_price or venue.last_price, terms.trailing_delta)
                if stop and order.side is BUY and not order.price
                else None,
                trailing_us=self._time_us if stop and not terms.stop_price and venue.last_price else 0,
            ),
        )

    def _payable(self, placed: list[Order]) -> list[Order | Entry]:
        """The orders as they can be placed together: a stop as it will wait, another as it enters. Raises Refused."""
        venue, ledger = self._venue, self._ledger
        ready: list[Order | Entry] = []
        for order in placed:
            if ORDER_TYPES[order.type].stop is None:
                ready.append(prepared(venue, ledger, order, self._time_us))
            elif venue.stops.would_trigger(order, venue.last_price):
                raise Refused(Reason.WOULD_TRIGGER_IMMEDIATELY)
            else:
                ready.append(order)
        orders = [each.order if isinstance(each, Entry) else each for each in ready]  # a peg has its price by now
        if len(orders) > 1:
            stop, other = orders
            orders[0] = ready[0] = half(stop, other)
        paid_asset = venue.paid_asset(orders[0].side)
        check_funds(ledger, orders[0].account_id, paid_asset, sum(order.held for order in orders))
        return ready

    def _refuse(self, order: Order, reason: Reason) -> None:
        status = OrderStatus.REJECTED if order.status is OrderStatus.PENDING_NEW else OrderStatus.EXPIRED
        self._venue.end(order, status, self._time_us, expiry_reason=ExpiryReason.REJECTED, reason=reason)

    def _end(self, order: Order, reason: ExpiryReason) -> None:
        self._venue.end(order, OrderStatus.EXPIRED, self._time_us, expiry_reason=reason)


def estimate(price: int, trailing_delta: int) -> int:
    """What a stop order to buy without a price will have to pay per unit, as far as one can know: the price that it
    waits for, or the last, and the basis points by which it must turn back.
    """
    return -(-price * (WHOLE + trailing_delta) // WHOLE)


def half(stop: Order, other: Order) -> Order:
    """The stop of an OCO, of which only one order can be filled: what the other holds it need not hold too."""
    hold_price = max(0, _held_per_unit(stop) - _held_per_unit(other))
    return replace(stop, terms=replace(stop.special, hold_price=hold_price))


def _held_per_unit(order: Order) -> int:
    hold_price = order.special.hold_price
    if hold_price is not None:
        return hold_price
    return order.limit if order.side is BUY else ONE
