"""The WebSocket side of the server, over real sockets, on both event loops: who does not read, pings, ends."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from hypersim import websocket
from hypersim.bus import LINE, Bus, Outbox

Loop = Callable[[], asyncio.AbstractEventLoop]
HANDSHAKE = (
    b"GET /%b HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
MESSAGE = b"x" * 1000
MOST_PINGS_BYTES = 32_000_000
"""More than the systems of both sides keep for a connection."""


def loops() -> list[Any]:
    found: list[Any] = [pytest.param(asyncio.SelectorEventLoop, id="asyncio")]
    try:
        import uvloop
    except ImportError:  # Windows, PyPy
        return found
    return [*found, pytest.param(uvloop.new_event_loop, id="uvloop")]


both_loops = pytest.mark.parametrize("loop", loops())


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clients here do not answer that they are closed."""
    monkeypatch.setattr(websocket, "CLOSE_TIMEOUT_S", 0.5)


class Hall:
    """ASGI application whose clients all subscribe to one topic; with the bounds of each one's outbox."""

    def __init__(self, most: int) -> None:
        self.bus = Bus()
        self.lines: list[Any] = []
        self.controls = 0
        self._most = most

    def heard(self) -> None:
        self.controls += 1

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
        line = scope["extensions"][LINE]["line"]
        line.on_control = self.heard
        member = Member(Outbox(line, self.bus, most=self._most))
        self.lines.append(line)
        self.bus.subscribe("news", member)
        try:
            while not member.outbox.closed and (await receive())["type"] == "websocket.receive":
                pass
        finally:
            self.bus.unsubscribe("news", member)
            member.outbox.drop()

    def tell(self, text: bytes) -> None:
        self.bus.publish("news", lambda _: Frame(Opcode.TEXT, text).serialize(mask=False))


class Member:
    form = None

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox


class Server(uvicorn.Server):
    """Leaves signals to whoever runs the test."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(hall: Hall, *, ping_interval: float = 20, ping_timeout: float = 60) -> AsyncIterator[int]:
    """A server of it; gives the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        hall,
        lifespan="off",
        log_config=None,
        ws=websocket.Protocol,
        ws_ping_interval=ping_interval,
        ws_ping_timeout=ping_timeout,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=2,
    )
    server = Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await task
        listener.close()


async def soon(look: Callable[[], bool]) -> None:
    """Returns once something is so."""
    async with asyncio.timeout(20):
        while not look():  # noqa: ASYNC110 - what another side does sets no event
            await asyncio.sleep(0.005)


def stalled(port: int, path: bytes = b"") -> socket.socket:
    """A client that does not read, and whose system keeps little for it."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    client.sendall(HANDSHAKE % path)
    return client


async def read_all(client: socket.socket) -> bytes:
    """What comes until the other side ends it."""
    client.setblocking(False)
    received = bytearray()
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(20):
        while True:
            try:
                part = await loop.sock_recv(client, 1 << 16)
            except ConnectionResetError:
                return bytes(received)
            if not part:
                return bytes(received)
            received += part


def frames(data: bytes) -> list[tuple[int, bytes]]:
    """The whole frames behind a handshake's answer: opcode and payload."""
    at, found = data.index(b"\r\n\r\n") + 4, []
    while at + 2 <= len(data):
        opcode, length, at = data[at] & 15, data[at + 1], at + 2
        if length == 126:
            (length,), at = struct.unpack_from("!H", data, at), at + 2
        if at + length <= len(data):
            found.append((opcode, data[at : at + length]))
        at += length
    return found


def run(loop: Loop, main: Awaitable[None]) -> None:
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(_awaited(main))


async def _awaited(main: Awaitable[None]) -> None:
    await main


@both_loops
def test_who_does_not_read_is_closed_and_costs_the_others_nothing(loop: Loop) -> None:
    """The others get every message while it stalls. What it was sent is a beginning of it, in order."""

    async def main() -> None:
        hall = Hall(most=300)
        async with serving(hall) as port, connect(f"ws://127.0.0.1:{port}/") as reader:
            slow = stalled(port)
            await soon(lambda: len(hall.lines) == 2)
            outbox = next(line.outbox for line in hall.lines if line.outbox.line.client == slow.getsockname())
            numbers = 0
            while not outbox.closed:
                assert numbers < 20_000, "the stall was seen"
                hall.tell(b"%06d" % numbers + MESSAGE)
                numbers += 1
                assert f"{numbers - 1:06}" == str(await reader.recv())[:6]
            hall.tell(b"%06d" % numbers)
            assert f"{numbers:06}" == await reader.recv()
            *told, close = frames(await read_all(slow))
            slow.close()
        assert (8, struct.pack("!H", 1008) + b"too slow: messages wait faster than they are read") == close
        assert [b"%06d" % number for number in range(len(told))] == [text[:6] for _, text in told]
        assert numbers - 300 - 5 <= len(told) < numbers, "only what waited was dropped"

    run(loop, main())


