"""What a placement led to, read from the events of its command, and how a caller wants it told."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from msgspec import Struct, field

from hypersim.api.binance.endpoints import Call
from hypersim.api.binance.orders import RESPONSE_TYPE, ResponseType
from hypersim.api.binance.render import acknowledgement, full_placement, placement
from hypersim.engine.events import Change, Event, Fill, MatchPrevented, OrderChanged
from hypersim.engine.orders import Order, OrderStatus, OrderType

ANSWERED_FULLY: Final = (OrderType.LIMIT, OrderType.MARKET)
"""The types whose placement is answered FULL unless the caller says otherwise."""
# members of an enum, where each order passes: CPython 3.11 looks them up by a call
NEW: Final = Change.NEW
PENDING_NEW: Final = OrderStatus.PENDING_NEW
ACK: Final = ResponseType.ACK
RESULT: Final = ResponseType.RESULT
FULL: Final = ResponseType.FULL


class Placed(Struct):
    """An order as it is after its placement, with its fills and the matches of it that were prevented."""

    order: Order
    fills: list[Fill] = field(default_factory=list)
    prevented: list[MatchPrevented] = field(default_factory=list)


def placed_orders(events: Iterable[Event]) -> list[Placed]:
    """The orders that a command placed, in the order of their placement. One that was pending is told as pending,
    even where the working order was filled at once.
    """
    found: dict[int, Placed] = {}
    for event in events:
        if isinstance(event, OrderChanged):
            order = event.order
            placed = found.get(order.order_id)
            if placed is None:
                if event.change is NEW:
                    found[order.order_id] = Placed(order)
            elif placed.order.status is not PENDING_NEW:
                placed.order = order
                if event.fill is not None:
                    placed.fills.append(event.fill)
        elif isinstance(event, MatchPrevented) and event.taker_order_id in found:
            found[event.taker_order_id].prevented.append(event)
    return list(found.values())


def wanted(order: Order, call: Call) -> ResponseType:
    """How much the caller wants to be told of the placement of one order."""
    return call[RESPONSE_TYPE] or (FULL if order.type in ANSWERED_FULLY else ACK)


def told(placed: Placed, call: Call, time_us: int, response: ResponseType | None = None) -> dict[str, Any]:
    """A placement in a form; None: in the one that is wanted of a single order."""
    order = placed.order
    response = response or wanted(order, call)
    if response is ACK:
        return acknowledgement(order, call, time_us)
    if response is RESULT:
        return placement(order, call, time_us)
    return full_placement(order, placed.fills, placed.prevented, call, time_us)


def only(placed: Sequence[Placed]) -> Placed:
    """The one order of a placement."""
    [order] = placed
    return order
