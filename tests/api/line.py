"""A WebSocket without a network: an application's connection, whose line ends in the test."""

import asyncio
import struct
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from litestar.types import ASGIApp

from hypersim.bus import LINE, Outbox


def texts(data: bytes) -> list[str]:
    """The text messages in what a server wrote (RFC 6455, 5.2)."""
    found = []
    at = 0
    while at < len(data):
        assert data[at] == 0x81, "a whole text message"
        length, at = data[at + 1], at + 2
        if length == 126:
            (length,), at = struct.unpack_from("!H", data, at), at + 2
        elif length == 127:
            (length,), at = struct.unpack_from("!Q", data, at), at + 8
        found.append(data[at : at + length].decode())
        at += length
    return found


class Wire:
    """A `hypersim.bus.Line` that hands each text message on."""

    def __init__(self, hear: Callable[[str], object]) -> None:
        self.outbox: Outbox | None = None
        self.on_control: Any = None
        self.closed: tuple[int, str] | None = None
        self.incoming: asyncio.Queue[Any] = asyncio.Queue()
        self._hear = hear

    def write(self, data: bytes) -> None:
        for text in texts(data):
            self._hear(text)

    def close(self, code: int, reason: str) -> None:
        self.closed = code, reason
        self.incoming.put_nowait({"type": "websocket.disconnect", "code": code})

    def send(self, text: str) -> None:
        """Sends a text message."""
        self.incoming.put_nowait({"type": "websocket.receive", "text": text})

    def hang_up(self) -> None:
        """Ends the connection; more than once is once."""
        self.incoming.put_nowait({"type": "websocket.disconnect", "code": 1000})


def dial(application: ASGIApp, wire: Wire, address: str, client: str) -> tuple["asyncio.Task[None]", list[Any]]:
    """Connects to an address such as '/ws/btcusdt@trade', which a server decodes; gives what serves the connection, and
    what the handshake is answered.
    """
    path, _, query = address.partition("?")
    answered: list[Any] = []
    wire.incoming.put_nowait({"type": "websocket.connect"})
    scope: Any = {
        "type": "websocket",
        "path": unquote(path),
        "query_string": query.encode(),
        "headers": [],
        "client": (client, 40_000),
        "extensions": {LINE: {"line": wire}},
    }

    async def send(message: Any) -> None:
        answered.append(message)

    async def serve() -> None:
        await application(scope, wire.incoming.get, send)

    return asyncio.create_task(serve()), answered
