"""In open mode the exchange trusts whoever reaches it, so a web page elsewhere must not reach it for them.

Refuses with 403 a request whose Host or Origin names another machine: a page can send requests to 127.0.0.1
(cross-site posts) or let its own name point there (DNS rebinding), but it cannot choose these two headers.
Loopback names, the address that the exchange listens on and `allowed_hosts` pass; so does a request without
either header, which no browser sends. Guarantees nothing against programs on this machine.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from litestar.enums import ScopeType
from litestar.types import Receive, Scope, Send
from websockets.frames import CloseCode

from hypersim.api.plain import refusal_body
from hypersim.api.wire import Direct, Responder
from hypersim.errors import Reason
from hypersim.settings import is_loopback

NAMING: Final = (b"host", b"origin")
SENTENCE = (
    "{} is not a host of this exchange: in open mode it answers only this machine. "
    "Start it with HYPERSIM_ALLOWED_HOSTS={} to let that host in."
)


class HostGuard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: Direct, allowed_hosts: Iterable[str]) -> None:
        self._app = app
        allowed = {host.lower().removesuffix(".") for host in allowed_hosts}

        @lru_cache(maxsize=1024)
        def foreign(header: bytes, value: bytes) -> str | None:
            host = _host(value if header == b"origin" else b"//" + value)
            return None if is_loopback(host) or host.removesuffix(".") in allowed else host

        self._foreign = foreign

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, or refuses it."""
        for header, value in scope["headers"]:
            if header in NAMING and (host := self._foreign(header, value)) is not None:
                await _refuse(scope, send, host)
                return
        await self._app(scope, receive, send)

    def direct(self, path: str, headers: Mapping[bytes, bytes]) -> Responder | None:
        """See `Direct`; nobody for a request that is to be refused."""
        for header in NAMING:
            if header in headers and self._foreign(header, headers[header]) is not None:
                return None
        return self._app.direct(path, headers)


def _host(url: bytes) -> str:
    """The host named in a URL, lower case, without port; the text itself when it names none ('null')."""
    text = url.decode("latin-1")
    try:
        parts = urlsplit(text)
    except ValueError:
        return text
    return parts.hostname if parts.hostname and "@" not in parts.netloc else text.removeprefix("//")


async def _refuse(scope: Scope, send: Send, host: str) -> None:
    if scope["type"] == ScopeType.WEBSOCKET:
        await send({"type": "websocket.close", "code": CloseCode.POLICY_VIOLATION, "reason": "foreign origin"})
        return
    body = refusal_body(Reason.FORBIDDEN_ORIGIN, SENTENCE.format(host, host), [host])
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
