"""Fan-out: what is published under a topic reaches everyone who subscribed to it.

Guarantees:
- A message is encoded once for each form in which subscribers want it, and not at all while nobody does.
- Everyone gets the messages of a topic in the order in which they were published.
- Who does not read costs the others nothing: what waits for a connection is bounded, and where the bound is reached
  the connection is closed. What waits for all of them is bounded, too: the one with the most is closed then. Of what
  a newer message supersedes only the newest waits.

Knows neither topics nor dialects, and does no I/O: a `Line` does.
"""

import asyncio
from collections.abc import Callable, Hashable
from typing import Any, Final, Protocol

from websockets.frames import CloseCode

MOST_WAITING: Final = 10_000
"""Messages that may wait for one connection."""
MOST_WAITING_BYTES: Final = 4_000_000
MOST_HELD_BYTES: Final = 200_000_000
"""That may wait for all connections together that do not read."""
PLACE_BYTES: Final = 100
"""What the place of a message costs that waits, beside the message itself, which many connections may share."""
MOST_COLLECTED_BYTES: Final = 64_000
"""That are collected before they are written, and about as many as are written at once."""
LINE: Final = "hypersim.line"
"""The extension in a WebSocket's ASGI scope that has its `Line`."""
TOO_SLOW: Final = CloseCode.POLICY_VIOLATION
"""How a connection ends that does not keep up."""
SLOW: Final = "too slow: messages wait faster than they are read"


class Line(Protocol):
    """A connection, as its outbox sees it."""

    outbox: "Outbox | None"
    """Is told when the other side does not read fast enough, and when the connection is gone."""
    on_control: Callable[[], None] | None
    """Called with each ping and pong that comes in."""

    def write(self, data: bytes) -> None:
        """Sends encoded frames, and buffers what cannot be sent at once."""

    def close(self, code: int, reason: str) -> None:
        """Ends the connection. What was written before is sent first where the other side still reads."""


class Outbox:
    """What one connection is still to be sent.

    `put` only collects; what was collected is written together, at the end of the current turn of the event loop, or
    as soon as it is much.
    While the connection is `held`, because the other side does not read fast enough, everything waits.
    """

    def __init__(
        self, line: Line, bus: "Bus", *, most: int = MOST_WAITING, most_bytes: int = MOST_WAITING_BYTES
    ) -> None:
        self.line = line
        line.outbox = self
        self._bus = bus
        self._most, self._most_bytes = most, most_bytes
        self._waiting: dict[Hashable, bytes] = {}
        """In order; by what supersedes them, or by a number of their own."""
        self._bytes = 0
        self._number = 0
        self._due = False
        self.held = False
        self.closed = False

    @property
    def bytes_waiting(self) -> int:
        """What the messages that wait cost, each counted as if nobody else waited for it."""
        return self._bytes

    def put(self, data: bytes, supersedes: Hashable = None) -> None:
        """Adds a message. With `supersedes`, the message that waits under that name is dropped."""
        if self.closed:
            return
        before = self._bytes
        if supersedes is None:
            self._number += 1
            supersedes = self._number
        elif (superseded := self._waiting.pop(supersedes, None)) is not None:
            self._bytes -= len(superseded) + PLACE_BYTES
        self._waiting[supersedes] = data
        self._bytes += len(data) + PLACE_BYTES
        if self.held:
            self._bus.more_held(self._bytes - before)
            if len(self._waiting) > self._most or self._bytes > self._most_bytes:
                self.close(TOO_SLOW, SLOW)
        elif self._bytes > MOST_COLLECTED_BYTES:
            self.flush()  # or nobody notices that it is not read
        elif not self._due:
            self._due = True
            self._bus.flush_soon(self)

    def flush(self) -> None:
        """Writes what waits, as long as the other side reads fast enough."""
        self._due = False
        while self._waiting and not self.held and not self.closed:
            self.line.write(self._oldest())

    def _oldest(self) -> bytes:
        """Takes what has waited longest, and not much at once: what is written counts as waiting no more."""
        if self._bytes <= MOST_COLLECTED_BYTES:
            data = b"".join(self._waiting.values())
            self._waiting.clear()
            self._bytes = 0
            return data
        names, cost = [], 0
        for name, data in self._waiting.items():
            names.append(name)
            cost += len(data) + PLACE_BYTES
            if cost >= MOST_COLLECTED_BYTES:
                break
        self._bytes -= cost
        return b"".join([self._waiting.pop(name) for name in names])

    def hold(self) -> None:
        """The other side does not read fast enough."""
        if not self.held and not self.closed:
            self.held = True
            self._bus.hold(self)

    def release(self) -> None:
        """The other side reads again."""
        if self.held:
            self.held = False
            self._bus.release(self)
            self.flush()

    def close(self, code: int, reason: str) -> None:
        """Ends the connection; what waits is sent before, where the other side still reads."""
        if not self.closed:
            self.flush()
            self.drop()
            self.line.close(code, reason)

    def drop(self) -> None:
        """Forgets everything: the connection is gone."""
        self.closed = True
        if self.held:
            self.held = False
            self._bus.release(self)
        self._waiting.clear()
        self._bytes = 0


