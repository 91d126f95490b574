"""One symbol's book at Binance, kept from a snapshot, the diffs since, and the best quotes in between.

Follows the documented procedure: diffs that came before the snapshot are buffered, those that it covers dropped,
the first must straddle it and each must continue the one before; otherwise there is a gap and a new snapshot is
wanted. A best quote is the truth at the touch as of its update id: better levels are gone. A diff that covers it
says the same, or the book is not what we think and a new snapshot is wanted.

Guarantees that what it says is known: sizes lie within what the snapshot covered, or at or above the worst best
quote seen since. Prices and sizes have scale 8. Raises FeedFailed for what no book can be: a crossed one, ids that
run backwards, numbers that are none. Knows nothing of trades or time.

Source: web-socket-streams.md, 'How to manage a local order book correctly'.
"""

from collections import deque
from collections.abc import Iterable, Sequence

from msgspec import Struct
from sortedcontainers import SortedDict

from hypersim import units
from hypersim.engine.orders import Side
from hypersim.feeds.base import FeedFailed
from hypersim.feeds.binance.messages import DepthDiff, DepthSnapshot, TickerMessage, read_levels, read_size
from hypersim.feeds.quotes import UNBOUNDED

THIN = 4
"""A new snapshot is wanted when the touch is nearer than a fourth of its first distance to the end of what is known."""

MOST_BUFFERED = 5_000
"""Diffs or best quotes that are kept while a snapshot is awaited: the newest."""


class Decrease(Struct, frozen=True):
    """Less rests at a price than before."""

    price: int
    amount: int
    at_touch: bool
    """At the best price, or better than what is best now: where trades happen."""


class SideChange(Struct, frozen=True):
    """What an update did to one side. Prices are None where no level is known."""

    levels: tuple[tuple[int, int], ...]
    """(price, size) of what changed; all levels when the change is full."""
    bound: int
    """The farthest known price."""
    decreases: tuple[Decrease, ...]
    best_before: int | None
    best: int | None


class Change(Struct, frozen=True):
    """What an update did to the book."""

    update_id: int
    bids: SideChange
    asks: SideChange
    full: bool


