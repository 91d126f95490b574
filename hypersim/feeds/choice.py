"""Which feeds a world has, and why: what is set, what somebody chose, what it was begun with, or what answers.

`auto` is live Binance when it answers at start, otherwise synthetic. It is decided while nobody in the world
has an order, and kept from then on: a market that changed its kind under somebody's orders would be none. What
somebody chose by hand is kept, too.
"""

from collections.abc import Awaitable, Callable

from msgspec import Struct

from hypersim.feeds.base import FeedFailed
from hypersim.settings import AUTO, BINANCE, SYNTHETIC


class FeedChoice(Struct, frozen=True):
    """Names of feeds, the preferred one first, and the reason for them as a person reads it."""

    names: tuple[str, ...]
    why: str

    @property
    def name(self) -> str:
        """As HYPERSIM_FEED has it."""
        return ",".join(self.names)


async def choose(
    wanted: tuple[str, ...],
    *,
    kept: tuple[str, ...] | None,
    by_hand: bool,
    has_orders: bool,
    base_url: str,
    live_answers: Callable[[], Awaitable[object]],
) -> FeedChoice:
    """The feeds of a world that had some before (`kept`), chosen by hand perhaps.

    `live_answers` raises FeedFailed when live Binance does not answer. What was asked for or kept stays, whether
    it answers or not.
    """
    if wanted != (AUTO,):
        return FeedChoice(wanted, "as it was asked for")
    if kept is not None and by_hand:
        return FeedChoice(kept, "kept: somebody chose it")
    if kept is not None and has_orders:
        return FeedChoice(kept, "kept: there are orders that were placed on it")
    try:
        await live_answers()
    except FeedFailed as failure:
        return FeedChoice((SYNTHETIC,), f"{failure}, so prices are made up")
    return FeedChoice((BINANCE,), f"{base_url} answers, so prices are live")
