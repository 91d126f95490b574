"""Demand: which markets somebody cares for."""

import asyncio

from hypersim.feeds.demand import REMEMBERED_S, Demand
from tests.feeds.desk import VirtualClock, settle


async def test_a_request_keeps_a_market_in_demand_for_five_minutes_and_an_open_order_for_as_long_as_it_is() -> None:
    clock, with_orders = VirtualClock(), {"ETHUSDT"}
    demand = Demand(clock, lambda: with_orders)
    demand.asked("BTCUSDT")
    at_first = set(demand.active())
    clock.skip(REMEMBERED_S)
    at_last = set(demand.active())
    clock.skip(1)
    with_orders.clear()

    assert ({"BTCUSDT", "ETHUSDT"}, {"BTCUSDT", "ETHUSDT"}, set()) == (at_first, at_last, set(demand.active()))


async def test_only_the_first_request_for_a_while_wakes_those_who_watch_demand() -> None:
    clock = VirtualClock()
    demand = Demand(clock, set)
    wakes = []
    for wait_s in (0, 1, REMEMBERED_S, REMEMBERED_S + 1):
        clock.skip(wait_s)
        waiting = [asyncio.create_task(demand.grown(demand.growth)) for _ in range(2)]
        demand.asked("BTCUSDT")
        await settle()
        wakes.append([each.done() for each in waiting])
        for each in waiting:
            each.cancel()

    assert [[True, True], [False, False], [False, False], [True, True]] == wakes


async def test_growth_that_nobody_waited_for_is_told_at_once() -> None:
    demand = Demand(VirtualClock(), set)
    demand.asked("BTCUSDT")

    assert 1 == await demand.grown(0)
