"""Market streams for a test: a lab's exchange, its WebSockets, and clients whose lines end in the test.

Time stands still until `pass_time` moves it, tenth by tenth; whatever is due by then has been told when it returns.
"""

import asyncio
import json
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote

import httpx

from hypersim.api.binance.websockets import WebSockets
from hypersim.bus import LINE, Outbox
from hypersim.views.records import HistorySource
from tests.api.lab import Lab, open_lab

TENTH_US = 100_000
PATIENCE = 5000
"""Milliseconds that a commit, or a read of the store, may take."""
TURNS = 20
"""Of the event loop, in which everything that is due happens."""


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
        self.written: list[str] = []
        self.closed: tuple[int, str] | None = None
        self.incoming: asyncio.Queue[Any] = asyncio.Queue()

    def write(self, data: bytes) -> None:
        self.written += texts(data)

    def close(self, code: int, reason: str) -> None:
        self.closed = code, reason
        self.incoming.put_nowait({"type": "websocket.disconnect", "code": code})


class StreamClient:
    """One connection."""

    def __init__(self, wire: Wire, task: "asyncio.Task[None]", answered: list[Any]) -> None:
        self.wire = wire
        self._task = task
        self._answered = answered

    @property
    def refusal(self) -> tuple[int, Any] | None:
        """Status and body of a handshake that was refused."""
        if self._answered[0]["type"] == "websocket.accept":
            return None
        return self._answered[0]["status"], json.loads(self._answered[1]["body"])

    @property
    def retry_after(self) -> str:
        return httpx.Headers(self._answered[0]["headers"])["retry-after"]

    def read(self) -> list[Any]:
        """What was told since the last call."""
        told = [json.loads(text) for text in self.wire.written]
        self.wire.written.clear()
        return told

    async def send(self, text: str | dict[str, Any]) -> None:
        """Sends a message, which is answered when this returns."""
        self.wire.incoming.put_nowait(
            {"type": "websocket.receive", "text": text if isinstance(text, str) else json.dumps(text)}
        )
        await turns()

    async def ask(self, method: str, *params: Any, request_id: int | str | None = 1) -> Any:
        """What a request is answered; nothing else may have been told before."""
        await self.send({"method": method, "params": list(params), "id": request_id})
        answer, *rest = self.read()
        self.wire.written = [json.dumps(each) for each in rest]
        return answer

    async def leave(self) -> None:
        """Hangs up; more than once is once."""
        self.wire.incoming.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await self._task


class Stage:
    """A lab with streams."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.sockets = WebSockets(lab.world, lab.app, settled_us=lab.writer.settled_us)
        self._clients: list[StreamClient] = []

    async def open(self, address: str, *, client: str = "10.0.0.1") -> StreamClient:
        """A client at an address such as '/ws/btcusdt@trade', which a server decodes."""
        path, _, query = address.partition("?")
        wire, answered = Wire(), []
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

        task = asyncio.create_task(self.sockets(scope, wire.incoming.get, send))
        await turns()
        opened = StreamClient(wire, task, answered)
        self._clients.append(opened)
        return opened

    async def pass_time(self, seconds: float) -> None:
        """Moves the clock on, tenth by tenth."""
        until_us = self.lab.clock.time_us + round(seconds * 1_000_000)
        while self.lab.clock.time_us < until_us:
            now_us = self.lab.clock.time_us
            self.lab.clock.time_us = min(now_us - now_us % TENTH_US + TENTH_US, until_us)
            await self.settle()

    async def settle(self) -> None:
        """Returns once what was taken in is durable, and what is due was told."""
        await turns()
        for _ in range(PATIENCE):
            if not self.sockets._market._sampled._telling and self.lab.writer.settled_us() == self.lab.clock.time_us:
                break
            await asyncio.sleep(0.001)
        await turns()

    async def close(self) -> None:
        for client in self._clients:
            await client.leave()


async def turns(count: int = TURNS) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@asynccontextmanager
async def open_stage(*, rate_limits: bool = False, past: HistorySource | None = None) -> AsyncIterator[Stage]:
    """A lab with its streams running; `past` knows what was traded before."""
    async with open_lab(rate_limits=rate_limits, past=past) as lab:
        stage = Stage(lab)
        lab.writer.listeners.append(stage.sockets.fold)
        running = asyncio.create_task(stage.sockets.run())
        await turns()
        try:
            yield stage
        finally:
            await stage.close()
            running.cancel()
            await asyncio.wait((running,))
            assert running.cancelled(), running.exception()
