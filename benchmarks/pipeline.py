"""Requests over one connection to the WebSocket API, so many of them under way at a time.

Runs in a process of its own, as `benchmarks.load` does: `python -m benchmarks.pipeline` reads Pipelined as JSON from
standard input and writes Answered.
"""

import asyncio
import subprocess
import sys
import time

import msgspec
from websockets.frames import Frame, Opcode

from benchmarks.frames import Reader, connect


class Pipelined(msgspec.Struct, frozen=True):
    """Messages as text, sent over and over in turn, for a time."""

    port: int
    path: str
    messages: list[str]
    under_way: int
    seconds: float


class Answered(msgspec.Struct, frozen=True):
    """How many answers came, and those that were no successes."""

    seconds: float
    answers: int
    failures: list[str]

    @property
    def per_second(self) -> float:
        return self.answers / self.seconds


class Pipeline:
    """Keeps requests under way until a time."""

    def __init__(self, job: Pipelined) -> None:
        self._frames = [Frame(Opcode.TEXT, text.encode()).serialize(mask=True) for text in job.messages]
        self._next = 0
        self._under_way = 0
        self._job = job
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.answers = 0
        self.failures: list[str] = []

    def begin(self, reader: Reader) -> None:
        self._reader = reader
        self._until = time.perf_counter() + self._job.seconds
        for _ in range(self._job.under_way):
            self._send()

    def answered(self, text: bytes) -> None:
        """Takes an answer, and sends the next request in its place."""
        self.answers += 1
        self._under_way -= 1
        if b'"status":200' not in text and len(self.failures) < 5:
            self.failures.append(text.decode())
        if time.perf_counter() < self._until:
            self._send()
        elif not self._under_way and not self.done.done():
            self.done.set_result(None)

    def _send(self) -> None:
        self._reader.transport.write(self._frames[self._next])
        self._next = (self._next + 1) % len(self._frames)
        self._under_way += 1


async def run(job: Pipelined) -> Answered:
    """Does a job in this process."""
    pipeline = Pipeline(job)
    reader = await connect(job.port, job.path, pipeline.answered)
    begun = time.perf_counter()
    pipeline.begin(reader)
    async with asyncio.timeout(job.seconds + 30):
        await pipeline.done
    return Answered(time.perf_counter() - begun, pipeline.answers, pipeline.failures)


def measured(job: Pipelined) -> Answered:
    """Does a job in a process of its own. Raises RuntimeError when anything but success came back."""
    found = subprocess.run(
        [sys.executable, "-m", "benchmarks.pipeline"],
        input=msgspec.json.encode(job),
        stdout=subprocess.PIPE,
        check=True,
    )
    answered = msgspec.json.decode(found.stdout, type=Answered)
    if answered.failures:
        raise RuntimeError(f"answers other than success: {answered.failures}")
    return answered


def main() -> None:
    """Reads a job, does it, writes its result."""
    import uvloop  # only here, as in benchmarks.load

    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Pipelined)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.stdout.buffer.write(msgspec.json.encode(runner.run(run(job))))


if __name__ == "__main__":
    main()
