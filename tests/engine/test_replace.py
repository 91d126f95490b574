"""Cancelling an order and placing another in one command: what may fail, and what is left then."""

import pytest
from msgspec.structs import replace

from hypersim.engine.commands import CancelOrder, CancelReplace, PlaceOrder
from hypersim.engine.events import OrderRefused
from hypersim.engine.lists import ListKind
from hypersim.engine.market import MarketStatus
from hypersim.engine.orders import CancelRestriction, OrderType, TimeInForce
from hypersim.errors import Reason, Refused, ReplaceRefused
from tests.engine.world import World, number

LIMIT_MAKER, STOP_LOSS = OrderType.LIMIT_MAKER, OrderType.STOP_LOSS
ONLY_PARTLY = CancelRestriction.ONLY_PARTIALLY_FILLED


@pytest.fixture(params=[False, True], ids=["sell", "buy"])
def world(request: pytest.FixtureRequest) -> World:
    """The user sells 5 at 100, the other buys at 90."""
    world = World(mirrored=request.param)
    world.place("user", "sell", 5, 100, name="old")
    world.place("other", "buy", 9, 90)
    return world


def both_failed(world: World, command: CancelReplace) -> tuple[Reason, Reason | None]:
    """Why neither half of a cancel-replace happened."""
    before = world.exchange.state_hash()
    with pytest.raises(ReplaceRefused) as refused:
        world.apply(command)
    assert before == world.exchange.state_hash()
    placing: Refused | None = refused.value.placing
    return refused.value.cancelling.reason, placing.reason if placing is not None else None


def refused_half(world: World) -> tuple[bool, Reason]:
    """Which half of the last command failed, the new order (true) or the cancel, and why."""
    (refused,) = [event for event in world.events if isinstance(event, OrderRefused)]
    return refused.is_new, refused.reason


def test_one_order_takes_the_place_of_another(world: World) -> None:
    world.apply(world.replacing("user", "old", world.order("user", "sell", 4, 99, name="new")))
    assert ([("CANCELED", "old"), ("NEW", "new")], "user 4 @99") == (world.story(), world.asks())
    assert not [event for event in world.events if isinstance(event, OrderRefused)]


def test_the_new_order_may_trade_at_once(world: World) -> None:
    world.apply(world.replacing("user", "old", world.order("user", "sell", 4, 90, name="new")))
    assert ("FILLED", "", "other 5 @90") == (world.statuses("new"), world.asks(), world.bids())


def test_the_new_order_may_have_the_name_of_the_old_one(world: World) -> None:
    world.apply(world.replacing("user", "old", world.order("user", "sell", 4, 99, name="old")))
    assert ([("CANCELED", "old"), ("NEW", "old")], "user 4 @99") == (world.story(), world.asks())


def test_what_the_old_order_held_pays_for_the_new_one() -> None:
    world = World(balances={"BTC": 5})
    world.place("user", "sell", 5, 100, name="old")
    world.apply(world.replacing("user", "old", world.order("user", "sell", 5, 99)))
    assert ("0.00000000", "5.00000000") == world.balance("user", "BTC")


@pytest.mark.parametrize("anyway", [False, True])
def test_the_cancel_stands_where_the_new_order_is_refused_by_the_book_or_by_funds(world: World, anyway: bool) -> None:
    crossing = world.order("user", "sell", 4, 90, order_type=LIMIT_MAKER)
    world.apply(world.replacing("user", "old", crossing, anyway=anyway))
    assert ("CANCELED", "", (True, Reason.WOULD_MATCH_IMMEDIATELY)) == (
        world.statuses("old"),
        world.asks(),
        refused_half(world),
    )


def test_without_a_cancel_nothing_is_placed_unless_that_is_wanted(world: World) -> None:
    order = world.order("user", "sell", 4, 99, name="new")
    assert (Reason.UNKNOWN_ORDER, None) == both_failed(world, world.replacing("user", "nothing", order))
    world.apply(world.replacing("user", "nothing", order, anyway=True))
    assert ((False, Reason.UNKNOWN_ORDER), "user 4 @99, user 5 @100") == (refused_half(world), world.asks())


def test_where_both_fail_both_say_why(world: World) -> None:
    crossing = world.order("user", "sell", 4, 90, order_type=LIMIT_MAKER)
    assert (Reason.UNKNOWN_ORDER, Reason.WOULD_MATCH_IMMEDIATELY) == both_failed(
        world, world.replacing("user", "nothing", crossing, anyway=True)
    )


