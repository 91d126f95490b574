"""Operations a second of the pure engine, without journal, network or signatures."""

import time
from collections.abc import Callable, Mapping
from typing import Final

from benchmarks.table import Table
from hypersim.engine.commands import (
    CancelOrder,
    Command,
    Ladder,
    OpenAccount,
    OutsideUpdate,
    PlaceOrder,
    Print,
    PutAsset,
    PutMarket,
    Stamped,
)
from hypersim.engine.events import Event
from hypersim.engine.exchange import Exchange
from hypersim.engine.market import Asset, Market
from hypersim.engine.orders import OrderType, Side, TimeInForce
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
    min_notional=5 * ONE,
    max_num_orders=0,
)


class World:
    """An engine with one market and two rich accounts."""

    def __init__(self) -> None:
        self.exchange = Exchange()
        self._time_us = 0
        balances = (("USDT", 10**12 * AMOUNT_ONE), ("BTC", 10**8 * AMOUNT_ONE))
        for asset in ("BTC", "USDT"):
            self.do(PutAsset(Asset(asset)))
        self.do(PutMarket(MARKET))
        for account_id in (1, 2):
            self.do(OpenAccount(account_id=account_id, maker_rate=10**5, taker_rate=10**5, balances=balances))

    def do(self, command: Command) -> list[Event]:
        self._time_us += 1000
        return self.exchange.apply(Stamped(self._time_us, command))


def order(number: int, side: Side, price: int) -> PlaceOrder:
    """A limit order over 0.001."""
    return PlaceOrder(
        account_id=1 if side is Side.BUY else 2,
        symbol="BTCUSDT",
        side=side,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        client_order_id=str(number),
        quantity=ONE // 1000,
        price=price,
    )


def half_resting_half_trading(number: int) -> Command:
    """A bid, then an ask that takes it."""
    return order(number, Side.SELL if number % 2 else Side.BUY, 50_000 * ONE)


def rest_and_cancel(number: int) -> Command:
    """A bid on one of a hundred levels, then its cancel."""
    if number % 2:
        return CancelOrder(account_id=1, symbol="BTCUSDT", order_id=number // 2 + 1, cancel_id="c")
    return order(number, Side.BUY, (49_000 - number % 100) * ONE)


def outside_update(number: int) -> OutsideUpdate:
    """A print and a ladder of which 10 levels a side changed."""
    middle = (50_000 + number % 7) * ONE
    return OutsideUpdate(
        symbol="BTCUSDT",
        prints=(Print(middle, ONE // 100, Side.BUY),),
        ladder=Ladder(
            bids=tuple((middle - level * ONE, (number + level) % 9 * ONE) for level in range(1, 11)),
            asks=tuple((middle + level * ONE, (number + level) % 8 * ONE) for level in range(1, 11)),
        ),
    )


def other_sizes_at_the_touch(number: int) -> Command:
    """Best bid and ask stay where they are and change their sizes."""
    return OutsideUpdate(
        symbol="BTCUSDT",
        ladder=Ladder(bids=((49_999 * ONE, (1 + number % 9) * ONE),), asks=((50_001 * ONE, (1 + number % 8) * ONE),)),
    )


OPERATIONS: Final[Mapping[str, Callable[[int], Command]]] = {
    "limit order, half resting and half trading": half_resting_half_trading,
    "limit order and its cancel": rest_and_cancel,
    "outside update: a print and 20 changed levels": outside_update,
    "outside update: other sizes at the best bid and ask": other_sizes_at_the_touch,
}


def per_second(operation: str, count: int) -> float:
    """How many a fresh world does of so many."""
    world = World()
    commands = [OPERATIONS[operation](number) for number in range(count)]
    begun = time.perf_counter()
    for command in commands:
        world.do(command)
    taken_s = time.perf_counter() - begun
    world.exchange.check()
    return count / taken_s


def engine_table(count: int) -> Table:
    """Each kind of operation, alone on a fresh world."""
    table = Table("engine operation", "per second")
    for operation in OPERATIONS:
        table.row(operation, f"{per_second(operation, count):,.0f}")
    return table
