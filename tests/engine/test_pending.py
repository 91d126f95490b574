"""One triggers the other, or two of which one cancels the other: what is pending, and when it is placed."""

from collections.abc import Mapping
from typing import Any

import pytest

from hypersim.engine.commands import CancelList
from hypersim.engine.events import Change
from hypersim.engine.lists import ListKind, Phase
from hypersim.engine.orders import OrderType, SelfTradePrevention, TimeInForce
from hypersim.errors import Reason
from tests.engine.listings import done, lists, locked, oto, otoco
from tests.engine.world import SYMBOL, World

LIMIT_MAKER = OrderType.LIMIT_MAKER
STOP_LOSS = OrderType.STOP_LOSS
TAKE_PROFIT_LIMIT = OrderType.TAKE_PROFIT_LIMIT
OTO = ListKind.OTO


@pytest.fixture(params=[False, True], ids=["sell", "buy"])
def world(request: pytest.FixtureRequest) -> World:
    """The last price is 100."""
    world = World(mirrored=request.param)
    world.outside(prints="buy 1 @100")
    return world


def test_what_is_pending_is_placed_when_the_working_order_is_filled_and_not_before(world: World) -> None:
    world.apply(oto(world))
    world.outside(prints="sell 4 @98")
    assert ("PARTIALLY_FILLED, PENDING_NEW", "") == (world.statuses("working", "pending"), world.asks())
    world.wait(1).outside(prints="sell 1 @98")
    assert ("FILLED, NEW", "user 5 @105") == (world.statuses("working", "pending"), world.asks())
    assert [("TRADE", "working"), ("WORKING", "pending")] == world.story()
    assert (Phase.OPEN, world.time_us) == (lists(world)[0].phase, world.last("pending").working_us)


def test_a_working_order_that_is_filled_at_once_sets_free_at_once(world: World) -> None:
    world.place("other", "sell", 9, 98)
    world.apply(oto(world))
    assert ["NEW", "NEW", "TRADE", "TRADE", "WORKING"] == [change for change, _ in world.story()]
    assert ["PENDING_NEW", "user 5 @105"] == [world.changes()[1].order.status, world.asks().split(", ")[-1]]


def test_an_oto_holds_only_what_its_working_order_needs() -> None:
    world = World(balances={"USDT": 500}, fee_rate=0)
    world.apply(oto(world))
    assert ("490.00000000", "0.00000000") == (locked(world, "USDT"), locked(world, "BTC"))
    world.outside(prints="sell 9 @98")
    assert ("0.00000000", "5.00000000") == (locked(world, "USDT"), locked(world, "BTC"))


def test_a_pending_order_that_cannot_be_paid_when_its_turn_comes_is_rejected() -> None:
    world = World(balances={"USDT": 500})  # the fee is missing from what was bought
    world.apply(oto(world))
    world.outside(prints="sell 9 @98")
    assert ("REJECTED REJECTED", "0.00000000", True) == (world.statuses("pending"), locked(world, "BTC"), done(world))
    assert [Reason.INSUFFICIENT_BALANCE] == [each.reason for each in world.changes() if each.change is Change.REJECTED]


# the pending order; what becomes of it when the working one is filled, the market being 98 bid by 9, and asked at 101
PENDING: tuple[tuple[Mapping[str, Any], str], ...] = (
    ({"price": None}, "FILLED"),
    ({"price": 98, "order_type": LIMIT_MAKER}, "REJECTED REJECTED"),
    ({"price": 99, "order_type": LIMIT_MAKER}, "NEW"),
    ({"price": 97, "tif": TimeInForce.IOC}, "FILLED"),
    ({"price": None, "order_type": STOP_LOSS, "stop": 97}, "NEW"),
    ({"price": None, "order_type": STOP_LOSS, "stop": 98}, "REJECTED REJECTED"),
    ({"price": None, "order_type": STOP_LOSS, "delta": 100}, "NEW"),
    ({"price": 120, "order_type": TAKE_PROFIT_LIMIT, "stop": 97}, "REJECTED REJECTED"),
    ({"side": "buy", "price": 98}, "NEW"),
    ({"side": "buy", "price": 101}, "FILLED"),
)


@pytest.mark.parametrize(("pending", "expected"), PENDING)
def test_a_pending_order_may_be_of_any_type(world: World, pending: Mapping[str, Any], expected: str) -> None:
    world.outside(asks="9 @101", bids="")
    world.apply(oto(world, **pending))
    world.outside(prints="sell 5 @98", bids="9 @98")
    assert expected == world.statuses("pending")
    assert ("NEW" not in expected) is done(world)


@pytest.mark.parametrize("end", ["cancel", "ioc", "prevention"])
def test_what_is_pending_expires_where_the_working_order_ends_unfilled(world: World, end: str) -> None:
    orders = oto(world).orders
    if end == "ioc":
        world.place("other", "sell", 1, 98)
        working = world.order("user", "buy", 5, 98, tif=TimeInForce.IOC, name="working")
        orders = (working, *orders[1:])
    world.apply(world.listing(OTO, *orders))
    if end == "cancel":
        world.apply(CancelList(account_id=1, symbol=SYMBOL, list_id=1, cancel_id="c"))
    if end == "prevention":
        world.place("user", "sell", 1, 98, prevention=SelfTradePrevention.EXPIRE_MAKER)
    expected = "CANCELED" if end == "cancel" else "EXPIRED OTO_PHASE_ONE_EXPIRED"
    assert (expected, True) == (world.statuses("pending"), done(world))


def test_an_otoco_sets_an_oco_free(world: World) -> None:
    world.apply(otoco(world))
    world.outside(prints="sell 5 @98")
    assert ("FILLED, NEW, NEW", "user 5 @110") == (world.statuses("working", "stop", "limit"), world.asks())
    world.outside(prints="sell 1 @90")
    assert ("NEW, EXPIRED OCO_TRIGGER", "user 5 @85") == (world.statuses("stop", "limit"), world.asks())
    world.outside(prints="buy 5 @85")
    assert done(world)


def test_the_pair_of_an_otoco_is_rejected_whole_where_one_of_it_cannot_be_placed(world: World) -> None:
    world.apply(otoco(world))
    world.outside(prints="sell 5 @98, sell 1 @89")  # beyond the stop price
    assert ("REJECTED REJECTED, REJECTED REJECTED", True) == (world.statuses("stop", "limit"), done(world))
