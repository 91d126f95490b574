"""Klines against an oracle that knows every trade: all intervals, time zones and ranges."""

from collections.abc import Sequence
from itertools import product
from random import Random

import msgspec
import pytest

from hypersim.views.archive import Archive, runs
from hypersim.views.intervals import SECONDS, Interval
from hypersim.views.marketdata import MarketView
from hypersim.views.records import BASE_SECONDS, PAST_SECONDS, Candle, TapeTrade
from hypersim.views.views import Views
from tests.views.test_intervals import OFFSETS, bar_start
from tests.views.trades import (
    DAY,
    HOUR,
    MARKET,
    MINUTE,
    SECOND,
    FixedClock,
    StoredTrades,
    TradesBefore,
    aggregates_of,
    candle_of,
    candles_of,
    listed,
    random_trades,
    traded,
)

START = 20_000 * DAY + 5 * HOUR + 17 * MINUTE + 33 * SECOND + 250_000


class Case:
    """A world with a past and with so much history of its own that memory does not hold it."""

    def __init__(self, seed: int, *, own_days: int, past_days: int, trades: int = 400) -> None:
        random = Random(seed)
        self.own = random_trades(random, START, START + own_days * DAY, trades)
        past_until_us = self.own[0].time_us // SECOND * SECOND
        past = (
            random_trades(random, START - past_days * DAY, START + DAY, trades, first_id=-trades) if past_days else []
        )
        self.everything = [*(trade for trade in past if trade.time_us < past_until_us), *self.own]
        views = Views(TradesBefore(past))
        views.fold(listed())
        for trade in self.own:
            views.fold(traded(trade))
        self.view: MarketView = views.marketdata.markets[MARKET.symbol]
        self.stored = StoredTrades(self.own)
        self.now_us = self.own[-1].time_us + random.randrange(2 * HOUR)
        self.archive = Archive(self.view, self.stored, FixedClock(self.now_us))


def every_bar(trades: Sequence[TapeTrade], interval: Interval, offset_minutes: int, now_us: int) -> list[Candle]:
    """Every bar there ever was."""
    filled: list[Candle] = []
    for bar in candles_of(trades, lambda time_us: bar_start(interval, time_us, offset_minutes)):
        filled += empty_bars(filled, interval, offset_minutes, bar.open_us)
        filled.append(bar)
    return filled + empty_bars(filled, interval, offset_minutes, now_us + 1)


def asked_for(bars: list[Candle], start_us: int | None, end_us: int | None, limit: int) -> list[Candle]:
    """The bars that a request names: the oldest of them when it has a start."""
    found = [
        bar
        for bar in bars
        if (start_us is None or bar.open_us >= start_us) and (end_us is None or bar.open_us <= end_us)
    ]
    return found[-limit:] if start_us is None else found[:limit]


def empty_bars(filled: list[Candle], interval: Interval, offset_minutes: int, end_us: int) -> list[Candle]:
    """Bars without trades from the last of `filled` to a time."""
    result: list[Candle] = []
    last = filled[-1] if filled else None
    while last is not None:
        open_us = bar_start(interval, last.open_us + 32 * DAY, offset_minutes)
        if interval is not Interval.MO1:
            open_us = last.open_us + SECONDS[interval] * SECOND
        if open_us >= end_us:
            break
        last = Candle(open_us, last.close, last.close, last.close, last.close, 0, 0, 0, 0, 0, 0, 0)
        result.append(last)
    return result


SLOW = [interval for interval in Interval if interval not in (Interval.S1, Interval.M1, Interval.M3)]


@pytest.mark.parametrize("offset_minutes", OFFSETS)
@pytest.mark.parametrize("interval", SLOW)
async def test_klines_are_those_of_the_trades(interval: Interval, offset_minutes: int) -> None:
    random = Random(f"{interval}{offset_minutes}")
    case = Case(offset_minutes, own_days=12, past_days=9)
    first_us, now_us = case.everything[0].time_us, case.now_us
    times = [
        None,
        first_us - 3 * DAY,
        interval.open_of(START, offset_minutes * MINUTE),
        *(random.randrange(first_us, now_us) for _ in range(3)),
        now_us + DAY,
    ]
    bars = every_bar(case.everything, interval, offset_minutes, now_us)
    for start_us, end_us in product(times, times):
        limit = random.choice([1, 5, 300, 1000])
        expected = asked_for(bars, start_us, end_us, limit)
        assert expected == await case.archive.klines(
            interval, start_us=start_us, end_us=end_us, limit=limit, offset_us=offset_minutes * MINUTE
        )


