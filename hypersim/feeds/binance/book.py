"""One symbol of Binance's market data streams: from messages as they come to observations in order.

Pure: no I/O and no clock, times come as arguments. Guarantees that each trade is said once and in order, together
with the book that it led to (hypersim/feeds/binance/pairing.py says how that is found); that a gap is noticed and
bridged by a new snapshot, after which the ladder is full and the trades of the gap are not said; and that nothing is
held longer than patience.
"""

from typing import Final

from msgspec import Struct

from hypersim.engine.commands import Ladder, OutsideUpdate, Print
from hypersim.engine.orders import Side
from hypersim.feeds.binance.depth import Change, DepthBook
from hypersim.feeds.binance.messages import (
    DepthDiff,
    DepthSnapshot,
    Message,
    TickerMessage,
    TradeMessage,
    read_positive,
)
from hypersim.feeds.binance.pairing import MOST_LAG_US, Pairing, Released

PATIENCE_US: Final = 25_000
"""How long a trade and the book that shows it wait for one another, beside the time by which Binance's stream of trades
lags at the moment. On recorded data a trade comes 4 ms before to 12 ms after its book ticker (p1 and p99), less that.
"""

LONGEST_HOLD_US: Final = PATIENCE_US + MOST_LAG_US
"""Nothing is held longer than this."""


class Observed(Struct, frozen=True):
    """What there is to say, and how it came about."""

    update: OutsideUpdate
    update_id: int
    """The upstream's, of the book that the ladder leads to."""
    received_us: int
    """When the message was received that led to it."""


class BinanceBook:
    """The streams of one symbol, which is named as we name it. Messages come in the order in which they were
    received.

    Raises FeedFailed in one line for nonsense; what was said before still holds, but nothing more can be said.
    """

    def __init__(self, symbol: str, *, patience_us: int = PATIENCE_US) -> None:
        self.symbol = symbol
        self.missed_trades = 0
        """Trade ids that never came."""
        self._book = DepthBook()
        self._pairing = Pairing(patience_us)
        self._last_trade_id: int | None = None
        self._known_from_ms = 0
        """Earlier trades are in the first ladder: they are not said."""
        self._said = False
        """Whether a ladder was said since the book was lost."""
        self._resumes = False
        """Whether the next full ladder is the first one after a gap."""
        self._laid: Change | None = None
        """The last change that was said."""

    @property
    def wants_snapshot(self) -> bool:
        """Whether a depth snapshot should be asked for, and given to `take_snapshot`: at the start, after a gap, and
        when the touch has come near the end of the known range (the book goes on meanwhile).
        """
        return self._book.wants_snapshot

    @property
    def synchronised(self) -> bool:
        """Whether what was said last still holds; while it does not, nothing is said."""
        return self._book.synchronised

    @property
    def gaps(self) -> int:
        """How often the book was lost."""
        return self._book.gaps

    @property
    def explained(self) -> int:
        """Traded quantity (scale 8) that was seen to leave the book with the update it was said with."""
        return self._pairing.explained

    @property
    def unexplained(self) -> int:
        """Traded quantity that was not: hidden, come and gone between two updates, or said too late."""
        return self._pairing.unexplained

    @property
    def due_us(self) -> int | None:
        """When to call `settle` at the latest; None: nothing is held. Moves as messages come, to the past even."""
        return self._pairing.due_us

    def take(self, message: Message, received_us: int) -> list[Observed]:
        """Takes a message of the stream in; returns what there is to say now."""
        self._pairing.expire(received_us)
        match message:
            case TradeMessage():
                self._take_trade(message, received_us)
            case DepthDiff():
                self._pairing.transit.seen(message.event_ms, received_us)
                self._changed(self._book.take_diff(message), received_us)
            case TickerMessage():
                self._changed(self._book.take_ticker(message), received_us)
        return self._observed()

    def take_snapshot(self, snapshot: DepthSnapshot, limit: int, received_us: int) -> list[Observed]:
        """Takes the answer to GET /api/v3/depth in, asked for with a limit of levels a side.

        When a snapshot is still wanted afterwards, it was older than the first message of the stream: ask again.
        """
        self._pairing.expire(received_us)
        self._changed(self._book.take_snapshot(snapshot, limit), received_us)
        return self._observed()

    def settle(self, now_us: int) -> list[Observed]:
        """What has been held long enough."""
        self._pairing.expire(now_us)
        return self._observed()

    def interrupted(self) -> None:
        """The connection was lost: what comes next does not continue what came before."""
        self._book.lose()
        self._pairing.drop()
        self._said = False
        self._last_trade_id = None

    def restate(self, now_us: int) -> list[Observed]:
        """What was said is void: says all that is known anew, without the trades until now."""
        if not self.synchronised:
            return []
        self._pairing.drop()
        self._said = False
        self._changed(self._book.restated(), now_us)
        return self._observed()

    def _take_trade(self, message: TradeMessage, received_us: int) -> None:
        trade = Print(
            read_positive(message.price),
            read_positive(message.quantity),
            Side.SELL if message.buyer_is_maker else Side.BUY,
        )
        last_id = self._last_trade_id
        if last_id is not None and message.trade_id <= last_id:
            return
        if last_id is not None:
            self.missed_trades += message.trade_id - last_id - 1
        self._last_trade_id = message.trade_id
        if self.synchronised and message.traded_ms >= self._known_from_ms:
            self._pairing.add_trade(trade, message.traded_ms, message.event_ms, received_us)

    def _changed(self, change: Change | None, received_us: int) -> None:
        if change is not None:
            if not self._said:
                self._said, self._known_from_ms = True, self._book.event_ms
                self._resumes = True
            self._pairing.add_update(change, received_us)
        elif self._said and not self.synchronised:
            self._said = False
            self._pairing.flush()

    def _observed(self) -> list[Observed]:
        released, self._pairing.released = self._pairing.released, []
        return [self._observation(each) for each in released]

    def _observation(self, released: Released) -> Observed:
        if released.change is not None:
            self._laid = released.change
        laid = self._laid
        assert laid is not None, self.symbol  # the first ladder waits for nothing, and trades wait for it
        change = released.change
        ladder = Ladder(
            bids=change.bids.levels if change is not None else (),
            asks=change.asks.levels if change is not None else (),
            bid_floor=laid.bids.bound,
            ask_ceiling=laid.asks.bound,
            full=change is not None and change.full,
        )
        resumes, self._resumes = self._resumes and ladder.full, self._resumes and not ladder.full
        update = OutsideUpdate(
            symbol=self.symbol,
            prints=released.prints,
            ladder=ladder,
            source_time_us=released.traded_ms * 1000,
            resumes_us=(self._known_from_ms * 1000 or released.received_us) if resumes else 0,
        )
        return Observed(update, laid.update_id, released.received_us)
