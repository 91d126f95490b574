"""The methods of the WebSocket API that REST has, too: each is an operation of REST under another name.

Source: web-socket-api.md, and for `userDataStream.start`, `.ping` and `.stop` that page until 2025-04.
"""

from collections.abc import Mapping
from typing import Final

from hypersim.api.binance.endpoints import SPOT
from hypersim.api.binance.operations import Operation
from hypersim.api.binance.routes import ENDPOINTS
from hypersim.world import World

METHODS: Final[Mapping[str, tuple[str, str]]] = {
    "ping": ("GET", "/ping"),
    "time": ("GET", "/time"),
    "exchangeInfo": ("GET", "/exchangeInfo"),
    "executionRules": ("GET", "/executionRules"),
    "depth": ("GET", "/depth"),
    "trades.recent": ("GET", "/trades"),
    "trades.historical": ("GET", "/historicalTrades"),
    "trades.aggregate": ("GET", "/aggTrades"),
    "blockTrades.historical": ("GET", "/historicalBlockTrades"),
    "klines": ("GET", "/klines"),
    "uiKlines": ("GET", "/uiKlines"),
    "avgPrice": ("GET", "/avgPrice"),
    "ticker.24hr": ("GET", "/ticker/24hr"),
    "ticker.tradingDay": ("GET", "/ticker/tradingDay"),
    "ticker": ("GET", "/ticker"),
    "ticker.price": ("GET", "/ticker/price"),
    "ticker.book": ("GET", "/ticker/bookTicker"),
    "referencePrice": ("GET", "/referencePrice"),
    "referencePrice.calculation": ("GET", "/referencePrice/calculation"),
    "order.place": ("POST", "/order"),
    "order.test": ("POST", "/order/test"),
    "order.cancel": ("DELETE", "/order"),
    "order.cancelReplace": ("POST", "/order/cancelReplace"),
    "order.amend.keepPriority": ("PUT", "/order/amend/keepPriority"),
    "openOrders.cancelAll": ("DELETE", "/openOrders"),
    "orderList.place": ("POST", "/order/oco"),
    "orderList.place.oco": ("POST", "/orderList/oco"),
    "orderList.place.oto": ("POST", "/orderList/oto"),
    "orderList.place.otoco": ("POST", "/orderList/otoco"),
    "orderList.place.opo": ("POST", "/orderList/opo"),
    "orderList.place.opoco": ("POST", "/orderList/opoco"),
    "orderList.cancel": ("DELETE", "/orderList"),
    "sor.order.place": ("POST", "/sor/order"),
    "sor.order.test": ("POST", "/sor/order/test"),
    "account.status": ("GET", "/account"),
    "account.commission": ("GET", "/account/commission"),
    "account.rateLimits.orders": ("GET", "/rateLimit/order"),
    "order.status": ("GET", "/order"),
    "openOrders.status": ("GET", "/openOrders"),
    "allOrders": ("GET", "/allOrders"),
    "orderList.status": ("GET", "/orderList"),
    "openOrderLists.status": ("GET", "/openOrderList"),
    "allOrderLists": ("GET", "/allOrderList"),
    "myTrades": ("GET", "/myTrades"),
    "myPreventedMatches": ("GET", "/myPreventedMatches"),
    "myAllocations": ("GET", "/myAllocations"),
    "order.amendments": ("GET", "/order/amendments"),
    "myFilters": ("GET", "/myFilters"),
    "userDataStream.start": ("POST", "/userDataStream"),
    "userDataStream.ping": ("PUT", "/userDataStream"),
    "userDataStream.stop": ("DELETE", "/userDataStream"),
}
"""Name here -> what REST has."""


def operations(world: World) -> Mapping[str, Operation]:
    """Each method, ready to be called."""
    endpoints = {(endpoint.method, endpoint.path): endpoint for endpoint in ENDPOINTS if endpoint.prefixes == SPOT}
    return {name: Operation(world, endpoints[there]) for name, there in METHODS.items()}
