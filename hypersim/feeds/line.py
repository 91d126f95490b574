"""Which feeds speak of which market, and who of them is heard.

A market has its feeds in an order: the first one that speaks is heard, the others stand by. Guarantees that a
change of the speaker is a gap: what the next one says begins with a full ladder, and continues nothing.
"""

import asyncio
from collections.abc import Mapping, Sequence

from msgspec import Struct

from hypersim.engine.commands import OutsideUpdate
from hypersim.engine.market import Market
from hypersim.feeds.base import Feed, SymbolStatus
from hypersim.feeds.channel import Channel
from hypersim.feeds.runner import FeedRunner


class Sources(Struct, frozen=True, kw_only=True):
    """Which feeds a world has, and for which markets."""

    name: str
    """What status calls them together."""
    why: str
    """How they were chosen."""
    markets: Mapping[str, tuple[Market, tuple[Feed, ...]]] = {}
    """By symbol: each market with its feeds, the preferred one first, the others its backups."""
    notes: Mapping[str, str] = {}
    """By symbol: why a market's feed is not the world's, or why it has none."""


class Line:
    """One market: what is known of its outside, and who says so."""

    def __init__(self, market: Market, runners: Sequence[FeedRunner]) -> None:
        self.channel = Channel(market)
        self.runners = runners
        self.speaker: FeedRunner | None = None
        self.wake = asyncio.Event()
        self.laid = asyncio.Event()
        """Set once the exchange has its first ladder."""
        self.turn = asyncio.Lock()
        """Held by whoever may tell the exchange of it."""

    def heard(self, runner: FeedRunner, update: OutsideUpdate, now_us: int) -> bool:
        """Takes in what a feed says, unless a better one speaks. True when another one spoke before."""
        if self.speaker is not None and self.runners.index(runner) > self.runners.index(self.speaker):
            return False
        changed = self.speaker is not runner
        if changed:
            if self.speaker is not None:
                self.channel.restarted()
            self.speaker = runner
        self.channel.observe(update, now_us)
        self.wake.set()
        return changed

    def silent(self, runner: FeedRunner) -> None:
        """A feed ended: what comes next, from whomever, does not continue what it said."""
        if self.speaker is runner:
            self.speaker = None
            self.channel.restarted()

    def moved(self, price: int | None) -> None:
        """Somebody's hand left the market at a price (scale 8); None: it withdrew the outside."""
        self.channel.disturbed()
        if price is not None:
            self._tell_feeds(price)

    def emptied(self) -> None:
        """The world was emptied."""
        self.channel.emptied()
        self.laid.clear()
        self._tell_feeds(None)

    def _tell_feeds(self, price: int | None) -> None:
        for runner in self.runners:
            runner.feed.moved(self.channel.symbol, None if price is None else self.channel.unbent(price))

    @property
    def shown(self) -> FeedRunner:
        """Who speaks, or who should."""
        return self.speaker or self.runners[0]

    def status(self, now_us: int) -> SymbolStatus:
        feed = self.shown.feed
        sight = feed.sight(self.channel.symbol) if self.speaker is not None else None
        return self.channel.status(feed.name, now_us, real=feed.real, sight=sight)
