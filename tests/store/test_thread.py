"""The thread that an exchange stores in."""

import asyncio
import threading
import weakref
from collections.abc import AsyncIterator, Callable
from functools import partial

import pytest

from hypersim.store.thread import StoringThread


@pytest.fixture
async def thread() -> AsyncIterator[StoringThread]:
    made = StoringThread("stores")
    yield made
    made.stop()


def fail(error: BaseException) -> None:
    raise error


async def test_what_a_function_returns_reaches_who_asked_for_it(thread: StoringThread) -> None:
    here = threading.current_thread().name
    there = await thread.run(lambda: threading.current_thread().name)
    assert ("MainThread", "stores") == (here, there)


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit(3)], ids=repr)
async def test_what_a_function_raises_reaches_who_asked_for_it_and_the_next_has_its_turn(
    thread: StoringThread, error: BaseException
) -> None:
    failed = thread.run(partial(fail, error))
    assert 1 == await thread.run(lambda: 1)
    assert error is failed.exception()


async def test_functions_have_their_turns_in_the_order_in_which_they_were_asked_for(thread: StoringThread) -> None:
    turns: list[int] = []
    await asyncio.gather(*(thread.run(partial(turns.append, number)) for number in range(100)))
    assert list(range(100)) == turns


class Stored:
    """Something large."""

    def store(self) -> None:
        """Does nothing."""


async def test_what_was_stored_is_let_go_before_anything_else_is_asked_for(thread: StoringThread) -> None:
    stored = Stored()
    left = weakref.ref(stored)
    await thread.run(stored.store)
    del stored
    async with asyncio.timeout(5):
        while left() is not None:  # noqa: ASYNC110 - the thread tells nobody that it waits again
            await asyncio.sleep(0.001)


def held(begun: threading.Event, opened: threading.Event) -> None:
    begun.set()
    assert opened.wait(20)


def held_and_failing(begun: threading.Event, opened: threading.Event) -> None:
    held(begun, opened)
    raise OSError


@pytest.mark.parametrize("held_up", [held, held_and_failing])
async def test_what_nobody_waits_for_any_more_is_left_out_unless_its_turn_has_come(
    thread: StoringThread, held_up: Callable[[threading.Event, threading.Event], None]
) -> None:
    begun, opened, turns = threading.Event(), threading.Event(), list[str]()
    first = thread.run(partial(held_up, begun, opened))
    second = thread.run(partial(turns.append, "second"))
    third = thread.run(partial(turns.append, "third"))
    await asyncio.to_thread(begun.wait)
    first.cancel()
    second.cancel()
    opened.set()
    await third
    assert (["third"], True, True) == (turns, first.cancelled(), second.cancelled())


async def test_a_stop_waits_for_all_that_was_asked_for() -> None:
    thread, begun, opened, turns = StoringThread("stores"), threading.Event(), threading.Event(), list[str]()
    asked = [thread.run(partial(held, begun, opened)), thread.run(partial(turns.append, "last"))]
    stopping = asyncio.ensure_future(asyncio.to_thread(thread.stop))
    await asyncio.to_thread(begun.wait)
    assert ([], False) == (turns, stopping.done())
    opened.set()
    await stopping
    assert ["last"] == turns
    await asyncio.gather(*asked)
