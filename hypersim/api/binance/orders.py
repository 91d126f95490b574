"""The parameters of an order, and how they become a command.

What a type needs and refuses stands in ORDER_TYPES of the engine. In an order list each order has parameters of its
own, whose names begin with its role: `price` of the order above is `abovePrice`.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from hypersim.api.binance.endpoints import Call, Parameter, optional, required
from hypersim.api.binance.parameters import CLIENT_ORDER_ID_TEXT, SYMBOL, Choice, Decimal, Integer
from hypersim.api.clientids import new_client_order_id
from hypersim.engine.commands import PlaceOrder
from hypersim.engine.market import Market
from hypersim.engine.orders import (
    ORDER_TYPES,
    OrderType,
    Peg,
    PegPriceType,
    SelfTradePrevention,
    Side,
    TimeInForce,
    TypeRule,
)
from hypersim.errors import Reason, Refused
from hypersim.units import SCALE

LEAST_STRATEGY_TYPE: Final = 1_000_000
DEEPEST_PEG: Final = 100

T = TypeVar("T")


class ResponseType(enum.StrEnum):
    """How much a placement answers."""

    ACK = "ACK"
    RESULT = "RESULT"
    FULL = "FULL"


class PegOffsetType(enum.StrEnum):
    """In what a peg's offset is counted."""

    PRICE_LEVEL = "PRICE_LEVEL"


RESPONSE_TYPE: Final = optional(
    "newOrderRespType",
    Choice(ResponseType, Reason.BAD_RESPONSE_TYPE),
    description="FULL where the type is LIMIT or MARKET, otherwise ACK",
)
PREVENTION: Final = optional("selfTradePreventionMode", Choice(SelfTradePrevention))


WHOLE: Final = Integer()

FIELDS: Final = {
    "side": "side",
    "type": "type",
    "client_order_id": "client_order_id",
    "time_in_force": "time_in_force",
    "quantity": "quantity",
    "quote_order_qty": "quote_quantity",
    "price": "price",
    "strategy_id": "strategy_id",
    "strategy_type": "strategy_type",
    "stop_price": "stop_price",
    "trailing_delta": "trailing_delta",
    "iceberg_qty": "iceberg",
}
"""Row of a form -> field of PlaceOrder."""

NOT_ZERO: Final = (
    ("stop_price", Reason.FILTER_PRICE),
    ("trailing_delta", Reason.FILTER_TRAILING_DELTA),
    ("iceberg", Reason.FILTER_LOT_SIZE),
)
"""What is 0 to the exchange where it was not sent must not be sent as 0: no filter could tell."""
RARE: Final = frozenset({"strategy_type", *(name for name, _ in NOT_ZERO)})
"""Fields that few orders have, and whose values are checked."""


