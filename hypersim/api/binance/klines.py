"""Candlesticks: klines and uiKlines. Source: rest-api.md, 'Kline/Candlestick data'."""

from typing import Any, Final

from hypersim.api.binance.endpoints import Call, Endpoint, required
from hypersim.api.binance.parameters import END_TIME, START_TIME, SYMBOL, TIME_ZONE, Choice, limit
from hypersim.errors import Reason
from hypersim.units import show, show_amount
from hypersim.views.archive import Archive
from hypersim.views.intervals import Interval
from hypersim.world import World

INTERVAL: Final = required("interval", Choice(Interval, Reason.BAD_INTERVAL), "what one bar covers")
LIMIT: Final = limit(500, 1000)
MINUTE_US: Final = 60_000_000


async def klines(world: World, call: Call) -> list[list[Any]]:
    """Arrays of twelve: open time, prices, volume, close time, quote volume, trades, takers' buys."""
    interval, offset_us = call[INTERVAL], call[TIME_ZONE] * MINUTE_US
    bars = await Archive(world.market(call[SYMBOL]), world.history, world.clock).klines(
        interval,
        start_us=call[START_TIME],
        end_us=call[END_TIME],
        limit=call[LIMIT],
        offset_us=offset_us,
    )
    return [
        [
            call.time(bar.open_us),
            show(bar.open),
            show(bar.high),
            show(bar.low),
            show(bar.close),
            show(bar.volume),
            call.time(interval.after(bar.open_us, offset_us) - 1),
            show_amount(bar.quote_volume),
            bar.trades,
            show(bar.taker_base),
            show_amount(bar.taker_quote),
            "0",
        ]
        for bar in bars
    ]


PARAMETERS: Final = (SYMBOL, INTERVAL, START_TIME, END_TIME, TIME_ZONE, LIMIT)

ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/klines",
        handler=klines,
        summary="Candlesticks",
        tag="Market data",
        parameters=PARAMETERS,
        weight=2,
        example={"symbol": "BTCUSDT", "interval": "1h", "limit": "3"},
    ),
    Endpoint(
        method="GET",
        path="/uiKlines",
        handler=klines,
        summary="Candlesticks for charts, which here are the same",
        tag="Market data",
        parameters=PARAMETERS,
        weight=2,
        example={"symbol": "BTCUSDT", "interval": "1d", "limit": "3"},
    ),
)
