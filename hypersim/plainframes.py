"""Plain messages of WebSocket clients, without the generator that reads every kind of frame byte by byte.

Nearly all that a client sends is a text of one masked frame. Such a frame is taken out here when it has come as a
whole; what else comes, whole frames as well, is somebody else's, in the order in which it came. What breaks the rules
of masks and lengths ends a connection: it is handed on as it comes, with all that follows. RFC 6455, section 5.2.
`make bench`, part `pipelined`, measures what is left: the generator took a tenth of an order's time.
"""

from collections.abc import Callable
from typing import Final

from websockets.frames import apply_mask  # type: ignore[attr-defined]  # written in C where that is possible

TEXT: Final = 0x81
"""The first byte of a text that is one frame."""
MASKED: Final = 0x80
LENGTH: Final = 0x7F
LONGER: Final = {126: 2, 127: 8}
"""Lengths that say that the next bytes are the length, and how many."""
MASK: Final = 4
HEAD: Final = 2


class PlainFrames:
    """Takes the bytes of one client apart, from the first after the handshake on."""

    def __init__(self, longest: int, take: Callable[[str], bool], others: Callable[[bytes], None]) -> None:
        """`longest`: bytes of a message. `take` takes a text, unless something else is to happen with its frame now;
        `others` any other bytes.
        """
        self._longest, self._take, self._others = longest, take, others
        self._begun = bytearray()
        """Of a frame of which more is to come, until there are as many bytes as are needed to go on."""
        self._needed = 0
        self._broken = False

    def feed(self, data: bytes) -> None:
        """Takes what came."""
        if self._begun:
            self._begun += data
            if len(self._begun) < self._needed:
                return
            data = bytes(self._begun)
            self._begun.clear()
        at, size = 0, len(data)
        while at < size and not self._broken:
            end = self._end(data, at, size)
            if end > size:
                self._needed = end - at
                self._begun += data[at:]
                return
            if end:
                if data[at] != TEXT or not self._is_taken(data, at, end):
                    self._others(data[at:end])
                at = end
        if self._broken:
            self._others(data[at:])

    def _end(self, data: bytes, at: int, size: int) -> int:
        """Where a frame ends, or at least, as long as that is not known; 0 when it is broken."""
        begin = at + HEAD
        if begin > size:
            return begin
        length = data[at + 1] & LENGTH
        if length in LONGER:
            more = begin + LONGER[length]
            if more > size:
                return more
            length, begin = int.from_bytes(data[begin:more]), more
        if length > self._longest or data[at + 1] < MASKED:
            self._broken = True
            return 0
        return begin + MASK + length

    def _is_taken(self, data: bytes, at: int, end: int) -> bool:
        begin = at + HEAD + LONGER.get(data[at + 1] & LENGTH, 0) + MASK
        try:
            text = apply_mask(data[begin:end], data[begin - MASK : begin]).decode()
        except UnicodeDecodeError:
            return False
        return self._take(text)