class DepthSide:
    """The bids or the asks. Levels are kept by rank, the price with a sign: the best has the lowest."""

    def __init__(self, side: Side) -> None:
        self._sign = -1 if side is Side.BUY else 1
        self._stated: dict[int, int] = {}
        """By snapshot and diffs alone."""
        self._shown: SortedDict[int, int] = SortedDict()
        """With the best quotes that are newer than those."""
        self._quoted: set[int] = set()
        """Where shown may differ from stated."""
        self._before: dict[int, int] = {}
        """What was shown where something changed since the last `change`."""
        self._first: int | None = None
        """The lowest rank that is shown, None where it has to be looked for: it is asked for much more often than it
        changes.
        """
        self._best_before: int | None = None
        self._bound = 0
        self._span: int | None = None
        """Ranks between the touch and the bound of a snapshot that was cut off."""

    def begin(self, listed: Sequence[tuple[int, int]], limit: int) -> None:
        """Starts from one side of a snapshot that was asked for with a limit of levels."""
        self._stated = {price * self._sign: size for price, size in listed if size}
        self._shown = SortedDict(self._stated)
        self._quoted, self._before, self._first = set(), {}, None
        if len(listed) < limit:
            self._bound, self._span = (UNBOUNDED if self._sign > 0 else 0), None
        else:
            self._bound = max(self._stated, default=0)
            self._span = self._bound - min(self._stated, default=0)
        self._best_before = None

    def state(self, listed: Iterable[tuple[int, int]]) -> None:
        """Takes in one side of a diff; every quote until then is undone."""
        for price, size in listed:
            rank = price * self._sign
            if size:
                self._stated[rank] = size
            else:
                self._stated.pop(rank, None)
            self._quoted.add(rank)
        for rank in self._quoted:
            self._show(rank, self._stated.get(rank, 0))
        self._quoted = set()

    def quote(self, price: int, size: int) -> None:
        """Takes in the best level; size 0: the side is empty."""
        rank = price * self._sign
        if not size:
            gone = list(self._shown)
        else:
            gone = list(self._shown.irange(maximum=rank, inclusive=(True, False)))
        for better in gone:
            self._show(better, 0)
        self._quoted.update(gone)
        if not size:
            return
        if rank > self._bound:
            # all that is better was just seen to be empty, and whatever comes there is told by diffs
            known = self._shown.irange(self._bound, rank, inclusive=(False, True))
            self._before.update((newly, 0) for newly in known if newly not in self._before)
            self._bound = rank
        self._show(rank, size)
        self._quoted.add(rank)

    def _show(self, rank: int, size: int) -> None:
        before = self._shown.get(rank, 0)
        if size == before:
            return
        self._before.setdefault(rank, before if rank <= self._bound else 0)
        if size:
            self._shown[rank] = size
        else:
            del self._shown[rank]
        if not (size and before):
            self._first = None

    def agrees(self, price: int, size: int) -> bool:
        """Whether the best level may be this one, for all we know; size 0: none."""
        best = self.best
        if best is None:
            return not size or self._span is not None
        return bool(size) and (best, self._shown[best * self._sign]) == (price, size)

    @property
    def best(self) -> int | None:
        """The best known price."""
        rank = self._first
        if rank is None:
            if not self._shown:
                return None
            rank = self._first = self._shown.peekitem(0)[0]
        return rank * self._sign if rank <= self._bound else None

    @property
    def thin(self) -> bool:
        """Whether the touch has come near the end of what is known."""
        if self._span is None:
            return False
        best = self.best
        return best is None or (self._bound - best * self._sign) * THIN < self._span

    def change(self, *, full: bool) -> SideChange:
        """What happened since the last call."""
        before, self._before = self._before, {}
        best_before, best = self._best_before, self.best
        self._best_before = best
        touch = max((price * self._sign for price in (best_before, best) if price is not None), default=None)
        listed, decreases = [], []
        for rank, size_before in sorted(before.items()):
            if rank > self._bound:
                continue
            shown = self._shown.get(rank, 0)
            if shown != size_before:
                listed.append((rank * self._sign, shown))
            if shown < size_before:
                at_touch = best is None or (touch is not None and rank <= touch)
                decreases.append(Decrease(rank * self._sign, size_before - shown, at_touch))
        if full:
            known = self._shown.irange(maximum=self._bound)
            listed, decreases = [(rank * self._sign, self._shown[rank]) for rank in known], []
        return SideChange(tuple(listed), self._bound * self._sign, tuple(decreases), best_before, best)


