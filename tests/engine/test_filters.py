"""Filters at, below and above their bounds, and the order in which an order is looked at."""

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from hypersim.engine.commands import OutsideUpdate, TestOrder
from hypersim.engine.events import OutsideChanged
from hypersim.engine.market import MarketStatus
from hypersim.engine.orders import OrderStatus, OrderType, SelfTradePrevention
from hypersim.errors import Reason
from hypersim.units import ONE
from tests.engine.world import SYMBOL, World, number

STRICT: Mapping[str, Any] = {
    "min_price": number(10),
    "max_price": number(1000),
    "tick_size": number("0.5"),
    "min_quantity": number(2),
    "max_quantity": number(100),
    "step_size": number("0.2"),
    "market_min_quantity": number(4),
    "market_max_quantity": number(50),
    "market_step_size": number("0.4"),
    "min_notional": number(150),
    "max_notional": number(9000),
    "bid_multiplier_up": number("1.5"),
    "bid_multiplier_down": number("0.5"),
    "ask_multiplier_up": number(2),
    "ask_multiplier_down": number("0.8"),
}
Row = tuple[str, str, str, str | None, Reason | None]

# what is tried; side; quantity; price (None: at market); why it is refused
BOUNDS: tuple[Row, ...] = (
    ("at the least price", "buy", "20", "10", None),
    ("below the least price", "buy", "20", "9.5", Reason.FILTER_PRICE),
    ("at the highest price", "sell", "2", "1000", None),
    ("above the highest price", "sell", "2", "1000.5", Reason.FILTER_PRICE),
    ("on the tick", "buy", "2", "100.5", None),
    ("off the tick", "buy", "2", "100.25", Reason.FILTER_PRICE),
    ("just off the tick", "buy", "2", "100.00000001", Reason.FILTER_PRICE),
    ("at the least quantity", "buy", "2", "100", None),
    ("below the least quantity", "buy", "1.8", "100", Reason.FILTER_LOT_SIZE),
    ("at the highest quantity", "buy", "100", "50", None),
    ("above the highest quantity", "buy", "100.2", "50", Reason.FILTER_LOT_SIZE),
    ("on the step", "buy", "2.2", "100", None),
    ("off the step, though a step above the least", "buy", "2.1", "100", Reason.FILTER_LOT_SIZE),
    ("at the least quantity at market", "buy", "4", None, None),
    ("below the least quantity at market", "buy", "3.6", None, Reason.FILTER_MARKET_LOT_SIZE),
    ("below any least quantity at market", "buy", "1.8", None, Reason.FILTER_LOT_SIZE),
    ("at the highest quantity at market", "sell", "50", None, None),
    ("above the highest quantity at market", "sell", "50.4", None, Reason.FILTER_MARKET_LOT_SIZE),
    ("above any highest quantity at market", "sell", "100.4", None, Reason.FILTER_LOT_SIZE),
    ("on the step, but not the market's", "sell", "4.2", None, Reason.FILTER_MARKET_LOT_SIZE),
    ("the same with a limit", "sell", "4.2", "100", None),
    ("at the least notional", "buy", "2", "75", None),
    ("below the least notional", "buy", "2", "74.5", Reason.FILTER_NOTIONAL),
    ("at the highest notional", "buy", "90", "100", None),
    ("above the highest notional", "buy", "90", "100.5", Reason.FILTER_NOTIONAL),
    ("nothing", "buy", "0", "100", Reason.BAD_QUANTITY),
    ("for nothing", "buy", "2", "0", Reason.BAD_PRICE),
)


@pytest.mark.parametrize(
    ("side", "quantity", "price", "reason"), [row[1:] for row in BOUNDS], ids=[row[0] for row in BOUNDS]
)
@pytest.mark.parametrize("as_test", [False, True], ids=["order", "test order"])
def test_an_order_passes_the_filters_or_is_told_which_it_fails(
    side: str, quantity: str, price: str | None, reason: Reason | None, as_test: bool
) -> None:
    world = World(**{**STRICT, **WIDE})
    order = world.order("user", side, quantity, price)
    command = TestOrder(order) if as_test else order
    if reason is None:
        assert bool(world.apply(command)) is not as_test
    else:
        assert reason is world.refusal(command)


WIDE = {"bid_multiplier_up": 0, "bid_multiplier_down": 0, "ask_multiplier_up": 0, "ask_multiplier_down": 0}

