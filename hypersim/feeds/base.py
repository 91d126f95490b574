"""What a feed is, and what can be said about one while it runs.

A feed only observes (or invents) outside markets. What becomes of an observation - grid, changes, order,
time-outs, starting again after a failure - is the supervisor's business (hypersim/feeds/supervisor.py).
"""

import enum
from collections.abc import AsyncGenerator, Mapping
from typing import Protocol

from msgspec import Struct

from hypersim.engine.commands import OutsideUpdate


class FeedFailed(Exception):
    """The source cannot be read now; in one line, for whoever runs the exchange.

    `retry_after_s`: how long the source asked to be left alone, 0 when it did not say.
    """

    def __init__(self, message: str, *, retry_after_s: float = 0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class SourceReport(Struct, frozen=True, kw_only=True):
    """How a feed reaches its source now. None where a question has no meaning for it."""

    host: str | None = None
    """Who answers."""
    transport: str | None = None
    """`websocket` or `polling`."""
    weight_per_minute: int | None = None
    """Request weight that the feed may spend."""
    weight_spent: int | None = None
    """Within the last minute."""
    streamed: int | None = None
    """Symbols whose every quote and trade is seen; the others' are sampled."""


class Sight(enum.StrEnum):
    """How closely a market is seen."""

    STREAM = "stream"
    """Every quote and trade, as it happens."""
    BOOK = "book"
    """Its book and every trade, now and then."""
    TICKERS = "tickers"
    """Its best quotes, now and then: the depth behind them and single trades are guesses."""


class Feed(Protocol):
    """A source of observations of some symbols."""

    @property
    def name(self) -> str:
        """What status and logs call it."""
        ...

    @property
    def real(self) -> bool:
        """Whether its prices are those of a real market."""
        ...

    def report(self) -> SourceReport:
        """How it reaches its source now."""
        ...

    def sight(self, symbol: str) -> Sight | None:
        """How closely it sees a market of ours now; None where it makes it up, or does not see it."""
        ...

    def updates(self) -> AsyncGenerator[OutsideUpdate, None]:
        """What is seen from now on, in time order, for as long as it is read.

        Prices and sizes are the source's own (scale 8, off our grid perhaps) and may repeat what was said
        before; an update without prints and ladder says that the earlier quote still holds. The first ladder
        of each symbol is full, and so is the one after `moved`, and the one after something was missed on the
        way, which says by `resumes_us` from when on nothing is. Raises FeedFailed; may be called again afterwards.
        """
        ...

    def moved(self, symbol: str, price: int | None) -> None:
        """Somebody else moved the market of a symbol to a price (scale 8); None: the world was emptied.

        A feed that makes prices goes on from there, one that observes them does not. The next ladder is full.
        """
        ...


class SymbolStatus(Struct, frozen=True, kw_only=True):
    """One symbol's outside market as the exchange knows it. Times are microseconds UTC, 0 for never."""

    feed: str
    """Who speaks of it now; nobody does: who should."""
    real: bool
    """Whether the quotes in the book are those of a real market: not made up, not moved by hand, not withdrawn."""
    sight: Sight | None
    source_time_us: int
    """When the source says that the quote held."""
    received_us: int
    age_ms: int | None
    """Since the quote was last confirmed; None before the first."""
    quoted: bool
    """Whether outside sizes stand in the book: False before the first ladder and once a quote is stale."""
    updates: int
    """Commands that the exchange took in."""
    prints: int
    gaps: int
    """How often what happened outside was missed: stale quotes, failures, restarts of the feed."""


class SourceStatus(Struct, frozen=True, kw_only=True):
    """One feed of a world."""

    wanted: bool
    """Whether it runs, or would if it could: a backup does so while what it stands in for fails."""
    speaking: bool
    failure: str | None
    """Why it does not speak, in one line."""
    report: SourceReport


class FeedStatus(Struct, frozen=True, kw_only=True):
    """What the outside market is made of, and why."""

    name: str
    why: str
    failure: str | None
    """What does not work now, in one line; None while everything does."""
    sources: dict[str, SourceStatus]
    """By the name of the feed."""
    symbols: dict[str, SymbolStatus]
    """Those that have a feed."""
    notes: Mapping[str, str]
    """By symbol: why a market's feed is not the world's, or why it has none."""
