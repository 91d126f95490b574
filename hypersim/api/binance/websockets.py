"""The WebSockets of this dialect: where they are, who may connect, and how long a connection lives.

Limits: 300 attempts of an address in five minutes, five messages a second (pings and pongs count) on market streams,
24 hours; none but the last while limits are not enforced. Source: web-socket-streams.md, 'General WSS information' and
'WebSocket Limits'.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol
from urllib.parse import unquote

from litestar.enums import ScopeType
from litestar.types import Receive, Scope, Send
from websockets.frames import CloseCode

from hypersim.api.binance.dispatch import TIME_UNITS
from hypersim.api.binance.parameters import Boolean
from hypersim.api.binance.refusals import word
from hypersim.api.binance.streams.connection import StreamConnection
from hypersim.api.binance.streams.form import MILLISECOND, Form
from hypersim.api.binance.streams.keyed import KeyedStreams
from hypersim.api.binance.streams.market import MarketStreams
from hypersim.api.binance.streams.user import UserStreams
from hypersim.api.binance.wsapi.connection import ApiConnection, PatientOutbox, WebSocketApi
from hypersim.api.binance.wsapi.envelope import RETURN_RATE_LIMITS
from hypersim.api.binance.wsapi.own import WEIGHT
from hypersim.api.wire import Direct, Responder, encode
from hypersim.bus import LINE, Bus, Outbox
from hypersim.clock import MICROSECONDS, Clock
from hypersim.engine.events import Committed
from hypersim.errors import Reason, Refused
from hypersim.limits import Limited
from hypersim.world import World

LIFE_S: Final = 24 * 3600
GROWN_OLD: Final = "connected for 24 hours"
MESSAGES_A_SECOND: Final = 5

RAW: Final = "/ws"
COMBINED: Final = "/stream"
API: Final = "/ws-api/v3"


class Connection(Protocol):
    """A connection of either kind: to market streams, or to the WebSocket API."""

    @property
    def outbox(self) -> Outbox: ...

    async def receive(self, text: str) -> None:
        """Answers one message."""

    def close(self) -> None:
        """Leaves everything that it is subscribed to: it is gone."""

    def stopping(self, now_us: int) -> None:
        """Tells that the exchange stops soon."""

    def end(self, code: int, reason: str) -> None:
        """Ends the connection, once what it was promised is told."""


class WebSockets:
    """ASGI application that answers WebSockets, and hands everything else on."""

    def __init__(self, world: World, others: Direct, *, settled_us: Callable[[], int]) -> None:
        """`settled_us`: the time until which everything that happened is committed and in the views."""
        self._world = world
        self._others = others
        self._bus = Bus()
        self._market = MarketStreams(world, self._bus, settled_us)
        self._user = UserStreams(world, self._bus)
        self._keyed = KeyedStreams(world.listen_keys, world.clock, self._user)
        self._api = WebSocketApi(world, self._user)
        self._connections: set[Connection] = set()

    def fold(self, record: Committed) -> None:
        """Tells what was committed. A listener of the writer."""
        if self._connections:
            self._market.fold(record)
            self._user.fold(record)

    async def run(self) -> None:
        """Tells what time changes, until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._market.run(), name="market streams")
            tasks.create_task(self._world.listen_keys.run(), name="listen keys")

    def stopping(self) -> None:
        """Tells every client that the exchange stops soon."""
        now_us = self._world.clock.now_us()
        for connection in self._connections:
            connection.stopping(now_us)

    def restart(self) -> None:
        """Ends every connection: what they were told, or found when they came, may not be what is durable."""
        self._user.forget()
        for connection in list(self._connections):
            connection.end(CloseCode.SERVICE_RESTART, "the exchange restarts")

    def direct(self, path: str, headers: Mapping[bytes, bytes]) -> Responder | None:
        """See `Direct`."""
        return self._others.direct(path, headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = _kind_of(scope["path"]) if scope["type"] == ScopeType.WEBSOCKET else None
        if kind is None:
            await self._others(scope, receive, send)
            return
        await receive()  # that somebody wants to connect
        try:
            query = _query_of(scope["query_string"])
            unit = _unit_of(query)
            shows_rate_limits = _flag_of(query, RETURN_RATE_LIMITS)
            address = scope["client"][0] if scope["client"] else ""
            weight = WEIGHT if kind == API else 0
            self._world.limits.connect(address, self._world.clock.now_us(), weight)
        except Refused as refused:
            await _turn_away(send, refused)
            return
        await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
        extensions: Any = scope["extensions"]
        line = extensions[LINE]["line"]
        if kind != API:
            await self._serve(self._streams(kind, scope["path"], query, Outbox(line, self._bus), unit), receive)
            return
        outbox = PatientOutbox(line, self._bus)
        async with asyncio.TaskGroup() as tasks:  # what was taken in is carried out, whoever is gone
            connection = ApiConnection(
                self._api, outbox, tasks, address=address, unit=unit, returns_rate_limits=shows_rate_limits
            )
            await self._serve(connection, receive, most_a_second=None)

    def _streams(
        self, kind: str, path: str, query: dict[str, list[str]], outbox: Outbox, unit: int
    ) -> StreamConnection:
        connection = StreamConnection(outbox, self._market, self._keyed, Form(combined=kind == COMBINED, unit=unit))
        texts = [path.removeprefix(kind).removeprefix("/"), *query.get("streams", [])]
        connection.open([name for text in texts for name in text.split("/") if name])
        return connection

    async def _serve(
        self, connection: Connection, receive: Receive, most_a_second: int | None = MESSAGES_A_SECOND
    ) -> None:
        """Answers what a connection asks until it is gone."""
        outbox = connection.outbox
        pace = Pace(outbox, self._world.clock, most_a_second if self._world.limits.enforced else None)
        outbox.line.on_control = pace.count
        life = asyncio.get_running_loop().call_later(LIFE_S, outbox.close, CloseCode.GOING_AWAY, GROWN_OLD)
        self._connections.add(connection)
        try:
            while not outbox.closed:
                message: Any = await receive()
                if message["type"] != "websocket.receive":
                    return
                pace.count()
                if pace.exceeded:
                    return
                text = message.get("text")
                await connection.receive(text if text is not None else message["bytes"].decode("utf-8", "replace"))
        finally:
            life.cancel()
            self._connections.discard(connection)
            connection.close()
            outbox.drop()


class Pace:
    """How many messages a connection may send in a second; None for any number."""

    def __init__(self, outbox: Outbox, clock: Clock, most: int | None) -> None:
        self._outbox = outbox
        self._clock = clock
        self._most = most
        self._times_us: deque[int] = deque(maxlen=most)
        self.exceeded = False

    def count(self) -> None:
        """Counts one; the connection ends with the one that is too many."""
        if self._most is None:
            return
        now_us = self._clock.now_us()
        if len(self._times_us) == self._most and now_us - self._times_us[0] < MICROSECONDS:
            self.exceeded = True
            self._outbox.close(CloseCode.POLICY_VIOLATION, "Too many requests")
        self._times_us.append(now_us)


def _kind_of(path: str) -> str | None:
    if path == API:
        return API
    return next((kind for kind in (RAW, COMBINED) if path == kind or path.startswith(f"{kind}/")), None)


def _query_of(text: bytes) -> dict[str, list[str]]:
    """The parameters of an address. A plus is itself, as in `btcusdt@kline_1d@+08:00`."""
    query: dict[str, list[str]] = {}
    for part in text.decode("utf-8", "replace").split("&"):
        name, _, value = part.partition("=")
        query.setdefault(unquote(name), []).append(unquote(value))
    return query


def _unit_of(query: dict[str, list[str]]) -> int:
    """The unit of times that an address asks for. Raises Refused BAD_TIME_UNIT."""
    microseconds = TIME_UNITS.get(query.get("timeUnit", ["MILLISECOND"])[-1].encode())
    if microseconds is None:
        raise Refused(Reason.BAD_TIME_UNIT)
    return 1 if microseconds else MILLISECOND


def _flag_of(query: dict[str, list[str]], name: str) -> bool:
    """A flag of an address; set unless it says otherwise. Raises Refused PARAMETER_INVALID."""
    return Boolean().parse(name, query.get(name, ["true"])[-1])


async def _turn_away(send: Send, refused: Refused) -> None:
    """Answers a handshake as a request over HTTP that is refused."""
    status, problem = word(refused)
    body = encode(problem)
    headers = [(b"content-type", b"application/json;charset=UTF-8"), (b"content-length", b"%d" % len(body))]
    if isinstance(refused, Limited):
        headers.append((b"retry-after", b"%d" % refused.retry_after_s))
    start: Any = {"type": "websocket.http.response.start", "status": status, "headers": headers}
    await send(start)
    rest: Any = {"type": "websocket.http.response.body", "body": body, "more_body": False}
    await send(rest)
