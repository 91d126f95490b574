"""A small Kraken on loopback, and a guard: nothing may reach the real one."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Iterator

import ccxt.pro  # noqa: F401 - it takes seconds: before a test has patience with the feed that imports it
import pytest

from tests.adapter.guard import Guard
from tests.feeds.via_ccxt.kraken import Kraken


@pytest.fixture(scope="session")
def session_guard() -> Iterator[Guard]:
    gc.freeze()  # looking through all that ccxt brings takes longer than the tests
    yield Guard()
    gc.unfreeze()


@pytest.fixture
def guard(session_guard: Guard) -> Iterator[Guard]:
    """At the end nobody but `allowed` must have been tried, and nothing must lie about unclosed."""
    guard = session_guard
    guard.allowed = set()
    guard.reached.clear()
    guard.foreign.clear()
    guard.on = True
    yield guard
    guard.on = False
    gc.collect()  # what was left open warns now
    assert guard.foreign == []


@pytest.fixture
async def kraken(guard: Guard) -> AsyncIterator[Kraken]:
    async with Kraken().serving() as kraken:
        guard.allowed |= kraken.addresses
        yield kraken
