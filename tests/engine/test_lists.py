"""Order lists of every kind: how they are placed, refused, cancelled and kept."""

from collections.abc import Mapping
from typing import Any

import pytest

from hypersim.engine.commands import CancelAll, CancelList, Stamped
from hypersim.engine.lists import ListKind
from hypersim.engine.market import MarketStatus
from hypersim.engine.orders import OrderType
from hypersim.errors import Reason
from tests.engine.listings import KINDS, done, lists, locked, oco, opo, opoco, oto, otoco
from tests.engine.world import SYMBOL, World, number

LIMIT_MAKER = OrderType.LIMIT_MAKER
STOP_LOSS = OrderType.STOP_LOSS
TAKE_PROFIT, TAKE_PROFIT_LIMIT = OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT
OCO, OTO, OTOCO, OPO = ListKind.OCO, ListKind.OTO, ListKind.OTOCO, ListKind.OPO
ORDERS = ("working", "stop", "limit", "pending")


@pytest.fixture(params=[False, True], ids=["sell", "buy"])
def world(request: pytest.FixtureRequest) -> World:
    """The last price is 100."""
    world = World(mirrored=request.param)
    world.outside(prints="buy 1 @100")
    return world


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_is_told_before_its_orders_which_are_numbered_in_their_order(world: World, kind: Any) -> None:
    command = kind(world)
    world.apply(command)
    (listed,) = lists(world)
    assert (1, 1, "list", command.kind, tuple(enumerate((o.client_order_id for o in command.orders), start=1))) == (
        listed.list_id,
        listed.account_id,
        listed.client_list_id,
        listed.kind,
        listed.orders,
    )
    expected = ["NEW"] * len(listed.orders)
    assert expected == [change.change.value for change in world.changes()]
    waiting = "NEW, NEW" if command.kind is OCO else ", ".join(["NEW", *["PENDING_NEW"] * (len(listed.orders) - 1)])
    assert waiting == world.statuses(*(name for _, name in listed.orders))
    assert {1} == {order.special.list_id for order in world.exchange.snapshot().venues[0].orders}


def test_lists_are_counted_over_all_accounts(world: World) -> None:
    world.apply(oto(world))
    world.apply(
        world.listing(
            OTO,
            world.order("other", "sell", 1, 101, name="working"),
            world.order("other", "buy", 1, 95, name="pending"),
        )
    )
    assert [1, 2] == [listed.list_id for listed in world.exchange.snapshot().venues[0].lists]


# stop price and price of the stop order; price or stop price, and type, of the other; whether it is accepted
PRICES: tuple[tuple[int | None, int, OrderType, bool], ...] = (
    (90, 110, LIMIT_MAKER, True),
    (99, 101, LIMIT_MAKER, True),
    (100, 110, LIMIT_MAKER, False),
    (101, 110, LIMIT_MAKER, False),
    (90, 100, LIMIT_MAKER, False),
    (90, 99, LIMIT_MAKER, False),
    (None, 110, LIMIT_MAKER, True),
    (None, 99, LIMIT_MAKER, False),
    (90, 110, TAKE_PROFIT, True),
    (90, 100, TAKE_PROFIT, False),
    (90, 101, TAKE_PROFIT_LIMIT, True),
    (90, 99, TAKE_PROFIT_LIMIT, False),
)


@pytest.mark.parametrize(("stop", "other", "order_type", "accepted"), PRICES)
def test_the_prices_of_an_oco_lie_around_the_last_one(
    world: World, stop: int | None, other: int, order_type: OrderType, accepted: bool
) -> None:
    waiting = {"delta": 100} if stop is None else {"stop": stop}
    taking: dict[str, Any] = {"price": other} if order_type is LIMIT_MAKER else {"stop": other}
    if order_type is TAKE_PROFIT_LIMIT:
        taking["price"] = 120
    command = world.listing(
        OCO,
        world.order("user", "sell", 5, order_type=STOP_LOSS, name="stop", **waiting),  # type: ignore[arg-type] # stop or delta
        world.order("user", "sell", 5, order_type=order_type, name="limit", **taking),
    )
    if accepted:
        world.apply(command)
    else:
        assert Reason.LIST_PRICES_WRONG is world.refusal(command)


def test_the_pending_prices_of_an_otoco_lie_around_one_another_but_not_yet_around_the_last_one(world: World) -> None:
    orders = otoco(world).orders
    wrong = world.order("user", "sell", 5, 90, order_type=LIMIT_MAKER, name="limit")
    assert Reason.LIST_PRICES_WRONG is world.refusal(world.listing(OTOCO, *orders[:2], wrong))
    below = world.order("user", "sell", 5, 95, order_type=LIMIT_MAKER, name="limit")
    world.apply(world.listing(OTOCO, *orders[:2], below))


