"""Fixtures of the tests of the WebSocket API."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.api.wsapi.talk import Talk, Talks, open_talks


@pytest_asyncio.fixture
async def talks() -> AsyncIterator[Talks]:
    """An exchange without rate limits."""
    async with open_talks() as opened:
        yield opened


@pytest_asyncio.fixture
async def limited_talks() -> AsyncIterator[Talks]:
    """An exchange with Binance's rate limits."""
    async with open_talks(rate_limits=True) as opened:
        yield opened


@pytest_asyncio.fixture
async def talk(talks: Talks) -> Talk:
    """A connection to it."""
    return await talks.open("returnRateLimits=false")
