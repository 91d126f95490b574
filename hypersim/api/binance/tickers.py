"""Prices and their statistics: avgPrice and everything under ticker.

`symbol` asks for one object; `symbols`, or neither where that is allowed, for an array. Source: rest-api.md,
'24hr ticker price change statistics' to 'Rolling window price change statistics'.
"""

import enum
import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

from hypersim.api.binance import ticker_shapes as shapes
from hypersim.api.binance.endpoints import Call, Endpoint, optional
from hypersim.api.binance.parameters import (
    ANY_STATUS,
    ANY_SYMBOL,
    ANY_SYMBOLS,
    SYMBOL,
    TIME_ZONE,
    Choice,
    SymbolList,
)
from hypersim.errors import Reason, Refused
from hypersim.units import show
from hypersim.views.archive import Archive
from hypersim.views.candles import bucket
from hypersim.views.intervals import Interval
from hypersim.views.marketdata import DAY_US, MINUTE_US, MarketView
from hypersim.world import World

Row = TypeVar("Row")

MOST_SYMBOLS: Final = 100
MOST_WEIGHT: Final = 200


class TickerType(enum.StrEnum):
    """How much a ticker says."""

    FULL = "FULL"
    MINI = "MINI"


class WindowSize:
    """1m to 59m, 1h to 23h or 1d to 7d, as microseconds."""

    legal = re.compile(r"(?:([1-5]?[0-9])m|(1?[0-9]|2[0-3])h|([1-7])d)", re.ASCII)

    def parse(self, name: str, text: str) -> int:
        match = self.legal.fullmatch(text)
        minutes, hours, days = (int(group or 0) for group in match.groups()) if match else (0, 0, 0)
        size_us = minutes * MINUTE_US + hours * 60 * MINUTE_US + days * DAY_US
        if size_us == 0:
            raise Refused(Reason.PARAMETER_INVALID, name)
        return size_us

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{self.legal.pattern}$"}


TYPE: Final = optional("type", Choice(TickerType, Reason.BAD_TICKER_TYPE), TickerType.FULL)
WINDOW_SIZE: Final = optional("windowSize", WindowSize(), DAY_US, "1m to 59m, 1h to 23h or 1d to 7d")
FEW_SYMBOLS: Final = optional(
    "symbols", SymbolList(most=MOST_SYMBOLS), description=f"at most {MOST_SYMBOLS} of them, instead of symbol"
)


async def average_price(world: World, call: Call) -> shapes.AveragePrice:
    view = world.market(call[SYMBOL])
    last_us = view.last.time_us if view.last is not None else 0
    return shapes.AveragePrice(view.average_minutes, show(view.average(world.clock.now_us())), call.time(last_us))


async def price(world: World, call: Call) -> Any:
    now_us = world.clock.now_us()
    return _answer(world, call, lambda view: shapes.PriceTicker(view.market.symbol, show(view.last_price(now_us))))


async def book_ticker(world: World, call: Call) -> Any:
    return _answer(world, call, shapes.book_ticker)


async def rolling_day(world: World, call: Call) -> Any:
    now_us = world.clock.now_us()
    times = call.time(now_us - DAY_US), call.time(now_us)

    rows: list[shapes.MiniTicker | shapes.DayTicker] = []
    for view in _chosen(world, call):
        if call[TYPE] is TickerType.MINI:
            rows.append(shapes.mini_ticker(view.market.symbol, view.rolling_day(now_us), *times))
        else:
            rows.append(shapes.day_ticker(view, now_us, *times))
        await world.clock.sleep(0)  # a market's past may have to be worked out: others have a turn
    return rows[0] if ANY_SYMBOL in call else rows


async def rolling_window(world: World, call: Call) -> Any:
    now_us = world.clock.now_us()
    start_us = bucket(now_us - call[WINDOW_SIZE], 60)
    return await _windows(world, call, start_us, now_us)


async def trading_day(world: World, call: Call) -> Any:
    now_us = world.clock.now_us()
    start_us = Interval.D1.open_of(now_us, call[TIME_ZONE] * MINUTE_US)
    return await _windows(world, call, start_us, start_us + DAY_US - 1)


