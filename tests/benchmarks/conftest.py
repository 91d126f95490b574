"""Exchanges to measure, with nothing on disk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.targets import Target, of_server
from hypersim.testing import running_server


@pytest.fixture(scope="session")
def target() -> Iterator[Target]:
    """An exchange without an outside market, and two rich accounts on it."""
    with running_server("--memory", "--fresh", "--feed", "none", "--rate-limits", "off") as server:
        yield of_server("memory", server)
