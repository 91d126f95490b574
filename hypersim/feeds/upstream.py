"""Binance's public REST API as a source: two kinds of tickers, asked for with manners.

Guarantees typed values or FeedFailed in one line: for silence, refusals, pauses asked for, and nonsense.
Spends request weight from a budget before it asks. Any server that speaks the dialect will do, another Hyper-
Sim too.

Sources: rest-api.md, 'LIMITS' and 'Market Data endpoints'.
"""

import asyncio
from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec
from msgspec import Struct

from hypersim import units
from hypersim.feeds.base import FeedFailed
from hypersim.feeds.budget import WeightBudget
from hypersim.settings import is_loopback

ANSWER_TIMEOUT_S = 5.0
PAUSE_S = {429: 60, 418: 120}
"""How long to leave an upstream alone that asked for it without saying how long."""
UNWELCOME = frozenset({403, 451})
UNWELCOME_PAUSE_S = 300
BOOK_WEIGHT = 4
DAY_WEIGHTS = ((20, 2), (100, 40))
DAY_WEIGHT_OF_MANY = 80

T = TypeVar("T")


class BookTicker(Struct, frozen=True, rename="camel"):
    """The best quotes of a symbol, as texts; zeros where there are none."""

    symbol: str
    bid_price: str
    bid_qty: str
    ask_price: str
    ask_qty: str


class DayTicker(Struct, frozen=True, rename="camel"):
    """What was traded in the last 24 hours, as far as a feed uses it."""

    symbol: str
    last_price: str
    last_qty: str
    volume: str
    last_id: int
    """Of the last trade; -1 when there was none."""


def day_weight(symbols: int) -> int:
    """Request weight of the day tickers of so many symbols."""
    return next((weight for most, weight in DAY_WEIGHTS if symbols <= most), DAY_WEIGHT_OF_MANY)


def connection(base_url: str) -> httpx.AsyncClient:
    """A client of an upstream, to be closed by `async with`. Raises FeedFailed for an address that is none.

    Proxies that the environment names are used, but not to reach this machine.
    """
    try:
        address = urlsplit(base_url)
        usable = bool(address.hostname) and address.port != 0  # reading the port checks its range
        client = httpx.AsyncClient(base_url=base_url, trust_env=not is_loopback(address.hostname or ""))
    except (httpx.InvalidURL, ValueError) as error:
        raise FeedFailed(f"{base_url} is not an address: {error}") from None
    if not usable:
        raise FeedFailed(f"{base_url} is not an address: it needs a host, and a port above 0")
    return client


class Upstream:
    """One server. `client` is the connection to it; its base address names it in failures."""

    def __init__(self, client: httpx.AsyncClient, budget: WeightBudget) -> None:
        self._client = client
        self._budget = budget
        self._host = urlsplit(str(client.base_url)).netloc

    async def book_tickers(self, symbols: Sequence[str] | None) -> list[BookTicker]:
        """The best quotes of some symbols, or of all. An unknown symbol fails them all."""
        return await self._get("/api/v3/ticker/bookTicker", symbols, BOOK_WEIGHT, list[BookTicker])

    async def day_tickers(self, symbols: Sequence[str]) -> list[DayTicker]:
        return await self._get("/api/v3/ticker/24hr", symbols, day_weight(len(symbols)), list[DayTicker])

    async def _get(self, path: str, symbols: Sequence[str] | None, weight: int, shape: type[T]) -> T:
        parameters = None if symbols is None else {"symbols": msgspec.json.encode(symbols).decode()}
        await self._budget.spend(weight)
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                response = await self._client.get(path, params=parameters)
        except (TimeoutError, httpx.TimeoutException):
            raise FeedFailed(f"{self._host} did not answer within {ANSWER_TIMEOUT_S:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise FeedFailed(f"{self._host} cannot be reached: {str(error) or type(error).__name__}") from None
        if response.status_code != httpx.codes.OK:
            raise self._refusal(response)
        try:
            return msgspec.json.decode(response.content, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise FeedFailed(f"{self._host} answered {path} with something else: {error}") from None

    def _refusal(self, response: httpx.Response) -> FeedFailed:
        status = response.status_code
        if status in PAUSE_S:
            asked = response.headers.get("Retry-After", "")
            pause_s = int(asked) if asked.isdecimal() else PAUSE_S[status]
            return FeedFailed(
                f"{self._host} asks to be left alone for {pause_s} s (status {status})", retry_after_s=pause_s
            )
        if status in UNWELCOME:
            return FeedFailed(
                f"{self._host} does not serve this place (status {status})", retry_after_s=UNWELCOME_PAUSE_S
            )
        return FeedFailed(f"{self._host} answered status {status}: {response.text[:100]}")


def quantity(text: str) -> int:
    """A number of an upstream's answer, scale 8. Raises FeedFailed when it is none."""
    try:
        return units.parse(text)
    except ValueError as error:
        raise FeedFailed(f"the upstream sent a number that is {error}") from None
