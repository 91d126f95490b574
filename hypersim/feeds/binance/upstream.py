"""Binance's public REST API as a source: asked with manners, by all who share one object.

Guarantees typed values or FeedFailed in one line: for silence, refusals, pauses asked for, and nonsense.
Spends request weight from a budget before it asks. A pause that the server asks for holds for everybody who
asks through this object. A host that does not serve this place is left for its fallback, when that answers.
Any server that speaks the dialect will do, another Hyper-Sim too.

Sources: rest-api.md, 'LIMITS', 'General API Information' and 'Market Data endpoints'.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec

from hypersim import units
from hypersim.clock import MICROSECONDS
from hypersim.feeds.base import FeedFailed
from hypersim.feeds.binance.answers import AggregateTrade, BookTicker, DayTicker, ExchangeInfo, Kline, ServerTime
from hypersim.feeds.binance.budget import Priority, WeightBudget
from hypersim.feeds.binance.messages import DepthSnapshot
from hypersim.settings import is_loopback

logger = logging.getLogger(__name__)

ANSWER_TIMEOUT_S = 5.0
LARGEST_ANSWER_BYTES = 32 * 2**20
PAUSE_S: Final = {429: 60, 418: 120}
"""How long to leave an upstream alone that asked for it without saying how long."""
LONGEST_PAUSE_S: Final = 3 * 24 * 3600
"""Binance bans nobody for longer."""
UNWELCOME: Final = frozenset({403, 451})
UNWELCOME_PAUSE_S: Final = 300
BOOK_WEIGHT: Final = 4
DAY_WEIGHTS: Final = ((20, 2), (100, 40))
DAY_WEIGHT_OF_MANY: Final = 80
DEPTH_WEIGHTS: Final = ((100, 5), (500, 25), (1000, 50))
DEPTH_WEIGHT_OF_MANY: Final = 250
TRADES_WEIGHT, KLINES_WEIGHT, INFO_WEIGHT, TIME_WEIGHT = 4, 2, 20, 1
LONGEST_LIST: Final = 100
"""Symbols that are named in one request; more would make its address too long, so all are asked for instead."""

HOME: Final = "binance.com"
FALLBACK_URL: Final = "https://data-api.binance.vision"
"""Serves market data where api.binance.com does not serve at all."""
STREAMS: Final = {
    "data-api.binance.vision": "wss://data-stream.binance.vision",
    "testnet.binance.vision": "wss://stream.testnet.binance.vision",
}
HOME_STREAM: Final = "wss://stream.binance.com:9443"

T = TypeVar("T")


def day_weight(symbols: int) -> int:
    """Request weight of the day tickers of so many symbols."""
    return next((weight for most, weight in DAY_WEIGHTS if symbols <= most), DAY_WEIGHT_OF_MANY)


def depth_weight(limit: int) -> int:
    """Request weight of a depth of so many levels."""
    return next((weight for most, weight in DEPTH_WEIGHTS if limit <= most), DEPTH_WEIGHT_OF_MANY)


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


def fallback_of(base_url: str) -> str | None:
    """Who else has the same prices, where a host does not serve this place."""
    return FALLBACK_URL if _is_home(urlsplit(base_url).hostname or "") else None


def stream_of(base_url: str) -> str:
    """Where the streams of an upstream are."""
    address = urlsplit(base_url)
    host = address.hostname or ""
    if _is_home(host):
        return HOME_STREAM
    return STREAMS.get(host, f"{'wss' if address.scheme == 'https' else 'ws'}://{address.netloc}")


def _is_home(host: str) -> bool:
    return host == HOME or host.endswith(f".{HOME}")


class Upstream:
    """One server, and the one that takes its place where it does not serve.

    `client` is the connection to it; its base address names it in failures. `fallback_url` is by default
    Binance's own, for Binance's own hosts.
    """

    def __init__(self, client: httpx.AsyncClient, budget: WeightBudget, *, fallback_url: str | None = None) -> None:
        self.budget = budget
        self._client = client
        self._home_url = str(client.base_url).rstrip("/")
        self._fallback_url = fallback_url or fallback_of(self._home_url)
        self._base_url = self._home_url
        self._left_alone_until_us = 0
        self._left_alone_status = 0

    @property
    def host(self) -> str:
        """Who answers now."""
        return urlsplit(self._base_url).netloc

    @property
    def is_binance(self) -> bool:
        """Whether it is Binance itself that answers: of any other address nobody here can tell whose prices it has."""
        host = urlsplit(self._base_url).hostname or ""
        return _is_home(host) or host == urlsplit(FALLBACK_URL).hostname

    @property
    def stream_url(self) -> str:
        """Where the streams of who answers now are."""
        return stream_of(self._base_url)

    async def book_tickers(self, symbols: Sequence[str] | None) -> list[BookTicker]:
        """The best quotes of some symbols, or of all. An unknown symbol fails them all; of more than a hundred,
        all are asked for.
        """
        return await self._get("ticker/bookTicker", _listing(symbols), BOOK_WEIGHT, list[BookTicker])

    async def day_tickers(self, symbols: Sequence[str] | None) -> list[DayTicker]:
        """What was traded in the last 24 hours of some symbols, or of all; as for the best quotes."""
        weight = DAY_WEIGHT_OF_MANY if symbols is None else day_weight(len(symbols))
        return await self._get("ticker/24hr", _listing(symbols), weight, list[DayTicker])

    async def depth(self, symbol: str, limit: int) -> tuple[DepthSnapshot, int]:
        """The best levels of a book, so many of each side; and when that was so, by our clock: half-way
        between question and answer.
        """
        asked = {"symbol": symbol, "limit": str(limit)}
        return await self._get_dated("depth", asked, depth_weight(limit), DepthSnapshot, Priority.DEPTH)

    async def aggregate_trades(self, symbol: str, from_id: int | None, limit: int) -> list[AggregateTrade]:
        """Trades from an aggregate id on, or the last ones; the oldest first."""
        asked = {"symbol": symbol, "limit": str(limit)}
        if from_id is not None:
            asked["fromId"] = str(from_id)
        return await self._get("aggTrades", asked, TRADES_WEIGHT, list[AggregateTrade], Priority.DEPTH)

    async def klines(self, symbol: str, interval: str, start_us: int, end_us: int, limit: int) -> list[Kline]:
        """Bars that open between two times, both included; the oldest first, at most 1000."""
        asked = {
            "symbol": symbol,
            "interval": interval,
            "startTime": str(start_us // 1000),
            "endTime": str(end_us // 1000),
            "limit": str(limit),
        }
        return await self._get("klines", asked, KLINES_WEIGHT, list[Kline], Priority.PAST)

    async def exchange_info(self, symbols: Sequence[str] | None) -> ExchangeInfo:
        """The rules of some symbols, or of all; as for the best quotes."""
        asked = {"showPermissionSets": "false"} | _listing(symbols)  # they are most of the answer
        return await self._get("exchangeInfo", asked, INFO_WEIGHT, ExchangeInfo)

    async def ahead_us(self) -> int:
        """By how much the server's clock is ahead of ours, to half of the time that it takes to ask."""
        theirs, at_us = await self._get_dated("time", {}, TIME_WEIGHT, ServerTime, Priority.QUOTES)
        return theirs.server_time * 1000 - at_us

    async def _get(
        self,
        name: str,
        parameters: Mapping[str, str],
        weight: int,
        shape: type[T],
        priority: Priority = Priority.QUOTES,
    ) -> T:
        return (await self._get_dated(name, parameters, weight, shape, priority))[0]

    async def _get_dated(
        self, name: str, parameters: Mapping[str, str], weight: int, shape: type[T], priority: Priority
    ) -> tuple[T, int]:
        """An answer, and the time half-way between question and answer, by our clock."""
        self._leave_alone()
        await self.budget.spend(weight, priority)
        self._leave_alone()  # somebody else was told so meanwhile
        path = f"/api/v3/{name}"
        asked_us = self.budget.clock.now_us()
        try:
            content = await self._answer(self._base_url, path, parameters)
        except Unwelcome as unwelcome:
            content = await self._answer_of_fallback(unwelcome, path, parameters)
        except FeedFailed:
            self._base_url = self._home_url
            raise
        at_us = (asked_us + self.budget.clock.now_us()) // 2
        try:
            return msgspec.json.decode(content, type=shape), at_us
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise FeedFailed(f"{self.host} answered {path} with something else: {error}") from None

    async def _answer_of_fallback(self, unwelcome: "Unwelcome", path: str, parameters: Mapping[str, str]) -> bytes:
        fallback_url = self._fallback_url
        if fallback_url is None or unwelcome.base_url == fallback_url:
            self._base_url = self._home_url
            raise unwelcome
        try:
            content = await self._answer(fallback_url, path, parameters)
        except FeedFailed as failure:
            pause_s = max(unwelcome.retry_after_s, failure.retry_after_s)
            raise FeedFailed(f"{unwelcome}, and {failure}", retry_after_s=pause_s) from None
        if self._base_url != fallback_url:
            logger.warning("%s: going on with %s", unwelcome, urlsplit(fallback_url).netloc)
            self._base_url = fallback_url
        return content

    async def _answer(self, base_url: str, path: str, parameters: Mapping[str, str]) -> bytes:
        """What a host answers. Raises Unwelcome when it does not serve this place."""
        host = urlsplit(base_url).netloc
        content = bytearray()
        try:
            async with (
                asyncio.timeout(ANSWER_TIMEOUT_S),
                self._client.stream("GET", base_url + path, params=parameters) as response,
            ):
                async for chunk in response.aiter_bytes():
                    content += chunk
                    if len(content) > LARGEST_ANSWER_BYTES:
                        raise FeedFailed(f"{host} answered {path} with more than {LARGEST_ANSWER_BYTES >> 20} MiB")
        except (TimeoutError, httpx.TimeoutException):
            raise Unreachable(f"{host} did not answer within {ANSWER_TIMEOUT_S:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(f"{host} cannot be reached: {str(error) or type(error).__name__}") from None
        status = response.status_code
        if status == httpx.codes.OK:
            return bytes(content)
        if status in PAUSE_S:
            raise self._pause(host, status, response.headers.get("Retry-After", ""))
        if status in UNWELCOME:
            raise Unwelcome(base_url, status)
        said = " ".join(bytes(content[:100]).decode(errors="replace").split())
        failed = Unreachable if status >= httpx.codes.INTERNAL_SERVER_ERROR else FeedFailed
        raise failed(f"{host} answered status {status}: {said}")

    def _pause(self, host: str, status: int, asked: str) -> FeedFailed:
        pause_s = min(int(asked[:9]), LONGEST_PAUSE_S) if asked.isdecimal() else PAUSE_S[status]
        until_us = self.budget.clock.now_us() + pause_s * MICROSECONDS
        if until_us > self._left_alone_until_us:
            self._left_alone_until_us, self._left_alone_status = until_us, status
        return _left_alone(host, pause_s, status)

    def _leave_alone(self) -> None:
        """Raises FeedFailed while the server wants to be left alone."""
        rest_us = self._left_alone_until_us - self.budget.clock.now_us()
        if rest_us > 0:
            raise _left_alone(self.host, -(-rest_us // MICROSECONDS), self._left_alone_status)


class Unreachable(FeedFailed):
    """A host is silent or broken just now, whatever it is asked."""


class Unwelcome(FeedFailed):
    """A host does not serve this place."""

    def __init__(self, base_url: str, status: int) -> None:
        super().__init__(
            f"{urlsplit(base_url).netloc} does not serve this place (status {status})",
            retry_after_s=UNWELCOME_PAUSE_S,
        )
        self.base_url = base_url


def _left_alone(host: str, pause_s: int, status: int) -> FeedFailed:
    return FeedFailed(f"{host} asks to be left alone for {pause_s} s (status {status})", retry_after_s=pause_s)


def _listing(symbols: Sequence[str] | None) -> dict[str, str]:
    if symbols is None or len(symbols) > LONGEST_LIST:
        return {}
    return {"symbols": msgspec.json.encode(symbols).decode()}


def quantity(text: str) -> int:
    """A number of an upstream's answer, scale 8. Raises FeedFailed when it is none."""
    try:
        return units.parse(text)
    except ValueError as error:
        raise FeedFailed(f"the upstream sent a number that is {error}") from None
