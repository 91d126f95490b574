"""General calls, and what clients ask for when they start."""

from typing import Any

import msgspec
import pytest

from hypersim.engine.commands import PutMarket
from hypersim.engine.market import MarketStatus
from tests.api.lab import Lab

SYMBOL_KEYS = [
    *("symbol", "status", "baseAsset", "baseAssetPrecision", "quoteAsset", "quotePrecision"),
    *("quoteAssetPrecision", "baseCommissionPrecision", "quoteCommissionPrecision", "orderTypes"),
    *("icebergAllowed", "ocoAllowed", "otoAllowed", "opoAllowed", "quoteOrderQtyMarketAllowed"),
    *("allowTrailingStop", "cancelReplaceAllowed", "amendAllowed", "pegInstructionsAllowed"),
    *("isSpotTradingAllowed", "isMarginTradingAllowed", "filters", "permissions", "permissionSets"),
    *("defaultSelfTradePreventionMode", "allowedSelfTradePreventionModes"),
]
ALL = ["BTCUSDT", "ETHUSDT", "ETHBTC", "BNBUSDT", "SOLUSDT", "XRPUSDT", "AAPLUSDT"]


@pytest.mark.parametrize("prefix", ["/v1", "/api/v3"])
async def test_ping_and_time_answer_at_both_prefixes(lab: Lab, prefix: str) -> None:
    assert {} == (await lab.alice.public(f"{prefix}/ping")).json
    assert {"serverTime": lab.now_ms} == (await lab.alice.public(f"{prefix}/time")).json


async def test_exchange_info_describes_the_exchange(lab: Lab) -> None:
    info = (await lab.alice.public("/v1/exchangeInfo")).json
    assert ["timezone", "serverTime", "rateLimits", "exchangeFilters", "symbols"] == list(info)
    assert ("UTC", lab.now_ms, []) == (info["timezone"], info["serverTime"], info["exchangeFilters"])
    assert [
        {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000},
        {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100},
        {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 200000},
        {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 300000},
    ] == info["rateLimits"]
    assert ALL == [symbol["symbol"] for symbol in info["symbols"]]
    assert [SYMBOL_KEYS] * len(ALL) == [list(symbol) for symbol in info["symbols"]]


