"""What everybody may ask: the exchange's time, its markets, their tickers, books, trades and candles."""

from typing import Any, Final

from hypersim.api.unified.arguments import Arguments, Bars, Depth, OfMarkets, Tape
from hypersim.api.unified.market_shapes import (
    Bar,
    OrderBook,
    PublicTrade,
    Ticker,
    UnifiedMarket,
    bar_shape,
    book_shape,
    market_shape,
    ticker_shape,
    trade_shape,
)
from hypersim.api.unified.names import find_market, unified
from hypersim.api.unified.operations import Call, Desk, Operation
from hypersim.api.unified.times import iso8601, milliseconds
from hypersim.errors import Reason, Refused
from hypersim.views.archive import Archive
from hypersim.views.marketdata import MarketView
from hypersim.views.records import TapeTrade
from hypersim.views.tape import KEPT
from hypersim.world import World

MOST_SYMBOLS: Final = 100
DEPTH_WEIGHTS: Final = ((100, 5), (500, 25), (1000, 50), (5000, 250))
"""(levels up to, weight)."""


async def ping(desk: Desk, call: Call[Arguments]) -> dict[str, Any]:
    return {}


async def exchange_time(desk: Desk, call: Call[Arguments]) -> dict[str, Any]:
    now_us = desk.world.clock.now_us()
    return {"timestamp": milliseconds(now_us), "datetime": iso8601(now_us)}


async def markets(desk: Desk, call: Call[Arguments]) -> list[UnifiedMarket]:
    return [market_shape(view.market, desk.maker_rate, desk.taker_rate) for view in desk.world.markets.markets.values()]


async def ticker(desk: Desk, call: Call[Arguments]) -> Ticker:
    return ticker_shape(find_market(desk.world, call.named), desk.world.clock.now_us())


async def tickers(desk: Desk, call: Call[OfMarkets]) -> dict[str, Ticker]:
    """By symbol, as CCXT has them."""
    world = desk.world
    symbols = call.arguments.symbols
    views = list(world.markets.markets.values()) if symbols is None else _several(world, symbols)
    now_us = world.clock.now_us()
    found: dict[str, Ticker] = {}
    for view in views:
        found[unified(view.market)] = ticker_shape(view, now_us)
        await world.clock.sleep(0)  # a market's past may have to be worked out: others have a turn
    return found


def _several(world: World, symbols: str) -> list[MarketView]:
    names = symbols.split(",")
    if len(names) > MOST_SYMBOLS:
        raise Refused(Reason.INVALID_FIELD, "symbols", f"at most {MOST_SYMBOLS}")
    return [find_market(world, name) for name in names]


def tickers_weight(call: Call[OfMarkets]) -> int:
    symbols = call.arguments.symbols
    if symbols is None:
        return 80
    return 2 if symbols.count(",") < 20 else 40


async def order_book(desk: Desk, call: Call[Depth]) -> OrderBook:
    view = find_market(desk.world, call.named)
    return book_shape(view, call.arguments.limit, desk.world.clock.now_us())


def order_book_weight(call: Call[Depth]) -> int:
    return next(weight for most, weight in DEPTH_WEIGHTS if call.arguments.limit <= most)


async def trades(desk: Desk, call: Call[Tape]) -> list[PublicTrade]:
    view = find_market(desk.world, call.named)
    found = await _trades(desk.world, view, call.arguments)
    return [trade_shape(trade, view.market) for trade in found]


async def _trades(world: World, view: MarketView, wanted: Tape) -> list[TapeTrade]:
    """The newest, or the oldest from a time on: from memory, and from the store where that does not reach."""
    tape, symbol = view.tape, view.market.symbol
    newest = tape.newest(KEPT)
    if wanted.since is None:
        return newest[-wanted.limit :]
    since_us = wanted.since * 1000
    recent = [trade for trade in newest if trade.time_us >= since_us]
    if len(recent) < len(newest) or len(newest) < KEPT:
        return recent[: wanted.limit]
    first = await world.history.aggregates(symbol, start_us=since_us, limit=1)
    if not first:
        return recent[: wanted.limit]
    return await world.history.tape(symbol, from_id=first[0].first_id, limit=wanted.limit)


async def candles(desk: Desk, call: Call[Bars]) -> list[Bar]:
    world, wanted = desk.world, call.arguments
    bars = await Archive(find_market(world, call.named), world.history, world.clock).klines(
        wanted.timeframe,
        start_us=None if wanted.since is None else wanted.since * 1000,
        end_us=None if wanted.until is None else wanted.until * 1000 + 999,
        limit=wanted.limit,
        offset_us=0,
    )
    return [bar_shape(bar) for bar in bars]


OPERATIONS: Final = (
    Operation(method="GET", path="/ping", handler=ping, answers=dict[str, str], summary="Whether the exchange answers"),
    Operation(
        method="GET",
        path="/time",
        handler=exchange_time,
        answers=dict[str, int | str],
        summary="What time the exchange has",
    ),
    Operation(
        method="GET",
        path="/markets",
        handler=markets,
        answers=list[UnifiedMarket],
        summary="What can be traded, on which grid, within which bounds",
        weight=20,
    ),
    Operation(
        method="GET",
        path="/ticker/{symbol}",
        handler=ticker,
        answers=Ticker,
        summary="The last 24 hours of a market, and its best bid and ask",
        weight=2,
    ),
    Operation(
        method="GET",
        path="/tickers",
        handler=tickers,
        arguments=OfMarkets,
        answers=dict[str, Ticker],
        summary="The same of several markets or of all, by symbol",
        weight=tickers_weight,
    ),
    Operation(
        method="GET",
        path="/orderbook/{symbol}",
        handler=order_book,
        arguments=Depth,
        answers=OrderBook,
        summary="The order book of a market, best first",
        weight=order_book_weight,
    ),
    Operation(
        method="GET",
        path="/trades/{symbol}",
        handler=trades,
        arguments=Tape,
        answers=list[PublicTrade],
        summary="What was traded on a market",
        weight=25,
    ),
    Operation(
        method="GET",
        path="/ohlcv/{symbol}",
        handler=candles,
        arguments=Bars,
        answers=list[Bar],
        summary="The candles of a market: time, open, high, low, close, volume",
        weight=2,
    ),
)
