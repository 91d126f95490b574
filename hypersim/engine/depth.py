"""What is told of one market's book: which levels changed, under update ids that count up."""

from hypersim.engine.book import Book
from hypersim.engine.events import DepthChanged, Event


class Depth:
    """A market's updates."""

    def __init__(self, symbol: str, events: list[Event]) -> None:
        self.update_id = 0
        """Of the last update."""
        self._symbol = symbol
        self._events = events

    def drain(self, book: Book) -> None:
        """Reports the levels that changed since the last call, if any did."""
        bids = book.bids.drain() if book.bids.before else ()
        asks = book.asks.drain() if book.asks.before else ()
        if bids or asks:
            self._report(bids, asks)

    def report_empty(self, before: Book) -> None:
        """Reports that every level of an earlier book is gone, as one update like any other."""
        bids, asks = (tuple((level.price, 0) for level in side.levels()) for side in (before.bids, before.asks))
        if bids or asks:
            self._report(bids, asks)

    def _report(self, bids: tuple[tuple[int, int], ...], asks: tuple[tuple[int, int], ...]) -> None:
        self.update_id += 1
        self._events.append(DepthChanged(symbol=self._symbol, update_id=self.update_id, bids=bids, asks=asks))
