"""Fixtures of the API tests."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.api.lab import Lab, open_lab


@pytest_asyncio.fixture
async def lab() -> AsyncIterator[Lab]:
    """An exchange without rate limits."""
    async with open_lab() as opened:
        yield opened


@pytest_asyncio.fixture
async def limited_lab() -> AsyncIterator[Lab]:
    """An exchange with Binance's rate limits."""
    async with open_lab(rate_limits=True) as opened:
        yield opened
