"""Market streams of a real server over real sockets."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.frames import Frame, Opcode
from websockets.sync.client import ClientConnection, connect

from hypersim.testing import ServerProcess, running_server
from tests.api.streams.local_book import LocalBook, compare

SUBSCRIBERS = 2000
MOST_MEMORY_MB = 500
TICKER = "/ws/btcusdt@bookTicker"


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    """One whose market only moves by hand, and without limits."""
    with running_server(
        "--memory", "--fresh", "--feed", "manual", environment={"HYPERSIM_RATE_LIMITS": "off"}
    ) as server:
        lay(server, 0)
        yield server


def streams(server: ServerProcess, path: str) -> ClientConnection:
    return connect(f"ws://{server.hostname}{path}", max_size=None)


def lay(server: ServerProcess, shift: int, size: str = "1") -> None:
    """An outside book around 50000."""
    server.move_market(
        "BTCUSDT",
        bids=[[str(49_990 - shift - n), size] for n in range(3)],
        asks=[[str(50_010 - shift + n), size] for n in range(3)],
    )


def heard(client: ClientConnection) -> Any:
    return json.loads(client.recv(timeout=20))


def depth(server: ServerProcess) -> Any:
    return httpx.get(f"{server.url}/api/v3/depth", params={"symbol": "BTCUSDT", "limit": 5000}, trust_env=False).json()


def test_a_local_book_is_the_book_under_load_and_over_reconnects(server: ServerProcess) -> None:
    """The documented procedure never finds a gap, and after each burst has every level of GET /depth."""
    random = Random(5)

    def burst() -> None:
        for _ in range(25):
            lay(server, random.randrange(9), str(random.randrange(1, 9)))
            if random.random() < 0.3:
                side = random.choice(["BUY", "SELL"])
                price = str(random.randrange(49_985, 50_015))
                server.move_market("BTCUSDT", print={"side": side, "price": price, "quantity": "0.5"})

    with ThreadPoolExecutor(1) as loader:
        for reconnects in (0, 1, 3, 0, 2, 1):
            loading = loader.submit(burst)
            for _ in range(reconnects):
                with streams(server, "/ws/btcusdt@depth@100ms") as cut:
                    heard(cut) if not loading.done() else None
            with streams(server, "/ws/btcusdt@depth@100ms") as client, streams(server, TICKER) as best:
                book = LocalBook()
                while book.update_id is None:
                    if loading.done():
                        lay(server, 1, str(random.random())[:6])
                    book.hear(heard(client))
                    book.begin(depth(server))
                loading.result()
                lay(server, 20)
                newest = depth(server)
                while book.update_id < newest["lastUpdateId"]:
                    book.hear(heard(client))
                assert compare(book, newest)
                ticker = heard(best)
                while ticker["u"] < newest["lastUpdateId"]:
                    ticker = heard(best)
                touch = [ticker["b"], ticker["B"]], [ticker["a"], ticker["A"]]
                assert (newest["bids"][0], newest["asks"][0]) == touch


def upgrade(server: ServerProcess, path: str) -> bytes:
    """The request of a handshake."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: {server.hostname}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def stalled(server: ServerProcess, path: str) -> socket.socket:
    """A client that does not read, and whose system keeps little for it."""
    host, _, port = server.hostname.partition(":")
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect((host, int(port)))
    client.sendall(upgrade(server, path))
    assert b"101" in client.recv(12)
    return client


def ask(client: socket.socket, method: str, *params: str) -> None:
    request = json.dumps({"method": method, "params": list(params), "id": 1}).encode()
    client.sendall(Frame(Opcode.TEXT, request).serialize(mask=True))


def test_clients_that_do_not_read_are_closed_and_the_others_miss_nothing(server: ServerProcess) -> None:
    """Some ask for more than they read until what waits for them is too much."""
    slow = [stalled(server, "/ws/btcusdt@trade") for _ in range(3)]
    names = [f"{'x' * 60}{number}@trade" for number in range(1000)]
    for client in slow:
        ask(client, "SUBSCRIBE", *names)
        client.settimeout(20)
    with streams(server, "/ws/btcusdt@trade") as reader:
        for client in slow:
            for _ in range(150):  # 70 kB each
                ask(client, "LIST_SUBSCRIPTIONS")
        for number in range(50):
            server.move_market("BTCUSDT", print={"side": "BUY", "price": "50000", "quantity": f"0.{number + 10}"})
        told = [heard(reader) for _ in range(50)]
    assert [f"0.{number + 10}000000" for number in range(50)] == [trade["q"] for trade in told]
    assert list(range(told[0]["t"], told[0]["t"] + 50)) == [trade["t"] for trade in told]
    for client in slow:
        assert b"too slow: messages wait faster than they are read" in all_of(client)
        client.close()


def all_of(client: socket.socket) -> bytes:
    """What still comes until the other side ends it, of which the end matters."""
    end = b""
    try:
        while part := client.recv(1 << 16):
            end = (end + part)[-200:]
            if b"too slow" in end:
                break
    except ConnectionResetError:
        pass
    return end


