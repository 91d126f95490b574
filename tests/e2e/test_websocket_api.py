"""The WebSocket API over a real network, with the client library that Python programs use."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from hypersim.bus import MOST_WAITING_BYTES
from hypersim.testing import Account, ServerProcess, running_server

ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.001"}


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    """An exchange without rate limits."""
    with running_server(environment={"HYPERSIM_RATE_LIMITS": "off"}) as server:
        yield server


@asynccontextmanager
async def connected(server: ServerProcess, query: str = "") -> AsyncIterator[ClientConnection]:
    async with connect(f"ws://{server.hostname}/ws-api/v3?{query}") as socket:
        yield socket


def request(account: Account, request_id: int, method: str, **params: Any) -> str:
    """A signed request."""
    sent = {"timestamp": int(time.time() * 1000), "apiKey": account.api_key, **params}
    payload = "&".join(f"{name}={sent[name]}" for name in sorted(sent))
    signature = hmac.new(account.secret.encode(), payload.encode(), hashlib.sha256).hexdigest()
    return json.dumps({"id": request_id, "method": method, "params": {**sent, "signature": signature}})


async def open_orders(server: ServerProcess, account: Account) -> list[str]:
    async with connected(server) as socket:
        await socket.send(request(account, 1, "openOrders.status", symbol="BTCUSDT"))
        return [each["clientOrderId"] for each in json.loads(await socket.recv())["result"]]


async def test_orders_may_be_sent_without_waiting_and_are_placed_in_their_order(server: ServerProcess) -> None:
    account = server.open_account()
    count = 200  # as many as one account may have open
    async with connected(server, "returnRateLimits=false") as socket:
        for number in range(count):
            await socket.send(
                request(account, number, "order.place", **ORDER, price="20000", newClientOrderId=f"n{number}")
            )
        answers = [json.loads(await socket.recv()) for _ in range(count)]
    ids = [each["result"]["orderId"] for each in answers]
    assert (list(range(count)), sorted(ids)) == ([each["id"] for each in answers], ids)


async def test_what_the_exchange_took_in_before_its_client_was_cut_off_is_there(server: ServerProcess) -> None:
    account = server.open_account()
    async with connected(server) as socket:
        for number in range(100):
            await socket.send(
                request(account, number, "order.place", **ORDER, price="20000", newClientOrderId=f"n{number}")
            )
        assert json.loads(await socket.recv())["status"] == 200
        socket.transport.abort()
    placed: list[str] = []
    for _ in range(50):
        await asyncio.sleep(0.05)
        found = await open_orders(server, account)
        if placed == found:
            break
        placed = found
    assert placed
    assert [f"n{number}" for number in range(len(placed))] == placed


async def test_who_reads_late_gets_every_answer(server: ServerProcess) -> None:
    """More than may wait for a connection: what is not read yet is not asked for yet."""
    count = 400
    async with connect(f"ws://{server.hostname}/ws-api/v3", max_queue=1) as socket:
        asking = [json.dumps({"id": number, "method": "exchangeInfo"}) for number in range(count)]
        sending = asyncio.gather(*[socket.send(each) for each in asking])
        await asyncio.sleep(0.5)
        answers = [await socket.recv() for _ in range(count)]
        await sending
    assert sum(map(len, answers)) > MOST_WAITING_BYTES
    assert list(range(count)) == sorted(json.loads(answer)["id"] for answer in answers)


async def test_an_account_is_told_over_the_same_connection(server: ServerProcess) -> None:
    account = server.open_account()
    async with connected(server) as socket:
        await socket.send(request(account, 1, "userDataStream.subscribe.signature"))
        assert {"subscriptionId": 0} == json.loads(await socket.recv())["result"]
        buying = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.001"}
        await socket.send(request(account, 2, "order.place", **buying))
        told = [json.loads(await socket.recv()) for _ in range(4)]
    assert [0, 0, 0] == [each["subscriptionId"] for each in told if "event" in each]
    assert ["FILLED"] == [each["result"]["status"] for each in told if "result" in each]


async def test_a_handshake_that_is_refused_says_why(server: ServerProcess) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connected(server, "timeUnit=SECOND"):
            pass
    response = refused.value.response
    assert (400, -1194) == (response.status_code, json.loads(response.body or b"")["code"])


def test_without_a_websocket_there_is_nothing_at_its_path(server: ServerProcess) -> None:
    assert httpx.get(f"{server.url}/ws-api/v3").status_code == 404


async def test_the_exchange_says_that_it_stops_and_ends_the_connection() -> None:
    with running_server() as server:
        async with connected(server) as socket:
            stopping = asyncio.create_task(asyncio.to_thread(server.stop))
            told = [json.loads(message) async for message in socket]
            assert ["serverShutdown"] == [each["event"]["e"] for each in told]
            assert 0 == await stopping
            assert 1001 == socket.close_code


async def test_long_answers_to_a_client_that_reads_all_come(server: ServerProcess) -> None:
    asked = {"symbol": "BTCUSDT", "interval": "1m", "limit": 1000}
    async with connect(f"ws://{server.hostname}/ws-api/v3", max_size=None) as socket:
        for number in range(60):
            await socket.send(json.dumps({"id": number, "method": "klines", "params": asked}))
        answers = [json.loads(await socket.recv()) for _ in range(60)]
    assert [(number, 200, 1000) for number in range(60)] == sorted(
        (each["id"], each["status"], len(each["result"])) for each in answers
    )


async def test_nothing_is_behind_the_address_of_the_api(server: ServerProcess) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        async with connect(f"ws://{server.hostname}/ws-api/v3/more"):
            pass


async def test_a_handshake_that_is_refused_is_no_fault_of_the_exchange(server: ServerProcess) -> None:
    before = server.said
    with pytest.raises(InvalidStatus, match="400"):
        async with connected(server, "timeUnit=NANOSECOND"):
            pass
    assert before == server.said
