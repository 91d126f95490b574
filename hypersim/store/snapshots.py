"""A moment of the exchange as a value that can be stored: engine and views after one command.

Compressed JSON. Guarantees that what is decoded has the hash that was taken when it was encoded, as far as
both were done under the same rules. Encoding is work for any thread; nothing here stores anything.
"""

import hashlib
import zlib

import msgspec
from msgspec import Raw, Struct

from hypersim import __version__
from hypersim.engine.exchange import RULES
from hypersim.engine.state import ExchangeState, VenueState
from hypersim.errors import StoreError
from hypersim.views.views import ViewsState

FAST = 1
"""zlib's level: a snapshot is written much more often than it is read, and shrinks little more at higher
ones."""


PIECE = 1000
"""Elements that are encoded at once: the interpreter is let go of only in between."""


class Blob(Struct, frozen=True):
    """What is compressed."""

    exchange: Raw
    views: Raw


class Snapshot(Struct, frozen=True, kw_only=True):
    """Engine and views after the command `sequence`; `version` is that of the program which wrote it."""

    sequence: int
    time_us: int
    rules: int
    version: str
    state_hash: str
    blob: bytes

    @classmethod
    def encode(cls, sequence: int, time_us: int, exchange: ExchangeState, views: ViewsState) -> "Snapshot":
        """A snapshot of both states, which are of that moment."""
        json = _in_pieces(exchange)
        blob = Blob(Raw(json), Raw(msgspec.json.encode(views)))
        return cls(
            sequence=sequence,
            time_us=time_us,
            rules=RULES,
            version=__version__,
            state_hash=hashlib.sha256(json).hexdigest(),
            blob=zlib.compress(msgspec.json.encode(blob), FAST),
        )

    def decode(self) -> tuple[ExchangeState, ViewsState]:
        """The states. Raises StoreError when they cannot be read or are not what was encoded."""
        try:
            blob = msgspec.json.decode(zlib.decompress(self.blob), type=Blob)
            exchange = msgspec.json.decode(blob.exchange, type=ExchangeState)
            views = msgspec.json.decode(blob.views, type=ViewsState)
        except (zlib.error, msgspec.DecodeError) as error:
            raise StoreError(f"{self} cannot be read: {error}") from error
        if self.rules == RULES and hashlib.sha256(blob.exchange).hexdigest() != self.state_hash:
            raise StoreError(f"{self} is damaged: it does not have the hash that was taken of it")
        return exchange, views

    def __str__(self) -> str:
        return f"the snapshot of command {self.sequence} (Hyper-Sim {self.version}, rules {self.rules})"


def _in_pieces(value: object) -> bytes:
    """The same JSON as at once, for states that are large."""
    encode = msgspec.json.encode
    if isinstance(value, (ExchangeState, VenueState)):
        fields = [encode(name) + b":" + _in_pieces(getattr(value, name)) for name in _written(value)]
        return b"{" + b",".join(fields) + b"}"
    if not isinstance(value, tuple):
        return encode(value)
    if value and isinstance(value[0], VenueState):
        return b"[" + b",".join([_in_pieces(venue) for venue in value]) + b"]"
    pieces = [encode(value[at : at + PIECE])[1:-1] for at in range(0, len(value), PIECE)]
    return b"[" + b",".join(pieces) + b"]"


def _written(value: Struct) -> list[str]:
    """The fields that JSON has of a struct: where it omits defaults, not those."""
    names = value.__struct_fields__
    if not value.__struct_config__.omit_defaults:
        return list(names)
    defaults = dict(zip(reversed(names), reversed(value.__struct_defaults__), strict=False))
    return [name for name in names if name not in defaults or getattr(value, name) != defaults[name]]
