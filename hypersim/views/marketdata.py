"""Every market as outsiders see it: depth, tape, last prices, statistics. Folded from committed events.

Statistics join what was traded here with what a history source knows from the time in which this world did not
watch: the source counts for the seconds before that of the first trade here, and for those within gaps
(hypersim/views/gaps.py). The world's own trades count always, so that nothing counts twice.
"""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from hypersim.engine.commands import OutsideUpdate
from hypersim.engine.events import (
    AssetChanged,
    Committed,
    DepthChanged,
    Event,
    LimitsChanged,
    MarketChanged,
    OutsideChanged,
    Traded,
    WorldReset,
)
from hypersim.engine.market import UNLIMITED, Asset, Market
from hypersim.engine.state import ExchangeState, VenueState
from hypersim.views.candles import SECOND_US, bucket, merge, merge_all, pieces, woven
from hypersim.views.depth import EMPTY, Depth, Level
from hypersim.views.gaps import Gaps, GapsState
from hypersim.views.past import Past
from hypersim.views.records import Candle, HistorySource, Span, TapeTrade
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
    gaps: GapsState = GapsState()


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
        self.gaps = Gaps()
        self.past = Past(source, market.symbol)
        self._finished: tuple[int, int, Candle | None] | None = None
        """A window's start, where its running minute begins, and what was traded here in between."""
        self._missed: tuple[int, list[Span], Candle | None] | None = None
        """A version of the source, spans, and what it says was traded in them."""
        self._previous: tuple[int, int, int] | None = None
        """A minute, a version of the source, and the price of the last trade before the minute."""

    @property
    def best_bid(self) -> Level | None:
        """(price, quantity) of the highest bid."""
        return self.book.best_bid

    @property
    def best_ask(self) -> Level | None:
        """(price, quantity) of the lowest ask."""
        return self.book.best_ask

    @property
    def touch(self) -> tuple[Level, Level]:
        """The best bid and ask; (0, 0) for a side that is empty."""
        return self.best_bid or EMPTY, self.best_ask or EMPTY

    @property
    def last(self) -> TapeTrade | None:
        """The newest trade of this world."""
        return self.tape.last

    @property
    def first_id(self) -> int | None:
        """Of this world's first trade."""
        return self.timeline.first.trade_id if self.timeline.first is not None else None

    def depth(self, limit: int) -> tuple[int, list[Level], list[Level]]:
        """(update id, bids, asks), at most `limit` levels a side, best first."""
        return self.update_id, *self.book.top(limit)

    def last_price(self, now_us: int) -> int:
        """Of the newest trade, here or in what the source knows; 0 when there never was one."""
        last, newest = self.tape.last, self.gaps.newest
        if last is None:
            day = self._source_day(bucket(now_us - DAY_US, 60), now_us)
            return day.close if day is not None else self._close(bucket(now_us, 1), now_us, None) or 0
        if newest is None or newest.after_id < last.trade_id:
            return last.price
        return self._close(bucket(now_us, 1) + SECOND_US, now_us, (last.trade_id, last.price)) or 0

    def past_end_us(self, now_us: int) -> int:
        """The second from which on the source's past does not count: that in which the world began, or now."""
        began_us = self.began_us
        return bucket(now_us if began_us is None else began_us, 1)

    @property
    def began_us(self) -> int | None:
        """When this world first listened to the outside, or first traded; None for neither. What is traded outside
        from then on is on the tape, whenever it comes there.
        """
        return min(
            (time_us for time_us in (self.gaps.begun_us, self.timeline.first_us) if time_us is not None), default=None
        )

    def source_spans(self, start_us: int, now_us: int) -> list[Span]:
        """The spans from a whole second on in which the source counts: before the world began, and gaps."""
        past_end_us = self.past_end_us(now_us)
        before = [Span(start_us, past_end_us, 0)] if start_us < past_end_us else []
        return before + self.gaps.spans(start_us, bucket(now_us, 1))

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
        if self._finished is None or self._finished[:2] != (start_us, tail_us):
            self._finished = start_us, tail_us, merge_all(self._own(start_us, tail_us))
        before = self._finished[2]
        tail = merge_all(self.timeline.candles(60, max(start_us, tail_us), tail_us + MINUTE_US))
        own = merge(before, tail) if before is not None and tail is not None else before or tail
        return joined(self.missed(start_us, now_us), own)

    def missed(self, start_us: int, now_us: int) -> Candle | None:
        """What the source says was traded from a whole second on while this world did not watch."""
        version = self.past.version
        if not version or not (spans := self.source_spans(start_us, now_us)):
            return None
        if self._missed is None or self._missed[0] != version or self._missed[1] != spans:
            self._missed = version, spans, self.past.within(spans)
        return self._missed[2]

    def statistics(self, start_us: int, now_us: int) -> Statistics:
        """Statistics of the trades from a whole minute on; the same limit as `window`."""
        return self.summary(self.window(start_us, now_us))

    def rolling_day(self, now_us: int) -> Statistics:
        """Statistics of the last 24 hours, exact to the minute.

        While it is not known in detail what was traded outside then, they are the source's own figures.
        """
        start_us = bucket(now_us - DAY_US, 60)
        day = self._source_day(start_us, now_us)
        return self.statistics(start_us, now_us) if day is None else self.summary(day)

    def summary(self, window: Candle | None) -> Statistics:
        """The statistics of a span whose trades are one candle."""
        return statistics(window, self.first_id)

    def close_before(self, minute_us: int, now_us: int) -> int:
        """Price of the last trade before the start of a minute that is over; 0 when none is known."""
        version = self.past.version
        if self._previous is None or self._previous[:2] != (minute_us, version):
            own = self.timeline.newest_before(minute_us) if self.past_end_us(now_us) < minute_us else None
            close = self._close(minute_us, now_us, None if own is None else (own.last_id, own.close)) or 0
            self._previous = minute_us, version, close
        if not self._previous[2] and (day := self._source_day(bucket(now_us - DAY_US, 60), now_us)) is not None:
            return day.open
        return self._previous[2]

    def average(self, now_us: int) -> int:
        """The average price of the last `average_minutes`, as avgPrice shows it; 0 when never traded."""
        start_us = bucket(now_us - self.average_minutes * MINUTE_US, 1)
        source = self.past.within(self.source_spans(start_us, now_us))
        own = merge_all(self._own(start_us, now_us + 1))
        return average_price(joined(source, own), self.last_price(now_us))

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
            self._finished = self._missed = self._previous = None  # from here on the past ends
        self.tape.add(trade)
        self.timeline.add(trade)
        if not self.gaps.known:
            self.gaps.traded(time_us, event.trade_id)

    def hear(self, event: OutsideChanged, record: Committed) -> None:
        """Takes in that the outside was heard of, or is unknown from here on."""
        now_us, began_us = record.time_us, self.began_us
        heard_us = min(event.source_time_us or now_us, now_us)
        last_id = self.tape.last.trade_id if self.tape.last is not None else 0
        if not event.known:
            self.gaps.lost(now_us, last_id, began_us, self._seconds_from)
            self._previous = None
            return
        resumes_us = record.command.resumes_us if isinstance(record.command, OutsideUpdate) else 0
        if resumes_us or not self.gaps.known:
            self._missed = self._previous = None
        self.gaps.heard(heard_us, min(resumes_us, now_us), last_id, began_us, self._seconds_from)

    def clear(self) -> None:
        """Forgets everything but the market and its counters: the world was reset."""
        self.book.clear()
        self.tape = Tape()
        self.timeline = Timeline()
        self.gaps = Gaps()
        self._finished = self._missed = self._previous = None

    def snapshot(self) -> MarketViewState:
        return MarketViewState(self.market.symbol, self.tape.snapshot(), self.timeline.snapshot(), self.gaps.snapshot())

    def restore(self, venue: VenueState, state: MarketViewState) -> None:
        self.clear()
        self.update_id = venue.update_id
        self.book.apply(
            ((price, sum(quantity for _, quantity in queue)) for price, queue in venue.bids),
            ((price, sum(quantity for _, quantity in queue)) for price, queue in venue.asks),
        )
        self.tape.restore(state.tape)
        self.timeline.restore(state.timeline)
        self.gaps.restore(state.gaps)

    @property
    def _newest_us(self) -> int:
        return self.tape.last.time_us if self.tape.last is not None else 0

    def _own(self, start_us: int, end_us: int) -> Iterator[Candle]:
        for piece in pieces(self.timeline.start(start_us), end_us):
            yield from self.timeline.candles(*piece)

    def _seconds_from(self, second_us: int) -> list[Candle]:
        return self.timeline.candles(1, second_us, self._newest_us + 1)

    def _close(self, time_us: int, now_us: int, own: tuple[int, int] | None) -> int | None:
        """Price of the last trade before a whole second; `own` are id and price of the last one here before it."""
        if self.past.version:
            for span in reversed(self.source_spans(0, now_us)):
                if own is not None and own[0] > span.after_id:
                    break
                if (close := self.past.close_before(min(time_us, span.end_us), span.start_us)) is not None:
                    return close
        return own[1] if own is not None else None

    def _source_day(self, start_us: int, now_us: int) -> Candle | None:
        """The source's own figures of the last day, as long as its candles of the time since a minute are not known
        and count; with the last price that this market has.
        """
        if not self.past.version:
            return None
        day = self.past.day(self.source_spans(start_us, now_us))
        if day is None or self.tape.last is None:
            return day
        close = self.last_price(now_us)
        return replace(day, high=max(day.high, close), low=min(day.low, close), close=close)


