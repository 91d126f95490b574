"""Which user data a connection gets. Source: web-socket-api.md, 'User Data Stream requests'."""

from typing import Any

import pytest

from hypersim.api.binance.wsapi import subscriptions
from tests.api.wsapi.talk import Talk, Talks
from tests.writer.rig import turns

SUBSCRIBE = "userDataStream.subscribe"
BY_SIGNATURE = "userDataStream.subscribe.signature"
UNSUBSCRIBE = "userDataStream.unsubscribe"


async def told(talks: Talks, talk: Talk) -> list[tuple[int, str]]:
    """What is told of a deposit of alice's and one of bob's: subscription and event."""
    await talks.lab.deposit("USDT", "1")
    await turns()
    return [(each["subscriptionId"], each["event"]["e"]) for each in talk.rest()]


OF_A_DEPOSIT = ["balanceUpdate", "outboundAccountPosition"]


def terminated(talks: Talks, subscription_id: int) -> dict[str, Any]:
    return {"subscriptionId": subscription_id, "event": {"e": "eventStreamTerminated", "E": talks.lab.now_ms}}


async def test_nobody_subscribes_without_having_logged_on(talk: Talk) -> None:
    assert (401, -1002) == await talk.problem(SUBSCRIBE)


async def test_who_logged_on_subscribes_and_is_told_until_he_unsubscribes(talks: Talks, talk: Talk) -> None:
    await talk.result("session.logon", talk.signed())
    assert [] == await told(talks, talk)
    assert {"subscriptionId": 0} == await talk.result(SUBSCRIBE)
    assert [{"subscriptionId": 0}] == await talk.result("session.subscriptions", {})
    assert (await talk.result("session.status"))["userDataStream"]
    assert [(0, event) for event in OF_A_DEPOSIT] == await told(talks, talk)
    assert {} == await talk.result(UNSUBSCRIBE)
    assert terminated(talks, 0) == await talk.read()
    assert [] == await told(talks, talk)
    assert [] == await talk.result("session.subscriptions")
    assert {"subscriptionId": 1} == await talk.result(SUBSCRIBE)


async def test_a_signature_subscribes_without_a_login_for_any_account(talks: Talks, talk: Talk) -> None:
    assert {"subscriptionId": 0} == await talk.result(BY_SIGNATURE, talk.signed({}, talks.lab.bob))
    assert [] == await told(talks, talk), "it is alice's deposit"
    assert {"subscriptionId": 1} == await talk.result(BY_SIGNATURE, talk.signed())
    assert [(1, event) for event in OF_A_DEPOSIT] == await told(talks, talk)
    assert {} == await talk.result(UNSUBSCRIBE, {"subscriptionId": 1})
    assert terminated(talks, 1) == await talk.read()
    assert [{"subscriptionId": 0}] == await talk.result("session.subscriptions")
    assert (400, -2036) == await talk.problem(UNSUBSCRIBE, {"subscriptionId": 1})


async def test_an_account_is_subscribed_to_once_on_a_connection(talks: Talks, talk: Talk) -> None:
    await talk.result("session.logon", talk.signed())
    await talk.result(BY_SIGNATURE, talk.signed())
    active = {"code": -2035, "msg": "User Data Stream subscription already active."}
    for method, params in ((SUBSCRIBE, {}), (BY_SIGNATURE, talk.signed())):
        assert {"id": 1, "status": 400, "error": active} == await talk.ask(method, params)
    other = await talks.open()
    assert {"subscriptionId": 0} == await other.result(BY_SIGNATURE, other.signed())
    assert OF_A_DEPOSIT == [event for _, event in await told(talks, talk)]
    assert OF_A_DEPOSIT == [each["event"]["e"] for each in other.rest()]


async def test_logging_out_ends_what_the_login_subscribed_to_and_nothing_else(talks: Talks, talk: Talk) -> None:
    await talk.result("session.logon", talk.signed())
    await talk.result(SUBSCRIBE)
    await talk.result(BY_SIGNATURE, talk.signed({}, talks.lab.bob))
    assert (await talk.result("session.logout"))["userDataStream"], "bob's goes on"
    assert terminated(talks, 0) == await talk.read()
    assert [{"subscriptionId": 1}] == await talk.result("session.subscriptions")


async def test_without_a_number_every_subscription_ends(talks: Talks, talk: Talk) -> None:
    for client in (talks.lab.alice, talks.lab.bob):
        await talk.result(BY_SIGNATURE, talk.signed({}, client))
    assert {} == await talk.result(UNSUBSCRIBE, {})
    assert [terminated(talks, 0), terminated(talks, 1)] == [await talk.read(), await talk.read()]
    assert {} == await talk.result(UNSUBSCRIBE, {}), "none is left, which is no mistake"


@pytest.mark.parametrize(
    ("bound", "most", "code"), [("MOST", 1, -1191), ("MOST_IDS", 1, -2042), ("MOST", 2, None), ("MOST_IDS", 2, None)]
)
async def test_there_are_so_many_subscriptions_and_no_more(
    talks: Talks, talk: Talk, monkeypatch: pytest.MonkeyPatch, bound: str, most: int, code: int | None
) -> None:
    monkeypatch.setattr(subscriptions, bound, most)
    await talk.result(BY_SIGNATURE, talk.signed())
    answer = await talk.ask(BY_SIGNATURE, talk.signed({}, talks.lab.bob))
    assert code == answer.get("error", {}).get("code")


async def test_the_numbers_of_a_connection_are_used_up_by_subscriptions_that_ended(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (1000, 65_535) == (subscriptions.MOST, subscriptions.MOST_IDS)
    monkeypatch.setattr(subscriptions, "MOST_IDS", 3)
    for number in range(3):
        assert {"subscriptionId": number} == await talk.result(BY_SIGNATURE, talk.signed())
        await talk.result(UNSUBSCRIBE)
        await talk.read()
    assert (400, -2042) == await talk.problem(BY_SIGNATURE, talk.signed())


async def test_the_answer_comes_before_what_it_brings_about(talks: Talks, talk: Talk) -> None:
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.001"}
    talk.send({"id": 1, "method": BY_SIGNATURE, "params": talk.signed()})
    talk.send({"id": 2, "method": "order.place", "params": talk.signed(order)})
    first = await talk.read()
    assert (1, {"subscriptionId": 0}) == (first["id"], first["result"])
    following = [await talk.read() for _ in range(4)]
    assert ["executionReport", "executionReport", "outboundAccountPosition", 2] == [
        each["event"]["e"] if "event" in each else each["id"] for each in following
    ]


async def test_who_is_gone_is_subscribed_to_nothing(talks: Talks) -> None:
    talk = await talks.open()
    await talk.result(BY_SIGNATURE, talk.signed())
    topic = ("user", 1)
    assert talks.sockets._bus.wanted(topic)
    await talk.leave()
    assert not talks.sockets._bus.wanted(topic)
