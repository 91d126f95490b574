"""The WebSocket side of the server: uvicorn's protocol, whose connections the application also holds as lines.

ASGI has one awaited call per message and connection. A fan-out needs more: frames that are encoded once for all
subscribers, written at once where that is possible, and the news that the other side does not read. So the scope of
a WebSocket names its `Line` in the extension LINE. The handshake, and what is received, are plain ASGI.

Pings every 20 s and a limit of a minute for the pong are Binance's (web-socket-streams.md, 'General WSS
information'); so is that nothing is compressed.
"""

import asyncio
import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets import http11
from websockets.frames import CloseCode, Frame
from websockets.http11 import Request
from websockets.protocol import State

from hypersim.bus import LINE, Outbox
from hypersim.plainframes import PlainFrames

PING_INTERVAL_S: Final = 20
PONG_TIMEOUT_S: Final = 60
LONGEST_MESSAGE: Final = 1_000_000
LONGEST_ADDRESS: Final = 64 * 1024
CLOSE_TIMEOUT_S: Final = 5
"""How long the other side may take to answer that the connection is closed."""
END_OF_HEADERS: Final = b"\r\n\r\n"
KERNEL_BUFFER: Final = 64 * 1024
"""What the system keeps for a connection that does not read: little, so that it is noticed soon."""


def allow_long_addresses() -> None:
    """Lets an address name 1024 streams. What may be as long is said once for all of a process."""
    http11.MAX_LINE_LENGTH = LONGEST_ADDRESS


class Protocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol, which is the line of its connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.outbox: Outbox | None = None
        self.on_control: Callable[[], None] | None = None
        self._frames: PlainFrames | None = None
        """Once everything up to the end of the handshake came by itself, as it does from clients that wait for it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        connected = transport.get_extra_info("socket")
        if connected is not None:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER)
        super().connection_made(transport)

    async def run_asgi(self) -> None:
        self.scope["extensions"][LINE] = {"line": self}
        await super().run_asgi()

    def handle_connect(self, event: Request) -> None:
        if event.path.isascii():
            super().handle_connect(event)
            return
        self.conn.send_response(self.conn.reject(HTTPStatus.BAD_REQUEST, "An address is ASCII: percent-encode it.\n"))
        self._turned_away()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.outbox is not None:
            self.outbox.drop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._frames is not None:
            self._frames.feed(data)
            return
        asked = self.handshake_initiated
        super().data_received(data)
        if self.handshake_initiated and not asked and data.partition(END_OF_HEADERS)[1:] == (END_OF_HEADERS, b""):
            self._frames = PlainFrames(LONGEST_MESSAGE, self._take, super().data_received)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            # too long, or no request at all: uvicorn waits for one, and what is to be answered stays where it is
            self._turned_away()

    def _take(self, text: str) -> bool:
        """Puts a message where the application finds it, as uvicorn does; not amid another one or at the end."""
        if self.conn.state is not State.OPEN or self.close_sent or self.conn.current_size is not None:
            return False
        self.queue.put_nowait({"type": "websocket.receive", "text": text})
        if not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()
        return True

    def _turned_away(self) -> None:
        """Sends the refusal of a handshake, which the connection has at hand, and ends it."""
        self.handshake_complete = self.close_sent = True
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.close()

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True  # by a refusal; uvicorn would report a bug of ours

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.outbox is not None:
            self.outbox.hold()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.outbox is not None:
            self.outbox.release()
        if self.read_paused and self.queue.empty():
            self.read_paused = False
            self.transport.resume_reading()

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text" and not _is_text(b"".join(self.frames)):
            self.frames = []
            self.close(CloseCode.INVALID_DATA, "a text message is UTF-8")
            return
        super().send_receive_event_to_app()

    def handle_ping(self) -> None:
        super().handle_ping()
        self._control()
        if not self.writable.is_set() and not self.read_paused:  # its pongs are not read: no more pings
            self.read_paused = True
            self.transport.pause_reading()

    def handle_pong(self, event: Frame) -> None:
        super().handle_pong(event)
        self._control()

    def _control(self) -> None:
        if self.on_control is not None:
            self.on_control()

    def handle_close(self, event: Frame) -> None:
        super().handle_close(event)
        if self.close_timer is None:  # what is still to be written may never be read
            self.close_timer = self.loop.call_later(CLOSE_TIMEOUT_S, self.transport.abort)

    def keepalive_timeout(self) -> None:
        self.pong_timer = None
        self.close(CloseCode.POLICY_VIOLATION, "Pong timeout")

    def write(self, data: bytes) -> None:
        """Sends frames, unless the connection is closing."""
        if self.conn.state is State.OPEN and not self.transport.is_closing():
            self.transport.write(data)

    def close(self, code: int, reason: str) -> None:
        """Sends a close frame after what was written; whoever does not answer it is cut off."""
        if self.close_sent or self.transport.is_closing() or self.conn.state is not State.OPEN:
            return
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(CLOSE_TIMEOUT_S, self.transport.abort)

    def shutdown(self) -> None:
        if self.outbox is not None:
            self.outbox.close(CloseCode.GOING_AWAY, "the exchange stops")
        else:
            super().shutdown()


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