def joined(source: Candle | None, own: Candle | None) -> Candle | None:
    """What a source and this world say of one span of time, as one."""
    return woven(source, own) if source is not None and own is not None else source or own


class MarketData:
    """All markets and assets. `source` knows prices from before a market's first trade."""

    def __init__(self, source: HistorySource | None = None) -> None:
        self.assets: dict[str, Asset] = {}
        self.limits = UNLIMITED
        self.markets: dict[str, MarketView] = {}
        self._source = source

    def depth_changed(self, event: DepthChanged) -> None:
        """Takes in changed levels of a market."""
        view = self.markets[event.symbol]
        view.update_id = event.update_id
        view.book.apply(event.bids, event.asks)

    def traded(self, event: Traded, time_us: int) -> None:
        """Takes in a trade."""
        self.markets[event.symbol].add(event, time_us)

    def rarely_changed(self, event: Event, record: Committed) -> None:
        """Takes in any other event."""
        match event:
            case OutsideChanged():
                self.markets[event.symbol].hear(event, record)
            case MarketChanged(market):
                self._put(market)
            case AssetChanged(asset):
                self.assets[asset.name] = asset
            case LimitsChanged(limits):
                self.limits = limits
            case WorldReset():
                for view in self.markets.values():
                    view.clear()

    def snapshot(self) -> MarketDataState:
        return MarketDataState(tuple(view.snapshot() for view in self.markets.values()))

    def restore(self, exchange: ExchangeState, state: MarketDataState) -> None:
        """Puts a snapshot back: the exchange's state, and the views' own of the same moment."""
        self.assets = {asset.name: asset for asset in exchange.assets}
        self.limits = exchange.limits
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
