"""A client of the Binance dialect for tests: signs, sends, remembers nothing."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Any
from urllib.parse import urlencode

import httpx

from hypersim.testing import Account

RECV_WINDOW_MS = 60_000


class Trader:
    """One account over one pool of connections."""

    def __init__(self, account: Account, client: httpx.AsyncClient, prefix: str = "/api/v3") -> None:
        self.account = account
        self._prefix = prefix
        self._client = client

    async def call(self, method: str, path: str, **parameters: Any) -> tuple[int, Any]:
        """HTTP status and decoded answer of a signed call."""
        parameters |= {"timestamp": int(time.time() * 1000), "recvWindow": RECV_WINDOW_MS}
        query = urlencode(parameters)
        signature = hmac.new(self.account.secret.encode(), query.encode(), hashlib.sha256).hexdigest()
        answer = await self._client.request(
            method,
            f"{self.account.server.url}{self._prefix}{path}?{query}&signature={signature}",
            headers={"X-MBX-APIKEY": self.account.api_key},
        )
        return answer.status_code, answer.json()

    async def done(self, method: str, path: str, **parameters: Any) -> Any:
        """The answer of a call that succeeds."""
        status, answer = await self.call(method, path, **parameters)
        assert status == 200, answer
        return answer

    async def public(self, path: str, **parameters: Any) -> Any:
        """The answer of a call that needs no key."""
        answer = await self._client.get(f"{self.account.server.url}{self._prefix}{path}", params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def limit(self, side: str, quantity: str, price: str, **parameters: Any) -> Any:
        """A limit order on BTCUSDT, good till cancelled."""
        order = {"symbol": "BTCUSDT", "side": side, "type": "LIMIT", "timeInForce": "GTC"}
        return await self.done("POST", "/order", **order, quantity=quantity, price=price, **parameters)

    async def balances(self) -> dict[str, tuple[str, str]]:
        """(free, locked) by asset, those that are not zero."""
        account = await self.done("GET", "/account", omitZeroBalances="true")
        return {row["asset"]: (row["free"], row["locked"]) for row in account["balances"]}
