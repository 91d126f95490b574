"""Subscribers of a market stream: how many messages they get, and when each came.

Runs in a process of its own: `python -m benchmarks.listeners` reads a Listening as JSON from standard input, writes a
line once all are connected, and Heard at the end of standard input's second line.
"""

import asyncio
import subprocess
import sys
import time
from dataclasses import dataclass

import msgspec

from benchmarks.frames import Reader, connect


class Listening(msgspec.Struct, frozen=True):
    """So many connections to one path; with `numbered`, the arrival of each trade is kept by its id."""

    port: int
    path: str
    connections: int
    numbered: bool = False


class Heard(msgspec.Struct, frozen=True):
    """What came until they were told to stop. Times are nanoseconds of the machine's monotonic clock."""

    messages: int
    first_ns: int
    last_ns: int
    arrivals: list[tuple[int, int]]
    """Trade id and when it came, of every connection."""
    lost: int
    """Connections that were closed."""


class Ears:
    """Counts what comes."""

    def __init__(self, *, numbered: bool) -> None:
        self._numbered = numbered
        self.messages = 0
        self.first_ns = self.last_ns = 0
        self.arrivals: list[tuple[int, int]] = []

    def hear(self, text: bytes) -> None:
        self.messages += 1
        self.last_ns = time.monotonic_ns()
        self.first_ns = self.first_ns or self.last_ns
        if self._numbered:
            start = text.index(b'"t":') + 4
            self.arrivals.append((int(text[start : text.index(b",", start)]), self.last_ns))


async def listen(listening: Listening) -> Heard:
    """Listens until a line comes on standard input."""
    ears = Ears(numbered=listening.numbered)
    readers: list[Reader] = []
    for _ in range(listening.connections):
        readers.append(await connect(listening.port, listening.path, ears.hear))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    lost = sum(reader.closed.done() for reader in readers)
    return Heard(ears.messages, ears.first_ns, ears.last_ns, ears.arrivals, lost)


@dataclass
class Listeners:
    """Listeners in a process of their own."""

    process: "subprocess.Popen[bytes]"

    def stop(self) -> Heard:
        """Ends them, and tells what they heard."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"stop\n")
        self.process.stdin.close()
        heard = msgspec.json.decode(self.process.stdout.read(), type=Heard)
        self.process.wait()
        return heard


def start(listening: Listening) -> Listeners:
    """Begins to listen; returns once all are connected."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.listeners"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(msgspec.json.encode(listening) + b"\n")
    process.stdin.flush()
    if process.stdout.readline() != b"ready\n":
        raise RuntimeError("the listeners could not connect")
    return Listeners(process)


def main() -> None:
    """Reads what to listen to, listens, writes what was heard."""
    import uvloop  # only here, as in benchmarks.load

    listening = msgspec.json.decode(sys.stdin.readline(), type=Listening)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.stdout.buffer.write(msgspec.json.encode(runner.run(listen(listening))))


if __name__ == "__main__":
    main()
