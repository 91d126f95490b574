"""The thread that an exchange stores in: one function after another, in the order in which they were asked for.

Guarantees that what a function returns or raises reaches who waits for it, in the event loop, and that what nobody
waits for any more before its turn comes is left out.

A ThreadPoolExecutor does the same for six times the instructions, which are a tenth of an order that comes alone
(benchmarks/orders.py).
"""

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class StoringThread:
    """Serves the event loop that it is made in, until it is stopped. It does not keep the process from ending."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._asked: SimpleQueue[tuple[asyncio.Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    def run(self, function: Callable[[], T]) -> asyncio.Future[T]:
        """What a function returns or raises, once its turn has come."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._asked.put((future, function))
        return future

    def stop(self) -> None:
        """Ends the thread after all that was asked for. Blocks until then."""
        self._asked.put(None)
        self._thread.join()

    def _serve(self) -> None:
        while (asked := self._asked.get()) is not None:
            self._answer(*asked)
            del asked  # the next may be long in coming, and what this one stored is large

    def _answer(self, future: asyncio.Future[T], function: Callable[[], T]) -> None:
        if future.cancelled():
            return
        try:
            result = function()
        except BaseException as error:
            self._loop.call_soon_threadsafe(_fail, future, error)
        else:
            self._loop.call_soon_threadsafe(_succeed, future, result)


def _succeed(future: asyncio.Future[T], result: T) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[T], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
