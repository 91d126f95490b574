"""Stop orders: what they wait for, what triggers them in which order, and what becomes of them then."""

from collections.abc import Mapping
from typing import Any

import pytest

from hypersim.engine.commands import CancelOrder, OutsideUpdate
from hypersim.engine.events import Change
from hypersim.engine.market import MarketStatus
from hypersim.engine.orders import OrderType, SelfTradePrevention, TimeInForce
from hypersim.errors import Reason
from hypersim.units import ONE
from tests.engine.world import SYMBOL, World, number

STOP_LOSS, STOP_LOSS_LIMIT = OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT
TAKE_PROFIT, TAKE_PROFIT_LIMIT = OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT


@pytest.fixture(params=[False, True], ids=["sell", "buy"])
def world(request: pytest.FixtureRequest) -> World:
    """The last price is 100."""
    world = World(mirrored=request.param)
    world.outside(prints="buy 1 @100")
    return world


def waits(world: World, name: str) -> bool:
    """Whether a stop order is open and neither on the book nor done."""
    order = world.last(name)
    return order.is_open and not order.working_us


# type and stop of a sell at 94; prints; whether it waits after each
TRIGGERS: tuple[tuple[OrderType, int, str, str], ...] = (
    (STOP_LOSS_LIMIT, 95, "99, 96, 95", "waits, waits, works"),
    (STOP_LOSS_LIMIT, 95, "101, 150, 94", "waits, waits, works"),
    (STOP_LOSS_LIMIT, 95, "90", "works"),
    (TAKE_PROFIT_LIMIT, 105, "101, 104, 105", "waits, waits, works"),
    (TAKE_PROFIT_LIMIT, 105, "50, 106", "waits, works"),
)


@pytest.mark.parametrize(("order_type", "stop", "prices", "expected"), TRIGGERS)
def test_a_stop_waits_for_a_trade_at_its_price_or_past_it(
    world: World, order_type: OrderType, stop: int, prices: str, expected: str
) -> None:
    placed = world.place("user", "sell", 2, 94, order_type=order_type, stop=stop, name="stop")
    assert ("NEW", 0, "") == (placed.status, placed.working_us, world.asks())
    actual = []
    for price in prices.split(", "):
        world.wait(1).outside(prints=f"sell 1 @{price}")
        actual.append("waits" if waits(world, "stop") else "works")
    assert expected == ", ".join(actual)
    assert ("user 2 @94", world.time_us, "NEW") == (
        world.asks(),
        world.last("stop").working_us,
        world.statuses("stop"),
    )
    assert [Change.WORKING] == [change.change for change in world.changes()]


# type, stop; why it is refused while the last price is 100
AT_ONCE: tuple[tuple[OrderType, int, Reason | None], ...] = (
    (STOP_LOSS, 100, Reason.WOULD_TRIGGER_IMMEDIATELY),
    (STOP_LOSS, 101, Reason.WOULD_TRIGGER_IMMEDIATELY),
    (STOP_LOSS, 99, None),
    (STOP_LOSS_LIMIT, 100, Reason.WOULD_TRIGGER_IMMEDIATELY),
    (STOP_LOSS_LIMIT, 99, None),
    (TAKE_PROFIT, 100, Reason.WOULD_TRIGGER_IMMEDIATELY),
    (TAKE_PROFIT, 99, Reason.WOULD_TRIGGER_IMMEDIATELY),
    (TAKE_PROFIT, 101, None),
    (TAKE_PROFIT_LIMIT, 100, Reason.WOULD_TRIGGER_IMMEDIATELY),
    (TAKE_PROFIT_LIMIT, 101, None),
)


@pytest.mark.parametrize(("order_type", "stop", "reason"), AT_ONCE)
def test_a_stop_that_would_trigger_at_once_is_refused(
    world: World, order_type: OrderType, stop: int, reason: Reason | None
) -> None:
    price = 94 if order_type in (STOP_LOSS_LIMIT, TAKE_PROFIT_LIMIT) else None
    command = world.order("user", "sell", 2, price, order_type=order_type, stop=stop)
    if reason is None:
        world.apply(command)
        return
    assert reason is world.refusal(command)


