"""Answers of exchangeInfo as Binance words them, made up."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from hypersim.engine.market import Market
from hypersim.engine.orders import SelfTradePrevention
from hypersim.feeds.binance.answers import ExchangeInfo
from hypersim.units import parse

Filters = dict[str, dict[str, Any]]

FILTERS: Filters = {
    "PRICE_FILTER": {"minPrice": "0.01000000", "maxPrice": "1000000.00000000", "tickSize": "0.01000000"},
    "LOT_SIZE": {"minQty": "0.00001000", "maxQty": "9000.00000000", "stepSize": "0.00001000"},
    "ICEBERG_PARTS": {"limit": 100},
    "MARKET_LOT_SIZE": {"minQty": "0.00000000", "maxQty": "97.09521512", "stepSize": "0.00000000"},
    "TRAILING_DELTA": {
        "minTrailingAboveDelta": 10,
        "maxTrailingAboveDelta": 2000,
        "minTrailingBelowDelta": 10,
        "maxTrailingBelowDelta": 2000,
    },
    "PERCENT_PRICE_BY_SIDE": {
        "bidMultiplierUp": "5",
        "bidMultiplierDown": "0.2",
        "askMultiplierUp": "4",
        "askMultiplierDown": "0.25",
        "avgPriceMins": 5,
    },
    "NOTIONAL": {
        "minNotional": "5.00000000",
        "applyMinToMarket": True,
        "maxNotional": "9000000.00000000",
        "applyMaxToMarket": False,
        "avgPriceMins": 5,
    },
    "MAX_NUM_ORDERS": {"maxNumOrders": 200},
    "MAX_NUM_ORDER_LISTS": {"maxNumOrderLists": 20},
    "MAX_NUM_ALGO_ORDERS": {"maxNumAlgoOrders": 5},
    "MAX_NUM_ORDER_AMENDS": {"maxNumOrderAmends": 10},
}
"""Those of a symbol of 2026."""

FILTERS_OF_2021: Filters = {
    "PRICE_FILTER": {"minPrice": "0.01000000", "maxPrice": "1000000.00000000", "tickSize": "0.01000000"},
    "PERCENT_PRICE": {"multiplierUp": "5", "multiplierDown": "0.2", "avgPriceMins": 3},
    "LOT_SIZE": {"minQty": "0.00001000", "maxQty": "9000.00000000", "stepSize": "0.00001000"},
    "MIN_NOTIONAL": {"minNotional": "10.00000000", "applyToMarket": True, "avgPriceMins": 5},
    "MAX_POSITION": {"maxPosition": "43.00000000"},
    "MAX_NUM_ORDERS": {"maxNumOrders": 200},
}


BITCOIN = Market(
    symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    min_price=parse("0.01"),
    max_price=parse("1000000"),
    tick_size=parse("0.01"),
    min_quantity=parse("0.00001"),
    max_quantity=parse("9000"),
    step_size=parse("0.00001"),
    market_max_quantity=parse("97.09521512"),
    min_notional=parse("5"),
    max_notional=parse("9000000"),
    ask_multiplier_up=parse("4"),
    ask_multiplier_down=parse("0.25"),
    default_self_trade_prevention=SelfTradePrevention.EXPIRE_MAKER,
    allowed_self_trade_prevention=(
        SelfTradePrevention.EXPIRE_TAKER,
        SelfTradePrevention.EXPIRE_MAKER,
        SelfTradePrevention.EXPIRE_BOTH,
        SelfTradePrevention.DECREMENT,
    ),
)
"""What the made-up symbol of 2026 is here."""


def symbol(base: str = "BTC", quote: str = "USDT", filters: Filters = FILTERS, **changes: Any) -> dict[str, Any]:
    """A symbol of 2026, and what is different about it; None for what it lacks."""
    rules = {
        "symbol": base + quote,
        "status": "TRADING",
        "baseAsset": base,
        "baseAssetPrecision": 8,
        "quoteAsset": quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": [
            "LIMIT",
            "LIMIT_MAKER",
            "MARKET",
            "STOP_LOSS",
            "STOP_LOSS_LIMIT",
            "TAKE_PROFIT",
            "TAKE_PROFIT_LIMIT",
        ],
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": True,
        "filters": [{"filterType": name, **filter_} for name, filter_ in filters.items()],
        "permissions": [],
        "permissionSets": [["SPOT", "MARGIN", "TRD_GRP_004"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT"],
        **changes,
    }
    return {name: value for name, value in rules.items() if value is not None}


def changed(name: str, **changes: Any) -> Filters:
    """The filters of 2026, one of them different."""
    return FILTERS | {name: FILTERS[name] | changes}


def without(*names: str) -> Filters:
    return {name: filter_ for name, filter_ in FILTERS.items() if name not in names}


def answer(symbols: Iterable[Mapping[str, Any]]) -> ExchangeInfo:
    """What is read of the answer with these symbols."""
    content = msgspec.json.encode({"timezone": "UTC", "serverTime": 1_790_000_000_000, "symbols": list(symbols)})
    return msgspec.json.decode(content, type=ExchangeInfo)


def many(count: int) -> list[dict[str, Any]]:
    """Symbols of made-up coins, each against four others."""
    pairs = ((f"COIN{number // 4}", ("USDT", "BTC", "FDUSD", "TRY")[number % 4]) for number in range(count))
    return [symbol(base, quote) for base, quote in pairs]
