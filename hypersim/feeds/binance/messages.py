"""What Binance's market data streams and its depth snapshots say: the shapes on the wire, decoded.

Guarantees typed fields or FeedFailed in one line. Numbers stay the texts that Binance sent (the functions at
the end read them, scale 8). Knows nothing of order or gaps.

Source: web-socket-streams.md, 'Trade Streams', 'Individual Symbol Book Ticker Streams', 'Diff. Depth Stream'.
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from hypersim import units
from hypersim.feeds.base import FeedFailed

Id = Annotated[int, Meta(ge=0)]
Level = tuple[str, str]
"""Price and size."""


class DepthDiff(Struct, frozen=True):
    """Levels that changed, with their sizes after the last of the updates; size 0: the level is gone."""

    symbol: str = msgspec.field(name="s")
    event_ms: Id = msgspec.field(name="E")
    first_id: Id = msgspec.field(name="U")
    last_id: Id = msgspec.field(name="u")
    bids: list[Level] = msgspec.field(name="b")
    asks: list[Level] = msgspec.field(name="a")


class TradeMessage(Struct, frozen=True):
    """One fill."""

    symbol: str = msgspec.field(name="s")
    trade_id: Id = msgspec.field(name="t")
    price: str = msgspec.field(name="p")
    quantity: str = msgspec.field(name="q")
    traded_ms: Id = msgspec.field(name="T")
    event_ms: Id = msgspec.field(name="E")
    """When Binance sent it."""
    buyer_is_maker: bool = msgspec.field(name="m")


class TickerMessage(Struct, frozen=True):
    """The best quotes at an update of the book; zeros where there are none."""

    symbol: str = msgspec.field(name="s")
    update_id: Id = msgspec.field(name="u")
    bid: str = msgspec.field(name="b")
    bid_size: str = msgspec.field(name="B")
    ask: str = msgspec.field(name="a")
    ask_size: str = msgspec.field(name="A")


class DepthSnapshot(Struct, frozen=True, rename="camel"):
    """The answer of GET /api/v3/depth: the best levels of the book at an update."""

    last_update_id: Id
    bids: list[Level]
    asks: list[Level]


Message = DepthDiff | TradeMessage | TickerMessage

SHAPES: dict[str, type[Message]] = {"depth": DepthDiff, "trade": TradeMessage, "bookTicker": TickerMessage}
"""By the name of the stream after the symbol."""


NOTHING = msgspec.Raw()


class Frame(Struct, frozen=True):
    """One frame of a combined stream. Without `stream` it answers what was asked: `error` when it was refused."""

    stream: str | None = None
    data: msgspec.Raw = NOTHING
    error: msgspec.Raw = NOTHING


def streams(symbol: str) -> tuple[str, ...]:
    """The streams that say all of a symbol's market data."""
    return tuple(f"{symbol.lower()}@{name}" for name in ("depth@100ms", "trade", "bookTicker"))


def decode(text: str | bytes) -> Message | None:
    """One frame of a combined stream; None for an answer to a subscription.

    Raises FeedFailed for a refusal and for everything else.
    """
    try:
        frame = msgspec.json.decode(text, type=Frame)
        if frame.stream is None:
            if frame.error != NOTHING:
                refusal = " ".join(bytes(frame.error).decode().split())
                raise FeedFailed(f"the upstream refused a subscription: {refusal[:100]}")
            return None
        shape = SHAPES.get(frame.stream.split("@")[1] if "@" in frame.stream else "")
        if shape is None:
            raise FeedFailed(f"the upstream sent a stream that was not asked for: {frame.stream[:100]!r}")
        return msgspec.json.decode(frame.data, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FeedFailed(f"the upstream streamed something else than market data: {error}") from None


def read_positive(text: str) -> int:
    """A price or a traded quantity, scale 8. Raises FeedFailed when it is none."""
    value = read_size(text)
    if not value:
        raise FeedFailed("the upstream sent a price or a trade of zero")
    return value


def read_size(text: str) -> int:
    """A size, scale 8, perhaps 0. Raises FeedFailed when it is none."""
    try:
        return units.parse(text)
    except ValueError as error:
        raise FeedFailed(f"the upstream sent a number that is {error}") from None


def read_levels(listed: Sequence[Level]) -> list[tuple[int, int]]:
    """(price, size) of levels, scale 8. Raises FeedFailed for what is no level."""
    try:
        levels = [(units.parse(price), units.parse(quantity)) for price, quantity in listed]
        if all(price for price, _ in levels):
            return levels
    except ValueError:
        pass
    return [(read_positive(price), read_size(quantity)) for price, quantity in listed]  # says what is wrong
