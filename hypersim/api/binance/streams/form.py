"""In which form a subscriber wants the messages of market streams, and how they become frames."""

from collections.abc import Callable, Hashable
from struct import Struct
from typing import Any, Final, NamedTuple

from hypersim.api.wire import encode
from hypersim.bus import Bus

MILLISECOND: Final = 1000
"""The unit of times, in microseconds, unless a connection asks for microseconds: then it is 1."""

TEXT: Final = 0x81
"""The first byte of a text message in one frame."""
HEAD: Final = Struct("!BB")
"""The first byte and the length; where that does not fit, 126 and the length in 16 bits, or 127 and in 64."""
HEAD_16: Final = Struct("!BBH")
HEAD_64: Final = Struct("!BBQ")

Build = Callable[[int], Any]
"""Makes a message for readers whose unit of time has so many microseconds."""


class Form(NamedTuple):
    """How a connection gets what market streams tell."""

    combined: bool
    """Each message with the name of its stream."""
    unit: int
    """Of its times, in microseconds."""


def tell(bus: Bus, name: str, build: Build, *, supersedes: Hashable = None) -> None:
    """Sends everyone who subscribed to a stream a message of it."""

    def frame(form: Form) -> bytes:
        return framed(name, build(form.unit), combined=form.combined)

    bus.publish(name, frame, supersedes=supersedes)


def framed(name: str, value: Any, *, combined: bool) -> bytes:
    """The frame of one message of a stream."""
    return text_frame(b'{"stream":%b,"data":%b}' % (encode(name), encode(value)) if combined else encode(value))


def text_frame(text: bytes) -> bytes:
    """A text message as a server sends it, whole and unmasked (RFC 6455, 5.2). The library's way takes five times as
    long, and every order over a WebSocket is answered by one (benchmarks/orders.py).
    """
    length = len(text)
    if length < 126:
        return HEAD.pack(TEXT, length) + text
    if length < 65536:
        return HEAD_16.pack(TEXT, 126, length) + text
    return HEAD_64.pack(TEXT, 127, length) + text
