"""The load: requests written beforehand, sent over keep-alive connections, one at a time on each.

Runs in a process of its own, so that what it costs is not the server's: wrk (benchmarks/wrk.py) where it is installed,
else this module: `python -m benchmarks.load` reads a Job as JSON from standard input and writes a Result.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import msgspec

from benchmarks import wrk

MOST_FAILURES: Final = 3


class Job(msgspec.Struct, frozen=True):
    """Requests without bodies as text, one list for each connection: sent over and over for a time (wrk knows whole
    seconds), or each `once`, in at most that time.
    """

    host: str
    port: int
    connections: list[list[str]]
    seconds: float
    once: bool = False


class Result(msgspec.Struct, frozen=True):
    """How many answers came with which status within `seconds`, and how long they took."""

    seconds: float
    statuses: dict[int, int]
    latencies_us: list[int]
    """Of each answer, or as many quantiles of them."""
    lost: int = 0
    """Connections that broke, and requests that were not answered."""
    failures: list[str] = []
    """What some of the answers other than 200 said."""

    @property
    def per_second(self) -> float:
        return sum(self.statuses.values()) / self.seconds

    @property
    def succeeded(self) -> bool:
        return set(self.statuses) <= {200} and not self.lost

    def percentile_ms(self, share: float) -> float:
        """The latency that a share of the answers did not exceed."""
        ordered = sorted(self.latencies_us)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] / 1000 if ordered else float("nan")


class Connection(asyncio.Protocol):
    """Sends the next request when the answer to the last one is whole."""

    def __init__(self, requests: Sequence[bytes], until: float, done: asyncio.Future[None], *, once: bool) -> None:
        self._requests = requests
        self._once = once
        self._until = until
        self._done = done
        self._next = 0
        self._buffer = b""
        self._sent = 0.0
        self._over = False
        self.statuses: dict[int, int] = {}
        self.latencies_us: list[int] = []
        self.failures: list[str] = []
        self.lost = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's does not derive from it
        self._send()

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._requests[self._next])
        self._next += 1
        if self._next == len(self._requests) and not self._once:
            self._next = 0

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
        if status != 200:
            self.failures.append(buffer[head + 4 :].decode())
        if now < self._until and self._next < len(self._requests):
            self._send()
        else:
            self._over = True
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._over:
            self.lost += 1
        if self._once:
            self.lost += len(self._requests) - len(self.latencies_us)
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
        protocol = Connection([text.encode() for text in texts], until, done, once=job.once)
        await loop.create_connection(lambda protocol=protocol: protocol, job.host, job.port)  # type: ignore[misc]  # the default binds the loop's value
        protocols.append(protocol)
        waits.append(done)
    async with asyncio.timeout(job.seconds + 30):
        await asyncio.gather(*waits)
    seconds = time.perf_counter() - begun
    statuses: dict[int, int] = {}
    for protocol in protocols:
        for status, count in protocol.statuses.items():
            statuses[status] = statuses.get(status, 0) + count
    return Result(
        seconds,
        statuses,
        latencies_us=[latency for protocol in protocols for latency in protocol.latencies_us],
        lost=sum(protocol.lost for protocol in protocols),
        failures=[failure for protocol in protocols for failure in protocol.failures][:MOST_FAILURES],
    )


@dataclass
class Loading:
    """A job under way in a process of its own, and what it needs meanwhile."""

    process: "subprocess.Popen[bytes]"
    needs: ExitStack


def generator() -> str:
    """What sends the load, with its version."""
    found = wrk.program()
    return wrk.version(found) if found else "benchmarks/load.py"


def start(job: Job, *, with_wrk: bool | None = None) -> Loading:
    """Begins a job in a process of its own: wrk's where it is installed, unless it is said by what."""
    found = wrk.program() if with_wrk is not False else None
    if found is None:
        command = [sys.executable, "-m", "benchmarks.load"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin is not None
        process.stdin.write(msgspec.json.encode(job))
        process.stdin.close()
        return Loading(process, ExitStack())
    with ExitStack() as stack:
        requests = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "requests"
        address = f"{job.host}:{job.port}"
        command = wrk.command(found, requests, address, job.connections, job.seconds, once=job.once)
        return Loading(subprocess.Popen(command, stdout=subprocess.PIPE), stack.pop_all())


def finish(loading: Loading) -> Result:
    """Waits for a job that was begun. Raises RuntimeError when not everything was answered with success."""
    with loading.needs, loading.process:
        assert loading.process.stdout is not None
        said = loading.process.stdout.read()
        if loading.process.wait():
            raise RuntimeError(f"the load generator failed: {said.decode()}")
        result = msgspec.json.decode(said.strip().rpartition(b"\n")[2], type=Result)
    if not result.succeeded:
        raise RuntimeError(f"answers other than success: {result.statuses}, {result.lost} lost: {result.failures}")
    return result


def main() -> None:
    """Reads a job, does it, writes its result."""
    import uvloop  # only here: the benchmark of the yardstick on a machine without it is still one

    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.stdout.buffer.write(msgspec.json.encode(runner.run(run(job))))


if __name__ == "__main__":
    main()
