"""The load: requests written beforehand, sent over keep-alive connections, one at a time on each.

Runs in a process of its own, so that what it costs is not the server's: `python -m benchmarks.load` reads a Job as
JSON from standard input and writes a Result.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import cast

import msgspec


class Job(msgspec.Struct, frozen=True):
    """Requests as text, one list for each connection (sent over and over), for a time."""

    host: str
    port: int
    connections: list[list[str]]
    seconds: float


class Result(msgspec.Struct, frozen=True):
    """How many answers came with which status, and how long each took."""

    seconds: float
    statuses: dict[int, int]
    latencies_us: list[int]

    @property
    def per_second(self) -> float:
        return sum(self.statuses.values()) / self.seconds

    def percentile_ms(self, share: float) -> float:
        """The latency that a share of the answers did not exceed."""
        ordered = sorted(self.latencies_us)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] / 1000 if ordered else float("nan")


class Connection(asyncio.Protocol):
    """Sends the next request when the answer to the last one is whole."""

    def __init__(self, requests: Sequence[bytes], until: float, done: asyncio.Future[None]) -> None:
        self._requests = requests
        self._until = until
        self._done = done
        self._next = 0
        self._buffer = b""
        self._sent = 0.0
        self.statuses: dict[int, int] = {}
        self.latencies_us: list[int] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's does not derive from it
        self._send()

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._requests[self._next])
        self._next = (self._next + 1) % len(self._requests)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data
        head = buffer.find(b"\r\n\r\n")
        if head < 0 or len(buffer) < head + 4 + _content_length(buffer[:head]):
            self._buffer = buffer
            return
        self._buffer = b""
        now = time.perf_counter()
        status = int(buffer[9:12])
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.latencies_us.append(int((now - self._sent) * 1_000_000))
        if now < self._until:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(None)


def _content_length(head: bytes) -> int:
    lower = head.lower()
    start = lower.index(b"content-length:") + 15
    end = lower.find(b"\r", start)
    return int(lower[start : end if end >= 0 else None])


async def run(job: Job) -> Result:
    """Does a job in this process."""
    loop = asyncio.get_running_loop()
    begun = time.perf_counter()
    until = begun + job.seconds
    protocols = []
    waits = []
    for texts in job.connections:
        done = loop.create_future()
        protocol = Connection([text.encode() for text in texts], until, done)
        await loop.create_connection(lambda protocol=protocol: protocol, job.host, job.port)  # type: ignore[misc]  # the default binds the loop's value
        protocols.append(protocol)
        waits.append(done)
    async with asyncio.timeout(job.seconds + 30):
        await asyncio.gather(*waits)
    seconds = time.perf_counter() - begun
    statuses: dict[int, int] = {}
    latencies: list[int] = []
    for protocol in protocols:
        latencies += protocol.latencies_us
        for status, count in protocol.statuses.items():
            statuses[status] = statuses.get(status, 0) + count
    return Result(seconds, statuses, latencies)


def start(job: Job) -> "subprocess.Popen[bytes]":
    """Begins a job in a process of its own."""
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(job))
    process.stdin.close()
    return process


def finish(process: "subprocess.Popen[bytes]") -> Result:
    """Waits for a job that was begun."""
    assert process.stdout is not None
    result = msgspec.json.decode(process.stdout.read(), type=Result)
    process.wait()
    return result


def main() -> None:
    """Reads a job, does it, writes its result."""
    import uvloop  # only here: the benchmark of the yardstick on a machine without it is still one

    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.stdout.buffer.write(msgspec.json.encode(runner.run(run(job))))


if __name__ == "__main__":
    main()
