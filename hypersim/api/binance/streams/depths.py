"""Changed levels, collected for the depth streams that tell of them every so often."""

from hypersim.api.binance.streams import messages
from hypersim.api.binance.streams.form import Build
from hypersim.engine.events import DepthChanged


class Changes:
    """The levels of one book that changed since a stream told of them.

    `told_id` is the update up to which it told: the next message begins with the one after it, whatever was skipped
    because nothing changed, so that who follows never finds a gap.
    """

    def __init__(self, update_id: int) -> None:
        self.told_id = update_id
        self._bids: dict[int, int] = {}
        self._asks: dict[int, int] = {}

    def add(self, event: DepthChanged) -> None:
        """Takes in changed totals."""
        self._bids.update(event.bids)
        self._asks.update(event.asks)

    def message(self, symbol: str, update_id: int, now_us: int) -> Build:
        """All of them, as one update up to an id. From here on there are none."""
        first_id, self.told_id = self.told_id + 1, update_id
        bids = messages.sizes(sorted(self._bids.items(), reverse=True))
        asks = messages.sizes(sorted(self._asks.items()))
        self._bids.clear()
        self._asks.clear()
        return lambda unit: messages.DepthUpdate("depthUpdate", now_us // unit, symbol, first_id, update_id, bids, asks)
