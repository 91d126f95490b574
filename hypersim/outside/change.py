"""What another feed would mean for the markets of a world: by how much each price jumps."""

from collections.abc import Mapping

from msgspec import Struct

PERCENT_DECIMALS = 3


class Jump(Struct, frozen=True, kw_only=True):
    """One market. Prices have scale 8: between the best quotes now, and as the new feed has it."""

    symbol: str
    feed: str | None
    """Who will speak of it; None: nobody but a hand."""
    before: int | None
    after: int | None

    @property
    def percent(self) -> str | None:
        """Of the price before, as text; None where one of the prices is not known."""
        if not self.before or not self.after:
            return None
        return f"{(self.after - self.before) / self.before * 100:+.{PERCENT_DECIMALS}f}"


class FeedChange(Struct, frozen=True, kw_only=True):
    """Another feed for a world."""

    name: str
    """As HYPERSIM_FEED has it."""
    jumps: tuple[Jump, ...]
    notes: Mapping[str, str]
    """By symbol: why its feed is not the world's, or why it has none."""
