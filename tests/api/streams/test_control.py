"""What a client asks on a connection to market streams, and what it is answered."""

import json
from typing import Any

import pytest

from hypersim.api.binance.streams.control import MOST_STREAMS
from tests.api.streams.stage import Stage


def refused(code: int, msg: str, request_id: int | str | None = None) -> dict[str, Any]:
    """A refusal: as documented at the top, and under `error`, where ccxt looks."""
    return {"error": {"code": code, "msg": msg}, "code": code, "msg": msg, "id": request_id}


VARIANTS = "`SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`"
BAD_ID = "Invalid request: request ID must be an unsigned integer"
NOT_BOOLEAN = "Invalid value type: expected Boolean"


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ('{"method":"SUBSCRIBE","params":["btcusdt@trade","btcusdt@depth"],"id":1}', {"result": None, "id": 1}),
        ('{"method":"SUBSCRIBE","params":["btcusdt@trade","btcusdt@trade"],"id":1}', {"result": None, "id": 1}),
        ('{"method":"SUBSCRIBE","params":["nosuchpair@trade"],"id":1}', {"result": None, "id": 1}),
        ('{"method":"UNSUBSCRIBE","params":["btcusdt@depth"],"id":-312}', {"result": None, "id": -312}),
        ('{"method":"UNSUBSCRIBE","params":["nonsense"],"id":"a-Z_9"}', {"result": None, "id": "a-Z_9"}),
        ('{"method":"LIST_SUBSCRIPTIONS","id":null}', {"result": [], "id": None}),
        ('{"method":"LIST_SUBSCRIPTIONS","params":[],"id":9223372036854775807}', {"result": [], "id": 2**63 - 1}),
        ('{"method":"SET_PROPERTY","params":["combined",false],"id":5}', {"result": None, "id": 5}),
        ('{"method":"GET_PROPERTY","params":["combined"],"id":2}', {"result": False, "id": 2}),
        ('{"method":"GET_PROPERTY","params":["other"],"id":2}', refused(0, "Unknown property", 2)),
        ('{"method":"SET_PROPERTY","params":["other",true],"id":2}', refused(0, "Unknown property", 2)),
        ('{"method":"SET_PROPERTY","params":["combined"],"id":2}', refused(1, NOT_BOOLEAN, 2)),
        ('{"method":"SET_PROPERTY","params":["combined",1],"id":2}', refused(1, NOT_BOOLEAN, 2)),
        ('{"method":"SET_PROPERTY","params":["combined","true"],"id":2}', refused(1, NOT_BOOLEAN, 2)),
        (
            '{"method":"GET_PROPERTY","params":[1],"id":2}',
            refused(2, "Invalid request: property name must be a string", 2),
        ),
        ('{"method":"GET_PROPERTY","id":2}', refused(2, "Invalid request: property name must be a string", 2)),
        (
            '{"method":"GET_PROPERTY","params":["combined",true],"id":2}',
            refused(2, "Invalid request: too many parameters", 2),
        ),
        (
            '{"method":"LIST_SUBSCRIPTIONS","params":["btcusdt@trade"],"id":2}',
            refused(2, "Invalid request: too many parameters", 2),
        ),
        ('{"method":"SUBSCRIBE","params":["btcusdt"],"id":1}', refused(2, "Invalid request: invalid stream", 1)),
        (
            '{"method":"SUBSCRIBE","params":["btcusdt@trade","btcusdt@nothing"],"id":1}',
            refused(2, "Invalid request: invalid stream", 1),
        ),
        ('{"method":"SUBSCRIBE","params":[],"id":1}', refused(2, "Invalid request: params must name a stream", 1)),
        ('{"method":"SUBSCRIBE","params":[7],"id":1}', refused(2, "Invalid request: stream names must be strings", 1)),
        (
            '{"method":"SUBSCRIBE","params":"btcusdt@trade","id":1}',
            refused(2, "Invalid request: params must be an array", 1),
        ),
        ('{"method":"SUBSCRIBE","params":["btcusdt@trade"]}', refused(2, BAD_ID)),
        ('{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":1.5}', refused(2, BAD_ID)),
        ('{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":true}', refused(2, BAD_ID)),
        ('{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":[1]}', refused(2, BAD_ID)),
        ('{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":9223372036854775808}', refused(2, BAD_ID)),
        ('{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":"%s"}' % ("a" * 37), refused(2, BAD_ID)),
        ('{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":"a b"}', refused(2, BAD_ID)),
        (
            '{"method":"subscribe","id":1}',
            refused(
                2, f"Invalid request: unknown variant `subscribe`, expected one of {VARIANTS} at line 1 column 21", 1
            ),
        ),
        (
            '{"id":1,\n "method": "PING"}',
            refused(2, f"Invalid request: unknown variant `PING`, expected one of {VARIANTS} at line 2 column 17", 1),
        ),
        ('{"method":["SUBSCRIBE"],"id":1}', refused(2, "Invalid request: method must be a string", 1)),
        ('{"method":null,"id":1}', refused(2, "Invalid request: method must be a string", 1)),
        ('{"id":1}', refused(2, "Invalid request: missing field `method` at line 1 column 8", 1)),
        ("[]", refused(2, "Invalid request: expected an object")),
        ("1", refused(2, "Invalid request: expected an object")),
        ("", refused(3, "Invalid JSON: expected value at line 1 column 1")),
        ('{"method":\nSUBSCRIBE}', refused(3, "Invalid JSON: expected value at line 2 column 1")),
        ("[" * 200_000, refused(3, "Invalid JSON: expected value at line 1 column 1")),
        ('{"method":"\\ud800","id":1}', refused(3, "Invalid JSON: expected value at line 1 column 1")),
    ],
    ids=lambda value: str(value)[:60],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_a_request_has_one_answer(standing_stage: Stage, sent: str, answer: dict[str, Any]) -> None:
    client = await standing_stage.open("/ws")

    await client.send(sent)

    assert [answer] == client.read()
    assert client.wire.closed is None
    await client.leave()


