"""Assets and markets: what can be traded, on which grid, within which bounds."""

import enum
from typing import Final

from msgspec import Struct

from hypersim.engine.orders import OrderType, SelfTradePrevention
from hypersim.units import ONE

ASSET_NAME: Final = r"[^\Wa-z_]{1,50}"
"""A name of an asset: letters and digits of any script, none of a to z; as a regular expression."""
LONGEST_SYMBOL: Final = 50


class MarketStatus(enum.StrEnum):
    """Binance's symbol status (enums.md), as far as the exchange uses it."""

    TRADING = "TRADING"
    HALT = "HALT"
    BREAK = "BREAK"
    CANCEL_ONLY = "CANCEL_ONLY"


class Market(Struct, frozen=True, kw_only=True):
    """One symbol: its grid, filters and realism. Integers of scale 8 (hypersim.units); 0 disables a bound.

    The rules are those of filters.md of Binance's Spot API documents.
    """

    symbol: str
    base: str
    quote: str
    status: MarketStatus = MarketStatus.TRADING

    min_price: int
    max_price: int
    tick_size: int
    min_quantity: int
    max_quantity: int
    step_size: int
    market_min_quantity: int = 0
    market_max_quantity: int = 0
    market_step_size: int = 0
    min_notional: int
    max_notional: int = 0
    apply_min_to_market: bool = True
    apply_max_to_market: bool = False
    average_price_minutes: int = 5
    bid_multiplier_up: int = 5 * ONE
    bid_multiplier_down: int = ONE // 5
    ask_multiplier_up: int = 5 * ONE
    ask_multiplier_down: int = ONE // 5
    percent_by_side: bool = True
    """PERCENT_PRICE_BY_SIDE; otherwise PERCENT_PRICE, whose multipliers are those of the bids."""
    notional_range: bool = True
    """NOTIONAL; otherwise MIN_NOTIONAL, which has no upper bound."""
    max_num_orders: int = 200
    """Open orders of an account here, of every kind; below, of some kinds."""
    max_num_algo_orders: int = 5
    max_num_iceberg_orders: int = 0
    max_num_order_lists: int = 20
    max_num_order_amends: int = 10
    """Of one order."""
    iceberg_parts: int = 100
    max_position: int = 0
    """Of the base asset, what is on order included."""
    trailing_above: tuple[int, int] = (10, 2000)
    """Least and most basis points of a trailing order that waits for a higher price; below, for a lower one."""
    trailing_below: tuple[int, int] = (10, 2000)

    base_precision: int = 8
    quote_precision: int = 8
    order_types: tuple[OrderType, ...] = tuple(OrderType)
    iceberg_allowed: bool = True
    oco_allowed: bool = True
    oto_allowed: bool = True
    opo_allowed: bool = True
    quote_quantity_allowed: bool = True
    trailing_allowed: bool = True
    replace_allowed: bool = True
    amend_allowed: bool = True
    peg_allowed: bool = True
    default_self_trade_prevention: SelfTradePrevention = SelfTradePrevention.EXPIRE_MAKER
    allowed_self_trade_prevention: tuple[SelfTradePrevention, ...] = tuple(SelfTradePrevention)

    recovery_half_life_ms: int | None = 10_000
    """How fast the outside size that users took comes back: 0 at once, None never."""
    queue_exponent: int = 1
    """Where outside cancels happen in a queue: 1 pro rata, n > 1 a power law with more of them behind."""


class Asset(Struct, frozen=True):
    """An asset that accounts can hold: its code and the name that people read."""

    name: str
    full_name: str = ""
    max_order: int = 0
    """How much of it one order may be about (MAX_ASSET), scale 8; 0 for any amount."""


class ExchangeLimits(Struct, frozen=True, kw_only=True):
    """How much of each kind an account may have open at once, over all symbols; 0 for any number."""

    max_num_orders: int = 0
    max_num_algo_orders: int = 0
    max_num_iceberg_orders: int = 0
    max_num_order_lists: int = 0


UNLIMITED: Final = ExchangeLimits()
