"""Live prices from Binance by polling tickers.

Best quotes at every interval, figures of the day every ten seconds, within a budget of request weight. Depth
is known at the touch alone: what stands behind it is a profile (hypersim/feeds/profile.py). Of trades only
their sum is known: what the day's volume grew by is one trade at the last price. Guarantees that what was
traded while nobody looked, before the start or in a failure, is not traded against later.
"""

import logging
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from msgspec import Struct

from hypersim.clock import MICROSECONDS, Clock
from hypersim.engine.commands import Ladder, OutsideUpdate, Print
from hypersim.engine.market import Market
from hypersim.engine.orders import Side
from hypersim.feeds.base import FeedFailed, SourceReport
from hypersim.feeds.budget import WeightBudget
from hypersim.feeds.profile import DepthProfile
from hypersim.feeds.quotes import UNBOUNDED
from hypersim.feeds.upstream import (
    BOOK_WEIGHT,
    BookTicker,
    DayTicker,
    Upstream,
    connection,
    day_weight,
    quantity,
)

logger = logging.getLogger(__name__)

DAY_INTERVAL_S = 10.0
BOOK_SHARE = 0.75
"""Of the budget, for quotes; the rest is for the figures of the day."""


class Quote(Struct, frozen=True):
    """Best prices and sizes, scale 8; 0 for none."""

    bid: int
    bid_size: int
    ask: int
    ask_size: int


class Watched:
    """What is known of one symbol upstream, since the feed began to look."""

    def __init__(self, market: Market, seed: int, *, traded: bool) -> None:
        self._market = market
        self._seed = seed
        self._traded = traded
        self._quote: Quote | None = None
        self._profile: DepthProfile | None = None
        self._profile_volume = 0
        self._day: tuple[int, int] | None = None
        self._last_price = 0
        self._prints: list[Print] = []

    def forget(self, *, traded: bool) -> None:
        """What was said of it is void: say the ladder anew, and a first trade where there has been none."""
        self._quote = None
        if not traded:
            self._traded, self._day = False, None

    def learn_day(self, ticker: DayTicker) -> None:
        """Takes in what the day's trades add up to."""
        price, size, volume = (quantity(text) for text in (ticker.last_price, ticker.last_qty, ticker.volume))
        if self._profile is None or not self._profile_volume / 2 <= volume <= self._profile_volume * 2:
            self._profile_volume = volume
            self._profile = DepthProfile(self._market, volume, self._seed)
            self._quote = None
        before, self._day = self._day, (ticker.last_id, volume)
        if before is None:
            grown = 0 if self._traded else size
        elif ticker.last_id > before[0]:
            # the day's window moves on, so its volume may shrink while trades happen
            grown = max(volume - before[1], size)
        else:
            grown = 0
        if grown and price:
            self._prints.append(Print(price, grown, self._aggressor(price)))
            self._traded, self._last_price = True, price

    def _aggressor(self, price: int) -> Side:
        """Who took, by where the trade was (Lee and Ready 1991): at the ask a buyer, else by the price
        before.
        """
        quote = self._quote
        if quote is not None and quote.ask and price >= quote.ask:
            return Side.BUY
        if quote is not None and quote.bid and price <= quote.bid:
            return Side.SELL
        return Side.BUY if price >= self._last_price else Side.SELL

    def learn_quote(self, ticker: BookTicker) -> OutsideUpdate:
        """Takes in the best quotes; returns what there is to say since the last time."""
        quote = Quote(
            *(quantity(text) for text in (ticker.bid_price, ticker.bid_qty, ticker.ask_price, ticker.ask_qty))
        )
        ladder = None
        if quote != self._quote and self._profile is not None:
            self._quote = quote
            ladder = _ladder(self._profile, quote)
        prints, self._prints = tuple(self._prints), []
        return OutsideUpdate(symbol=self._market.symbol, prints=prints, ladder=ladder)


def _ladder(profile: DepthProfile, quote: Quote) -> Ladder:
    bids = profile.side(Side.BUY, quote.bid, quote.bid_size) if quote.bid_size else ()
    asks = profile.side(Side.SELL, quote.ask, quote.ask_size) if quote.ask_size else ()
    return Ladder(
        bids=bids,
        asks=asks,
        bid_floor=bids[-1][0] if bids else 0,
        ask_ceiling=asks[-1][0] if asks else UNBOUNDED,
        full=True,
    )


