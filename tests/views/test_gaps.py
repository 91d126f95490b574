"""Klines and statistics of a world that sees only some of its outside, against an oracle that knows every trade."""

from collections.abc import Iterable
from random import Random

import msgspec
import pytest

from hypersim.views.archive import Archive
from hypersim.views.gaps import MOST_SPANS, Gaps
from hypersim.views.intervals import Interval
from hypersim.views.marketdata import MarketView
from hypersim.views.records import Candle, Span, TapeTrade
from hypersim.views.statistics import NO_TRADES, Statistics
from hypersim.views.views import Views, ViewsState
from tests.views.test_archive import asked_for, every_bar
from tests.views.trades import (
    DAY,
    HOUR,
    MARKET,
    MINUTE,
    SECOND,
    FixedClock,
    StoredTrades,
    TradesBefore,
    candle_of,
)
from tests.views.watching import Watching

START = 20_000 * DAY + 5 * HOUR + 17 * MINUTE + 33 * SECOND + 250_000


def without_ids(bars: Iterable[Candle]) -> list[Candle]:
    return [msgspec.structs.replace(bar, first_id=0, last_id=0) for bar in bars]


def fold(world: Watching, until_us: int) -> MarketView:
    """The market as it is at a time."""
    views = Views(TradesBefore(world.everywhere))
    for record in world.records:
        if record.time_us <= until_us:
            views.fold(record)
    return views.marketdata.markets[MARKET.symbol]


def recount(trades: list[TapeTrade]) -> Statistics:
    if not trades:
        return NO_TRADES
    candle = candle_of(0, trades)
    ids = [trade.trade_id for trade in trades if trade.trade_id]
    return Statistics(
        candle.open,
        candle.high,
        candle.low,
        candle.close,
        candle.volume,
        candle.quote_volume,
        candle.trades,
        ids[0] if ids else -1,
        ids[-1] if ids else -1,
    )


@pytest.mark.parametrize("seed", range(7))
async def test_klines_have_every_trade_once_whoever_saw_it(seed: int) -> None:
    random = Random(seed)
    world = Watching(seed, START, days=random.choice([1, 6]), trades=random.choice([300, 2500]))
    now_us = world.end_us - random.randrange(3 * HOUR)
    view, counted = fold(world, now_us), world.counted(now_us)
    archive = Archive(view, StoredTrades([trade for trade in world.own if trade.time_us <= now_us]), FixedClock(now_us))
    for interval in list(Interval)[1:]:
        offset_minutes = random.choice([0, 0, 345, -210])
        bars = every_bar(counted, interval, offset_minutes, now_us)
        for _ in range(6):
            start_us = random.choice([None, random.randrange(START - 2 * DAY, now_us)])
            limit = random.choice([1, 7, 500])

            found = await archive.klines(
                interval, start_us=start_us, end_us=None, limit=limit, offset_us=offset_minutes * MINUTE
            )

            assert without_ids(asked_for(bars, start_us, None, limit)) == without_ids(found)


@pytest.mark.parametrize("seed", range(3))
async def test_seconds_have_every_trade_once(seed: int) -> None:
    world = Watching(seed, START, days=1, trades=6000, user_trades=600)
    now_us = world.end_us
    archive = Archive(fold(world, now_us), StoredTrades(world.own), FixedClock(now_us))
    counted = world.counted(now_us)
    for trade in Random(seed).sample(world.own, 12):
        start_us = trade.time_us - 100 * SECOND
        at = next(at for at, each in enumerate(counted) if each.time_us >= start_us)
        bars = every_bar(counted[max(0, at - 1) : at + 400], Interval.S1, 0, min(now_us, start_us + 401 * SECOND))

        found = await archive.klines(Interval.S1, start_us=start_us, end_us=None, limit=400, offset_us=0)

        assert without_ids(asked_for(bars, start_us, None, 400)) == without_ids(found)


