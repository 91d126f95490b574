"""Whether the exchange is there, what time it has, and what can be traded by which rules.

exchangeInfo says what the engine does and no more: only filters that it enforces, and no order kind that it
lacks. Source: rest-api.md, 'Exchange information'.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from hypersim.api.binance.endpoints import Call, Endpoint, optional
from hypersim.api.binance.parameters import ANY_STATUS, ANY_SYMBOL, ANY_SYMBOLS, Boolean
from hypersim.engine.market import ExchangeLimits, Market
from hypersim.errors import Reason, Refused
from hypersim.limits import FIGURES
from hypersim.units import show
from hypersim.world import World

PERMISSION: Final = re.compile("SPOT|MARGIN|LEVERAGED|TRD_GRP_[0-9]{3}", re.ASCII)
PERMISSIONS_OF_MARKETS: Final = ("SPOT",)


class Permissions:
    """One permission, or a JSON array of them."""

    def parse(self, name: str, text: str) -> frozenset[str]:
        permissions = [text]
        if text.startswith("["):
            try:
                permissions = msgspec.json.decode(text, type=list[str])
            except msgspec.DecodeError:
                raise Refused(Reason.PARAMETER_INVALID, name) from None
        if any(PERMISSION.fullmatch(permission) is None for permission in permissions):
            raise Refused(Reason.PARAMETER_INVALID, name)
        return frozenset(permissions)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "description": 'one, or a JSON array such as ["SPOT","MARGIN"]'}


PERMISSIONS: Final = optional("permissions", Permissions())
SHOW_PERMISSION_SETS: Final = optional("showPermissionSets", Boolean(), True)


async def ping(world: World, call: Call) -> dict[str, Any]:
    return {}


async def server_time(world: World, call: Call) -> dict[str, Any]:
    return {"serverTime": call.time(world.clock.now_us())}


async def exchange_info(world: World, call: Call) -> dict[str, Any]:
    return {
        "timezone": "UTC",
        "serverTime": call.time(world.clock.now_us()),
        "rateLimits": FIGURES,
        "exchangeFilters": exchange_filters(world.markets.limits),
        "symbols": [_symbol(market, call[SHOW_PERMISSION_SETS]) for market in _selected(world, call)],
    }


def _selected(world: World, call: Call) -> Iterable[Market]:
    """The markets that the call's selectors name. Raises Refused."""
    symbol, symbols, status = call[ANY_SYMBOL], call[ANY_SYMBOLS], call[ANY_STATUS]
    permissions = call[PERMISSIONS]
    named = (symbol is not None) + (symbols is not None)
    if named > 1 or (named and (status is not None or permissions is not None)):
        raise Refused(Reason.BAD_COMBINATION)
    if symbol is not None:
        return [world.market(symbol).market]
    if symbols is not None:
        return [world.market(each).market for each in symbols]
    if permissions is not None and permissions.isdisjoint(PERMISSIONS_OF_MARKETS):
        return []
    return [view.market for view in world.markets.markets.values() if status is None or view.market.status == status]


def _symbol(market: Market, show_permission_sets: bool) -> dict[str, Any]:
    """The 26 keys of a symbol."""
    return {
        "symbol": market.symbol,
        "status": market.status,
        "baseAsset": market.base,
        "baseAssetPrecision": market.base_precision,
        "quoteAsset": market.quote,
        "quotePrecision": market.quote_precision,
        "quoteAssetPrecision": market.quote_precision,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": market.order_types,
        "icebergAllowed": market.iceberg_allowed,
        "ocoAllowed": market.oco_allowed,
        "otoAllowed": market.oto_allowed,
        "opoAllowed": market.opo_allowed,
        "quoteOrderQtyMarketAllowed": market.quote_quantity_allowed,
        "allowTrailingStop": market.trailing_allowed,
        "cancelReplaceAllowed": market.replace_allowed,
        "amendAllowed": market.amend_allowed,
        "pegInstructionsAllowed": market.peg_allowed,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": symbol_filters(market),
        "permissions": [],
        "permissionSets": [PERMISSIONS_OF_MARKETS] if show_permission_sets else [],
        "defaultSelfTradePreventionMode": market.default_self_trade_prevention,
        "allowedSelfTradePreventionModes": market.allowed_self_trade_prevention,
    }


