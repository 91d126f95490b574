"""Orders: their vocabulary, the table of order types, and the moves that their status may make."""

import enum
from typing import Final

from msgspec import Struct

from hypersim.units import ONE


class Side(enum.StrEnum):
    """The side of an order."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def opposite(self) -> "Side":
        return SELL if self is BUY else BUY


# Members that an order asks for again and again: until Python 3.12 finding `Side.BUY` takes as long as a call, and
# an order does so some thirty times (benchmarks/engine.py). The hot modules of the engine name theirs likewise.
BUY: Final = Side.BUY
SELL: Final = Side.SELL


class TimeInForce(enum.StrEnum):
    """How long an order stands: until cancelled, now or never, all now or nothing."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


class OrderStatus(enum.StrEnum):
    """Binance's order status (enums.md), as far as the exchange uses it."""

    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    EXPIRED_IN_MATCH = "EXPIRED_IN_MATCH"


class SelfTradePrevention(enum.StrEnum):
    """What happens when an account would trade with itself; the taker's mode decides."""

    NONE = "NONE"
    EXPIRE_TAKER = "EXPIRE_TAKER"
    EXPIRE_MAKER = "EXPIRE_MAKER"
    EXPIRE_BOTH = "EXPIRE_BOTH"


class ExpiryReason(enum.StrEnum):
    """Why the exchange ended an order (`expiryReason`, enums.md)."""

    UNFILLED_IOC_QUANTITY_EXPIRED = "UNFILLED_IOC_QUANTITY_EXPIRED"
    UNFILLED_FOK_ORDER_EXPIRED = "UNFILLED_FOK_ORDER_EXPIRED"
    INSUFFICIENT_LIQUIDITY = "INSUFFICIENT_LIQUIDITY"


class CancelRestriction(enum.StrEnum):
    """`cancelRestrictions`: cancel only while the order is in this status."""

    ONLY_NEW = "ONLY_NEW"
    ONLY_PARTIALLY_FILLED = "ONLY_PARTIALLY_FILLED"


class OrderType(enum.StrEnum):
    """The order types that the exchange knows; ORDER_TYPES says what each one is."""

    LIMIT = "LIMIT"
    LIMIT_MAKER = "LIMIT_MAKER"
    MARKET = "MARKET"


class TypeRule(Struct, frozen=True):
    """What makes an order type: the parameters it needs and refuses, by their Binance names, and how it behaves."""

    label: str
    """As Binance words it in sentences."""
    needs: tuple[str, ...]
    refuses: tuple[str, ...]
    needs_one_of: tuple[str, str] | None = None
    priced: bool = True
    """Has a limit price; otherwise it walks the book to its end."""
    maker_only: bool = False
    time_in_force: TimeInForce | None = None
    """The one that the type implies where the request names none."""


ORDER_TYPES: dict[OrderType, TypeRule] = {
    OrderType.LIMIT: TypeRule(
        "Limit",
        needs=("timeInForce", "quantity", "price"),
        refuses=("stopPrice", "trailingDelta", "quoteOrderQty"),
    ),
    OrderType.LIMIT_MAKER: TypeRule(
        "Limit maker",
        needs=("quantity", "price"),
        refuses=("timeInForce", "stopPrice", "trailingDelta", "quoteOrderQty"),
        maker_only=True,
        time_in_force=TimeInForce.GTC,
    ),
    OrderType.MARKET: TypeRule(
        "Market",
        needs=(),
        refuses=("timeInForce", "price", "stopPrice", "icebergQty", "trailingDelta"),
        needs_one_of=("quantity", "quoteOrderQty"),
        priced=False,
        time_in_force=TimeInForce.GTC,
    ),
}
"""Source: rest-api.md, 'Additional mandatory parameters based on type'."""

OPEN = frozenset({OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED})
"""The statuses in which an order can still trade."""

STATUS_MOVES: dict[OrderStatus, frozenset[OrderStatus]] = {
    status: frozenset(
        {
            OrderStatus.PARTIALLY_FILLED,
            OrderStatus.FILLED,
            OrderStatus.CANCELED,
            OrderStatus.EXPIRED,
            OrderStatus.EXPIRED_IN_MATCH,
        }
        if status in OPEN
        else ()
    )
    for status in OrderStatus
}


class Order(Struct, frozen=True, gc=False, kw_only=True):
    """An order as it stands; every change makes a new value. Times in microseconds UTC, 0 where there is none."""

    symbol: str
    order_id: int
    """Counts up per symbol."""
    account_id: int
    client_order_id: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    price: int
    """Scale 8; 0 for an order without a limit."""
    quantity: int
    """Scale 8; of an order by quote quantity the one that the engine settled on."""
    quote_quantity: int = 0
    """Scale 8; what a market order by quoteOrderQty asked for."""
    executed: int = 0
    """Filled quantity, scale 8."""
    executed_quote: int = 0
    """Filled price x quantity, scale 16."""
    prevented: int = 0
    """Quantity that self-trade prevention took out, scale 8."""
    status: OrderStatus = OrderStatus.NEW
    self_trade_prevention: SelfTradePrevention = SelfTradePrevention.NONE
    expiry_reason: ExpiryReason | None = None
    strategy_id: int | None = None
    strategy_type: int | None = None
    created_us: int
    updated_us: int
    working_us: int

    @property
    def leaves(self) -> int:
        """Quantity that can still trade, scale 8; 0 once the order is closed."""
        return self.quantity - self.executed if self.status in OPEN else 0

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def held(self) -> int:
        """What the order holds while it is open, scale 16: quote for a buy, base for a sell."""
        return self.leaves * (self.price if self.side is BUY else ONE)
