"""Cancelling, and the names of orders."""

import pytest

from hypersim.engine.commands import CancelAll, CancelOrder
from hypersim.engine.events import BalanceChanged, DepthChanged, EntryKind
from hypersim.engine.orders import CancelRestriction, OrderStatus, TimeInForce
from hypersim.errors import Reason
from hypersim.units import ONE
from tests.engine.world import SYMBOL, World, money

ONLY_NEW, ONLY_PARTLY = CancelRestriction.ONLY_NEW, CancelRestriction.ONLY_PARTIALLY_FILLED


def standing() -> World:
    """User has order 1 (untouched) and order 2 (2 of 5 filled), other has 3; order 4 was filled."""
    world = World()
    world.place("user", "buy", 5, 90, name="new")
    world.place("user", "buy", 5, 100, name="part")
    world.place("other", "buy", 1, 80, name="foreign")
    world.place("other", "sell", 2, 100, name="done")
    return world


# account; order id; client order id; restriction; the order that is cancelled or why none is
CANCELS: tuple[tuple[int, int | None, str | None, CancelRestriction | None, str | Reason], ...] = (
    (1, 1, None, None, "new"),
    (1, None, "new", None, "new"),
    (1, 1, "new", None, "new"),
    (1, 2, None, None, "part"),
    (1, 1, None, ONLY_NEW, "new"),
    (1, 2, None, ONLY_PARTLY, "part"),
    (2, 3, "foreign", None, "foreign"),
    (1, 1, None, ONLY_PARTLY, Reason.CANCEL_RESTRICTED),
    (1, 2, None, ONLY_NEW, Reason.CANCEL_RESTRICTED),
    (1, 1, "part", None, Reason.CANCEL_IDS_MISMATCH),
    (1, 1, "nobody's", None, Reason.CANCEL_IDS_MISMATCH),
    (1, 3, None, None, Reason.UNKNOWN_ORDER),
    (1, None, "foreign", None, Reason.UNKNOWN_ORDER),
    (1, 3, "foreign", None, Reason.UNKNOWN_ORDER),
    (1, 99, "new", None, Reason.UNKNOWN_ORDER),
    (2, 4, None, None, Reason.UNKNOWN_ORDER),
    (2, None, "done", None, Reason.UNKNOWN_ORDER),
    (1, 99, None, None, Reason.UNKNOWN_ORDER),
    (1, 0, None, None, Reason.UNKNOWN_ORDER),
    (1, -1, None, None, Reason.UNKNOWN_ORDER),
    (1, None, "", None, Reason.UNKNOWN_ORDER),
    (1, None, None, None, Reason.UNKNOWN_ORDER),
    (3, 1, None, None, Reason.UNKNOWN_ORDER),
)


@pytest.mark.parametrize(("account_id", "order_id", "name", "restriction", "outcome"), CANCELS)
def test_a_cancel_names_an_open_order_of_its_account(
    account_id: int,
    order_id: int | None,
    name: str | None,
    restriction: CancelRestriction | None,
    outcome: str | Reason,
) -> None:
    world = standing()
    cancel = CancelOrder(
        account_id=account_id,
        symbol=SYMBOL,
        order_id=order_id,
        client_order_id=name,
        cancel_id="the-cancel",
        restriction=restriction,
    )
    if isinstance(outcome, Reason):
        assert outcome is world.refusal(cancel)
        return
    world.apply(cancel)
    assert [("CANCELED", outcome)] == world.story()
    (change,) = world.changes()
    assert ("the-cancel", OrderStatus.CANCELED, None) == (change.cancel_id, change.order.status, change.fill)


def test_a_cancel_takes_the_rest_off_the_book_and_releases_its_hold() -> None:
    world = standing()
    world.wait(3)
    order = world.cancel("user", "part")
    assert "user 5 @90, other 1 @80" == world.bids()
    assert (2 * ONE, 0, 0, world.time_us) == (order.executed, order.leaves, order.held, order.updated_us)
    moved = [event for event in world.events if isinstance(event, BalanceChanged)]
    assert [(1, "USDT", EntryKind.RELEASE, money(300), -money(300), money(450), "BTCUSDT:2")] == [
        (
            event.account_id,
            event.asset,
            event.kind,
            event.free_change,
            event.locked_change,
            event.locked,
            event.reference,
        )
        for event in moved
    ]
    assert [((100 * ONE, 0),)] == [event.bids for event in world.events if isinstance(event, DepthChanged)]


def test_an_order_cancels_once() -> None:
    world = standing()
    world.cancel("user", "part")
    again = CancelOrder(account_id=1, symbol=SYMBOL, client_order_id="part", cancel_id="c")
    assert Reason.UNKNOWN_ORDER is world.refusal(again)


def test_all_orders_of_one_account_are_cancelled_in_the_order_of_their_placement() -> None:
    world = standing()
    world.place("user", "sell", 5, 200, name="ask")
    world.apply(CancelAll(account_id=1, symbol=SYMBOL, cancel_id="all"))
    assert [("CANCELED", "new"), ("CANCELED", "part"), ("CANCELED", "ask")] == world.story()
    assert {"all"} == {change.cancel_id for change in world.changes()}
    assert ("other 1 @80", "") == (world.bids(), world.asks())
    assert "0.00000000" == world.balance("user", "USDT")[1] == world.balance("user", "BTC")[1]


def test_cancelling_all_of_nothing_is_refused() -> None:
    assert Reason.UNKNOWN_ORDER is standing().refusal(CancelAll(account_id=3, symbol=SYMBOL, cancel_id="all"))


def test_a_cancelled_order_does_not_trade() -> None:
    world = World()
    world.place("user", "sell", 2, 100, name="first")
    world.place("other", "sell", 2, 100)
    world.cancel("user", "first")
    world.place("third", "buy", 1, 100)
    assert "other 1 @100" == world.asks()


def test_the_name_of_an_open_order_is_taken() -> None:
    world = World()
    world.place("user", "buy", 1, 90, name="mine")
    assert Reason.DUPLICATE_ORDER is world.refusal(world.order("user", "buy", 1, 91, name="mine"))
    assert Reason.DUPLICATE_ORDER is world.refusal(world.order("user", "sell", 1, name="mine"))
    assert "mine" == world.place("other", "buy", 1, 90, name="mine").client_order_id


@pytest.mark.parametrize("end", ["fill", "cancel", "expiry", "prevention"])
def test_the_name_of_a_closed_order_is_free_again(end: str) -> None:
    world = World()
    if end == "expiry":
        world.place("user", "buy", 2, 90, name="mine", tif=TimeInForce.IOC)
    else:
        world.place("user", "buy", 2, 90, name="mine")
    if end == "fill":
        world.place("other", "sell", 2, 90)
    if end == "cancel":
        world.cancel("user", "mine")
    if end == "prevention":
        world.place("user", "sell", 2, 90)
    again = world.place("user", "buy", 3, 80, name="mine")
    cancelled = world.cancel("user", "mine")
    assert again.order_id == cancelled.order_id


def test_a_name_is_taken_while_its_order_is_partly_filled() -> None:
    world = standing()
    assert Reason.DUPLICATE_ORDER is world.refusal(world.order("user", "buy", 1, 90, name="part"))
