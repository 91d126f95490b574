"""executionReport: one change of one order, as the account that placed it is told. Keys are Binance's letters.

A stop that is triggered, and a pending order whose turn has come, are reported as NEW again, on the book now; a
trailing order that begins to follow the price as NEW with its trailing time. Of the fields that only some reports have,
`v` and `A` are in every one of an order of which something was prevented, and what tells of that one match only where
it happened. There is neither smart order routing nor a group of accounts here, so `b`, `a`, `k` and `uS` never are.

Sources: user-data-stream.md, 'Order Update'; faqs/market_orders_faq.md for MARKET; faqs/stp_faq.md; fix-api.md,
'ExecutionReport', for WorkingIndicator and OrigClOrdID; what a report without a value shows: the SBE schema
(`jsonDefaultValue`).
"""

from typing import Any, Final

from msgspec import Struct

from hypersim.api.binance.account import NO_GROUP
from hypersim.api.binance.render import NEVER, ZERO, list_id
from hypersim.engine.commands import PlaceOrder
from hypersim.engine.events import Change, MatchPrevented, OrderChanged
from hypersim.engine.market import Market
from hypersim.engine.orders import ORDER_TYPES, Order, OrderStatus, Terms, TimeInForce
from hypersim.errors import Reason
from hypersim.units import show, show_amount

NOT_REJECTED: Final = "NONE"
REJECT_REASONS: Final = {
    Reason.INSUFFICIENT_BALANCE: "INSUFFICIENT_BALANCES",
    Reason.WOULD_TRIGGER_IMMEDIATELY: "STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY",
    Reason.WOULD_MATCH_IMMEDIATELY: "WOULD_MATCH_IMMEDIATELY",
    Reason.LIST_PRICES_WRONG: "OCO_BAD_PRICES",
}
"""'Order Reject Reason'; any other is named as this exchange does, in the same manner."""
EXCHANGE_CANCELED: Final = "EXCHANGE_CANCELED"
"""Why an order ends with its world ('Order Expiry Reason')."""
NO_ID: Final = -1
"""The id of an order that got none, and of a trade that there was none of."""
ENTERING: Final = frozenset({Change.NEW, Change.WORKING})
EXECUTION_TYPES: Final = {Change.WORKING: Change.NEW, Change.FOLLOWING: Change.NEW}
"""Where it is not the change itself."""


class Met(Struct, frozen=True, gc=False):
    """A match of an order with another one of its account that was prevented."""

    match: MatchPrevented
    quantity: int
    """What would have been traded, scale 8."""


class Report(Struct, frozen=True, gc=False, kw_only=True):
    """What is to be reported."""

    changed: OrderChanged
    time_us: int
    execution_id: int
    """Greater than that of any earlier report of the account."""
    met: Met | None = None
    """On TRADE_PREVENTION."""
    reject_reason: str = NOT_REJECTED
    expiry_reason: str | None = None
    """Where the order itself does not say it."""


def execution_report(report: Report, unit: int) -> dict[str, Any]:
    """The event, with times in units of so many microseconds."""
    changed = report.changed
    order, change, fill = changed.order, changed.change, changed.fill
    special, time = order.special, report.time_us // unit
    name, original = _names(changed)
    return {
        "e": "executionReport",
        "E": time,
        "s": order.symbol,
        "c": name,
        "S": order.side,
        "o": order.type,
        "f": order.time_in_force,
        "q": show(order.quantity),
        "p": show(order.price),
        "P": show(special.stop_price),
        "F": show(special.iceberg),
        "g": list_id(order),
        "C": original,
        "x": EXECUTION_TYPES.get(change, change),
        "X": order.status,
        "r": report.reject_reason,
        "i": order.order_id,
        "l": ZERO if fill is None else show(fill.quantity),
        "z": show(order.executed),
        "L": ZERO if fill is None else show(fill.price),
        "n": "0" if fill is None else show_amount(fill.fee),
        "N": None if fill is None else fill.fee_asset,
        "T": time,
        "t": NO_ID if fill is None else fill.trade_id,
        "I": report.execution_id,
        "w": _is_on_book(change, order),
        "m": fill is not None and fill.is_maker,
        "M": fill is not None,
        "O": order.created_us // unit if order.created_us else NEVER,
        "Z": show_amount(order.executed_quote),
        "Y": ZERO if fill is None else show_amount(fill.quote),
        "Q": show(order.quote_quantity),
        "V": order.self_trade_prevention,
        **_conditional(order, unit),
        **_prevented(order, report.met),
        **_expired(order, report.expiry_reason),
    }


