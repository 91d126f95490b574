"""Running something beside a test."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from tests.feeds.desk import settle


@asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Runs it until the block ends; what it failed with ends the test."""
    task = asyncio.create_task(work)
    await settle()
    try:
        yield
    finally:
        if task.done():
            task.result()
        task.cancel()
        await asyncio.wait([task])


async def until(condition: Callable[[], bool]) -> None:
    """Returns once it holds; give it a timeout."""
    while True:
        if condition():
            return
        await asyncio.sleep(0.02)
