"""Rolling windows, averages and previous closes against a recount of every trade."""

from collections.abc import Sequence
from random import Random

import pytest

from hypersim.units import ONE
from hypersim.views.marketdata import MarketView
from hypersim.views.records import Candle, HistorySource, TapeTrade
from hypersim.views.statistics import NO_TRADES, Statistics, show_percent, statistics
from hypersim.views.views import Views
from tests.views.trades import (
    DAY,
    HOUR,
    MARKET,
    MINUTE,
    SECOND,
    TradesBefore,
    candle_of,
    listed,
    random_trades,
    traded,
)

START = 20_000 * DAY + 5 * HOUR + 17 * MINUTE + 33 * SECOND + 250_000


def nearest(dividend: int, divisor: int) -> int:
    return round_half_up(dividend, divisor) if dividend >= 0 else -round_half_up(-dividend, divisor)


def round_half_up(dividend: int, divisor: int) -> int:
    return (dividend * 2 + divisor) // (divisor * 2)


def recount(trades: Sequence[TapeTrade], own: Sequence[TapeTrade]) -> Statistics:
    """Statistics of these trades; those that are not in `own` have ids that are not shown."""
    if not trades:
        return NO_TRADES
    ids = [trade.trade_id for trade in trades if trade in own]
    prices = [trade.price for trade in trades]
    return Statistics(
        open=prices[0],
        high=max(prices),
        low=min(prices),
        last=prices[-1],
        volume=sum(trade.quantity for trade in trades),
        quote_volume=sum(trade.price * trade.quantity for trade in trades),
        count=len(trades),
        first_id=ids[0] if ids else -1,
        last_id=ids[-1] if ids else -1,
    )


def watched(source: HistorySource | None = None) -> tuple[Views, MarketView]:
    views = Views(source)
    views.fold(listed())
    return views, views.marketdata.markets[MARKET.symbol]


@pytest.mark.parametrize("seed", range(6))
def test_the_rolling_day_is_exact_to_the_minute_at_every_moment(seed: int) -> None:
    random = Random(seed)
    own = random_trades(random, START, START + 3 * DAY, 600)
    views, view = watched()
    for trade in own:
        views.fold(traded(trade))
        now_us = trade.time_us + random.randrange(random.choice([1, SECOND, HOUR]))
        seen = [other for other in own if other.trade_id <= trade.trade_id]
        start_us = (now_us - DAY) // MINUTE * MINUTE
        within = [other for other in seen if other.time_us >= start_us]
        before = [other for other in seen if other.time_us < start_us]

        assert recount(within, own) == view.rolling_day(now_us)
        assert (before[-1].price if before else 0) == view.close_before(start_us, now_us)


@pytest.mark.parametrize("seed", range(6))
def test_the_past_counts_until_the_second_of_the_first_trade(seed: int) -> None:
    random = Random(seed)
    own = random_trades(random, START, START + 30 * HOUR, 200)
    boundary_us = own[0].time_us // SECOND * SECOND
    past = random_trades(random, START - 2 * DAY, START + DAY, 1500, first_id=-1500)
    counted = [trade for trade in past if trade.time_us < boundary_us]
    views, view = watched(TradesBefore(past))
    for trade in own:
        views.fold(traded(trade))
        now_us = trade.time_us
        start_us = (now_us - DAY) // MINUTE * MINUTE
        everything = [*counted, *own[: trade.trade_id]]
        before = [other for other in everything if other.time_us < start_us]

        assert recount([t for t in everything if t.time_us >= start_us], own) == view.rolling_day(now_us)
        assert before[-1].price == view.close_before(start_us, now_us)


