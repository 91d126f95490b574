"""Several that speak at once, heard as one; and sleeps that can be cut short.

Guarantees that the first failure ends them all, comes after what was said before it, and comes as it is: not
in a group. Whatever was begun has ended when these return.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any

from hypersim.clock import MICROSECONDS, Clock
from hypersim.engine.commands import OutsideUpdate

Say = Callable[[OutsideUpdate], None]
"""Takes what a speaker has to say."""
Work = Coroutine[Any, Any, None]


class Alarm:
    """A sleep that somebody can cut short."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def sleep_until(self, due_us: int | None) -> None:
        """Returns at a time, or when it rings: at once if it rang since the last sleep."""
        if due_us is None:
            await self._rung.wait()
            self._rung.clear()
            return
        due = asyncio.ensure_future(self._clock.sleep((due_us - self._clock.now_us()) / MICROSECONDS))
        rung = asyncio.ensure_future(self._rung.wait())
        try:
            await asyncio.wait([due, rung], return_when=asyncio.FIRST_COMPLETED)
        finally:
            due.cancel()
            rung.cancel()
        self._rung.clear()


async def chorus(*speakers: Callable[[Say], Work]) -> AsyncGenerator[OutsideUpdate, None]:
    """What they say, in the order in which they say it, until one of them fails or returns."""
    said: asyncio.Queue[OutsideUpdate | None] = asyncio.Queue()
    whole = asyncio.create_task(together(*(speaker(said.put_nowait) for speaker in speakers)))
    whole.add_done_callback(lambda _: said.put_nowait(None))
    try:
        while (update := await said.get()) is not None:
            yield update
        await whole
    finally:
        await _end([whole])


async def together(*works: Work) -> None:
    """Does them at once until the first fails or returns, and ends the others."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await _end(tasks)


async def all_of(*works: Work) -> None:
    """Does them at once until all are done, or one fails: that ends the others."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        await _end(tasks)


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
