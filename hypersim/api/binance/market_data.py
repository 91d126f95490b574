"""Order book and trades: depth, trades, historicalTrades, aggTrades; and the list of all market data calls.

The newest rows come from memory, older ones from the store. Source: rest-api.md, 'Market Data endpoints'.
"""

from collections.abc import Iterable
from typing import Any, Final

from msgspec import Raw, Struct

from hypersim.api.binance import klines, tickers
from hypersim.api.binance.endpoints import Call, Endpoint
from hypersim.api.binance.parameters import ANY_STATUS, END_TIME, FROM_ID, START_TIME, SYMBOL, limit
from hypersim.api.wire import encode
from hypersim.errors import Reason, Refused
from hypersim.units import show, show_amount
from hypersim.views.depth import Level
from hypersim.views.marketdata import MarketView
from hypersim.views.records import AggregateTrade, TapeTrade
from hypersim.world import World

DEPTH_LIMIT: Final = limit(100, 5000)
LIMIT: Final = limit(500, 1000)

DEPTH_WEIGHTS: Final = ((100, 5), (500, 25), (1000, 50), (5000, 250))
"""(levels up to, weight)."""

MOST_SHOWN: Final = 2**63 - 1
"""Totals of a level saturate here, as Binance's do."""


class Book(Struct, frozen=True, rename="camel"):
    """The answer of depth: [price, quantity], best first."""

    last_update_id: int
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]


class Trade(Struct, frozen=True, rename="camel"):
    """One row of trades and historicalTrades."""

    id: int
    price: str
    qty: str
    quote_qty: str
    time: int
    is_buyer_maker: bool
    is_best_match: bool = True


async def depth(world: World, call: Call) -> Raw:
    """Encoded once for all who ask before the book changes."""
    view, most = world.market(call[SYMBOL]), call[DEPTH_LIMIT]
    if call[ANY_STATUS] not in (None, view.market.status):
        raise Refused(Reason.SYMBOL_STATUS_MISMATCH)

    def make() -> Raw:
        update_id, bids, asks = view.depth(most)
        return Raw(encode(Book(update_id, _levels(bids), _levels(asks))))

    return view.book.made(("depth", most), make)


def _levels(levels: Iterable[Level]) -> list[tuple[str, str]]:
    return [(show(price), show(min(quantity, MOST_SHOWN))) for price, quantity in levels]


def depth_weight(world: World, call: Call) -> int:
    return next(weight for most, weight in DEPTH_WEIGHTS if call[DEPTH_LIMIT] <= most)


async def trades(world: World, call: Call) -> list[Trade]:
    return _trades(world.market(call[SYMBOL]).tape.newest(call[LIMIT]), call)


async def historical_trades(world: World, call: Call) -> list[Trade]:
    view = world.market(call[SYMBOL])
    from_id = call[FROM_ID]
    if from_id is None:
        return _trades(view.tape.newest(call[LIMIT]), call)
    found = view.tape.since(from_id, call[LIMIT])
    if found is None:
        found = await world.history.tape(call[SYMBOL], from_id=from_id, limit=call[LIMIT])
    return _trades(found, call)


def _trades(found: Iterable[TapeTrade], call: Call) -> list[Trade]:
    return [
        Trade(
            trade.trade_id,
            show(trade.price),
            show(trade.quantity),
            show_amount(trade.price * trade.quantity),
            call.time(trade.time_us),
            trade.buyer_is_maker,
        )
        for trade in found
    ]


async def aggregate_trades(world: World, call: Call) -> list[dict[str, Any]]:
    return [
        {
            "a": whole.aggregate_id,
            "p": show(whole.price),
            "q": show(whole.quantity),
            "f": whole.first_id,
            "l": whole.last_id,
            "T": call.time(whole.time_us),
            "m": whole.buyer_is_maker,
            "M": True,
        }
        for whole in await _aggregates(world, call)
    ]


async def _aggregates(world: World, call: Call) -> list[AggregateTrade]:
    """The oldest from an id or a start on; without either, the newest until an end."""
    view = world.market(call[SYMBOL])
    from_id, start_us, end_us = call[FROM_ID], call[START_TIME], call[END_TIME]
    if from_id is not None and (start_us is not None or end_us is not None):
        raise Refused(Reason.BAD_COMBINATION)
    if start_us is not None and end_us is not None and start_us > end_us:
        return []
    found = _remembered(view, from_id, start_us, end_us, call[LIMIT])
    if found is not None:
        return found
    return await world.history.aggregates(
        call[SYMBOL], from_id=from_id, start_us=start_us, end_us=end_us, limit=call[LIMIT]
    )


def _remembered(
    view: MarketView, from_id: int | None, start_us: int | None, end_us: int | None, limit: int
) -> list[AggregateTrade] | None:
    """The same from memory; None when that does not reach far enough."""
    tape = view.tape
    if from_id is not None:
        found = tape.aggregates_since(from_id)
        return found[:limit] if found is not None else None
    if start_us is not None:
        found = tape.aggregates_after(start_us)
        if found is None:
            return None
        return [whole for whole in found if end_us is None or whole.time_us <= end_us][:limit]
    newest = tape.newest_aggregates(limit)
    if end_us is None or not newest or newest[-1].time_us <= end_us:
        return newest
    found = [whole for whole in tape.all_aggregates() if whole.time_us <= end_us]
    return found[-limit:] if len(found) >= limit or tape.complete else None


ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/depth",
        handler=depth,
        summary="Order book",
        tag="Market data",
        parameters=(SYMBOL, DEPTH_LIMIT, ANY_STATUS),
        weight=depth_weight,
        least_weight=5,
        example={"symbol": "BTCUSDT", "limit": "5"},
    ),
    Endpoint(
        method="GET",
        path="/trades",
        handler=trades,
        summary="Recent trades",
        tag="Market data",
        parameters=(SYMBOL, LIMIT),
        weight=25,
        example={"symbol": "BTCUSDT", "limit": "3"},
    ),
    Endpoint(
        method="GET",
        path="/historicalTrades",
        handler=historical_trades,
        summary="Older trades, by id",
        tag="Market data",
        parameters=(SYMBOL, LIMIT, FROM_ID),
        weight=25,
        example={"symbol": "BTCUSDT", "limit": "3"},
    ),
    Endpoint(
        method="GET",
        path="/aggTrades",
        handler=aggregate_trades,
        summary="Trades of one taker order at one price, as one",
        tag="Market data",
        parameters=(SYMBOL, FROM_ID, START_TIME, END_TIME, LIMIT),
        weight=4,
        example={"symbol": "BTCUSDT", "limit": "3"},
    ),
    *klines.ENDPOINTS,
    *tickers.ENDPOINTS,
)
