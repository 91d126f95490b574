"""One cancels the other: which order of an OCO works, and what the two hold."""

import pytest

from hypersim.engine.lists import ListKind
from hypersim.engine.orders import OrderType, SelfTradePrevention
from hypersim.errors import Reason
from tests.engine.listings import done, locked, oco
from tests.engine.world import World

LIMIT_MAKER = OrderType.LIMIT_MAKER
STOP_LOSS, STOP_LOSS_LIMIT = OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT
TAKE_PROFIT, TAKE_PROFIT_LIMIT = OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT
OCO = ListKind.OCO


@pytest.fixture(params=[False, True], ids=["sell", "buy"])
def world(request: pytest.FixtureRequest) -> World:
    """The last price is 100."""
    world = World(mirrored=request.param)
    world.outside(prints="buy 1 @100")
    return world


# what happens; statuses of stop and limit; asks; whether the list is done
OCOS: tuple[tuple[str, str, str, bool], ...] = (
    ("buy 5 @110", "EXPIRED OCO_TRIGGER, FILLED", "", True),
    ("buy 2 @110", "EXPIRED OCO_TRIGGER, PARTIALLY_FILLED", "user 3 @110", False),
    ("buy 9 @111", "EXPIRED OCO_TRIGGER, FILLED", "", True),
    ("sell 1 @90", "NEW, EXPIRED OCO_TRIGGER", "user 5 @85", False),
    ("sell 1 @80", "NEW, EXPIRED OCO_TRIGGER", "user 5 @85", False),
    # both within one command: a fill cannot be undone, a trigger can
    ("buy 2 @110, sell 1 @90", "EXPIRED OCO_TRIGGER, PARTIALLY_FILLED", "user 3 @110", False),
    ("sell 1 @90, buy 2 @110", "EXPIRED OCO_TRIGGER, PARTIALLY_FILLED", "user 3 @110", False),
    ("sell 1 @90, buy 9 @110", "EXPIRED OCO_TRIGGER, FILLED", "", True),
)


@pytest.mark.parametrize(("prints", "statuses", "asks", "ends"), OCOS)
def test_one_order_of_an_oco_ends_the_other(world: World, prints: str, statuses: str, asks: str, ends: bool) -> None:
    world.apply(oco(world))
    world.outside(prints=prints)
    assert (statuses, asks, ends) == (
        world.statuses("stop", "limit"),
        world.asks(),
        not world.exchange.snapshot().venues[0].lists,
    )


def test_the_limit_order_expires_before_the_stop_works(world: World) -> None:
    world.apply(oco(world))
    world.outside(prints="sell 1 @90")
    assert [("EXPIRED", "limit"), ("WORKING", "stop")] == world.story()


@pytest.mark.parametrize("order_type", [TAKE_PROFIT, TAKE_PROFIT_LIMIT])
@pytest.mark.parametrize(
    ("prints", "statuses"),
    [("buy 1 @110", "EXPIRED OCO_TRIGGER, FILLED"), ("sell 1 @90", "FILLED, EXPIRED OCO_TRIGGER")],
)
def test_an_oco_of_two_stops_lets_the_one_work_that_is_triggered(
    world: World, order_type: OrderType, prints: str, statuses: str
) -> None:
    world.apply(
        world.listing(
            OCO,
            world.order("user", "sell", 5, order_type=STOP_LOSS, stop=90, name="stop"),
            world.order(
                "user",
                "sell",
                5,
                80 if order_type is TAKE_PROFIT_LIMIT else None,
                order_type=order_type,
                stop=110,
                name="limit",
            ),
        )
    )
    assert "" == world.asks()
    world.outside(prints=prints, bids="9 @85", asks="")
    assert (statuses, "house 4 @85") == (world.statuses("stop", "limit"), world.bids())
    assert done(world)


# side; stop price and price of the stop order; price of the other; what is held
HELD_ONCE = (
    ("sell", 90, 85, 110, "BTC", "5.00000000"),
    ("buy", 110, 115, 90, "USDT", "575.00000000"),
    ("buy", 110, None, 90, "USDT", "550.00000000"),
)


