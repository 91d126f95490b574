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
        bids = book.bids.drain() if book.bids.touched else ()
        asks = book.asks.drain() if book.asks.touched else ()
        if bids or asks:
            self.update_id += 1
            self._events.append(DepthChanged(symbol=self._symbol, update_id=self.update_id, bids=bids, asks=asks))