def test_before_the_first_trade_any_stop_is_taken_and_the_first_trade_decides() -> None:
    world = World()
    world.place("user", "sell", 2, 94, order_type=STOP_LOSS_LIMIT, stop=101, name="above")
    world.place("user", "sell", 2, 94, order_type=STOP_LOSS_LIMIT, stop=99, name="below")
    world.outside(prints="buy 1 @100")
    assert (False, True) == (waits(world, "above"), waits(world, "below"))


def test_the_price_that_an_upstream_began_with_is_no_trade_but_a_market_price() -> None:
    world = World()
    world.place("user", "sell", 2, 94, order_type=STOP_LOSS_LIMIT, stop=101, name="above")
    world.apply(OutsideUpdate(symbol=SYMBOL, last_price=number(100)))
    assert waits(world, "above")
    late = world.order("user", "sell", 2, 94, order_type=STOP_LOSS_LIMIT, stop=101)
    assert Reason.WOULD_TRIGGER_IMMEDIATELY is world.refusal(late)


def test_users_trades_trigger_stops_after_the_order_that_made_them(world: World) -> None:
    world.place("third", "sell", 2, order_type=STOP_LOSS, stop=95, name="stop")
    world.place("other", "buy", 1, 95, name="maker")
    world.place("other", "buy", 5, 94, name="next")
    world.place("user", "sell", 2, 94, name="taker")
    expected = [("TRADE", "maker"), ("TRADE", "taker"), ("TRADE", "next"), ("TRADE", "taker"), ("WORKING", "stop")]
    assert expected == world.story()[1:6]
    assert "other 1 @95, user 1 @95, other 1 @94, user 1 @94, other 2 @94, third 2 @94" == world.fills()


def test_an_outside_size_that_crosses_a_user_triggers_stops_once_the_ladder_is_laid(world: World) -> None:
    world.place("other", "buy", 1, 95)
    world.place("user", "sell", 2, order_type=STOP_LOSS, stop=95)
    world.outside(asks="1 @94", bids="7 @93")
    assert ("other 1 @95, user 2 @93", "house 5 @93") == (world.fills(), world.bids())


@pytest.mark.parametrize(
    ("stops", "expected"),
    [
        ("97, 98, 96", "98, 97, 96"),
        ("96, 96, 98", "98, 96, 96"),
        ("90, 97", "97"),
    ],
)
def test_stops_that_one_trade_reaches_come_nearest_first_then_oldest_first(
    world: World, stops: str, expected: str
) -> None:
    world.outside(bids="9 @94", asks="")
    for nth, stop in enumerate(stops.split(", ")):
        world.place("user", "sell", 1, order_type=STOP_LOSS, stop=stop, name=f"{nth}-{stop}")
    world.outside(prints="sell 1 @95")
    working = [change.order.client_order_id for change in world.changes() if change.change is Change.WORKING]
    assert working == sorted(working, key=lambda name: (-int(name.split("-")[1]), name))
    assert expected == ", ".join(name.split("-")[1] for name in working)


def test_one_stop_may_trigger_the_next_and_so_on(world: World) -> None:
    world.outside(bids="2 @98, 2 @96, 9 @90", asks="")
    world.place("user", "sell", 1, order_type=STOP_LOSS, stop=90, name="last")
    world.place("user", "sell", 2, order_type=STOP_LOSS, stop=96, name="second")
    world.place("user", "sell", 4, order_type=STOP_LOSS, stop=99, name="first")
    world.place("other", "buy", 1, 99)
    world.place("third", "sell", 1, 99)
    working = [change.order.client_order_id for change in world.changes() if change.change is Change.WORKING]
    assert ["first", "second", "last"] == working
    assert "house 6 @90" == world.bids()


def test_a_stop_at_market_that_finds_too_little_expires_for_want_of_liquidity(world: World) -> None:
    world.outside(bids="1 @94", asks="")
    world.place("user", "sell", 3, order_type=STOP_LOSS, stop=95, name="stop")
    world.outside(prints="sell 1 @95")
    assert ("EXPIRED INSUFFICIENT_LIQUIDITY", ONE) == (world.statuses("stop"), world.last("stop").executed)


