"""Waiting for what another process does."""

import time
from collections.abc import Callable
from typing import Any

PATIENCE_S = 40


def eventually(look: Callable[[], Any], expected: Any) -> None:
    """Fails with the last look when it does not become what is expected."""
    deadline = time.monotonic() + PATIENCE_S
    while (seen := look()) != expected and time.monotonic() < deadline:
        time.sleep(0.05)
    assert expected == seen, f"{expected} is not {seen}"
