"""The ccxt classes that strategies use, each pointed at a server as its own instructions say."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import ccxt
import ccxt.async_support
import ccxt.pro
import httpx

import ccxt_adapter
import ccxt_adapter.async_support
import ccxt_adapter.pro
from hypersim.testing import Account

CLASSES: Final = {
    "hypersim": ccxt_adapter.hypersim,
    "hypersim-asyncio": ccxt_adapter.async_support.hypersim,
    "binance": ccxt.binance,
    "binance-asyncio": ccxt.async_support.binance,
}
"""The adapter, and ccxt.binance as it is with the configuration that `connect ccxt` prints."""

STREAMING: Final = {"hypersim-pro": ccxt_adapter.pro.hypersim, "binance-pro": ccxt.pro.binance}
"""The same with WebSockets."""


class Awaited:
    """An exchange of ccxt whose calls are all awaited, whichever of ccxt's two worlds its class is from."""

    def __init__(self, exchange: Any) -> None:
        self.raw = exchange

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.raw, name)

        async def call(*arguments: Any, **keywords: Any) -> Any:
            answer = method(*arguments, **keywords)
            return await answer if inspect.isawaitable(answer) else answer

        return call


def by_id(trades: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Trades as they happened: those of one millisecond ccxt sorts by the text of their id, 10 before 9."""
    return sorted(trades, key=lambda trade: int(trade["id"]))


def printed(client: str, account: Account) -> str:
    """The configuration that the server prints for a client."""
    with httpx.Client(trust_env=False) as browser:
        answer = browser.get(
            f"{account.server.url}/sim/v1/connect/{client}",
            params={"apiKey": account.api_key, "secretKey": account.secret},
        )
    return answer.raise_for_status().text


def configured(client: str, account: Account) -> dict[str, Any]:
    """The names that the printed Python defines."""
    names: dict[str, Any] = {}
    exec(printed(client, account), names)  # noqa: S102 - it is ours, and this is what its reader does with it
    return names


def configuration(kind: str, account: Account) -> dict[str, Any]:
    """What a user passes to a class of either, without the pauses that ccxt makes of its own accord."""
    config: dict[str, Any]
    if kind.startswith("hypersim"):
        config = {"hostname": account.server.hostname, **account.credentials}
    else:
        example = configured("ccxt", account)["exchange"]
        urls = {world: example.urls[world] for world in ("api", "test", "demo")}
        credentials = {"apiKey": example.apiKey, "secret": example.secret}
        config = {"urls": urls, "options": example.options, **credentials}
    return config | {"enableRateLimit": False}


@asynccontextmanager
async def connected(kind: str, account: Account, **changes: Any) -> AsyncIterator[Awaited]:
    """A class of that kind for an account, its markets not loaded; `changes` are to what it is given."""
    exchange = (CLASSES | STREAMING)[kind](configuration(kind, account) | changes)
    try:
        yield Awaited(exchange)
    finally:
        if inspect.iscoroutinefunction(exchange.close):
            exchange.timeout_on_exit = 0  # ccxt's pause for the sake of TLS, of which there is none
            await exchange.close()
        else:
            exchange.session.close()
