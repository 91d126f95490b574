"""One pays the other: what a working order buys is kept for what is pending (faqs/opo.md)."""

from collections.abc import Mapping
from typing import Any

import pytest

from hypersim.engine.commands import SetBnbBurn
from hypersim.engine.lists import ListKind
from hypersim.engine.orders import OrderType
from hypersim.units import ONE
from tests.engine.listings import done, free, opo, opoco
from tests.engine.world import World, number

MARKET = OrderType.MARKET
STOP_LOSS = OrderType.STOP_LOSS
OPOCO = ListKind.OPOCO


def test_what_a_paid_list_received_is_kept_for_what_is_pending() -> None:
    world = World(balances={"USDT": 500, "BTC": 1}, fee_rate=0)
    world.apply(opo(world))
    world.outside(prints="sell 2 @98")
    assert ("1.00000000", "2.00000000") == world.balance("user", "BTC")
    world.outside(prints="sell 3 @98")
    assert (("1.00000000", "5.00000000"), "user 5 @105") == (world.balance("user", "BTC"), world.asks())


def test_what_a_paid_list_kept_is_given_back_when_it_is_cancelled() -> None:
    world = World(balances={"USDT": 500, "BTC": 1}, fee_rate=0)
    world.apply(opo(world))
    world.outside(prints="sell 2 @98")
    world.cancel("user", "working")
    assert (("3.00000000", "0.00000000"), "CANCELED") == (world.balance("user", "BTC"), world.statuses("pending"))


# BTC beside; step; what the pending order sells of 5 bought at a fee of 0.1 %; what is free then
FEES = (
    ("1", "0.001", "5", "0.99500000"),
    ("0.0051", "0.001", "5", "0.00010000"),
    ("0.005", "0.001", "5", "0.00000000"),
    ("0.0049", "0.001", "4.995", "0.00490000"),
    ("0.0025", "0.1", "4.9", "0.09750000"),
    ("0", "0.001", "4.995", "0.00000000"),
    ("0", "1", "4", "0.99500000"),
)


@pytest.mark.parametrize(("beside", "step", "sold", "left"), FEES)
def test_the_whole_fee_is_taken_from_what_is_free_or_none_of_it_is(
    beside: str, step: str, sold: str, left: str
) -> None:
    balances = {"USDT": "500", "BTC": beside} if beside != "0" else {"USDT": "500"}
    world = World(balances=balances, step_size=number(step), min_quantity=number(step))
    world.apply(opo(world))
    world.outside(prints="sell 5 @98")
    assert (number(sold), left, "NEW") == (
        world.last("pending").quantity,
        free(world, "BTC"),
        world.statuses("pending"),
    )


def test_each_fill_takes_its_fee_from_what_is_free_while_that_is_enough() -> None:
    world = World(balances={"USDT": "500", "BTC": "0.003"}, step_size=number("0.0001"), min_quantity=number("0.0001"))
    world.apply(opo(world))
    world.outside(prints="sell 2 @98, sell 2 @98, sell 1 @98")  # fees of 0.002, 0.002 and 0.001
    assert (number("4.998"), "0.00000000") == (world.last("pending").quantity, free(world, "BTC"))


# whether the account pays fees in BNB; BNB beside; what the pending order sells of 5; what is free then
BNB_FEES = ((False, "1", "4.995", "1.00000000"), (True, "1", "4.99625", "1.00000000"), (True, "0", "4.99625", "0"))


@pytest.mark.parametrize(("burns", "beside", "sold", "left"), BNB_FEES)
def test_the_fee_of_bnb_that_was_bought_is_taken_out_of_it(burns: bool, beside: str, sold: str, left: str) -> None:
    world = World(balances={"USDT": 500, "BNB": beside} if beside != "0" else {"USDT": 500}, base="BNB")
    world.rules(step_size=1, min_quantity=1)
    world.apply(SetBnbBurn(account_id=1, spot=burns))
    world.apply(opo(world))
    world.outside(prints="sell 5 @98")
    assert (number(sold), number(left)) == (world.last("pending").quantity, number(free(world, "BNB")))


