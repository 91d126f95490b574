"""Which feed a world has, and why: what is set, what it was begun with, or what answers.

`auto` is live Binance when it answers at start, otherwise synthetic. It is decided while nobody in the world
has an order, and kept from then on: a market that changed its kind under somebody's orders would be none.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import httpx
from msgspec import Struct

ANSWER_TIMEOUT_S: Final = 3.0
AUTO: Final = "auto"
LIVE: Final = "binance"
MADE_UP: Final = "synthetic"


class FeedChoice(Struct, frozen=True):
    """A feed's name, and the reason for it as a person reads it."""

    name: str
    why: str


async def choose(
    wanted: str,
    *,
    begun_with: str | None,
    has_orders: bool,
    upstream: str,
    failure: Callable[[], Awaitable[str | None]],
) -> FeedChoice:
    """The feed of a world that was begun with another one perhaps.

    `failure` asks the upstream: why it does not answer, None when it does.
    """
    if wanted != AUTO:
        return FeedChoice(wanted, "as it was asked for")
    if begun_with is not None and has_orders:
        return FeedChoice(begun_with, "kept: there are orders that were placed on it")
    why_not = await failure()
    if why_not is None:
        return FeedChoice(LIVE, f"{upstream} answers, so prices are live")
    return FeedChoice(MADE_UP, f"{upstream} did not answer ({why_not}), so prices are made up")


async def upstream_failure(base_url: str) -> str | None:
    """Why an upstream does not answer, in a few words; None when it does."""
    try:
        async with httpx.AsyncClient(timeout=ANSWER_TIMEOUT_S) as client:
            answer = await client.get(f"{base_url}/api/v3/ping")
    except httpx.TimeoutException:
        return f"nothing within {ANSWER_TIMEOUT_S:.0f} s"
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return str(error) or type(error).__name__
    return None if answer.status_code == httpx.codes.OK else f"status {answer.status_code}"
