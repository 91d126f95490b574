"""How much a connection may ask. Source: web-socket-api.md, 'Rate limits'."""

from typing import Any

import pytest

from hypersim.limits import CONNECTIONS, ORDERS_1D, ORDERS_10S, PATIENCE, WEIGHT
from tests.api.wsapi.talk import Talk, Talks
from tests.writer.rig import turns

ADDRESS = "10.0.0.9"
ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.001"}


def weighed(count: int) -> dict[str, Any]:
    return {
        "rateLimitType": "REQUEST_WEIGHT",
        "interval": "MINUTE",
        "intervalNum": 1,
        "limit": WEIGHT.limit,
        "count": count,
    }


def ordered(ten: int, day: int) -> list[dict[str, Any]]:
    kind = {"rateLimitType": "ORDERS"}
    return [
        kind | {"interval": "SECOND", "intervalNum": 10, "limit": ORDERS_10S.limit, "count": ten},
        kind | {"interval": "DAY", "intervalNum": 1, "limit": ORDERS_1D.limit, "count": day},
    ]


def spend(talks: Talks, address: str = ADDRESS) -> None:
    """Uses the weight of this minute up."""
    talks.lab.world.limits.visitor(address, talks.lab.clock.time_us).used = WEIGHT.limit


def to_the_minute(talks: Talks, seconds: int) -> None:
    """Goes to so many seconds into a minute."""
    talks.lab.clock.time_us += 120_000_000 - talks.lab.clock.time_us % 60_000_000 + seconds * 1_000_000


async def test_an_answer_says_what_was_used_connecting_included(talks: Talks) -> None:
    talk = await talks.open()
    assert [[weighed(count)] for count in (3, 4, 6)] == [
        (await talk.ask(method))["rateLimits"] for method in ("ping", "time", "session.status")
    ]
    other = await talks.open()
    assert [weighed(9)] == (await other.ask("ping"))["rateLimits"], "of all connections from there"
    assert [weighed(9)] == (await other.ask("nothing"))["rateLimits"]
    assert [weighed(14)] == (await other.ask("depth", {}))["rateLimits"], "what cannot be read weighs the least there"
    elsewhere = await talks.open(address="10.0.0.10")
    assert [weighed(3)] == (await elsewhere.ask("ping"))["rateLimits"]


async def test_answers_to_orders_say_how_many_were_placed(talks: Talks) -> None:
    talk = await talks.open()
    placed = await talk.ask("order.place", talk.signed({**ORDER, "price": "40000"}))
    assert [*ordered(1, 1), weighed(2)] == placed["rateLimits"]
    rejected = await talk.ask("order.place", talk.signed({**ORDER, "price": "0.001"}))
    assert [*ordered(1, 1), weighed(3)] == rejected["rateLimits"]
    assert [weighed(4)] == (await talk.ask("order.test", talk.signed({**ORDER, "price": "40000"})))["rateLimits"]
    assert [weighed(5)] == (await talk.ask("order.place", {}))["rateLimits"], "of nobody's account nothing is told"
    for method, at_once in (("orderList.place.oto", 2),):
        params = {"symbol": "BTCUSDT", "workingType": "LIMIT", "workingSide": "BUY", "workingTimeInForce": "GTC"}
        params |= {"workingPrice": "40000", "workingQuantity": "0.001", "pendingType": "MARKET"}
        params |= {"pendingSide": "SELL", "pendingQuantity": "0.001"}
        answer = await talk.ask(method, talk.signed(params))
        assert [*ordered(1 + at_once, 1 + at_once), weighed(5)] == answer["rateLimits"]


async def test_too_many_orders_are_refused_until_the_window_ends(limited_talks: Talks) -> None:
    talks = limited_talks
    to_the_minute(talks, 23)
    talk = await talks.open("returnRateLimits=false")
    talks.lab.world.limits.orders.take(1, ORDERS_10S.limit, talks.lab.clock.time_us)
    now_ms = talks.lab.now_ms
    error = {
        "code": -1015,
        "msg": "Too many new orders; current limit is 100 orders per 10 SECOND.",
        "data": {"serverTime": now_ms, "retryAfter": now_ms + 7000},
    }
    answer = await talk.ask("order.place", talk.signed({**ORDER, "price": "40000"}))
    assert {"id": 1, "status": 429, "error": error} == answer


