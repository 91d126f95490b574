"""A listener to send to, a guard on the sockets, and the three classes pointed at the listener."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from ccxt_adapter import async_support, hypersim, pro
from tests.adapter.guard import Guard
from tests.adapter.listener import listening, refusing


@pytest.fixture(scope="session")
def listener() -> Iterator[tuple[str, int]]:
    """(host, port) of a server that knows one market, BTC/USDT, and refuses everything else with -1121."""
    with listening(refusing) as address:
        yield address


@pytest.fixture(scope="session")
def session_guard() -> Guard:
    return Guard()


@pytest.fixture
def guard(session_guard: Guard, listener: tuple[str, int]) -> Iterator[Guard]:
    """Lets this process reach the listener alone; at the end nobody else must have been tried."""
    guard = session_guard
    guard.allowed = {listener}
    guard.reached.clear()
    guard.foreign.clear()
    guard.on = True
    yield guard
    guard.on = False
    assert guard.foreign == []


@pytest.fixture
def config(listener: tuple[str, int]) -> dict[str, Any]:
    """What a user passes to the class: the listener's address, keys, and no waiting for a rate limit."""
    host, port = listener
    return {
        "hostname": f"{host}:{port}",
        "apiKey": "test_key_123",
        "secret": "test_secret_456",
        "enableRateLimit": False,
    }


@pytest.fixture
def exchange(config: dict[str, Any]) -> Iterator[hypersim]:
    exchange = hypersim(config)
    yield exchange
    exchange.session.close()


@pytest.fixture(params=[async_support.hypersim, pro.hypersim], ids=["async_support", "pro"])
def async_class(request: pytest.FixtureRequest) -> type[async_support.hypersim]:
    """Each class for asyncio in turn: the plain one, and the one with WebSockets."""
    made: type[async_support.hypersim] = request.param
    return made


@pytest.fixture
async def async_exchange(
    async_class: type[async_support.hypersim], config: dict[str, Any]
) -> AsyncIterator[async_support.hypersim]:
    async with async_class(config) as exchange:
        exchange.timeout_on_exit = 0  # ccxt's pause for the sake of TLS, of which there is none
        yield exchange
