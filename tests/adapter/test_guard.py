"""The guard itself: what it must see, it sees."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import ccxt
import ccxt.async_support
import ccxt.pro
import pytest

from tests.adapter.guard import ForeignHost, Guard


@pytest.fixture
def watch(session_guard: Guard, listener: tuple[str, int]) -> Iterator[Guard]:
    """A guard that the test puts on, and whose catch the test looks at."""
    session_guard.allowed = {listener}
    session_guard.reached.clear()
    session_guard.foreign.clear()
    yield session_guard
    session_guard.on = False


def test_ccxt_on_its_way_to_binance_is_stopped(watch: Guard) -> None:
    exchange = ccxt.binance({"enableRateLimit": False})
    watch.on = True
    with pytest.raises(ForeignHost):
        exchange.fetch_time()
    watch.on = False
    assert [event.split()[1:] for event in watch.foreign] == [["('api.binance.com',", "443)"]]


async def test_asynchronous_ccxt_on_its_way_to_binance_is_stopped(watch: Guard) -> None:
    async with ccxt.async_support.binance({"enableRateLimit": False}) as exchange:
        watch.on = True
        with pytest.raises(ForeignHost):
            await exchange.fetch_time()
        watch.on = False
    assert [event.split()[1:] for event in watch.foreign] == [["('api.binance.com',", "443)"]]


async def test_a_stream_of_ccxt_on_its_way_to_binance_is_stopped(watch: Guard) -> None:
    async with ccxt.pro.binance({"enableRateLimit": False}) as exchange:
        exchange.timeout_on_exit = 0
        watch.on = True
        with pytest.raises(ccxt.NetworkError):
            await exchange.watch(f"{exchange.urls['api']['ws']['spot']}/0", "something")
        watch.on = False
    assert [event.split()[1:] for event in watch.foreign] == [["('stream.binance.com',", "9443)"]]


def test_a_connection_to_another_port_is_stopped(watch: Guard) -> None:
    watch.on = True
    with socket.socket() as connection, pytest.raises(ForeignHost):
        connection.connect(("127.0.0.1", 9))
    watch.on = False
    assert watch.foreign == ["socket.connect ('127.0.0.1', 9)"]


def test_a_connection_to_the_listener_is_let_through(watch: Guard, listener: tuple[str, int]) -> None:
    watch.on = True
    with socket.socket() as connection:
        connection.connect(listener)
    watch.on = False
    assert (watch.reached, watch.foreign) == ([listener], [])
