"""What ccxt should know of a Hyper-Sim: its addresses, the calls it serves, its errors.

Guarantees that no address of another host is left in a description, whatever sections ccxt has, and that
`has` is False for everything that is not named here. Keeps what ccxt.binance says about the rest: time
frames, precision, client order ids, rate limits. Does not send anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final
from urllib.parse import urlsplit

HOSTNAME: Final = "127.0.0.1:8080"

HAS: Final[dict[str, bool | str | None]] = {
    "CORS": None,
    "publicAPI": True,
    "privateAPI": True,
    "spot": True,
    "sandbox": True,
    "cancelAllOrders": True,
    "cancelOrder": True,
    "cancelOrderWithClientOrderId": True,
    "createLimitBuyOrder": True,
    "createLimitOrder": True,
    "createLimitSellOrder": True,
    "createMarketBuyOrder": True,
    "createMarketBuyOrderWithCost": True,
    "createMarketOrder": True,
    "createMarketOrderWithCost": True,
    "createMarketSellOrder": True,
    "createMarketSellOrderWithCost": True,
    "createOrder": True,
    "createPostOnlyOrder": True,
    "createStopLimitOrder": True,
    "createStopLossOrder": True,
    "createStopOrder": True,
    "createTakeProfitOrder": True,
    "createTrailingPercentOrder": True,
    "createTriggerOrder": True,
    "editOrder": True,
    "fetchBalance": True,
    "fetchBidsAsks": True,
    "fetchCanceledAndClosedOrders": "emulated",
    "fetchCanceledOrders": "emulated",
    "fetchClosedOrders": "emulated",
    "fetchCurrencies": True,
    "fetchDepositAddress": True,
    "fetchDepositWithdrawFee": "emulated",
    "fetchDepositWithdrawFees": True,
    "fetchDeposits": True,
    "fetchL2OrderBook": True,
    "fetchLastPrices": True,
    "fetchMarkets": True,
    "fetchMyTrades": True,
    "fetchOHLCV": True,
    "fetchOpenOrders": True,
    "fetchOrder": True,
    "fetchOrderBook": True,
    "fetchOrderTrades": True,
    "fetchOrderWithClientOrderId": True,
    "fetchOrders": True,
    "fetchStatus": True,
    "fetchTicker": True,
    "fetchTickers": True,
    "fetchTime": True,
    "fetchTrades": True,
    "fetchTradingFee": True,
    "fetchTradingFees": True,
    "fetchTradingLimits": "emulated",
    "fetchTransactionFee": "emulated",
    "fetchTransactionFees": True,
    "fetchWithdrawals": True,
    "withdraw": True,
}
"""In ccxt's words: True, or 'emulated' when ccxt makes it out of another call. What is not named is False."""

HAS_OVER_WEBSOCKETS: Final[dict[str, bool | str | None]] = {
    "ws": True,
    "cancelAllOrdersWs": True,
    "cancelOrderWs": True,
    "createLimitBuyOrderWs": True,
    "createLimitOrderWs": True,
    "createLimitSellOrderWs": True,
    "createMarketBuyOrderWs": True,
    "createMarketOrderWithCostWs": True,
    "createMarketOrderWs": True,
    "createMarketSellOrderWs": True,
    "createOrderWs": True,
    "createPostOnlyOrderWs": True,
    "createStopLimitOrderWs": True,
    "createStopLossOrderWs": True,
    "createStopOrderWs": True,
    "createTakeProfitOrderWs": True,
    "createTrailingPercentOrderWs": True,
    "createTriggerOrderWs": True,
    "editOrderWs": True,
    "fetchBalanceWs": True,
    "fetchClosedOrdersWs": "emulated",
    "fetchMyTradesWs": True,
    "fetchOHLCVWs": True,
    "fetchOpenOrdersWs": True,
    "fetchOrderWs": True,
    "fetchOrdersWs": True,
    "fetchTradesWs": True,
    "unWatchBidsAsks": True,
    "unWatchOHLCV": True,
    "unWatchOHLCVForSymbols": True,
    "unWatchOrderBook": True,
    "unWatchOrderBookForSymbols": True,
    "unWatchTicker": True,
    "unWatchTickers": True,
    "unWatchTrades": True,
    "unWatchTradesForSymbols": True,
    "watchBalance": True,
    "watchBidsAsks": True,
    "watchMyTrades": True,
    "watchOHLCV": True,
    "watchOHLCVForSymbols": True,
    "watchOrderBook": True,
    "watchOrderBookForSymbols": True,
    "watchOrders": True,
    "watchTicker": True,
    "watchTickers": True,
    "watchTrades": True,
    "watchTradesForSymbols": True,
}
"""The same of ccxt.pro's class, which has all of `HAS`, too."""

STREAMS: Final = "ws://{hostname}/ws/stream"
"""Where spot's streams are; ccxt puts a counter behind it, which names no stream.

It takes a connection for spot's when its address has `/stream` in it, and does not understand an array of tickers
that comes wrapped, as below Binance's `/stream` everything does.
"""

