"""An upstream's klines as a market's past, over real HTTP, against an oracle that knows every trade."""

import asyncio
import os
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from hypersim.feeds.binance import upstream
from hypersim.feeds.past import backfill
from hypersim.feeds.past.backfill import FRESH_S, REST_S, SYMBOL_REST_S, UpstreamHistory
from hypersim.units import ONE
from hypersim.views.archive import Archive
from hypersim.views.candles import aggregate
from hypersim.views.intervals import SECONDS, Interval
from hypersim.views.records import PAST_SECONDS, Candle, Run, TapeTrade
from hypersim.views.views import Views
from tests.feeds.desk import START_US, VirtualClock
from tests.feeds.kline_upstream import Answer, Asked, KlineUpstream
from tests.views.test_archive import asked_for, every_bar
from tests.views.test_gaps import recount, without_ids
from tests.views.test_recorded import answers, candle
from tests.views.trades import (
    DAY,
    HOUR,
    MARKET,
    MINUTE,
    SECOND,
    StoredTrades,
    base_candles,
    listed,
    random_trades,
)
from tests.views.watching import Watching

SYMBOL = MARKET.symbol
MIDNIGHT = START_US // DAY * DAY


def bars_of(trades: Sequence[TapeTrade], run: Run) -> list[Candle]:
    return without_ids(base_candles(trades, *run))


def history_of(trades: Sequence[TapeTrade]) -> tuple[VirtualClock, KlineUpstream]:
    clock = VirtualClock()
    return clock, KlineUpstream(trades, clock)


@pytest.mark.parametrize("seed", range(3))
async def test_any_closed_run_of_any_base_is_that_of_the_trades_and_asked_for_once(seed: int) -> None:
    random = Random(seed)
    trades = random_trades(random, START_US - 30 * DAY, START_US - HOUR, 3000)
    clock, server = history_of(trades)
    async with server.serving() as client:
        history = UpstreamHistory(clock, client, {SYMBOL: "XBTUSD"})
        runs: list[Run] = []
        for seconds in PAST_SECONDS * 4:
            length_us = seconds * SECOND
            start_us = random.randrange(START_US - 33 * DAY, START_US - 2 * HOUR) // length_us * length_us
            end_us = min(start_us + random.choice([1, 7, 2500]) * length_us, MIDNIGHT)
            if start_us < end_us:
                runs.append((seconds, start_us, end_us))
                await history.reach(SYMBOL, runs[-1:])
                assert bars_of(trades, runs[-1]) == history.candles(SYMBOL, *runs[-1])
        asked = len(server.asked)
        await history.reach(SYMBOL, runs)

        assert [bars_of(trades, run) for run in runs] == [history.candles(SYMBOL, *run) for run in runs]
        assert asked == len(server.asked)
        assert {"XBTUSD"} == {symbol for symbol, *_ in server.asked}


async def test_what_minutes_add_up_to_is_not_asked_for() -> None:
    trades = random_trades(Random(1), START_US - 5 * DAY, START_US, 2000)
    clock, server = history_of(trades)
    async with server.serving() as client:
        history = UpstreamHistory(clock, client, {SYMBOL: SYMBOL})
        await history.reach(SYMBOL, [(60, MIDNIGHT - DAY, MIDNIGHT)])
        larger = [(seconds, MIDNIGHT - DAY, MIDNIGHT) for seconds in PAST_SECONDS[2:]]
        await history.reach(SYMBOL, larger)

        assert [("1m", 960)] * 2 == sorted((interval, limit) for _, interval, _, _, limit in server.asked)
        assert [bars_of(trades, run) for run in larger] == [history.candles(SYMBOL, *run) for run in larger]


async def test_whoever_asks_at_the_same_time_shares_one_request() -> None:
    trades = random_trades(Random(1), START_US - 2 * DAY, START_US, 500)
    clock, server = history_of(trades)
    run = 3600, MIDNIGHT - DAY, MIDNIGHT
    async with server.serving() as client:
        history = UpstreamHistory(clock, client, {SYMBOL: SYMBOL})
        server.gate.clear()
        first, *others = (asyncio.create_task(history.reach(SYMBOL, [run])) for _ in range(5))
        await asyncio.sleep(0.05)
        first.cancel()  # he hangs up, the others go on
        server.gate.set()
        await asyncio.gather(*others)

        assert bars_of(trades, run) == history.candles(SYMBOL, *run)
        assert len(server.asked) <= 2


