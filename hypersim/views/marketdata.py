"""Every market as outsiders see it: depth, tape, last prices, statistics. Folded from committed events.

Statistics join what a history source knows from before a market's first trade with what was traded here
since: the source counts for the seconds before that of the first trade, the world's own trades from then on.
"""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from hypersim.engine.events import (
    AssetChanged,
    BalanceChanged,
    Committed,
    DepthChanged,
    MarketChanged,
    OrderChanged,
    Traded,
    WorldReset,
)
from hypersim.engine.market import Asset, Market
from hypersim.engine.state import ExchangeState, VenueState
from hypersim.views.candles import SECOND_US, bucket, merge, merge_all, pieces
from hypersim.views.depth import Depth, Level
from hypersim.views.past import Past
from hypersim.views.records import Candle, HistorySource, TapeTrade
from hypersim.views.statistics import Statistics, average_price, statistics
from hypersim.views.tape import Tape, TapeState
from hypersim.views.timeline import Timeline, TimelineState

DAY_US: Final = 86400 * SECOND_US
MINUTE_US: Final = 60 * SECOND_US


class MarketViewState(Struct, frozen=True):
    """What the exchange's own state does not say of a market."""

    symbol: str
    tape: TapeState
    timeline: TimelineState


class MarketDataState(Struct, frozen=True):
    """The views' own state of all markets."""

    markets: tuple[MarketViewState, ...]


class MarketView:
    """One market. Times are microseconds UTC; `now_us` is the reader's time."""

    def __init__(self, market: Market, source: HistorySource | None) -> None:
        self.market = market
        self.update_id = 0
        """Of the newest change of the depth."""
        self.book = Depth()
        self.tape = Tape()
        self.timeline = Timeline()
        self.past = Past(source, market.symbol)
        self._finished: tuple[int, int, Candle | None] | None = None
        """A window's start, where its running minute begins, and what was traded in between."""
        self._previous: tuple[int, int] | None = None
        """A minute, and the price of the last trade before it."""

    @property
    def best_bid(self) -> Level | None:
        """(price, quantity) of the highest bid."""
        return self.book.best_bid

    @property
    def best_ask(self) -> Level | None:
        """(price, quantity) of the lowest ask."""
        return self.book.best_ask

    @property
    def last(self) -> TapeTrade | None:
        """The newest trade of this world."""
        return self.tape.last

    def depth(self, limit: int) -> tuple[int, list[Level], list[Level]]:
        """(update id, bids, asks), at most `limit` levels a side, best first."""
        return self.update_id, *self.book.top(limit)

    def last_price(self, now_us: int) -> int:
        """Of the newest trade, here or in the source's past; 0 when there never was one."""
        if self.tape.last is not None:
            return self.tape.last.price
        return self.past.close_before(bucket(now_us, 1)) or 0

    def past_end_us(self, now_us: int) -> int:
        """The second from which on the source's past does not count: that of the first trade here, or now."""
        first_us = self.timeline.first_us
        return bucket(now_us if first_us is None else first_us, 1)

    def remembers(self, start_us: int) -> bool:
        """Whether all that was traded here from a time on is in memory."""
        return all(
            (kept_us := self.timeline.kept_from(seconds)) is None or piece_us >= kept_us
            for seconds, piece_us, _ in pieces(self.timeline.start(start_us), self._newest_us)
        )

    def window(self, start_us: int, now_us: int) -> Candle | None:
        """All trades from a whole minute on, as one candle; None when there were none.

        What is no longer in memory is missing: see `remembers`.
        """
        tail_us = bucket(self._newest_us, 60)
        past_end_us = self.past_end_us(now_us)
        if self._finished is None or self._finished[:2] != (start_us, tail_us) or self.last is None:
            finished = [self.past.window(start_us, past_end_us)] if start_us < past_end_us else []
            finished += self._own(start_us, tail_us)
            self._finished = start_us, tail_us, merge_all(filter(None, finished))
        before = self._finished[2]
        tail = merge_all(self.timeline.candles(60, max(start_us, tail_us), tail_us + MINUTE_US))
        if before is None or tail is None:
            return before or tail
        return merge(before, tail)

    def statistics(self, start_us: int, now_us: int) -> Statistics:
        """Statistics of the trades from a whole minute on; the same limit as `window`."""
        return self.summary(self.window(start_us, now_us))

    def rolling_day(self, now_us: int) -> Statistics:
        """Statistics of the last 24 hours, exact to the minute."""
        return self.statistics(bucket(now_us - DAY_US, 60), now_us)

    def summary(self, window: Candle | None) -> Statistics:
        """The statistics of a span whose trades are one candle."""
        return statistics(window, self.timeline.first.trade_id if self.timeline.first is not None else None)

    def close_before(self, minute_us: int, now_us: int) -> int:
        """Price of the last trade before the start of a minute that is over; 0 when none is known."""
        if self._previous is None or self._previous[0] != minute_us:
            close = None
            if (past_end_us := self.past_end_us(now_us)) < minute_us:
                close = self.timeline.close_before(minute_us)
            close = close or self.past.close_before(min(minute_us, past_end_us)) or 0
            self._previous = minute_us, close
        return self._previous[1]

    def average(self, now_us: int) -> int:
        """The average price of the last `average_minutes`, as avgPrice shows it; 0 when never traded."""
        start_us = bucket(now_us - self.average_minutes * MINUTE_US, 1)
        past_end_us = self.past_end_us(now_us)
        parts = [self.past.window(start_us, past_end_us)] if start_us < past_end_us else []
        parts += self._own(start_us, now_us + 1)
        return average_price(merge_all(filter(None, parts)), self.last_price(now_us))

    @property
    def average_minutes(self) -> int:
        """The span of avgPrice; markets whose filters use the last price show Binance's usual one."""
        return self.market.average_price_minutes or 5

    def add(self, event: Traded, time_us: int) -> None:
        """Takes in a trade."""
        trade = TapeTrade(
            event.trade_id,
            event.aggregate_id,
            event.price,
            event.quantity,
            time_us,
            event.buyer_is_maker,
            event.outside,
        )
        if self.timeline.first is None:
            self._finished = self._previous = None  # from here on the past ends
        self.tape.add(trade)
        self.timeline.add(trade)

    def clear(self) -> None:
        """Forgets everything but the market and its counters: the world was reset."""
        self.book.clear()
        self.tape = Tape()
        self.timeline = Timeline()
        self._finished = self._previous = None

    def snapshot(self) -> MarketViewState:
        return MarketViewState(self.market.symbol, self.tape.snapshot(), self.timeline.snapshot())

    def restore(self, venue: VenueState, state: MarketViewState) -> None:
        self.clear()
        self.update_id = venue.update_id
        self.book.apply(
            ((price, sum(quantity for _, quantity in queue)) for price, queue in venue.bids),
            ((price, sum(quantity for _, quantity in queue)) for price, queue in venue.asks),
        )
        self.tape.restore(state.tape)
        self.timeline.restore(state.timeline)

    @property
    def _newest_us(self) -> int:
        return self.tape.last.time_us if self.tape.last is not None else 0

    def _own(self, start_us: int, end_us: int) -> Iterator[Candle]:
        for piece in pieces(self.timeline.start(start_us), end_us):
            yield from self.timeline.candles(*piece)