@pytest.mark.parametrize("seed", range(5))
async def test_statistics_have_every_trade_once_at_every_moment(seed: int) -> None:
    random = Random(seed)
    world = Watching(seed, START, days=3, trades=2500)
    views = Views(TradesBefore(world.everywhere))
    records = list(world.records)
    views.fold(records.pop(0))
    for now_us in sorted(random.randrange(START - DAY, world.end_us) for _ in range(60)):
        while records and records[0].time_us <= now_us:
            views.fold(records.pop(0))
        view, counted = views.marketdata.markets[MARKET.symbol], world.counted(now_us)
        start_us = (now_us - DAY) // MINUTE * MINUTE
        before = [trade for trade in counted if trade.time_us < start_us]
        recent = [trade for trade in counted if trade.time_us >= (now_us - 5 * MINUTE) // SECOND * SECOND]
        own = [trade for trade in world.own if trade.time_us <= now_us]
        archive = Archive(view, StoredTrades(own), FixedClock(now_us))
        hour_us = random.randrange(start_us - DAY, now_us) // MINUTE * MINUTE
        since = [trade for trade in counted if trade.time_us >= hour_us]

        assert recount([trade for trade in counted if trade.time_us >= start_us]) == view.rolling_day(now_us)
        assert recount(since) == view.summary(await archive.window(hour_us))
        assert (before[-1].price if before else 0) == view.close_before(start_us, now_us)
        assert counted[-1].price == view.last_price(now_us)
        if recent:
            candle = candle_of(0, recent)
            assert (2 * candle.quote_volume + candle.volume) // (2 * candle.volume) == view.average(now_us)


@pytest.mark.parametrize("seed", range(4))
def test_a_restart_anywhere_keeps_the_gaps(seed: int) -> None:
    world = Watching(seed, START, days=2)
    straight, restarted = Views(), Views()
    for at, record in enumerate(world.records):
        straight.fold(record)
        restarted.fold(record)
        if at % 40 == 17:
            state = msgspec.json.decode(msgspec.json.encode(restarted.snapshot()), type=ViewsState).marketdata
            market = restarted.marketdata.markets[MARKET.symbol]
            market.tape.restore(state.markets[0].tape)
            market.timeline.restore(state.markets[0].timeline)
            market.gaps.restore(state.markets[0].gaps)

    assert straight.snapshot() == restarted.snapshot()
    assert straight.marketdata.markets[MARKET.symbol].source_spans(0, world.end_us)[1:]


def test_a_snapshot_from_before_gaps_were_kept_has_none() -> None:
    world = Watching(1, START, days=1)
    state = msgspec.to_builtins(fold(world, world.end_us).snapshot())
    del state["gaps"]

    assert Gaps().snapshot() == msgspec.convert(state, type(fold(world, 0).snapshot())).gaps


NOTHING: tuple[Candle, ...] = ()


def test_a_gap_has_the_whole_seconds_between_what_was_heard() -> None:
    gaps = Gaps()
    gaps.heard(10 * SECOND + 5, 0, 3, 9 * SECOND, lambda _: NOTHING)
    gaps.lost(60 * SECOND, 3, 9 * SECOND, lambda _: NOTHING)
    unfinished = gaps.spans(0, 70 * SECOND)
    gaps.heard(90 * SECOND + 999_999, 80 * SECOND + 1, 3, 9 * SECOND, lambda _: NOTHING)

    assert [Span(11 * SECOND, 70 * SECOND, 3)] == unfinished
    assert [Span(11 * SECOND, 80 * SECOND, 3)] == gaps.spans(0, 100 * SECOND)
    assert [Span(20 * SECOND, 30 * SECOND, 3)] == gaps.spans(20 * SECOND, 30 * SECOND)
    assert [] == gaps.spans(80 * SECOND, 100 * SECOND)


def test_own_trades_divide_a_gap_and_a_late_end_takes_back_what_was_heard_of_after_all() -> None:
    gaps = Gaps()
    gaps.heard(10 * SECOND, 0, 3, 0, lambda _: NOTHING)
    gaps.lost(12 * SECOND, 3, 0, lambda _: NOTHING)
    for second, trade_id in ((20, 4), (20, 5), (30, 6), (40, 7)):
        gaps.traded(second * SECOND + 500, trade_id)
    gaps.heard(25 * SECOND, 0, 7, 0, lambda _: NOTHING)

    assert [Span(11 * SECOND, 20 * SECOND, 3), Span(20 * SECOND, 25 * SECOND, 5)] == gaps.spans(0, 99 * SECOND)


def test_a_source_whose_time_goes_back_leaves_earlier_gaps_alone() -> None:
    gaps = Gaps()
    for heard_s in (10, 100, 150):
        gaps.lost((heard_s - 1) * SECOND, 3, 0, lambda _: NOTHING)
        gaps.heard(heard_s * SECOND, 0, 3, 0, lambda _: NOTHING)
    before = gaps.spans(0, 1000 * SECOND)
    gaps.lost(160 * SECOND, 3, 0, lambda _: NOTHING)
    gaps.heard(20 * SECOND, 0, 3, 0, lambda _: NOTHING)

    assert before == gaps.spans(0, 1000 * SECOND)


def test_the_number_of_spans_is_bounded_and_their_time_is_kept_as_long_as_they_touch() -> None:
    gaps = Gaps()
    gaps.traded(SECOND, 1)
    for trade_id in range(2, 3 * MOST_SPANS):
        gaps.traded(trade_id * SECOND, trade_id)
    spans = gaps.spans(0, 10**6 * SECOND)

    assert len(spans) <= MOST_SPANS + 1
    assert (SECOND, 10**6 * SECOND) == (spans[0].start_us, spans[-1].end_us)
    assert [span.end_us for span in spans[:-1]] == [span.start_us for span in spans[1:]]
