"""A client of the unified dialect that signs by hand: nothing of the exchange's own code is used for it."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import msgspec

from tests.api.client import Answer, Client
from tests.api.lab import Lab

PREFIX = "/unified/v1"


def signature(secret: str, timestamp: str, method: str, target: str, body: bytes = b"") -> str:
    """What X-API-SIGNATURE has to be."""
    payload = timestamp.encode() + method.encode() + target.encode() + body
    return hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()


class UnifiedClient:
    """Calls as one account. A `target` is what comes after the prefix: '/orders?limit=5'."""

    def __init__(self, lab: Lab, account: Client) -> None:
        self._lab = lab
        self._account = account

    async def public(self, target: str, method: str = "GET", **headers: str) -> Answer:
        return await self.send(method, target, headers=headers)

    async def get(self, target: str) -> Answer:
        return await self.signed("GET", target)

    async def order(self, **body: Any) -> Answer:
        return await self.signed("POST", "/order", msgspec.json.encode(body))

    async def cancel(self, order_id: str) -> Answer:
        return await self.signed("DELETE", f"/order/{order_id}")

    async def signed(self, method: str, target: str, body: bytes = b"", *, time: int | None = None) -> Answer:
        """`time`: of the request in milliseconds; now, when it is not given."""
        timestamp = str(self._lab.now_ms if time is None else time)
        signed = signature(self._account.secret, timestamp, method, PREFIX + target, body)
        headers = {
            "X-API-KEY": self._account.api_key,
            "X-API-TIMESTAMP": timestamp,
            "X-API-SIGNATURE": signed,
        }
        return await self.send(method, target, body, headers)

    async def with_key(self, method: str, target: str, body: bytes = b"") -> Answer:
        """With the key alone."""
        return await self.send(method, target, body, {"X-API-KEY": self._account.api_key})

    async def send(
        self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        path, _, query = target.partition("?")
        return await self._account.raw(method, PREFIX + path, query, body, headers)
