"""Fixtures of the unified dialect's tests."""

import pytest

from tests.api.lab import Lab
from tests.api.unified.client import UnifiedClient


@pytest.fixture
def alice(lab: Lab) -> UnifiedClient:
    """10000 USDT and 1 BTC, on an exchange without rate limits that wants signatures."""
    return UnifiedClient(lab, lab.alice)


@pytest.fixture
def bob(lab: Lab) -> UnifiedClient:
    """The same again."""
    return UnifiedClient(lab, lab.bob)