class DepthBook:
    """The book of one symbol, and whether it can be relied on."""

    def __init__(self) -> None:
        self.gaps = 0
        self.synchronised = False
        """Whether the book is known."""
        self.event_ms = 0
        """When Binance sent the last diff."""
        self._bids, self._asks = DepthSide(Side.BUY), DepthSide(Side.SELL)
        self._last_id = 0
        """Of the last diff or snapshot."""
        self._straddles = False
        """The next diff is the first after a snapshot: it may begin before it."""
        self._diffs: deque[DepthDiff] = deque(maxlen=MOST_BUFFERED)
        """Those since a snapshot was wanted."""
        self._tickers: deque[TickerMessage] = deque(maxlen=MOST_BUFFERED)
        """Those newer than the last diff."""
        self._snapshot: tuple[DepthSnapshot, int] | None = None
        """One that is newer than the diffs of a book that goes on, and its limit."""

    @property
    def wants_snapshot(self) -> bool:
        """Whether a snapshot should be asked for."""
        return self._snapshot is None and (not self.synchronised or self._bids.thin or self._asks.thin)

    def lose(self) -> None:
        """Something was missed: the book is unknown until a new snapshot."""
        self.gaps += 1
        self.synchronised = False
        self._snapshot, self._last_id = None, 0
        self._diffs.clear()
        self._tickers.clear()

    def take_diff(self, diff: DepthDiff) -> Change | None:
        """None: there is nothing to say, for the book is unknown or knew it already."""
        if diff.first_id > diff.last_id:
            raise FeedFailed(f"the upstream sent updates that run backwards: {diff.first_id} to {diff.last_id}")
        if not self.synchronised:
            self._buffer(diff)
            return None
        if diff.last_id <= self._last_id:
            return None
        if diff.first_id != self._last_id + 1 and not (self._straddles and diff.first_id <= self._last_id):
            self.lose()
            self._buffer(diff)
            return None
        if self.wants_snapshot or self._snapshot is not None:
            self._buffer(diff)
        else:
            self._diffs.clear()
        self._apply(diff)
        if self._snapshot is not None and self._last_id >= self._snapshot[0].last_update_id:
            (snapshot, limit), self._snapshot = self._snapshot, None
            return self._begin(snapshot, limit)
        if not self._agree(diff.last_id):
            self.lose()
            return None
        self._replay_tickers(diff.last_id)
        return self._change(full=False)

    def take_ticker(self, ticker: TickerMessage) -> Change | None:
        """None as for a diff."""
        if ticker.update_id <= (self._tickers[-1].update_id if self._tickers else self._last_id):
            return None
        self._tickers.append(ticker)
        if not self.synchronised:
            return None
        self._quote(ticker)
        return self._change(full=False)

    def take_snapshot(self, snapshot: DepthSnapshot, limit: int) -> Change | None:
        """None: it does not fit, or is too new to be used yet."""
        fits = not self._diffs or self._diffs[0].first_id <= snapshot.last_update_id + 1
        if not self.synchronised:
            return self._begin(snapshot, limit) if fits else None
        if not fits or not self.wants_snapshot:
            return None
        if snapshot.last_update_id > self._last_id:
            self._snapshot = snapshot, limit
            return None
        if not self._diffs and snapshot.last_update_id < self._last_id:
            return None  # older than the moment at which it was wanted
        return self._begin(snapshot, limit)

    def restated(self) -> Change:
        """All that is known."""
        return self._change(full=True)

    def _buffer(self, diff: DepthDiff) -> None:
        if self._diffs and diff.last_id <= self._diffs[-1].last_id:
            return
        if self._diffs and diff.first_id != self._diffs[-1].last_id + 1:
            self._diffs.clear()
        self._diffs.append(diff)
        if not self.synchronised:
            while self._tickers and self._tickers[0].update_id < diff.last_id:
                self._tickers.popleft()

    def _begin(self, snapshot: DepthSnapshot, limit: int) -> Change | None:
        """The book is the snapshot with the diffs since."""
        for side, listed in ((self._bids, snapshot.bids), (self._asks, snapshot.asks)):
            side.begin(read_levels(listed), limit)
        self._last_id, self._straddles, self.synchronised = snapshot.last_update_id, True, True
        for diff in self._diffs:
            if diff.last_id > self._last_id:
                self._apply(diff)
        self._diffs.clear()
        if not self._agree(self._last_id):
            self.lose()
            return None
        self._replay_tickers(self._last_id)
        return self._change(full=True)

    def _apply(self, diff: DepthDiff) -> None:
        self._bids.state(read_levels(diff.bids))
        self._asks.state(read_levels(diff.asks))
        self._last_id, self._straddles, self.event_ms = diff.last_id, False, diff.event_ms

    def _agree(self, update_id: int) -> bool:
        """Whether a best quote of that very update says the same as the book."""
        return all(
            self._bids.agrees(read_size(ticker.bid), read_size(ticker.bid_size))
            and self._asks.agrees(read_size(ticker.ask), read_size(ticker.ask_size))
            for ticker in self._tickers
            if ticker.update_id == update_id
        )

    def _replay_tickers(self, update_id: int) -> None:
        """Best quotes newer than an update hold on, older ones are covered by it."""
        while self._tickers and self._tickers[0].update_id <= update_id:
            self._tickers.popleft()
        for ticker in self._tickers:
            self._quote(ticker)

    def _quote(self, ticker: TickerMessage) -> None:
        bid, ask = read_size(ticker.bid), read_size(ticker.ask)
        bid_size, ask_size = read_size(ticker.bid_size), read_size(ticker.ask_size)
        if (bid_size and not bid) or (ask_size and not ask) or (bid_size and ask_size and bid >= ask):
            raise FeedFailed(f"the upstream quotes {ticker.bid} to {ticker.ask}")
        self._bids.quote(bid, bid_size)
        self._asks.quote(ask, ask_size)

    def _change(self, *, full: bool) -> Change:
        bid, ask = self._bids.best, self._asks.best
        if bid is not None and ask is not None and bid >= ask:
            raise FeedFailed(f"the upstream sent a crossed book: {units.show(bid)} to {units.show(ask)}")
        return Change(
            update_id=max(self._last_id, self._tickers[-1].update_id if self._tickers else 0),
            bids=self._bids.change(full=full),
            asks=self._asks.change(full=full),
            full=full,
        )