@pytest.mark.parametrize(
    ("tif", "expected"),
    [
        (TimeInForce.GTC, "PARTIALLY_FILLED"),
        (TimeInForce.IOC, "EXPIRED UNFILLED_IOC_QUANTITY_EXPIRED"),
        (TimeInForce.FOK, "EXPIRED UNFILLED_FOK_ORDER_EXPIRED"),
    ],
)
def test_a_triggered_stop_lives_as_long_as_its_time_in_force_says(
    world: World, tif: TimeInForce, expected: str
) -> None:
    world.outside(bids="1 @94", asks="")
    world.place("user", "sell", 3, 94, order_type=STOP_LOSS_LIMIT, stop=95, tif=tif, name="stop")
    world.outside(prints="sell 1 @95")
    assert expected == world.statuses("stop")


def test_a_triggered_stop_prevents_self_trades_by_its_own_mode(world: World) -> None:
    world.place("user", "buy", 3, 94, name="maker")
    world.place(
        "user",
        "sell",
        2,
        94,
        order_type=STOP_LOSS_LIMIT,
        stop=95,
        prevention=SelfTradePrevention.EXPIRE_TAKER,
        name="t",
    )
    world.outside(prints="sell 1 @95")
    assert "EXPIRED_IN_MATCH, NEW" == world.statuses("t", "maker")


# side, type, quantity, price, stop, delta; what it holds, the last price being 100
HOLDS = (
    ("sell", STOP_LOSS_LIMIT, 2, 90, 95, 0, ("8.00000000", "2.00000000")),
    ("sell", STOP_LOSS, 2, None, 95, 0, ("8.00000000", "2.00000000")),
    ("buy", STOP_LOSS_LIMIT, 2, 110, 105, 0, ("780.00000000", "220.00000000")),
    ("buy", STOP_LOSS, 2, None, 105, 0, ("790.00000000", "210.00000000")),
    ("buy", TAKE_PROFIT, 2, None, 95, 0, ("810.00000000", "190.00000000")),
    ("buy", STOP_LOSS, 2, None, 105, 1000, ("769.00000000", "231.00000000")),
)


@pytest.mark.parametrize(("side", "order_type", "quantity", "price", "stop", "delta", "held"), HOLDS)
def test_a_waiting_stop_holds_what_it_will_probably_cost(
    side: str, order_type: OrderType, quantity: int, price: int | None, stop: int, delta: int, held: tuple[str, str]
) -> None:
    world = World(balances={"BTC": 10, "USDT": 1000})
    world.outside(prints="buy 1 @100")
    asset = "BTC" if side == "sell" else "USDT"
    before = world.balance("user", asset)
    world.place("user", side, quantity, price, order_type=order_type, stop=stop, delta=delta, name="stop")
    assert held == world.balance("user", asset)
    world.cancel("user", "stop")
    assert before == world.balance("user", asset)


def test_what_a_stop_will_probably_cost_is_rounded_up() -> None:
    world = World(balances={"USDT": 1000}, tick_size=0)
    world.outside(prints="buy 1 @100")
    world.place("user", "buy", 1, order_type=STOP_LOSS, stop="105.00000001", delta=10)
    assert "105.10500002" == world.balance("user", "USDT")[1]


def test_a_stop_to_buy_pays_what_the_book_asks_and_keeps_the_rest() -> None:
    world = World(balances={"USDT": 1000}, fee_rate=0)
    world.outside(prints="buy 1 @100", asks="9 @103", bids="")
    world.place("user", "buy", 2, order_type=STOP_LOSS, stop=105, name="stop")
    world.outside(prints="buy 1 @105")  # takes what asked for less
    world.outside(asks="1 @101, 9 @105")
    assert "EXPIRED INSUFFICIENT_LIQUIDITY" == world.statuses("stop")
    world.place("user", "buy", 2, order_type=STOP_LOSS, stop=106, name="again")
    world.place("other", "buy", 1, 101)
    world.outside(prints="buy 1 @106", asks="9 @107, 0 @105")
    assert ("FILLED", ("786.00000000", "0.00000000")) == (world.statuses("again"), world.balance("user", "USDT"))


def test_a_stop_that_its_account_can_pay_no_longer_expires_and_holds_nothing() -> None:
    world = World(balances={"USDT": 220}, fee_rate=0)
    world.outside(prints="buy 1 @100", asks="9 @120", bids="")
    world.place("user", "buy", 2, order_type=STOP_LOSS, stop=105, name="stop")
    world.outside(prints="buy 1 @105")
    assert ("EXPIRED REJECTED", ("220.00000000", "0.00000000")) == (
        world.statuses("stop"),
        world.balance("user", "USDT"),
    )
    assert [Reason.INSUFFICIENT_BALANCE] == [change.reason for change in world.changes()]


