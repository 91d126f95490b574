"""From bytes to bytes: how a request reaches its handler, and how its answer leaves.

One handler per path does everything itself - one read of the body, one parse, one signature over the raw
bytes, one encoding - because an order's own cost is small and a framework's layers would double it. The order
of the checks is Binance's: address limits, method, body, parameters' form, security, parameters, unfilled
orders, handler.

Guarantees that every answer is JSON with the used-weight headers, also where there is no such path, and that no
error reaches the client as a traceback: what is not a refusal is logged and answered with 500 / -1000.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from hypersim.api.binance.endpoints import Call, Endpoint
from hypersim.api.binance.operations import Operation
from hypersim.api.binance.refusals import UNEXPECTED, RefusedWithData, word
from hypersim.api.binance.request import Sent
from hypersim.api.binance.security import authenticate, find_key
from hypersim.api.root import nothing_at
from hypersim.api.wire import NO_CONTENT, Answer, Header, Request, Responder, answer_asgi, encode
from hypersim.errors import Reason, Refused
from hypersim.limits import Limited, Visitor
from hypersim.world import World

log = logging.getLogger(__name__)

JSON: Final = (b"content-type", b"application/json;charset=UTF-8")
TIME_UNITS: Final = {
    b"MILLISECOND": False,
    b"millisecond": False,
    b"MICROSECOND": True,
    b"microsecond": True,
}

UNIT: Final = b"x-mbx-time-unit"
USED: Final = b"x-mbx-used-weight"
USED_1M: Final = b"x-mbx-used-weight-1m"


class Dialect:
    """ASGI application that answers the paths of its endpoints itself and hands everything else on.

    It stands in front of the framework: routing and error layers that these paths do not need would cost a
    tenth of an order.
    """

    def __init__(self, world: World, endpoints: Iterable[Endpoint], others: ASGIApp) -> None:
        by_path: dict[str, list[Endpoint]] = {}
        for endpoint in endpoints:
            for prefix in endpoint.prefixes:
                by_path.setdefault(prefix + endpoint.path, []).append(endpoint)
        self._paths = {path: Path(world, group) for path, group in by_path.items()}
        self._prefixes = tuple({f"{prefix}/" for group in by_path.values() for one in group for prefix in one.prefixes})
        self._nowhere = Nowhere(world)
        self._others = others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = self._paths.get(scope["path"]) if scope["type"] == ScopeType.HTTP else None
        if path is not None:
            await answer_asgi(path, scope, receive, send)
        elif scope["type"] == ScopeType.HTTP and self._is_missed(scope):
            await answer_asgi(self._nowhere, scope, receive, send)
        else:
            await self._others(scope, receive, send)

    def direct(self, path: str, headers: Mapping[bytes, bytes]) -> Responder | None:
        """See `Direct`."""
        return self._paths.get(path)

    def _is_missed(self, scope: Any) -> bool:
        """Whether a client of this dialect asks for what is not there; a person's browser gets a page."""
        accepted = dict(scope["headers"]).get(b"accept", b"")
        return scope["path"].startswith(self._prefixes) and b"text/html" not in accepted


class Place(ABC):
    """Where requests are counted, answered and, when they fail, refused in Binance's words."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def respond(self, request: Request) -> Answer:
        """Answers one HTTP request."""
        limits, now_us = self._world.limits, self._world.clock.now_us()
        visitor = limits.visitor(request.address, now_us)
        headers: list[Header] = [JSON]
        try:
            limits.admit(visitor, now_us)
            status, content = await self.answer(request, visitor, headers, now_us)
        except Refused as refused:
            limited = refused.limited if isinstance(refused, RefusedWithData) else refused
            if isinstance(limited, Limited):
                headers.append((b"retry-after", b"%d" % limited.retry_after_s))
            status, problem = word(refused)
            content = encode(problem)
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            status, content = 500, encode(UNEXPECTED)
        used = b"%d" % visitor.used
        headers += ((USED, used), (USED_1M, used))
        return Answer(status, content, headers)

    @abstractmethod
    async def answer(self, request: Request, visitor: Visitor, headers: list[Header], now_us: int) -> tuple[int, bytes]:
        """Status and body of the answer. Adds headers. Raises Refused."""


class Nowhere(Place):
    """Every path that has no operation."""

    async def answer(self, request: Request, visitor: Visitor, headers: list[Header], now_us: int) -> tuple[int, bytes]:
        raise Refused(Reason.UNKNOWN_PATH, nothing_at(request.path))


class Path(Place):
    """The operations of one path."""

    def __init__(self, world: World, endpoints: Iterable[Endpoint]) -> None:
        super().__init__(world)
        self._operations = {endpoint.method: Operation(world, endpoint) for endpoint in endpoints}
        allowed = [*self._operations, *(["HEAD"] if "GET" in self._operations else []), "OPTIONS"]
        self._allow: Header = (b"allow", ", ".join(allowed).encode())

    async def answer(self, request: Request, visitor: Visitor, headers: list[Header], now_us: int) -> tuple[int, bytes]:
        method = request.method
        operation = self._operations.get("GET" if method == "HEAD" else method)
        if operation is not None:
            try:
                call = self._read(operation, request, now_us)
            except Refused:
                visitor.used += operation.least_weight
                raise
            try:
                content = await operation.perform(call, visitor)
            except RefusedWithData:  # a cancel-replace: what failed may have been the cancel alone
                headers += self._order_counts(call.account_id)
                raise
            if operation.endpoint.orders:
                headers += self._order_counts(call.account_id)
            return 200, content
        headers.append(self._allow)
        if method == "OPTIONS":
            return NO_CONTENT, b""
        raise Refused(Reason.METHOD_NOT_ALLOWED)

    def _order_counts(self, account_id: int) -> tuple[Header, Header]:
        ten, day = self._world.limits.orders.counts(account_id, self._world.clock.now_us())
        return (b"x-mbx-order-count-10s", b"%d" % ten), (b"x-mbx-order-count-1d", b"%d" % day)

    def _read(self, operation: Operation, request: Request, received_us: int) -> Call:
        """The call that a request makes. Raises Refused."""
        world, endpoint, table, headers = self._world, operation.endpoint, operation.table, request.headers
        microseconds = False
        if UNIT in headers and endpoint.has_time_unit:
            unit = TIME_UNITS.get(headers[UNIT])
            if unit is None:
                raise Refused(Reason.BAD_TIME_UNIT)
            microseconds = unit
        body = request.body if endpoint.method != "GET" else b""
        if isinstance(body, Refused):
            raise body
        sent = Sent(request.query, body, table.known)
        values, known = sent.values, sent.arguments
        table.check_number(values)
        if not operation.keyed:
            return Call(table.parse(values, known), 0, received_us, None, microseconds)
        api_key = headers.get(b"x-mbx-apikey", b"").decode("latin-1")
        if not table.signed:
            account_id = find_key(api_key, world.keys).account_id
            return Call(table.parse(values, known), account_id, received_us, None, microseconds)
        account_id, deadline_us = authenticate(sent, api_key, world.keys, received_us)
        return Call(table.parse(values, known), account_id, received_us, deadline_us, microseconds)
