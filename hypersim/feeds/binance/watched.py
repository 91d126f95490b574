"""One symbol of a feed with several ways to see it: which of them speaks for it now.

Guarantees that one speaks at a time, that what it says begins with a full ladder, and that no trade is said
by two of them.
"""

import enum

from msgspec import structs

from hypersim.engine.commands import OutsideUpdate
from hypersim.engine.market import Market
from hypersim.feeds.binance.looks import Look, Looks
from hypersim.feeds.binance.sampled import Sampled


class Source(enum.Enum):
    """How a symbol is seen."""

    NONE = enum.auto()
    """Not yet: a better source is about to speak."""
    TICKERS = enum.auto()
    """Its best quotes, now and then."""
    LOOKS = enum.auto()
    """Its depth and each trade, now and then."""
    STREAM = enum.auto()
    """Everything, as it happens."""


class Watched:
    """A market of ours, the upstream's name of it, and what is known of it there."""

    def __init__(self, market: Market, upstream_symbol: str, seed: int, *, traded: bool) -> None:
        self.symbol = market.symbol
        self.upstream_symbol = upstream_symbol
        self.source = Source.NONE
        self.sampled = Sampled(market, seed, traded=traded)
        self.looks = Looks(market.symbol)
        self.look_due_us = 0

    def speak_for(self, source: Source) -> None:
        """Lets somebody else speak for it."""
        if source is self.source:
            return
        self.source = source
        self.sampled.restate()
        self.looks.begin_anew()
        self.look_due_us = 0

    def moved(self, price: int | None) -> None:
        """What was said of it is void; `price` None: and the world is empty."""
        self.sampled.restate()
        self.looks.begin_anew()
        if price is None:
            self.sampled.traded = False

    def sample(self, *, near: bool) -> OutsideUpdate:
        """What the tickers have to say."""
        return self.sampled.update(near=near)

    def looked(self, look: Look) -> OutsideUpdate:
        """What a look has to say."""
        for last_id, size in look.said:
            self.sampled.printed(last_id, size)
        return self.opened(look.update)

    def opened(self, update: OutsideUpdate) -> OutsideUpdate:
        """An update, in a world without a price with the upstream's last one."""
        if update.ladder is None or not update.ladder.full:
            return update
        return structs.replace(update, last_price=self.sampled.opening())
