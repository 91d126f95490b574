"""Every operation of the Binance dialect: the application that answers them, and their reference."""

from typing import Any, Final

import msgspec
from litestar import asgi
from litestar.types import ASGIApp, Receive, Scope, Send

from hypersim.api.binance import (
    account,
    general,
    listen_keys,
    market_data,
    openapi,
    order_lists,
    reference,
    replacing,
    sapi,
    trading,
)
from hypersim.api.binance.dispatch import Dialect
from hypersim.api.binance.endpoints import Endpoint
from hypersim.world import World

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *general.ENDPOINTS,
    *market_data.ENDPOINTS,
    *reference.ENDPOINTS,
    *trading.ENDPOINTS,
    *order_lists.ENDPOINTS,
    *replacing.ENDPOINTS,
    *account.ENDPOINTS,
    *sapi.ENDPOINTS,
    *listen_keys.ENDPOINTS,
)


def answer_binance(world: World, others: ASGIApp) -> Dialect:
    """An application that answers every operation of this dialect, and hands what is not one to `others`."""
    return Dialect(world, ENDPOINTS, others)


@asgi("/schema", copy_scope=False)
async def reference_page(scope: Scope, receive: Receive, send: Send) -> None:
    await _send(send, b"text/html;charset=UTF-8", openapi.page(ENDPOINTS, _base(scope)).encode())


@asgi("/schema/openapi.json", copy_scope=False)
async def reference_document(scope: Scope, receive: Receive, send: Send) -> None:
    content = msgspec.json.encode(openapi.document(ENDPOINTS, _base(scope)))
    await _send(send, b"application/json", content)


def _base(scope: Any) -> str:
    return openapi.base_url(scope["scheme"], dict(scope["headers"]).get(b"host"))


async def _send(send: Send, content_type: bytes, content: bytes) -> None:
    headers = [(b"content-type", content_type), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content, "more_body": False})


REFERENCE: Final = (reference_page, reference_document)
"""Handlers of /schema and /schema/openapi.json."""
