"""Fixtures of the tests of market streams."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.api.streams.stage import Stage, open_stage


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Stage]:
    """Streams without rate limits."""
    async with open_stage() as opened:
        yield opened


@pytest_asyncio.fixture
async def limited_stage() -> AsyncIterator[Stage]:
    """Streams with Binance's limits."""
    async with open_stage(rate_limits=True) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def standing_stage() -> AsyncIterator[Stage]:
    """One for all tests of a module, which leave nothing behind; without rate limits."""
    async with open_stage() as opened:
        yield opened
