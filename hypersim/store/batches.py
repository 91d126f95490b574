"""What one transaction stores of the journal: consecutive commands, and proof of what they led to."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from hypersim import __version__
from hypersim.engine.commands import Command, OutsideUpdate, Stamped
from hypersim.engine.events import Committed
from hypersim.engine.exchange import RULES

LEVELS_PER_WEIGHT: Final = 4
"""So many levels and prints of the outside take about as long to replay as a command of a user."""


class Batch(Struct, frozen=True, kw_only=True):
    """What one transaction stored: consecutive commands, and the digest of the events they led to."""

    first_sequence: int
    sequence: int
    rules: int
    version: str
    commands: tuple[Stamped, ...]
    digest: str


def digest(records: Iterable[Committed]) -> str:
    """SHA-256 of the records' events as JSON."""
    result, encode = hashlib.sha256(), msgspec.json.Encoder().encode
    for record in records:  # one by one: small pieces are hashed without letting go of the interpreter
        result.update(encode(record.events))
    return result.hexdigest()


def as_batch(records: Sequence[Committed]) -> Batch:
    """What the journal keeps of consecutive records."""
    return Batch(
        first_sequence=records[0].sequence,
        sequence=records[-1].sequence,
        rules=RULES,
        version=__version__,
        commands=tuple([Stamped(record.time_us, record.command) for record in records]),
        digest=digest(records),
    )


def weight(command: Command) -> int:
    """About how long a command takes to replay; that of a user's is 1."""
    if type(command) is not OutsideUpdate:
        return 1
    ladder = command.ladder
    levels = len(ladder.bids) + len(ladder.asks) if ladder is not None else 0
    return 1 + (levels + len(command.prints)) // LEVELS_PER_WEIGHT
