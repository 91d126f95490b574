"""Coming back after a failure to store: waits for a database that is away, and recovers what is durable in it."""

import asyncio
import logging
from functools import partial
from typing import Final

from hypersim.clock import MICROSECONDS, Clock
from hypersim.errors import StoreError
from hypersim.store.journal import Journal
from hypersim.store.recovery import Recovered, recover
from hypersim.store.thread import StoringThread

logger = logging.getLogger(__name__)

FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0
"""Between attempts; each is twice as long as the one before."""

PATIENCE_US: Final = 60 * MICROSECONDS
"""For how long it is tried."""


async def reopened(journal: Journal, clock: Clock, thread: StoringThread) -> Recovered:
    """What is durable, read in that thread. Raises StoreError when it cannot be trusted or reached."""
    until_us = clock.now_us() + PATIENCE_US
    pause_s = FIRST_PAUSE_S
    while True:
        attempt = thread.run(partial(_reopen, journal))
        await asyncio.wait((attempt,))
        error = attempt.exception()
        if error is None:
            return attempt.result()
        if isinstance(error, StoreError):
            raise error
        if clock.now_us() >= until_us:
            raise StoreError(f"cannot be rebuilt: {one_line(error)}") from error
        logger.error("the exchange cannot be rebuilt yet: %s", one_line(error))
        await clock.sleep(pause_s)
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


def _reopen(journal: Journal) -> Recovered:
    journal.reopen()
    return recover(journal)


def one_line(error: BaseException) -> str:
    """What failed, without its details."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}".partition("\n")[0]