@pytest.mark.parametrize("method", ["ping", "order.place", "nothing", "session.status"])
async def test_who_used_it_up_is_told_until_when_and_then_banned_and_disconnected(
    limited_talks: Talks, method: str
) -> None:
    talks = limited_talks
    to_the_minute(talks, 18)
    talk, other = await talks.open(), await talks.open()
    spend(talks)
    now_ms = talks.lab.now_ms
    answers = [await talk.ask(method) for _ in range(PATIENCE + 1)]
    waiting = {
        "code": -1003,
        "msg": "Too much request weight used; current limit is 6000 request weight per 1 MINUTE. Please use WebSocket "
        "Streams for live updates to avoid polling the API.",
        "data": {"serverTime": now_ms, "retryAfter": now_ms + 42_000},
    }
    assert [waiting] * PATIENCE == [each["error"] for each in answers[:-1]]
    assert {429} == {each["status"] for each in answers[:-1]}
    banned = {
        "code": -1003,
        "msg": f"Way too much request weight used; IP banned until {now_ms + 120_000}. Please use WebSocket Streams "
        "for live updates to avoid bans.",
        "data": {"serverTime": now_ms, "retryAfter": now_ms + 120_000},
    }
    assert {"id": 1, "status": 418, "error": banned, "rateLimits": [weighed(WEIGHT.limit)]} == answers[-1]
    assert (1008, "IP banned") == talk.wire.closed
    assert banned == (await other.ask("ping"))["error"], "every connection from there"
    assert (1008, "IP banned") == other.wire.closed
    turned_away = await talks.open()
    assert (418, -1003, "120") == (turned_away.refusal[0], turned_away.refusal[1]["code"], turned_away.refusal[2])


async def test_connections_are_counted_and_weighed(limited_talks: Talks) -> None:
    talks = limited_talks
    to_the_minute(talks, 30)
    spend(talks)
    refused = (await talks.open()).refusal
    assert (429, -1003, "30") == (refused[0], refused[1]["code"], refused[2])
    visitor = talks.lab.world.limits.visitor("10.0.0.8", talks.lab.clock.time_us)
    visitor.connections = CONNECTIONS.limit
    refused = (await talks.open(address="10.0.0.8")).refusal
    assert (429, -1034) == (refused[0], refused[1]["code"])


async def test_requests_are_not_paced_as_those_of_streams_are(limited_talks: Talks) -> None:
    talk = await limited_talks.open()
    assert {200} == {(await talk.ask("ping"))["status"] for _ in range(50)}
    assert talk.wire.closed is None


async def test_cancel_replace_says_what_became_of_its_halves_when_there_were_too_many(limited_talks: Talks) -> None:
    talks = limited_talks
    talk: Talk = await talks.open("returnRateLimits=false")
    await talk.result("order.place", talk.signed({**ORDER, "price": "40000", "newClientOrderId": "a"}))
    talks.lab.world.limits.orders.take(1, ORDERS_10S.limit - 1, talks.lab.clock.time_us)
    params = {**ORDER, "price": "40001", "cancelReplaceMode": "ALLOW_FAILURE", "cancelOrigClientOrderId": "a"}
    params |= {"orderRateLimitExceededMode": "CANCEL_ONLY"}
    answer = await talk.ask("order.cancelReplace", talk.signed(params))
    data = answer["error"]["data"]
    assert (409, -2021, "SUCCESS", "FAILURE", -1015) == (
        answer["status"],
        answer["error"]["code"],
        data["cancelResult"],
        data["newOrderResult"],
        data["newOrderResponse"]["code"],
    )
    await turns()
