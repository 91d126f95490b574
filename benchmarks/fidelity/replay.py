"""The recorded stream through the feed's state machine, its channel and the engine, at the recorded times."""

from collections.abc import Iterable, Iterator
from itertools import islice

from msgspec import Struct

from benchmarks.fidelity.recording import SNAPSHOT_LIMIT
from hypersim.engine.commands import Advance, OpenAccount, PutAsset, PutMarket, Stamped
from hypersim.engine.events import Event
from hypersim.engine.exchange import Exchange
from hypersim.engine.market import Asset, Market
from hypersim.engine.orders import Side
from hypersim.feeds.binance.book import BinanceBook, Observed
from hypersim.feeds.binance.messages import DepthSnapshot, Message
from hypersim.feeds.channel import Channel
from hypersim.units import AMOUNT_ONE, ONE

MARKET = Market(
    symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    min_price=ONE // 100,
    max_price=10**6 * ONE,
    tick_size=ONE // 100,
    min_quantity=ONE // 10**5,
    max_quantity=9000 * ONE,
    step_size=ONE // 10**5,
    min_notional=0,
    max_num_orders=0,
    recovery_half_life_ms=0,
)
"""Binance's grid. What users took is there again with the next update, so that one probe leaves nothing to the next."""

BALANCES = (("USDT", 10**9 * AMOUNT_ONE), ("BTC", 10**5 * AMOUNT_ONE))


class Step(Struct, frozen=True):
    """What the state machine said, and when."""

    said_us: int
    observed: Observed


def steps(stream: Iterable[tuple[int, Message | DepthSnapshot]], book: BinanceBook) -> Iterator[Step]:
    """Everything that the state machine says of a stream: after each message, and when patience ends."""
    now_us = 0
    for received_us, message in stream:
        while (due_us := book.due_us) is not None and due_us <= received_us:
            now_us = max(now_us, due_us)  # patience may shrink: what was due then is due now
            yield from (Step(now_us, observed) for observed in book.settle(now_us))
        now_us = received_us
        if isinstance(message, DepthSnapshot):
            said = book.take_snapshot(message, SNAPSHOT_LIMIT, received_us)
        else:
            said = book.take(message, received_us)
        yield from (Step(received_us, observed) for observed in said)
    while (due_us := book.due_us) is not None:
        yield from (Step(max(now_us, due_us), observed) for observed in book.settle(max(now_us, due_us)))


class World:
    """An exchange with one market that follows the recorded one."""

    def __init__(self) -> None:
        self.exchange = Exchange()
        self.time_us = 0
        self._channel = Channel(MARKET)
        self._accounts = 0
        for asset in (MARKET.base, MARKET.quote):
            self.do(Stamped(0, PutAsset(Asset(asset))))
        self.do(Stamped(0, PutMarket(MARKET)))

    def do(self, stamped: Stamped) -> list[Event]:
        """Carries a command out; what was due before it happens before it."""
        due_us = self.exchange.next_due()
        if due_us is not None and due_us <= stamped.time_us:
            self.exchange.apply(Stamped(max(due_us, self.time_us), Advance()))
        self.time_us = stamped.time_us
        return self.exchange.apply(stamped)

    def open_account(self, time_us: int) -> int:
        """A rich account that pays no fees."""
        self._accounts += 1
        self.do(Stamped(time_us, OpenAccount(account_id=self._accounts, maker_rate=0, taker_rate=0, balances=BALANCES)))
        return self._accounts

    def observe(self, step: Step) -> list[Event]:
        """Tells the exchange what was seen."""
        self._channel.observe(step.observed.update, step.observed.received_us)
        happened: list[Event] = []
        while (command := self._channel.next_command()) is not None:
            happened += self.do(Stamped(step.said_us, command))
            self._channel.taken_in()
        return happened

    def best(self, side: Side) -> tuple[int, int]:
        """(price, size) of the best level, zeros when there is none."""
        level = self.exchange.venues[MARKET.symbol].book.resting(side).best
        return (level.price, level.total) if level is not None else (0, 0)

    def prices(self, side: Side, count: int) -> list[int]:
        """The best prices of a side at which something rests."""
        levels = self.exchange.venues[MARKET.symbol].book.resting(side).levels()
        return [level.price for level in islice(levels, count)]

    def size_at(self, side: Side, price: int) -> int:
        level = self.exchange.venues[MARKET.symbol].book.resting(side).level(price)
        return level.total if level is not None else 0

    def knows(self, side: Side, price: int) -> bool:
        """Whether the outside size at a price is known."""
        return self.exchange.outsides[MARKET.symbol].side(side).knows(price)
