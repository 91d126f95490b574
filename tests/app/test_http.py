"""The HTTP side of the server, over real sockets, on both event loops: the direct way answers what ASGI's would."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from litestar.enums import ScopeType
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from websockets.frames import Frame, Opcode

from hypersim import http
from hypersim.api.wire import LONGEST_BODY, Answer, Request, Responder, answer_asgi
from hypersim.errors import Refused
from tests.app.test_websocket import HANDSHAKE, Loop, Server, both_loops, soon

ASKED = b"GET /echo?a=1 HTTP/1.1\r\nHost: x\r\n\r\n"
POSTED = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\nabc=123"


class Echo:
    """ASGI application that tells what it was asked; `/slow` waits until it is let go, `/broken` fails. A WebSocket
    hears what it said.
    """

    def __init__(self) -> None:
        self.direct_requests = 0
        self.under_way = 0
        self.let_go = asyncio.Event()

    async def respond(self, request: Request) -> Answer:
        self.under_way += 1
        if request.path == "/slow":
            await self.let_go.wait()
        self.under_way -= 1
        if request.path == "/broken":
            raise ValueError("a bug")
        if request.path == "/large":
            return Answer(200, b"x" * 1_000_000, [])
        body = request.body.reason.value.encode() if isinstance(request.body, Refused) else request.body
        lines = (request.method.encode(), request.path.encode(), request.query, request.address.encode(), body)
        return Answer(200, b"\n".join(lines), [(b"x-asked", request.headers.get(b"x-ask", b""))])

    def direct(self, path: str, headers: Mapping[bytes, bytes]) -> Responder | None:
        if path.startswith("/asgi"):
            return None
        self.direct_requests += 1
        return self

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == ScopeType.HTTP:
            await answer_asgi(self, scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})


@asynccontextmanager
async def serving(
    echo: Echo, protocol: type[asyncio.Protocol] | None = None, *, idle_s: int = 75
) -> AsyncIterator[tuple[int, Server]]:
    """A server of it; gives its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        echo,
        lifespan="off",
        log_config=None,
        http=protocol or http.serving(echo),
        server_header=False,
        timeout_keep_alive=idle_s,
        timeout_graceful_shutdown=5,
    )
    server = Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield listener.getsockname()[1], server
    finally:
        server.should_exit = True
        await task