class Subscriber(Protocol):
    """Who gets messages, and in which form: subscribers of equal forms share one encoding."""

    @property
    def outbox(self) -> Outbox: ...
    @property
    def form(self) -> Hashable: ...


class Bus:
    """The topics of one exchange, and who subscribed to them."""

    def __init__(self, *, most_held_bytes: int = MOST_HELD_BYTES) -> None:
        self._topics: dict[Hashable, dict[Subscriber, None]] = {}
        self._due: list[Outbox] = []
        self._most_held_bytes = most_held_bytes
        self._held: set[Outbox] = set()
        self._held_bytes = 0
        """What waits for them."""

    def subscribe(self, topic: Hashable, subscriber: Subscriber) -> bool:
        """Adds a subscriber; whether the topic had none before."""
        subscribers = self._topics.setdefault(topic, {})
        subscribers[subscriber] = None
        return len(subscribers) == 1

    def unsubscribe(self, topic: Hashable, subscriber: Subscriber) -> None:
        """Takes a subscriber away, if it is one."""
        subscribers = self._topics.get(topic)
        if subscribers is not None:
            subscribers.pop(subscriber, None)
            if not subscribers:
                del self._topics[topic]

    def wanted(self, topic: Hashable) -> bool:
        """Whether anybody subscribed."""
        return topic in self._topics

    def publish(self, topic: Hashable, encode: Callable[[Any], bytes], *, supersedes: Hashable = None) -> None:
        """Sends everyone the message in his form, in the place of one that still waits under the name `supersedes`."""
        subscribers = self._topics.get(topic)
        if subscribers is None:
            return
        encoded: dict[Hashable, bytes] = {}
        for subscriber in tuple(subscribers):  # one whose bound is reached may leave meanwhile
            form = subscriber.form
            data = encoded.get(form)
            if data is None:
                data = encoded[form] = encode(form)
            subscriber.outbox.put(data, supersedes)

    def flush_soon(self, outbox: Outbox) -> None:
        """Has an outbox flushed at the end of this turn of the event loop."""
        if not self._due:
            asyncio.get_running_loop().call_soon(self._flush)
        self._due.append(outbox)

    def hold(self, outbox: Outbox) -> None:
        """Counts an outbox that waits."""
        self._held.add(outbox)
        self.more_held(outbox.bytes_waiting)

    def release(self, outbox: Outbox) -> None:
        """Counts it no longer."""
        self._held.discard(outbox)
        self._held_bytes -= outbox.bytes_waiting

    def more_held(self, added_bytes: int) -> None:
        """Counts what waits; where it is too much for all, those with the most are closed."""
        self._held_bytes += added_bytes
        while self._held_bytes > self._most_held_bytes:
            max(self._held, key=lambda outbox: outbox.bytes_waiting).close(TOO_SLOW, SLOW)

    def _flush(self) -> None:
        due, self._due = self._due, []
        for outbox in due:
            outbox.flush()
