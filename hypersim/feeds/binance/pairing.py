"""Which of Binance's trades led to which of its book updates, though both come in streams of their own.

Both streams keep their order, but not with one another: the book may show that a level shrank before the trade that
did it is heard of, or after. What shrinks without a trade was cancelled, anywhere in the queue; a trade consumed its
front. So an update that takes something away at the touch is held until trades explain all of it, until a trade
belongs to a later update, or until patience ends; a trade is held until an update has room for it, until the touch
has moved past it, or until patience ends.

A trade says when it happened, and nothing is received sooner than the quickest message of the last minutes was: an
update that came earlier than that cannot show the trade, so with it all older updates are settled. In a burst Binance
sends trades late, and says so; patience is longer by as much.

Guarantees the order of updates and the order of trades, that nothing is held longer than patience and that lag, and
that updates without anything to explain are not held by themselves. A trade counts against at most one update, and
against no more than what that took away; what exceeds it (hidden or iceberg size, sizes that came and went between
two updates) is counted in `unexplained`.

Where a level shrank several times, a trade goes to the first update with room for it: whether a cancel of 3 came
before a trade of 2 or after it changes nothing of what either did to the queue in sum.
"""

from collections import deque
from itertools import islice
from typing import Final

from msgspec import Struct

from hypersim.engine.commands import Print
from hypersim.engine.orders import Side
from hypersim.feeds.binance.depth import Change, SideChange

TRANSIT_WINDOW_US: Final = 60_000_000
SLACK_US: Final = 2_000
"""Binance says in whole milliseconds when a trade happened, and not every stream is equally quick."""
MOST_LAG_US: Final = 150_000
"""In a burst Binance sends trades late (by up to 214 ms on recorded data), and patience grows with that, up to here."""


class Held:
    """An update, what it took away and no trade explains yet, and the trades that led to it."""

    __slots__ = ("behind", "change", "number", "open", "prints", "received_us", "traded_ms")

    def __init__(self, change: Change, received_us: int, number: int) -> None:
        self.change = change
        self.received_us = received_us
        self.number = number
        self.prints: list[Print] = []
        self.traded_ms = 0
        self.open: dict[tuple[Side, int], int] = {}
        """At the touch, by side and price: held for these."""
        self.behind: dict[tuple[Side, int], int] = {}
        """Behind the touch: more likely cancelled, but a trade may explain it."""
        for side, of_side in ((Side.BUY, change.bids), (Side.SELL, change.asks)):
            for decrease in of_side.decreases:
                place = self.open if decrease.at_touch else self.behind
                place[side, decrease.price] = decrease.amount

    def room(self, level: tuple[Side, int]) -> int:
        """How much a trade at a level may still explain."""
        return self.open.get(level, 0) or self.behind.get(level, 0)

    def explain(self, level: tuple[Side, int], quantity: int) -> int:
        """Counts a trade against what was taken away; returns what exceeds it."""
        place = self.open if level in self.open else self.behind
        room = place.get(level, 0)
        if quantity < room:
            place[level] = room - quantity
        else:
            place.pop(level, None)
        side, price = level
        # a taker goes from the best price on: at better ones of this update nothing more was traded
        for other_side, other in [key for key in self.open if key[0] is side]:
            if other > price if side is Side.BUY else other < price:
                del self.open[other_side, other]
        return max(0, quantity - room)

    def swept(self, side: Side, price: int) -> bool:
        """Whether this update moved the touch from this price or better to a worse one."""
        change: SideChange = self.change.bids if side is Side.BUY else self.change.asks
        if change.best_before is None:
            return False
        if side is Side.BUY:
            return change.best_before >= price and (change.best is None or change.best < price)
        return change.best_before <= price and (change.best is None or change.best > price)


class Waiting:
    """A trade that no update reflects yet. Updates received before `since_us` happened before it."""

    __slots__ = ("level", "received_us", "since_us", "trade", "traded_ms")

    def __init__(self, trade: Print, traded_ms: int, received_us: int, since_us: int) -> None:
        self.trade = trade
        self.traded_ms = traded_ms
        self.received_us = received_us
        self.since_us = since_us
        self.level = trade.aggressor.opposite, trade.price


class Transit:
    """The least time that messages took from Binance's clock to ours, within the last minute or two.

    Includes what the two clocks differ by, so it may be negative.
    """

    def __init__(self) -> None:
        self._began_us = 0
        self._now: int | None = None
        self._before: int | None = None

    def seen(self, happened_ms: int, received_us: int) -> None:
        """A message of something that had happened was received."""
        took_us = received_us - happened_ms * 1000
        if received_us - self._began_us >= TRANSIT_WINDOW_US:
            self._began_us, self._before, self._now = received_us, self._now, None
        self._now = took_us if self._now is None else min(self._now, took_us)

    @property
    def least_us(self) -> int | None:
        """None before the first message."""
        known = [each for each in (self._now, self._before) if each is not None]
        return min(known, default=None)


class Released(Struct, frozen=True):
    """Trades in time order, then the update that they led to; None: no update reflects them."""

    change: Change | None
    prints: tuple[Print, ...]
    traded_ms: int
    """When the last trade happened, 0 without one."""
    received_us: int


