"""One symbol as tickers show it: its best quotes, and what a day's trades add up to.

Depth is known at the touch alone: what stands behind it is a profile (hypersim/feeds/profile.py). Of trades
only their sum is known: what the day's volume grew by is one trade at the last price. Guarantees that what
was traded while nobody looked is not traded against later, and that what somebody else said of this symbol's
trades is not said again: trades are told apart by their ids. Does no I/O and reads no clock.
"""

from msgspec import Struct

from hypersim.engine.commands import Ladder, OutsideUpdate, Print
from hypersim.engine.market import Market
from hypersim.engine.orders import Side
from hypersim.feeds.binance.answers import BookTicker, DayTicker
from hypersim.feeds.binance.upstream import quantity
from hypersim.feeds.profile import DepthProfile
from hypersim.feeds.quotes import UNBOUNDED

FAR_LEVELS = 5
"""Per side, of a symbol that nobody cares for."""


class Quote(Struct, frozen=True):
    """Best prices and sizes, scale 8; 0 for none."""

    bid: int
    bid_size: int
    ask: int
    ask_size: int


class Said(Struct):
    """How much of the day's volume is told already: all trades up to an id."""

    last_id: int
    volume: int


class Sampled:
    """What is known of one symbol by its tickers, since the feed began to look.

    `traded`: whether the symbol has a last price in this world; if not, it begins with the upstream's.
    """

    def __init__(self, market: Market, seed: int, *, traded: bool) -> None:
        self.traded = traded
        self._market = market
        self._seed = seed
        self._ticker: BookTicker | None = None
        self._quote: Quote | None = None
        self._stated: tuple[Quote, bool] | None = None
        """What the last ladder was made of, and whether it was a whole one."""
        self._profile: DepthProfile | None = None
        self._profile_volume = 0
        self._said: Said | None = None
        self._last: Print | None = None
        self._prints: list[Print] = []
        self.known_until_us = 0
        """Our time until which its trades are known: that of the newest figures of the day; 0: not yet."""
        self.told_id = -1
        """Of the last trade that was said or skipped, by whoever spoke for the symbol."""

    def restate(self) -> None:
        """What was said of it is void: say the ladder anew."""
        self._stated = None
        self._prints = []

    def forget_trades(self) -> None:
        """Trades were missed: those of the time until the next figures are nobody's."""
        self._said = None
        self._prints = []

    def printed(self, last_id: int, size: int) -> None:
        """Somebody else said trades of this size, up to an id."""
        self.told_id = max(self.told_id, last_id)
        if self._said is not None and last_id > self._said.last_id:
            self._said.last_id = last_id
            self._said.volume += size

    @property
    def unsaid(self) -> bool:
        """Whether a ladder is still to be said, or to be said anew."""
        return self._stated is None

    def learn_day(self, ticker: DayTicker, *, speaking: bool) -> None:
        """Takes in what the day's trades add up to; `speaking`: and what it grew by is to be said."""
        price, size, volume = (quantity(text) for text in (ticker.last_price, ticker.last_qty, ticker.volume))
        if self._profile is None or not self._profile_volume / 2 <= volume <= self._profile_volume * 2:
            self._profile_volume = volume
            self._profile = DepthProfile(self._market, volume, self._seed)
            self._stated = None
        before = self._said
        if before is not None and ticker.last_id < before.last_id:
            return  # it is older than what was said already
        self._said = Said(ticker.last_id, volume)
        if speaking:
            self.told_id = max(self.told_id, ticker.last_id)
        if not (price and size):
            return
        trade = Print(price, size, self._aggressor(price))
        if speaking and before is not None and ticker.last_id > before.last_id:
            # the day's window moves on, so its volume may shrink while trades happen
            self._prints.append(Print(price, max(volume - before.volume, size), trade.aggressor))
        if before is None or ticker.last_id > before.last_id:
            self._last = trade

    def _aggressor(self, price: int) -> Side:
        """Who took, by where the trade was (Lee and Ready 1991): at the ask a buyer, else by the price
        before.
        """
        quote = self._quote
        if quote is not None and quote.ask and price >= quote.ask:
            return Side.BUY
        if quote is not None and quote.bid and price <= quote.bid:
            return Side.SELL
        return Side.BUY if self._last is None or price >= self._last.price else Side.SELL

    def learn_quote(self, ticker: BookTicker) -> None:
        """Takes in the best quotes."""
        if ticker == self._ticker:
            return
        self._quote = Quote(
            *(quantity(text) for text in (ticker.bid_price, ticker.bid_qty, ticker.ask_price, ticker.ask_qty))
        )
        self._ticker = ticker

    def opening(self) -> int:
        """The upstream's last price, once, for a world where there was none; else 0. It goes with a full ladder."""
        if self.traded or self._last is None:
            return 0
        self.traded = True
        return self._last.price

    def update(self, *, near: bool) -> OutsideUpdate:
        """What there is to say since the last time. Of a symbol that is not `near`, only moved prices are,
        with few levels.
        """
        ladder = None
        prints: tuple[Print, ...] = ()
        last_price = 0
        if self._quote is not None and self._profile is not None:
            if self._is_news(self._quote, near=near):
                self._stated = (self._quote, near)
                ladder = _ladder(self._profile, self._quote, near=near)
            last_price = self.opening()
            prints, self._prints = tuple(self._prints), []
        return OutsideUpdate(
            symbol=self._market.symbol,
            prints=prints,
            ladder=ladder,
            source_time_us=self.known_until_us,
            last_price=last_price,
        )

    def _is_news(self, quote: Quote, *, near: bool) -> bool:
        if self._stated is None:
            return True
        before, was_near = self._stated
        if near:
            return not was_near or quote != before
        return (quote.bid, quote.ask) != (before.bid, before.ask)


def _ladder(profile: DepthProfile, quote: Quote, *, near: bool) -> Ladder:
    most = None if near else FAR_LEVELS
    bids = profile.side(Side.BUY, quote.bid, quote.bid_size, most=most) if quote.bid_size else ()
    asks = profile.side(Side.SELL, quote.ask, quote.ask_size, most=most) if quote.ask_size else ()
    return Ladder(
        bids=bids,
        asks=asks,
        bid_floor=bids[-1][0] if bids else 0,
        ask_ceiling=asks[-1][0] if asks else UNBOUNDED,
        full=True,
    )