def exchange_filters(limits: ExchangeLimits) -> list[dict[str, Any]]:
    """What an account may have open over all symbols, where that is bounded."""
    counted = (
        ("EXCHANGE_MAX_NUM_ORDERS", "maxNumOrders", limits.max_num_orders),
        ("EXCHANGE_MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders", limits.max_num_algo_orders),
        ("EXCHANGE_MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders", limits.max_num_iceberg_orders),
        ("EXCHANGE_MAX_NUM_ORDER_LISTS", "maxNumOrderLists", limits.max_num_order_lists),
    )
    return [{"filterType": name, field: most} for name, field, most in counted if most]


def symbol_filters(market: Market) -> list[dict[str, Any]]:
    """The filters that orders here must pass, as filters.md has them; those that bound nothing are left out."""
    filters: list[dict[str, Any]] = [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": show(market.min_price),
            "maxPrice": show(market.max_price),
            "tickSize": show(market.tick_size),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": show(market.min_quantity),
            "maxQty": show(market.max_quantity),
            "stepSize": show(market.step_size),
        },
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": show(market.market_min_quantity),
            "maxQty": show(market.market_max_quantity or market.max_quantity),
            "stepSize": show(market.market_step_size),
        },
        _percent_price(market),
        _notional(market),
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": market.max_num_orders or MOST_ORDERS},
    ]
    counted = (
        ("ICEBERG_PARTS", "limit", market.iceberg_parts),
        ("MAX_NUM_ORDER_LISTS", "maxNumOrderLists", market.max_num_order_lists),
        ("MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders", market.max_num_algo_orders),
        ("MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders", market.max_num_iceberg_orders),
        ("MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends", market.max_num_order_amends),
    )
    filters += ({"filterType": name, field: most} for name, field, most in counted if most)
    above, below = market.trailing_above, market.trailing_below
    if any((*above, *below)):
        filters.append(
            {
                "filterType": "TRAILING_DELTA",
                "minTrailingAboveDelta": above[0],
                "maxTrailingAboveDelta": above[1],
                "minTrailingBelowDelta": below[0],
                "maxTrailingBelowDelta": below[1],
            }
        )
    if market.max_position:
        filters.append({"filterType": "MAX_POSITION", "maxPosition": show(market.max_position)})
    return filters


def _percent_price(market: Market) -> dict[str, Any]:
    if not market.percent_by_side:
        return {
            "filterType": "PERCENT_PRICE",
            "multiplierUp": show(market.bid_multiplier_up),
            "multiplierDown": show(market.bid_multiplier_down),
            "avgPriceMins": market.average_price_minutes,
        }
    return {
        "filterType": "PERCENT_PRICE_BY_SIDE",
        "bidMultiplierUp": show(market.bid_multiplier_up),
        "bidMultiplierDown": show(market.bid_multiplier_down),
        "askMultiplierUp": show(market.ask_multiplier_up),
        "askMultiplierDown": show(market.ask_multiplier_down),
        "avgPriceMins": market.average_price_minutes,
    }


def _notional(market: Market) -> dict[str, Any]:
    if not market.notional_range:
        return {
            "filterType": "MIN_NOTIONAL",
            "minNotional": show(market.min_notional),
            "applyToMarket": market.apply_min_to_market,
            "avgPriceMins": market.average_price_minutes,
        }
    return {
        "filterType": "NOTIONAL",
        "minNotional": show(market.min_notional),
        "applyMinToMarket": market.apply_min_to_market,
        "maxNotional": show(market.max_notional or MOST_NOTIONAL),
        "applyMaxToMarket": market.apply_max_to_market,
        "avgPriceMins": market.average_price_minutes,
    }


MOST_NOTIONAL: Final = 2**63 - 1
"""Shown for a market without an upper bound: the most that a parameter can say."""

MOST_ORDERS: Final = 2**31 - 1
"""Shown for a market that does not bound open orders."""

ENDPOINTS: Final = (
    Endpoint(method="GET", path="/ping", handler=ping, summary="Answer, when the exchange is there", tag="General"),
    Endpoint(method="GET", path="/time", handler=server_time, summary="The exchange's time", tag="General"),
    Endpoint(
        method="GET",
        path="/exchangeInfo",
        handler=exchange_info,
        summary="Trading rules and symbols",
        tag="General",
        parameters=(ANY_SYMBOL, ANY_SYMBOLS, PERMISSIONS, SHOW_PERMISSION_SETS, ANY_STATUS),
        weight=20,
        example={"symbol": "BTCUSDT"},
    ),
)