@both_loops
def test_who_reads_again_in_time_misses_nothing(loop: Loop) -> None:
    async def main() -> None:
        hall = Hall(most=300)
        async with serving(hall) as port:
            slow = stalled(port)
            await soon(lambda: len(hall.lines) == 1)
            outbox, numbers = hall.lines[0].outbox, 0
            while not outbox.held or numbers % 7:
                hall.tell(b"%06d" % numbers + MESSAGE)
                numbers += 1
                await asyncio.sleep(0)
            for _ in range(200):
                hall.tell(b"%06d" % numbers + MESSAGE)
                numbers += 1
            reading = asyncio.create_task(read_all(slow))
            await soon(lambda: not outbox.held)
            outbox.close(1001, "enough")
            *told, _ = frames(await reading)
            slow.close()
        assert [b"%06d" % number for number in range(numbers)] == [text[:6] for _, text in told]

    run(loop, main())


@both_loops
def test_who_closes_and_never_reads_is_cut_off(loop: Loop) -> None:
    async def main() -> None:
        hall = Hall(most=10**6)
        async with serving(hall) as port:
            slow = stalled(port)
            await soon(lambda: len(hall.lines) == 1)
            line = hall.lines[0]
            while not line.outbox.held:
                hall.tell(MESSAGE)
                await asyncio.sleep(0)
            slow.sendall(Frame(Opcode.CLOSE, struct.pack("!H", 1000)).serialize(mask=True))
            await soon(lambda: line.disconnected)
            slow.close()

    run(loop, main())


@both_loops
def test_pings_come_and_without_a_pong_the_connection_ends(loop: Loop) -> None:
    async def main() -> None:
        hall = Hall(most=10)
        async with serving(hall, ping_interval=0.05, ping_timeout=0.2) as port:
            good: ClientConnection
            async with connect(f"ws://127.0.0.1:{port}/", ping_interval=None) as good:
                mute = stalled(port)
                *pings, close = frames(await read_all(mute))
                mute.close()
                assert [(9, 4)] == [(opcode, len(payload)) for opcode, payload in pings]
                assert (8, struct.pack("!H", 1008) + b"Pong timeout") == close
                await soon(lambda: hall.controls > 3)
                hall.tell(b"still here")
                assert "still here" == await good.recv()

    run(loop, main())


@both_loops
def test_an_unasked_pong_does_not_stand_for_one_that_is_due(loop: Loop) -> None:
    async def main() -> None:
        hall = Hall(most=10)
        async with serving(hall, ping_interval=0.05, ping_timeout=0.3) as port:
            client = stalled(port)
            reading = asyncio.create_task(read_all(client))
            while not reading.done():
                try:
                    client.send(Frame(Opcode.PONG, b"").serialize(mask=True))
                except OSError:
                    break
                await asyncio.sleep(0.02)
            *_, close = frames(await reading)
            client.close()
        assert struct.pack("!H", 1008) + b"Pong timeout" == close[1]
        assert hall.controls > 5

    run(loop, main())


@both_loops
def test_a_stop_closes_each_connection_with_a_code(loop: Loop) -> None:
    async def main() -> None:
        hall = Hall(most=10)
        async with serving(hall) as port:
            clients = [await connect(f"ws://127.0.0.1:{port}/") for _ in range(3)]
            await soon(lambda: len(hall.lines) == 3)
            hall.tell(b"last words")
        for client in clients:
            assert "last words" == await client.recv()
            with pytest.raises(ConnectionClosed) as closed:
                await client.recv()
            assert closed.value.rcvd is not None
            assert (1001, "the exchange stops") == (closed.value.rcvd.code, closed.value.rcvd.reason)

    run(loop, main())


@both_loops
def test_an_address_that_is_not_ascii_is_refused(loop: Loop) -> None:
    async def main() -> None:
        async with serving(Hall(most=10)) as port:
            client = stalled(port, "ws/币安usdt@trade".encode())
            answer = await read_all(client)
            client.close()
        assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")

    run(loop, main())


@both_loops
def test_a_text_that_is_no_utf8_ends_the_connection(loop: Loop, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        hall = Hall(most=10)
        async with serving(hall) as port:
            client = stalled(port)
            await soon(lambda: len(hall.lines) == 1)
            client.sendall(Frame(Opcode.TEXT, b"\xff\xfe").serialize(mask=True))
            ((_, close),) = frames(await read_all(client))
            client.close()
        assert struct.pack("!H", 1007) == close[:2]
        assert "Traceback" not in caplog.text

    run(loop, main())


@both_loops
def test_pings_of_who_does_not_read_the_pongs_are_read_no_more(loop: Loop) -> None:
    """Otherwise the pongs would wait in memory, as many as it likes."""
    ping = Frame(Opcode.PING, b"x" * 125).serialize(mask=True)

    async def main() -> None:
        hall = Hall(most=300)
        async with serving(hall) as port:
            client = stalled(port)
            client.setblocking(False)
            await soon(lambda: len(hall.lines) == 1)
            sent = refused = 0
            async with asyncio.timeout(20):
                while refused < 50:  # a second in which nothing more is taken
                    try:
                        sent += client.send(ping * 500)
                        refused = 0
                    except BlockingIOError:
                        refused += 1
                        await asyncio.sleep(0.02)
                    else:
                        await asyncio.sleep(0)
            assert sent < MOST_PINGS_BYTES
            client.close()

    run(loop, main())
