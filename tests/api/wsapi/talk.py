"""Connections to the WebSocket API of a lab, whose lines end in the test."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from hypersim.api.binance.websockets import WebSockets
from tests.api.client import Client
from tests.api.lab import Lab, open_lab
from tests.api.line import Wire, dial
from tests.writer.rig import turns

PATIENCE_S = 5


def signature_payload(params: Mapping[str, Any]) -> str:
    """What is signed, written down as the document says: numbers as JSON has them, flags as true and false."""
    shown = {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
    return "&".join(f"{name}={shown[name]}" for name in sorted(shown))


class Talk:
    """One connection."""

    def __init__(self, lab: Lab, sockets: WebSockets, address: str, client: str) -> None:
        self.lab = lab
        self._written: asyncio.Queue[str] = asyncio.Queue()
        self.wire = Wire(self._written.put_nowait)
        self.task, self._answered = dial(sockets, self.wire, address, client)

    @property
    def refusal(self) -> tuple[int, Any, str | None]:
        """Status, body and Retry-After of a handshake that was refused."""
        start, body = self._answered
        return start["status"], json.loads(body["body"]), httpx.Headers(start["headers"]).get("retry-after")

    def send(self, message: str | Mapping[str, Any]) -> None:
        """Sends a message, and does not wait for its answer."""
        self.wire.send(message if isinstance(message, str) else json.dumps(message))

    async def read(self) -> Any:
        """The next message."""
        return json.loads(await asyncio.wait_for(self._written.get(), PATIENCE_S))

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
        return [json.loads(self._written.get_nowait()) for _ in range(self._written.qsize())]

    async def leave(self) -> None:
        """Hangs up; what it asked for goes on until this returns."""
        self.wire.hang_up()
        await self.task


class Talks:
    """A lab that answers WebSockets."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.sockets = WebSockets(lab.world, lab.app, settled_us=lab.writer.settled_us)
        self._opened: list[Talk] = []

    async def open(self, query: str = "", *, address: str = "10.0.0.9") -> Talk:
        talk = Talk(self.lab, self.sockets, f"/ws-api/v3?{query}", address)
        await turns()
        self._opened.append(talk)
        return talk

    async def close(self) -> None:
        for talk in self._opened:
            await talk.leave()


@asynccontextmanager
async def open_talks(*, rate_limits: bool = False) -> AsyncIterator[Talks]:
    async with open_lab(rate_limits=rate_limits) as lab:
        talks = Talks(lab)
        lab.writer.listeners.append(talks.sockets.fold)
        try:
            yield talks
        finally:
            await talks.close()
