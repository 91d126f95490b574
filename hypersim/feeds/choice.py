"""Which feed a world has, and why: what is set, what it was begun with, or what answers.

`auto` is live Binance when it answers at start, otherwise synthetic. It is decided while nobody in the world
has an order, and kept from then on: a market that changed its kind under somebody's orders would be none.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from msgspec import Struct

from hypersim.feeds.base import FeedFailed

AUTO: Final = "auto"
LIVE: Final = "binance"
MADE_UP: Final = "synthetic"


class FeedChoice(Struct, frozen=True):
    """A feed's name, and the reason for it as a person reads it."""

    name: str
    why: str
    upstream: frozenset[str] | None = None
    """The symbols that the upstream has; None where it was not asked, or did not answer."""


async def choose(
    wanted: str,
    *,
    begun_with: str | None,
    has_orders: bool,
    base_url: str,
    ask_upstream: Callable[[], Awaitable[frozenset[str]]],
) -> FeedChoice:
    """The feed of a world that was begun with another one perhaps.

    `ask_upstream` gives the symbols that the upstream has, or raises FeedFailed. What was asked for or kept
    stays, whether it answers or not.
    """
    name, why = wanted, "as it was asked for"
    if wanted == AUTO and begun_with is not None and has_orders:
        name, why = begun_with, "kept: there are orders that were placed on it"
    if name not in (AUTO, LIVE):
        return FeedChoice(name, why)
    try:
        upstream = await ask_upstream()
    except FeedFailed as failure:
        if name == LIVE:
            return FeedChoice(LIVE, f"{why}; at start {failure}")
        return FeedChoice(MADE_UP, f"{failure}, so prices are made up")
    return FeedChoice(LIVE, f"{base_url} answers, so prices are live" if name == AUTO else why, upstream)
