"""Icebergs show a part of what they have; the next part comes when the one before is gone, at the end of the queue."""

from collections.abc import Mapping
from typing import Any

import pytest

from hypersim.engine.commands import CancelAll
from hypersim.engine.events import DepthChanged
from hypersim.engine.orders import OrderType, SelfTradePrevention, TimeInForce
from hypersim.errors import Reason
from hypersim.units import ONE
from tests.engine.world import SYMBOL, World, number

DECREMENT, EXPIRE_MAKER = SelfTradePrevention.DECREMENT, SelfTradePrevention.EXPIRE_MAKER


@pytest.fixture(params=[False, True], ids=["sell", "buy"])
def world(request: pytest.FixtureRequest) -> World:
    return World(mirrored=request.param)


def iceberg(world: World, quantity: int = 10, shown: int = 3) -> None:
    """The user sells at 100 and shows a part; the other sells 4 behind."""
    world.place("user", "sell", quantity, 100, iceberg=shown, name="iceberg")
    world.place("other", "sell", 4, 100, name="behind")


# what a buyer takes at 100; asks after; the sellers' fills
TAKEN: tuple[tuple[int, str, str], ...] = (
    (1, "user 2 @100, other 4 @100", "user 1"),
    (3, "other 4 @100, user 3 @100", "user 3"),
    (4, "other 3 @100, user 3 @100", "user 3, other 1"),
    (7, "user 3 @100", "user 3, other 4"),
    (8, "user 2 @100", "user 3, other 4, user 1"),
    (10, "user 3 @100", "user 3, other 4, user 3"),
    (13, "user 1 @100", "user 3, other 4, user 3, user 3"),
    (14, "", "user 3, other 4, user 3, user 3, user 1"),
    (20, "", "user 3, other 4, user 3, user 3, user 1"),
)


@pytest.mark.parametrize("how", ["order", "print", "ladder"])
@pytest.mark.parametrize(("quantity", "asks", "sellers"), TAKEN)
def test_whoever_takes_goes_through_the_parts_in_the_order_in_which_they_are_shown(
    world: World, how: str, quantity: int, asks: str, sellers: str
) -> None:
    iceberg(world)
    if how == "order":
        world.place("third", "buy", quantity, 100, tif=TimeInForce.IOC)
    elif how == "print":
        world.outside(prints=f"buy {quantity} @100")
    else:
        world.outside(bids=f"{quantity} @100", asks="")
    fills = [fill for fill in world.fills().split(", ") if not fill.startswith("third")]
    assert (asks, sellers) == (world.asks(), ", ".join(fill.removesuffix(" @100") for fill in fills))


def test_a_print_past_an_iceberg_fills_all_of_it(world: World) -> None:
    iceberg(world)
    world.outside(prints="buy 20 @101")
    assert ("", "FILLED, FILLED") == (world.asks(), world.statuses("iceberg", "behind"))
    assert "outside 6 @101" == world.tape().split(", ")[-1]


def test_the_house_keeps_its_place_before_the_next_part(world: World) -> None:
    world.outside(asks="", bids="")
    world.place("user", "sell", 10, 100, iceberg=3, name="iceberg")
    world.outside(asks="5 @100")
    world.outside(prints="buy 4 @100")
    assert "house 4 @100, user 3 @100" == world.asks()
    world.outside(prints="buy 6 @100")
    assert "user 1 @100" == world.asks()


def test_the_depth_shows_what_an_iceberg_shows_and_its_hold_is_all_of_it(world: World) -> None:
    world.place("user", "sell", 10, 100, iceberg=3, name="iceberg")
    (depth,) = [event for event in world.events if isinstance(event, DepthChanged)]
    assert ((100 * ONE, 3 * ONE),) == (depth.bids if world.mirrored else depth.asks)
    paid = ("USDT", "1000.00000000") if world.mirrored else ("BTC", "10.00000000")
    assert paid[1] == world.balance("user", paid[0])[1]
    world.place("other", "buy", 2, 100)
    world.apply(CancelAll(account_id=1, symbol=SYMBOL, cancel_id="c"))
    assert ("0.00000000", "", 8 * ONE) == (
        world.balance("user", paid[0])[1],
        world.asks(),
        world.last("iceberg").quantity - world.last("iceberg").executed,
    )


