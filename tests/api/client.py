"""A client of the Binance dialect that signs as real ones do, and can do it wrongly on purpose.

It speaks ASGI itself: HTTP libraries normalise what they send, and here the very bytes matter.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlencode

import httpx
import msgspec

from tests.pairs import Pair

Arguments = Mapping[str, str | int]
DECODER = msgspec.json.Decoder(float_hook=Decimal)


class Answer(NamedTuple):
    """One answer: status, decoded JSON (None for an empty body; numbers with a point as Decimal), headers."""

    status: int
    json: Any
    headers: httpx.Headers


class Client:
    """Calls as one account, from one address."""

    def __init__(self, app: Any, api_key: str, secret: str, address: str = "10.0.0.1") -> None:
        self.app = app
        self.api_key = api_key
        self.secret = secret
        self.address = address

    def sign(self, payload: str | bytes) -> str:
        """The signature, not percent-encoded."""
        raw = payload.encode() if isinstance(payload, str) else payload
        return hmac.new(self.secret.encode(), raw, hashlib.sha256).hexdigest()

    async def raw(
        self,
        method: str,
        path: str,
        query: bytes | str = b"",
        body: bytes | str | Sequence[bytes] = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request, byte for byte. A body in parts comes without a length."""
        query = query.encode() if isinstance(query, str) else query
        body = body.encode() if isinstance(body, str) else body
        sent = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
        if isinstance(body, bytes) and body:
            sent.append((b"content-length", str(len(body)).encode()))
        parts = [body] if isinstance(body, bytes) else list(body)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query,
            "headers": [(b"host", b"127.0.0.1:8080"), *sent],
            "client": (self.address, 40_000),
            "server": ("127.0.0.1", 8080),
            "state": {},
        }
        answered: list[Any] = []

        async def receive() -> dict[str, Any]:
            if not parts:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

        async def send(message: Any) -> None:
            answered.append(message)

        await self.app(scope, receive, send)
        content = b"".join(message.get("body", b"") for message in answered)
        start = answered[0]
        answer = DECODER.decode(content) if content else None
        return Answer(start["status"], answer, httpx.Headers(start["headers"]))

    async def public(self, path: str, arguments: Arguments | None = None, **headers: str) -> Answer:
        return await self.raw("GET", path, encoded(arguments or {}), headers=headers)

    async def signed(
        self, method: str, path: str, arguments: Arguments | None = None, *, time: int, **headers: str
    ) -> Answer:
        """A signed call: parameters in the body for POST and PUT, else in the query, the signature last."""
        payload = encoded({**(arguments or {}), "timestamp": time})
        payload += f"&signature={quote(self.sign(payload), safe='')}"
        sent: Mapping[str, str] = {"X-MBX-APIKEY": self.api_key, **headers}
        if method in ("POST", "PUT"):
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            return await self.raw(method, path, body=payload, headers={**sent, **form})
        return await self.raw(method, path, payload, headers=sent)


class PairClient(Client):
    """The same with a key of a public half."""

    def __init__(self, app: Any, api_key: str, pair: Pair) -> None:
        super().__init__(app, api_key, "")
        self.pair = pair

    def sign(self, payload: str | bytes) -> str:
        return self.pair.sign(payload.encode() if isinstance(payload, str) else payload)


def encoded(arguments: Arguments) -> str:
    return urlencode(arguments, quote_via=quote)
