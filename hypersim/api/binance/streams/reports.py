"""executionReport: one change of one order, as the account that placed it is told. Keys are Binance's letters.

A stop that is triggered, and a pending order whose turn has come, are reported as NEW again, on the book now; a
trailing order that begins to follow the price as NEW with its trailing time. Of the fields that only some reports have,
`v` and `A` are in every one of an order of which something was prevented, and what tells of that one match only where
it happened. There is neither smart order routing nor a group of accounts here, so `b`, `a`, `k` and `uS` never are.

Sources: user-data-stream.md, 'Order Update'; faqs/market_orders_faq.md for MARKET; faqs/stp_faq.md; fix-api.md,
'ExecutionReport', for WorkingIndicator and OrigClOrdID; what a report without a value shows: the SBE schema
(`jsonDefaultValue`).
"""

from typing import Final

from msgspec import UNSET, Struct, UnsetType

from hypersim.api.binance.account import NO_GROUP
from hypersim.api.binance.render import NEVER, ZERO, list_id
from hypersim.engine.commands import PlaceOrder
from hypersim.engine.events import Change, MatchPrevented, OrderChanged
from hypersim.engine.market import Market
from hypersim.engine.orders import (
    ORDER_TYPES,
    Order,
    OrderStatus,
    OrderType,
    PegPriceType,
    SelfTradePrevention,
    Side,
    Terms,
    TimeInForce,
)
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


class ExecutionReport(Struct, gc=False):
    """The event. A dict of as many keys takes longer to make and to encode, for every change of an order."""

    e: str
    E: int
    s: str
    c: str
    S: Side
    o: OrderType
    f: TimeInForce
    q: str
    p: str
    P: str
    F: str
    g: int
    C: str
    x: Change
    X: OrderStatus
    r: str
    i: int
    l: str  # noqa: E741 - the key's name
    z: str
    L: str
    n: str
    N: str | None
    T: int
    t: int
    I: int  # noqa: E741 - the key's name
    w: bool
    m: bool
    M: bool
    O: int  # noqa: E741 - the key's name
    Z: str
    Y: str
    Q: str
    V: SelfTradePrevention
    W: int | UnsetType = UNSET
    j: int | UnsetType = UNSET
    J: int | UnsetType = UNSET
    d: int | UnsetType = UNSET
    D: int | UnsetType = UNSET
    gP: PegPriceType | UnsetType = UNSET  # noqa: N815 - the key's name
    gOT: str | UnsetType = UNSET  # noqa: N815 - the key's name
    gOV: int | UnsetType = UNSET  # noqa: N815 - the key's name
    gp: str | UnsetType = UNSET
    v: int | UnsetType | None = UNSET
    A: str | UnsetType = UNSET
    B: str | UnsetType = UNSET
    u: int | UnsetType = UNSET
    U: int | UnsetType = UNSET
    Cs: str | UnsetType = UNSET
    pl: str | UnsetType = UNSET
    pL: str | UnsetType = UNSET  # noqa: N815 - the key's name
    pY: str | UnsetType = UNSET  # noqa: N815 - the key's name
    eR: str | UnsetType = UNSET  # noqa: N815 - the key's name


def execution_report(report: Report, unit: int) -> ExecutionReport:
    """The event, with times in units of so many microseconds."""
    changed = report.changed
    order, change, fill = changed.order, changed.change, changed.fill
    special, time = order.special, report.time_us // unit
    name, original = _names(changed)
    shown = ExecutionReport(
        "executionReport",
        time,
        order.symbol,
        name,
        order.side,
        order.type,
        order.time_in_force,
        show(order.quantity),
        show(order.price),
        show(special.stop_price),
        show(special.iceberg),
        list_id(order),
        original,
        EXECUTION_TYPES.get(change, change),
        order.status,
        report.reject_reason,
        order.order_id,
        ZERO if fill is None else show(fill.quantity),
        show(order.executed),
        ZERO if fill is None else show(fill.price),
        "0" if fill is None else show_amount(fill.fee),
        None if fill is None else fill.fee_asset,
        time,
        NO_ID if fill is None else fill.trade_id,
        report.execution_id,
        _is_on_book(change, order),
        fill is not None and fill.is_maker,
        fill is not None,
        order.created_us // unit if order.created_us else NEVER,
        show_amount(order.executed_quote),
        ZERO if fill is None else show_amount(fill.quote),
        show(order.quote_quantity),
        order.self_trade_prevention,
    )
    _show_conditional(shown, order, unit)
    if order.prevented:
        _show_prevented(shown, order, report.met)
    if reason := report.expiry_reason or order.expiry_reason:
        shown.eR = reason
    return shown


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


def _show_conditional(shown: ExecutionReport, order: Order, unit: int) -> None:
    if order.working_us:
        shown.W = order.working_us // unit
    if order.strategy_id is not None:
        shown.j = order.strategy_id
    if order.strategy_type is not None:
        shown.J = order.strategy_type
    terms = order.terms
    if terms is None:
        return
    if terms.trailing_delta:
        shown.d = terms.trailing_delta
    if terms.trailing_us:
        shown.D = terms.trailing_us // unit
    if terms.peg is not None:
        shown.gP = terms.peg.price_type
        if terms.peg.offset is not None:
            shown.gOT, shown.gOV = "PRICE_LEVEL", terms.peg.offset
        if terms.pegged_price:
            shown.gp = show(terms.pegged_price)


def _show_prevented(shown: ExecutionReport, order: Order, met: Met | None) -> None:
    shown.v, shown.A = order.special.prevented_match_id, show(order.prevented)
    if met is not None:
        match = met.match
        is_taker = order.order_id == match.taker_order_id
        shown.B = show(match.taker_prevented if is_taker else match.maker_prevented)
        shown.u = NO_GROUP
        shown.U = match.maker_order_id if is_taker else match.taker_order_id
        shown.Cs = match.symbol
        shown.pl, shown.pL = show(met.quantity), show(match.price)
        shown.pY = show_amount(match.price * met.quantity)
