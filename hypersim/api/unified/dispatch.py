"""From bytes to bytes: how a request of this dialect reaches its handler, and how its answer leaves.

The order of the checks: address limits, path, method, body, security, arguments, unfilled orders, handler. Weight and
order counts are the budgets that all dialects share. Guarantees that every answer below /unified/v1 is JSON of this
dialect, whatever is asked there (only a browser that asks for a page gets the exchange's front page for what does
not exist), and that no error reaches the client as a traceback: what is not a refusal is logged and answered with
500 / INTERNAL_ERROR.
"""

import logging
from collections.abc import Iterable
from typing import Any, Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from hypersim.api.unified.arguments import Arguments, from_body, from_query
from hypersim.api.unified.operations import PREFIX, Call, Desk, Operation
from hypersim.api.unified.refusals import UNEXPECTED, word
from hypersim.api.unified.security import authenticate
from hypersim.api.wire import NO_CONTENT, Header, answer, encode, read_body
from hypersim.errors import Reason, Refused
from hypersim.limits import Limited, Visitor

log = logging.getLogger(__name__)

JSON: Final = (b"content-type", b"application/json")
USED_WEIGHT: Final = b"x-used-weight-1m"

Methods = dict[str, Operation]


class Dialect:
    """ASGI application that answers everything below the prefix and hands everything else on."""

    def __init__(self, desk: Desk, operations: Iterable[Operation], others: ASGIApp) -> None:
        self._desk = desk
        self._others = others
        self._whole: dict[str, Methods] = {}
        """By a path without a name in it."""
        self._naming: dict[str, Methods] = {}
        """By the path before the name."""
        for operation in operations:
            head, brace, _ = operation.path.partition("{")
            kind = self._naming if brace else self._whole
            kind.setdefault(PREFIX + head, {})[operation.method] = operation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or not f"{scope['path']}/".startswith(f"{PREFIX}/"):
            await self._others(scope, receive, send)
            return
        methods, named = self._find(scope["path"])
        if methods is None and b"text/html" in dict(scope["headers"]).get(b"accept", b""):
            await self._others(scope, receive, send)
            return
        await self._serve(methods, named, scope, receive, send)

    def _find(self, path: str) -> tuple[Methods | None, str]:
        """The operations of a path, by method, and what it names."""
        methods = self._whole.get(path)
        if methods is not None:
            return methods, ""
        end = path.find("/", len(PREFIX) + 1) + 1
        return (self._naming.get(path[:end]) if len(path) > end else None), path[end:]

    async def _serve(self, methods: Methods | None, named: str, scope: Any, receive: Receive, send: Send) -> None:
        """Answers one HTTP request."""
        world = self._desk.world
        now_us = world.clock.now_us()
        client = scope["client"]
        visitor = world.limits.visitor(client[0] if client else "", now_us)
        headers: list[Header] = [JSON]
        try:
            world.limits.admit(visitor, now_us)
            status, content = await self._act(methods, named, scope, receive, visitor, headers)
        except Refused as refused:
            if isinstance(refused, Limited):
                headers.append((b"retry-after", b"%d" % refused.retry_after_s))
            status, problem = word(refused)
            content = encode(problem)
        except Exception:
            log.exception("%s %s failed", scope["method"], scope["path"])
            status, content = 500, encode(UNEXPECTED)
        headers.append((USED_WEIGHT, b"%d" % visitor.used))
        await answer(send, status, content, headers)

    async def _act(
        self,
        methods: Methods | None,
        named: str,
        scope: Any,
        receive: Receive,
        visitor: Visitor,
        headers: list[Header],
    ) -> tuple[int, bytes]:
        """Status and body of a success. Adds headers. Raises Refused."""
        if methods is None:
            raise Refused(Reason.UNKNOWN_PATH, scope["path"])
        method = scope["method"]
        operation = methods.get("GET" if method == "HEAD" else method)
        if operation is not None:
            return operation.status, await self._answer(operation, named, scope, receive, visitor)
        allowed = [*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"]
        headers.append((b"allow", ", ".join(allowed).encode()))
        if method != "OPTIONS":
            raise Refused(Reason.METHOD_NOT_ALLOWED, method)
        return NO_CONTENT, b""

    async def _answer(self, operation: Operation, named: str, scope: Any, receive: Receive, visitor: Visitor) -> bytes:
        """The body of a successful answer, encoded. Raises Refused, with the weight counted."""
        limits = self._desk.world.limits
        try:
            call = await self._read(operation, named, scope, receive)
        except Refused:
            visitor.used += operation.weight if isinstance(operation.weight, int) else 1
            raise
        weight = operation.weight if isinstance(operation.weight, int) else operation.weight(call)
        if not operation.free_when_done:
            limits.charge(visitor, weight, call.received_us)
            return encode(await operation.handler(self._desk, call))
        try:
            with limits.orders.entering(call.account_id, operation.orders, call.received_us):
                return encode(await operation.handler(self._desk, call))
        except Refused:
            visitor.used += weight
            raise

    async def _read(self, operation: Operation, named: str, scope: Any, receive: Receive) -> Call[Arguments]:
        """The call that a request makes. Raises Refused."""
        world = self._desk.world
        headers = dict(scope["headers"])
        body = await read_body(receive, headers.get(b"content-length", b"0"))
        received_us = world.clock.now_us()
        account_id, deadline_us = 0, None
        if operation.signed:
            account_id, deadline_us = authenticate(
                scope, headers, body, world.keys, received_us, open_mode=self._desk.open
            )
        query = scope["query_string"]
        if operation.method == "POST":
            if query:
                raise Refused(Reason.INVALID_FIELD, "query", "an empty query string and a JSON body")
            arguments = from_body(body, operation.arguments)
        else:
            if body:
                raise Refused(Reason.INVALID_FIELD, "body", "no body, but a query string")
            arguments = from_query(query, operation.arguments)
        return Call(arguments, named, account_id, received_us, deadline_us)
