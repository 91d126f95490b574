"""Every method of web-socket-api.md: it answers what REST answers to the same call, and weighs what the page says.

Two exchanges live the same story, one over each. What the exchange names by chance is made alike; everything else is
compared as it is.
"""

import json
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

import pytest

from hypersim.api.binance.endpoints import SPOT
from hypersim.api.binance.routes import ENDPOINTS
from hypersim.api.binance.wsapi.methods import METHODS
from hypersim.api.binance.wsapi.own import OWN
from tests.api.lab import open_lab
from tests.api.wsapi.talk import Talk, Talks, open_talks

BTC: Mapping[str, Any] = {"symbol": "BTCUSDT"}
LIMIT = {**BTC, "side": "SELL", "type": "LIMIT", "timeInForce": "GTC", "price": "52000.00", "quantity": "0.01000000"}
WORKING = {**BTC, "workingType": "LIMIT", "workingSide": "BUY", "workingTimeInForce": "GTC", "workingPrice": "40000"}
WORKING |= {"workingQuantity": "0.001", "workingClientOrderId": "w"}
PENDING = {"pendingSide": "SELL", "pendingQuantity": "0.001"}
AROUND = {"pendingAboveType": "LIMIT_MAKER", "pendingAbovePrice": "60000", "pendingAboveClientOrderId": "pa"}
AROUND |= {"pendingBelowType": "STOP_LOSS", "pendingBelowStopPrice": "30000", "pendingBelowClientOrderId": "pb"}


class Step(NamedTuple):
    """One call, as the page's samples have it."""

    method: str
    params: Mapping[str, Any]
    weight: int
    """Of the answer that it gets: a success of order entry weighs nothing."""
    status: int = 200


STORY = (
    # 'General requests' and 'Market data requests'
    Step("ping", {}, 1),
    Step("time", {}, 1),
    Step("exchangeInfo", {"symbols": ["BTCUSDT"]}, 20),
    Step("executionRules", {"symbols": ["BTCUSDT", "ETHUSDT"]}, 4),
    Step("depth", {**BTC, "limit": 5}, 5),
    Step("trades.recent", {**BTC, "limit": 1}, 25),
    Step("trades.historical", {**BTC, "fromId": 0, "limit": 1}, 25),
    Step("trades.aggregate", {**BTC, "fromId": 0, "limit": 1}, 4),
    Step("blockTrades.historical", {**BTC, "fromId": 0}, 25),
    Step("klines", {**BTC, "interval": "1h", "startTime": 1655969280000, "limit": 1}, 2),
    Step("uiKlines", {**BTC, "interval": "1h", "startTime": 1655969280000, "limit": 1}, 2),
    Step("avgPrice", BTC, 2),
    Step("ticker.24hr", {"symbols": ["BTCUSDT", "ETHUSDT"]}, 2),
    Step("ticker.tradingDay", {"symbols": ["BTCUSDT", "ETHUSDT"], "timeZone": "00:00"}, 8),
    Step("ticker", {"symbols": ["BTCUSDT"], "windowSize": "7d"}, 4),
    Step("ticker.price", BTC, 2),
    Step("ticker.book", {"symbols": ["BTCUSDT"]}, 4),
    Step("referencePrice", BTC, 2, 400),
    Step("referencePrice.calculation", BTC, 2, 400),
    # 'Trading requests'
    Step("order.place", {**LIMIT, "newClientOrderId": "a"}, 0),
    Step("order.place", {**LIMIT, "price": "0.001", "newClientOrderId": "no"}, 1, 400),
    Step("order.test", {**LIMIT}, 1),
    Step("order.test", {**LIMIT, "computeCommissionRates": True}, 20),
    Step("order.status", {**BTC, "origClientOrderId": "a"}, 4),
    Step("openOrders.status", BTC, 6),
    Step("openOrders.status", {}, 80),
    Step("order.amend.keepPriority", {**BTC, "origClientOrderId": "a", "newClientOrderId": "b", "newQty": "0.009"}, 4),
    Step("order.amendments", {**BTC, "orderId": 1}, 4),
    Step(
        "order.cancelReplace",
        {**LIMIT, "cancelReplaceMode": "ALLOW_FAILURE", "cancelOrigClientOrderId": "b", "newClientOrderId": "c"}
        | {"cancelNewClientOrderId": "x"},
        0,
    ),
    Step(
        "order.cancelReplace",
        {**LIMIT, "cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrigClientOrderId": "gone", "newClientOrderId": "d"},
        1,
        400,
    ),
    Step(
        "order.cancelReplace",
        {**LIMIT, "cancelReplaceMode": "ALLOW_FAILURE", "cancelOrigClientOrderId": "gone", "newClientOrderId": "d"},
        1,
        409,
    ),
    Step("order.cancel", {**BTC, "origClientOrderId": "c", "newClientOrderId": "y"}, 0),
    Step("openOrders.cancelAll", BTC, 0),
    Step("order.place", {**BTC, "side": "BUY", "type": "MARKET", "quoteOrderQty": "100", "newClientOrderId": "m"}, 0),
    Step(
        "orderList.place",
        {**BTC, "side": "SELL", "price": "53000", "quantity": "0.01", "stopPrice": "41000"}
        | {"listClientOrderId": "l1", "limitClientOrderId": "l1a", "stopClientOrderId": "l1b"},
        0,
    ),
    Step(
        "orderList.place.oco",
        {**BTC, "side": "SELL", "quantity": "0.01", "listClientOrderId": "l2"}
        | {"aboveType": "LIMIT_MAKER", "abovePrice": "53000", "aboveClientOrderId": "l2a"}
        | {"belowType": "STOP_LOSS", "belowStopPrice": "41000", "belowClientOrderId": "l2b"},
        0,
    ),
    Step("orderList.status", {"origClientOrderId": "l2"}, 4),
    Step("openOrderLists.status", {}, 6),
    Step("orderList.cancel", {**BTC, "listClientOrderId": "l2", "newClientOrderId": "z"}, 0),
    Step(
        "orderList.place.oto",
        {**WORKING, **PENDING, "pendingType": "MARKET", "pendingClientOrderId": "p", "listClientOrderId": "l3"},
        0,
    ),
    Step("orderList.cancel", {**BTC, "listClientOrderId": "l3", "newClientOrderId": "z3"}, 0),
    Step("orderList.place.otoco", {**WORKING, **PENDING, **AROUND, "listClientOrderId": "l4"}, 0),
    Step("orderList.cancel", {**BTC, "listClientOrderId": "l4", "newClientOrderId": "z4"}, 0),
    Step(
        "orderList.place.opo",
        {**WORKING, "pendingSide": "SELL", "pendingType": "MARKET", "pendingClientOrderId": "p"}
        | {"listClientOrderId": "l5"},
        0,
    ),
    Step("orderList.cancel", {**BTC, "listClientOrderId": "l5", "newClientOrderId": "z5"}, 0),
    Step("orderList.place.opoco", {**WORKING, "pendingSide": "SELL", **AROUND, "listClientOrderId": "l6"}, 0),
    Step("allOrderLists", {}, 20),
    Step("sor.order.place", {**LIMIT}, 1, 400),
    Step("sor.order.test", {**LIMIT}, 1, 400),
    # 'Account requests'
    Step("account.status", {"omitZeroBalances": True}, 20),
    Step("account.rateLimits.orders", {}, 40),
    Step("account.commission", BTC, 20),
    Step("allOrders", BTC, 20),
    Step("myTrades", BTC, 20),
    Step("myTrades", {**BTC, "orderId": 3}, 5),
    Step("myPreventedMatches", {**BTC, "orderId": 1}, 20),
    Step("myAllocations", BTC, 20),
    Step("myFilters", BTC, 40),
)

