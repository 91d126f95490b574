"""The orders of a list, read from the parameters of its placement.

They are in the order of `ListKind`: of an OCO the stop order first, wherever it lies. Source: rest-api.md, 'Order
lists'.
"""

from typing import Any, Final

from hypersim.api.binance.endpoints import Call, Parameter, optional, required
from hypersim.api.binance.orders import PREVENTION, Form, ResponseType, order_command
from hypersim.api.binance.parameters import CLIENT_ORDER_ID_TEXT, SYMBOL, Choice, Decimal, WholeDecimal
from hypersim.engine.commands import PlaceOrder
from hypersim.engine.market import Market
from hypersim.engine.orders import ORDER_TYPES, OrderType, Side, Stop
from hypersim.errors import Reason, Refused

Rows = tuple[Parameter[Any], ...]

LIST_CLIENT_ORDER_ID: Final = optional(
    "listClientOrderId", CLIENT_ORDER_ID_TEXT, description="unique among your open lists; made when not sent"
)
LIST_RESPONSE_TYPE: Final = optional(
    "newOrderRespType", Choice(ResponseType, Reason.BAD_RESPONSE_TYPE), ResponseType.RESULT, "how orders are reported"
)
"""No document says what is reported when nothing is asked for; RESULT is what the samples show of every list."""
SIDE: Final = required("side", Choice(Side, Reason.BAD_SIDE))
QUANTITY: Final[Parameter[Any]] = required("quantity", Decimal(), "of the base asset, for both orders")
PENDING_SIDE: Final = required("pendingSide", Choice(Side, Reason.BAD_SIDE))
PENDING_QUANTITY: Final[Parameter[Any]] = required("pendingQuantity", Decimal(), "of the base asset")

WORKING_TYPES: Final = (OrderType.LIMIT, OrderType.LIMIT_MAKER)
ALTERNATIVES: Final = (OrderType.LIMIT_MAKER, *(each for each, rule in ORDER_TYPES.items() if rule.stop is not None))
"""The types that the orders of an OCO may have."""

ABOVE: Final = Form("above", shared_side=SIDE, shared_quantity=QUANTITY, takes_amount=False, types=ALTERNATIVES)
BELOW: Final = Form("below", shared_side=SIDE, shared_quantity=QUANTITY, takes_amount=False, types=ALTERNATIVES)
ITS_QUANTITY: Final = frozenset({"quantity"})
WORKING: Final = Form("working", takes_amount=False, always=ITS_QUANTITY, types=WORKING_TYPES)
PENDING: Final = Form("pending", takes_amount=False, whole=WholeDecimal(), always=ITS_QUANTITY)
PENDING_ABOVE: Final = Form(
    "pendingAbove",
    shared_side=PENDING_SIDE,
    shared_quantity=PENDING_QUANTITY,
    takes_amount=False,
    whole=WholeDecimal(),
    types=ALTERNATIVES,
)
PENDING_BELOW: Final = Form(
    "pendingBelow",
    shared_side=PENDING_SIDE,
    shared_quantity=PENDING_QUANTITY,
    takes_amount=False,
    whole=WholeDecimal(),
    types=ALTERNATIVES,
)
PAID: Final = Form("pending", takes_amount=False, whole=WholeDecimal(), is_paid=True)
PAID_ABOVE: Final = Form(
    "pendingAbove",
    shared_side=PENDING_SIDE,
    takes_amount=False,
    whole=WholeDecimal(),
    is_paid=True,
    types=ALTERNATIVES,
)
PAID_BELOW: Final = Form(
    "pendingBelow",
    shared_side=PENDING_SIDE,
    takes_amount=False,
    whole=WholeDecimal(),
    is_paid=True,
    types=ALTERNATIVES,
)

COMMON: Final = (LIST_CLIENT_ORDER_ID, LIST_RESPONSE_TYPE, PREVENTION)

OCO: Final[Rows] = (SYMBOL, SIDE, QUANTITY, *ABOVE.rows, *BELOW.rows, *COMMON)
OTO: Final[Rows] = (SYMBOL, *WORKING.rows, *PENDING.rows, *COMMON)
# Both types are asked for: rest-api.md calls `pendingBelowType` not mandatory, and says "2 pending orders" above.
OTOCO: Final[Rows] = (
    SYMBOL,
    *WORKING.rows,
    PENDING_SIDE,
    PENDING_QUANTITY,
    *PENDING_ABOVE.rows,
    *PENDING_BELOW.rows,
    *COMMON,
)
OPO: Final[Rows] = (SYMBOL, *WORKING.rows, *PAID.rows, *COMMON)
OPOCO: Final[Rows] = (SYMBOL, *WORKING.rows, PENDING_SIDE, *PAID_ABOVE.rows, *PAID_BELOW.rows, *COMMON)


def oco(call: Call, market: Market) -> tuple[PlaceOrder, ...]:
    return _alternatives(call, market, ABOVE, BELOW)


def oto(call: Call, market: Market) -> tuple[PlaceOrder, ...]:
    return _working(call, market), order_command(call, market, PENDING)


