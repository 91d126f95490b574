"""Plain messages over WebSockets, a text in one frame each (RFC 6455, section 5.2), without the library, which is made
for every kind of frame.

A client's is taken out here when it has come as a whole; what else comes, whole frames as well, is somebody else's, in
the order in which it came. What breaks the rules of masks and lengths ends a connection: it is handed on as it comes,
with all that follows. `make bench`, part `pipelined`, measures what is left: reading frames took a tenth of an order's
time.
"""

from collections.abc import Callable
from struct import Struct
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
HEAD_TO_125: Final = Struct("!BB")
HEAD_16: Final = Struct("!BBH")
HEAD_64: Final = Struct("!BBQ")


def text_frame(text: bytes) -> bytes:
    """A text message as a server sends it, unmasked. The library's way takes five times as long, and every order over a
    WebSocket is answered by one.
    """
    length = len(text)
    if length < 126:
        return HEAD_TO_125.pack(TEXT, length) + text
    if length < 65536:
        return HEAD_16.pack(TEXT, 126, length) + text
    return HEAD_64.pack(TEXT, 127, length) + text


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
        while at < size:
            span = None if self._broken else self._payload(data, at, size)
            if span is None:
                self._broken = True
                self._others(data[at:])
                return
            begin, end = span
            if end > size:
                self._needed = end - at
                self._begun += data[at:]
                return
            if data[at] != TEXT or not self._is_taken(data[begin - MASK : begin], data[begin:end]):
                self._others(data[at:end])
            at = end

    def _payload(self, data: bytes, at: int, size: int) -> tuple[int, int] | None:
        """Where the payload of a frame begins and ends; at the least, as long as its head is not there. None where it
        is broken.
        """
        begin = at + HEAD
        if begin > size:
            return begin, begin
        length = data[at + 1] & LENGTH
        if length in LONGER:
            more = begin + LONGER[length]
            if more > size:
                return more, more
            length, begin = int.from_bytes(data[begin:more]), more
        if length > self._longest or data[at + 1] < MASKED:
            return None
        begin += MASK
        return begin, begin + length

    def _is_taken(self, mask: bytes, payload: bytes) -> bool:
        try:
            text = apply_mask(payload, mask).decode()
        except UnicodeDecodeError:
            return False
        return self._take(text)