async def test_what_is_subscribed_to_is_listed_in_order_and_once(stage: Stage) -> None:
    client = await stage.open("/ws/btcusdt@depth")
    await client.ask("SUBSCRIBE", "ethusdt@trade", "btcusdt@depth", "ethusdt@trade", "btcusdt@kline_1M")
    await client.ask("UNSUBSCRIBE", "btcusdt@depth", "btcusdt@depth", "btcusdt@ticker")
    await client.ask("SUBSCRIBE", "btcusdt@depth")

    listed = ["ethusdt@trade", "btcusdt@kline_1M", "btcusdt@depth"]
    assert {"result": listed, "id": 3} == await client.ask("LIST_SUBSCRIPTIONS", request_id=3)


async def test_a_refused_subscription_subscribes_to_nothing(stage: Stage) -> None:
    client = await stage.open("/ws")
    await client.ask("SUBSCRIBE", "btcusdt@trade", "no stream")

    assert {"result": [], "id": 1} == await client.ask("LIST_SUBSCRIPTIONS")


async def test_no_connection_has_more_streams_than_the_limit(stage: Stage) -> None:
    client = await stage.open("/ws")
    names = [f"pair{number}@trade" for number in range(MOST_STREAMS)]

    assert {"result": None, "id": 1} == await client.ask("SUBSCRIBE", *names)
    assert {"result": None, "id": 2} == await client.ask("SUBSCRIBE", *names[:9], request_id=2)
    too_many = refused(2, "Invalid request: at most 1024 streams on one connection", 3)
    assert too_many == await client.ask("SUBSCRIBE", "one@trade", request_id=3)
    await client.ask("UNSUBSCRIBE", names[0], request_id=4)
    assert {"result": None, "id": 5} == await client.ask("SUBSCRIBE", "one@trade", request_id=5)


async def test_what_was_left_tells_nothing_more(stage: Stage) -> None:
    client = await stage.open("/ws/btcusdt@bookTicker")
    client.read()
    await client.ask("UNSUBSCRIBE", "btcusdt@bookTicker")
    await stage.lab.move("BTCUSDT", "51000")
    await stage.settle()

    assert [] == client.read()


async def test_payloads_are_combined_from_when_that_is_set(stage: Stage) -> None:
    client, name = await stage.open("/ws/btcusdt@bookTicker"), "btcusdt@bookTicker"
    ((bare),) = client.read()
    await client.ask("SET_PROPERTY", "combined", True)
    await stage.lab.ladder("BTCUSDT", {"49990": "2"}, {"50010": "1"})
    await stage.settle()

    assert [{"stream": name, "data": {**bare, "u": bare["u"] + 1, "B": "2.00000000"}}] == client.read()
    assert {"result": True, "id": 1} == await client.ask("GET_PROPERTY", "combined")


async def test_the_answer_comes_before_the_first_message(stage: Stage) -> None:
    client = await stage.open("/stream")
    request = {"method": "SUBSCRIBE", "params": ["btcusdt@bookTicker"], "id": 1}
    client.wire.incoming.put_nowait({"type": "websocket.receive", "text": json.dumps(request)})
    await stage.lab.move("BTCUSDT", "51000")
    await stage.settle()

    first, *rest = client.read()
    assert {"result": None, "id": 1} == first
    assert ["btcusdt@bookTicker"] == list({message["stream"] for message in rest})
