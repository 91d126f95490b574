"""Seeded random lives of a market, against the naive matcher and against the engine's own promises."""

import random
from collections.abc import Iterator

import msgspec
import pytest

from hypersim.engine.commands import (
    Advance,
    CancelAll,
    CancelOrder,
    Command,
    Deposit,
    Ladder,
    OutsideUpdate,
    PlaceOrder,
    Print,
    PutMarket,
    SetFees,
    Stamped,
)
from hypersim.engine.events import BalanceChanged, Change, DepthChanged, Event, OrderChanged, Traded
from hypersim.engine.exchange import Exchange
from hypersim.engine.ledger import HOUSE
from hypersim.engine.market import MarketStatus
from hypersim.engine.orders import Order, OrderStatus, OrderType, SelfTradePrevention, Side, TimeInForce
from hypersim.engine.state import ExchangeState
from hypersim.errors import Reason, Refused
from hypersim.units import ONE
from tests.engine.naive import Naive, Trade
from tests.engine.world import SYMBOL, World, money, number

SEEDS = range(30)
COMMANDS = 1500
STEP = number("0.1")


class Life:
    """Random commands about one market, as users, feed and operator would send them."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.middle = 100
        self.named = 0
        self.status = MarketStatus.TRADING

    def commands(self, world: World) -> Iterator[Command]:
        kinds = {self.place: 50, self.cancel: 10, self.update: 30, self.advance: 5, self.operate: 2}
        while True:
            world.time_us += self.chance.choice([0, 0, 250_000, self.chance.randrange(3_000_000)])
            self.middle = min(110, max(90, self.middle + self.chance.choice([-1, 0, 0, 0, 1])))
            halted = self.status is not MarketStatus.TRADING
            if halted and self.chance.random() < 0.3:
                yield self.switch(world, MarketStatus.TRADING)
            else:
                yield self.chance.choices(list(kinds), list(kinds.values()))[0](world)

    def place(self, world: World) -> Command:
        chance = self.chance
        kind = chance.choices([OrderType.LIMIT, OrderType.LIMIT_MAKER, OrderType.MARKET], [6, 1, 2])[0]
        by_amount = kind is OrderType.MARKET and chance.random() < 0.5
        side = chance.choice(list(Side))
        away = chance.randint(-2, 5) * (-1 if side is Side.BUY else 1)
        tifs = [TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK]
        self.named += chance.random() < 0.9
        return PlaceOrder(
            account_id=chance.randint(1, 3),
            symbol=SYMBOL,
            side=side,
            type=kind,
            time_in_force=chance.choices(tifs, [7, 1, 1])[0] if kind is OrderType.LIMIT else TimeInForce.GTC,
            client_order_id=f"order-{self.named}",
            quantity=0 if by_amount else self.size(),
            quote_quantity=self.size() * chance.randint(50, 120) if by_amount else 0,
            price=0 if kind is OrderType.MARKET else (self.middle + away) * ONE,
            self_trade_prevention=chance.choice([None, *SelfTradePrevention]),
        )

    def cancel(self, world: World) -> Command:
        account_id = self.chance.randint(1, 3)
        if self.chance.random() < 0.1:
            return CancelAll(account_id=account_id, symbol=SYMBOL, cancel_id="all")
        open_orders = world.exchange.snapshot().venues[0].orders
        if open_orders and self.chance.random() < 0.8:
            order = self.chance.choice(open_orders)
            account_id, name = order.account_id, order.client_order_id
        else:
            name = f"order-{self.chance.randint(0, self.named)}"
        return CancelOrder(account_id=account_id, symbol=SYMBOL, client_order_id=name, cancel_id="one")

    def update(self, world: World) -> Command:
        chance = self.chance
        prints = tuple(
            Print(
                self.near() * ONE,
                self.size() + chance.choice([0, 0, 0, 1, ONE // 50]),
                chance.choice(list(Side)),
            )
            for _ in range(chance.choice([0, 0, 1, 1, 2]))
        )
        ladder = self.ladder() if chance.random() < 0.7 else None
        return OutsideUpdate(symbol=SYMBOL, prints=prints, ladder=ladder, resumes_us=chance.choice([0, 0, 0, 1]))

    def ladder(self) -> Ladder:
        chance = self.chance
        gap = chance.choice([-1, 0, 0, 0, 0, 0, 0, 0, 1])  # crossed now and then
        bids = chance.sample(range(self.middle - 6, self.middle - gap), chance.randint(0, 4))
        asks = chance.sample(range(self.middle + gap, self.middle + 7), chance.randint(0, 4))
        narrow = chance.random() < 0.2
        return Ladder(
            bids=tuple((price * ONE, chance.choice([0, self.size()])) for price in bids),
            asks=tuple((price * ONE, chance.choice([0, self.size(), self.size()])) for price in asks),
            bid_floor=chance.choice([None, (self.middle - chance.randint(0, 6)) * ONE]) if narrow else 0,
            ask_ceiling=chance.choice([None, (self.middle + chance.randint(0, 6)) * ONE]) if narrow else 200 * ONE,
            full=chance.random() < 0.2,
        )

    def advance(self, world: World) -> Command:
        return Advance()

    def operate(self, world: World) -> Command:
        chance = self.chance
        if chance.random() < 0.6:
            return self.switch(world, chance.choice([MarketStatus.HALT, MarketStatus.BREAK]))
        if chance.random() < 0.5:
            rates = [chance.randrange(10**4) * 100 for _ in range(2)]  # so round that no fee is ever rounded
            return SetFees(chance.randint(1, 3), *rates)
        asset = chance.choice(["BTC", "USDT"])
        return Deposit(account_id=chance.randint(1, 3), asset=asset, amount=chance.randrange(1, money(100)))

    def switch(self, world: World, status: MarketStatus) -> Command:
        self.status = status
        return PutMarket(msgspec.structs.replace(world.market, status=status))

    def near(self) -> int:
        return self.middle + self.chance.randint(-3, 3)

    def size(self) -> int:
        return self.chance.randint(1, 100) * STEP


class Checked:
    """A world and its naive twin, compared after every command."""

    def __init__(self, seed: int) -> None:
        half_life_ms = random.Random(seed).choice([None, 0, 1000, 10_000])
        self.world = World(
            balances={"USDT": 4000, "BTC": 40},
            step_size=STEP,
            min_quantity=STEP,
            recovery_half_life_ms=half_life_ms,
        )
        rates = {account.account_id: (account.maker_rate, account.taker_rate) for account in self.state().accounts}
        self.naive = Naive(STEP, None if half_life_ms is None else half_life_ms * 1000, rates)
        for account_id, asset, free, _ in self.state().balances:
            self.naive.money[account_id, asset] = free
        self.depth: dict[tuple[Side, int], int] = {}
        self.update_id = 0
        self.orders: dict[int, Order] = {}
        self.told: dict[tuple[int, str], tuple[int, int]] = {
            (account_id, asset): (free, locked) for account_id, asset, free, locked in self.state().balances
        }

    def state(self) -> ExchangeState:
        return self.world.exchange.snapshot()

    def step(self, command: Command) -> None:
        expected, actual = self.ask_naive(command), self.ask_engine(command)
        assert expected == actual, command
        events = self.world.events if actual is None else []
        self.naive.book = [r for r in self.naive.book if r.left]
        assert (joined(self.naive.trades), sorted(self.naive.ended)) == (
            joined(trades(events)),
            ended(events),
        )
        assert self.naive_queues() == self.engine_queues(), command
        self.fold(events)
        assert self.naive_balances() == {key: held for key, held in self.told.items() if any(held)}

    def ask_engine(self, command: Command) -> Reason | None:
        exchange = self.world.exchange
        before = exchange.state_hash()
        try:
            events = self.world.apply(command)
        except Refused as refused:
            exchange.check()
            assert before == exchange.state_hash(), command
            return refused.reason
        assert events or before == exchange.state_hash(), command
        return None

    def ask_naive(self, command: Command) -> Reason | None:
        naive, now_us = self.naive, self.world.time_us
        naive.trades, naive.ended = [], []
        try:
            match command:
                case PlaceOrder():
                    mode = command.self_trade_prevention or self.world.market.default_self_trade_prevention
                    naive.place(command, mode, now_us)
                case CancelOrder():
                    naive.cancel(command.account_id, command.client_order_id)
                case CancelAll():
                    naive.cancel(command.account_id, None)
                case OutsideUpdate():
                    naive.update(command.prints, command.ladder, now_us, after_gap=command.resumes_us > 0)
                case Advance():
                    if naive.trading:
                        naive.lay(set(), now_us)
                case PutMarket() if command.market.status is MarketStatus.TRADING:
                    naive.resume(now_us)
                case PutMarket():
                    naive.trading = False
                case SetFees():
                    naive.rates[command.account_id] = command.maker_rate, command.taker_rate
                case Deposit():
                    naive.move(command.asset, command.amount, 0, command.account_id)
        except Refused as refused:
            return refused.reason
        return None

    def fold(self, events: list[Event]) -> None:
        """What the events tell of depth and balances, and that it is what stands."""
        changes: dict[str, int] = {}
        for event in events:
            match event:
                case DepthChanged():
                    self.update_id += 1
                    assert self.update_id == event.update_id
                    for side, levels in ((Side.BUY, event.bids), (Side.SELL, event.asks)):
                        assert all(self.depth.get((side, price), 0) != total for price, total in levels)
                        self.depth |= {(side, price): total for price, total in levels}
                case BalanceChanged():
                    assert event.account_id == HOUSE or min(event.free, event.locked) >= 0
                    free, locked = self.told.get((event.account_id, event.asset), (0, 0))
                    self.told[event.account_id, event.asset] = (event.free, event.locked)
                    assert (event.free_change, event.locked_change) == (
                        event.free - free,
                        event.locked - locked,
                    )
                    moved = event.free_change + event.locked_change
                    changes[event.asset] = changes.get(event.asset, 0) + moved
                case OrderChanged():
                    self.fold_order(event)
                case Traded():
                    assert event.quantity > 0
                case _:
                    pass
        assert not any(changes.values()), changes
        self.depth = {level: total for level, total in self.depth.items() if total}
        (venue,) = self.state().venues
        assert {order.order_id: order for order in venue.orders} == self.orders
        entries = [event for event in events if isinstance(event, BalanceChanged)]
        assert len(entries) == len({(e.account_id, e.asset, e.kind, e.reference) for e in entries})
        assert sum(isinstance(event, DepthChanged) for event in events) <= 1
        assert {
            (side, price): sum(quantity for _, quantity in queue)
            for side, levels in ((Side.BUY, venue.bids), (Side.SELL, venue.asks))
            for price, queue in levels
        } == self.depth
        assert self.told == {
            (account_id, asset): (free, locked) for account_id, asset, free, locked in self.state().balances
        }

    def fold_order(self, event: OrderChanged) -> None:
        """An order starts as new, and what it executes is what its fills say."""
        order, fill = event.order, event.fill
        before = self.orders.pop(order.order_id, None)
        assert (event.change is Change.NEW) == (before is None)
        executed = (before.executed, before.executed_quote) if before is not None else (0, 0)
        filled = (fill.quantity, fill.quote) if fill is not None else (0, 0)
        assert (order.executed - filled[0], order.executed_quote - filled[1]) == executed
        if order.is_open:
            self.orders[order.order_id] = order

    def naive_queues(self) -> list[list[tuple[int, int | None, int]]]:
        return [merged((r.price, r.number, r.left) for r in self.naive.queue(side)) for side in Side]

    def engine_queues(self) -> list[list[tuple[int, int | None, int]]]:
        (venue,) = self.state().venues
        return [
            merged((price, key if key > 0 else None, quantity) for price, queue in levels for key, quantity in queue)
            for levels in (venue.bids, venue.asks)
        ]

    def naive_balances(self) -> dict[tuple[int, str], tuple[int, int]]:
        found = {}
        for account_id, asset in self.naive.money:
            locked = self.naive.locked(account_id, asset)
            held = (self.naive.money[account_id, asset] - locked, locked)
            if any(held):
                found[account_id, asset] = held
        return found


def merged(queue: Iterator[tuple[int, int | None, int]]) -> list[tuple[int, int | None, int]]:
    """(price, order id or None for the house, quantity), with house chunks side by side as one."""
    result: list[tuple[int, int | None, int]] = []
    for price, key, quantity in queue:
        if key is None and result and result[-1][:2] == (price, None):
            quantity += result.pop()[2]
        result.append((price, key, quantity))
    return result


def trades(events: list[Event]) -> list[Trade]:
    """The tape, with the order ids of both sides."""
    sides = {
        (event.fill.trade_id, event.fill.is_maker): event.order.order_id
        for event in events
        if isinstance(event, OrderChanged) and event.fill is not None
    }
    return [
        (event.price, event.quantity, sides.get((event.trade_id, True)), sides.get((event.trade_id, False)))
        for event in events
        if isinstance(event, Traded)
    ]


def joined(tape: list[Trade]) -> list[Trade]:
    """A tape in which what one taker took of the house at one price is one trade."""
    result: list[Trade] = []
    for price, quantity, maker, taker in tape:
        if maker is None and result and (result[-1][0], *result[-1][2:]) == (price, None, taker):
            quantity += result.pop()[1]
        if quantity:
            result.append((price, quantity, maker, taker))
    return result


def ended(events: list[Event]) -> list[tuple[int, OrderStatus]]:
    """(order id, last status) of the orders that ended."""
    return sorted(
        (event.order.order_id, event.order.status)
        for event in events
        if isinstance(event, OrderChanged) and not event.order.is_open
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_the_engine_does_what_the_naive_matcher_does(seed: int) -> None:
    life, checked = Life(seed), Checked(seed)
    chance = random.Random(-seed)
    for _, command in zip(range(COMMANDS), life.commands(checked.world), strict=False):
        checked.step(command)
        if chance.random() < 0.01:
            state = msgspec.json.decode(msgspec.json.encode(checked.state()), type=ExchangeState)
            checked.world.exchange = Exchange.restore(state)
    journal = msgspec.json.encode(checked.world.accepted)
    replayed = Exchange()
    events: list[Event] = []
    for stamped in msgspec.json.decode(journal, type=list[Stamped]):
        events += replayed.apply(stamped)
    replayed.check()
    assert checked.world.exchange.state_hash() == replayed.state_hash()
    assert checked.world.happened == events
