"""What an account is told of its orders: whole events, in their order."""

from typing import Any

import pytest
from msgspec.structs import replace

from hypersim.engine.commands import CancelAll, PlaceOrder
from hypersim.engine.orders import OrderType, Peg, PegPriceType, SelfTradePrevention, TimeInForce
from tests.api.streams.steps import (
    AT_100,
    NOTHING,
    PREVENTED,
    Step,
    after,
    btc,
    cancel,
    other,
    outside,
    traded,
    usdt,
    user,
)
from tests.api.streams.told import T, Told, position, report
from tests.engine.world import SYMBOL

MARKET, LIMIT_MAKER = OrderType.MARKET, OrderType.LIMIT_MAKER
STOP_LOSS, STOP_LIMIT = OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT
TAKE_PROFIT, PROFIT_LIMIT = OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT
IOC, FOK = TimeInForce.IOC, TimeInForce.FOK


def strategic(world: Told) -> PlaceOrder:
    """An order that shows half of itself, with a strategy."""
    return replace(world.order("user", "buy", 2, 100, name="a", iceberg=1), strategy_id=7, strategy_type=1_000_000)


SIMPLE: dict[str, tuple[Step, Step, list[Any]]] = {
    "a limit order": (NOTHING, user("buy", 2, 100), [report(), position(USDT=usdt(-200, 200))]),
    "a limit order that takes and rests": (
        after(other("sell", 1, 99)),
        user("buy", 2, 100),
        [
            report(i=2),
            traded(1, 99, trade=1, total=1, quote=99, i=2, X="PARTIALLY_FILLED", w=True),
            position(USDT=usdt(-199, 100), BTC=btc(1, 0)),
        ],
    ),
    "a limit order that somebody takes": (
        user("sell", 2, 100),
        other("buy", 2, 100),
        [
            traded(2, 100, trade=1, total=2, quote=200, fee="USDT", S="SELL", X="FILLED", w=False, m=True),
            position(BTC=btc(-2, 0), USDT=usdt(200, 0)),
        ],
    ),
    "an order that only makes": (
        NOTHING,
        user("buy", 2, 100, order_type=LIMIT_MAKER),
        [report(o="LIMIT_MAKER"), position(USDT=usdt(-200, 200))],
    ),
    "IOC": (
        other("sell", 1, 100),
        user("buy", 2, 100, tif=IOC),
        [
            report(i=2, f="IOC"),
            traded(1, 100, trade=1, total=1, quote=100, i=2, f="IOC", X="PARTIALLY_FILLED", w=False),
            report(i=2, f="IOC", x="EXPIRED", X="EXPIRED", z=1, Z=100, w=False, eR="UNFILLED_IOC_QUANTITY_EXPIRED"),
            position(USDT=usdt(-100, 0), BTC=btc(1, 0)),
        ],
    ),
    "FOK, which moves no money": (
        other("sell", 1, 100),
        user("buy", 2, 100, tif=FOK),
        [
            report(i=2, f="FOK"),
            report(i=2, f="FOK", x="EXPIRED", X="EXPIRED", w=False, eR="UNFILLED_FOK_ORDER_EXPIRED"),
        ],
    ),
    "a market order by what it pays": (
        other("sell", 5, 100),
        user("buy", quote=250),
        [
            report(i=2, o="MARKET", p=0, q=2, Q=250),
            traded(2, 100, trade=1, total=2, quote=200, i=2, o="MARKET", p=0, q=2, Q=250, X="FILLED", w=False),
            position(USDT=usdt(-200, 0), BTC=btc(2, 0)),
        ],
    ),
    "an iceberg with a strategy": (
        NOTHING,
        lambda world: world.apply(strategic(world)),
        [report(F=1, j=7, J=1_000_000), position(USDT=usdt(-200, 200))],
    ),
    "a peg": (
        other("buy", 1, 90),
        user("buy", 2, peg=Peg(PegPriceType.PRIMARY_PEG, None)),
        [report(i=2, p=0, gP="PRIMARY_PEG", gp=90), position(USDT=usdt(-180, 180))],
    ),
    "a peg that is deeper": (
        after(other("buy", 1, 90), other("buy", 1, 89)),
        user("buy", 2, peg=Peg(PegPriceType.PRIMARY_PEG, 1)),
        [
            report(i=3, p=0, gP="PRIMARY_PEG", gOT="PRICE_LEVEL", gOV=1, gp=89),
            position(USDT=usdt(-178, 178)),
        ],
    ),
    "a stop that waits": (
        AT_100,
        user("buy", 2, 120, stop=110, order_type=STOP_LIMIT),
        [report(o="STOP_LOSS_LIMIT", p=120, P=110, w=False, W=None), position(USDT=usdt(-240, 240))],
    ),
    "a stop whose price has come, which is new on the book": (
        after(AT_100, user("buy", 2, 120, stop=110, order_type=STOP_LIMIT)),
        outside(prints="buy 1 @110"),
        [report(o="STOP_LOSS_LIMIT", p=120, P=110)],
    ),
    "a stop without a price": (
        after(AT_100, user("sell", 2, stop=90, order_type=STOP_LOSS), other("buy", 2, 80)),
        outside(prints="sell 1 @90"),
        [
            report(o="STOP_LOSS", S="SELL", p=0, P=90),
            traded(2, 80, trade=3, total=2, quote=160, fee="USDT", o="STOP_LOSS", S="SELL", p=0, P=90)
            | {"X": "FILLED", "w": False},
            position(BTC=btc(-2, 0), USDT=usdt(160, 0)),
        ],
    ),
    "a take profit without a price that nobody takes": (
        after(AT_100, user("sell", 2, stop=110, order_type=TAKE_PROFIT)),
        outside(prints="buy 1 @110"),
        [
            report(o="TAKE_PROFIT", S="SELL", p=0, P=110),
            report(o="TAKE_PROFIT", S="SELL", p=0, P=110, x="EXPIRED", X="EXPIRED", w=False)
            | {"eR": "INSUFFICIENT_LIQUIDITY"},
            position(BTC=btc(0, 0)),
        ],
    ),
    "a trailing order that follows at once": (
        AT_100,
        user("sell", 2, 80, delta=100, order_type=STOP_LIMIT),
        [report(o="STOP_LOSS_LIMIT", S="SELL", p=80, w=False, W=None, d=100, D=T), position(BTC=btc(-2, 2))],
    ),
    "a trailing order that begins to follow": (
        after(AT_100, user("buy", 2, 120, stop=90, delta=1000, order_type=PROFIT_LIMIT)),
        outside(prints="sell 1 @90"),
        [report(o="TAKE_PROFIT_LIMIT", p=120, P=90, w=False, W=None, d=1000, D=T)],
    ),
    "a cancel": (
        user("buy", 2, 100),
        cancel,
        [report(x="CANCELED", X="CANCELED", c="cancel", C="a", w=False), position(USDT=usdt(0, 0))],
    ),
    "a cancel of a waiting stop": (
        after(AT_100, user("buy", 2, 120, stop=110, order_type=STOP_LIMIT)),
        cancel,
        [
            report(o="STOP_LOSS_LIMIT", p=120, P=110, x="CANCELED", X="CANCELED", c="cancel", C="a", w=False, W=None),
            position(USDT=usdt(0, 0)),
        ],
    ),
    "a cancel of everything": (
        after(user("buy", 2, 100), user("sell", 2, 110, name="b")),
        lambda world: world.apply(CancelAll(account_id=1, symbol=SYMBOL, cancel_id="all")),
        [
            report(x="CANCELED", X="CANCELED", c="all", C="a", w=False),
            report(i=2, S="SELL", p=110, x="CANCELED", X="CANCELED", c="all", C="b", w=False),
            position(USDT=usdt(0, 0), BTC=btc(0, 0)),
        ],
    ),
    "an amendment": (
        user("buy", 2, 100),
        lambda world: world.apply(world.amending("user", "a", 1, "b")),
        [report(x="REPLACED", q=1, c="b", C="a"), position(USDT=usdt(-100, 100))],
    ),
    "a replacement": (
        user("buy", 2, 100),
        lambda world: world.apply(world.replacing("user", "a", world.order("user", "buy", 1, 90, name="b"))),
        [
            report(x="CANCELED", X="CANCELED", c="cancel", C="a", w=False),
            report(i=2, c="b", q=1, p=90),
            position(USDT=usdt(-90, 90)),
        ],
    ),
    "a replacement that fails after the cancel": (
        after(other("sell", 1, 100), user("buy", 2, 90)),
        lambda world: world.apply(
            world.replacing("user", "a", world.order("user", "buy", 1, 100, name="b", order_type=LIMIT_MAKER))
        ),
        [
            report(i=2, p=90, x="CANCELED", X="CANCELED", c="cancel", C="a", w=False),
            report(i=-1, c="b", o="LIMIT_MAKER", q=1, x="REJECTED", X="REJECTED", w=False, O=-1, W=None)
            | {"r": "WOULD_MATCH_IMMEDIATELY"},
            position(USDT=usdt(0, 0)),
        ],
    ),
    "a replacement whose cancel fails": (
        NOTHING,
        lambda world: world.apply(
            world.replacing("user", "x", world.order("user", "buy", 2, 100, name="a"), anyway=True)
        ),
        [report(), position(USDT=usdt(-200, 200))],
    ),
}


