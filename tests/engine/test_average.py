"""The average price of the last minutes, against the plain sum over all trades."""

import random

import pytest

from hypersim.engine.average import AveragePrice
from hypersim.engine.commands import Stamped
from hypersim.engine.exchange import Exchange
from hypersim.errors import Reason, Refused
from hypersim.units import ONE
from tests.engine.world import World

TEN_SECONDS_US = 10_000_000
START_US = 1_700_000_000_000_000


def test_without_trades_there_is_no_average() -> None:
    assert None is AveragePrice(5).price(START_US)


def test_trades_count_by_their_quantity() -> None:
    average = AveragePrice(5)
    average.add(START_US, 3 * ONE, 3 * ONE * 100 * ONE)
    average.add(START_US + 1, ONE, ONE * 200 * ONE)
    assert 125 * ONE == average.price(START_US + 1)


def test_the_average_is_rounded_down() -> None:
    average = AveragePrice(5)
    average.add(START_US, 3, 3 * 100)
    average.add(START_US, 1, 103)
    assert 100 == average.price(START_US)


# seconds after the trade; whether it still counts for the average of one minute
WINDOW: tuple[tuple[float, bool], ...] = ((0, True), (59.999999, True), (60, True), (70, False), (600, False))


@pytest.mark.parametrize(("seconds", "counts"), WINDOW)
def test_a_trade_counts_for_the_window_and_at_most_ten_seconds_more(seconds: float, counts: bool) -> None:
    average = AveragePrice(1)
    average.add(START_US, ONE, ONE * 100)
    assert (100 if counts else None) == average.price(START_US + round(seconds * 1_000_000))


@pytest.mark.parametrize("seed", range(20))
def test_the_average_is_that_of_all_trades_of_the_window(seed: int) -> None:
    chance = random.Random(seed)
    minutes = chance.choice([1, 5, 15])
    average, restored = AveragePrice(minutes), AveragePrice(minutes)
    trades: list[tuple[int, int, int]] = []
    time_us = START_US
    for _ in range(300):
        time_us += chance.choice([0, 1, 999_999, chance.randrange(60_000_000)])
        price, quantity = chance.randrange(1, 10**13), chance.randrange(1, 10**12)
        trades.append((time_us, price, quantity))
        average.add(time_us, quantity, price * quantity)
        now_us = time_us + chance.choice([0, chance.randrange(400_000_000)])
        oldest_us = now_us - minutes * 60_000_000 - TEN_SECONDS_US
        counted = [(price, quantity) for at_us, price, quantity in trades if at_us - at_us % TEN_SECONDS_US > oldest_us]
        bought = sum(quantity for _, quantity in counted)
        spent = sum(price * quantity for price, quantity in counted)
        expected = spent // bought if bought else None
        restored.restore(average.state())
        assert (expected, expected) == (average.price(now_us), restored.price(now_us))


@pytest.mark.parametrize("minutes", [0, 1, 60])
def test_a_new_window_holds_at_once_and_after_a_restart_alike(minutes: int) -> None:
    world = World(average_price_minutes=5, bid_multiplier_up=ONE)
    world.outside(prints="buy 9 @300")
    world.wait(120)
    world.outside(prints="buy 1 @100")
    world.rules(average_price_minutes=minutes)
    world.wait(10)
    restored = Exchange.restore(world.exchange.snapshot())
    highest = 280 if minutes == 60 else 100
    for price in (highest + 1, highest):
        order = Stamped(world.time_us, world.order("user", "buy", 1, price))
        outcomes = []
        for exchange in (world.exchange, restored):
            try:
                exchange.apply(order)
            except Refused as refused:
                outcomes.append(refused.reason)
        expected = [] if price == highest else [Reason.FILTER_PERCENT_PRICE_BY_SIDE] * 2
        assert expected == outcomes