class Pairing:
    """The updates and trades of one symbol that are held. What is released is in `released`, for the caller to take.

    Times are microseconds, quantities have scale 8.
    """

    def __init__(self, patience_us: int) -> None:
        self.released: list[Released] = []
        self.explained = self.unexplained = 0
        """Traded quantity."""
        self.transit = Transit()
        self._patience_us = patience_us
        self._lag_us = 0
        """How long after the fact Binance sent the last trade."""
        self._held: deque[Held] = deque()
        self._waiting: deque[Waiting] = deque()
        self._numbered = 0
        self._reached = 0
        """Number of the update to which the last trade belongs: later trades belong to none before it."""
        self._bid: int | None = None
        self._ask: int | None = None

    @property
    def due_us(self) -> int | None:
        """When patience with something ends."""
        first = [queue[0].received_us for queue in (self._held, self._waiting) if queue]
        return min(first) + self._patience_us + self._lag_us if first else None

    def add_update(self, change: Change, received_us: int) -> None:
        """The book changed."""
        self._numbered += 1
        self._held.append(Held(change, received_us, self._numbered))
        self._bid, self._ask = change.bids.best, change.asks.best
        self._pair()
        self._release()

    def add_trade(self, trade: Print, traded_ms: int, sent_ms: int, received_us: int) -> None:
        """A trade was heard of: when it happened and when Binance sent it."""
        self.transit.seen(traded_ms, received_us)
        self._lag_us = min(max(0, sent_ms - traded_ms) * 1000, MOST_LAG_US)
        since_us = traded_ms * 1000 + (self.transit.least_us or 0) - SLACK_US
        self._waiting.append(Waiting(trade, traded_ms, received_us, since_us))
        self._pair()
        self._release()

    def expire(self, now_us: int) -> None:
        """Lets go what was held for as long as patience lasts."""
        while True:
            before_us = now_us - self._patience_us - self._lag_us
            if self._waiting and self._waiting[0].received_us <= before_us:
                self._force(self._waiting.popleft())
                self._pair()
            elif self._held and self._held[0].received_us <= before_us:
                self._give_up()
            else:
                return
            self._release()

    def flush(self) -> None:
        """Lets go every update that is held, and drops the trades that none of them reflects."""
        self._reached = self._numbered + 1
        self._waiting.clear()
        self._release()

    def drop(self) -> None:
        """Forgets what is held."""
        self._held.clear()
        self._waiting.clear()

    def _pair(self) -> None:
        """Gives trades to updates for as long as the next one has a place."""
        while self._waiting:
            waiting = self._waiting[0]
            for held in self._open_to_trades():
                if held.received_us >= waiting.since_us:
                    break
                self._reached = held.number + 1
            place = self._place(waiting)
            if place is None:
                return
            self._give(self._waiting.popleft(), place)

    def _place(self, waiting: Waiting) -> Held | None:
        """The update to which a trade belongs, None when it may still be to come."""
        side, price = waiting.level
        for held in self._open_to_trades():
            if held.room(waiting.level) >= waiting.trade.quantity:
                return held
        best = self._bid if side is Side.BUY else self._ask
        gone = best is None or (best < price if side is Side.BUY else best > price)
        return self._last_sweep(side, price) if gone else None

    def _last_sweep(self, side: Side, price: int) -> Held | None:
        for held in reversed(self._held):
            if held.number < self._reached:
                return None
            if held.swept(side, price):
                return held
        return None

    def _open_to_trades(self) -> list[Held]:
        if not self._held:
            return []
        return list(islice(self._held, max(0, self._reached - self._held[0].number), None))

    def _give(self, waiting: Waiting, held: Held) -> None:
        quantity = waiting.trade.quantity
        exceeding = held.explain(waiting.level, quantity)
        self.explained += quantity - exceeding
        self.unexplained += exceeding
        held.prints.append(waiting.trade)
        held.traded_ms = waiting.traded_ms
        self._reached = held.number

    def _force(self, waiting: Waiting) -> None:
        """Says a trade now: with an update that explains some of it, else with the last one that had trades."""
        candidates = self._open_to_trades()
        held = next((held for held in candidates if held.room(waiting.level)), None)
        held = held or self._last_sweep(*waiting.level)
        if held is None and candidates and candidates[0].number == self._reached:
            held = candidates[0]
        if held is not None:
            self._give(waiting, held)
        else:
            self.unexplained += waiting.trade.quantity
            self.released.append(Released(None, (waiting.trade,), waiting.traded_ms, waiting.received_us))

    def _give_up(self) -> None:
        """The first update goes, with the trades that it explains and those before them; what is left of it was
        cancelled.
        """
        head = self._held[0]
        fitting = [
            place
            for place, waiting in enumerate(self._waiting)
            if head.number >= self._reached and head.room(waiting.level) >= waiting.trade.quantity
        ]
        for _ in range(fitting[-1] + 1 if fitting else 0):
            self._give(self._waiting.popleft(), head)
        head.open.clear()

    def _release(self) -> None:
        while self._held and (self._held[0].number < self._reached or not self._held[0].open):
            held = self._held.popleft()
            self.released.append(Released(held.change, tuple(held.prints), held.traded_ms, held.received_us))
