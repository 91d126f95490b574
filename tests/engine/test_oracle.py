"""Seeded random lives of a market, against the naive matcher and against the engine's own promises."""

import random
from collections.abc import Iterator

import msgspec
import pytest

from hypersim.engine.commands import (
    Advance,
    AmendOrder,
    CancelAll,
    CancelList,
    CancelOrder,
    CancelReplace,
    Command,
    Deposit,
    OutsideUpdate,
    PlaceList,
    PlaceOrder,
    PutMarket,
    Reset,
    SetFees,
    Stamped,
    TestOrder,
)
from hypersim.engine.events import (
    BalanceChanged,
    Change,
    DepthChanged,
    Event,
    ListChanged,
    MatchPrevented,
    OrderChanged,
    OrderRefused,
    Traded,
    WorldReset,
)
from hypersim.engine.exchange import Exchange
from hypersim.engine.ledger import HOUSE
from hypersim.engine.lists import OrderList, Phase
from hypersim.engine.market import MarketStatus
from hypersim.engine.orders import ExpiryReason, Order, OrderStatus, Side
from hypersim.engine.state import ExchangeState
from hypersim.errors import Reason, Refused
from tests.engine.life import STEP, Life
from tests.engine.naive import Naive
from tests.engine.naive_book import Prevented, Trade
from tests.engine.world import World

SEEDS = range(24)
COMMANDS = 1200


class Checked:
    """A world and its naive twin, compared after every command."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        half_life_ms, wealth = chance.choice([None, 0, 1000, 10_000]), chance.choice([10, 25, 40])
        self.world = World(
            balances={"USDT": 100 * wealth, "BTC": wealth},
            step_size=STEP,
            min_quantity=STEP,
            recovery_half_life_ms=half_life_ms,
            max_num_orders=0,
            max_num_algo_orders=0,
            max_num_order_lists=0,
            max_num_order_amends=0,
        )
        rates = {account.account_id: (account.maker_rate, account.taker_rate) for account in self.state().accounts}
        half_life_us = None if half_life_ms is None else half_life_ms * 1000
        self.naive = Naive(STEP, half_life_us, rates, self.world.market.default_self_trade_prevention)
        for account_id, asset, free, _ in self.state().balances:
            self.naive.money[account_id, asset] = free
        self.opening = {asset: free for account_id, asset, free, _ in self.state().balances if account_id == 1}
        self.depth: dict[tuple[Side, int], int] = {}
        self.update_id = 0
        self.orders: dict[int, Order] = {}
        self.lists: dict[int, OrderList] = {}
        self.told: dict[tuple[int, str], tuple[int, int]] = {
            (account_id, asset): (free, locked) for account_id, asset, free, locked in self.state().balances
        }

    def state(self) -> ExchangeState:
        return self.world.exchange.snapshot()

    def step(self, command: Command) -> None:
        expected, actual = self.ask_naive(command), self.ask_engine(command)
        assert expected == actual, command
        events = self.world.events if actual is None else []
        naive = self.naive
        naive.forget_closed()
        assert (joined(naive.trades), sorted(naive.ended)) == (joined(trades(events)), ended(events)), command
        assert (naive.prevented, naive.half) == (prevented(events), half(events)), command
        assert self.naive_queues() == self.engine_queues(), command
        assert self.naive_orders() == self.engine_orders(), command
        self.fold(events)
        assert self.naive_balances() == {key: held for key, held in self.told.items() if any(held)}, command

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

    def ask_naive(self, command: Command) -> Reason | None:  # noqa: C901 - one case per command
        naive, now_us = self.naive, self.world.time_us
        naive.begin()
        try:
            match command:
                case PlaceOrder():
                    naive.place(command, now_us)
                case PlaceList():
                    naive.place_list(command, now_us)
                case TestOrder():
                    naive.check_open()
                case CancelOrder():
                    naive.cancel(command)
                case CancelList():
                    naive.cancel_list(command)
                case CancelAll():
                    naive.cancel_all(command.account_id)
                case CancelReplace():
                    naive.cancel_replace(command, now_us)
                case AmendOrder():
                    naive.amend(command)
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
                case Reset():
                    naive.reset(self.opening if command.balances is None else dict(command.balances))
            naive.settle(now_us)
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
                case ListChanged():
                    self.lists[event.order_list.list_id] = event.order_list
                    if event.order_list.phase is Phase.DONE:
                        del self.lists[event.order_list.list_id]
                case WorldReset():
                    self.orders, self.lists, self.told, changes = {}, {}, {}, {}
                case Traded():
                    assert event.quantity > 0
                case _:
                    pass
        assert not any(changes.values()), changes
        assert all(min(held) >= 0 for (account_id, _), held in self.told.items() if account_id != HOUSE)
        self.depth = {level: total for level, total in self.depth.items() if total}
        (venue,) = self.state().venues
        assert {order.order_id: order for order in venue.orders} == self.orders
        told = {list_id: msgspec.structs.replace(each, saved=0) for list_id, each in self.lists.items()}
        assert {each.list_id: msgspec.structs.replace(each, saved=0) for each in venue.lists} == told
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

    def naive_orders(self) -> dict[int | None, tuple[str, str, int, int, int | None]]:
        return {
            r.number: (r.name, r.where, r.executed, r.whole, r.best if r.where == "waits" else None)
            for r in self.naive.users
        }

    def engine_orders(self) -> dict[int | None, tuple[str, str, int, int, int | None]]:
        (venue,) = self.state().venues
        trails = dict(venue.trails)
        return {
            order.order_id: (
                order.client_order_id,
                where(order),
                order.executed,
                order.leaves,
                trails.get(order.order_id),
            )
            for order in venue.orders
        }

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


def ended(events: list[Event]) -> list[tuple[int, OrderStatus, ExpiryReason | None]]:
    """(order id, last status, why) of the orders that ended."""
    return sorted(
        (event.order.order_id, event.order.status, event.order.expiry_reason)
        for event in events
        if isinstance(event, OrderChanged) and not event.order.is_open
    )


def prevented(events: list[Event]) -> list[Prevented]:
    """The matches that were prevented, in their order."""
    return [
        (event.taker_order_id, event.maker_order_id, event.price, event.taker_prevented, event.maker_prevented)
        for event in events
        if isinstance(event, MatchPrevented)
    ]


def half(events: list[Event]) -> tuple[bool, Reason] | None:
    """The half of a cancel-replace that failed."""
    return next(((event.is_new, event.reason) for event in events if isinstance(event, OrderRefused)), None)


def where(order: Order) -> str:
    """Whether an open order stands, waits or is pending."""
    if order.status is OrderStatus.PENDING_NEW:
        return "pending"
    return "stands" if order.working_us else "waits"


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