class MarketData:
    """All markets and assets. `source` knows prices from before a market's first trade."""

    def __init__(self, source: HistorySource | None = None) -> None:
        self.assets: dict[str, Asset] = {}
        self.markets: dict[str, MarketView] = {}
        self._source = source

    def fold(self, record: Committed) -> None:
        """Takes in what a command changed."""
        for event in record.events:
            # the frequent ones first: half of all events are the accounts' alone
            if isinstance(event, (BalanceChanged, OrderChanged)):
                continue
            if isinstance(event, DepthChanged):
                view = self.markets[event.symbol]
                view.update_id = event.update_id
                view.book.apply(event.bids, event.asks)
            elif isinstance(event, Traded):
                self.markets[event.symbol].add(event, record.time_us)
            elif isinstance(event, MarketChanged):
                self._put(event.market)
            elif isinstance(event, AssetChanged):
                self.assets[event.asset.name] = event.asset
            elif isinstance(event, WorldReset):
                for view in self.markets.values():
                    view.clear()

    def snapshot(self) -> MarketDataState:
        return MarketDataState(tuple(view.snapshot() for view in self.markets.values()))

    def restore(self, exchange: ExchangeState, state: MarketDataState) -> None:
        """Puts a snapshot back: the exchange's state, and the views' own of the same moment."""
        self.assets = {asset.name: asset for asset in exchange.assets}
        self.markets = {}
        own = {kept.symbol: kept for kept in state.markets}
        for venue in exchange.venues:
            self._put(venue.market).restore(venue, own[venue.market.symbol])

    def _put(self, market: Market) -> MarketView:
        view = self.markets.get(market.symbol)
        if view is None:
            view = self.markets[market.symbol] = MarketView(market, self._source)
        else:
            view.market = market
        return view
