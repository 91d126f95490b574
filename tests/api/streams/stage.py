"""Market streams for a test: a lab's exchange, its WebSockets, and clients whose lines end in the test.

Time stands still until `pass_time` moves it, tenth by tenth; whatever is due by then has been told when it returns.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from hypersim.api.binance.websockets import WebSockets
from hypersim.views.records import HistorySource
from tests.api.lab import Lab, open_lab
from tests.api.line import Wire, dial
from tests.writer.rig import turns

TENTH_US = 100_000
PATIENCE = 5000
"""Milliseconds that a commit, or a read of the store, may take."""


class StreamClient:
    """One connection."""

    def __init__(self, sockets: WebSockets, address: str, client: str) -> None:
        self._written: list[str] = []
        self.wire = Wire(self._written.append)
        self._task, self._answered = dial(sockets, self.wire, address, client)

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
        told = [json.loads(text) for text in self._written]
        self._written.clear()
        return told

    async def send(self, text: str | dict[str, Any]) -> None:
        """Sends a message, which is answered when this returns."""
        self.wire.send(text if isinstance(text, str) else json.dumps(text))
        await turns()

    async def ask(self, method: str, *params: Any, request_id: int | str | None = 1) -> Any:
        """What a request is answered; nothing else may have been told before."""
        await self.send({"method": method, "params": list(params), "id": request_id})
        answer, *rest = self.read()
        self._written += [json.dumps(each) for each in rest]
        return answer

    async def leave(self) -> None:
        """Hangs up; more than once is once."""
        self.wire.hang_up()
        await self._task


class Stage:
    """A lab with streams."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.sockets = WebSockets(lab.world, lab.app, settled_us=lab.writer.settled_us)
        self._clients: list[StreamClient] = []

    async def open(self, address: str, *, client: str = "10.0.0.1") -> StreamClient:
        """A client at an address such as '/ws/btcusdt@trade', which a server decodes."""
        opened = StreamClient(self.sockets, address, client)
        await turns()
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