def rejected(place: PlaceOrder, market: Market) -> OrderChanged:
    """What is reported of an order that was to replace another and was refused, when that one had been cancelled."""
    terms = Terms(
        stop_price=place.stop_price, trailing_delta=place.trailing_delta, iceberg=place.iceberg, peg=place.peg
    )
    order = Order(
        symbol=place.symbol,
        order_id=NO_ID,
        account_id=place.account_id,
        client_order_id=place.client_order_id,
        side=place.side,
        type=place.type,
        time_in_force=place.time_in_force,
        price=place.price,
        quantity=place.quantity,
        quote_quantity=place.quote_quantity,
        status=OrderStatus.REJECTED,
        self_trade_prevention=place.self_trade_prevention or market.default_self_trade_prevention,
        strategy_id=place.strategy_id,
        strategy_type=place.strategy_type,
        created_us=0,
        updated_us=0,
        working_us=0,
        terms=terms,
    )
    return OrderChanged(change=Change.REJECTED, order=order)


def reject_reason(reason: Reason) -> str:
    return REJECT_REASONS.get(reason, reason.name)


def _names(changed: OrderChanged) -> tuple[str, str]:
    """(c, C): what a cancel or an amendment calls the order, and how it was called before; else its name alone."""
    name = changed.order.client_order_id
    if changed.change is Change.CANCELED:
        return changed.cancel_id, name
    return name, changed.amendment.client_order_id if changed.amendment is not None else ""


def _is_on_book(change: Change, order: Order) -> bool:
    """Whoever enters the book is on it, as the sample of a MARKET order has it; afterwards, what may rest there."""
    if not order.working_us or not order.is_open:
        return False
    return change in ENTERING or (ORDER_TYPES[order.type].priced and order.time_in_force is TimeInForce.GTC)


def _conditional(order: Order, unit: int) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if order.working_us:
        shown["W"] = order.working_us // unit
    if order.strategy_id is not None:
        shown["j"] = order.strategy_id
    if order.strategy_type is not None:
        shown["J"] = order.strategy_type
    terms = order.terms
    if terms is None:
        return shown
    if terms.trailing_delta:
        shown["d"] = terms.trailing_delta
    if terms.trailing_us:
        shown["D"] = terms.trailing_us // unit
    if terms.peg is not None:
        shown["gP"] = terms.peg.price_type
        if terms.peg.offset is not None:
            shown |= {"gOT": "PRICE_LEVEL", "gOV": terms.peg.offset}
        if terms.pegged_price:
            shown["gp"] = show(terms.pegged_price)
    return shown


def _prevented(order: Order, met: Met | None) -> dict[str, Any]:
    if not order.prevented:
        return {}
    shown: dict[str, Any] = {"v": order.special.prevented_match_id, "A": show(order.prevented)}
    if met is not None:
        match = met.match
        is_taker = order.order_id == match.taker_order_id
        shown |= {
            "B": show(match.taker_prevented if is_taker else match.maker_prevented),
            "u": NO_GROUP,
            "U": match.maker_order_id if is_taker else match.taker_order_id,
            "Cs": match.symbol,
            "pl": show(met.quantity),
            "pL": show(match.price),
            "pY": show_amount(match.price * met.quantity),
        }
    return shown


def _expired(order: Order, reason: str | None) -> dict[str, Any]:
    reason = reason or order.expiry_reason
    return {} if reason is None else {"eR": reason}
