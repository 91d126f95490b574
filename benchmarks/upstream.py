"""A stand-in for Binance: a process of its own that speaks its REST API and its streams.

Run as a program, `python -m benchmarks.upstream SYMBOLS`, it prints where these two are and serves until it is killed.
What it says is benchmarks/made_up_binance.py's business.
"""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import parse_qs, urlsplit

import msgspec
import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

from benchmarks.made_up_binance import STEPS_PER_SECOND, MadeUpBinance

HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
NOT_FOUND: Final = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


class Connection(asyncio.Protocol):
    """One HTTP connection; requests have no bodies."""

    def __init__(self, binance: MadeUpBinance) -> None:
        self._binance = binance
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's does not derive from it

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
            body = self._binance.answer(head.split(b" ", 2)[1].decode())
            self._transport.write(NOT_FOUND if body is None else HEAD % len(body) + body)


class Streams:
    """The streams of the markets with books, to everybody who subscribed."""

    def __init__(self, binance: MadeUpBinance) -> None:
        self._binance = binance
        self._subscribed: dict[ServerConnection, set[str]] = {}

    async def stream(self, connection: ServerConnection) -> None:
        """One client, from its beginning to its end."""
        assert connection.request is not None
        names = parse_qs(urlsplit(connection.request.path).query)["streams"][0].split("/")
        self._subscribed[connection] = set(names)
        self._listen()
        with suppress(ConnectionClosed):  # the client ends in whatever way it likes
            async for message in connection:
                said = msgspec.json.decode(message)
                change = set.update if said["method"] == "SUBSCRIBE" else set.difference_update
                change(self._subscribed[connection], said["params"])
                await connection.send(msgspec.json.encode({"result": None, "id": said["id"]}).decode())
        del self._subscribed[connection]
        self._listen()

    def _listen(self) -> None:
        """Has markets say what their streams would while there is anybody."""
        for symbol, market in self._binance.books.items():
            market.say = self._saying(symbol.lower()) if self._subscribed else None

    def _saying(self, symbol: str) -> Callable[[str, bytes], None]:
        def say(name: str, data: bytes) -> None:
            stream = f"{symbol}@{name}"
            frame = b'{"stream":"%s","data":%s}' % (stream.encode(), data)
            broadcast([each for each, names in self._subscribed.items() if stream in names], frame, text=True)

        return say


async def _serve(symbols: int) -> None:
    binance = MadeUpBinance(symbols)
    streams = Streams(binance)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(binance), "127.0.0.1", 0)
    async with serve(streams.stream, "127.0.0.1", 0, compression=None, ping_interval=None) as streaming:
        ports = [each.sockets[0].getsockname()[1] for each in (server, streaming)]
        print(f"http://127.0.0.1:{ports[0]} ws://127.0.0.1:{ports[1]}", flush=True)
        due = loop.time()
        while True:
            due += 1 / STEPS_PER_SECOND
            await asyncio.sleep(max(0, due - loop.time()))
            binance.step()


@dataclass(frozen=True)
class Standin:
    """A stand-in that runs."""

    url: str
    stream_url: str
    pid: int
    symbols: int


@contextmanager
def standin(symbols: int) -> Iterator[Standin]:
    """A made-up Binance of so many symbols that trade, for a `with` block."""
    command = [sys.executable, "-m", "benchmarks.upstream", str(symbols)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url, stream_url = process.stdout.readline().split()
        yield Standin(url, stream_url, process.pid, symbols)
    finally:
        process.kill()
        process.wait()


def main() -> None:
    """Serves until it is killed."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(int(sys.argv[1])))


if __name__ == "__main__":
    main()