# side; price; why it is refused, while 100 is the average price
PERCENT: tuple[tuple[str, str, Reason | None], ...] = (
    ("buy", "150", None),
    ("buy", "150.5", Reason.FILTER_PERCENT_PRICE_BY_SIDE),
    ("buy", "50", None),
    ("buy", "49.5", Reason.FILTER_PERCENT_PRICE_BY_SIDE),
    ("sell", "200", None),
    ("sell", "200.5", Reason.FILTER_PERCENT_PRICE_BY_SIDE),
    ("sell", "80", None),
    ("sell", "79.5", Reason.FILTER_PERCENT_PRICE_BY_SIDE),
)


@pytest.mark.parametrize(("side", "price", "reason"), PERCENT)
def test_a_price_is_held_to_a_range_around_the_average_by_side(side: str, price: str, reason: Reason | None) -> None:
    world = World(**STRICT)
    world.outside(prints="buy 1 @100")
    order = world.order("user", side, 20, price)
    if reason is None:
        assert world.apply(order)
    else:
        assert reason is world.refusal(order)


def test_before_the_first_trade_no_price_is_too_far_and_no_amount_at_market_too_small() -> None:
    world = World(**STRICT)
    assert OrderStatus.NEW is world.place("user", "sell", 2, 1000).status
    world = World(min_notional=number(10**6))
    assert OrderStatus.EXPIRED is world.place("user", "sell", 2).status


def test_before_the_first_trade_prices_are_held_to_the_outside_s_last_one_which_is_no_trade() -> None:
    world = World(**STRICT)
    said = OutsideUpdate(symbol=SYMBOL, last_price=number(100))
    told, again = world.apply(said), world.apply(replace(said, last_price=number(10)))
    too_high = world.refusal(world.order("user", "buy", 20, "150.5"))
    world.outside(prints="buy 1 @200")

    assert ([OutsideChanged(symbol=SYMBOL, source_time_us=0, known=False)], []) == (told, again)
    assert Reason.FILTER_PERCENT_PRICE_BY_SIDE is too_high
    assert world.apply(world.order("user", "buy", 20, "150.5"))
    assert Reason.BAD_PRICE is world.refusal(replace(said, last_price=-1))


def test_a_multiplier_of_zero_bounds_nothing() -> None:
    world = World(**{**STRICT, **WIDE})
    world.outside(prints="buy 1 @100")
    assert world.place("user", "buy", 100, 10).is_open
    assert world.place("user", "sell", 2, 1000).is_open


# minutes of the average; seconds since 3 went at 300 and then 1 at 100; the highest bid at twice the average
AVERAGES: tuple[tuple[int, float, int], ...] = (
    (5, 0, 500),
    (5, 200, 500),
    (5, 315, 200),
    (1, 0, 500),
    (1, 75, 200),
    (0, 0, 200),
    (60, 3000, 500),
)


@pytest.mark.parametrize(("minutes", "seconds", "highest"), AVERAGES)
def test_the_range_follows_the_average_of_the_last_minutes_or_else_the_last_price(
    minutes: int, seconds: float, highest: int
) -> None:
    world = World(average_price_minutes=minutes, bid_multiplier_up=2 * ONE)
    world.outside(prints="buy 3 @300, buy 1 @100")
    world.wait(seconds)
    assert Reason.FILTER_PERCENT_PRICE_BY_SIDE is world.refusal(world.order("user", "buy", 1, highest + 1))
    assert world.place("user", "buy", 1, highest).is_open


def test_users_trades_count_for_the_average_as_the_outsides_do() -> None:
    world = World(bid_multiplier_up=2 * ONE)
    world.outside(prints="buy 1 @100")
    world.place("other", "sell", 1, 200)
    world.place("user", "buy", 1, 200)
    assert Reason.FILTER_PERCENT_PRICE_BY_SIDE is world.refusal(world.order("user", "buy", 1, 301))
    assert world.place("user", "buy", 1, 300).is_open


# apply the least, the highest to orders at market; quantity at 100; why it is refused, between 300 and 500
AT_MARKET: tuple[tuple[bool, bool, int, Reason | None], ...] = (
    (True, True, 2, Reason.FILTER_NOTIONAL),
    (True, True, 3, None),
    (True, True, 5, None),
    (True, True, 6, Reason.FILTER_NOTIONAL),
    (False, True, 2, None),
    (False, True, 6, Reason.FILTER_NOTIONAL),
    (True, False, 2, Reason.FILTER_NOTIONAL),
    (True, False, 6, None),
)


@pytest.mark.parametrize(("least", "highest", "quantity", "reason"), AT_MARKET)
def test_the_notional_of_an_order_at_market_is_taken_at_the_average_where_it_counts(
    least: bool, highest: bool, quantity: int, reason: Reason | None
) -> None:
    world = World(
        min_notional=number(300),
        max_notional=number(500),
        apply_min_to_market=least,
        apply_max_to_market=highest,
    )
    world.outside(prints="buy 1 @100", asks="50 @400")
    order = world.order("user", "buy", quantity)
    if reason is None:
        assert world.apply(order)
    else:
        assert reason is world.refusal(order)


