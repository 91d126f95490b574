"""Connections to the WebSocket API of a lab, whose lines end in the test."""

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from hypersim.api.binance.websockets import WebSockets
from hypersim.bus import LINE, Outbox
from tests.api.client import Client
from tests.api.lab import Lab, open_lab

PATIENCE_S = 5
TURNS = 10
"""Of the event loop, in which everything that needs no commit happens."""


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
    """A `hypersim.bus.Line` that keeps what is written."""

    def __init__(self) -> None:
        self.outbox: Outbox | None = None
        self.on_control: Any = None
        self.written: asyncio.Queue[str] = asyncio.Queue()
        self.closed: tuple[int, str] | None = None
        self.incoming: asyncio.Queue[Any] = asyncio.Queue()

    def write(self, data: bytes) -> None:
        for text in texts(data):
            self.written.put_nowait(text)

    def close(self, code: int, reason: str) -> None:
        self.closed = code, reason
        self.incoming.put_nowait({"type": "websocket.disconnect", "code": code})


def signature_payload(params: Mapping[str, Any]) -> str:
    """What is signed, written down as the document says: numbers as JSON has them, flags as true and false."""
    shown = {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
    return "&".join(f"{name}={shown[name]}" for name in sorted(shown))


class Talk:
    """One connection."""

    def __init__(self, lab: Lab, wire: Wire, task: "asyncio.Task[None]", answered: list[Any]) -> None:
        self.lab = lab
        self.wire = wire
        self.task = task
        self._answered = answered

    @property
    def refusal(self) -> tuple[int, Any, str | None]:
        """Status, body and Retry-After of a handshake that was refused."""
        start, body = self._answered
        return start["status"], json.loads(body["body"]), httpx.Headers(start["headers"]).get("retry-after")

    def send(self, message: str | Mapping[str, Any]) -> None:
        """Sends a message, and does not wait for its answer."""
        text = message if isinstance(message, str) else json.dumps(message)
        self.wire.incoming.put_nowait({"type": "websocket.receive", "text": text})

    async def read(self) -> Any:
        """The next message."""
        return json.loads(await asyncio.wait_for(self.wire.written.get(), PATIENCE_S))

    async def ask(self, method: str, params: Mapping[str, Any] | None = None, request_id: Any = 1) -> Any:
        """The answer to a request; nothing else may come before."""
        message = {"id": request_id, "method": method}
        self.send(message if params is None else {**message, "params": params})
        answer = await self.read()
        assert request_id == answer["id"], answer
        return answer

    async def result(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        """What a request that succeeds comes to."""
        answer = await self.ask(method, params)
        assert answer["status"] == 200, answer
        return answer["result"]

    async def problem(self, method: str, params: Mapping[str, Any] | None = None) -> tuple[int, int]:
        """Status and code of a request that is refused."""
        answer = await self.ask(method, params)
        return answer["status"], answer["error"]["code"]

    def signed(self, params: Mapping[str, Any] | None = None, client: Client | None = None) -> dict[str, Any]:
        """Parameters with key, time and signature, of alice unless told."""
        client = client or self.lab.alice
        sent = {"timestamp": self.lab.now_ms, "apiKey": client.api_key, **(params or {})}
        return {**sent, "signature": client.sign(signature_payload(sent))}

    def rest(self) -> list[Any]:
        """What came that nobody read."""
        return [json.loads(self.wire.written.get_nowait()) for _ in range(self.wire.written.qsize())]

    async def leave(self) -> None:
        """Hangs up; what it asked for goes on until this returns."""
        self.wire.incoming.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await self.task


class Talks:
    """A lab that answers WebSockets."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.sockets = WebSockets(lab.world, lab.app, settled_us=lab.writer.settled_us)
        self._opened: list[Talk] = []

    async def open(self, query: str = "", *, address: str = "10.0.0.9") -> Talk:
        wire, answered = Wire(), []
        wire.incoming.put_nowait({"type": "websocket.connect"})
        scope: Any = {
            "type": "websocket",
            "path": "/ws-api/v3",
            "query_string": query.encode(),
            "headers": [],
            "client": (address, 40_000),
            "extensions": {LINE: {"line": wire}},
        }

        async def send(message: Any) -> None:
            answered.append(message)

        task = asyncio.create_task(self.sockets(scope, wire.incoming.get, send))
        await turns()
        talk = Talk(self.lab, wire, task, answered)
        self._opened.append(talk)
        return talk

    async def close(self) -> None:
        for talk in self._opened:
            await talk.leave()


async def turns(count: int = TURNS) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@asynccontextmanager
async def open_talks(*, rate_limits: bool = False) -> AsyncIterator[Talks]:
    async with open_lab(rate_limits=rate_limits) as lab:
        talks = Talks(lab)
        lab.writer.listeners.append(talks.sockets.fold)
        try:
            yield talks
        finally:
            await talks.close()