async def test_a_symbol_shows_the_filters_that_the_engine_enforces(lab: Lab) -> None:
    [symbol] = (await lab.alice.public("/v1/exchangeInfo", {"symbol": "BTCUSDT"})).json["symbols"]
    filters = {each.pop("filterType"): each for each in symbol["filters"]}
    assert {
        "PRICE_FILTER": {
            "minPrice": "0.01000000",
            "maxPrice": "1000000.00000000",
            "tickSize": "0.01000000",
        },
        "LOT_SIZE": {"minQty": "0.00001000", "maxQty": "9000.00000000", "stepSize": "0.00001000"},
        "MARKET_LOT_SIZE": {"minQty": "0.00000000", "maxQty": "97.09521512", "stepSize": "0.00000000"},
        "PERCENT_PRICE_BY_SIDE": {
            "bidMultiplierUp": "5.00000000",
            "bidMultiplierDown": "0.20000000",
            "askMultiplierUp": "5.00000000",
            "askMultiplierDown": "0.20000000",
            "avgPriceMins": 5,
        },
        "NOTIONAL": {
            "minNotional": "5.00000000",
            "applyMinToMarket": True,
            "maxNotional": "9000000.00000000",
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        "ICEBERG_PARTS": {"limit": 100},
        "TRAILING_DELTA": {
            "minTrailingAboveDelta": 10,
            "maxTrailingAboveDelta": 2000,
            "minTrailingBelowDelta": 10,
            "maxTrailingBelowDelta": 2000,
        },
        "MAX_NUM_ORDERS": {"maxNumOrders": 200},
        "MAX_NUM_ORDER_LISTS": {"maxNumOrderLists": 20},
        "MAX_NUM_ALGO_ORDERS": {"maxNumAlgoOrders": 5},
        "MAX_NUM_ORDER_AMENDS": {"maxNumOrderAmends": 10},
    } == filters


async def test_a_symbol_is_described_by_what_can_be_done_with_it(lab: Lab) -> None:
    [symbol] = (await lab.alice.public("/v1/exchangeInfo", {"symbol": "BTCUSDT"})).json["symbols"]
    del symbol["filters"]
    assert {
        "symbol": "BTCUSDT",
        "status": "TRADING",
        "baseAsset": "BTC",
        "baseAssetPrecision": 8,
        "quoteAsset": "USDT",
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
        "icebergAllowed": True,
        "ocoAllowed": True,
        "otoAllowed": True,
        "opoAllowed": True,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": True,
        "cancelReplaceAllowed": True,
        "amendAllowed": True,
        "pegInstructionsAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": [
            "NONE",
            "EXPIRE_TAKER",
            "EXPIRE_MAKER",
            "EXPIRE_BOTH",
            "DECREMENT",
            "TRANSFER",
        ],
    } == symbol


@pytest.mark.parametrize(
    ("arguments", "symbols"),
    [
        ({"symbol": "ETHBTC"}, ["ETHBTC"]),
        ({"symbols": '["SOLUSDT","BTCUSDT"]'}, ["SOLUSDT", "BTCUSDT"]),
        ({"permissions": "SPOT"}, ALL),
        ({"permissions": '["MARGIN","SPOT"]'}, ALL),
        ({"permissions": "MARGIN"}, []),
        ({"permissions": '["MARGIN","LEVERAGED"]'}, []),
        ({"symbolStatus": "TRADING"}, ["BTCUSDT", *ALL[2:]]),
        ({"symbolStatus": "HALT"}, ["ETHUSDT"]),
        ({"symbolStatus": "BREAK"}, []),
        ({"symbolStatus": "HALT", "permissions": "SPOT"}, ["ETHUSDT"]),
    ],
)
async def test_exchange_info_selects_symbols(lab: Lab, arguments: dict[str, str], symbols: list[str]) -> None:
    halted = msgspec.structs.replace(lab.world.market("ETHUSDT").market, status=MarketStatus.HALT)
    await lab.world.ask(PutMarket(halted))
    info = (await lab.alice.public("/v1/exchangeInfo", arguments)).json
    assert symbols == [symbol["symbol"] for symbol in info["symbols"]]


async def test_permission_sets_are_left_out_on_request(lab: Lab) -> None:
    arguments = {"symbol": "BTCUSDT", "showPermissionSets": "false"}
    [symbol] = (await lab.alice.public("/v1/exchangeInfo", arguments)).json["symbols"]
    assert [] == symbol["permissionSets"]


async def test_what_ccxt_asks_for_when_it_starts_is_answered(lab: Lab) -> None:
    """In the order in which ccxt 4.5.90's load_markets sends it, signed as it signs."""

    async def signed(path: str) -> Any:
        answer = await lab.alice.signed("GET", path, {"recvWindow": 10000}, time=lab.now_ms)
        assert 200 == answer.status, answer.json
        return answer.json

    coins = {row["coin"]: row for row in await signed("/sapi/v1/capital/config/getall")}
    assert ("10000.00000000", "0.00000000", "TetherUS") == (
        coins["USDT"]["free"],
        coins["USDT"]["locked"],
        coins["USDT"]["name"],
    )
    assert {"AAPL", "BNB", "BTC", "ETH", "SOL", "USDT", "XRP"} == set(coins)
    assert [] == await signed("/sapi/v1/margin/allPairs")
    assert [] == await signed("/sapi/v1/margin/isolated/allPairs")
    assert [] == await signed("/sapi/v1/spot/delist-schedule")
    assert ["normal", [], []] == [
        (await lab.alice.public("/sapi/v1/system/status")).json["msg"],
        (await lab.alice.public("/fapi/v1/exchangeInfo")).json["symbols"],
        (await lab.alice.public("/dapi/v1/exchangeInfo")).json["symbols"],
    ]
    assert sorted(ALL) == [row["symbol"] for row in await signed("/sapi/v1/asset/tradeFee")]
    assert {"data": "Normal"} == await signed("/sapi/v1/account/status")
    assert (await signed("/sapi/v1/account/apiTradingStatus"))["data"]["isLocked"] is False