def test_a_stop_that_cannot_be_paid_is_refused() -> None:
    world = World(balances={"BTC": 1, "USDT": 200})
    world.outside(prints="buy 1 @100")
    for side, stop in (("sell", 95), ("buy", 101)):
        command = world.order("user", side, 2, order_type=STOP_LOSS, stop=stop)
        assert Reason.INSUFFICIENT_BALANCE is world.refusal(command)


def test_a_halted_market_takes_no_stops_and_triggers_none(world: World) -> None:
    world.place("user", "sell", 2, 94, order_type=STOP_LOSS_LIMIT, stop=95, name="stop")
    world.rules(status=MarketStatus.HALT)
    assert Reason.MARKET_CLOSED is world.refusal(
        world.order("user", "sell", 2, 94, order_type=STOP_LOSS_LIMIT, stop=95)
    )
    world.outside(prints="sell 1 @90")
    world.rules(status=MarketStatus.TRADING)
    assert waits(world, "stop")
    world.outside(prints="sell 1 @95")
    assert "user 2 @94" == world.asks()


def test_a_waiting_stop_is_cancelled_like_any_order_also_in_a_halt(world: World) -> None:
    order = world.place("user", "sell", 2, 94, order_type=STOP_LOSS_LIMIT, stop=95, name="stop")
    world.rules(status=MarketStatus.HALT)
    world.apply(CancelOrder(account_id=1, symbol=SYMBOL, order_id=order.order_id, cancel_id="c"))
    world.rules(status=MarketStatus.TRADING)
    world.outside(prints="sell 1 @90")
    assert ("CANCELED", "") == (world.statuses("stop"), world.asks())


def test_an_account_has_so_many_stops_and_no_more() -> None:
    world = World(max_num_algo_orders=2)
    world.outside(prints="buy 1 @100")
    for stop in (90, 91):
        world.place("user", "sell", 1, order_type=STOP_LOSS, stop=stop)
    assert Reason.FILTER_MAX_NUM_ALGO_ORDERS is world.refusal(
        world.order("user", "sell", 1, order_type=TAKE_PROFIT, stop=110)
    )
    world.place("user", "sell", 1, 110)
    world.place("other", "sell", 1, order_type=STOP_LOSS, stop=90)


@pytest.mark.parametrize(
    ("rules", "stop", "delta", "reason"),
    [
        ({"max_price": number(90)}, 95, 0, Reason.FILTER_PRICE),
        ({"min_price": number(96)}, 95, 0, Reason.FILTER_PRICE),
        ({"tick_size": number(10)}, 95, 0, Reason.FILTER_PRICE),
        ({"order_types": (OrderType.LIMIT,)}, 95, 0, Reason.ORDER_TYPE_NOT_SUPPORTED),
        ({"trailing_allowed": False}, 95, 100, Reason.ORDER_TYPE_NOT_SUPPORTED),
        ({}, 95, 9, Reason.FILTER_TRAILING_DELTA),
        ({}, 95, 2001, Reason.FILTER_TRAILING_DELTA),
        ({"trailing_below": (300, 400), "trailing_above": (10, 20)}, 95, 299, Reason.FILTER_TRAILING_DELTA),
        ({"trailing_below": (300, 400), "trailing_above": (10, 20)}, 95, 300, None),
    ],
)
def test_a_stop_passes_the_filters_for_its_stop_price_and_delta(
    rules: Mapping[str, Any], stop: int, delta: int, reason: Reason | None
) -> None:
    world = World(**rules)
    world.outside(prints="buy 1 @100")
    command = world.order("user", "sell", 2, order_type=STOP_LOSS, stop=stop, delta=delta)
    if reason is None:
        world.apply(command)
    else:
        assert reason is world.refusal(command)


def test_a_print_that_goes_down_and_up_again_triggers_what_it_passed(world: World) -> None:
    world.place("user", "sell", 1, 94, order_type=STOP_LOSS_LIMIT, stop=95, name="stop")
    world.outside(prints="sell 1 @95, buy 1 @100", asks="", bids="")
    assert "user 1 @94" == world.asks()
