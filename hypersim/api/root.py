"""What lies at no dialect's path: `/`, `/health`, and every path and method that does not exist.

A person gets a short page and a program gets JSON, by what they accept; both name the prefixes.
"""

import html
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from litestar import HttpMethod, MediaType, Request, Response, route
from litestar.handlers import BaseRouteHandler
from msgspec import Struct

from hypersim import __version__
from hypersim.api.plain import refusal_body
from hypersim.errors import Reason

PREFIXES: Final[Mapping[str, str]] = {
    "/v1": "Binance Spot REST, as at /api/v3",
    "/api/v3": "Binance Spot REST: point a client's base URL here",
    "/ws-api/v3": "Binance's WebSocket API: the same calls, and user data, over one connection",
    "/sapi/v1": "the wallet calls that clients make",
    "/sapi/v3": "one more of them",
    "/unified/v1": "plain JSON in CCXT's structures, for curl; /unified/v1/openapi.json is its reference",
    "/sim/v1": "the simulation: accounts, keys, faucet, status, market, reset, connect",
    "/schema": "the reference: every operation of Binance's with an example",
    "/health": "whether the exchange serves",
}

READING: Final = (HttpMethod.GET, HttpMethod.HEAD)
"""HEAD is answered as GET is, without the body."""

logger = logging.getLogger(__name__)

AnyRequest = Request[Any, Any, Any]


class Health(Struct, frozen=True, rename="camel"):
    """What /health says; `status` is green or red."""

    status: str
    state: str
    """Of the writer: serving, rebuilding or stopped."""
    durable_sequence: int
    version: str = __version__


def routes(health: Callable[[], Health]) -> Sequence[BaseRouteHandler]:
    """The handlers of `/` and `/health`."""

    @route("/", http_method=READING, include_in_schema=False)
    async def front(request: AnyRequest) -> Response[Any]:
        if _is_browser(request):
            return _page(200, "Hyper-Sim", "A simulated crypto exchange. What is where:")
        return Response({"name": "Hyper-Sim", "version": __version__, "prefixes": PREFIXES})

    @route("/health", http_method=READING, include_in_schema=False)
    async def report_health() -> Response[bytes]:
        found = health()
        body = msgspec.json.encode(found)
        return Response(body, status_code=200 if found.status == "green" else 503, media_type=MediaType.JSON)

    return [front, report_health]


def nothing_at(path: str) -> str:
    """The sentence about a path that does not exist."""
    return f"There is nothing at {path}; what there is begins with {', '.join(PREFIXES)}."


def not_found(request: AnyRequest, _error: Exception) -> Response[Any]:
    """404: nothing at this path."""
    message = nothing_at(request.url.path)
    if _is_browser(request):
        return _page(404, "Nothing here", f"There is nothing at {request.url.path}. What is where:")
    return _refusal(404, Reason.UNKNOWN_PATH, message)


def method_not_allowed(request: AnyRequest, error: Exception) -> Response[Any]:
    """405: the path exists, its method does not."""
    allowed = getattr(error, "headers", None) or {}
    message = f"{request.url.path} has no {request.method}; it has {allowed.get('Allow', 'other methods')}."
    return _refusal(405, Reason.METHOD_NOT_ALLOWED, message, headers=allowed)


def body_too_large(_request: AnyRequest, _error: Exception) -> Response[Any]:
    """413: more than the exchange reads."""
    return _refusal(413, Reason.BODY_TOO_LARGE, "The body is too large.")


def failed(request: AnyRequest, error: Exception) -> Response[Any]:
    """500: a bug of ours, which is logged and not shown."""
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _refusal(500, Reason.STATUS_UNKNOWN, "The exchange failed to answer; its log says why.")


EXCEPTION_HANDLERS: Final[Any] = {
    404: not_found,
    405: method_not_allowed,
    413: body_too_large,
    500: failed,
}


def _refusal(status: int, reason: Reason, message: str, headers: Mapping[str, str] | None = None) -> Response[Any]:
    body = refusal_body(reason, message)
    return Response(body, status_code=status, media_type=MediaType.JSON, headers=dict(headers or {}))


def _is_browser(request: AnyRequest) -> bool:
    """Browsers name text/html in Accept; programs that take anything (*/*) get JSON."""
    return "text/html" in request.headers.get("accept", "")


def _page(status: int, title: str, text: str) -> Response[str]:
    rows = "".join(
        f'<tr><td><a href="{prefix}">{prefix}</a></td><td>{html.escape(what)}</td></tr>'
        for prefix, what in PREFIXES.items()
    )
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>body{{font:16px/1.5 system-ui;max-width:44em;margin:4em auto;padding:0 1em}}"
        f"td{{padding:.2em 1.5em .2em 0}}</style>"
        f"<h1>{html.escape(title)}</h1><p>{html.escape(text)}</p><table>{rows}</table></html>"
    )
    return Response(page, status_code=status, media_type=MediaType.HTML)
