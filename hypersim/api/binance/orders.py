"""The parameters of an order, and how they become a command.

What a type needs and refuses stands in ORDER_TYPES of the engine; what Binance knows and this exchange does
not trade yet (stop orders, icebergs, pegs) is recognised and refused with Binance's sentence for a symbol
without it.
"""

import enum
import random
from typing import Any, Final

from hypersim.api.binance.endpoints import Call, Parameter, optional, required
from hypersim.api.binance.parameters import CLIENT_ORDER_ID_TEXT, SYMBOL, Choice, Decimal, Integer, Text
from hypersim.engine.commands import PlaceOrder
from hypersim.engine.market import Market
from hypersim.engine.orders import ORDER_TYPES, OrderType, SelfTradePrevention, Side, TimeInForce, TypeRule
from hypersim.errors import Reason, Refused
from hypersim.units import SCALE

LEAST_STRATEGY_TYPE: Final = 1_000_000


class ResponseType(enum.StrEnum):
    """How much a placement answers."""

    ACK = "ACK"
    RESULT = "RESULT"
    FULL = "FULL"


NOT_TRADED: Final = {
    "STOP_LOSS": "Stop loss",
    "STOP_LOSS_LIMIT": "Stop loss limit",
    "TAKE_PROFIT": "Take profit",
    "TAKE_PROFIT_LIMIT": "Take profit limit",
}
"""Order types of Binance that no market here lists, as its sentences call them."""


class Type:
    """An order type: one that is traded here, or -1013 for another of Binance's, or -1116."""

    def parse(self, name: str, text: str) -> OrderType:
        if text in NOT_TRADED:
            raise Refused(Reason.ORDER_TYPE_NOT_SUPPORTED, NOT_TRADED[text])
        return TYPE_CHOICE.parse(name, text)

    def schema(self) -> dict[str, Any]:
        return TYPE_CHOICE.schema()


class Prevention:
    """A mode of self-trade prevention: one that is practised here, or -1013 for another of Binance's."""

    def parse(self, name: str, text: str) -> SelfTradePrevention:
        if text in ("DECREMENT", "TRANSFER"):
            raise Refused(Reason.STP_MODE_NOT_ALLOWED)
        return PREVENTION_CHOICE.parse(name, text)

    def schema(self) -> dict[str, Any]:
        return PREVENTION_CHOICE.schema()


TYPE_CHOICE: Final = Choice(OrderType, Reason.BAD_ORDER_TYPE)
PREVENTION_CHOICE: Final = Choice(SelfTradePrevention)

SIDE: Final = required("side", Choice(Side, Reason.BAD_SIDE))
TYPE: Final = required("type", Type())
TIME_IN_FORCE: Final = optional("timeInForce", Choice(TimeInForce, Reason.BAD_TIME_IN_FORCE))
QUANTITY: Final = optional("quantity", Decimal(), description="of the base asset")
QUOTE_ORDER_QTY: Final = optional(
    "quoteOrderQty", Decimal(), description="MARKET: how much of the quote asset to spend or receive"
)
PRICE: Final = optional("price", Decimal())
NEW_CLIENT_ORDER_ID: Final = optional(
    "newClientOrderId", CLIENT_ORDER_ID_TEXT, description="unique among your open orders; made when not sent"
)
STRATEGY_ID: Final = optional("strategyId", Integer())
STRATEGY_TYPE: Final = optional("strategyType", Integer(), description="at least 1000000")
STOP_PRICE: Final = optional("stopPrice", Decimal(), description="stop orders are not traded yet")
TRAILING_DELTA: Final = optional("trailingDelta", Integer(), description="stop orders are not traded yet")
ICEBERG_QTY: Final = optional("icebergQty", Decimal(), description="icebergs are not traded yet")
RESPONSE_TYPE: Final = optional(
    "newOrderRespType",
    Choice(ResponseType, Reason.BAD_RESPONSE_TYPE),
    description="FULL unless the type is LIMIT_MAKER, then ACK",
)
PREVENTION: Final = optional("selfTradePreventionMode", Prevention())
PEG_PRICE_TYPE: Final = optional("pegPriceType", Text("^[A-Z_]{1,20}$"), description="not traded yet")
PEG_OFFSET_VALUE: Final = optional("pegOffsetValue", Integer(), description="not traded yet")
PEG_OFFSET_TYPE: Final = optional("pegOffsetType", Text("^[A-Z_]{1,20}$"), description="not traded yet")

