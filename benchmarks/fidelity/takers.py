"""Seeded takers, and what the recorded book says that they pay."""

import random
from collections.abc import Sequence

from msgspec import Struct

from benchmarks.fidelity.replay import MARKET, Step, World
from benchmarks.fidelity.tape import Tape
from hypersim.engine.commands import PlaceOrder, Stamped
from hypersim.engine.events import OrderChanged
from hypersim.engine.orders import OrderType, Side, TimeInForce
from hypersim.units import ONE

SIZES = tuple(ONE * thousandths // 1000 for thousandths in (1, 50, 500, 2000, 5000, 10_000))
LEAST_PAUSE_US, LONGEST_PAUSE_US = 1_000_000, 3_000_000
LIMIT_TICKS = 300


class Taken(Struct, frozen=True):
    """What a taker asked for and got, and which book it met: that of the message received then, at that update."""

    side: Side
    size: int
    limit: int | None
    """The price of an order that is immediate or cancelled; None: at market."""
    at_us: int
    received_us: int
    update_id: int
    executed: int
    paid: int
    """Sum of price x quantity, scale 16."""


def took(steps: Sequence[Step], seed: int) -> list[Taken]:
    """The takers of one pass over what the feed said; what they took is back before the next comes."""
    world, chance = World(), random.Random(seed)
    taken: list[Taken] = []
    next_us = steps[0].said_us + LEAST_PAUSE_US
    met = (0, 0)
    for step in steps:
        if next_us < step.said_us:
            taken.append(_take(world, chance, max(next_us, world.time_us), *met))
            next_us += chance.randrange(LEAST_PAUSE_US, LONGEST_PAUSE_US)
        world.observe(step)
        observed = step.observed
        ladder = observed.update.ladder
        if observed.update_id != met[1] or (ladder is not None and (ladder.bids or ladder.asks)):
            met = observed.received_us, observed.update_id
    return taken


def _take(world: World, chance: random.Random, time_us: int, received_us: int, update_id: int) -> Taken:
    side, size = chance.choice(tuple(Side)), chance.choice(SIZES)
    best, _ = world.best(side.opposite)
    limit = None
    if chance.random() < 0.5:
        away = 1 if side is Side.BUY else -1
        limit = best + away * chance.randint(0, LIMIT_TICKS) * MARKET.tick_size
    order = PlaceOrder(
        account_id=world.open_account(time_us),
        symbol=MARKET.symbol,
        side=side,
        type=OrderType.MARKET if limit is None else OrderType.LIMIT,
        time_in_force=TimeInForce.GTC if limit is None else TimeInForce.IOC,
        client_order_id="taker",
        quantity=size,
        price=limit or 0,
    )
    events = world.do(Stamped(time_us, order))
    last = [event.order for event in events if isinstance(event, OrderChanged)][-1]
    return Taken(side, size, limit, time_us, received_us, update_id, last.executed, last.executed_quote)


def expected(tape: Tape, taken: Sequence[Taken]) -> list[tuple[int, int]]:
    """What each of the takers should have got and paid; zeros where its book is not on the tape."""
    wanted: dict[tuple[int, int], list[int]] = {}
    for place, each in enumerate(taken):
        wanted.setdefault((each.received_us, each.update_id), []).append(place)
    found = [(0, 0)] * len(taken)
    for received_us, update_id, book in tape.books():
        for place in wanted.get((received_us, update_id), ()):
            each = taken[place]
            found[place] = book.sweep(each.size, sell=each.side is Side.SELL, limit=each.limit)
    return found