def test_what_a_paid_list_bought_may_be_too_little_to_sell() -> None:
    world = World(balances={"USDT": 500})
    world.apply(opo(world))
    world.rules(min_notional=number(600))
    world.outside(prints="sell 5 @98")
    assert ("REJECTED REJECTED", "4.99500000", True) == (world.statuses("pending"), free(world, "BTC"), done(world))


# rules; type of the pending order; what it sells of 5; what becomes of it, and what is free then
LOTS: tuple[tuple[Mapping[str, Any], OrderType, int, str, str], ...] = (
    ({"market_step_size": number(2)}, MARKET, 4, "FILLED", "1.00000000"),
    ({"market_step_size": number(2)}, OrderType.LIMIT, 5, "NEW", "0.00000000"),
    ({"market_max_quantity": number(3)}, MARKET, 3, "FILLED", "2.00000000"),
    ({"market_max_quantity": number(3)}, OrderType.LIMIT, 5, "NEW", "0.00000000"),
    ({"market_max_quantity": number(3), "market_step_size": number(2)}, MARKET, 2, "FILLED", "3.00000000"),
    ({"max_quantity": number(4)}, OrderType.LIMIT, 4, "NEW", "1.00000000"),
    ({"market_min_quantity": number(6)}, MARKET, 0, "REJECTED REJECTED", "5.00000000"),
)


@pytest.mark.parametrize(("rules", "order_type", "sold", "expected", "left"), LOTS)
def test_what_is_pending_fits_the_lots_and_what_does_not_fit_is_given_back(
    rules: Mapping[str, Any], order_type: OrderType, sold: int, expected: str, left: str
) -> None:
    world = World(balances={"USDT": 500}, fee_rate=0)
    world.apply(opo(world, order_type=order_type, price=105 if order_type is OrderType.LIMIT else None))
    world.rules(**rules)
    world.outside(prints="sell 5 @98", bids="9 @97")
    assert (sold * ONE, expected, left) == (
        world.last("pending").quantity,
        world.statuses("pending"),
        free(world, "BTC"),
    )


def test_a_stop_of_a_paid_pair_sells_by_the_lots_of_its_own_type_though_it_will_trade_at_market() -> None:
    """filters.md: MARKET_LOT_SIZE is for MARKET orders, and so it is for a stop that is placed alone."""
    world = World(balances={"USDT": 500}, fee_rate=0, market_step_size=number(2), market_max_quantity=number(4))
    world.outside(prints="buy 1 @100")
    stop = world.order("user", "sell", 0, order_type=STOP_LOSS, stop=90, name="stop")
    world.apply(world.listing(OPOCO, opoco(world).orders[0], stop, opoco(world).orders[2]))
    world.outside(prints="sell 5 @98")
    assert [5 * ONE, 5 * ONE] == [world.last("stop").quantity, world.last("limit").quantity]
    assert ("0.00000000", "5.00000000") == world.balance("user", "BTC")
    world.outside(prints="sell 1 @90", bids="9 @89")
    assert "FILLED, EXPIRED OCO_TRIGGER" == world.statuses("stop", "limit")


def test_a_paid_pair_sells_what_was_bought_once() -> None:
    world = World(balances={"USDT": 500, "BTC": 1}, fee_rate=0)
    world.outside(prints="buy 1 @100")
    world.apply(opoco(world))
    world.outside(prints="sell 5 @98")
    assert (5 * ONE, 5 * ONE) == (world.last("stop").quantity, world.last("limit").quantity)
    assert (("1.00000000", "5.00000000"), "NEW, NEW") == (world.balance("user", "BTC"), world.statuses("stop", "limit"))
    world.outside(prints="buy 5 @110")
    assert ("EXPIRED OCO_TRIGGER, FILLED", ("1.00000000", "0.00000000"), True) == (
        world.statuses("stop", "limit"),
        world.balance("user", "BTC"),
        done(world),
    )
