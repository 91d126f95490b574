"""One exchange as ccxt reaches it: what it can be asked, what it answers, and what went wrong in one line.

ccxt is an extra. It is looked for when a feed is made, and imported when a connection opens, in a thread: that
takes seconds and some 100 MB. Guarantees FeedFailed for whatever goes wrong, and that nothing stays open after
`opened`. Asks for public data alone, has no keys, and never more often than the exchange's own rate limit in
ccxt says. The markets there are read once, unless they are to be read again.
"""

import asyncio
import difflib
import importlib
import importlib.util
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from hypersim.errors import SettingsError
from hypersim.feeds.base import FeedFailed

ANSWER_TIMEOUT_S: Final = 10.0
PAUSE_S: Final = 60.0
"""How long to leave an exchange alone that asked for it without saying how long, or that is being repaired."""
UNWELCOME: Final = frozenset({403, 451})
UNWELCOME_PAUSE_S: Final = 300.0
MOST_SAID: Final = 160
"""Characters of what ccxt says about a failure."""
UNREADABLE: Final = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
"""What ccxt runs into where an answer is not of the exchange's usual form."""

T = TypeVar("T")


class Declined(FeedFailed):
    """This request is not taken as it was asked; another may be."""


class Unlisted(Declined):
    """There is no such market there, or nobody may trade on it."""


def check_known(exchange_id: str) -> None:
    """Raises SettingsError where ccxt is missing or has no such exchange. Imports nothing."""
    found = importlib.util.find_spec("ccxt")
    if found is None or not found.submodule_search_locations:
        raise SettingsError(f"HYPERSIM_FEED=ccxt:{exchange_id} needs ccxt: pip install 'hypersim-exchange[ccxt]'")
    known = sorted(path.stem for path in Path(found.submodule_search_locations[0], "async_support").glob("[a-z]*.py"))
    if exchange_id not in known:
        near = difflib.get_close_matches(exchange_id.lower(), known, n=1)
        meant = f": do you mean ccxt:{near[0]}?" if near else ""
        raise SettingsError(f"HYPERSIM_FEED=ccxt:{exchange_id}: ccxt has no exchange of that name{meant}")


