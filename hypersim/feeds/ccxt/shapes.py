"""From ccxt's unified structures to scale-8 integers: books, quotes, figures of the day, trades.

ccxt's numbers are floats, in order books whatever its setting `number` says. Each is read as a person reads
what Python prints of it, so that up to 15 digits are the exchange's own. What needs more than 8 decimals is
rounded away from the market: bids and sellers' trades down, asks and buyers' up, sizes down. Raises FeedFailed
for what is no number.

Source: ccxt's manual, 'Order Book Structure', 'Ticker structure', 'Public Trades'.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct

from hypersim.engine.commands import Ladder
from hypersim.engine.orders import Side
from hypersim.feeds.base import FeedFailed
from hypersim.feeds.quotes import UNBOUNDED
from hypersim.units import SCALE

REMEMBERED: Final = 2**16
"""Numbers whose integers are kept: most of a book is what it was a moment ago."""
MILLISECOND_US: Final = 1000

Levels = tuple[tuple[int, int], ...]


@lru_cache(REMEMBERED)
def _scaled(number: float | str, rounding: str) -> int:
    try:
        exact = Decimal(number if isinstance(number, str) else repr(number))
        return int(exact.scaleb(SCALE).to_integral_value(rounding))
    except (InvalidOperation, ValueError, OverflowError):
        raise FeedFailed(f"the exchange sent {number!r}, which is no number") from None


def rounded_down(number: Any) -> int:
    """Scale-8 integer of a number of ccxt's, not above it."""
    return _scaled(number, ROUND_FLOOR)


def rounded_up(number: Any) -> int:
    """Scale-8 integer of a number of ccxt's, not below it."""
    return _scaled(number, ROUND_CEILING)


class Book(Struct, frozen=True):
    """Both sides, best first, and when the exchange says that they were so (0: it does not say)."""

    bids: Levels
    asks: Levels
    time_us: int = 0

    @property
    def best(self) -> tuple[int, int]:
        """Best bid and ask; 0 for none."""
        return (self.bids[0][0] if self.bids else 0, self.asks[0][0] if self.asks else 0)

    def ladder(self) -> Ladder:
        """The same as what is known of the outside: nothing beyond the last levels."""
        return Ladder(
            bids=self.bids,
            asks=self.asks,
            bid_floor=self.bids[-1][0] if self.bids else 0,
            ask_ceiling=self.asks[-1][0] if self.asks else UNBOUNDED,
            full=True,
        )


def book_of(book: Mapping[str, Any]) -> Book:
    """An order book. Levels that meet on one price are added."""
    return Book(_levels(book["bids"], Side.BUY), _levels(book["asks"], Side.SELL), _time_us(book))


def _levels(listed: Iterable[Sequence[Any]], side: Side) -> Levels:
    sizes: defaultdict[int, int] = defaultdict(int)
    rounded = rounded_down if side is Side.BUY else rounded_up
    for level in listed:
        sizes[rounded(level[0])] += rounded_down(level[1])
    return tuple(
        (price, sizes[price]) for price in sorted(sizes, reverse=side is Side.BUY) if price > 0 and sizes[price] > 0
    )


class Quote(Struct, frozen=True):
    """Best prices, and their sizes where the exchange says them; 0 for what is not there."""

    bid: int
    bid_size: int
    ask: int
    ask_size: int


class Ticker(Struct, frozen=True):
    """Best quotes, the last price, and what was traded in 24 hours (base); 0 where the exchange does not say it."""

    quote: Quote
    last: int
    volume: int
    time_us: int


def tickers_of(tickers: Mapping[str, Mapping[str, Any]]) -> dict[str, Ticker]:
    """Tickers by the symbols there."""
    return {symbol: _ticker_of(ticker) for symbol, ticker in tickers.items()}


def _ticker_of(ticker: Mapping[str, Any]) -> Ticker:
    quote = Quote(
        rounded_down(ticker.get("bid") or 0),
        rounded_down(ticker.get("bidVolume") or 0),
        rounded_up(ticker.get("ask") or 0),
        rounded_down(ticker.get("askVolume") or 0),
    )
    last, volume = rounded_down(ticker.get("last") or 0), rounded_down(ticker.get("baseVolume") or 0)
    return Ticker(quote, last, volume, _time_us(ticker))


class Trade(Struct, frozen=True):
    """One trade there. `side` is who took, None where the exchange does not say it."""

    id: str | None
    time_us: int
    price: int
    size: int
    side: Side | None

    @property
    def order(self) -> tuple[int, int]:
        """For sorting: ccxt sorts what happened within a millisecond by the text of its id, 10 before 9."""
        return self.time_us, int(self.id) if self.id is not None and self.id.isdecimal() else 0


SIDES: Final = {"buy": Side.BUY, "sell": Side.SELL}


def trades_of(trades: Iterable[Mapping[str, Any]]) -> list[Trade]:
    """Trades in the order in which they happened; without those that have no time, of which nobody could say
    whether they are new.
    """
    read = []
    for trade in trades:
        side = SIDES.get(trade.get("side") or "")
        price = (rounded_up if side is Side.BUY else rounded_down)(trade.get("price"))
        size, time_us = rounded_down(trade.get("amount")), _time_us(trade)
        if price > 0 and size > 0 and time_us:
            read.append(Trade(trade.get("id"), time_us, price, size, side))
    return sorted(read, key=lambda trade: trade.order)


def _time_us(structure: Mapping[str, Any]) -> int:
    return int(structure.get("timestamp") or 0) * MILLISECOND_US