@pytest.mark.parametrize(
    "bound",
    ["min_price", "max_price", "tick_size", "min_quantity", "max_quantity", "step_size", "min_notional"],
)
def test_a_bound_of_zero_is_none(bound: str) -> None:
    values = {
        "min_price": ("2", "9.5"),
        "max_price": ("2", "2000"),
        "tick_size": ("2", "100.25"),
        "min_quantity": ("1.8", "100"),
        "max_quantity": ("100.2", "50"),
        "step_size": ("2.1", "100"),
        "min_notional": ("2", "74.5"),
    }
    unbound = {"min_notional": 0, "max_notional": 0} if bound in {"min_price"} else {}
    world = World(**{**STRICT, **WIDE, **unbound})
    order = world.order("user", "buy", *values[bound])
    world.refusal(order)
    world.rules(**{bound: 0})
    assert world.apply(order)


def test_as_many_orders_as_allowed_are_open_per_account_and_market() -> None:
    world = World(max_num_orders=2)
    world.place("user", "buy", 1, 90, name="first")
    world.place("user", "sell", 1, 190)
    assert Reason.FILTER_MAX_NUM_ORDERS is world.refusal(world.order("user", "buy", 1, 90))
    assert world.place("other", "buy", 1, 90).is_open
    world.cancel("user", "first")
    assert world.place("user", "buy", 1, 90).is_open


@pytest.mark.parametrize("status", [MarketStatus.HALT, MarketStatus.BREAK])
def test_a_market_that_does_not_trade_takes_no_orders(status: MarketStatus) -> None:
    world = World(status=status)
    assert Reason.MARKET_CLOSED is world.refusal(world.order("user", "buy", 1, 90))
    assert Reason.MARKET_CLOSED is world.refusal(TestOrder(world.order("user", "buy", 1, 90)))


# rules of the market, fields of the order that make it wrong; why it is refused, in the order of the guards
WRONG: tuple[tuple[dict[str, Any], dict[str, Any], Reason], ...] = (
    ({}, {"account_id": 7}, Reason.NO_SUCH_ACCOUNT),
    ({}, {"symbol": "NOTHING"}, Reason.BAD_SYMBOL),
    ({"status": MarketStatus.HALT}, {}, Reason.MARKET_CLOSED),
    ({"order_types": (OrderType.LIMIT,)}, {}, Reason.ORDER_TYPE_NOT_SUPPORTED),
    (
        {"allowed_self_trade_prevention": (SelfTradePrevention.NONE,)},
        {"self_trade_prevention": SelfTradePrevention.EXPIRE_BOTH},
        Reason.STP_MODE_NOT_ALLOWED,
    ),
    ({}, {"quantity": 0}, Reason.BAD_QUANTITY),
    ({}, {"price": 0}, Reason.BAD_PRICE),
    ({}, {"price": number("1000.5")}, Reason.FILTER_PRICE),
    ({}, {"price": number(999)}, Reason.FILTER_PERCENT_PRICE_BY_SIDE),
    ({}, {"quantity": number("30.5")}, Reason.FILTER_LOT_SIZE),
    ({"min_notional": number(10**7)}, {}, Reason.FILTER_NOTIONAL),
    ({"max_num_orders": 1}, {}, Reason.FILTER_MAX_NUM_ORDERS),
    ({}, {"client_order_id": "standing"}, Reason.DUPLICATE_ORDER),
    ({}, {"quantity": number(30)}, Reason.INSUFFICIENT_BALANCE),
    ({}, {"price": number(100)}, Reason.WOULD_MATCH_IMMEDIATELY),
)


@pytest.mark.parametrize("first", range(len(WRONG)), ids=[str(reason) for _, _, reason in WRONG])
def test_of_all_that_is_wrong_the_first_is_told(first: int) -> None:
    world = World(balances={"USDT": 2000, "BTC": 1})
    world.outside(prints="buy 1 @100", asks="50 @100")
    world.place("user", "buy", 1, 90, name="standing")
    rules: dict[str, Any] = {}
    fields: dict[str, Any] = {}
    for more_rules, more_fields, _ in reversed(WRONG[first:]):
        rules.update(more_rules)
        fields.update(more_fields)
    world.rules(**rules)
    order = replace(world.order("user", "buy", 1, 90, order_type=OrderType.LIMIT_MAKER), **fields)
    assert WRONG[first][2] is world.refusal(order)
    assert SYMBOL == world.market.symbol