def test_before_the_first_trade_the_past_counts_until_now() -> None:
    past = random_trades(Random(9), START - 2 * DAY, START + HOUR, 3000, first_id=-3000)
    _, view = watched(TradesBefore(past))
    for now_us in range(START - DAY, START, 7 * HOUR + 13 * SECOND + 7):
        start_us = (now_us - DAY) // MINUTE * MINUTE
        seen = [trade for trade in past if trade.time_us < now_us // SECOND * SECOND]

        assert recount([t for t in seen if t.time_us >= start_us], []) == view.rolling_day(now_us)
        assert seen[-1].price == view.last_price(now_us)


@pytest.mark.parametrize("minutes", [1, 7, 59, 60, 61, 23 * 60, 24 * 60])
def test_any_window_up_to_a_day_is_in_memory(minutes: int) -> None:
    own = random_trades(Random(minutes), START, START + 2 * DAY, 800)
    views, view = watched()
    for trade in own:
        views.fold(traded(trade))
    now_us = own[-1].time_us + 20 * SECOND
    start_us = now_us // MINUTE * MINUTE - minutes * MINUTE

    assert view.remembers(start_us)
    assert recount([t for t in own if t.time_us >= start_us], own) == view.statistics(start_us, now_us)


def test_a_window_that_begins_before_the_first_trade_is_in_memory_for_as_long_as_its_days_are() -> None:
    own = random_trades(Random(1), START, START + 40 * DAY, 4000)
    views, view = watched()
    for trade in own:
        views.fold(traded(trade))
    now_us = own[-1].time_us

    assert view.remembers(START - HOUR)
    assert recount(own, own) == view.statistics((START - HOUR) // MINUTE * MINUTE, now_us)
    assert not view.remembers(START + 3 * DAY + MINUTE)


@pytest.mark.parametrize("seed", range(4))
def test_the_average_is_that_of_the_last_minutes(seed: int) -> None:
    random = Random(seed)
    past = random_trades(random, START - HOUR, START + HOUR, 400, first_id=-400)
    own = random_trades(random, START, START + HOUR, 300)
    boundary_us = own[0].time_us // SECOND * SECOND
    counted = [trade for trade in past if trade.time_us < boundary_us]
    views, view = watched(TradesBefore(past))
    for trade in own:
        views.fold(traded(trade))
        now_us = trade.time_us + random.randrange(random.choice([1, 10 * MINUTE]))
        start_us = (now_us - 5 * MINUTE) // SECOND * SECOND
        within = [t for t in (*counted, *own[: trade.trade_id]) if t.time_us >= start_us]
        volume = sum(t.quantity for t in within)
        expected = nearest(sum(t.price * t.quantity for t in within), volume) if volume else trade.price

        assert expected == view.average(now_us)


def test_a_market_that_never_traded_has_no_statistics() -> None:
    _, view = watched()

    assert NO_TRADES == view.rolling_day(START)
    assert (0, 0, 0, None) == (
        view.close_before(START // MINUTE * MINUTE, START),
        view.average(START),
        view.last_price(START),
        view.last,
    )


def test_a_past_that_begins_with_the_first_trade_counts_from_then_on() -> None:
    [own] = random_trades(Random(1), START, START + SECOND, 1)
    past = random_trades(Random(2), START - 2 * DAY, START - HOUR, 500, first_id=-500)
    now_us = own.time_us + 10

    class Sudden(TradesBefore):
        known = False

        def candles(self, symbol: str, base_seconds: int, start_us: int, end_us: int) -> list[Candle]:
            return super().candles(symbol, base_seconds, start_us, end_us) if self.known else []

    source = Sudden(past)
    views, view = watched(source)
    start_us = (now_us - DAY) // MINUTE * MINUTE
    assert (NO_TRADES, 0) == (view.rolling_day(now_us), view.close_before(start_us, now_us))
    source.known = True
    views.fold(traded(own))

    within = [trade for trade in (*past, own) if trade.time_us >= start_us]
    before = [trade for trade in past if trade.time_us < start_us]
    assert recount(within, [own]) == view.rolling_day(now_us)
    assert before[-1].price == view.close_before(start_us, now_us)


def test_a_trade_that_arrives_late_within_its_minute_still_counts() -> None:
    views, view = watched()
    first, second = random_trades(Random(1), START, START + SECOND, 2)
    views.fold(traded(first))
    view.rolling_day(first.time_us + 2 * MINUTE)  # the reader's clock is ahead of what was committed
    views.fold(traded(second))

    assert recount([first, second], [first, second]) == view.rolling_day(first.time_us + 2 * MINUTE)


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        # volume, quote volume, open, last; the first four as Binance answered them
        ((41096951200000, 16980_13811233 * ONE, 4176800, 4103400), (4131727, "-1.757")),
        ((3350401330000, 1211_29369168 * ONE, 3661000, 3606000), (3615369, "-1.502")),
        ((5785749485700, 392659910_62660750 * ONE, 687264000000, 670582000000), (678667321489, "-2.427")),
        ((134396123970000000, 365772101_01826800 * ONE, 27927000, 27050000), (27215971, "-3.140")),
        ((891330000000, 15_30000000 * ONE, 9900000000, 400000200), (171654, "-95.960")),
        ((18700000000, 487_00000000 * ONE, 900000000, 100000000), (260427807, "-88.889")),
        ((ONE, ONE * ONE, ONE, ONE), (ONE, "0.000")),
        ((ONE, ONE * ONE, 3 * ONE, 100 * ONE), (ONE, "3233.333")),
    ],
)
def test_averages_and_percentages_round_to_the_nearest(
    window: tuple[int, int, int, int], expected: tuple[int, str]
) -> None:
    volume, quote_volume, first, last = window
    found = Statistics(open=first, last=last, volume=volume, quote_volume=quote_volume)

    assert expected == (found.weighted_average, show_percent(found.change_percent))


def test_a_span_without_trades_is_all_zero() -> None:
    assert Statistics(0, 0, 0, 0, 0, 0, 0, -1, -1) == statistics(None, 7)
    assert (0, 0, 0) == (NO_TRADES.change, NO_TRADES.change_percent, NO_TRADES.weighted_average)


def test_ids_from_before_the_world_are_not_shown() -> None:
    trades = random_trades(Random(2), START, START + HOUR, 20, first_id=-9)
    window: Candle = candle_of(0, trades)

    assert (1, 10) == (statistics(window, 1).first_id, statistics(window, 1).last_id)
    assert (-1, -1) == (statistics(window, None).first_id, statistics(window, None).last_id)
    assert (-1, -1) == (statistics(window, 11).first_id, statistics(window, 11).last_id)