ORDER: Final[tuple[Parameter[Any], ...]] = (
    SYMBOL,
    SIDE,
    TYPE,
    TIME_IN_FORCE,
    QUANTITY,
    QUOTE_ORDER_QTY,
    PRICE,
    NEW_CLIENT_ORDER_ID,
    STRATEGY_ID,
    STRATEGY_TYPE,
    STOP_PRICE,
    TRAILING_DELTA,
    ICEBERG_QTY,
    RESPONSE_TYPE,
    PREVENTION,
    PEG_PRICE_TYPE,
    PEG_OFFSET_VALUE,
    PEG_OFFSET_TYPE,
)
"""Source: rest-api.md, 'New order'."""

NOT_TRADED_PARAMETERS: Final = (
    (ICEBERG_QTY, "Iceberg"),
    (PEG_PRICE_TYPE, "Pegged"),
    (PEG_OFFSET_VALUE, "Pegged"),
    (PEG_OFFSET_TYPE, "Pegged"),
)


def new_client_order_id() -> str:
    """A client order id for a caller who named none: 22 characters."""
    return f"{random.getrandbits(88):022x}"  # a name, no secret: every call of `secrets` is one of the system's


def order_command(call: Call, market: Market) -> PlaceOrder:
    """The command that an order's parameters ask for. Raises Refused when they do not fit together."""
    order_type = call[TYPE]
    rule = ORDER_TYPES[order_type]
    _check_shape(call, rule)
    time_in_force = call[TIME_IN_FORCE] or rule.time_in_force
    assert time_in_force is not None, "a type that implies none needs it"
    quantity, quote_quantity, price = call[QUANTITY] or 0, call[QUOTE_ORDER_QTY] or 0, call[PRICE] or 0
    for parameter, value, precision in (
        (QUANTITY, quantity, market.base_precision),
        (QUOTE_ORDER_QTY, quote_quantity, market.quote_precision),
        (PRICE, price, market.quote_precision),
    ):
        if precision < SCALE and value % 10 ** (SCALE - precision):
            raise Refused(Reason.TOO_MUCH_PRECISION, parameter.name)
    return PlaceOrder(
        account_id=call.account_id,
        symbol=market.symbol,
        side=call[SIDE],
        type=order_type,
        time_in_force=time_in_force,
        client_order_id=call[NEW_CLIENT_ORDER_ID] or new_client_order_id(),
        quantity=quantity,
        quote_quantity=quote_quantity,
        price=price,
        self_trade_prevention=call[PREVENTION],
        strategy_id=call[STRATEGY_ID],
        strategy_type=call[STRATEGY_TYPE],
    )


def _check_shape(call: Call, rule: TypeRule) -> None:
    """What the type needs, then what it refuses, then what no type here has."""
    arguments = call.arguments
    for name in rule.needs:
        if name not in arguments:
            raise Refused(Reason.PARAMETER_MISSING, name)
    if rule.needs_one_of is not None:
        first, second = rule.needs_one_of
        if first not in arguments and second not in arguments:
            raise Refused(Reason.PARAMETERS_BOTH_MISSING, first, second)
        if first in arguments and second in arguments:
            raise Refused(Reason.PARAMETER_NOT_REQUIRED, second)
    for name in rule.refuses:
        if name in arguments:
            raise Refused(Reason.PARAMETER_NOT_REQUIRED, name)
    for parameter, label in NOT_TRADED_PARAMETERS:
        if parameter.name in arguments:
            raise Refused(Reason.ORDER_TYPE_NOT_SUPPORTED, label)
    strategy_type = call[STRATEGY_TYPE]
    if strategy_type is not None and strategy_type < LEAST_STRATEGY_TYPE:
        raise Refused(Reason.BAD_STRATEGY_TYPE)