@pytest.mark.parametrize(("before", "step", "expected"), SIMPLE.values(), ids=SIMPLE)
def test_an_account_is_told_of_its_orders(before: Step, step: Step, expected: list[Any]) -> None:
    world = Told(fee_rate=0)
    before(world)
    inbox = world.listen("user")
    step(world)
    assert expected == world.told(inbox)


MADE = {"S": "SELL", "c": "made"}
TAKER = {"i": 2, "q": 3}
MAKER_ENDS = report(**MADE, **PREVENTED, X="EXPIRED_IN_MATCH", w=False, U=2, A=2, B=2)
STP: dict[SelfTradePrevention, list[Any]] = {
    SelfTradePrevention.NONE: [
        report(**TAKER, V="NONE"),
        traded(2, 100, trade=1, total=2, quote=200, fee="USDT", **MADE, X="FILLED", w=False, m=True),
        traded(2, 100, trade=1, total=2, quote=200, **TAKER, V="NONE", X="PARTIALLY_FILLED"),
        position(USDT=usdt(-100, 100), BTC=btc(0, 0)),
    ],
    SelfTradePrevention.EXPIRE_TAKER: [
        report(**TAKER, V="EXPIRE_TAKER"),
        report(**TAKER, **PREVENTED, V="EXPIRE_TAKER", X="EXPIRED_IN_MATCH", w=False, U=1, A=3, B=3),
    ],
    SelfTradePrevention.EXPIRE_MAKER: [
        report(**TAKER),
        MAKER_ENDS,
        position(USDT=usdt(-300, 300), BTC=btc(0, 0)),
    ],
    SelfTradePrevention.EXPIRE_BOTH: [
        report(**TAKER, V="EXPIRE_BOTH"),
        MAKER_ENDS,
        report(**TAKER, **PREVENTED, V="EXPIRE_BOTH", X="EXPIRED_IN_MATCH", w=False, U=1, A=3, B=3),
        position(BTC=btc(0, 0)),
    ],
    **{
        mode: [
            report(**TAKER, V=mode.value),
            MAKER_ENDS,
            report(**TAKER, **PREVENTED, V=mode.value, U=1, A=2, B=2),
            position(USDT=usdt(-100, 100), BTC=btc(0, 0)),
        ]
        for mode in (SelfTradePrevention.DECREMENT, SelfTradePrevention.TRANSFER)
    },
}


@pytest.mark.parametrize(("prevention", "expected"), STP.items())
def test_orders_that_would_have_met_are_told_of_the_match(prevention: SelfTradePrevention, expected: list[Any]) -> None:
    world = Told(fee_rate=0)
    user("sell", 2, 100, name="made")(world)
    inbox = world.listen("user")
    user("buy", 3, 100, prevention=prevention)(world)
    assert expected == world.told(inbox)


def test_what_was_prevented_is_in_later_reports_without_the_match() -> None:
    world = Told(fee_rate=0)
    user("sell", 2, 100, name="made")(world)
    user("buy", 3, 100, prevention=SelfTradePrevention.DECREMENT)(world)
    inbox = world.listen("user")
    cancel(world)
    cancelled = report(i=2, q=3, V="DECREMENT", x="CANCELED", X="CANCELED", c="cancel", C="a", w=False, v=0, A=2)
    assert [cancelled, position(USDT=usdt(0, 0))] == world.told(inbox)