def test_a_restricted_cancel_fails_like_any_other(world: World) -> None:
    order = world.order("user", "sell", 4, 99, name="new")
    command = world.replacing("user", "old", order)
    restricted = replace(command, cancel=replace(command.cancel, restriction=ONLY_PARTLY))
    assert (Reason.CANCEL_RESTRICTED, None) == both_failed(world, restricted)
    world.place("other", "buy", 1, 100)
    world.apply(restricted)
    assert ("CANCELED", "user 4 @99") == (world.statuses("old"), world.asks())


# rules; the new sell's quantity and price; why all of it is refused
BEFORE = (
    ({"status": MarketStatus.HALT}, 4, 99, Reason.MARKET_CLOSED),
    ({"replace_allowed": False}, 4, 99, Reason.REPLACE_NOT_SUPPORTED),
    ({"min_notional": number(500)}, 4, 99, Reason.FILTER_NOTIONAL),
    ({"max_num_orders": 1}, 4, 99, Reason.FILTER_MAX_NUM_ORDERS),
)


@pytest.mark.parametrize(("rules", "quantity", "price", "reason"), BEFORE)
def test_filters_and_counts_are_looked_at_before_the_cancel(
    world: World, rules: dict[str, int], quantity: int, price: int, reason: Reason
) -> None:
    world.rules(**rules)
    assert reason is world.refusal(world.replacing("user", "old", world.order("user", "sell", quantity, price)))
    assert "NEW" == world.statuses("old")


def test_the_position_filter_is_looked_at_before_the_cancel_too() -> None:
    world = World(balances={"BTC": 5, "USDT": 10**4}, max_position=number(12))
    world.place("user", "buy", 6, 90, name="old")
    assert Reason.FILTER_MAX_POSITION is world.refusal(
        world.replacing("user", "old", world.order("user", "buy", 7, 90))
    )
    assert "NEW" == world.statuses("old")


def test_cancelling_one_order_of_a_list_cancels_the_list(world: World) -> None:
    oto = world.listing(
        ListKind.OTO,
        world.order("user", "sell", 2, 101, name="working"),
        world.order("user", "buy", 2, 95, name="pending"),
    )
    world.apply(oto)
    world.apply(world.replacing("user", "pending", world.order("user", "sell", 1, 99)))
    assert ("CANCELED, CANCELED", "user 1 @99, user 5 @100") == (world.statuses("working", "pending"), world.asks())
    assert () == world.exchange.snapshot().venues[0].lists


def test_what_a_paid_list_kept_is_free_before_the_new_order_is_placed() -> None:
    world = World(balances={"USDT": 1000, "BTC": 4}, fee_rate=0)
    world.apply(
        world.listing(
            ListKind.OPO,
            world.order("user", "buy", 5, 100, name="working"),
            world.order("user", "sell", 0, 110, name="pending"),
        )
    )
    world.place("other", "sell", 4, 100)
    assert ("4.00000000", "4.00000000") == world.balance("user", "BTC")
    world.apply(world.replacing("user", "working", world.order("user", "sell", 8, 120)))
    assert ("0.00000000", "8.00000000") == world.balance("user", "BTC")


def test_a_stop_that_the_new_order_triggers_comes_after_it(world: World) -> None:
    world.outside(prints="buy 1 @95")
    world.place("third", "sell", 1, order_type=STOP_LOSS, stop=92, name="stop")
    world.apply(world.replacing("user", "old", world.order("user", "sell", 4, 90, tif=TimeInForce.IOC, name="new")))
    assert ("user 4 @90", "third 1 @90") == (world.fills().split(", ")[1], world.fills().split(", ")[-1])


def test_the_cancel_may_name_the_order_by_both_ids(world: World) -> None:
    order: PlaceOrder = world.order("user", "sell", 4, 99)
    command = world.replacing("user", "old", order)
    cancel: CancelOrder = replace(command.cancel, order_id=1, client_order_id="wrong")
    assert (Reason.CANCEL_IDS_MISMATCH, None) == both_failed(world, replace(command, cancel=cancel))
    world.apply(replace(command, cancel=replace(cancel, client_order_id="old")))
    assert "user 4 @99" == world.asks()
