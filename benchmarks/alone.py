"""What the pure engine takes for an order in a world of some size, in processor time.

Run as a program, `python -m benchmarks.alone`, it is the process that is measured: it reads a Size as JSON from
standard input and writes an Alone. The collector is set as a server sets it.
"""

import gc
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from benchmarks.worlds import TICK, TOUCH, Size, commands, limit_order, write_config
from hypersim.engine.commands import CancelOrder, Command, Stamped
from hypersim.engine.events import Committed
from hypersim.engine.exchange import Exchange
from hypersim.engine.orders import Side
from hypersim.serve import COLLECT_AFTER
from hypersim.store.snapshots import Snapshot
from hypersim.views.views import Views

ORDERS: Final = 20_000
"""Of one turn."""
TURNS: Final = 5
APART_US: Final = 100
"""Between two commands: ten thousand a second."""


class Alone(Struct, frozen=True):
    """Processor time, the least of some turns: what else runs on the machine only adds to it."""

    order_us: float
    """Half resting, half trading."""
    cancel_us: float
    """An order somewhere among the others, and its cancel."""
    state_ms: float
    """The state of a snapshot, for which a server's event loop stands still."""
    encode_ms: float
    """Its encoding, beside the event loop."""


class World:
    """An engine with a world in it, and views of it."""

    def __init__(self, size: Size) -> None:
        self.exchange, self.views = Exchange(), Views()
        self._sequence = self._time_us = 0
        self._size = size
        self._chance, self._names = random.Random(1), count()
        with tempfile.TemporaryDirectory() as folder:
            for command in commands(size, write_config(Path(folder) / "config", size.symbols)):
                stamped = self._stamped(command)
                events = tuple(self.exchange.apply(stamped))
                self.views.fold(
                    Committed(sequence=self._sequence, time_us=stamped.time_us, command=stamped.command, events=events)
                )

    def orders(self) -> Sequence[Command]:
        """A bid that joins the best level and an ask that takes the first of it, pair after pair."""
        pairs = self._size.pairs
        result = []
        for number in range(ORDERS):
            buyer, seller, symbol = pairs[number // 2 % len(pairs)]
            account_id, side = (seller, Side.SELL) if number % 2 else (buyer, Side.BUY)
            result.append(limit_order(account_id, symbol, side, TOUCH, self._name()))
        return result

    def cancels(self) -> Sequence[Command]:
        """A bid at a price of the crowd's, then its cancel."""
        pairs = self._size.pairs
        next_ids = {symbol: venue.next_order_id for symbol, venue in self.exchange.venues.items()}
        depth = self._size.levels or max(1, self._size.resting // 2)
        result: list[Command] = []
        for number in range(ORDERS // 2):
            buyer, _, symbol = pairs[number % len(pairs)]
            price = TOUCH - self._chance.randrange(depth) * TICK
            result.append(limit_order(buyer, symbol, Side.BUY, price, self._name()))
            order_id = next_ids[symbol]
            result.append(CancelOrder(account_id=buyer, symbol=symbol, order_id=order_id, cancel_id=self._name()))
            next_ids[symbol] += 1
        return result

    def cost_us(self, make: Callable[[], Sequence[Command]], of: int) -> float:
        """The processor time of one turn, for each of so many."""
        turns = []
        for _ in range(TURNS):
            stamped = [self._stamped(command) for command in make()]
            begun = time.process_time()
            for each in stamped:
                self.exchange.apply(each)
            turns.append((time.process_time() - begun) * 1e6 / of)
        return min(turns)

    def snapshot_ms(self) -> tuple[float, float]:
        """The processor time of a snapshot: of the state, and of its encoding."""
        turns = []
        for _ in range(TURNS):
            times = [time.process_time()]
            exchange, views = self.exchange.snapshot(), self.views.snapshot()
            times.append(time.process_time())
            Snapshot.encode(self._sequence, self._time_us, exchange, views)
            times.append(time.process_time())
            turns.append(((times[1] - times[0]) * 1e3, (times[2] - times[1]) * 1e3))
        states, encodings = zip(*turns, strict=True)
        return min(states), min(encodings)

    def _name(self) -> str:
        return str(next(self._names))

    def _stamped(self, command: Command) -> Stamped:
        self._sequence += 1
        self._time_us += APART_US
        return Stamped(self._time_us, command)


def measured_alone(size: Size) -> Alone:
    """Measures in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.alone"], input=msgspec.json.encode(size), stdout=subprocess.PIPE, check=True
    )
    return msgspec.json.decode(done.stdout, type=Alone)


def main() -> None:
    """Measures in this process."""
    world = World(msgspec.json.decode(sys.stdin.buffer.read(), type=Size))
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 100)
    state_ms, encode_ms = world.snapshot_ms()
    order_us = world.cost_us(world.orders, ORDERS)
    cancel_us = world.cost_us(world.cancels, ORDERS // 2)
    sys.stdout.buffer.write(msgspec.json.encode(Alone(order_us, cancel_us, state_ms, encode_ms)))


if __name__ == "__main__":
    main()
