"""Whole answers as the samples of rest-api.md have them: which keys, in which order.

An expectation is made of the values that say something; the rest is what an order to buy 0.01 BTC at 49000 has that
nobody touched. `ordered` makes the order of keys part of a comparison.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from tests.api.lab import START_US, Lab

NOW = START_US // 1000
ZERO = "0.00000000"
Values = Mapping[str, Any]

_PRICE = "price pegPriceType pegOffsetType pegOffsetValue peggedPrice origQty executedQty"
_KIND = "status timeInForce type side"
_LAST = "selfTradePreventionMode strategyId strategyType preventedMatchId preventedQuantity expiryReason"

ACK = tuple("symbol orderId orderListId clientOrderId transactTime".split())
RESULT = (
    *ACK,
    *f"{_PRICE} origQuoteOrderQty cummulativeQuoteQty {_KIND}".split(),
    *f"stopPrice trailingDelta trailingTime workingTime icebergQty fills preventedMatches {_LAST}".split(),
)
QUERY = (
    *"symbol orderId orderListId clientOrderId".split(),
    *f"{_PRICE} cummulativeQuoteQty {_KIND} stopPrice icebergQty trailingDelta trailingTime".split(),
    *f"time updateTime isWorking workingTime origQuoteOrderQty {_LAST}".split(),
)
CANCEL = (
    *"symbol origClientOrderId orderId orderListId clientOrderId transactTime".split(),
    *f"{_PRICE} origQuoteOrderQty cummulativeQuoteQty {_KIND}".split(),
    *f"stopPrice trailingDelta trailingTime icebergQty {_LAST}".split(),
)
AMENDED = (
    *"symbol orderId orderListId origClientOrderId clientOrderId".split(),
    *_PRICE.replace("origQty", "qty").split(),
    *f"preventedQty quoteOrderQty cumulativeQuoteQty {_KIND}".split(),
    *f"stopPrice trailingDelta trailingTime workingTime icebergQty {_LAST}".split(),
)
LIST = (
    *"orderListId contingencyType listStatusType listOrderStatus listClientOrderId transactionTime symbol".split(),
    *"orders orderReports".split(),
)

ORDER: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "orderId": 1,
    "orderListId": -1,
    "clientOrderId": "mine",
    "transactTime": NOW,
    "price": "49000.00000000",
    "origQty": "0.01000000",
    "executedQty": ZERO,
    "origQuoteOrderQty": ZERO,
    "cummulativeQuoteQty": ZERO,
    "status": "NEW",
    "timeInForce": "GTC",
    "type": "LIMIT",
    "side": "BUY",
    "workingTime": NOW,
    "selfTradePreventionMode": "EXPIRE_MAKER",
}


async def alices(lab: Lab, call: str, arguments: Mapping[str, Any]) -> Any:
    """The answer to one of alice's calls, which succeeds."""
    method, path = call.split()
    answer = await lab.alice.signed(method, path, arguments, time=lab.now_ms)
    assert 200 == answer.status, answer.json
    return answer.json


def ordered(value: Any) -> Any:
    """A value of JSON whose equality minds the order of keys."""
    if isinstance(value, Mapping):
        return [(name, ordered(each)) for name, each in value.items()]
    return [ordered(each) for each in value] if isinstance(value, list) else value


def placed(values: Values, response: str = "RESULT") -> dict[str, Any]:
    """What a placement answers."""
    if response == "ACK":
        return _of(ACK, {**ORDER, **values})
    return _of(RESULT, {**ORDER, **({"fills": []} if response == "FULL" else {}), **values})


def queried(values: Values) -> dict[str, Any]:
    """What a query shows: stopPrice and icebergQty always."""
    always = {"stopPrice": ZERO, "icebergQty": ZERO, "time": NOW, "updateTime": NOW}
    order = {**ORDER, **always, **values}
    return _of(QUERY, {**order, "isWorking": order["workingTime"] != -1})


def cancelled(values: Values, cancel_id: str) -> dict[str, Any]:
    """What the cancel of an order answers."""
    order = {**ORDER, **values}
    told = {"origClientOrderId": order["clientOrderId"], "clientOrderId": cancel_id, "status": "CANCELED"}
    return _of(CANCEL, {**order, **told})


def amended(values: Values, before: str) -> dict[str, Any]:
    """The order that an amendment answers, whose client order id was `before`."""
    order = {**ORDER, **values}
    if order["workingTime"] == -1:
        del order["workingTime"]
    renamed = {
        "origClientOrderId": before,
        "qty": order["origQty"],
        "preventedQty": order.get("preventedQuantity", ZERO),
        "quoteOrderQty": order["origQuoteOrderQty"],
        "cumulativeQuoteQty": order["cummulativeQuoteQty"],
    }
    return _of(AMENDED, order | renamed)


def listed(values: Values, orders: Iterable[Values], **more: Any) -> dict[str, Any]:
    """A list; of its orders `orderId` and `clientOrderId` are shown."""
    base: Values = {
        "orderListId": 1,
        "contingencyType": "OCO",
        "listStatusType": "EXEC_STARTED",
        "listOrderStatus": "EXECUTING",
        "listClientOrderId": "list",
        "transactionTime": NOW,
        "symbol": "BTCUSDT",
        "orders": [
            {"symbol": "BTCUSDT", "orderId": each["orderId"], "clientOrderId": each["clientOrderId"]} for each in orders
        ],
    }
    return _of(LIST, {**base, **values, **more})


DONE: Values = {"listStatusType": "ALL_DONE", "listOrderStatus": "ALL_DONE"}


def _of(keys: Iterable[str], values: Values) -> dict[str, Any]:
    return {key: values[key] for key in keys if key in values}