@dataclass(frozen=True, slots=True)
class Form:
    """The parameters of one order. `role` begins their names; the side and the quantity may be those of a list."""

    role: str = ""
    shared_side: Parameter[Side] | None = None
    shared_quantity: Parameter[int | None] | None = None
    takes_amount: bool = True
    """Whether the quantity may be an amount of the quote asset."""
    types: tuple[OrderType, ...] = tuple(OrderType)
    """The types of use here: others are refused where the orders are put together."""
    is_paid: bool = False
    """Whether another order gives it its quantity."""
    whole: Integer = WHOLE
    """How a number of basis points is read: of a pending order rest-api.md calls it DECIMAL."""
    always: frozenset[str] = frozenset()
    """What must be sent whatever the type is, by plain names."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Plain names whose parameters are not called after the role."""
    fields: Mapping[str, str] = field(init=False)
    """Parameter -> field of the command, for all whose values go there as they are."""
    shapes: Mapping[OrderType, tuple[frozenset[str], frozenset[str]]] = field(init=False)
    """What an order of a type must have, and what it must not have, by parameters. Where it must have one of two, ""
    is among the first, which nobody can send: then `_check_shape` decides.
    """
    pegs: frozenset[str] = field(init=False)
    """The parameters of a peg."""
    type: Parameter[OrderType] = field(init=False)
    side: Parameter[Side] = field(init=False)
    client_order_id: Parameter[str | None] = field(init=False)
    time_in_force: Parameter[TimeInForce | None] = field(init=False)
    quantity: Parameter[int | None] = field(init=False)
    quote_order_qty: Parameter[int | None] = field(init=False)
    price: Parameter[int | None] = field(init=False)
    strategy_id: Parameter[int | None] = field(init=False)
    strategy_type: Parameter[int | None] = field(init=False)
    stop_price: Parameter[int | None] = field(init=False)
    trailing_delta: Parameter[int | None] = field(init=False)
    iceberg_qty: Parameter[int | None] = field(init=False)
    peg_price_type: Parameter[PegPriceType | None] = field(init=False)
    peg_offset_value: Parameter[int | None] = field(init=False)
    peg_offset_type: Parameter[PegOffsetType | None] = field(init=False)

    def __post_init__(self) -> None:
        rows: dict[str, Parameter[Any]] = {
            "type": required(self.name("type"), Choice(OrderType, Reason.BAD_ORDER_TYPE, among=self.types)),
            "side": self.shared_side or required(self.name("side"), Choice(Side, Reason.BAD_SIDE)),
            "client_order_id": optional(
                f"{self.role}ClientOrderId" if self.role else "newClientOrderId",
                CLIENT_ORDER_ID_TEXT,
                description="unique among your open orders; made when not sent",
            ),
            "time_in_force": self._may("timeInForce", Choice(TimeInForce, Reason.BAD_TIME_IN_FORCE)),
            "quantity": self.shared_quantity or self._may("quantity", Decimal(), "of the base asset"),
            "quote_order_qty": self._may(
                "quoteOrderQty", Decimal(), "MARKET: how much of the quote asset to spend or receive"
            ),
            "price": self._may("price", Decimal()),
            "strategy_id": self._may("strategyId", Integer()),
            "strategy_type": self._may("strategyType", Integer(), f"at least {LEAST_STRATEGY_TYPE}"),
            "stop_price": self._may("stopPrice", Decimal(), "triggers a stop order"),
            "trailing_delta": self._may("trailingDelta", self.whole, "basis points, for stop orders"),
            "iceberg_qty": self._may("icebergQty", Decimal(), "how much is shown at a time"),
            "peg_price_type": self._may("pegPriceType", Choice(PegPriceType, Reason.BAD_PEG_PRICE_TYPE)),
            "peg_offset_value": self._may("pegOffsetValue", Integer(least=1), f"price levels, at most {DEEPEST_PEG}"),
            "peg_offset_type": self._may("pegOffsetType", Choice(PegOffsetType, Reason.BAD_PEG_OFFSET_TYPE)),
        }
        for name, row in rows.items():
            object.__setattr__(self, name, row)
        fields = {rows[name].name: to for name, to in FIELDS.items() if not (self.is_paid and name == "quantity")}
        object.__setattr__(self, "fields", fields | {PREVENTION.name: "self_trade_prevention"})
        object.__setattr__(self, "shapes", {each: self._shape(rule) for each, rule in ORDER_TYPES.items()})
        pegs = (self.peg_price_type, self.peg_offset_value, self.peg_offset_type)
        object.__setattr__(self, "pegs", frozenset(row.name for row in pegs))

    def _shape(self, rule: TypeRule) -> tuple[frozenset[str], frozenset[str]]:
        needs = {self.by_plain_name(plain).name for plain in rule.needs if not (self.is_paid and plain == "quantity")}
        if rule.needs_one_of is not None:
            needs.add("")
        return frozenset(needs), frozenset(self.by_plain_name(plain).name for plain in rule.refuses)

    def name(self, plain: str) -> str:
        """What a parameter of an order is called here: 'price' of the order above is 'abovePrice'."""
        if not self.role:
            return plain
        return self.renamed.get(plain, f"{self.role}{plain[0].upper()}{plain[1:]}")

    def _may(self, plain: str, rule: Any, description: str = "") -> Parameter[Any]:
        if plain in self.always:
            return required(self.name(plain), rule, description)
        return optional(self.name(plain), rule, description=description)

    def by_plain_name(self, plain: str) -> Parameter[Any]:
        """The row that ORDER_TYPES calls by a name."""
        row: Parameter[Any] = getattr(self, PLAIN_NAMES[plain])
        return row

    @property
    def rows(self) -> tuple[Parameter[Any], ...]:
        """Its own parameters, in the order of rest-api.md, 'New order'."""
        own: list[Parameter[Any]] = [] if self.shared_side is not None else [self.side]
        own += [self.type, self.time_in_force]
        if self.shared_quantity is None and not self.is_paid:
            own.append(self.quantity)
        if self.takes_amount:
            own.append(self.quote_order_qty)
        waiting = any(ORDER_TYPES[order_type].stop is not None for order_type in self.types)
        return (
            *own,
            self.price,
            self.client_order_id,
            self.strategy_id,
            self.strategy_type,
            *((self.stop_price, self.trailing_delta) if waiting else ()),
            self.iceberg_qty,
            self.peg_price_type,
            self.peg_offset_value,
            self.peg_offset_type,
        )


PLAIN_NAMES: Final = {
    "timeInForce": "time_in_force",
    "quantity": "quantity",
    "quoteOrderQty": "quote_order_qty",
    "price": "price",
    "stopPrice": "stop_price",
    "trailingDelta": "trailing_delta",
    "icebergQty": "iceberg_qty",
}

ORDER: Final = Form()
ORDER_ROWS: Final[tuple[Parameter[Any], ...]] = (SYMBOL, *ORDER.rows, RESPONSE_TYPE, PREVENTION)
"""Source: rest-api.md, 'New order'."""


