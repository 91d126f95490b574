"""One symbol as it looks each time somebody asks: its depth, then its trades.

Guarantees that trades are said with the ladder they led to: those up to the depth's moment with it, later ones
with the next; and that no trade is said from before the first look, from a gap, or twice. Does no I/O and
reads no clock.
"""

from collections.abc import Sequence

from msgspec import Struct

from hypersim.engine.commands import Ladder, OutsideUpdate, Print
from hypersim.engine.orders import Side
from hypersim.feeds.base import FeedFailed
from hypersim.feeds.binance.answers import AggregateTrade
from hypersim.feeds.binance.messages import DepthSnapshot, read_levels
from hypersim.feeds.binance.upstream import quantity
from hypersim.feeds.quotes import UNBOUNDED


class Look(Struct, frozen=True):
    """What is new since the look before."""

    update: OutsideUpdate
    said: tuple[tuple[int, int], ...]
    """Id of the last trade and size (scale 8), of each print."""


class Looks:
    """The looks at one symbol (our name of it), one after the other."""

    def __init__(self, symbol: str) -> None:
        self._symbol = symbol
        self._next_id: int | None = None
        self._later: list[AggregateTrade] = []
        self._update_id = -1
        self._was_older = False

    @property
    def next_id(self) -> int | None:
        """The aggregate trade to ask from; None: whichever were last."""
        return self._next_id

    def begin_anew(self) -> None:
        """What comes next does not continue what came before."""
        self._next_id, self._later = None, []

    def take(
        self, depth: DepthSnapshot, limit: int, moment_us: int, trades: Sequence[AggregateTrade], *, whole: bool
    ) -> Look:
        """Takes in a depth of `limit` levels as of a moment (the upstream's time), and the trades since the
        last look; `whole`: all of them, not their beginning.
        """
        if self._is_old(depth):
            return Look(OutsideUpdate(symbol=self._symbol), ())
        known = self._continue(trades)
        if not whole:
            self.begin_anew()
            trades = ()
        kept = self._later + [trade for trade in trades if known or trade.time_ms * 1000 > moment_us]
        now = [trade for trade in kept if trade.time_ms * 1000 <= moment_us]
        self._later = [trade for trade in kept if trade.time_ms * 1000 > moment_us]
        if whole and (trades or self._next_id is None):
            self._next_id = trades[-1].aggregate_id + 1 if trades else 0
        self._update_id = depth.last_update_id
        sizes = [quantity(trade.quantity) for trade in now]
        update = OutsideUpdate(
            symbol=self._symbol,
            prints=tuple(
                Print(quantity(trade.price), size, Side.SELL if trade.buyer_is_maker else Side.BUY)
                for trade, size in zip(now, sizes, strict=True)
            ),
            ladder=ladder_of(depth, limit),
            source_time_us=moment_us,
            resumes_us=0 if known and whole else moment_us,
        )
        return Look(update, tuple((trade.last_id, size) for trade, size in zip(now, sizes, strict=True)))

    def _is_old(self, depth: DepthSnapshot) -> bool:
        """Whether the depth is older than one before, as it happens where several machines answer. Twice in
        a row, it is another book.
        """
        older = depth.last_update_id < self._update_id
        if older and self._was_older:
            self.begin_anew()
            self._was_older = False
            return False
        self._was_older = older
        return older

    def _continue(self, trades: Sequence[AggregateTrade]) -> bool:
        """Whether they continue what was seen; else they are the first, or some are missing before them."""
        ids = [trade.aggregate_id for trade in trades]
        if ids != sorted(set(ids)):
            raise FeedFailed(f"the upstream sent trades of {self._symbol} out of order")
        if self._next_id is None:
            return False
        if ids and self._next_id and ids[0] != self._next_id:  # of the very first one nobody knows the number
            self.begin_anew()
            return False
        return True


def ladder_of(depth: DepthSnapshot, limit: int) -> Ladder:
    """The whole ladder that a depth of so many levels shows. A side with fewer is known to its end."""
    bids, asks = tuple(read_levels(depth.bids)), tuple(read_levels(depth.asks))
    return Ladder(
        bids=bids,
        asks=asks,
        bid_floor=bids[-1][0] if len(bids) >= limit else 0,
        ask_ceiling=asks[-1][0] if len(asks) >= limit else UNBOUNDED,
        full=True,
    )
