"""Pace: when the exchange is told of markets that nobody waits for."""

import asyncio

import pytest

from hypersim.feeds.pace import PACE_S, Pace
from tests.feeds.desk import VirtualClock, settle
from tests.feeds.tasks import running


async def test_all_who_wait_are_told_at_the_same_beat_whenever_they_came() -> None:
    clock = VirtualClock()
    pace = Pace(clock)
    told_us: list[int] = []

    async def wait() -> None:
        await pace.beat()
        told_us.append(clock.now_us())

    began_us = clock.now_us()
    async with running(pace.run()):
        waiting = []
        for _ in range(3):
            waiting.append(asyncio.create_task(wait()))
            await clock.pass_time(PACE_S / 4)
        await clock.pass_time(PACE_S / 4)
        waiting.append(asyncio.create_task(wait()))
        await settle()
        await clock.pass_time(PACE_S)
        await asyncio.gather(*waiting)

    beat_us = round(PACE_S * 1e6)
    assert [began_us + beat_us] * 3 + [began_us + 2 * beat_us] == told_us


@pytest.mark.parametrize(
    ("after_s", "hurried", "lull_s"),
    [
        (0, set(), 0.09),
        (0.05, set(), 0.04),
        (0.09, set(), 0),
        (0.095, set(), 0),
        (0.1, set(), 0.09),
        (0.25, set(), 0.04),
        (0.05, {"BTCUSDT"}, 0),
    ],
)
async def test_nobody_listens_from_a_beat_until_shortly_before_the_next_unless_somebody_has_an_order(
    after_s: float, hurried: set[str], lull_s: float
) -> None:
    clock = VirtualClock()
    pace = Pace(clock, lambda: hurried)
    async with running(pace.run()):
        await clock.pass_time(after_s)
        left_s = pace.lull_s()

    assert lull_s == left_s


async def test_a_pace_that_nobody_runs_asks_nobody_to_wait() -> None:
    assert Pace(VirtualClock()).lull_s() == 0