async def answers(port: int, parts: list[bytes]) -> bytes:
    """All that comes back when the parts are sent one after the other, but for the date; the other side closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0.02)  # or the next would come with it
    writer.write(b"GET /asgi/last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    told = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return re.sub(rb"date: [^\r]+\r\n", b"", told)


CASES = {
    "a query": ([ASKED], 1),
    "a body": ([POSTED], 1),
    "one after the other": ([ASKED, POSTED, ASKED], 3),
    "in pieces": ([POSTED[:9], POSTED[9:-4], POSTED[-4:]], 1),
    "no length": ([b"PUT /echo HTTP/1.1\r\nHost: x\r\nX-Ask: y\r\n\r\n"], 1),
    "an empty query": ([b"DELETE /echo? HTTP/1.1\r\nHost: x\r\nconnection: Keep-Alive\r\n\r\n"], 1),
    "escapes in the query": ([b"GET /echo?a=%20&b=? HTTP/1.1\r\nHost: x\r\n\r\n"], 1),
    "sent without waiting": ([ASKED + POSTED + ASKED], 1),
    "escapes in the path": ([b"GET /ec%68o HTTP/1.1\r\nHost: x\r\n\r\n"], 0),
    "a whole address": ([b"GET http://x/echo?a=1 HTTP/1.1\r\nHost: x\r\n\r\n"], 0),
    "a fragment": ([b"GET /echo?a=1#b HTTP/1.1\r\nHost: x\r\n\r\n"], 0),
    "HEAD": ([b"HEAD /echo HTTP/1.1\r\nHost: x\r\n\r\n"], 0),
    "OPTIONS": ([b"OPTIONS /echo HTTP/1.1\r\nHost: x\r\n\r\n"], 0),
    "a header twice": ([b"GET /echo HTTP/1.1\r\nHost: x\r\nX-Ask: 1\r\nX-Ask: 2\r\n\r\n"], 0),
    "chunks": ([b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"], 0),
    "who wants to be told to go on": (
        [b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n", b"abc"],
        0,
    ),
    "too long a body": (
        [
            b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (LONGEST_BODY + 1)
            + b"x" * (LONGEST_BODY + 1)
        ],
        0,
    ),
    "a body of a GET": ([b"GET /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"], 0),
    "no body of a GET": ([b"GET /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"], 1),
    "a body of a GET that is late": ([b"GET /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n", b"abc"], 0),
    "a long query": ([b"GET /echo?%b HTTP/1.1\r\nHost: x\r\n\r\n" % (b"a" * 9_000)], 1),
    "too long a query": ([b"GET /echo?%b HTTP/1.1\r\nHost: x\r\n\r\n" % (b"a" * 70_000)], 0),
    "an old version": ([b"GET /echo HTTP/1.0\r\n\r\n"], 0),
    "who leaves": ([b"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"], 0),
    "who leaves a proxy": ([b"GET /echo HTTP/1.1\r\nHost: x\r\nProxy-Connection: close\r\n\r\n"], 0),
    "no request": ([b"no request\r\n\r\n"], 0),
    "a request, then none": ([ASKED, b"no request\r\n\r\n"], 1),
    "a request that fails": ([b"GET /broken HTTP/1.1\r\nHost: x\r\n\r\n"], 1),
    "a large answer": ([b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"], 1),
}
"""What is sent, in parts, and how many of the requests go the direct way."""


@both_loops
def test_the_direct_way_answers_as_asgi_does(loop: Loop) -> None:
    async def told() -> tuple[dict[str, Any], dict[str, Any]]:
        direct, whole = Echo(), Echo()
        short, long = {}, {}
        async with serving(direct, http.serving(direct)) as (port, _), serving(whole, HttpToolsProtocol) as (other, _):
            for name, (parts, direct_requests) in CASES.items():
                direct.direct_requests = 0
                short[name] = (_unordered(await answers(port, parts)), direct.direct_requests)
                long[name] = (_unordered(await answers(other, parts)), direct_requests)
        return long, short

    with asyncio.Runner(loop_factory=loop) as runner:
        expected, actual = runner.run(told())

    assert expected == actual


def _unordered(told: bytes) -> list[object]:
    """Answers, whose headers may come in any order."""
    heads = re.split(rb"(?=HTTP/1\.1 )", told)
    return [sorted(head.split(b"\r\n")) for head in heads]


@both_loops
def test_an_idle_connection_is_closed_after_its_time_and_one_in_use_is_not(loop: Loop) -> None:
    async def told() -> tuple[float, bytes]:
        async with serving(Echo(), idle_s=1) as (port, _):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for _ in range(4):
                writer.write(ASKED)
                await reader.readuntil(b"127.0.0.1\n")
                await asyncio.sleep(0.4)
            last = asyncio.get_running_loop().time() - 0.4
            ended = await asyncio.wait_for(reader.read(), 10)
            writer.close()
            return asyncio.get_running_loop().time() - last, ended

    with asyncio.Runner(loop_factory=loop) as runner:
        idle_s, ended = runner.run(told())

    assert ended == b""
    assert 0.9 < idle_s < 5


@both_loops
def test_a_connection_that_becomes_a_websocket_is_no_longer_closed_for_being_idle(loop: Loop) -> None:
    async def told() -> bytes:
        async with serving(Echo(), idle_s=1) as (port, _):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(ASKED)
            await reader.readuntil(b"127.0.0.1\n")
            writer.write(HANDSHAKE % b"echo")
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            await asyncio.sleep(1.5)
            writer.write(Frame(Opcode.TEXT, b"still here").serialize(mask=True))
            heard = await asyncio.wait_for(reader.read(100), 10)
            writer.close()
            return heard

    with asyncio.Runner(loop_factory=loop) as runner:
        heard = runner.run(told())

    assert Frame(Opcode.TEXT, b"still here").serialize(mask=False) == heard


@both_loops
def test_a_client_that_leaves_harms_nobody_and_its_request_is_finished(loop: Loop) -> None:
    async def told() -> bytes:
        echo = Echo()
        async with serving(echo) as (port, _):
            _, leaving = await asyncio.open_connection("127.0.0.1", port)
            leaving.write(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
            await soon(lambda: echo.under_way == 1)
            leaving.close()
            await asyncio.sleep(0.1)
            echo.let_go.set()
            await soon(lambda: echo.under_way == 0)
            return await answers(port, [ASKED])

    with asyncio.Runner(loop_factory=loop) as runner:
        others = runner.run(told())

    assert others.count(b"HTTP/1.1 200 OK") == 2


@both_loops
def test_a_server_that_stops_answers_what_is_under_way(loop: Loop) -> None:
    async def told() -> bytes:
        echo = Echo()
        async with serving(echo) as (port, server):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
            await soon(lambda: echo.under_way == 1)
            server.should_exit = True
            await asyncio.sleep(0.3)
            echo.let_go.set()
            answer = await asyncio.wait_for(reader.read(), 10)
            writer.close()
            return answer

    with asyncio.Runner(loop_factory=loop) as runner:
        answer = runner.run(told())

    assert (True, True) == (answer.startswith(b"HTTP/1.1 200 OK\r\n"), b"\r\nconnection: close\r\n" in answer)


@both_loops
def test_a_server_that_stops_waits_for_a_request_whose_client_has_left(loop: Loop) -> None:
    async def told() -> int:
        echo = Echo()
        async with serving(echo) as (port, server):
            _, leaving = await asyncio.open_connection("127.0.0.1", port)
            leaving.write(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
            await soon(lambda: echo.under_way == 1)
            leaving.close()
            await soon(lambda: not server.server_state.connections)
            asyncio.get_running_loop().call_later(0.7, echo.let_go.set)
        return echo.under_way

    with asyncio.Runner(loop_factory=loop) as runner:
        assert 0 == runner.run(told())


@both_loops
def test_of_a_body_nothing_stays_once_its_request_is_answered(loop: Loop) -> None:
    async def told() -> list[bytes]:
        async with serving(Echo()) as (port, server):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(POSTED)
            await reader.readuntil(b"abc=123")
            (connection,) = server.server_state.connections
            assert isinstance(connection, http.Protocol)
            writer.close()
            return [connection.cycle.body, connection.cycle.request.body]

    with asyncio.Runner(loop_factory=loop) as runner:
        assert [b"", b""] == runner.run(told())


@both_loops
def test_who_asks_without_reading_is_heard_no_further_and_gets_every_answer_once_he_reads(loop: Loop) -> None:
    pairs, most = 10_000, 300_000  # bytes: what is read at once, and a little

    async def told() -> tuple[bool, int]:
        async with serving(Echo()) as (port, server):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
            writer.write((ASKED + POSTED) * pairs + b"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            await soon(lambda: bool(server.server_state.connections))
            (connection,) = server.server_state.connections
            assert isinstance(connection, http.Protocol)
            waiting = 0
            for _ in range(100):
                await asyncio.sleep(0.005)
                waiting = max(waiting, len(connection.pipeline))
            answered = await asyncio.wait_for(reader.read(), 30)
            writer.close()
            return 0 < waiting * len(ASKED + POSTED) // 2 < most, answered.count(b"HTTP/1.1 200 OK")

    with asyncio.Runner(loop_factory=loop) as runner:
        assert (True, 2 * pairs + 1) == runner.run(told())
