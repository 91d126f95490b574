"""What feeds are tested against: a clock that only moves when told, and the real exchange behind `ask`."""

import asyncio
import heapq
import itertools
from collections.abc import Callable, Iterable, Sequence

from hypersim.ask import FactRow, JoinedRow, Outcome
from hypersim.clock import MICROSECONDS
from hypersim.engine.commands import Command, Ladder, OutsideUpdate, Print, PutAsset, PutMarket, Stamped
from hypersim.engine.events import Committed
from hypersim.engine.exchange import Exchange
from hypersim.engine.market import Asset, Market
from hypersim.engine.orders import Side
from hypersim.errors import Reason, Refused
from hypersim.feeds.base import Feed
from hypersim.feeds.channel import Channel
from hypersim.feeds.line import Sources
from hypersim.units import ONE

START_US = 1_790_000_000 * MICROSECONDS
SETTLING_TURNS = 50
MARKET = Market(
    symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    min_price=ONE,
    max_price=10**6 * ONE,
    tick_size=ONE,
    min_quantity=ONE,
    max_quantity=10**6 * ONE,
    step_size=ONE,
    min_notional=0,
)
"""Tick and step are 1."""


class VirtualClock:
    """Time that passes in `pass_time` alone."""

    def __init__(self) -> None:
        self._now_us = START_US
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._turns = itertools.count()

    def now_us(self) -> int:
        return self._now_us

    async def sleep(self, seconds: float) -> None:
        due = asyncio.get_running_loop().create_future()
        due_us = self._now_us + max(0, round(seconds * MICROSECONDS))
        heapq.heappush(self._sleepers, (due_us, next(self._turns), due))
        await due

    def skip(self, seconds: float) -> None:
        """The time is another one, and nobody noticed it pass."""
        self._now_us += max(0, round(seconds * MICROSECONDS))

    async def pass_time(self, seconds: float) -> None:
        """Wakes whoever sleeps, in order, until that much time has passed."""
        until_us = self._now_us + round(seconds * MICROSECONDS)
        await settle()
        while self._sleepers and self._sleepers[0][0] <= until_us:
            self._now_us, _, due = heapq.heappop(self._sleepers)
            if not due.done():
                due.set_result(None)
            await settle()
        self._now_us = until_us


class SteppingClock(VirtualClock):
    """A clock on which whoever sleeps wakes at once, that much later."""

    async def sleep(self, seconds: float) -> None:
        self.skip(seconds)
        await asyncio.sleep(0)


async def settle() -> None:
    """Lets every task run until it waits for time or for us."""
    for _ in range(SETTLING_TURNS):
        await asyncio.sleep(0)


class Desk:
    """The real exchange behind `ask`, with everything that it was asked, and refusals on order."""

    def __init__(self, clock: VirtualClock, markets: Iterable[Market] = (MARKET,)) -> None:
        self.exchange = Exchange()
        self.asked: list[Command] = []
        """Everything, refused or not."""
        self.facts: dict[str, str] = {}
        """What came to be kept with a command."""
        self.refusals: list[Reason] = []
        """What the next commands get; STATUS_UNKNOWN is carried out nevertheless."""
        self.failure: Exception | None = None
        self.listeners: list[Callable[[Committed], None]] = []
        self._clock = clock
        self._sequence = 0
        for market in markets:
            for name in (market.base, market.quote):
                self._apply(PutAsset(Asset(name)))
            self._apply(PutMarket(market))

    async def __call__(
        self, command: Command, *, deadline_us: int | None = None, rows: Sequence[JoinedRow] = ()
    ) -> Outcome:
        self.asked.append(command)
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        refusal = self.refusals.pop(0) if self.refusals else None
        if refusal not in (None, Reason.STATUS_UNKNOWN):
            raise Refused(refusal)
        outcome = self._apply(command)
        self.facts.update((row.name, row.value) for row in rows if isinstance(row, FactRow))
        if refusal is not None:
            raise Refused(refusal)
        return outcome

    def _apply(self, command: Command) -> Outcome:
        now_us = self._clock.now_us()
        events = tuple(self.exchange.apply(Stamped(now_us, command)))
        self.exchange.check()
        if events:
            self._sequence += 1
            record = Committed(sequence=self._sequence, time_us=now_us, command=command, events=events)
            for listener in self.listeners:
                listener(record)
        return Outcome(self._sequence, now_us, events)

    @property
    def updates(self) -> list[OutsideUpdate]:
        """The outside updates that it was asked for."""
        return [command for command in self.asked if isinstance(command, OutsideUpdate)]

    def house(self, side: Side, symbol: str = MARKET.symbol) -> dict[int, int]:
        """What the outside has in the book, by price."""
        resting = self.exchange.venues[symbol].book.resting(side)
        return {level.price: level.house for level in resting.levels() if level.house}


def fed_by(markets: Iterable[Market], *feeds: Feed) -> Sources:
    """Markets with the same feeds: the first one speaks, the others stand by."""
    return Sources(name=feeds[0].name, why="a test", markets={market.symbol: (market, feeds) for market in markets})


def coins(levels: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Levels as a test writes them, (price, size) in whole coins, as scale-8 integers."""
    return tuple((price * ONE, size * ONE) for price, size in levels)


def ladder(
    bids: Iterable[tuple[int, int]] = (),
    asks: Iterable[tuple[int, int]] = (),
    *,
    full: bool = False,
    bid_floor: int | None = 0,
    ask_ceiling: int | None = 1000,
) -> Ladder:
    """A ladder in whole coins, known from 0 to 1000 unless told."""
    return Ladder(
        bids=coins(bids),
        asks=coins(asks),
        bid_floor=None if bid_floor is None else bid_floor * ONE,
        ask_ceiling=None if ask_ceiling is None else ask_ceiling * ONE,
        full=full,
    )


def bought(price: int, size: int) -> Print:
    return Print(price * ONE, size * ONE, Side.BUY)


def sold(price: int, size: int) -> Print:
    return Print(price * ONE, size * ONE, Side.SELL)


def seen(told: Ladder | None = None, *prints: Print, source_time_us: int = START_US) -> OutsideUpdate:
    """An observation of the market."""
    return OutsideUpdate(symbol=MARKET.symbol, prints=prints, ladder=told, source_time_us=source_time_us)


def resuming(told: Ladder, *prints: Print) -> OutsideUpdate:
    """What the exchange is told of an observation before which something was missed."""
    return OutsideUpdate(symbol=MARKET.symbol, prints=prints, ladder=told, source_time_us=START_US, resumes_us=START_US)


def told(channel: Channel, *observations: OutsideUpdate) -> OutsideUpdate | None:
    """What the exchange is told after these observations; it takes it in."""
    for observation in observations:
        channel.observe(observation, START_US)
    command = channel.next_command()
    if command is not None:
        channel.taken_in()
    return command