GENERATED = re.compile("[0-9a-f]{22}")
SPOT_ENDPOINTS = {(each.method, each.path): each for each in ENDPOINTS if each.prefixes == SPOT}


def alike(value: Any) -> Any:
    """An answer without what is named by chance."""
    if isinstance(value, dict):
        return {name: alike(each) for name, each in value.items()}
    if isinstance(value, list):
        return [alike(each) for each in value]
    return "generated" if isinstance(value, str) and GENERATED.fullmatch(value) else value


def as_texts(params: Mapping[str, Any]) -> dict[str, str]:
    """Parameters as REST takes them."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        for name, value in params.items()
    }


async def test_every_method_answers_as_rest_does_and_weighs_what_is_documented() -> None:
    async with AsyncExitStack() as stack:
        lab = await stack.enter_async_context(open_lab())
        talks = await stack.enter_async_context(open_talks())
        talk = await talks.open()
        for number, step in enumerate(STORY):
            method, path = METHODS[step.method]
            signed = SPOT_ENDPOINTS[method, path].security.signed
            arguments = as_texts(step.params)
            if signed:
                rest = await lab.alice.signed(method, f"/api/v3{path}", arguments, time=lab.now_ms)
            else:
                rest = await lab.alice.public(f"/api/v3{path}", arguments)
            before = used(talks)
            answer = await talk.ask(step.method, talk.signed(step.params) if signed else step.params)
            told = answer["result"] if "result" in answer else answer["error"]
            where = number, step.method
            assert (where, step.status, alike(as_json(rest.json))) == (where, answer["status"], alike(told))
            assert rest.status == answer["status"], where
            assert (where, step.weight) == (where, used(talks) - before)
            assert used(talks) == answer["rateLimits"][-1]["count"], where
            for each in (lab, talks.lab):
                each.clock.time_us += 1000
        assert lab.state_hash() == talks.lab.state_hash()


def used(talks: Talks) -> int:
    return talks.lab.world.limits.visitor("10.0.0.9", talks.lab.clock.time_us).used


def as_json(value: Any) -> Any:
    """Without the exact decimals that the other client reads."""
    return json.loads(json.dumps(value, default=float))


def test_the_story_has_every_method_that_is_documented() -> None:
    retired = {"userDataStream.start", "userDataStream.ping", "userDataStream.stop"}
    assert METHODS.keys() - retired == {step.method for step in STORY}
    assert not METHODS.keys() & OWN.keys()


@pytest.mark.parametrize("version", ["", "v3/"])
async def test_a_method_may_name_its_version(talk: Talk, version: str) -> None:
    assert {"id": 1, "status": 200, "result": {}} == await talk.ask(f"{version}ping")


async def test_the_retired_listen_keys_are_opened_kept_and_closed(talk: Talk) -> None:
    key = {"apiKey": "alice_key"}
    opened = await talk.result("userDataStream.start", key)
    assert {} == await talk.result("userDataStream.ping", {**key, **opened})
    assert {} == await talk.result("userDataStream.stop", {**key, **opened})
    assert (400, -1125) == await talk.problem("userDataStream.ping", {**key, **opened})