def otoco(call: Call, market: Market) -> tuple[PlaceOrder, ...]:
    return _working(call, market), *_alternatives(call, market, PENDING_ABOVE, PENDING_BELOW)


def opo(call: Call, market: Market) -> tuple[PlaceOrder, ...]:
    return _paying(call, market, PAID.side), order_command(call, market, PAID)


def opoco(call: Call, market: Market) -> tuple[PlaceOrder, ...]:
    return _paying(call, market, PENDING_SIDE), *_alternatives(call, market, PAID_ABOVE, PAID_BELOW)


def _working(call: Call, market: Market) -> PlaceOrder:
    if call[WORKING.type] not in WORKING_TYPES:
        raise Refused(Reason.BAD_ORDER_TYPE)
    return order_command(call, market, WORKING)


def _paying(call: Call, market: Market, pending_side: Parameter[Side]) -> PlaceOrder:
    if call[WORKING.side] is not Side.BUY:
        raise Refused(Reason.OPO_WORKING_NOT_BUY)
    if call[pending_side] is not Side.SELL:
        raise Refused(Reason.OPO_PENDING_NOT_SELL)
    return _working(call, market)


def _alternatives(call: Call, market: Market, above: Form, below: Form) -> tuple[PlaceOrder, PlaceOrder]:
    """The orders of an OCO, the stop first. Raises Refused where they make none, whatever their prices."""
    higher, lower = call[above.type], call[below.type]
    for order_type in (higher, lower):
        if order_type not in ALTERNATIVES:
            raise Refused(Reason.BAD_OCO_ORDER_TYPE)
    buying = call[above.side] is Side.BUY
    if OrderType.LIMIT_MAKER is higher is lower:
        raise Refused(Reason.OCO_BOTH_LIMIT)
    for order_type, loses_here in ((higher, buying), (lower, not buying)):
        if ORDER_TYPES[order_type].stop is Stop.AGAINST:
            if not loses_here:
                raise Refused(Reason.BUY_OCO_STOP_LOSS_BELOW if buying else Reason.SELL_OCO_STOP_LOSS_ABOVE)
        elif loses_here:
            if order_type is OrderType.LIMIT_MAKER:
                raise Refused(Reason.BUY_OCO_LIMIT_ABOVE if buying else Reason.SELL_OCO_LIMIT_BELOW)
            raise Refused(Reason.BUY_OCO_TAKE_PROFIT_ABOVE if buying else Reason.SELL_OCO_TAKE_PROFIT_BELOW)
    forms = (above, below) if ORDER_TYPES[higher].stop is Stop.AGAINST else (below, above)
    first, second = (order_command(call, market, form) for form in forms)
    return first, second


# the retired way to place an OCO

OLD_LIMIT: Final = Form(
    "limit",
    shared_side=SIDE,
    shared_quantity=QUANTITY,
    takes_amount=False,
    always=frozenset({"price"}),
    renamed={"price": "price"},
)
OLD_STOP: Final = Form(
    "stop",
    shared_side=SIDE,
    shared_quantity=QUANTITY,
    takes_amount=False,
    always=frozenset({"stopPrice"}),
    renamed={
        "stopPrice": "stopPrice",
        "trailingDelta": "trailingDelta",
        "price": "stopLimitPrice",
        "timeInForce": "stopLimitTimeInForce",
    },
)

OLD_OCO: Final[Rows] = (
    SYMBOL,
    LIST_CLIENT_ORDER_ID,
    SIDE,
    QUANTITY,
    OLD_LIMIT.client_order_id,
    OLD_LIMIT.strategy_id,
    OLD_LIMIT.strategy_type,
    OLD_LIMIT.price,
    OLD_LIMIT.iceberg_qty,
    OLD_STOP.trailing_delta,
    OLD_STOP.client_order_id,
    OLD_STOP.stop_price,
    OLD_STOP.strategy_id,
    OLD_STOP.strategy_type,
    OLD_STOP.price,
    OLD_STOP.iceberg_qty,
    OLD_STOP.time_in_force,
    LIST_RESPONSE_TYPE,
    PREVENTION,
)
"""Source: rest-api.md, 'New OCO - Deprecated'."""

STOP_NEEDS_TIME_IN_FORCE: Final = "Recommendation: 'stopLimitTimeInForce' should also be sent."


def old_oco(call: Call, market: Market) -> tuple[PlaceOrder, ...]:
    """The same as `oco`, by the parameters of the retired endpoint, which say the types only by being there."""
    by_limit = OLD_STOP.price in call
    if by_limit and OLD_STOP.time_in_force not in call:
        raise Refused(Reason.BAD_COMBINATION, STOP_NEEDS_TIME_IN_FORCE)
    types = {
        OLD_LIMIT.type.name: OrderType.LIMIT_MAKER,
        OLD_STOP.type.name: OrderType.STOP_LOSS_LIMIT if by_limit else OrderType.STOP_LOSS,
    }
    typed = call.with_arguments({**call.arguments, **types})
    above, below = (OLD_LIMIT, OLD_STOP) if call[SIDE] is Side.SELL else (OLD_STOP, OLD_LIMIT)
    return _alternatives(typed, market, above, below)
