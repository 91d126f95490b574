"""Fixtures of the conformance tests."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.api.lab import Lab, open_lab


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kept_lab() -> AsyncIterator[Lab]:
    """For tests that cancel what they place."""
    async with open_lab() as opened:
        yield opened
