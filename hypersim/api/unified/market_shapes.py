"""CCXT's structures of markets, tickers, trades and order books, and how views fill them.

Of CCXT's keys those are here that a spot market can fill, null where there is no value; `info`, the answer of an
underlying exchange, has nothing to say here. Source: CCXT's manual, 'Market Structure' to 'Public Trades'.
"""

from typing import Literal

from msgspec import Struct

from hypersim.api.unified.names import unified
from hypersim.api.unified.numbers import Number, money, number
from hypersim.api.unified.times import iso8601, milliseconds
from hypersim.engine.market import Market, MarketStatus
from hypersim.units import ONE, SCALE
from hypersim.views.candles import bucket
from hypersim.views.depth import Level
from hypersim.views.marketdata import DAY_US, MarketView
from hypersim.views.records import Candle, TapeTrade
from hypersim.views.statistics import PERCENT_SCALE


class Precision(Struct, frozen=True):
    """The grid: what prices and amounts are multiples of."""

    amount: Number
    price: Number
    base: Number
    quote: Number


class Bounds(Struct, frozen=True):
    """Null: no bound."""

    min: Number | None
    max: Number | None


class MarketLimits(Struct, frozen=True):
    """`market`: of the amount of market orders; `cost`: of price x amount."""

    amount: Bounds
    price: Bounds
    cost: Bounds
    market: Bounds


class UnifiedMarket(Struct, frozen=True, rename="camel"):
    """One market. `taker` and `maker` are the fee rates of a new account."""

    id: str
    symbol: str
    base: str
    quote: str
    base_id: str
    quote_id: str
    type: Literal["spot"]
    spot: bool
    margin: bool
    swap: bool
    future: bool
    option: bool
    contract: bool
    active: bool
    taker: Number
    maker: Number
    percentage: bool
    tier_based: bool
    precision: Precision
    limits: MarketLimits


class Ticker(Struct, frozen=True, rename="camel"):
    """The last 24 hours of a market and the best of its book; null for what was not traded or quoted."""

    symbol: str
    timestamp: int
    datetime: str
    high: Number | None
    low: Number | None
    bid: Number | None
    bid_volume: Number | None
    ask: Number | None
    ask_volume: Number | None
    vwap: Number | None
    open: Number | None
    close: Number | None
    last: Number | None
    previous_close: Number | None
    change: Number | None
    percentage: Number | None
    average: Number | None
    base_volume: Number
    quote_volume: Number


class PublicTrade(Struct, frozen=True, rename="camel", kw_only=True):
    """A trade on the tape; `side` is the side of who took, and of the orders nothing is said."""

    id: str
    timestamp: int
    datetime: str
    symbol: str
    order: None = None
    type: None = None
    side: Literal["buy", "sell"]
    taker_or_maker: None = None
    price: Number
    amount: Number
    cost: Number
    fee: None = None
    fees: tuple[()]


class OrderBook(Struct, frozen=True):
    """[price, amount], best first. `nonce` is the update id that Binance's streams count."""

    symbol: str
    bids: list[tuple[Number, Number]]
    asks: list[tuple[Number, Number]]
    timestamp: int
    datetime: str
    nonce: int


Bar = tuple[int, Number, Number, Number, Number, Number]
"""Opening time (milliseconds), open, high, low, close, base volume."""


def market_shape(market: Market, maker_rate: int, taker_rate: int) -> UnifiedMarket:
    """Rates have scale 8."""
    most_at_market = market.market_max_quantity or market.max_quantity
    return UnifiedMarket(
        id=market.symbol,
        symbol=unified(market),
        base=market.base,
        quote=market.quote,
        base_id=market.base,
        quote_id=market.quote,
        type="spot",
        spot=True,
        margin=False,
        swap=False,
        future=False,
        option=False,
        contract=False,
        active=market.status is MarketStatus.TRADING,
        taker=number(taker_rate),
        maker=number(maker_rate),
        percentage=True,
        tier_based=False,
        precision=Precision(
            amount=number(market.step_size),
            price=number(market.tick_size),
            base=number(10 ** (SCALE - market.base_precision)),
            quote=number(10 ** (SCALE - market.quote_precision)),
        ),
        limits=MarketLimits(
            amount=_bounds(market.min_quantity, market.max_quantity),
            price=_bounds(market.min_price, market.max_price),
            cost=_bounds(market.min_notional, market.max_notional),
            market=_bounds(market.market_min_quantity, most_at_market),
        ),
    )


def ticker_shape(view: MarketView, now_us: int) -> Ticker:
    found, last = view.rolling_day(now_us), view.last_price(now_us)
    bid, ask = view.best_bid, view.best_ask
    traded = found.open > 0
    return Ticker(
        symbol=unified(view.market),
        timestamp=milliseconds(now_us),
        datetime=iso8601(now_us),
        high=_some(found.high),
        low=_some(found.low),
        bid=None if bid is None else number(bid[0]),
        bid_volume=None if bid is None else number(bid[1]),
        ask=None if ask is None else number(ask[0]),
        ask_volume=None if ask is None else number(ask[1]),
        vwap=_some(found.weighted_average),
        open=_some(found.open),
        close=_some(found.last or last),
        last=_some(found.last or last),
        previous_close=_some(view.close_before(bucket(now_us - DAY_US, 60), now_us)),
        change=number(found.change) if traded else None,
        percentage=number(found.change_percent * (ONE // PERCENT_SCALE)) if traded else None,
        average=_some((found.open + found.last) // 2),
        base_volume=number(found.volume),
        quote_volume=money(found.quote_volume),
    )


def trade_shape(trade: TapeTrade, market: Market) -> PublicTrade:
    return PublicTrade(
        id=str(trade.trade_id),
        timestamp=milliseconds(trade.time_us),
        datetime=iso8601(trade.time_us),
        symbol=unified(market),
        side="sell" if trade.buyer_is_maker else "buy",
        price=number(trade.price),
        amount=number(trade.quantity),
        cost=money(trade.price * trade.quantity),
        fees=(),
    )


def book_shape(view: MarketView, limit: int, now_us: int) -> OrderBook:
    update_id, bids, asks = view.depth(limit)
    return OrderBook(
        symbol=unified(view.market),
        bids=_levels(bids),
        asks=_levels(asks),
        timestamp=milliseconds(now_us),
        datetime=iso8601(now_us),
        nonce=update_id,
    )


def bar_shape(bar: Candle) -> Bar:
    return (
        milliseconds(bar.open_us),
        number(bar.open),
        number(bar.high),
        number(bar.low),
        number(bar.close),
        number(bar.volume),
    )


def _levels(levels: list[Level]) -> list[tuple[Number, Number]]:
    return [(number(price), number(quantity)) for price, quantity in levels]


def _bounds(least: int, most: int) -> Bounds:
    return Bounds(_some(least), _some(most))


def _some(value: int) -> Number | None:
    """Null for the 0 of what there is not."""
    return number(value) if value else None
