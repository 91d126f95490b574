"""wrk as the load generator, where it is installed: compiled, so that the machine's cores are left to who is measured.

It counts latencies as it always does: where an answer took much longer than the mean, it adds those of the requests
that a steadier client would have sent meanwhile, so that its p99 is rather too long than too short.
"""

import math
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

SCRIPT: Final = Path(__file__).with_name("wrk.lua")
PATIENCE_S: Final = 10
"""An answer that takes longer counts as none."""


def program() -> str | None:
    """The path of wrk; None where it is not installed."""
    return shutil.which("wrk")


def version(wrk: str) -> str:
    """Such as `wrk 4.1.0`."""
    said = subprocess.run([wrk, "--version"], check=False, capture_output=True, text=True).stdout  # exits with 1
    found = re.search(r"\d+(\.\d+)+", said)
    return f"wrk {found[0]}" if found else "wrk"


def command(
    wrk: str, requests: Path, address: str, connections: Sequence[Sequence[str]], seconds: float, *, once: bool
) -> list[str]:
    """What to run; it prints a `benchmarks.load.Result` in its last line. Writes the file `requests`.

    wrk's script does not know for which connection it is asked: what the connections would send is sent by all of them
    in turn, lists that are the same only once. With orders, one that takes may so arrive before the one that it is to
    take: then it rests, and is taken itself. Half rest and half trade all the same, and of those that wait for one
    another there are never more than connections.
    """
    lists = list(connections) if once else list(dict.fromkeys(map(tuple, connections)))
    requests.write_text("".join(request for requests in lists for request in requests), newline="")
    return [
        wrk,
        "--threads=1",
        f"--connections={len(connections)}",
        f"--duration={math.ceil(seconds)}",
        f"--timeout={PATIENCE_S}",
        f"--script={SCRIPT}",
        f"http://{address}",
        "--",
        str(requests),
        *(["once"] if once else []),
    ]