@pytest.mark.parametrize("offset_minutes", [0, 345])
@pytest.mark.parametrize("interval", [Interval.S1, Interval.M1, Interval.M3])
async def test_short_klines_are_those_of_the_trades(interval: Interval, offset_minutes: int) -> None:
    random = Random(f"{interval}{offset_minutes}")
    case = Case(offset_minutes, own_days=2, past_days=1)
    times = [
        case.everything[0].time_us - 30 * MINUTE,
        *(trade.time_us + random.randrange(-MINUTE, MINUTE) for trade in random.sample(case.everything, 8)),
        case.own[0].time_us - 10 * SECOND,
        case.now_us - 3 * MINUTE,
        None,
    ]
    bars = candles_of(case.everything, lambda time_us: bar_start(interval, time_us, 0))
    for start_us in times:
        found = await case.archive.klines(
            interval, start_us=start_us, end_us=None, limit=700, offset_us=offset_minutes * MINUTE
        )
        traded_bars = [bar for bar in found if bar.trades]
        first_us, last_us = found[0].open_us, found[-1].open_us
        closes = [trade.price for trade in case.everything if trade.time_us < first_us]

        assert [bar for bar in bars if first_us <= bar.open_us <= last_us] == traded_bars
        assert list(range(first_us, last_us + 1, SECONDS[interval] * SECOND)) == [bar.open_us for bar in found]
        assert 700 == len(found) or last_us == interval.open_of(case.now_us)
        for bar in found:
            if bar.trades == 0:
                assert (closes[-1],) * 4 == (bar.open, bar.high, bar.low, bar.close)
            closes.append(bar.close)


async def test_recent_klines_need_no_store() -> None:
    case = Case(1, own_days=12, past_days=1)
    for interval, limit in ((Interval.M1, 1000), (Interval.H1, 150), (Interval.D1, 1000), (Interval.W1, 5)):
        await case.archive.klines(interval, start_us=None, end_us=None, limit=limit, offset_us=0)

    assert case.stored.reads == 0


