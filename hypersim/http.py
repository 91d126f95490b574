"""The HTTP side of the server: uvicorn's protocol, with a direct way to whoever answers whole requests.

ASGI has a scope, awaited messages and a check of every header of every answer, in all more than half of what a bare
application costs (`make bench`, part `orders`, measures what is left of it). A request goes the direct way when it is
a plain one and the application names somebody for its path, see `hypersim.api.wire.Direct`. Everything out of the
ordinary goes through ASGI: other versions and methods, bodies in chunks, a GET with a body, waiting for `100 Continue`,
upgrades, escapes in the path, very long queries, what follows a request that is still under way.
"""

import asyncio
from collections.abc import Mapping, Sized
from typing import Any, Final

from msgspec import Struct
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from hypersim.api.wire import LONGEST_BODY, Answer, Direct, Request, Responder

METHODS: Final = {method.encode(): method for method in ("GET", "POST", "PUT", "DELETE")}
"""Whose answers have a body."""
UNUSUAL: Final = frozenset({b"connection", b"expect", b"proxy-connection", b"transfer-encoding", b"upgrade"})
"""Headers that say how the connection is to be used."""
LONGEST_URL: Final = 16 * 1024
"""Bytes; what uvicorn takes ends at 64 KiB."""
NO_LENGTH: Final = b"0"
DIGITS: Final = len(str(LONGEST_BODY))
FAILED: Final = Answer(500, b"Internal Server Error", [(b"content-type", b"text/plain; charset=utf-8")])


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol for one connection."""

    application: Direct
    """Whose direct way it is; `serving` sets it, since what uvicorn calls its application may be wrapped."""
    cycle: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._address = ""
        self._idle_since: float | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.flow = Flow(transport, self.pipeline)
        self._address = self.client[0] if self.client else ""

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._forget_timer()

    def handle_websocket_upgrade(self) -> None:
        self._forget_timer()
        super().handle_websocket_upgrade()

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        under_way = self.cycle
        method = METHODS.get(self.parser.get_method())
        if method is not None and (under_way is None or under_way.response_complete):
            headers = dict(self.headers)
            target, _, query = self.url.partition(b"?")
            if self._is_plain(method, target, headers):
                path = target.decode()
                responder = self.application.direct(path, headers)
                if responder is not None:
                    request = Request(method, path, query, headers, self._address, b"")
                    self.cycle = DirectCycle(responder, request)
                    return
        self._begin_scope()
        super().on_headers_complete()

    def _is_plain(self, method: str, path: bytes, headers: Mapping[bytes, bytes]) -> bool:
        """Whether a request says nothing that ASGI is needed for."""
        if not path.startswith(b"/") or not path.isascii() or b"%" in path or b"#" in self.url:
            return False
        if len(self.url) > LONGEST_URL:
            return False
        if len(headers) != len(self.headers):
            return False
        length = headers.get(b"content-length", NO_LENGTH)
        if length != NO_LENGTH:
            if not length.isdigit() or len(length) > DIGITS or int(length) > LONGEST_BODY:
                return False
            if method == "GET":  # is answered before its body is here
                return False
        if UNUSUAL.isdisjoint(headers):
            return bool(self.parser.should_keep_alive())  # as only 1.1 does of itself; its text takes longer
        others = UNUSUAL & headers.keys()
        if others != {b"connection"} or headers[b"connection"].lower() != b"keep-alive":
            return False
        return self.parser.get_http_version() == "1.1"

    def _begin_scope(self) -> None:
        """What uvicorn does before it has seen the headers."""
        url, headers = self.url, self.headers
        super().on_message_begin()
        self.url = url
        for name, value in headers:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        cycle = self.cycle
        if isinstance(cycle, DirectCycle) and cycle.task is None:
            cycle.body += body
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        cycle = self.cycle
        if isinstance(cycle, DirectCycle) and cycle.task is None:  # else of the request before an upgrade
            cycle.request.body, cycle.body = cycle.body, b""
            cycle.task = self.loop.create_task(self._respond(cycle))
            self.tasks.add(cycle.task)  # whose end uvicorn waits for when it stops
        else:
            super().on_message_complete()

    async def _respond(self, cycle: "DirectCycle") -> None:
        try:
            answer = await cycle.responder.respond(cycle.request)
            if self.flow.write_paused:
                await self.flow.drain()
            if not self.transport.is_closing():  # else its client has left
                self._send(answer, keep_alive=cycle.keep_alive)
        except Exception:  # of a responder that fails, though it must not: its client does not wait forever
            if not self.transport.is_closing():
                self._send(FAILED, keep_alive=False)
            raise
        finally:
            cycle.request.body = b""  # the next request may be long in coming
            cycle.response_complete = True
            self.tasks.discard(cycle.task)
            self.on_response_complete()

    def _send(self, answer: Answer, *, keep_alive: bool) -> None:
        content = answer.content
        parts = [STATUS_LINE[answer.status]]
        for name, value in self.server_state.default_headers:
            parts += (name, b": ", value, b"\r\n")
        for name, value in answer.headers:
            parts += (name, b": ", value, b"\r\n")
        if not keep_alive:
            parts.append(b"connection: close\r\n")
        parts += (b"content-length: ", b"%d" % len(content), b"\r\n\r\n", content)
        self.transport.write(b"".join(parts))
        if not keep_alive:
            self.transport.close()

    # One timer for a connection rather than one for every answer: it looks how long nothing was asked.

    def _unset_keepalive_if_required(self) -> None:
        self._idle_since = None

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        if self.flow.read_paused:
            self.flow.resume_reading()
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._set_timer(self.timeout_keep_alive)

    def timeout_keep_alive_handler(self) -> None:
        idle_s = self.loop.time() - self._idle_since if self._idle_since is not None else 0
        if idle_s < self.timeout_keep_alive:
            self._set_timer(self.timeout_keep_alive - idle_s)
        else:
            super().timeout_keep_alive_handler()

    def _set_timer(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _forget_timer(self) -> None:
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None


class Flow(FlowControl):
    """Takes no more in while requests wait for their turn, or who asks without reading the answers fills the memory."""

    def __init__(self, transport: Any, waiting: Sized) -> None:
        super().__init__(transport)
        self._waiting = waiting

    def resume_reading(self) -> None:
        if not self._waiting:  # else the request that is answered is here as a whole: others came after it
            super().resume_reading()


class DirectCycle(Struct):
    """A request on the direct way, as uvicorn's protocol knows its own."""

    responder: Responder
    request: Request
    body: bytes = b""
    keep_alive: bool = True
    disconnected: bool = False
    response_complete: bool = False
    task: asyncio.Task[None] | None = None

    @property
    def message_event(self) -> "DirectCycle":
        """Nobody waits for more of the request."""
        return self

    def set(self) -> None:
        """Does nothing."""


def serving(app: Direct) -> type[Protocol]:
    """The protocol that serves an application."""

    class Serving(Protocol):
        application = app

    return Serving
