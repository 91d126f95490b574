"""A desk, its clock and a feed for every test that names them."""

import pytest

from tests.feeds.desk import Desk, VirtualClock
from tests.feeds.scripted_feed import ScriptedFeed


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def desk(clock: VirtualClock) -> Desk:
    return Desk(clock)


@pytest.fixture
def feed() -> ScriptedFeed:
    return ScriptedFeed()
