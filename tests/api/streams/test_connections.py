"""Where market streams are, who may connect, and how a connection ends."""

import asyncio
from urllib.parse import quote

import pytest

from hypersim.api.binance import websockets
from hypersim.api.binance.streams.control import MOST_STREAMS
from tests.api.streams.stage import Stage

DEPTH, ZONED = "btcusdt@depth", "btcusdt@kline_1d@+08:00"


@pytest.mark.parametrize(
    ("address", "combined", "streams"),
    [
        ("/ws", False, []),
        ("/ws/", False, []),
        ("/ws/0", False, []),
        ("/ws/17", False, []),
        ("/ws/nonsense", False, []),
        (f"/ws/{DEPTH}", False, [DEPTH]),
        (f"/ws/{DEPTH}/btcusdt@trade", False, [DEPTH, "btcusdt@trade"]),
        (f"/ws/{DEPTH}/nonsense/{DEPTH}", False, [DEPTH]),
        ("/ws/BTCUSDT@depth", False, []),
        ("/ws/btcusdt%40depth", False, [DEPTH]),
        (f"/ws/{ZONED}", False, [ZONED]),
        ("/ws/" + quote("币安usdt@trade"), False, ["币安usdt@trade"]),
        ("/stream", True, []),
        (f"/stream?streams={DEPTH}/btcusdt@trade", True, [DEPTH, "btcusdt@trade"]),
        (f"/stream?streams={DEPTH}&streams=btcusdt@trade", True, [DEPTH, "btcusdt@trade"]),
        ("/stream?streams=" + quote(f"{DEPTH}/{ZONED}", safe=""), True, [DEPTH, ZONED]),
        (f"/stream?streams={ZONED}", True, [ZONED]),
        ("/stream?streams=" + quote("币安usdt@trade"), True, ["币安usdt@trade"]),
        (f"/stream/{DEPTH}", True, [DEPTH]),
        (f"/ws?streams={DEPTH}", False, [DEPTH]),
        ("/stream?streams=%ff", True, []),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_an_address_names_streams(
    standing_stage: Stage, address: str, combined: bool, streams: list[str]
) -> None:
    client = await standing_stage.open(address)

    assert client.refusal is None
    assert {"result": streams, "id": 1} == await client.ask("LIST_SUBSCRIPTIONS")
    assert {"result": combined, "id": 2} == await client.ask("GET_PROPERTY", "combined", request_id=2)


async def test_an_address_with_too_many_streams_is_closed(stage: Stage) -> None:
    names = [f"pair{number}@trade" for number in range(MOST_STREAMS + 1)]
    most = await stage.open(f"/stream?streams={'/'.join(names[1:])}")
    more = await stage.open(f"/stream?streams={'/'.join(names)}")

    assert None is most.wire.closed
    assert (1008, "at most 1024 streams on one connection") == more.wire.closed


@pytest.mark.parametrize(
    ("query", "unit"),
    [
        ("", 1000),
        ("?timeUnit=MILLISECOND", 1000),
        ("?timeUnit=millisecond", 1000),
        ("?timeUnit=MICROSECOND", 1),
        ("?timeUnit=microsecond", 1),
        ("?timeUnit=%4dICROSECOND", 1),
    ],
)
async def test_times_have_the_unit_that_the_address_asks_for(stage: Stage, query: str, unit: int) -> None:
    client = await stage.open(f"/ws/btcusdt@trade{query}")
    stage.lab.clock.time_us += 1234
    await stage.lab.move("BTCUSDT", "50000")
    await stage.settle()

    (trade,) = client.read()
    assert [stage.lab.clock.time_us // unit] * 2 == [trade["E"], trade["T"]]


async def test_another_time_unit_is_refused_as_over_http(stage: Stage) -> None:
    client = await stage.open("/ws?timeUnit=SECOND")
    over_http = await stage.lab.alice.raw("GET", "/api/v3/time", headers={"X-MBX-TIME-UNIT": "SECOND"})

    assert (over_http.status, over_http.json) == client.refusal


async def test_the_sixth_message_of_a_second_ends_the_connection(limited_stage: Stage) -> None:
    client = await limited_stage.open("/ws")
    for _ in range(5):
        await client.ask("LIST_SUBSCRIPTIONS")
    assert None is client.wire.closed
    await client.send('{"method":"LIST_SUBSCRIPTIONS","id":6}')

    assert (1008, "Too many requests") == client.wire.closed


async def test_five_messages_a_second_may_go_on(limited_stage: Stage) -> None:
    client = await limited_stage.open("/ws")
    for _ in range(20):
        await client.ask("LIST_SUBSCRIPTIONS")
        limited_stage.lab.clock.time_us += 200_000

    assert None is client.wire.closed


async def test_pings_and_pongs_count_as_messages(limited_stage: Stage) -> None:
    client = await limited_stage.open("/ws")
    for _ in range(5):
        client.wire.on_control()
    assert None is client.wire.closed
    client.wire.on_control()

    assert (1008, "Too many requests") == client.wire.closed


async def test_an_address_has_300_attempts_in_five_minutes(limited_stage: Stage) -> None:
    for _ in range(300):
        client = await limited_stage.open("/ws")
        assert None is client.refusal
    refused = await limited_stage.open("/ws")
    elsewhere = await limited_stage.open("/ws", client="10.0.0.9")

    assert refused.refusal is not None
    status, body = refused.refusal
    assert (429, -1034) == (status, body["code"])
    assert 0 < int(refused.retry_after) <= 300
    assert None is elsewhere.refusal


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("/ws/0", {"e": "serverShutdown", "E": 1_700_000_000_000}),
        ("/stream", {"stream": "!serverShutdown", "data": {"e": "serverShutdown", "E": 1_700_000_000_000}}),
        ("/ws?timeUnit=MICROSECOND", {"e": "serverShutdown", "E": 1_700_000_000_000_000}),
    ],
)
async def test_a_stop_is_told_before(stage: Stage, address: str, told: object) -> None:
    client = await stage.open(address)

    stage.sockets.stopping()
    await stage.settle()

    assert [told] == client.read()


async def test_a_rebuild_ends_every_connection(stage: Stage) -> None:
    clients = [await stage.open("/ws/btcusdt@depth"), await stage.open("/stream")]

    stage.sockets.restart()

    assert [(1012, "the exchange restarts")] * 2 == [client.wire.closed for client in clients]


async def test_a_connection_ends_after_its_time(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    assert 24 * 3600 == websockets.LIFE_S
    monkeypatch.setattr(websockets, "LIFE_S", 0.01)
    client = await stage.open("/ws/btcusdt@trade")
    assert None is client.wire.closed
    await asyncio.sleep(0.05)

    assert (1001, "connected for 24 hours") == client.wire.closed