# rules; why an OTOCO is refused, and an OPO
RULES: tuple[tuple[Mapping[str, Any], Reason | None, Reason | None], ...] = (
    ({"status": MarketStatus.HALT}, Reason.MARKET_CLOSED, Reason.MARKET_CLOSED),
    ({"oco_allowed": False}, Reason.ORDER_TYPE_NOT_SUPPORTED, None),
    ({"oto_allowed": False}, Reason.ORDER_TYPE_NOT_SUPPORTED, Reason.ORDER_TYPE_NOT_SUPPORTED),
    ({"opo_allowed": False}, None, Reason.ORDER_TYPE_NOT_SUPPORTED),
    ({"max_num_orders": 2}, Reason.FILTER_MAX_NUM_ORDERS, None),
    ({"max_num_orders": 1}, Reason.FILTER_MAX_NUM_ORDERS, Reason.FILTER_MAX_NUM_ORDERS),
    ({"order_types": (OrderType.LIMIT, LIMIT_MAKER)}, Reason.ORDER_TYPE_NOT_SUPPORTED, None),
    ({"max_price": number(106)}, Reason.FILTER_PRICE, None),
    ({"min_notional": number(450)}, Reason.FILTER_NOTIONAL, None),
    ({"min_quantity": number(6)}, Reason.FILTER_LOT_SIZE, Reason.FILTER_LOT_SIZE),
)


@pytest.mark.parametrize(("rules", "otoco_refused", "opo_refused"), RULES)
def test_a_list_is_refused_whole_where_one_of_its_orders_breaks_a_rule(
    rules: Mapping[str, Any], otoco_refused: Reason | None, opo_refused: Reason | None
) -> None:
    for kind, reason in ((otoco, otoco_refused), (opo, opo_refused)):
        world = World()
        world.rules(**rules)
        if reason is None:
            world.apply(kind(world))
        else:
            assert reason is world.refusal(kind(world))


def test_names_of_lists_and_of_their_orders_are_unique_while_they_are_open(world: World) -> None:
    world.apply(oto(world))
    assert Reason.DUPLICATE_ORDER is world.refusal(oto(world))
    other = (world.order("user", "buy", 1, 98, name="a"), world.order("user", "sell", 1, 105, name="b"))
    assert Reason.DUPLICATE_ORDER is world.refusal(world.listing(OTO, *other))
    assert Reason.DUPLICATE_ORDER is world.refusal(world.listing(OTO, other[0], other[0], name="second"))
    assert Reason.DUPLICATE_ORDER is world.refusal(world.order("user", "sell", 1, 105, name="pending"))
    world.cancel("user", "pending")
    world.apply(oto(world))


def test_an_account_has_so_many_lists_and_no_more() -> None:
    world = World(max_num_order_lists=1)
    world.apply(oto(world))
    again = (world.order("user", "buy", 1, 98), world.order("user", "sell", 1, 105))
    assert Reason.FILTER_MAX_NUM_ORDER_LISTS is world.refusal(world.listing(OTO, *again, name="second"))


@pytest.mark.parametrize("name", ["stop", "limit"])
@pytest.mark.parametrize("kind", [oco, otoco, opoco])
def test_cancelling_one_order_cancels_its_list(world: World, kind: Any, name: str) -> None:
    world.apply(kind(world))
    world.cancel("user", name)
    names = [each for each in ORDERS if each in {order for _, order in lists(world)[0].orders}]
    assert {"CANCELED"} == set(world.statuses(*names).split(", "))
    assert ((), True, "") == (world.exchange.snapshot().venues[0].orders, done(world), world.bids() + world.asks())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("by", ["id", "name", "all"])
def test_a_list_is_cancelled_by_its_id_by_its_name_or_with_everything(world: World, kind: Any, by: str) -> None:
    world.apply(kind(world))
    wrong = CancelList(account_id=2, symbol=SYMBOL, list_id=1, cancel_id="c")
    assert Reason.UNKNOWN_ORDER is world.refusal(wrong)
    world.apply(
        CancelAll(account_id=1, symbol=SYMBOL, cancel_id="c")
        if by == "all"
        else CancelList(account_id=1, symbol=SYMBOL, list_id=1, cancel_id="c")
        if by == "id"
        else CancelList(account_id=1, symbol=SYMBOL, client_list_id="list", cancel_id="c")
    )
    assert ({"CANCELED"}, {"c"}, True) == (
        {change.order.status.value for change in world.changes()},
        {change.cancel_id for change in world.changes()},
        done(world),
    )
    assert ["0.00000000", "0.00000000"] == [locked(world, "BTC"), locked(world, "USDT")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_survives_a_snapshot(world: World, kind: Any) -> None:
    world.apply(kind(world))
    restored = type(world.exchange).restore(world.exchange.snapshot())
    assert world.exchange.state_hash() == restored.state_hash()
    update = world.update(prints="sell 2 @98, sell 3 @98, buy 2 @110, sell 1 @90")
    assert world.apply(update) == restored.apply(Stamped(world.time_us, update))
    assert world.exchange.state_hash() == restored.state_hash()
