"""What an exchange costs that nobody asks for anything: time to start, processor time, memory.

A real server process beside a made-up Binance (benchmarks/upstream.py), its world in memory. Processor time is the
process's own, so that other work on the machine changes little; the time to start is not.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import httpx

from benchmarks.conditions import resident_mb
from benchmarks.made_up_binance import MAIN
from benchmarks.table import Table
from benchmarks.upstream import Standin, standin
from hypersim.testing import running_server

FEW: Final = ",".join(base + quote for base, quote, *_ in MAIN)
MANY: Final = 1400
SETTLE_S: Final = 5
"""After a start, before it counts."""
TICKS_PER_SECOND: Final = 100
"""Of the counters in /proc, on every Linux that matters."""


def environment(upstream: Standin, symbols: str, *, streamed: bool) -> Mapping[str, str]:
    """The settings of an exchange that follows a made-up Binance. Its streams are at an address of their own, so that
    one that is not told of them polls.
    """
    streams = {"HYPERSIM_BINANCE_STREAM_URL": upstream.stream_url} if streamed else {}
    return {
        "HYPERSIM_FEED": "binance",
        "HYPERSIM_SYMBOLS": symbols,
        "HYPERSIM_BINANCE_API_URL": upstream.url,
        **streams,
    }


def processor_seconds(pid: int) -> float:
    """Processor time of a process so far, user's and system's (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def idle_table(seconds: float) -> Table:
    """Six symbols polled, six streamed, and all that a Binance of 1,400 has."""
    table = Table(
        "symbols", "how", "seconds until it serves", "processor seconds of that", "percent of a core", "resident MB"
    )
    kinds = ((len(MAIN), FEW, False), (len(MAIN), FEW, True), (MANY, "all", False))
    for count, symbols, streamed in kinds:
        with standin(max(count, len(MAIN))) as upstream:
            begun = time.perf_counter()
            settings = environment(upstream, symbols, streamed=streamed)
            with running_server("--memory", "--fresh", environment=settings) as server:
                started = time.perf_counter() - begun
                pid = server.process.pid
                spent = processor_seconds(pid)
                time.sleep(SETTLE_S)
                _check(server.url, streamed=streamed)
                before = processor_seconds(pid)
                time.sleep(seconds)
                used = processor_seconds(pid) - before
                _check(server.url, streamed=streamed)
                table.row(
                    f"{count:,}",
                    "streamed" if streamed else "polled",
                    f"{started:.1f}",
                    f"{spent:.1f}",
                    f"{100 * used / seconds:.1f}",
                    f"{resident_mb(pid):.0f}",
                )
    return table


def _check(url: str, *, streamed: bool) -> None:
    """Raises when the exchange does not follow as it is meant to."""
    feed = httpx.get(f"{url}/sim/v1/status", trust_env=False).json()["feed"]
    how = feed["sources"]["binance"]["transport"]
    if feed["failure"] is not None or how != ("websocket" if streamed else "polling"):
        raise RuntimeError(f"the exchange does not follow as it should: {how}, {feed['failure']}")
