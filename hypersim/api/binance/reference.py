"""What Binance has of some symbols and this exchange of none: price ranges by a reference price, block trades.

Sources: rest-api.md, 'Query Execution Rules', 'Query Reference Price', 'Historical Block Trades';
faqs/price_range_execution_rules.md.
"""

from typing import Any, Final

from hypersim.api.binance.endpoints import Call, Endpoint, required
from hypersim.api.binance.parameters import ANY_STATUS, ANY_SYMBOL, ANY_SYMBOLS, SYMBOL, Integer, limit
from hypersim.errors import Reason, Refused
from hypersim.world import World

FROM_BLOCK: Final = required("fromId", Integer(), "from this block trade on, inclusive")
BLOCKS_LIMIT: Final = limit(500, 1000)
WEIGHT_OF_ALL: Final = 40


async def execution_rules(world: World, call: Call) -> dict[str, Any]:
    symbol, symbols, status = call[ANY_SYMBOL], call[ANY_SYMBOLS], call[ANY_STATUS]
    if sum(each is not None for each in (symbol, symbols, status)) > 1:
        raise Refused(Reason.BAD_COMBINATION)
    named = [symbol] if symbol is not None else symbols
    if named is not None:
        selected = [world.market(each).market for each in named]
    else:
        markets = (view.market for view in world.markets.markets.values())
        selected = [market for market in markets if status is None or market.status == status]
    return {"symbolRules": [{"symbol": market.symbol, "rules": []} for market in selected]}


def _weight(world: World, call: Call) -> int:
    if ANY_SYMBOL in call:
        return 2
    symbols = call[ANY_SYMBOLS]
    return WEIGHT_OF_ALL if symbols is None else min(2 * len(symbols), WEIGHT_OF_ALL)


async def reference_price(world: World, call: Call) -> dict[str, Any]:
    world.market(call[SYMBOL])
    raise Refused(Reason.NO_REFERENCE_PRICE)


async def calculation(world: World, call: Call) -> dict[str, Any]:
    market, status = world.market(call[SYMBOL]).market, call[ANY_STATUS]
    if status is not None and market.status != status:
        raise Refused(Reason.SYMBOL_STATUS_MISMATCH)
    raise Refused(Reason.NO_REFERENCE_PRICE)


async def block_trades(world: World, call: Call) -> list[dict[str, Any]]:
    world.market(call[SYMBOL])
    return []


ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/executionRules",
        handler=execution_rules,
        summary="Execution rules of symbols: there are none",
        tag="General",
        parameters=(ANY_SYMBOL, ANY_SYMBOLS, ANY_STATUS),
        weight=_weight,
        least_weight=2,
        example={"symbol": "BTCUSDT"},
    ),
    Endpoint(
        method="GET",
        path="/referencePrice",
        handler=reference_price,
        summary="A symbol's reference price: none has one",
        tag="Market data",
        parameters=(SYMBOL,),
        weight=2,
        refuses=True,
        example={"symbol": "BTCUSDT"},
    ),
    Endpoint(
        method="GET",
        path="/referencePrice/calculation",
        handler=calculation,
        summary="How a symbol's reference price is made: none has one",
        tag="Market data",
        parameters=(SYMBOL, ANY_STATUS),
        weight=2,
        refuses=True,
        example={"symbol": "BTCUSDT"},
    ),
    Endpoint(
        method="GET",
        path="/historicalBlockTrades",
        handler=block_trades,
        summary="Block trades of a symbol: there are none",
        tag="Market data",
        parameters=(SYMBOL, FROM_BLOCK, BLOCKS_LIMIT),
        weight=25,
        example={"symbol": "BTCUSDT", "fromId": "1"},
    ),
)
