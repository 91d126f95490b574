"""What Binance's REST API answers, as far as a feed reads it: names and shapes, texts for prices and sizes.

Guarantees nothing but the types; fields that nobody reads are left out. Times are Binance's milliseconds.

Sources: rest-api.md, 'Market Data endpoints' and 'General endpoints'; filters.md.
"""

from msgspec import Struct


class BookTicker(Struct, frozen=True, gc=False, rename="camel"):
    """The best quotes of a symbol, as texts; zeros where there are none."""

    symbol: str
    bid_price: str
    bid_qty: str
    ask_price: str
    ask_qty: str


class DayTicker(Struct, frozen=True, gc=False, rename="camel"):
    """What was traded in the last 24 hours, as far as a feed uses it."""

    symbol: str
    open_price: str
    high_price: str
    low_price: str
    last_price: str
    last_qty: str
    volume: str
    quote_volume: str
    last_id: int
    """Of the last trade; -1 when there was none."""
    count: int


class AggregateTrade(
    Struct,
    frozen=True,
    gc=False,
    rename={
        "aggregate_id": "a",
        "price": "p",
        "quantity": "q",
        "first_id": "f",
        "last_id": "l",
        "time_ms": "T",
        "buyer_is_maker": "m",
    },
):
    """Trades of one taker at one price at one time."""

    aggregate_id: int
    """One more for each, symbol by symbol."""
    price: str
    quantity: str
    first_id: int
    last_id: int
    """Of the trades in it."""
    time_ms: int
    buyer_is_maker: bool


class Kline(Struct, frozen=True, gc=False, array_like=True):
    """A bar."""

    open_time_ms: int
    open: str
    high: str
    low: str
    close: str
    volume: str
    close_time_ms: int
    quote_volume: str
    trades: int
    taker_volume: str
    taker_quote_volume: str


class SymbolFilter(Struct, frozen=True, gc=False, rename="camel"):
    """A filter of any kind; None for what its kind does not have."""

    filter_type: str
    min_price: str | None = None
    max_price: str | None = None
    tick_size: str | None = None
    min_qty: str | None = None
    max_qty: str | None = None
    step_size: str | None = None
    min_notional: str | None = None
    max_notional: str | None = None
    multiplier_up: str | None = None
    multiplier_down: str | None = None
    bid_multiplier_up: str | None = None
    bid_multiplier_down: str | None = None
    ask_multiplier_up: str | None = None
    ask_multiplier_down: str | None = None
    apply_min_to_market: bool | None = None
    apply_max_to_market: bool | None = None
    apply_to_market: bool | None = None
    avg_price_mins: int | None = None
    max_num_orders: int | None = None
    max_num_algo_orders: int | None = None
    max_num_iceberg_orders: int | None = None
    max_num_order_lists: int | None = None
    max_num_order_amends: int | None = None
    max_position: str | None = None
    min_trailing_above_delta: int | None = None
    max_trailing_above_delta: int | None = None
    min_trailing_below_delta: int | None = None
    max_trailing_below_delta: int | None = None
    limit: int | None = None


class SymbolInfo(Struct, frozen=True, rename="camel"):
    """The rules of a symbol."""

    symbol: str
    status: str
    base_asset: str
    quote_asset: str
    base_asset_precision: int = 8
    quote_asset_precision: int = 8
    base_commission_precision: int = 8
    quote_commission_precision: int = 8
    order_types: list[str] = []
    iceberg_allowed: bool = True
    oco_allowed: bool = True
    oto_allowed: bool = True
    opo_allowed: bool = True
    quote_order_qty_market_allowed: bool = True
    allow_trailing_stop: bool = True
    cancel_replace_allowed: bool = True
    amend_allowed: bool = True
    peg_instructions_allowed: bool = True
    is_spot_trading_allowed: bool = True
    default_self_trade_prevention_mode: str = ""
    allowed_self_trade_prevention_modes: list[str] = []
    filters: list[SymbolFilter] = []
    permissions: list[str] = []
    """Until 2024; empty says nothing."""
    permission_sets: list[list[str]] = []
    """Since then, an and of ors; empty where they were not asked for."""


class ExchangeInfo(Struct, frozen=True, rename="camel"):
    """The rules of a whole exchange, or of the symbols that were asked for."""

    symbols: list[SymbolInfo]


class ServerTime(Struct, frozen=True, rename="camel"):
    """What the server's clock says."""

    server_time: int
