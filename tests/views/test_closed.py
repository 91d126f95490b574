"""Orders that ended lately, beside a plain list of all that ended."""

import random

import pytest
from msgspec.structs import replace

from hypersim.engine.events import OrderChanged
from hypersim.engine.orders import Order
from hypersim.views.closed import ClosedOrders
from tests.views.world import RandomWorld

MOST = 20


def ended_orders(seed: int) -> list[Order]:
    """In the order of their ends; some of them with names that were used before."""
    world = RandomWorld(seed)
    world.run(3000)
    chance = random.Random(seed)
    changes = [event.order for record in world.records for event in record.events if isinstance(event, OrderChanged)]
    ended = [order for order in changes if not order.is_open]
    return [replace(order, client_order_id=f"name-{chance.randrange(30)}") for order in sorted(ended, key=by_id)]


def by_id(order: Order) -> int:
    """Who takes a name again comes after who had it."""
    return order.order_id


@pytest.mark.parametrize("asked_every", [1, MOST // 2, MOST + 1, 3 * MOST])
def test_the_newest_orders_are_found_by_either_id_and_no_others_by_theirs(asked_every: int) -> None:
    closed, all_of_them = ClosedOrders(MOST), ended_orders(7)
    assert len(all_of_them) > 10 * MOST
    for number, order in enumerate(all_of_them, start=1):
        closed.add(order)
        if number % asked_every:
            continue
        kept = all_of_them[max(0, number - MOST) : number]
        for each in random.Random(number).sample(all_of_them, 5):
            names = (each.account_id, each.symbol)
            same_name = [
                one
                for one in kept
                if (*names, each.client_order_id) == (one.account_id, one.symbol, one.client_order_id)
            ]

            assert (each if each in kept else None) == closed.get(*names, each.order_id)
            assert (same_name[-1] if same_name else None) == closed.named(*names, each.client_order_id)
