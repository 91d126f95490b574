"""Request weight, shared by several spenders."""

import asyncio
import random

import pytest

from hypersim.clock import MICROSECONDS
from hypersim.feeds.binance.budget import Priority, WeightBudget
from tests.feeds.desk import START_US, SteppingClock, VirtualClock, settle

QUOTES, DEPTH, PAST = Priority


async def test_no_minute_holds_more_than_the_budget() -> None:
    clock = SteppingClock()
    budget = WeightBudget(clock, 10)
    spent_s = []
    for weight in (4, 4, 4, 10, 25, 1):
        await budget.spend(weight)
        spent_s.append((clock.now_us() - START_US) // MICROSECONDS)
        clock.skip(1)

    # 4 and 4 at once, the third when the first is a minute old; what is too large waits for an idle minute
    assert [0, 1, 60, 120, 180, 240] == spent_s


@pytest.mark.parametrize("seed", range(3))
async def test_several_spenders_keep_within_it_and_everybody_gets_a_turn(seed: int) -> None:
    chance = random.Random(seed)
    clock = VirtualClock()
    budget = WeightBudget(clock, 100)
    spendings: list[tuple[int, int, Priority]] = []

    async def spend(weight: int, priority: Priority) -> None:
        await budget.spend(weight, priority)
        spendings.append((clock.now_us(), weight, priority))

    asked = []
    for _ in range(150):
        asked.append(asyncio.create_task(spend(chance.choice((1, 2, 5, 25)), chance.choice(list(Priority)))))
        await clock.pass_time(chance.uniform(0, 10))
    await clock.pass_time(3600)

    for least, share in ((QUOTES, 100), (DEPTH, 75), (PAST, 25)):
        fullest = max(
            sum(
                weight
                for at_us, weight, priority in spendings
                if priority >= least and start_us <= at_us < start_us + 60 * MICROSECONDS
            )
            for start_us, _, _ in spendings
        )
        assert fullest <= share
    assert all(task.done() for task in asked)


async def test_the_urgent_goes_first_but_not_for_ever() -> None:
    clock = VirtualClock()
    budget = WeightBudget(clock, 4)
    order: list[str] = []

    async def spend(name: str, priority: Priority) -> None:
        await budget.spend(1, priority)
        order.append(name)

    tasks = [asyncio.create_task(spend(f"now {count}", QUOTES)) for count in range(4)]
    await settle()
    for name, priority in (("past", PAST), ("depth", DEPTH), ("quotes", QUOTES)):
        tasks.append(asyncio.create_task(spend(name, priority)))
        await settle()
    await clock.pass_time(31)
    tasks.append(asyncio.create_task(spend("late quotes", QUOTES)))
    await clock.pass_time(120)

    assert ["quotes", "depth", "past", "late quotes"] == order[4:]


async def test_a_burst_of_the_past_leaves_room_for_quotes() -> None:
    clock = VirtualClock()
    budget = WeightBudget(clock, 100)
    burst = [asyncio.create_task(budget.spend(2, PAST)) for _ in range(50)]
    await settle()
    quotes = asyncio.create_task(budget.spend(4))
    await settle()

    assert (True, 24 + 4) == (quotes.done(), budget.spent)
    for task in burst:
        task.cancel()
    await asyncio.wait(burst)


async def test_who_gives_up_waiting_holds_nobody_up() -> None:
    clock = VirtualClock()
    budget = WeightBudget(clock, 10)
    await budget.spend(10)
    impatient = asyncio.create_task(budget.spend(10))
    patient = asyncio.create_task(budget.spend(1))
    await settle()
    impatient.cancel()
    await clock.pass_time(60)

    assert (True, 1) == (patient.done(), budget.spent)