class BinanceFeed:
    """The markets of an upstream that are listed here too.

    `traded` are the symbols that have a last price in this world; the others begin with the upstream's last
    trade.
    """

    name = "binance"
    real = True

    def __init__(
        self,
        *,
        clock: Clock,
        markets: Sequence[Market],
        base_url: str,
        interval_ms: int,
        weight_per_minute: int,
        seed: int,
        traded: Iterable[str],
    ) -> None:
        self._clock = clock
        self._markets = {market.symbol: market for market in markets}
        self._base_url = base_url
        self._interval_s = interval_ms / 1000
        self._seed = seed
        self._traded = set(traded)
        self._watched: dict[str, Watched] = {}
        self.budget = WeightBudget(clock, weight_per_minute)

    def report(self) -> SourceReport:
        return SourceReport(
            host=urlsplit(self._base_url).netloc,
            transport="polling",
            weight_per_minute=self.budget.per_minute,
            weight_spent=self.budget.spent,
            streamed=0,
        )

    async def updates(self) -> AsyncGenerator[OutsideUpdate, None]:
        async with connection(self._base_url) as client:
            upstream = Upstream(client, self.budget)
            symbols = await self._symbols(upstream)
            self._watched = {
                symbol: Watched(self._markets[symbol], self._seed, traded=symbol in self._traded) for symbol in symbols
            }
            interval_s, day_interval_s = self._intervals(len(symbols))
            day_due_us = due_us = self._clock.now_us()
            while True:
                if self._clock.now_us() >= day_due_us:
                    day_due_us = self._clock.now_us() + round(day_interval_s * MICROSECONDS)
                    for day in await upstream.day_tickers(symbols):
                        if day.symbol in self._watched:
                            self._watched[day.symbol].learn_day(day)
                for book in await upstream.book_tickers(symbols):
                    if book.symbol in self._watched:
                        update = self._watched[book.symbol].learn_quote(book)
                        if update.prints:
                            self._traded.add(book.symbol)
                        yield update
                due_us = max(due_us + round(interval_s * MICROSECONDS), self._clock.now_us())
                await self._clock.sleep((due_us - self._clock.now_us()) / MICROSECONDS)

    def moved(self, symbol: str, price: int | None) -> None:
        if price is None:
            self._traded.discard(symbol)
        if symbol in self._watched:
            self._watched[symbol].forget(traded=price is not None)

    async def _symbols(self, upstream: Upstream) -> list[str]:
        """Those of our markets that the upstream has."""
        listed = {ticker.symbol for ticker in await upstream.book_tickers(None)}
        found = [symbol for symbol in self._markets if symbol in listed]
        if not found:
            raise FeedFailed(f"{self._base_url} has none of {', '.join(self._markets)}")
        if missing := self._markets.keys() - listed:
            logger.warning("feed %s: %s has no %s", self.name, self._base_url, ", ".join(sorted(missing)))
        return found

    def _intervals(self, symbols: int) -> tuple[float, float]:
        """Seconds between polls of quotes and of the day's figures, as the budget allows them."""
        return (
            max(self._interval_s, self.budget.interval_s(BOOK_WEIGHT, BOOK_SHARE)),
            max(DAY_INTERVAL_S, self.budget.interval_s(day_weight(symbols), 1 - BOOK_SHARE)),
        )


async def upstream_symbols(clock: Clock, base_url: str, weight_per_minute: int) -> frozenset[str]:
    """The symbols that an upstream has. Raises FeedFailed when it does not answer."""
    async with connection(base_url) as client:
        tickers = await Upstream(client, WeightBudget(clock, weight_per_minute)).book_tickers(None)
    return frozenset(ticker.symbol for ticker in tickers)


def split_by_upstream(
    markets: Iterable[Market], listed: frozenset[str], made_up: Mapping[str, object]
) -> tuple[list[Market], list[Market]]:
    """The markets that the upstream moves, and those that it lacks and that can be made up instead."""
    lacking = [market for market in markets if market.symbol not in listed and market.symbol in made_up]
    return [market for market in markets if market not in lacking], lacking
