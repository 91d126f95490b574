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

    PENDING_NEW = "PENDING_NEW"
    """Waits for the working order of its list."""
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    """Waited for the working order of its list, and could not be placed when its turn came."""
    EXPIRED = "EXPIRED"
    EXPIRED_IN_MATCH = "EXPIRED_IN_MATCH"


class SelfTradePrevention(enum.StrEnum):
    """What happens when an account would trade with itself; the taker's mode decides."""

    NONE = "NONE"
    EXPIRE_TAKER = "EXPIRE_TAKER"
    EXPIRE_MAKER = "EXPIRE_MAKER"
    EXPIRE_BOTH = "EXPIRE_BOTH"
    DECREMENT = "DECREMENT"
    TRANSFER = "TRANSFER"
    """Between two orders of one account, and there are no trade groups here, the same as DECREMENT."""


class ExpiryReason(enum.StrEnum):
    """Why the exchange ended an order (`expiryReason`, enums.md)."""

    REJECTED = "REJECTED"
    """Its turn came, and it broke a rule or its account could not pay."""
    OCO_TRIGGER = "OCO_TRIGGER"
    OTO_PHASE_ONE_EXPIRED = "OTO_PHASE_ONE_EXPIRED"
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
    STOP_LOSS = "STOP_LOSS"
    STOP_LOSS_LIMIT = "STOP_LOSS_LIMIT"
    TAKE_PROFIT = "TAKE_PROFIT"
    TAKE_PROFIT_LIMIT = "TAKE_PROFIT_LIMIT"


class Stop(enum.Enum):
    """Which way the price must go to trigger a stop order."""

    AGAINST = enum.auto()
    """A stop loss: up to a buy, down to a sell."""
    IN_FAVOUR = enum.auto()
    """A take profit: down to a buy, up to a sell."""


class TypeRule(Struct, frozen=True):
    """What makes an order type: the parameters it needs and refuses, by their Binance names, and how it behaves."""

    label: str
    """As Binance words it in sentences."""
    needs: tuple[str, ...]
    refuses: tuple[str, ...]
    needs_one_of: tuple[str, str] | None = None
    exclusive: bool = True
    """Only one of the two that it needs one of may be sent."""
    priced: bool = True
    """Has a limit price; otherwise it walks the book to its end."""
    maker_only: bool = False
    stop: Stop | None = None
    """Waits until the price has been somewhere."""
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
    OrderType.STOP_LOSS: TypeRule(
        "Stop loss",
        needs=("quantity",),
        refuses=("timeInForce", "price", "icebergQty", "quoteOrderQty"),
        needs_one_of=("stopPrice", "trailingDelta"),
        exclusive=False,
        priced=False,
        stop=Stop.AGAINST,
        time_in_force=TimeInForce.GTC,
    ),
    OrderType.STOP_LOSS_LIMIT: TypeRule(
        "Stop loss limit",
        needs=("timeInForce", "quantity", "price"),
        refuses=("quoteOrderQty",),
        needs_one_of=("stopPrice", "trailingDelta"),
        exclusive=False,
        stop=Stop.AGAINST,
    ),
    OrderType.TAKE_PROFIT: TypeRule(
        "Take profit",
        needs=("quantity",),
        refuses=("timeInForce", "price", "icebergQty", "quoteOrderQty"),
        needs_one_of=("stopPrice", "trailingDelta"),
        exclusive=False,
        priced=False,
        stop=Stop.IN_FAVOUR,
        time_in_force=TimeInForce.GTC,
    ),
    OrderType.TAKE_PROFIT_LIMIT: TypeRule(
        "Take profit limit",
        needs=("timeInForce", "quantity", "price"),
        refuses=("quoteOrderQty",),
        needs_one_of=("stopPrice", "trailingDelta"),
        exclusive=False,
        stop=Stop.IN_FAVOUR,
    ),
}
"""Source: rest-api.md, 'Additional mandatory parameters based on type'."""


def triggers_above(order_type: OrderType, side: Side) -> bool:
    """Whether a stop order waits for the price to rise to its stop price, rather than to fall to it."""
    return (ORDER_TYPES[order_type].stop is Stop.AGAINST) is (side is BUY)


OPEN = frozenset({OrderStatus.PENDING_NEW, OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED})
"""The statuses in which an order can still trade."""

_ENDS: Final = frozenset(
    {
        OrderStatus.PARTIALLY_FILLED,
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
        OrderStatus.EXPIRED,
        OrderStatus.EXPIRED_IN_MATCH,
    }
)
STATUS_MOVES: dict[OrderStatus, frozenset[OrderStatus]] = {
    status: frozenset() if status not in OPEN else _ENDS for status in OrderStatus
} | {
    # one that is amended is as pending as before
    OrderStatus.PENDING_NEW: frozenset(
        {
            OrderStatus.PENDING_NEW,
            OrderStatus.NEW,
            OrderStatus.REJECTED,
            OrderStatus.CANCELED,
            OrderStatus.EXPIRED,
        }
    ),
    # a stop that begins to work, or to follow the price, is as new as before
    OrderStatus.NEW: _ENDS | {OrderStatus.NEW},
}


class PegPriceType(enum.StrEnum):
    """From which side of the book a pegged order takes its price."""

    PRIMARY_PEG = "PRIMARY_PEG"
    """Its own side."""
    MARKET_PEG = "MARKET_PEG"
    """The opposite side."""


class Peg(Struct, frozen=True, gc=False):
    """A price that the book gives when the order enters it. It does not move afterwards (faqs/pegged_orders.md)."""

    price_type: PegPriceType
    offset: int | None = None
    """So many price levels deeper than the best, 1 to 100; None: not asked for."""


class Terms(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What only some orders have. Prices and quantities of scale 8; times in microseconds UTC, 0 for none."""

    stop_price: int = 0
    trailing_delta: int = 0
    """Basis points by which the price must turn back."""
    trailing_us: int = 0
    """Since when the order follows the price."""
    iceberg: int = 0
    """How much is shown at a time."""
    peg: Peg | None = None
    pegged_price: int = 0
    """The price that the book gave."""
    list_id: int = 0
    """The order list that it belongs to."""
    hold_price: int | None = None
    """What it holds per unit of its quantity where that is not its price: of an order without one an estimate, of the
    second leg of an OCO what its sibling does not hold already, of a pending order nothing.
    """
    amends: int = 0
    """How often its quantity was lowered."""
    prevented_match_id: int | None = None
    """The last match of its account with itself that was prevented."""


PLAIN: Final = Terms()


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
    """Since when it is, or was, on the book or trades; 0 while it waits."""
    terms: Terms | None = None
    """None for an order without any: most have none, and an order is copied with each of its fills."""

    @property
    def leaves(self) -> int:
        """Quantity that can still trade, scale 8; 0 once the order is closed."""
        return self.quantity - self.executed - self.prevented if self.status in OPEN else 0

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def limit(self) -> int:
        """The price at which it rests, scale 8; 0 for none."""
        terms = self.terms
        return self.price if terms is None else terms.pegged_price or self.price

    @property
    def reference(self) -> str:
        """How ledger entries name it."""
        return f"{self.symbol}:{self.order_id}"

    @property
    def special(self) -> Terms:
        """Its terms, empty ones where it has none."""
        return self.terms if self.terms is not None else PLAIN

    @property
    def held(self) -> int:
        """What the order holds while it is open, scale 16: quote for a buy, base for a sell."""
        terms = self.terms
        if terms is not None and terms.hold_price is not None:
            return self.leaves * terms.hold_price
        return self.leaves * (self.limit if self.side is BUY else ONE)
