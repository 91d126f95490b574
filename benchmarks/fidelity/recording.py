"""A recorded stream of one symbol, as it was received.

A folder holds files of lines `<local nanoseconds> <json>`: frames of Binance's combined stream, and one REST depth
snapshot. Files follow one another in the order of their names.
"""

import gzip
from collections.abc import Iterator
from pathlib import Path

import msgspec

from hypersim.feeds.binance.messages import DepthSnapshot, Message, decode

STREAM_FOLDER = "hftbacktest-spot"
SNAPSHOT_LIMIT = 1000

Line = tuple[int, bytes]
"""When it was received (microseconds), and what."""


def recorded_lines(folder: Path) -> list[Line]:
    """Everything that was received, in order. Raises OSError when there is nothing to read."""
    paths = sorted((folder / STREAM_FOLDER).glob("*.gz"))
    if not paths:
        raise FileNotFoundError(f"{folder / STREAM_FOLDER} holds no recorded stream (*.gz)")
    return [line for path in paths for line in _lines(path)]


def _lines(path: Path) -> Iterator[Line]:
    with gzip.open(path, "rb") as file:
        for line in file:
            local_ns, _, text = line.partition(b" ")
            yield int(local_ns) // 1000, text


def is_snapshot(text: bytes) -> bool:
    """Whether a line is the REST snapshot, not a frame of the stream."""
    return text.startswith(b'{"lastUpdateId"')


def messages(lines: list[Line]) -> Iterator[tuple[int, Message | DepthSnapshot]]:
    """What the feed would have got, decoded by the feed's own code."""
    for received_us, text in lines:
        if is_snapshot(text):
            yield received_us, msgspec.json.decode(text, type=DepthSnapshot)
        elif (message := decode(text)) is not None:
            yield received_us, message
