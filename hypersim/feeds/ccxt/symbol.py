"""What is known of one market on an exchange of ccxt's, and what there is to say of it since the last time.

It is seen in one of two ways: closely, by its order book and its trades, or from afar, by its ticker. From afar
depth is a profile behind the best quotes (hypersim/feeds/profile.py), and what the day's volume grew by is one
trade at the last price. Guarantees full ladders only, trades before the ladder that they led to, and that no
trade from before the first look or from between two ways of looking is said. A book that is empty on both sides
says nothing: exchanges answer so when they do not know.
"""

from collections.abc import Iterable

from hypersim.engine.commands import Ladder, OutsideUpdate, Print
from hypersim.engine.market import Market
from hypersim.engine.orders import Side
from hypersim.feeds.ccxt.shapes import Book, Levels, Quote, Ticker, Trade
from hypersim.feeds.ccxt.tape import Tape
from hypersim.feeds.profile import DepthProfile


class Observed:
    """One symbol of ours. `traded`: it has a last price in this world; one without begins with the last trade
    there, whose size is taken to be the smallest when it is seen from afar.
    """

    def __init__(self, market: Market, there: str, seed: int, *, traded: bool) -> None:
        self.market = market
        self.there = there
        """Its symbol on the exchange."""
        self.traded = traded
        self.best = (0, 0)
        """Best bid and ask, as last seen; 0 for none."""
        self._seed = seed
        self._smallest = max(market.step_size, market.min_quantity)
        self._profile: DepthProfile | None = None
        self._profile_volume = 0
        self._day: Ticker | None = None
        self._tape: Tape | None = None
        self._later: list[Trade] = []
        """New trades that the book they came with does not know yet."""
        self._prints: list[Print] = []
        self._last_price = 0
        self._said: Quote | tuple[Levels, Levels] | None = None

    def forget(self, *, traded: bool) -> None:
        """What was said of it is void: say the ladder anew, and a first trade where there has been none."""
        self._said, self._prints, self._later = None, [], []
        if not traded:
            self.traded, self._day = False, None

    def lose_sight(self) -> None:
        """What happens until the next look will not be known."""
        self._said, self._prints, self._later = None, [], []
        self._day, self._tape = None, None

    @property
    def has_day(self) -> bool:
        """Whether it is seen from afar, and the figures of its day are known."""
        return self._day is not None

    def learn_day(self, day: Ticker) -> None:
        """Takes in the figures of the day."""
        if self._tape is not None:
            self.lose_sight()
        if self._profile is None or not self._profile_volume / 2 <= day.volume <= self._profile_volume * 2:
            self._profile_volume = day.volume
            self._profile = DepthProfile(self.market, day.volume, self._seed)
            self._said = None
        before, self._day = self._day, day
        if not self.traded:
            size = self._smallest
        elif before is None:
            size = 0
        elif day.volume > before.volume:
            size = day.volume - before.volume
        else:
            # the day's window moves on, so its volume may shrink while trades happen
            size = self._smallest if day.last != before.last else 0
        if size and day.last:
            self._add_print(Trade(None, day.time_us, day.last, size, None))

    def learn_quote(self, ticker: Ticker) -> OutsideUpdate | None:
        """Takes in the best quotes. The figures of the day come first."""
        quote = ticker.quote
        if self._profile is None or not (quote.bid or quote.ask):
            return None
        ladder = None
        if quote != self._said:
            self._said, self.best = quote, (quote.bid, quote.ask)
            ladder = Book(
                _side(self._profile, Side.BUY, quote.bid, quote.bid_size),
                _side(self._profile, Side.SELL, quote.ask, quote.ask_size),
            ).ladder()
        return self._update(ladder, ticker.time_us)

    def learn_look(self, book: Book, trades: Iterable[Trade]) -> OutsideUpdate | None:
        """Takes in an order book, and the trades that were asked for after it."""
        if self._tape is None:
            self.lose_sight()
            self._tape = Tape()
        fresh, late = self._tape.fresh(trades), self._later
        # a trade that is newer than its book would come before a ladder that it did not lead to: say it next time
        self._later = [trade for trade in fresh if book.time_us and trade.time_us > book.time_us]
        self._add_prints([*late, *(trade for trade in fresh if trade not in self._later)])
        return self.learn_book(book)

    def learn_book(self, book: Book) -> OutsideUpdate | None:
        """Takes in an order book."""
        if not (book.bids or book.asks):
            return None
        ladder = None
        if (book.bids, book.asks) != self._said:
            self._said, self.best = (book.bids, book.asks), book.best
            ladder = book.ladder()
        return self._update(ladder, book.time_us)

    def go_on_elsewhere(self, trades: Iterable[Trade]) -> None:
        """From now on trades come in another way, with other ids perhaps; these did already."""
        late, self._later = self._later, []
        self._tape = Tape(self._tape.newest_us) if self._tape is not None else Tape()
        self._add_prints([*late, *self._tape.fresh(trades)])

    def learn_trades(self, trades: Iterable[Trade]) -> OutsideUpdate | None:
        """Takes in trades alone. Before the first ladder they wait for it."""
        if self._tape is None:
            self._tape = Tape()
        fresh = self._tape.fresh(trades)
        self._add_prints(fresh)
        if self._said is None or not self._prints:
            return None
        return self._update(None, fresh[-1].time_us if fresh else 0)

    def _add_prints(self, fresh: list[Trade]) -> None:
        if not fresh and not self.traded and self._tape is not None and self._tape.last is not None:
            fresh = [self._tape.last]
        for trade in fresh:
            self._add_print(trade)

    def _add_print(self, trade: Trade) -> None:
        self._prints.append(Print(trade.price, trade.size, trade.side or self._aggressor(trade.price)))
        self.traded, self._last_price = True, trade.price

    def _aggressor(self, price: int) -> Side:
        """Who took, by where the trade was (Lee and Ready 1991): at the ask a buyer, else by the price
        before.
        """
        bid, ask = self.best
        if ask and price >= ask:
            return Side.BUY
        if bid and price <= bid:
            return Side.SELL
        return Side.BUY if price >= self._last_price else Side.SELL

    def _update(self, ladder: Ladder | None, time_us: int) -> OutsideUpdate:
        prints, self._prints = tuple(self._prints), []
        return OutsideUpdate(symbol=self.market.symbol, prints=prints, ladder=ladder, source_time_us=time_us)


def _side(profile: DepthProfile, side: Side, best: int, size: int) -> Levels:
    """The depth behind a best price; its own size is that of the next level where the exchange does not say it."""
    if not best:
        return ()
    levels = profile.side(side, best, size)
    if size:
        return levels
    return ((best, levels[1][1]), *levels[1:]) if len(levels) > 1 else ()
