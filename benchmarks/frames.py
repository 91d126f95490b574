"""The client's side of a WebSocket with as little as it takes, so that a load generator costs less than a server.

Only what this exchange sends: whole unmasked frames, no extensions (RFC 6455). Pings are not answered: a measurement is
shorter than the minute that a pong may take.
"""

import asyncio
from collections.abc import Callable
from typing import Final, cast

TEXT: Final = 0x81


class Reader(asyncio.Protocol):
    """A connection to a path. `ready` is done once it is open; `on_text` gets each message."""

    def __init__(self, path: str, on_text: Callable[[bytes], None]) -> None:
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        self._path = path
        self._on_text = on_text
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's does not derive from it
        key = "AAAAAAAAAAAAAAAAAAAAAA=="
        self.transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        place = 0
        if not self.ready.done():
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                self._buffer = buffer
                return
            if not buffer.startswith(b"HTTP/1.1 101"):
                self.ready.set_exception(ConnectionError(buffer[:end].decode()))
                return
            self.ready.set_result(None)
            place = end + 4
        size = len(buffer)
        while size - place >= 2:
            length, start = buffer[place + 1], place + 2
            if length == 126:
                if size < start + 2:
                    break
                length, start = int.from_bytes(buffer[start : start + 2], "big"), start + 2
            elif length == 127:
                if size < start + 8:
                    break
                length, start = int.from_bytes(buffer[start : start + 8], "big"), start + 8
            if size < start + length:
                break
            if buffer[place] == TEXT:
                self._on_text(buffer[start : start + length])
            place = start + length
        self._buffer = buffer[place:]

    def connection_lost(self, exc: Exception | None) -> None:
        for future in (self.ready, self.closed):
            if not future.done():
                future.set_result(None)


async def connect(port: int, path: str, on_text: Callable[[bytes], None]) -> Reader:
    """An open connection to a server on this machine."""
    loop = asyncio.get_running_loop()
    _, reader = await loop.create_connection(lambda: Reader(path, on_text), "127.0.0.1", port)
    await reader.ready
    return reader