def order_command(call: Call, market: Market, form: Form = ORDER) -> PlaceOrder:
    """The command that an order's parameters ask for. Raises Refused when they do not fit together."""
    given, fields = call.arguments, form.fields
    order_type = call[form.type]
    rule = ORDER_TYPES[order_type]
    needs, refuses = form.shapes[order_type]
    if not (needs <= given.keys() and refuses.isdisjoint(given)):
        _check_shape(call, form, rule)
    values: dict[str, Any] = {"account_id": call.account_id, "symbol": market.symbol}
    for name, value in given.items():
        if name in fields:
            values[fields[name]] = value
    if not values.keys().isdisjoint(RARE):
        _check_rare(values)
    time_in_force = values.get("time_in_force")
    if time_in_force is None:
        time_in_force = values["time_in_force"] = rule.time_in_force
        assert time_in_force is not None, "a type that implies none needs it"
    if not form.pegs.isdisjoint(given):
        values["peg"] = _peg(call, form, order_type, time_in_force)
    if "iceberg" in values and time_in_force is not TimeInForce.GTC:
        if form.role:
            raise Refused(Reason.OCO_ICEBERG_NOT_GTC, form.iceberg_qty.name)
        raise Refused(Reason.PARAMETER_NOT_REQUIRED, form.iceberg_qty.name)
    if market.base_precision < SCALE or market.quote_precision < SCALE:
        _check_precisions(call, form, market)
    if "client_order_id" not in values:
        values["client_order_id"] = new_client_order_id()
    return PlaceOrder(**values)


def _check_rare(values: Mapping[str, Any]) -> None:
    """What else is refused of the values that few orders have."""
    if values.get("strategy_type", LEAST_STRATEGY_TYPE) < LEAST_STRATEGY_TYPE:
        raise Refused(Reason.BAD_STRATEGY_TYPE)
    for name, reason in NOT_ZERO:
        if values.get(name) == 0:
            raise Refused(reason)


def _check_precisions(call: Call, form: Form, market: Market) -> None:
    for parameter, precision in (
        (form.quantity, market.base_precision),
        (form.iceberg_qty, market.base_precision),
        (form.quote_order_qty, market.quote_precision),
        (form.price, market.quote_precision),
        (form.stop_price, market.quote_precision),
    ):
        check_precision(call, parameter, precision)


def check_precision(call: Call, parameter: Parameter[Any], precision: int) -> None:
    """Raises Refused when a decimal has more places than its asset."""
    if precision < SCALE and (call[parameter] or 0) % 10 ** (SCALE - precision):
        raise Refused(Reason.TOO_MUCH_PRECISION, parameter.name)


def _check_shape(call: Call, form: Form, rule: TypeRule) -> None:
    """What the type needs, then what it refuses."""
    for plain in rule.needs:
        row = form.by_plain_name(plain)
        given = row in call or (plain == "quantity" and form.is_paid)
        if not given and not (plain == "price" and form.peg_price_type in call):
            raise Refused(Reason.PARAMETER_MISSING, row.name)
    if rule.needs_one_of is not None:
        first, second = (form.by_plain_name(plain) for plain in rule.needs_one_of)
        given = first in call or (form.is_paid and first is form.quantity)
        if not given and second not in call:
            raise Refused(Reason.PARAMETERS_BOTH_MISSING, first.name, second.name)
        if rule.exclusive and first in call and second in call:
            raise Refused(Reason.PARAMETER_NOT_REQUIRED, second.name)
    for plain in rule.refuses:
        row = form.by_plain_name(plain)
        if row in call:
            raise Refused(Reason.PARAMETER_NOT_REQUIRED, row.name)


def _peg(call: Call, form: Form, order_type: OrderType, time_in_force: TimeInForce) -> Peg | None:
    """The peg that is asked for (faqs/pegged_orders.md)."""
    price_type, offset = call[form.peg_price_type], call[form.peg_offset_value]
    if (form.peg_offset_type in call) is not (form.peg_offset_value in call):
        raise Refused(Reason.BAD_COMBINATION, _together(form.peg_offset_type, form.peg_offset_value))
    if price_type is None:
        if offset is not None:
            raise Refused(Reason.BAD_COMBINATION, _together(form.peg_price_type, form.peg_offset_type))
        return None
    rule = ORDER_TYPES[order_type]
    if not rule.priced:
        raise Refused(Reason.PEG_NOT_FOR_TYPE)
    primary = price_type is PegPriceType.PRIMARY_PEG
    if (rule.maker_only and not primary) or (
        order_type is OrderType.LIMIT and primary and time_in_force is not TimeInForce.GTC
    ):
        raise Refused(Reason.PEG_UNSUITABLE)
    if offset is not None and offset > DEEPEST_PEG:
        raise Refused(Reason.PARAMETER_TOO_GREAT, form.peg_offset_value.name, DEEPEST_PEG)
    return Peg(price_type, offset)


def _together(first: Parameter[Any], second: Parameter[Any]) -> str:
    return f"Recommendation: '{first.name}' and '{second.name}' must both be sent."