def test_a_part_that_is_shown_anew_changes_no_depth(world: World) -> None:
    world.place("user", "sell", 10, 100, iceberg=3, name="iceberg")
    world.place("other", "buy", 3, 100)
    assert "user 3 @100" == world.asks()
    assert [] == [event for event in world.events if isinstance(event, DepthChanged)]


def test_all_or_nothing_counts_what_is_hidden(world: World) -> None:
    iceberg(world)
    assert "EXPIRED" == world.place("third", "buy", 15, 100, tif=TimeInForce.FOK).status
    assert "FILLED" == world.place("third", "buy", 14, 100, tif=TimeInForce.FOK).status


def test_an_order_by_amount_buys_what_is_hidden(world: World) -> None:
    world.place("user", "sell", 10, 100, iceberg=3)
    world.place("other", "sell", 10, 110, iceberg=4)
    order = world.place("third", "buy", quote=1330 if not world.mirrored else 1270)
    assert ("FILLED", 13 * ONE) == (order.status, order.executed)


def test_an_iceberg_that_crosses_takes_with_all_it_has_and_then_shows_a_part(world: World) -> None:
    world.place("other", "buy", 5, 101)
    order = world.place("user", "sell", 10, 100, iceberg=3)
    assert (5 * ONE, "user 3 @100") == (order.executed, world.asks())


def test_a_limit_maker_and_a_stop_may_be_icebergs(world: World) -> None:
    world.outside(prints="buy 1 @100")
    world.place("user", "sell", 10, 105, iceberg=3, order_type=OrderType.LIMIT_MAKER)
    world.place("user", "sell", 10, 94, iceberg=4, order_type=OrderType.STOP_LOSS_LIMIT, stop=95)
    world.outside(prints="sell 1 @95")
    assert "user 4 @94, user 3 @105" == world.asks()


def test_an_own_iceberg_is_ended_whole_or_lowered_part_by_part(world: World) -> None:
    iceberg(world)
    world.place("user", "buy", 5, 100, prevention=EXPIRE_MAKER, name="ends")
    assert ("EXPIRED_IN_MATCH, PARTIALLY_FILLED", 10 * ONE) == (
        world.statuses("iceberg", "ends"),
        world.last("iceberg").prevented,
    )
    world.cancel("user", "ends")
    iceberg(world)
    world.place("user", "buy", 8, 100, prevention=DECREMENT, name="lowers")
    assert ("NEW, EXPIRED_IN_MATCH", 4 * ONE, "user 2 @100") == (
        world.statuses("iceberg", "lowers"),
        world.last("iceberg").prevented,
        world.asks(),
    )


# rules; quantity, shown; why it is refused
REFUSED: tuple[tuple[Mapping[str, Any], int, int, Reason | None], ...] = (
    ({}, 10, 11, Reason.ICEBERG_TOO_LARGE),
    ({}, 10, 10, None),
    ({"iceberg_parts": 4}, 10, 3, None),
    ({"iceberg_parts": 3}, 10, 3, Reason.FILTER_ICEBERG_PARTS),
    ({"min_quantity": number(4)}, 10, 3, Reason.FILTER_LOT_SIZE),
    ({"step_size": number(2)}, 10, 3, Reason.FILTER_LOT_SIZE),
    ({"iceberg_allowed": False}, 10, 3, Reason.ORDER_TYPE_NOT_SUPPORTED),
    ({"max_num_iceberg_orders": 1}, 10, 3, Reason.FILTER_MAX_NUM_ICEBERG_ORDERS),
)


@pytest.mark.parametrize(("rules", "quantity", "shown", "reason"), REFUSED)
def test_an_iceberg_passes_its_filters(
    rules: Mapping[str, Any], quantity: int, shown: int, reason: Reason | None
) -> None:
    world = World()
    world.place("user", "sell", 10, 101, iceberg=5)
    world.rules(**rules)
    command = world.order("user", "sell", quantity, 100, iceberg=shown)
    if reason is None:
        world.apply(command)
    else:
        assert reason is world.refusal(command)


def test_an_iceberg_survives_a_snapshot_with_its_parts(world: World) -> None:
    iceberg(world)
    world.place("third", "buy", 5, 100)
    world.exchange = type(world.exchange).restore(world.exchange.snapshot())
    world.place("third", "buy", 5, 100)
    assert "user 3 @100" == world.asks()
