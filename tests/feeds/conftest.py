"""A desk and its clock for every test that names them."""

import pytest

from tests.feeds.desk import Desk, VirtualClock


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def desk(clock: VirtualClock) -> Desk:
    return Desk(clock)
