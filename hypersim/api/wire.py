"""What every dialect that answers requests itself needs of ASGI: a whole body read, a whole answer sent."""

from typing import Any, Final

import msgspec
from litestar.types import Receive, Send

from hypersim.errors import Reason, Refused

LONGEST_BODY: Final = 64 * 1024
NO_CONTENT: Final = 204

encode: Final = msgspec.json.Encoder().encode
"""A value as JSON."""

Header = tuple[bytes, bytes]


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
