"""The clock: what the machine's clock does to ours."""

import asyncio

import pytest

from hypersim.clock import WallClock


@pytest.mark.parametrize(
    ("readings_ns", "answers_us"),
    [  # the machine's (wall, elapsed) at each reading; the first one is the construction
        ([(5_000_000, 0), (5_000_000, 0)], [5_000]),
        ([(5_000_000, 0), (6_000_000, 10)], [6_000]),
        ([(5_000_000, 0), (9_000_000_000, 10), (9_000_001_000, 20)], [9_000_000, 9_000_001]),
        # set back by two seconds: half speed until the machine has caught up
        (
            [
                (9_000_000_000, 0),
                (9_001_000_000, 1_000_000),
                (7_002_000_000, 2_000_000),
                (7_004_000_000, 4_000_000),
                (11_000_000_000, 4_000_000_000),
            ],
            [9_001_000, 9_001_500, 9_002_500, 11_000_000],
        ),
    ],
)
def test_time_follows_the_machine_and_never_goes_back(
    readings_ns: list[tuple[int, int]], answers_us: list[int]
) -> None:
    walls = iter([wall for wall, _ in readings_ns])
    elapsed = iter([elapsed for _, elapsed in readings_ns])
    clock = WallClock(lambda: next(walls), lambda: next(elapsed))

    assert answers_us == [clock.now_us() for _ in answers_us]


@pytest.mark.parametrize(("from_us", "told"), [(0, (5_000, 0)), (5_000, (5_000, 0)), (8_000, (8_000, 3_000))])
def test_time_begins_where_it_was_left_though_the_machine_is_behind(from_us: int, told: tuple[int, int]) -> None:
    clock = WallClock(lambda: 5_000_000, lambda: 0, from_us=from_us)

    assert told == (clock.now_us(), clock.ahead_us())


async def test_a_sleep_of_no_time_still_lets_others_run() -> None:
    ran: list[str] = []

    async def other() -> None:
        ran.append("other")

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(other())
        await WallClock().sleep(-1)
        ran.append("sleeper")

    assert ["other", "sleeper"] == ran
