"""What is known of one symbol's outside market and not yet told to the exchange. Does no I/O and reads no
clock.

Guarantees at most one command in flight, prints in time order and never merged away, ladders that carry
changed levels only, and a full ladder after everything that leaves open what the exchange holds: the start, a
restart of the feed, stale quotes, a command of unknown fate, somebody else's hand on the market. A market may be
bent: then the source's prices hold times a factor, and nothing else changes.
"""

from collections import deque
from collections.abc import Iterable

from hypersim.engine.commands import Ladder, OutsideUpdate, Print
from hypersim.engine.market import Market
from hypersim.engine.orders import Side
from hypersim.feeds.base import Sight, SymbolStatus
from hypersim.feeds.levers.bend import UNBENT, bent_down, bent_up, following_trade, unbent
from hypersim.feeds.quotes import Quotes
from hypersim.units import ceil_to, floor_to

WITHDRAWAL = Ladder(bid_floor=None, ask_ceiling=None)
"""Nothing is known of the outside any more, so the house has nothing there."""

LEVELS_ON_THE_MOVE = 500
"""Of each side that are told while a factor moves: all of a deep book, five times a second, would take the
exchange's time from everybody else.
"""


class Channel:
    """From a feed's observations of one symbol to the commands that tell the exchange. Times in
    microseconds.
    """

    def __init__(self, market: Market) -> None:
        self.symbol = market.symbol
        self.in_flight: OutsideUpdate | None = None
        self._market = market
        self._bids, self._asks = Quotes(Side.BUY, market), Quotes(Side.SELL, market)
        self._factor = UNBENT
        self._last_price = 0
        """Of the newest trade that was taken in, on the grid; 0 before the first."""
        self._prints: deque[Print] = deque()
        self._covered = 0
        self._has_ladder = False
        self._awaits_full = True
        self._send_full = True
        self._crossed = False
        """A source that quotes bids at or above its asks says nothing that could be laid, or is fresh."""
        self._withdrawing = False
        self._disturbed = False
        self._opening_price = 0
        """What the source says of trades before it was listened to, until the exchange knows it; else 0."""
        self._resumes_us = 0
        """From when on nothing is missing again, until the exchange knows it."""
        self._quoted = False
        self._source_time_us = self._received_us = 0
        self._updates = self._printed = self._gaps = 0

    def observe(self, update: OutsideUpdate, received_us: int) -> None:
        """Takes in what a feed saw. Until a full ladder has come after a gap, there is nothing to
        add it to.
        """
        ladder = update.ladder
        if self._awaits_full and (ladder is None or not ladder.full):
            return
        prints = self._on_grid(update.prints)
        if self._awaits_full or self._withdrawing:
            self._resumes_us = update.source_time_us or received_us
        if self._withdrawing:
            prints = []  # of the time in which the quote was stale: too late to trade against them
            self._withdrawing, self._send_full = False, True
        elif update.resumes_us and not self._awaits_full:
            self._gaps += 1
            self._resumes_us = update.resumes_us
        self._prints.extend(prints)
        if update.last_price:
            self._opening_price = floor_to(bent_down(update.last_price, self._factor), self._market.tick_size)
        if prints:
            self._last_price = prints[-1].price
        if ladder is not None:
            self._bids.state(ladder.bids, ladder.bid_floor, full=ladder.full)
            self._asks.state(ladder.asks, ladder.ask_ceiling, full=ladder.full)
            self._covered = len(self._prints)
            self._has_ladder, self._awaits_full = True, False
            quotes = self._best_quotes()
            self._crossed = quotes is not None and quotes[0] >= quotes[1]
        if not self._crossed:
            self._received_us = received_us
            self._source_time_us = update.source_time_us or received_us

    def _on_grid(self, prints: Iterable[Print]) -> list[Print]:
        tick, step = self._market.tick_size, self._market.step_size
        aligned = []
        for trade in prints:
            if trade.aggressor is Side.BUY:
                price = ceil_to(bent_up(trade.price, self._factor), tick)
            else:
                price = floor_to(bent_down(trade.price, self._factor), tick)
            quantity = floor_to(trade.quantity, step)
            if price > 0 and quantity > 0:
                aligned.append(Print(price, quantity, trade.aggressor))
        return aligned

    def bend(self, factor: int, *, moving: bool = False) -> Print | None:
        """The source's prices hold times a factor from now on, those that it said before too.

        That confirms nothing: a quote is as old as it was. `moving`: the next factor comes soon, and until then
        only the nearest levels are told. Returns the trade that is told before the moved quotes where the last
        one has been left behind (hypersim/feeds/levers/bend.py).
        """
        before, self._factor = self._best_quotes(), factor
        nearest = LEVELS_ON_THE_MOVE if moving else None
        self._bids.bend(factor, nearest)
        self._asks.bend(factor, nearest)
        if self._awaits_full:
            return None
        self._has_ladder = True
        quotes = self._best_quotes()
        if self._withdrawing or self._crossed or before is None or quotes is None:
            return None
        self._last_price = self._last_price or sum(before) // 2
        following = following_trade(self._market, self._last_price, *quotes)
        if following is not None:
            self._last_price = following.price
            self._prints.insert(self._covered, following)
            self._covered += 1
        return following

    def unbent(self, price: int) -> int:
        """The source's price that stands at a price of ours, about."""
        return unbent(price, self._factor)

    @property
    def market(self) -> Market:
        return self._market

    @property
    def factor(self) -> int:
        """By which the source's prices are bent (hypersim/feeds/levers/bend.py)."""
        return self._factor

    @property
    def middle(self) -> int | None:
        """Between the best quotes as the exchange should hold them; None where there are not both."""
        quotes = self._best_quotes()
        return None if quotes is None else sum(quotes) // 2

    def _best_quotes(self) -> tuple[int, int] | None:
        """The best bid and the best ask as the exchange should hold them, where there are both."""
        bid, ask = self._bids.best(), self._asks.best()
        return None if bid is None or ask is None else (bid, ask)

    def next_command(self) -> OutsideUpdate | None:
        """What to tell the exchange now, None when there is nothing; it is in flight until its
        fate is told.
        """
        assert self.in_flight is None, self.symbol
        if self._withdrawing:
            if not self._quoted:
                return None
            told: tuple[tuple[Print, ...], Ladder | None] | None = ((), WITHDRAWAL)
        else:
            told = self._next_prints_and_ladder()
        if told is None:
            return None
        prints, ladder = told
        self._disturbed = False
        self.in_flight = OutsideUpdate(
            symbol=self.symbol,
            prints=prints,
            ladder=ladder,
            source_time_us=self._source_time_us,
            resumes_us=0 if self._withdrawing else self._resumes_us,
            last_price=0 if self._withdrawing else self._opening_price,
        )
        return self.in_flight

    def _next_prints_and_ladder(self) -> tuple[tuple[Print, ...], Ladder | None] | None:
        if self._awaits_full:
            return None
        with_ladder = (self._has_ladder or self._send_full) and not self._crossed
        count = self._covered if with_ladder else len(self._prints)
        prints = tuple(self._prints.popleft() for _ in range(count))
        self._covered = 0
        for trade in prints:
            (self._asks if trade.aggressor is Side.BUY else self._bids).consumed(trade.price)
        ladder = self._ladder() if with_ladder else None
        return (prints, ladder) if prints or ladder is not None else None

    def _ladder(self) -> Ladder | None:
        full, self._has_ladder, self._send_full = self._send_full, False, False
        bids, new_bids = self._bids.changes(full=full)
        asks, new_asks = self._asks.changes(full=full)
        if not (new_bids or new_asks):
            return None
        return Ladder(bids=bids, asks=asks, bid_floor=self._bids.bound, ask_ceiling=self._asks.bound, full=full)

    def taken_in(self) -> None:
        """The exchange took in what is in flight."""
        command = self._landed()
        if command.resumes_us == self._resumes_us:
            self._resumes_us = 0
        if command.last_price == self._opening_price:
            self._opening_price = 0
        self._updates += 1
        self._printed += len(command.prints)
        ladder = command.ladder
        if ladder is None:
            return
        self._bids.laid(ladder.bids, ladder.bid_floor, full=ladder.full)
        self._asks.laid(ladder.asks, ladder.ask_ceiling, full=ladder.full)
        self._quoted = ladder.bid_floor is not None or ladder.ask_ceiling is not None

    def to_repeat(self) -> None:
        """The exchange refused what is in flight without looking at it, and will take it later."""
        command = self._landed()
        if self._disturbed or self._withdrawing:
            return
        self._prints.extendleft(reversed(command.prints))
        self._covered += len(command.prints)
        if command.ladder is not None:
            self._has_ladder, self._send_full = True, self._send_full or command.ladder.full
            self._bids.not_laid(command.ladder.bids)
            self._asks.not_laid(command.ladder.asks)

    def lost(self) -> None:
        """Nobody can say what became of what is in flight: say it all anew.

        Its prints are not repeated: nothing trades twice at one outside trade.
        """
        command = self._landed()
        self._resumes_us = command.source_time_us
        self._gaps += 1
        self._send_full = True

    def refused(self) -> None:
        """The exchange will never take what is in flight: wait for the source to say something else."""
        self._landed()
        self.restarted()

    def _landed(self) -> OutsideUpdate:
        command, self.in_flight = self.in_flight, None
        assert command is not None, self.symbol
        return command

    def restarted(self) -> None:
        """The feed starts again: what it says next does not continue what it said before."""
        self._gaps += bool(self._received_us)
        self._forget_source()

    def disturbed(self) -> None:
        """Somebody else moved this market: what was seen before is of another world."""
        self._disturbed = True
        self._forget_source()

    def emptied(self) -> None:
        """The world was emptied: the exchange knows nothing of the outside any more."""
        self.disturbed()
        self._quoted = False

    def _forget_source(self) -> None:
        self._prints.clear()
        self._covered = 0
        self._has_ladder, self._awaits_full, self._send_full = False, True, True
        self._opening_price = 0

    def regrid(self, market: Market) -> None:
        """The market's rules changed."""
        self._market = market
        self._bids.regrid(market)
        self._asks.regrid(market)
        self._send_full = True

    def expire(self, before_us: int) -> bool:
        """Withdraws a quote that was last confirmed before a time; True when it does so now."""
        if self._withdrawing or not self._quoted or self._received_us >= before_us:
            return False
        self._withdrawing = True
        self._gaps += 1
        self._prints.clear()
        self._covered = 0
        return True

    @property
    def quoted(self) -> bool:
        """Whether outside sizes stand in the book, as far as this channel laid them."""
        return self._quoted

    @property
    def true(self) -> bool:
        """Whether what stands in the book is what the source says: nobody's hand has moved it, no path bends it."""
        return self._quoted and not self._disturbed and self._factor == UNBENT

    def status(self, feed: str, now_us: int, *, real: bool, sight: Sight | None) -> SymbolStatus:
        """`feed` is who speaks, `real` whether of a real market, `sight` how closely it sees that."""
        return SymbolStatus(
            feed=feed,
            real=real and self.true,
            sight=sight,
            source_time_us=self._source_time_us,
            received_us=self._received_us,
            age_ms=(now_us - self._received_us) // 1000 if self._received_us else None,
            quoted=self._quoted,
            updates=self._updates,
            prints=self._printed,
            gaps=self._gaps,
        )