async def test_time_before_the_first_bar_is_known_to_be_empty_after_one_question() -> None:
    trades = random_trades(Random(1), START_US - 40 * DAY, START_US, 500)
    clock, server = history_of(trades)
    async with server.serving() as client:
        history = UpstreamHistory(clock, client, {SYMBOL: SYMBOL})
        await history.reach(SYMBOL, [(60, 0, DAY)])
        asked = len(server.asked)
        await history.reach(SYMBOL, [(86400, 0, trades[0].time_us // DAY * DAY), (60, DAY, 30 * DAY)])
        days = 86400, 0, MIDNIGHT
        await history.reach(SYMBOL, [days])

        assert (3, 4) == (asked, len(server.asked))  # two pages of minutes, when the first day was, and the days
        assert bars_of(trades, days) == history.candles(SYMBOL, *days)


async def test_a_bar_that_may_still_change_is_good_for_a_few_seconds_only() -> None:
    trades = random_trades(Random(3), START_US - HOUR, START_US + HOUR, 9000)
    clock, server = history_of(trades)
    async with server.serving() as client:
        history = UpstreamHistory(clock, client, {SYMBOL: SYMBOL})
        start_us = START_US - 100 * SECOND

        async def seen() -> tuple[list[Candle], int]:
            run = 1, start_us, clock.now_us() // SECOND * SECOND
            await history.reach(SYMBOL, [run])
            return history.candles(SYMBOL, *run), len(server.asked)

        first = await seen()
        clock.skip(2)
        again = await seen()
        clock.skip(FRESH_S)
        later = await seen()
        now_s = clock.now_us() // SECOND

        assert (1, 1, 2) == (first[1], again[1], later[1])
        assert first[0] == again[0]
        assert bars_of(trades, (1, start_us, now_s * SECOND)) == later[0]


async def test_the_minute_that_runs_upstream_is_asked_for_again_when_it_is_over() -> None:
    clock = VirtualClock()
    late = [
        TapeTrade(number, number, (100 + number) * ONE, ONE, START_US + number * 10 * SECOND, False, True)
        for number in range(30)
    ]
    server = KlineUpstream(late, clock)
    minute_us = (START_US // MINUTE + 1) * MINUTE
    run = 60, minute_us, minute_us + MINUTE
    async with server.serving() as client:
        history = UpstreamHistory(clock, client, {SYMBOL: SYMBOL})
        clock.skip((minute_us + 30 * SECOND - START_US) / SECOND)
        await history.reach(SYMBOL, [run])
        running = history.candles(SYMBOL, *run)
        clock.skip(40)
        await history.reach(SYMBOL, [run])
        closed = history.candles(SYMBOL, *run)
        clock.skip(3600)
        await history.reach(SYMBOL, [run])

        assert (3, 6, 2) == (running[0].trades, closed[0].trades, len(server.asked))
        assert bars_of(late, run) == closed


RETRY: Answer = (429, {"Retry-After": "60"}, b"{}")
WORDS: Answer = (200, {}, b'[[1,"a","b","c","d","e",2,"f",3,"g","h"]]')
CHAFF: Answer = (200, {}, b"<html>")
BROKEN: Answer = (502, {}, b"<html>")
ABSENT: Answer = (400, {}, b'{"code":-1121,"msg":"Invalid symbol."}')


@pytest.mark.parametrize(
    ("answer", "rests_s"),
    [
        (RETRY, 60),
        (WORDS, SYMBOL_REST_S),
        (CHAFF, SYMBOL_REST_S),
        (ABSENT, SYMBOL_REST_S),
        (BROKEN, REST_S),
        (None, REST_S),
    ],
)
async def test_an_upstream_that_fails_is_left_alone_for_a_while(
    answer: Answer | None, rests_s: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "ANSWER_TIMEOUT_S", 0.1)
    trades = random_trades(Random(1), START_US - 5 * DAY, START_US, 500)
    clock, server = history_of(trades)
    known, unknown = (3600, MIDNIGHT - DAY, MIDNIGHT), (3600, MIDNIGHT - 60 * DAY, MIDNIGHT)
    async with server.serving() as client:
        history = UpstreamHistory(clock, client, {SYMBOL: SYMBOL, "ETHUSDT": "ETHUSDT"})
        await history.reach(SYMBOL, [known])
        if answer is None:
            server.gate.clear()
        server.misbehave = lambda _: answer
        await history.reach(SYMBOL, [unknown])
        failed, asked = history.failure, len(server.asked)
        await history.reach(SYMBOL, [unknown])
        await history.reach("ETHUSDT", [known])  # a dead upstream is dead for all
        kept = history.candles(SYMBOL, *known), len(server.asked)
        server.gate.set()
        server.misbehave = lambda _: None
        clock.skip(rests_s + 1)
        await history.reach(SYMBOL, [unknown])

        assert failed
        assert (bars_of(trades, known), asked) == kept
        assert bars_of(trades, unknown) == history.candles(SYMBOL, *unknown)
        assert history.failure is None


async def test_a_slow_upstream_is_not_waited_for_and_what_came_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "PATIENCE_S", 0.2)
    trades = random_trades(Random(1), START_US - 90 * DAY, START_US, 500)
    clock, server = history_of(trades)
    run = 60, MIDNIGHT - 20 * DAY, MIDNIGHT
    async with server.serving() as client:
        history = UpstreamHistory(clock, client, {SYMBOL: SYMBOL})
        server.delay_s = 0.07
        await history.reach(SYMBOL, [run])
        some = history.candles(SYMBOL, *run)
        for _ in range(9):
            clock.skip(REST_S + 1)
            await history.reach(SYMBOL, [run])

        assert 0 < len(some) < len(history.candles(SYMBOL, *run))
        assert bars_of(trades, run) == history.candles(SYMBOL, *run)


@pytest.mark.parametrize("seed", range(4))
async def test_klines_and_windows_of_a_world_with_gaps_are_those_of_the_trades(seed: int) -> None:
    random = Random(seed)
    world = Watching(seed, START_US - 3 * DAY, days=3, trades=1500)
    clock, server = history_of(world.everywhere)
    clock.skip((world.end_us - START_US) / SECOND + 3)
    now_us = clock.now_us()
    counted = world.counted(now_us)
    async with server.serving() as client:
        history = UpstreamHistory(clock, client, {SYMBOL: SYMBOL})
        views = Views(history)
        views.fold(world.records[0])
        for record in world.records[1:]:
            views.fold(record)
        view = views.marketdata.markets[SYMBOL]
        archive = Archive(view, StoredTrades(world.own), NoWait(clock))
        for interval in list(Interval)[1:]:
            offset_minutes = random.choice([0, 345])
            bars = every_bar(counted, interval, offset_minutes, now_us)
            start_us = random.choice([None, random.randrange(START_US - 6 * DAY, START_US)])
            if start_us is not None and SECONDS.get(interval, DAY) < 900:
                start_us = random.randrange(START_US - 2 * DAY, START_US)

            found = await archive.klines(
                interval, start_us=start_us, end_us=None, limit=500, offset_us=offset_minutes * MINUTE
            )

            assert without_ids(asked_for(bars, start_us, None, 500)) == without_ids(found), interval
        for minutes in (1, 59, 24 * 60, 4 * 24 * 60):
            since_us = now_us // MINUTE * MINUTE - minutes * MINUTE
            expected = recount([trade for trade in counted if trade.time_us >= since_us])
            assert expected == view.summary(await archive.window(since_us))
        asked = len(server.asked)
        assert recount([t for t in counted if t.time_us >= (now_us - DAY) // MINUTE * MINUTE]) == view.rolling_day(
            now_us
        )
        assert asked == len(server.asked)


class NoWait:
    """A clock that stands still."""

    def __init__(self, clock: VirtualClock) -> None:
        self.now_us = clock.now_us

    async def sleep(self, seconds: float) -> None:
        assert seconds == 0


async def test_before_anything_is_traded_or_known_a_market_shows_zeros() -> None:
    clock, server = history_of([])
    async with server.serving() as client:
        views = Views(UpstreamHistory(clock, client, {SYMBOL: SYMBOL}))
        views.fold(listed())
        view = views.marketdata.markets[SYMBOL]
        archive = Archive(view, StoredTrades([]), NoWait(clock))

        assert [] == await archive.klines(Interval.H1, start_us=0, end_us=None, limit=9, offset_us=0)
        assert (0, 0, 0) == (view.last_price(START_US), view.average(START_US), view.close_before(MIDNIGHT, START_US))
        assert recount([]) == view.rolling_day(START_US)


RECORDED = "interval=1h&limit"
FOLDER = os.environ.get("HYPERSIM_RECORDED_DATA")


@pytest.mark.skipif(not FOLDER, reason="HYPERSIM_RECORDED_DATA names no folder with recorded data")
async def test_recorded_hours_are_what_klines_show_of_a_market_that_was_not_watched() -> None:
    rows = {row[0]: row for query, bars in answers("/api/v3/klines") if RECORDED in query for row in bars}
    hours = sorted(open_ms for open_ms in rows if open_ms < 1_600_000_000_000)
    clock = VirtualClock()
    server = KlineUpstream([], clock)

    def recorded(asked: Asked) -> list[list[Any]]:
        _, interval, start_ms, end_ms, limit = asked
        return [rows[at] for at in hours if start_ms <= at <= end_ms][:limit] if interval == "1h" else []

    server.rows = recorded
    async with server.serving() as client:
        views = Views(UpstreamHistory(clock, client, {SYMBOL: SYMBOL}))
        views.fold(listed())
        archive = Archive(views.marketdata.markets[SYMBOL], StoredTrades([]), NoWait(clock))
        end_us = hours[-1] * 1000
        shown = await archive.klines(Interval.H1, start_us=hours[0] * 1000, end_us=end_us, limit=2000, offset_us=0)
        larger = await archive.klines(Interval.H4, start_us=hours[0] * 1000, end_us=end_us, limit=1000, offset_us=0)

    expected = [candle(rows[at]) for at in hours]
    assert len(hours) > 1400
    assert expected == [bar for bar in shown if bar.trades]
    assert [bar for bar in aggregate(expected, Interval.H4.open_of) if bar.open_us >= hours[0] * 1000] == [
        bar for bar in larger if bar.trades
    ]