async def test_old_seconds_are_made_of_the_stored_tape_page_by_page() -> None:
    burst = random_trades(Random(8), START, START + 10 * MINUTE, 3000)
    late = TapeTrade(3001, burst[-1].aggregate_id + 1, 50_000, 1000, START + 9 * HOUR, True, True)
    own = [*burst, *random_trades(Random(9), START + 5 * HOUR, START + 8 * HOUR, 500, first_id=3001)]
    own.append(msgspec.structs.replace(late, trade_id=3501, aggregate_id=own[-1].aggregate_id + 1))
    views = Views()
    views.fold(listed())
    for trade in own:
        views.fold(traded(trade))
    stored = StoredTrades(own)
    archive = Archive(views.marketdata.markets[MARKET.symbol], stored, FixedClock(own[-1].time_us))

    found = await archive.klines(Interval.S1, start_us=START, end_us=START + 10 * MINUTE, limit=1000, offset_us=0)

    expected = candles_of(burst, lambda time_us: time_us // SECOND * SECOND)
    assert [bar for bar in expected if bar.open_us >= START] == [bar for bar in found if bar.trades]
    assert stored.reads >= len(aggregates_of(burst)) // 1000


@pytest.mark.parametrize("past_days", [0, 1])
async def test_seconds_begin_where_the_stored_tape_begins(past_days: int) -> None:
    past = random_trades(Random(3), START - past_days * DAY, START, 400, first_id=-400) if past_days else []
    own = random_trades(Random(7), START, START + 5 * HOUR, 2000)
    views = Views(TradesBefore(past))
    views.fold(listed())
    for trade in own:
        views.fold(traded(trade))
    archive = Archive(views.marketdata.markets[MARKET.symbol], StoredTrades(own, 1500), FixedClock(own[-1].time_us))
    second_us = own[-1500].time_us // SECOND * SECOND + SECOND
    known = [trade for trade in own if trade.time_us >= second_us]

    for start_us in (START - 100 * SECOND, START, second_us - MINUTE, second_us):
        found = await archive.klines(Interval.S1, start_us=start_us, end_us=None, limit=700, offset_us=0)

        expected = candles_of(known, lambda time_us: time_us // SECOND * SECOND)
        assert [second_us + at * SECOND for at in range(700)] == [bar.open_us for bar in found]
        assert [bar for bar in expected if bar.open_us <= found[-1].open_us] == [bar for bar in found if bar.trades]
        close = [trade.price for trade in own if trade.time_us < second_us][-1]
        assert close == found[0].open or found[0].trades
    before = await archive.klines(Interval.S1, start_us=START, end_us=second_us - 1, limit=700, offset_us=0)
    long_ago = await archive.klines(Interval.S1, start_us=None, end_us=START - HOUR, limit=5, offset_us=0)
    assert ([], 5 * past_days) == (before, len(long_ago))
    [minute] = await archive.klines(Interval.M1, start_us=START, end_us=None, limit=1, offset_us=0)
    assert candle_of(minute.open_us, [t for t in own if 0 <= t.time_us - minute.open_us < MINUTE]) == minute


async def test_a_long_read_of_the_past_lets_others_have_turns() -> None:
    views = Views(TradesBefore(random_trades(Random(5), START - 9 * DAY, START, 900)))
    views.fold(listed())
    clock = FixedClock(START)
    archive = Archive(views.marketdata.markets[MARKET.symbol], StoredTrades([]), clock)

    await archive.klines(Interval.M15, start_us=None, end_us=None, limit=500, offset_us=0)

    assert clock.turns >= 500 // 100


async def test_a_market_that_never_traded_has_no_klines() -> None:
    views = Views()
    views.fold(listed())
    archive = Archive(views.marketdata.markets[MARKET.symbol], StoredTrades([]), FixedClock(START))
    for start_us in (None, 0, START):
        assert [] == await archive.klines(Interval.H1, start_us=start_us, end_us=None, limit=10, offset_us=0)


async def test_before_the_first_trade_klines_are_the_past_until_now() -> None:
    past = random_trades(Random(4), START - 2 * DAY, START + DAY, 500, first_id=-500)
    views = Views(TradesBefore(past))
    views.fold(listed())
    archive = Archive(views.marketdata.markets[MARKET.symbol], StoredTrades([]), FixedClock(START))
    seen = [trade for trade in past if trade.time_us < START // SECOND * SECOND]
    for interval in SLOW:
        expected = asked_for(every_bar(seen, interval, 0, START), None, None, 99)
        assert expected == await archive.klines(interval, start_us=None, end_us=None, limit=99, offset_us=0)


async def test_the_bar_of_the_first_trade_has_the_past_and_the_present_once() -> None:
    past = [TapeTrade(-3, -3, 50, 1, START - 3 * SECOND, True, True)]
    past += [TapeTrade(-2, -2, 70, 2, START, True, True)]  # in the second of the first trade: not counted
    own = [TapeTrade(1, 1, 60, 4, START, False, True)]
    views = Views(TradesBefore(past))
    views.fold(listed())
    views.fold(traded(own[0]))
    archive = Archive(views.marketdata.markets[MARKET.symbol], StoredTrades(own), FixedClock(START))

    [minute] = await archive.klines(Interval.M1, start_us=None, end_us=None, limit=1, offset_us=0)

    assert Candle(START // MINUTE * MINUTE, 50, 60, 50, 60, 5, 290, 2, 4, 240, -3, 1) == minute


@pytest.mark.parametrize("seed", range(5))
async def test_long_windows_are_recounted_from_store_and_memory(seed: int) -> None:
    random = Random(seed)
    case = Case(seed, own_days=12, past_days=3, trades=2000)
    for _ in range(20):
        start_us = random.randrange(START - 2 * DAY, case.own[-1].time_us) // MINUTE * MINUTE
        within = [trade for trade in case.everything if trade.time_us >= start_us]

        found = await case.archive.window(start_us)

        assert found is not None
        assert candle_of(found.open_us, within) == found
    assert case.stored.reads > 0


def test_zones_of_a_quarter_hour_need_no_minutes_of_the_past() -> None:
    for interval in (Interval.M15, Interval.H1, Interval.D1, Interval.W1, Interval.MO1):
        first_us = interval.open_of(START, 345 * MINUTE)
        end_us = interval.after(first_us, 345 * MINUTE, 9)
        assert 900 <= min(seconds for seconds, _, _ in runs(interval, first_us, end_us, 345 * MINUTE, PAST_SECONDS))


@pytest.mark.parametrize("bases", [BASE_SECONDS, PAST_SECONDS])
@pytest.mark.parametrize("offset_minutes", OFFSETS)
@pytest.mark.parametrize("interval", list(Interval))
def test_runs_are_cut_by_no_bar_and_cover_every_second_once(
    interval: Interval, offset_minutes: int, bases: tuple[int, ...]
) -> None:
    offset_us = offset_minutes * MINUTE
    first_us = interval.open_of(START, offset_us)
    end_us = interval.after(first_us, offset_us, 3) + 37 * SECOND
    found = list(runs(interval, first_us, end_us, offset_us, bases))

    assert first_us == found[0][1]
    assert end_us == found[-1][2]
    assert [end for _, _, end in found[:-1]] == [start for _, start, _ in found[1:]]
    for seconds, start_us, run_end_us in found:
        assert start_us % (seconds * SECOND) == run_end_us % (seconds * SECOND) == 0
        for open_us in range(start_us, run_end_us, seconds * SECOND):
            last_us = open_us + seconds * SECOND - 1
            assert interval.open_of(open_us, offset_us) == interval.open_of(last_us, offset_us)
