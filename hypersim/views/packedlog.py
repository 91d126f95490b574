"""A list of records that grows at its end, forgets its beginning, and keeps all but the newest packed.

A thousand trades or a day of minutes per market are a few objects instead of thousands, at about an eighth of
the memory, and a snapshot of them is cheap: packed blocks never change. Reading unpacks the blocks it needs.
"""

import zlib
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from typing import Final, Generic, TypeVar

import msgspec
from msgspec import Struct

R = TypeVar("R")

BLOCK: Final = 64
"""Records in a packed block; at least one block of the newest is kept as it is."""
YOUNG_US: Final = 60_000_000
"""Records that are younger are not packed where a log knows their times: on a busy market they are soon forgotten, and
packing one costs ten times what adding it does (benchmarks/orders.py).
"""


class Block(Struct, frozen=True, array_like=True, gc=False):
    """Some records, packed: JSON, compressed."""

    first: int
    """Key of the first record."""
    last: int
    count: int
    packed: bytes


class LogState(Struct, Generic[R], frozen=True):
    """All of a log, as a value."""

    blocks: tuple[Block, ...]
    recent: tuple[R, ...]
    gone: R | None


class PackedLog(Generic[R]):
    """Records with ascending keys. `kind` is their type, `key` reads their key, `time_us` their time."""

    def __init__(self, kind: type[R], key: Callable[[R], int], time_us: Callable[[R], int] | None = None) -> None:
        self._key = key
        self._time_us = time_us
        self._decoder = msgspec.json.Decoder(list[kind])  # type: ignore[valid-type]  # a type that is only known at run time
        self._blocks: deque[Block] = deque()
        self._packed_count = 0
        self._recent: list[R] = []
        self._unpacked: tuple[Block, list[R]] | None = None
        self._gone: R | Block | None = None
        """The newest record that was forgotten, or the block that it ends."""

    def __len__(self) -> int:
        return self._packed_count + len(self._recent)

    @property
    def gone(self) -> R | None:
        """The newest record that was forgotten; None while everything is here."""
        if isinstance(self._gone, Block):
            self._gone = self._unpack(self._gone)[-1]
        return self._gone

    @property
    def last(self) -> R | None:
        """The newest record."""
        return self._recent[-1] if self._recent else None

    def append(self, record: R) -> bool:
        """Adds a record, whose key is above all others. Whether it is time to forget the oldest, if any is to be."""
        recent = self._recent
        recent.append(record)
        if len(recent) % BLOCK or len(recent) < 2 * BLOCK:
            return False
        while len(recent) >= 2 * BLOCK and not self._are_young(recent):
            self._pack()
        return True

    def replace_last(self, record: R) -> None:
        """Puts a record with the same key in the place of the newest."""
        self._recent[-1] = record

    def forget_before(self, key: int) -> None:
        """Drops records below a key, as far as whole blocks go."""
        while self._blocks and self._blocks[0].last < key:
            self._forget()

    def keep(self, count: int) -> None:
        """Drops the oldest records, a block at a time, as long as at least so many stay."""
        blocks, recent = self._blocks, self._recent
        while blocks and self._packed_count + len(recent) - blocks[0].count >= count:
            self._forget()
        while not blocks and len(recent) >= count + BLOCK:
            self._gone = recent[BLOCK - 1]
            del recent[:BLOCK]

    def between(self, start: int, end: int) -> list[R]:
        """Records with start <= key < end, ascending."""
        result: list[R] = []
        for block in self._blocks:
            if block.last >= start and block.first < end:
                result += self._cut(self._unpack(block), start, end)
        result += self._cut(self._recent, start, end)
        return result

    def newest(self, count: int) -> list[R]:
        """The newest `count` records, ascending; fewer when there are fewer."""
        parts = [self._recent]
        found = len(self._recent)
        for block in reversed(self._blocks):
            if found >= count:
                break
            parts.append(self._unpack(block))
            found += block.count
        return [record for part in reversed(parts) for record in part][max(0, found - count) :]

    def newest_before(self, key: int) -> R | None:
        """The newest record below a key, `gone` included; None when there is none."""
        if self._recent and self._key(self._recent[0]) < key:
            return self._recent[bisect_left(self._recent, key, key=self._key) - 1]
        for block in reversed(self._blocks):
            if block.first < key:
                records = self._unpack(block)
                return records[bisect_left(records, key, key=self._key) - 1]
        return self.gone if self.gone is not None and self._key(self.gone) < key else None

    def snapshot(self) -> LogState[R]:
        return LogState(tuple(self._blocks), tuple(self._recent), self.gone)

    def restore(self, state: LogState[R]) -> None:
        self._blocks = deque(state.blocks)
        self._packed_count = sum(block.count for block in state.blocks)
        self._recent = list(state.recent)
        self._unpacked = None
        self._gone = state.gone

    def _are_young(self, records: list[R]) -> bool:
        return self._time_us is not None and self._time_us(records[-1]) - self._time_us(records[0]) < YOUNG_US

    def _pack(self) -> None:
        oldest = self._recent[:BLOCK]
        del self._recent[:BLOCK]
        packed = zlib.compress(msgspec.json.encode(oldest), 1)
        self._blocks.append(Block(self._key(oldest[0]), self._key(oldest[-1]), BLOCK, packed))
        self._packed_count += BLOCK

    def _forget(self) -> None:
        self._gone = block = self._blocks.popleft()
        self._packed_count -= block.count

    def _unpack(self, block: Block) -> list[R]:
        if self._unpacked is None or self._unpacked[0] is not block:
            self._unpacked = block, self._decoder.decode(zlib.decompress(block.packed))
        return self._unpacked[1]

    def _cut(self, records: list[R], start: int, end: int) -> list[R]:
        return records[bisect_left(records, start, key=self._key) : bisect_left(records, end, key=self._key)]