class Connection:
    """One exchange. `config` goes to ccxt's class, over what is set here."""

    def __init__(self, exchange_id: str, config: Mapping[str, Any]) -> None:
        check_known(exchange_id)
        self._id = exchange_id
        self._config = {
            "enableRateLimit": True,
            "timeout": round(ANSWER_TIMEOUT_S * 1000),
            "aiohttp_trust_env": True,  # the proxies that the environment names
        } | dict(config)
        self._exchange: Any = None
        self._errors: Any = None
        self._network_errors: tuple[type[BaseException], ...] = (OSError,)
        self._markets_wanted = True
        self._host: str | None = None
        self._status: int | None = None
        self._headers: Mapping[str, str] = {}

    @property
    def host(self) -> str | None:
        """Who answers, or is to answer; None before the first opening."""
        return self._host

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Connected, and the markets there are known. Once at a time; may be opened again."""
        if self._exchange is None:
            self._exchange = await asyncio.to_thread(self._make)
        self._exchange.open()
        try:
            await self.call("load_markets", self._markets_wanted, shape=len)
            self._markets_wanted = False
            yield
        finally:
            await self._exchange.close()
            self._exchange.clean_ws_data()

    def _make(self) -> Any:
        """An exchange of the class that can watch, where ccxt has one."""
        try:
            classes = importlib.import_module(f"ccxt.pro.{self._id}")
        except ModuleNotFoundError as missing:
            if missing.name != f"ccxt.pro.{self._id}":
                raise
            classes = importlib.import_module(f"ccxt.async_support.{self._id}")
        self._errors = importlib.import_module("ccxt.base.errors")
        self._network_errors = (OSError, importlib.import_module("aiohttp").ClientError)
        exchange = getattr(classes, self._id)(self._config)
        self._host = _host_of(exchange)
        hear = exchange.on_rest_response

        def heard(status: int, reason: str, url: str, method: str, headers: Any, *bodies: Any) -> Any:
            self._status, self._headers, self._host = status, headers, urlsplit(url).netloc
            return hear(status, reason, url, method, headers, *bodies)

        exchange.on_rest_response = heard
        return exchange

    def can(self, *calls: str) -> bool:
        """Whether the exchange itself has all of these calls, by ccxt's names (fetchTickers). Once opened."""
        return all(self._exchange.has.get(call) is True for call in calls)

    def trades(self, symbol: str) -> bool:
        """Whether there is such a spot market, and trading on it. Once opened."""
        market = self._exchange.markets.get(symbol)
        return market is not None and market.get("active") is not False and not market.get("contract")

    def forget_markets(self) -> None:
        """The markets there are read again at the next opening: something was missing."""
        self._markets_wanted = True

    async def call(self, method: str, *arguments: Any, shape: Callable[[Any], T]) -> T:
        """What a method of ccxt's class returns, in a shape of ours. Raises FeedFailed."""
        self._status, self._headers = None, {}
        try:
            answer = await getattr(self._exchange, method)(*arguments)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            raise FeedFailed(f"the connection to {self._host} was closed") from None  # ccxt cancels who waits for it
        except self._errors.BaseError as error:
            raise self._failure(error) from None
        except self._network_errors as error:
            raise FeedFailed(f"{self._host} cannot be reached: {_said(error)}") from None
        except UNREADABLE as error:
            raise self._unreadable(method, error) from error
        return self.read(method, answer, shape)

    def read(self, method: str, answer: Any, shape: Callable[[Any], T]) -> T:
        """The answer of a method in a shape of ours. Raises FeedFailed."""
        try:
            return shape(answer)
        except UNREADABLE as error:
            raise self._unreadable(method, error) from error

    def _unreadable(self, method: str, error: Exception) -> FeedFailed:
        return FeedFailed(f"{self._host} answered {method} with something else: {error!r}"[:MOST_SAID])

    async def hang_up(self) -> None:
        """Closes what watches, and forgets what was watched."""
        await self._exchange.close_ws_clients()
        self._exchange.clean_ws_data()

    def _failure(self, error: Exception) -> FeedFailed:
        """What ccxt raised, in a line, with how long to wait where that is known."""
        kinds, host, said = self._errors, self._host, _said(error)
        if isinstance(error, kinds.RateLimitExceeded | kinds.DDoSProtection):
            pause_s = self._asked_pause_s()
            return FeedFailed(f"{host} asks to be left alone for {pause_s:g} s: {said}", retry_after_s=pause_s)
        if self._status in UNWELCOME or isinstance(error, kinds.AuthenticationError | kinds.RestrictedLocation):
            return FeedFailed(f"{host} does not serve this place: {said}", retry_after_s=UNWELCOME_PAUSE_S)
        if isinstance(error, kinds.OnMaintenance):
            return FeedFailed(f"{host} is being repaired: {said}", retry_after_s=PAUSE_S)
        if isinstance(error, kinds.RequestTimeout):
            return FeedFailed(f"{host} did not answer within {self._config['timeout'] / 1000:g} s: {said}")
        if isinstance(error, kinds.NetworkError):
            return FeedFailed(f"{host} cannot be reached: {said}")
        if isinstance(error, kinds.BadSymbol | kinds.MarketClosed):
            return Unlisted(f"{host} has no such market: {said}")
        if isinstance(error, kinds.ExchangeError):
            return Declined(f"{host} refused: {said}")
        return FeedFailed(f"{host} failed: {said}")

    def _asked_pause_s(self) -> float:
        asked = next((value for name, value in self._headers.items() if name.lower() == "retry-after"), "")
        return float(asked) if asked.isdecimal() else PAUSE_S


def _said(error: BaseException) -> str:
    """One line of it. ccxt's own sentence names the address alone where what it ran into says more."""
    text = " ".join(str(error.__cause__ or error).split())
    return text[:MOST_SAID] or type(error).__name__


def _host_of(exchange: Any) -> str | None:
    """The host that ccxt's class asks first, as far as its addresses say."""
    waiting = [exchange.urls.get("api")]
    while waiting:
        address = waiting.pop(0)
        if isinstance(address, dict):
            waiting.extend(address.values())
        elif isinstance(address, str) and address.startswith("http"):
            return str(urlsplit(exchange.implode_hostname(address)).netloc)
    return None
