"""What an account is told of its order lists: whole events, in their order."""

from typing import Any

import pytest

from hypersim.engine.commands import CancelList
from hypersim.engine.lists import ListKind
from hypersim.engine.orders import OrderType, SelfTradePrevention
from tests.api.streams.steps import (
    AT_100,
    BTC,
    NOTHING,
    PREVENTED,
    Step,
    after,
    btc,
    other,
    outside,
    traded,
    usdt,
    user,
)
from tests.api.streams.told import Told, position, report, status
from tests.engine.world import SYMBOL

STOP_LIMIT, LIMIT_MAKER = OrderType.STOP_LOSS_LIMIT, OrderType.LIMIT_MAKER


def pair(world: Told) -> None:
    """An OCO: a stop below and a limit above."""
    stop = world.order("user", "sell", 2, 90, stop=95, name="stop", order_type=STOP_LIMIT)
    limit = world.order("user", "sell", 2, 110, name="limit", order_type=LIMIT_MAKER)
    world.apply(world.listing(ListKind.OCO, stop, limit))


def chain(world: Told, kind: ListKind = ListKind.OTO) -> None:
    """A buy that sets a sell free."""
    freed = world.order("user", "sell", 0 if kind.is_paid else 1, 110, name="freed")
    world.apply(world.listing(kind, world.order("user", "buy", 2, 100, name="works"), freed))


def dear_chain(world: Told) -> None:
    """A buy that sets another free, for more than the account has."""
    freed = world.order("user", "buy", BTC, 2000, name="freed")
    world.apply(world.listing(ListKind.OTO, world.order("user", "buy", 2, 100, name="works"), freed))


STOP = {"c": "stop", "S": "SELL", "o": "STOP_LOSS_LIMIT", "p": 90, "P": 95, "g": 1}
LIMIT = {"c": "limit", "S": "SELL", "o": "LIMIT_MAKER", "p": 110, "g": 1, "i": 2}
WORKS = {"c": "works", "g": 1}
FREED = {"c": "freed", "S": "SELL", "q": 1, "p": 110, "g": 1, "i": 2}
WAITS = {"w": False, "W": None}
OVER = {"x": "EXPIRED", "X": "EXPIRED", "w": False}
CANCELLED = {"x": "CANCELED", "X": "CANCELED", "w": False}
PAIR = ((1, "stop"), (2, "limit"))
CHAIN = ((1, "works"), (2, "freed"))
REFUSED = {"x": "REJECTED", "X": "REJECTED", "r": "FILTER_PERCENT_PRICE_BY_SIDE", "eR": "REJECTED"}
LISTS: dict[str, tuple[Step, Step, list[Any]]] = {
    "a pair": (
        AT_100,
        pair,
        [
            status("OCO", "EXEC_STARTED", *PAIR),
            report(**STOP, **WAITS),
            report(**LIMIT),
            position(BTC=btc(-2, 2)),
        ],
    ),
    "a pair whose limit order is touched": (
        after(AT_100, pair),
        other("buy", 2, 110),
        [
            traded(2, 110, trade=2, total=2, quote=220, fee="USDT", **LIMIT, X="FILLED", w=False, m=True),
            report(**STOP, **OVER, W=None, eR="OCO_TRIGGER"),
            status("OCO", "ALL_DONE", *PAIR),
            position(BTC=btc(-2, 0), USDT=usdt(220, 0)),
        ],
    ),
    "a pair whose stop is triggered": (
        after(AT_100, pair),
        outside(prints="sell 1 @95"),
        [report(**LIMIT, **OVER, eR="OCO_TRIGGER"), report(**STOP), position(BTC=btc(-2, 2))],
    ),
    "a pair that is cancelled": (
        after(AT_100, pair),
        lambda world: world.apply(CancelList(account_id=1, symbol=SYMBOL, list_id=1, cancel_id="x")),
        [
            report(**STOP | CANCELLED | {"c": "x"}, C="stop", W=None),
            report(**LIMIT | CANCELLED | {"c": "x"}, C="limit"),
            status("OCO", "ALL_DONE", *PAIR),
            position(BTC=btc(0, 0)),
        ],
    ),
    "a pair of which one gets another name": (
        after(AT_100, pair),
        lambda world: world.apply(world.amending("user", "limit", 1, "less")),
        [
            report(**LIMIT | {"c": "less"}, C="limit", x="REPLACED", q=1),
            status("OCO", "UPDATED", (1, "stop"), (2, "less")),
            report(**STOP, C="stop", x="REPLACED", q=1, **WAITS),
            position(BTC=btc(-1, 1)),
        ],
    ),
    "a chain": (
        NOTHING,
        chain,
        [
            status("OTO", "EXEC_STARTED", *CHAIN),
            report(**WORKS),
            report(**FREED, X="PENDING_NEW", **WAITS),
            position(USDT=usdt(-200, 200)),
        ],
    ),
    "a chain whose working order is filled": (
        chain,
        other("sell", 2, 100),
        [
            traded(2, 100, trade=1, total=2, quote=200, **WORKS, X="FILLED", w=False, m=True),
            status("OTO", "EXEC_STARTED", *CHAIN),
            report(**FREED),
            position(BTC=btc(1, 1), USDT=usdt(-200, 0)),
        ],
    ),
    "a chain whose pending order is refused in its turn": (
        dear_chain,
        other("sell", 2, 100),
        [
            traded(2, 100, trade=1, total=2, quote=200, **WORKS, X="FILLED", w=False, m=True),
            status("OTO", "EXEC_STARTED", *CHAIN),
            report(**FREED | {"S": "BUY", "q": BTC, "p": 2000}, **REFUSED, **WAITS),
            status("OTO", "ALL_DONE", *CHAIN),
            position(BTC=btc(2, 0), USDT=usdt(-200, 0)),
        ],
    ),
    "a chain whose working order expires": (
        user("sell", 2, 100, name="mine"),
        lambda world: world.apply(
            world.listing(
                ListKind.OTO,
                world.order("user", "buy", 2, 100, name="works", prevention=SelfTradePrevention.EXPIRE_TAKER),
                world.order("user", "sell", 1, 110, name="freed"),
            )
        ),
        [
            status("OTO", "EXEC_STARTED", (2, "works"), (3, "freed")),
            report(**WORKS, i=2, V="EXPIRE_TAKER"),
            report(**FREED | {"i": 3}, X="PENDING_NEW", **WAITS),
            report(**WORKS, **PREVENTED, i=2, V="EXPIRE_TAKER", X="EXPIRED_IN_MATCH", w=False, U=1, A=2, B=2),
            report(**FREED | {"i": 3}, **OVER, W=None, eR="OTO_PHASE_ONE_EXPIRED"),
            status("OTO", "ALL_DONE", (2, "works"), (3, "freed")),
        ],
    ),
    "a chain that pays for what follows": (
        NOTHING,
        lambda world: chain(world, ListKind.OPO),
        [
            status("OTO", "EXEC_STARTED", *CHAIN),
            report(**WORKS),
            report(**FREED | {"q": 0}, X="PENDING_NEW", **WAITS),
            position(USDT=usdt(-200, 200)),
        ],
    ),
}


@pytest.mark.parametrize(("before", "step", "expected"), LISTS.values(), ids=LISTS)
def test_an_account_is_told_of_its_lists(before: Step, step: Step, expected: list[Any]) -> None:
    world = Told(fee_rate=0)
    before(world)
    inbox = world.listen("user")
    step(world)
    assert expected == world.told(inbox)