async def _windows(world: World, call: Call, start_us: int, end_us: int) -> Any:
    """Statistics from a minute on, of the symbols that were named."""
    if ANY_SYMBOL not in call and FEW_SYMBOLS not in call:
        raise Refused(Reason.PARAMETERS_BOTH_MISSING, ANY_SYMBOL.name, FEW_SYMBOLS.name)
    render = shapes.mini_ticker if call[TYPE] is TickerType.MINI else shapes.window_ticker
    rows = []
    for view in _chosen(world, call):
        window = await Archive(view, world.history, world.clock).window(start_us)
        rows.append(render(view.market.symbol, view.summary(window), call.time(start_us), call.time(end_us)))
        await world.clock.sleep(0)  # a market's past may have to be worked out: others have a turn
    return rows[0] if ANY_SYMBOL in call else rows


def _answer(world: World, call: Call, render: Callable[[MarketView], Row]) -> Row | list[Row]:
    """One object for `symbol`, otherwise an array."""
    rows = [render(view) for view in _chosen(world, call)]
    return rows[0] if ANY_SYMBOL in call else rows


def _chosen(world: World, call: Call) -> list[MarketView]:
    """The markets that a call names, or all of them; a status drops those that do not have it."""
    symbol, symbols, status = call[ANY_SYMBOL], call[ANY_SYMBOLS], call[ANY_STATUS]
    if symbol is not None:
        if symbols is not None:
            raise Refused(Reason.BAD_COMBINATION)
        view = world.market(symbol)
        if status not in (None, view.market.status):
            raise Refused(Reason.SYMBOL_STATUS_MISMATCH)
        return [view]
    views = list(world.markets.markets.values()) if symbols is None else [world.market(each) for each in symbols]
    return [view for view in views if status in (None, view.market.status)]


def _day_weight(world: World, call: Call) -> int:
    if ANY_SYMBOL in call:
        return 2
    symbols = call[ANY_SYMBOLS]
    if symbols is None or len(symbols) > 100:
        return 80
    return 2 if len(symbols) <= 20 else 40


def _price_weight(world: World, call: Call) -> int:
    return 2 if ANY_SYMBOL in call else 4


def _window_weight(world: World, call: Call) -> int:
    return min(4 * len(call[FEW_SYMBOLS] or (ANY_SYMBOL,)), MOST_WEIGHT)


def _ticker(path: str, summary: str, **row: Any) -> Endpoint:
    return Endpoint(
        method="GET",
        path=path,
        summary=summary,
        tag="Market data",
        example={"symbol": "BTCUSDT"},
        **row,
    )


ENDPOINTS: Final = (
    _ticker(
        "/avgPrice",
        "Average price of the last minutes",
        handler=average_price,
        parameters=(SYMBOL,),
        weight=2,
    ),
    _ticker(
        "/ticker/24hr",
        "Statistics of the last 24 hours",
        handler=rolling_day,
        parameters=(ANY_SYMBOL, ANY_SYMBOLS, TYPE, ANY_STATUS),
        weight=_day_weight,
        least_weight=2,
    ),
    _ticker(
        "/ticker/tradingDay",
        "Statistics of the day, in any time zone",
        handler=trading_day,
        parameters=(ANY_SYMBOL, FEW_SYMBOLS, TIME_ZONE, TYPE, ANY_STATUS),
        weight=_window_weight,
        least_weight=4,
    ),
    _ticker(
        "/ticker/price",
        "Newest prices",
        handler=price,
        parameters=(ANY_SYMBOL, ANY_SYMBOLS, ANY_STATUS),
        weight=_price_weight,
        least_weight=2,
    ),
    _ticker(
        "/ticker/bookTicker",
        "Best prices of the book",
        handler=book_ticker,
        parameters=(ANY_SYMBOL, ANY_SYMBOLS, ANY_STATUS),
        weight=_price_weight,
        least_weight=2,
    ),
    _ticker(
        "/ticker",
        "Statistics of a rolling window of any size",
        handler=rolling_window,
        parameters=(ANY_SYMBOL, FEW_SYMBOLS, WINDOW_SIZE, TYPE, ANY_STATUS),
        weight=_window_weight,
        least_weight=4,
    ),
)
