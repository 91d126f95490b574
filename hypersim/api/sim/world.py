"""What the simulation API may use beside the world that every dialect sees."""

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from hypersim.feeds.base import FeedStatus
from hypersim.world import World


@dataclass(slots=True, kw_only=True, frozen=True)
class Simulation:
    """A world and the levers on it. The composition root builds it."""

    world: World
    open: bool
    """Open mode: whoever reaches the exchange may pull them."""
    maker_rate: int
    """Fee rate of new accounts, scale 8."""
    taker_rate: int
    account_ids: Iterator[int]
    """The next account's id, never given before."""
    feed: Callable[[], FeedStatus]
    starting_over: Callable[[], AbstractAsyncContextManager[None]]
    """For the block that empties the world: the outside market starts over with it."""
    durable_sequence: Callable[[], int]
    journal: str
    """Where the world is kept, as a person reads it; no password in it."""
    seed: int
    rate_limits: bool
    state: Callable[[], str]
    """Of the writer: serving, rebuilding, stopped."""
