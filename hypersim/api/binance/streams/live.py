"""The streams that tell of everything at once: trades, their aggregates, and the best prices of books.

Records come one by one, each when the views have folded it and no later one, so that what is told of a record is what
was so after it.
"""

from itertools import groupby
from operator import attrgetter

from hypersim.api.binance.streams import messages
from hypersim.api.binance.streams.form import Build, tell
from hypersim.api.binance.streams.names import Kind, Stream
from hypersim.bus import Bus
from hypersim.engine.events import Committed, DepthChanged, Traded
from hypersim.views.depth import EMPTY, Level
from hypersim.views.marketdata import MarketData


class LiveStreams:
    """Those of all markets. Nothing is worked out for a market that nobody watches."""

    def __init__(self, markets: MarketData, bus: Bus) -> None:
        self._markets = markets
        self._bus = bus
        self._names: dict[tuple[str, Kind], str] = {}
        """Symbol and kind -> the name of a stream that is watched."""
        self._best: dict[str, tuple[Level, Level]] = {}
        """By symbol, the best prices that were told last, or those when they began to be watched."""

    def watch(self, stream: Stream) -> None:
        """Tells of a stream from now on."""
        self._names[stream.symbol, stream.kind] = stream.name
        if stream.kind is Kind.BOOK_TICKER:
            symbols = (stream.symbol,) if stream.symbol else self._markets.markets
            self._best.update((symbol, self._best_of(symbol)) for symbol in symbols)

    def now(self, stream: Stream) -> Build | None:
        """What who begins to watch is told at once: the best prices, which may not change for long."""
        view = self._markets.markets.get(stream.symbol)
        if stream.kind is not Kind.BOOK_TICKER or view is None or not view.update_id:
            return None
        ticker = messages.book_ticker(stream.symbol, view.update_id, *self._best_of(stream.symbol))
        return lambda _: ticker

    def unwatch(self, stream: Stream) -> None:
        """Does not any more."""
        del self._names[stream.symbol, stream.kind]

    def fold(self, record: Committed) -> None:
        """Tells what a record changed."""
        if not self._names:
            return
        trades = []
        for event in record.events:
            if type(event) is Traded:
                trades.append(event)
            elif type(event) is DepthChanged:
                self._depth_changed(event)
        if trades:
            self._traded(trades, record.time_us)

    def _traded(self, trades: list[Traded], time_us: int) -> None:
        for event in trades:
            if name := self._names.get((event.symbol, Kind.TRADE)):
                tell(self._bus, name, _trade(event, time_us))
        for (symbol, _), group in groupby(trades, attrgetter("symbol", "aggregate_id")):
            if name := self._names.get((symbol, Kind.AGG_TRADE)):
                tell(self._bus, name, _agg_trade(list(group), time_us))

    def _depth_changed(self, event: DepthChanged) -> None:
        symbol = event.symbol
        names = [self._names.get((each, Kind.BOOK_TICKER)) for each in (symbol, "")]
        if names == [None, None]:
            return
        best = self._best_of(symbol)
        if best == self._best.get(symbol):
            return
        self._best[symbol] = best
        ticker = messages.book_ticker(symbol, event.update_id, *best)
        for name in names:
            if name is not None:
                tell(self._bus, name, lambda _: ticker, supersedes=(name, symbol))

    def _best_of(self, symbol: str) -> tuple[Level, Level]:
        view = self._markets.markets.get(symbol)
        return (EMPTY, EMPTY) if view is None else view.touch


def _trade(event: Traded, time_us: int) -> Build:
    return lambda unit: messages.trade(event, time_us, unit)


def _agg_trade(trades: list[Traded], time_us: int) -> Build:
    return lambda unit: messages.agg_trade(trades, time_us, unit)
