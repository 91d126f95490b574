"""In which form a subscriber wants the messages of market streams, and how they become frames."""

from collections.abc import Callable, Hashable
from typing import Any, Final, NamedTuple

from hypersim.api.wire import encode
from hypersim.bus import Bus
from hypersim.plainframes import text_frame

MILLISECOND: Final = 1000
"""The unit of times, in microseconds, unless a connection asks for microseconds: then it is 1."""

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