@pytest.mark.parametrize(
    ("path", "shutdown"),
    [
        ("/ws/0", lambda told: told),
        ("/stream", lambda told: told["data"] if told["stream"] == "!serverShutdown" else 0),
    ],
)
def test_a_stop_is_told_and_then_the_connection_closed(path: str, shutdown: Any, tmp_path: Path) -> None:
    with running_server("--feed", "manual", folder=str(tmp_path)) as server, streams(server, path) as client:
        client.send('{"method":"SUBSCRIBE","params":["btcusdt@bookTicker"],"id":"a"}')
        assert {"result": None, "id": "a"} == heard(client)
        assert 0 == server.stop()
        told = shutdown(heard(client))
        assert ("serverShutdown", {"e", "E"}) == (told["e"], told.keys())
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(timeout=20)
        assert closed.value.rcvd is not None
        assert (1001, "the exchange stops") == (closed.value.rcvd.code, closed.value.rcvd.reason)


def test_ids_go_on_where_they_were_after_a_restart(tmp_path: Path) -> None:
    """A client that comes back goes on with the newest book, and its ids are above all before."""
    with running_server("--feed", "manual", folder=str(tmp_path)) as server:
        lay(server, 0)
        before = depth(server)["lastUpdateId"]
        server.restart()
        with streams(server, "/ws/btcusdt@depth@100ms") as client:
            lay(server, 3)
            book = LocalBook()
            while book.update_id is None:
                update = heard(client)
                assert update["U"] > before
                book.hear(update)
                book.begin(depth(server))
            assert compare(book, depth(server))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of a process in /proc")
@pytest.mark.parametrize("stalling", [0, 500], ids=["all read", "a quarter does not read"])
def test_thousands_of_subscribers_fit_into_little_memory(stalling: int) -> None:
    """They hear each trade, also while some of them read nothing."""
    with running_server(
        "--memory", "--fresh", "--feed", "manual", environment={"HYPERSIM_RATE_LIMITS": "off"}
    ) as server:
        lay(server, 0)
        asyncio.run(_crowd(server, stalling))


async def _crowd(server: ServerProcess, stalling: int) -> None:
    """The first of them ask for more than the systems keep for them, and read nothing of it."""
    host, _, port = server.hostname.partition(":")
    long_names = "/".join(f"{'x' * 60}{number}@trade" for number in range(100))
    questions = Frame(Opcode.TEXT, b'{"method":"LIST_SUBSCRIPTIONS","id":1}').serialize(mask=True) * 60  # 7 kB each
    loop, clients = asyncio.get_running_loop(), []
    for number in range(SUBSCRIBERS):
        client, stalls = socket.socket(), number < stalling
        if stalls:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        await loop.sock_connect(client, (host, int(port)))
        path = f"/ws/btcusdt@trade/btcusdt@depth@100ms{f'/{long_names}' if stalls else ''}"
        await loop.sock_sendall(client, upgrade(server, path))
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += await loop.sock_recv(client, 4096)
        if stalls:
            await loop.sock_sendall(client, questions)
        clients.append(client)

    async def trades_of(client: socket.socket, count: int) -> int:
        """How many trades it heard, once there were so many."""
        heard = b""
        async with asyncio.timeout(120):
            while heard.count(b'"trade"') < count:
                heard += await loop.sock_recv(client, 1 << 16)
        return heard.count(b'"trade"')

    trades = 300
    listening = [asyncio.create_task(trades_of(client, trades)) for client in clients[stalling:]]
    for _ in range(trades):
        body = {"side": "BUY", "price": "50000", "quantity": "0.01"}
        await asyncio.to_thread(server.move_market, "BTCUSDT", print=body)
    assert [trades] * (SUBSCRIBERS - stalling) == await asyncio.gather(*listening)
    status = Path(f"/proc/{server.process.pid}/status").read_text()  # noqa: ASYNC240 - no file on a disk
    peak_kb = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    assert peak_kb < MOST_MEMORY_MB * 1024
    for client in clients:
        client.close()


def named(count: int) -> str:
    return "/stream?streams=" + "/".join(f"s{number:04}usdt@trade" for number in range(count))


def test_an_address_may_name_1024_streams_and_no_more(server: ServerProcess) -> None:
    with streams(server, named(1024)) as client:
        client.send('{"method":"LIST_SUBSCRIPTIONS","id":1}')
        assert 1024 == len(heard(client)["result"])
    with streams(server, named(1025)) as client, pytest.raises(ConnectionClosed, match="1008"):
        client.recv(timeout=20)


@pytest.mark.parametrize("names", [4300, 8000], ids=["longer than a line may be", "longer than a request may be"])
def test_an_address_that_is_too_long_is_answered(server: ServerProcess, names: int) -> None:
    with pytest.raises(InvalidHandshake), streams(server, named(names)):
        pass
