"""Waiting for what another process does."""

import time
from collections.abc import Callable
from typing import Any

import httpx

from hypersim.testing import ServerProcess

PATIENCE_S = 40


def eventually(look: Callable[[], Any], expected: Any, *, of: ServerProcess | None = None) -> None:
    """Fails with the last look when it does not become what is expected, and with the feeds' state `of` a server."""
    deadline = time.monotonic() + PATIENCE_S
    while (seen := look()) != expected and time.monotonic() < deadline:
        time.sleep(0.05)
    if expected != seen:
        feeds = "" if of is None else f"; feeds: {httpx.get(f'{of.url}/sim/v1/status').json()['feed']}"
        raise AssertionError(f"{expected} is not {seen}{feeds}")
