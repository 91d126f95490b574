"""Requests of one connection side by side: in order, within bounds, and whoever is gone."""

import asyncio
from typing import Any

import pytest

from hypersim.api.binance.wsapi import connection
from hypersim.errors import Reason, Refused
from tests.api.wsapi.talk import Talk, Talks
from tests.writer.rig import turns

ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.001"}


def order(talk: Talk, number: int, **more: Any) -> dict[str, Any]:
    params = talk.signed({**ORDER, "price": str(40000 + number), "newClientOrderId": f"n{number}", **more})
    return {"id": number, "method": "order.place", "params": params}


async def test_orders_are_taken_in_as_they_came_and_stored_together(talks: Talks) -> None:
    talk = await talks.open("returnRateLimits=false")
    before = talks.lab.writer.sequence
    count = 200
    for number in range(count):
        talk.send(order(talk, number))
    answers = [await talk.read() for _ in range(count)]
    assert [(number, f"n{number}", number + 1) for number in range(count)] == [
        (each["id"], each["result"]["clientOrderId"], each["result"]["orderId"]) for each in answers
    ]
    assert before + count == talks.lab.writer.sequence


async def test_a_cancel_behind_an_order_finds_it(talks: Talks) -> None:
    talk = await talks.open("returnRateLimits=false")
    for number in range(20):
        talk.send(order(talk, number))
        cancel = talk.signed({"symbol": "BTCUSDT", "origClientOrderId": f"n{number}"})
        talk.send({"id": f"c{number}", "method": "order.cancel", "params": cancel})
    assert {200} == {(await talk.read())["status"] for _ in range(40)}
    assert [] == talks.lab.world.accounts.open_orders(1)


async def test_who_disconnects_loses_no_order(talks: Talks) -> None:
    talk = await talks.open()
    for number in range(150):
        talk.send(order(talk, number))
    await talk.leave()
    assert [f"n{number}" for number in range(150)] == [
        each.client_order_id for each in talks.lab.world.accounts.open_orders(1)
    ]


class Dam:
    """Holds every command back until it is opened."""

    def __init__(self, talks: Talks) -> None:
        self._ask = talks.lab.world.ask
        self.opened = asyncio.Event()
        self.held = 0
        talks.lab.world.ask = self

    async def __call__(self, command: Any, **more: Any) -> Any:
        self.held += 1
        await self.opened.wait()
        return await self._ask(command, **more)


async def test_no_more_is_under_way_than_there_is_room_for(talks: Talks, monkeypatch: pytest.MonkeyPatch) -> None:
    assert connection.MOST_UNDER_WAY == 256
    monkeypatch.setattr(connection, "MOST_UNDER_WAY", 8)
    talk, other = await talks.open("returnRateLimits=false"), await talks.open("returnRateLimits=false")
    dam = Dam(talks)
    for number in range(30):
        talk.send(order(talk, number))
    await turns(60)
    assert (8, 30 - 8 - 1) == (dam.held, talk.wire.incoming.qsize()), "one is waiting for room, the others unread"
    assert {} == await other.result("ping"), "others are answered meanwhile"
    dam.opened.set()
    assert list(range(30)) == [(await talk.read())["id"] for _ in range(30)]


async def test_a_client_that_does_not_read_is_read_no_more(talks: Talks) -> None:
    talk = await talks.open("returnRateLimits=false")
    assert talk.wire.outbox is not None
    talk.wire.outbox.hold()
    for number in range(50):
        talk.send({"id": number, "method": "ping"})
    await turns(60)
    assert 49 == talk.wire.incoming.qsize()
    talk.wire.outbox.release()
    assert list(range(50)) == [(await talk.read())["id"] for _ in range(50)]


async def test_a_client_that_stops_reading_while_it_is_written_to_is_waited_for_again(talks: Talks) -> None:
    talk = await talks.open("returnRateLimits=false")
    outbox = talk.wire.outbox
    assert isinstance(outbox, connection.PatientOutbox)
    outbox.hold()
    outbox.put(b"\x81\x02{}")
    write = talk.wire.write

    def write_and_fill(data: bytes) -> None:
        write(data)
        outbox.hold()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(talk.wire, "write", write_and_fill)
        outbox.release()
    assert {} == await talk.read()
    for number in range(3):
        talk.send({"id": number, "method": "ping"})
    await turns()
    assert 2 == talk.wire.incoming.qsize()
    outbox.release()
    assert [0, 1, 2] == [(await talk.read())["id"] for _ in range(3)]


async def test_reads_wait_for_a_client_that_does_not_and_end_when_it_is_gone(talks: Talks) -> None:
    talk = await talks.open()
    talk.send({"id": 1, "method": "exchangeInfo"})
    assert talk.wire.outbox is not None
    await asyncio.sleep(0)
    talk.wire.outbox.hold()
    await turns()
    talk.wire.outbox.drop()
    await talk.leave()
    assert [] == talk.rest()


async def test_one_that_fails_does_not_harm_the_others(talks: Talks, caplog: pytest.LogCaptureFixture) -> None:
    talk = await talks.open("returnRateLimits=false")
    real = talks.lab.world.ask

    async def ask(command: Any, **more: Any) -> Any:
        if command.client_order_id == "n1":
            raise RuntimeError("a bug")
        if command.client_order_id == "n2":
            raise Refused(Reason.STATUS_UNKNOWN)
        return await real(command, **more)

    talks.lab.world.ask = ask
    for number in range(4):
        talk.send(order(talk, number))
    answers = {answer["id"]: answer for answer in [await talk.read() for _ in range(4)]}
    assert [200, 500, 503, 200] == [answers[number]["status"] for number in range(4)]
    assert [-1000, -1007] == [answers[number]["error"]["code"] for number in (1, 2)]
    assert ["order.place failed"] == [record.getMessage() for record in caplog.records]
    caplog.clear()


async def test_what_is_under_way_is_answered_before_a_restart_ends_the_connection(talks: Talks) -> None:
    talk, idle = await talks.open("returnRateLimits=false"), await talks.open()
    dam = Dam(talks)
    talk.send(order(talk, 1))
    await turns()
    talks.sockets.restart()
    assert (None, (1012, "the exchange restarts")) == (talk.wire.closed, idle.wire.closed)
    talk.send(order(talk, 2))
    dam.opened.set()
    assert (1, 200) == ((answer := await talk.read())["id"], answer["status"])
    await turns()
    assert (1012, "the exchange restarts") == talk.wire.closed
    assert ["n1"] == [each.client_order_id for each in talks.lab.world.accounts.open_orders(1)]