ENDPOINTS: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("public", "GET"): frozenset(
        {
            "aggTrades",
            "avgPrice",
            "depth",
            "exchangeInfo",
            "executionRules",
            "historicalBlockTrades",
            "historicalTrades",
            "klines",
            "ping",
            "ticker",
            "ticker/24hr",
            "ticker/bookTicker",
            "ticker/price",
            "ticker/tradingDay",
            "time",
            "trades",
            "uiKlines",
        }
    ),
    ("public", "POST"): frozenset({"userDataStream"}),
    ("public", "PUT"): frozenset({"userDataStream"}),
    ("public", "DELETE"): frozenset({"userDataStream"}),
    ("private", "GET"): frozenset(
        {
            "account",
            "account/commission",
            "allOrderList",
            "allOrders",
            "myAllocations",
            "myFilters",
            "myPreventedMatches",
            "myTrades",
            "openOrderList",
            "openOrders",
            "order",
            "order/amendments",
            "orderList",
            "rateLimit/order",
        }
    ),
    ("private", "POST"): frozenset(
        {
            "order",
            "order/cancelReplace",
            "order/oco",
            "order/test",
            "orderList/oco",
            "orderList/opo",
            "orderList/opoco",
            "orderList/oto",
            "orderList/otoco",
            "sor/order",
            "sor/order/test",
        }
    ),
    ("private", "PUT"): frozenset({"order/amend/keepPriority"}),
    ("private", "DELETE"): frozenset({"openOrders", "order", "orderList"}),
    ("sapi", "GET"): frozenset(
        {
            "account/apiRestrictions",
            "account/apiTradingStatus",
            "account/info",
            "account/status",
            "asset/assetDetail",
            "asset/assetDividend",
            "asset/dribblet",
            "asset/tradeFee",
            "asset/transfer",
            "bnbBurn",
            "capital/config/getall",
            "capital/deposit/address",
            "capital/deposit/hisrec",
            "capital/withdraw/history",
            "margin/allAssets",
            "margin/allPairs",
            "margin/isolated/allPairs",
            "spot/delist-schedule",
            "system/status",
        }
    ),
    ("sapi", "POST"): frozenset(
        {
            "asset/dust-btc",
            "asset/get-funding-asset",
            "bnbBurn",
            "capital/withdraw/apply",
        }
    ),
    ("sapiV3", "POST"): frozenset({"asset/getUserAsset"}),
}
"""(ccxt's section, method) -> the paths that are sent; any other raises NotSupported, those among them that a server
does nothing but refuse.
"""

CONTRACTS: Final = frozenset({"linear", "inverse", "option"})


def describe_server(binance: dict[str, Any]) -> dict[str, Any]:
    """The description of a Hyper-Sim, made from the one that ccxt.binance's `describe()` gives."""
    exceptions = binance["exceptions"]
    options = binance["options"]
    streams = binance["has"]["ws"] is True  # ccxt.pro's
    has = HAS | HAS_OVER_WEBSOCKETS if streams else HAS
    return binance | {
        "id": "hypersim",
        "name": "Hyper-Sim",
        "certified": False,
        "pro": streams,
        "hostname": HOSTNAME,
        "urls": addresses(binance["urls"]),
        "has": {call: has.get(call, False) for call in binance["has"] | has},
        "features": {"spot": spot_features(binance["features"]["spot"])},
        "fees": {kind: fee for kind, fee in binance["fees"].items() if kind not in CONTRACTS},
        "currencies": {},
        "exceptions": exceptions | {"exact": as_spelt_on_the_wire(exceptions["exact"])},
        "options": options | {"fetchMargins": False, "fetchMarkets": only_spot()},
    }


def only_spot() -> dict[str, Any]:
    """ccxt.binance's option `fetchMarkets`."""
    return {"types": ["spot"], "loadAllOptions": False}


def addresses(binance: Mapping[str, Any]) -> dict[str, Any]:
    """The same sections live, in the sandbox and in demo trading: Binance's paths, on {hostname}."""
    sections = here({**binance["test"], **binance["demo"], **binance["api"]})
    if "ws" in sections:
        sections["ws"] |= {"spot": STREAMS, "margin": STREAMS}
    return {
        "www": "http://{hostname}",
        "doc": ["http://{hostname}/schema"],
        "api_management": "http://{hostname}/console",
        "api": deepcopy(sections),
        "test": deepcopy(sections),
        "demo": deepcopy(sections),
    }


def here(address: Any) -> Any:
    """The address, or each one of a nest of dictionaries, with {hostname} for its host, and without TLS."""
    if isinstance(address, dict):
        return {name: here(inner) for name, inner in address.items()}
    parts = urlsplit(address)
    scheme = {"https": "http", "wss": "ws"}.get(parts.scheme, parts.scheme)
    return f"{scheme}://{{hostname}}{parts.path}"


def spot_features(binance: Mapping[str, Any]) -> dict[str, Any]:
    """ccxt's `features` of spot without margin, and with what ccxt sends for spot but does not list."""
    features = dict(binance)
    for call, feature in binance.items():
        if isinstance(feature, dict) and "marginMode" in feature:
            features[call] = feature | {"marginMode": False}
    order = features["createOrder"]
    prevention = order["selfTradePrevention"] | {"DECREMENT": True, "TRANSFER": True}
    features["createOrder"] = order | {"hedged": False, "selfTradePrevention": prevention, "trailing": True}
    return features


def as_spelt_on_the_wire(errors: Mapping[str, Any]) -> dict[str, Any]:
    """The sentences without what ccxt's translation from TypeScript to Python made of their word 'this'."""
    return {sentence.replace(" self ", " this "): error for sentence, error in errors.items()}
