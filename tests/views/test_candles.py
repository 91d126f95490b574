"""Candles from trades, and larger ones from smaller ones, against their definition."""

from random import Random

import pytest

from hypersim.views.candles import (
    aggregate,
    bucket,
    bucket_after,
    join,
    merge,
    merge_all,
    pieces,
    with_trades,
)
from hypersim.views.records import BASE_SECONDS, Candle, TapeTrade
from tests.views.trades import DAY, HOUR, MINUTE, SECOND, base_candles, candle_of, random_trades


def folded(trades: list[TapeTrade], open_us: int) -> Candle:
    candle = None
    for trade in trades:
        candle = with_trades(candle, open_us, [trade])
    assert candle is not None
    return candle


def test_a_candle_is_what_its_trades_say() -> None:
    trades = [
        TapeTrade(7, 3, 100, 5, 10, True, True),
        TapeTrade(8, 4, 90, 2, 11, False, False),
        TapeTrade(9, 5, 120, 1, 12, False, True),
        TapeTrade(10, 5, 110, 4, 12, False, True),
    ]
    expected = Candle(0, 100, 120, 90, 110, 12, 500 + 180 + 120 + 440, 4, 7, 180 + 120 + 440, 7, 10)

    assert expected == folded(trades, 0)
    assert expected == candle_of(0, trades)


@pytest.mark.parametrize("seed", range(5))
def test_a_merged_candle_is_the_candle_of_all_its_trades(seed: int) -> None:
    random = Random(seed)
    trades = random_trades(random, 0, DAY, 50)
    cut = random.randrange(1, 49)

    assert candle_of(0, trades) == merge(folded(trades[:cut], 0), folded(trades[cut:], DAY))


@pytest.mark.parametrize(("fine", "coarse"), [(1, 60), (60, 3600), (3600, 86400), (1, 86400)])
def test_larger_candles_are_those_of_the_trades(fine: int, coarse: int) -> None:
    trades = random_trades(Random(coarse), 3 * DAY, 6 * DAY, 500)
    small = base_candles(trades, fine, 0, 10 * DAY)

    assert base_candles(trades, coarse, 0, 10 * DAY) == aggregate(small, lambda time_us: bucket(time_us, coarse))


def test_no_candles_make_no_candle() -> None:
    assert merge_all([]) is None
    assert [] == aggregate([], lambda time_us: time_us)


def test_runs_that_share_a_bucket_are_joined_in_it() -> None:
    trades = random_trades(Random(3), 0, 2 * HOUR, 200)
    earlier = [trade for trade in trades if trade.time_us < HOUR + 30 * SECOND]
    later = trades[len(earlier) :]

    joined = join(base_candles(earlier, 60, 0, DAY), base_candles(later, 60, 0, DAY))

    assert base_candles(trades, 60, 0, DAY) == joined
    assert joined == join(joined, [])
    assert joined == join([], joined)


@pytest.mark.parametrize(
    ("start_us", "end_us", "expected"),
    [
        (0, 2 * DAY, [(86400, 0, 2 * DAY)]),
        (HOUR, DAY, [(3600, HOUR, DAY)]),
        (DAY - MINUTE, DAY + HOUR, [(60, DAY - MINUTE, DAY), (3600, DAY, DAY + HOUR)]),
        (SECOND, MINUTE - SECOND, [(1, SECOND, MINUTE - SECOND)]),
        (1, 2, [(1, 0, SECOND)]),
        (0, 1, [(1, 0, SECOND)]),
        (5, 5, [(1, 0, SECOND)]),
        (MINUTE, MINUTE, []),
        (-DAY, HOUR, [(86400, -DAY, 0), (3600, 0, HOUR)]),
        (DAY, 0, []),
    ],
)
def test_a_span_is_cut_into_the_fewest_buckets(
    start_us: int, end_us: int, expected: list[tuple[int, int, int]]
) -> None:
    assert expected == list(pieces(start_us, end_us))


@pytest.mark.parametrize("seed", range(200))
def test_pieces_touch_and_cover_their_span(seed: int) -> None:
    random = Random(seed)
    start_us = random.randrange(30 * DAY)
    end_us = start_us + random.randrange(random.choice([SECOND, MINUTE, HOUR, 5 * DAY]))
    found = list(pieces(start_us, end_us))
    edges = [edge for _, start, end in found for edge in (start, end)]

    assert (bucket(start_us, 1), bucket_after(end_us, 1)) == (edges[0], edges[-1])
    assert edges[1:-1:2] == edges[2::2]
    assert all(seconds in BASE_SECONDS for seconds, _, _ in found)
    assert all(start % (seconds * SECOND) == end % (seconds * SECOND) == 0 for seconds, start, end in found)
    assert all(start < end for _, start, end in found)
