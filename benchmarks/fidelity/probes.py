"""Seeded probes: resting orders at many places and times, each with an account of its own.

One bid and one ask at a time, so that no probe stands before another; several passes over the recording make
several hundred.
"""

import enum
import random
from collections.abc import Sequence

from msgspec import Struct

from benchmarks.fidelity.replay import MARKET, Step, World
from hypersim.engine.commands import CancelOrder, PlaceOrder, Stamped
from hypersim.engine.events import Event, OrderChanged
from hypersim.engine.orders import OrderType, Side, TimeInForce
from hypersim.units import ONE

TICK = MARKET.tick_size
SIZES = tuple(ONE * thousandths // 1000 for thousandths in (1, 1, 1, 10, 100, 500))
LIFETIME_US = 30_000_000
LONGEST_PAUSE_US = 2_000_000
FARTHEST_TICKS = 20
FARTHEST_LEVELS = 20


class Place(enum.Enum):
    """Where a probe joins."""

    TOUCH = "at the touch"
    QUEUE = "in one of the next 20 queues"
    BEHIND = "1 to 20 ticks behind it"
    INSIDE = "inside the spread"


class Probe(Struct, kw_only=True):
    """A resting order and what became of it. Times in microseconds, sizes of scale 8."""

    place: Place
    side: Side
    price: int
    size: int
    placed_us: int
    ahead: int
    """What rested at its price when it came."""
    account_id: int
    executed: int = 0
    first_us: int | None = None
    """When a part was filled first."""
    whole_us: int | None = None
    cancelled_us: int | None = None


class Prober:
    """Keeps one probe of a side in a world."""

    def __init__(self, world: World, side: Side, chance: random.Random, begin_us: int) -> None:
        self.probes: list[Probe] = []
        self._world = world
        self._side = side
        self._chance = chance
        self._next_us = begin_us + self._pause_us()
        self._place = self._choose()
        self._live: Probe | None = None

    def _pause_us(self) -> int:
        return self._chance.randrange(1, LONGEST_PAUSE_US)

    def _choose(self) -> Place:
        return self._chance.choices(tuple(Place), (4, 4, 2, 2))[0]

    def act(self, until_us: int) -> None:
        """Places or cancels what is due before a time."""
        live = self._live
        if live is not None:
            if live.placed_us + LIFETIME_US < until_us:
                self._cancel(live)
        elif self._next_us < until_us:
            self._join(self._next_us)

    def _join(self, time_us: int) -> None:
        world, side, chance = self._world, self._side, self._chance
        away = -TICK if side is Side.BUY else TICK
        (best, _), (opposite, _) = world.best(side), world.best(side.opposite)
        if not best or not opposite:
            self._next_us += self._pause_us()
            return
        price = best
        if self._place is Place.INSIDE:
            room = abs(opposite - best) // TICK - 1
            if not room:
                self._next_us += chance.randrange(1, 20_000)  # until there is a spread to stand in
                return
            price -= away * chance.randint(1, room)
        elif self._place is Place.QUEUE:
            price = chance.choice(world.prices(side, FARTHEST_LEVELS + 1)[1:] or [best])
        elif self._place is Place.BEHIND:
            price += away * chance.randint(1, FARTHEST_TICKS)
        if not world.knows(side, price):
            self._next_us += self._pause_us()
            return
        probe = Probe(
            place=self._place,
            side=side,
            price=price,
            size=chance.choice(SIZES),
            placed_us=max(time_us, world.time_us),
            ahead=world.size_at(side, price),
            account_id=world.open_account(max(time_us, world.time_us)),
        )
        self.probes.append(probe)
        self._live = probe
        order = PlaceOrder(
            account_id=probe.account_id,
            symbol=MARKET.symbol,
            side=side,
            type=OrderType.LIMIT_MAKER,
            time_in_force=TimeInForce.GTC,
            client_order_id="probe",
            quantity=probe.size,
            price=price,
        )
        world.do(Stamped(probe.placed_us, order))

    def _cancel(self, probe: Probe) -> None:
        world = self._world
        probe.cancelled_us = max(probe.placed_us + LIFETIME_US, world.time_us)
        command = CancelOrder(
            account_id=probe.account_id, symbol=MARKET.symbol, client_order_id="probe", cancel_id="cancel"
        )
        world.do(Stamped(probe.cancelled_us, command))
        self._end(probe.cancelled_us)

    def _end(self, time_us: int) -> None:
        self._live = None
        self._next_us = time_us + self._pause_us()
        self._place = self._choose()

    def see(self, events: Sequence[Event], time_us: int) -> None:
        """Notes the fills of its probe."""
        for event in events:
            live = self._live
            if live is None or not isinstance(event, OrderChanged) or event.fill is None:
                continue
            if event.order.account_id != live.account_id:
                continue
            live.executed += event.fill.quantity
            live.first_us = time_us if live.first_us is None else live.first_us
            if live.executed == live.size:
                live.whole_us = time_us
                self._end(time_us)


def rested(steps: Sequence[Step], seed: int) -> list[Probe]:
    """The probes of one pass over what the feed said. Those still open at the end are left out."""
    world = World()
    probers = [Prober(world, side, random.Random(f"{seed} {side}"), steps[0].said_us) for side in Side]
    for step in steps:
        for prober in probers:
            prober.act(step.said_us)
        events = world.observe(step)
        if any(isinstance(event, OrderChanged) for event in events):
            for prober in probers:
                prober.see(events, step.said_us)
    ended = [probe for prober in probers for probe in prober.probes if probe.whole_us or probe.cancelled_us]
    return sorted(ended, key=lambda probe: probe.placed_us)