@pytest.mark.parametrize(("side", "stop", "stop_limit", "limit", "asset", "held"), HELD_ONCE)
def test_an_oco_holds_once_what_the_dearer_of_its_orders_needs(
    side: str, stop: int, stop_limit: int | None, limit: int, asset: str, held: str
) -> None:
    world = World(balances={"BTC": 5, "USDT": 575}, fee_rate=0)
    world.outside(prints="buy 1 @100")
    order_type = STOP_LOSS if stop_limit is None else STOP_LOSS_LIMIT
    orders = (
        world.order("user", side, 5, stop_limit, order_type=order_type, stop=stop, name="stop"),
        world.order("user", side, 5, limit, order_type=LIMIT_MAKER, name="limit"),
    )
    world.apply(world.listing(OCO, *orders))
    assert held == locked(world, asset)
    taker = "buy" if side == "sell" else "sell"
    world.outside(prints=f"{taker} 2 @{limit}")
    left = {"BTC": "3.00000000", "USDT": "270.00000000"}[asset]
    assert left == locked(world, asset)
    world.cancel("user", "limit")
    assert "0.00000000" == locked(world, asset)


def test_an_oco_that_cannot_be_paid_is_refused_whole() -> None:
    for side, stop, price, limit in (("sell", 90, 85, 110), ("buy", 110, 115, 90)):
        world = World(balances={"BTC": 4, "USDT": 574})
        world.outside(prints="buy 1 @100")
        orders = (
            world.order("user", side, 5, price, order_type=STOP_LOSS_LIMIT, stop=stop, name="stop"),
            world.order("user", side, 5, limit, order_type=LIMIT_MAKER, name="limit"),
        )
        assert Reason.INSUFFICIENT_BALANCE is world.refusal(world.listing(OCO, *orders))


def test_an_oco_whose_limit_would_take_is_refused_whole(world: World) -> None:
    world.place("other", "buy", 1, 110)
    assert Reason.WOULD_MATCH_IMMEDIATELY is world.refusal(oco(world))


def test_an_order_that_prevention_lowered_has_not_traded_and_leaves_the_stop_waiting(world: World) -> None:
    world.apply(oco(world))
    world.place("user", "buy", 2, 110, prevention=SelfTradePrevention.DECREMENT)
    assert ("NEW, NEW", "user 3 @110") == (world.statuses("stop", "limit"), world.asks())
    world.outside(prints="sell 1 @90")
    assert ("NEW, EXPIRED OCO_TRIGGER", "user 5 @85") == (world.statuses("stop", "limit"), world.asks())


def test_an_order_that_prevention_lowered_ends_the_stop_when_it_trades(world: World) -> None:
    world.apply(oco(world))
    world.place("user", "buy", 2, 110, prevention=SelfTradePrevention.DECREMENT)
    world.outside(prints="buy 1 @110")
    assert ("EXPIRED OCO_TRIGGER, PARTIALLY_FILLED", "user 2 @110") == (
        world.statuses("stop", "limit"),
        world.asks(),
    )


def test_a_stop_is_over_with_what_its_alternative_gave_up_and_the_account_spent() -> None:
    world = World(balances={"BTC": 5, "USDT": 1000})
    world.outside(prints="buy 1 @100")
    world.apply(oco(world))
    world.place("user", "buy", 2, 110, prevention=SelfTradePrevention.DECREMENT)
    world.place("user", "sell", 2, 120)
    world.outside(prints="sell 1 @90")
    assert ("EXPIRED REJECTED, EXPIRED OCO_TRIGGER", True) == (world.statuses("stop", "limit"), done(world))
    assert ("3.00000000", "2.00000000") == world.balance("user", "BTC")


def test_an_order_that_prevention_lowers_to_nothing_ends_its_list(world: World) -> None:
    world.apply(oco(world))
    world.place("user", "buy", 5, 110, prevention=SelfTradePrevention.DECREMENT)
    assert "EXPIRED OCO_TRIGGER, EXPIRED_IN_MATCH" == world.statuses("stop", "limit")
    assert done(world)


def test_an_order_that_prevention_ends_ends_its_list(world: World) -> None:
    world.apply(oco(world))
    world.place("user", "buy", 1, 110, prevention=SelfTradePrevention.EXPIRE_MAKER)
    assert "EXPIRED OCO_TRIGGER, EXPIRED_IN_MATCH" == world.statuses("stop", "limit")
    assert done(world)
