"""What every dialect that answers requests itself needs of HTTP: a whole request, a whole answer; and how either comes
and goes by ASGI.
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol

import msgspec
from litestar.types import Receive, Scope, Send
from msgspec import Struct

from hypersim.errors import Reason, Refused

LONGEST_BODY: Final = 64 * 1024
NO_CONTENT: Final = 204

encode: Final = msgspec.json.Encoder().encode
"""A value as JSON."""

Header = tuple[bytes, bytes]


class Request(Struct):
    """An HTTP request that is here as a whole."""

    method: str
    path: str
    query: bytes
    """What follows the question mark, as it was sent."""
    headers: Mapping[bytes, bytes]
    """By name in lower case; of a name that came twice the last."""
    address: str
    """Of the client; empty where it is not known."""
    body: bytes | Refused
    """Or why it was not taken in."""


class Answer(Struct):
    """What a request is answered."""

    status: int
    content: bytes
    headers: list[Header]
    """But for content-length."""


class Responder(Protocol):
    """Whoever answers the requests to one path."""

    async def respond(self, request: Request) -> Answer:
        """Never fails."""
        ...


class Direct(Protocol):
    """An ASGI application that also names, for a request, who answers it as it would: the direct way round ASGI."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...

    def direct(self, path: str, headers: Mapping[bytes, bytes]) -> Responder | None:
        """Who answers a request to this path; None where the application itself has to see it."""
        ...


async def answer_asgi(responder: Responder, scope: Any, receive: Receive, send: Send) -> None:
    """Lets a responder answer one request that came by ASGI. The body of a GET is left where it is."""
    headers = dict(scope["headers"])
    body: bytes | Refused = b""
    if scope["method"] not in ("GET", "HEAD"):
        try:
            body = await read_body(receive, headers.get(b"content-length", b"0"))
        except Refused as refused:
            body = refused
    client = scope["client"]
    address = client[0] if client else ""
    request = Request(scope["method"], scope["path"], scope["query_string"], headers, address, body)
    answered = await responder.respond(request)
    await answer(send, answered.status, answered.content, answered.headers)


async def read_body(receive: Receive, content_length: bytes) -> bytes:
    """The whole body. Raises Refused BODY_TOO_LARGE as soon as it is known to be longer than LONGEST_BODY."""
    if len(content_length) > 9 or not content_length.isdigit() or int(content_length) > LONGEST_BODY:
        raise Refused(Reason.BODY_TOO_LARGE)
    body = b""
    while True:
        message: Any = await receive()
        part: bytes = message.get("body", b"")
        body += part
        if len(body) > LONGEST_BODY:
            raise Refused(Reason.BODY_TOO_LARGE)
        if not message.get("more_body", False):
            return body


async def answer(send: Send, status: int, content: bytes, headers: list[Header]) -> None:
    """Sends a whole answer."""
    if status != NO_CONTENT:
        headers.append((b"content-length", b"%d" % len(content)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content, "more_body": False})
