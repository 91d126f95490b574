"""The past of synthetic markets: it adds up, it ends where the world began, and it is always the same."""

import math
import statistics
import tracemalloc
from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest

from hypersim.clock import MICROSECONDS
from hypersim.feeds.synthetic.bars import settle, split
from hypersim.feeds.synthetic.history import DAYS, Origin, SyntheticHistory
from hypersim.units import ONE
from hypersim.views.records import PAST_SECONDS, Candle, HistorySource
from tests.feeds.markets import MARKETS, SYNTHETIC

DAY_S = 86_400
# some time on a Friday, in the middle of an hour, a minute and a second
BEGAN_US = 1_790_346_154_123_456
BEGAN_S = BEGAN_US // MICROSECONDS
ORIGINS = {symbol: Origin(BEGAN_US, synthetic.price) for symbol, synthetic in SYNTHETIC.items()}


def history(
    origins: Mapping[str, Origin] = ORIGINS, seed: int = 1, symbols: Sequence[str] = tuple(MARKETS)
) -> SyntheticHistory:
    return SyntheticHistory([MARKETS[symbol] for symbol in symbols], SYNTHETIC, seed, origins.get)


def candles(source: HistorySource, symbol: str, base_s: int, start_s: int, end_s: int) -> list[Candle]:
    return list(source.candles(symbol, base_s, start_s * MICROSECONDS, end_s * MICROSECONDS))


def merged(parts: Sequence[Candle]) -> Candle:
    return Candle(
        parts[0].open_us,
        parts[0].open,
        max(part.high for part in parts),
        min(part.low for part in parts),
        parts[-1].close,
        sum(part.volume for part in parts),
        sum(part.quote_volume for part in parts),
        sum(part.trades for part in parts),
        sum(part.taker_base for part in parts),
        sum(part.taker_quote for part in parts),
        parts[0].first_id,
        parts[-1].last_id,
    )


@pytest.fixture(scope="module")
def source() -> HistorySource:
    return history()


@pytest.mark.parametrize("symbol", MARKETS)
@pytest.mark.parametrize("age_days", [0, 1, 40, DAYS - 1])
def test_every_bar_is_the_sum_of_the_shorter_ones_within_it(source: HistorySource, symbol: str, age_days: int) -> None:
    day_s = BEGAN_S - BEGAN_S % DAY_S - age_days * DAY_S
    [day] = candles(source, symbol, DAY_S, day_s, day_s + DAY_S)
    hours = candles(source, symbol, 3600, day_s, day_s + DAY_S)
    minutes = candles(source, symbol, 60, day_s, day_s + DAY_S)
    last_hour = hours[-1].open_us // MICROSECONDS
    seconds = candles(source, symbol, 1, last_hour, last_hour + 3600)

    assert day == merged(hours)
    assert hours == [
        merged([m for m in minutes if 0 <= m.open_us - hour.open_us < 3600 * MICROSECONDS]) for hour in hours
    ]
    minutes_of_last_hour = [minute for minute in minutes if minute.open_us >= hours[-1].open_us]
    assert minutes_of_last_hour == [
        opening_at(merged(within(seconds, minute)), minute.open_us) for minute in minutes_of_last_hour
    ]


def within(seconds: Sequence[Candle], minute: Candle) -> list[Candle]:
    return [second for second in seconds if 0 <= second.open_us - minute.open_us < 60 * MICROSECONDS]


def opening_at(candle: Candle, open_us: int) -> Candle:
    """The same candle, opening when its bucket does: its first second may have had no trade."""
    return Candle(open_us, *[getattr(candle, field) for field in Candle.__struct_fields__[1:]])


@pytest.mark.parametrize("symbol", MARKETS)
@pytest.mark.parametrize("base_s", PAST_SECONDS)
def test_bars_are_possible_and_on_the_grid(source: HistorySource, symbol: str, base_s: int) -> None:
    market = MARKETS[symbol]
    bars = candles(source, symbol, base_s, BEGAN_S - 1000 * base_s, BEGAN_S)

    assert bars
    for before, bar in pairwise([bars[0], *bars]):
        assert 0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        assert [0] * 4 == [price % market.tick_size for price in (bar.open, bar.high, bar.low, bar.close)]
        assert 0 < bar.volume
        assert [0, 0] == [volume % market.step_size for volume in (bar.volume, bar.taker_base)]
        assert 0 <= bar.taker_base <= bar.volume
        assert bar.trades == bar.last_id - bar.first_id + 1 > 0
        # the mean price is within the bar; in whole steps a second's may miss it by parts of a tick
        allowed = 0 if base_s > 1 else bar.quote_volume // 100_000
        assert bar.low * bar.volume - allowed <= bar.quote_volume <= bar.high * bar.volume + allowed
        assert -allowed <= bar.taker_quote <= bar.quote_volume + allowed
        if before is not bar:
            assert before.open_us < bar.open_us
            assert before.last_id + 1 == bar.first_id
    assert 0 == bars[-1].last_id


@pytest.mark.parametrize("symbol", MARKETS)
def test_it_ends_at_the_price_of_the_first_trade_in_the_second_of_it(source: HistorySource, symbol: str) -> None:
    for base_s in PAST_SECONDS:
        bars = candles(source, symbol, base_s, BEGAN_S - 2 * base_s - 60, BEGAN_S + DAY_S)

        assert ORIGINS[symbol].price == bars[-1].close
        assert bars[-1].open_us < BEGAN_S * MICROSECONDS


def test_bars_open_where_the_one_before_closed(source: HistorySource) -> None:
    for base_s in (60, 3600, DAY_S):
        bars = candles(source, "BTCUSDT", base_s, BEGAN_S - 500 * base_s, BEGAN_S)

        assert [bar.close for bar in bars[:-1]] == [bar.open for bar in bars[1:]]


def test_it_is_years_long_and_without_gaps(source: HistorySource) -> None:
    days = candles(source, "BTCUSDT", DAY_S, 0, BEGAN_S + DAY_S)

    assert [BEGAN_S - BEGAN_S % DAY_S - age * DAY_S for age in reversed(range(DAYS))] == [
        day.open_us // MICROSECONDS for day in days
    ]
    assert [] == candles(source, "BTCUSDT", 3600, 0, days[0].open_us // MICROSECONDS)


def test_the_same_world_has_the_same_past_in_whatever_order_it_is_asked() -> None:
    first, second = history(), history()
    hour_s = BEGAN_S - BEGAN_S % 3600
    first.candles("ETHBTC", 86400, 0, BEGAN_US)
    first.candles("ETHBTC", 60, BEGAN_US - 10**11, BEGAN_US)

    asked = [(symbol, base_s) for symbol in MARKETS for base_s in PAST_SECONDS]
    answers = [candles(first, symbol, base_s, hour_s - 3600, BEGAN_S) for symbol, base_s in asked]
    again = [candles(second, symbol, base_s, hour_s - 3600, BEGAN_S) for symbol, base_s in reversed(asked)]
    assert answers == again[::-1]


def test_what_is_remembered_of_a_past_is_bounded_in_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hypersim.feeds.synthetic.history.MOST_KEPT", 300)
    source = history(symbols=["BTCUSDT"])
    before = candles(source, "BTCUSDT", 1, BEGAN_S - 600, BEGAN_S)
    tracemalloc.start()
    used = []
    for page in range(1, 9):
        candles(source, "BTCUSDT", 1, BEGAN_S - 600 * (page + 1), BEGAN_S - 600 * page)
        used.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()

    assert used[-1] < 2 * used[0]
    assert before == candles(source, "BTCUSDT", 1, BEGAN_S - 600, BEGAN_S)


def test_another_seed_has_another_past() -> None:
    one, two = (candles(history(seed=seed), "BTCUSDT", DAY_S, 0, BEGAN_S) for seed in (1, 2))

    assert len(one) == len(two)
    assert one != two


def test_a_past_that_was_prepared_waits_no_longer_until_a_first_trade_decides_otherwise() -> None:
    origins = {"ETHUSDT": ORIGINS["ETHUSDT"], "ETHBTC": ORIGINS["ETHBTC"]}
    source = history(origins)
    assert ["ETHUSDT", "ETHBTC"] == source.waiting()
    for symbol in source.waiting():
        source.prepare(symbol)
    assert [] == source.waiting()
    origins["BTCUSDT"] = ORIGINS["BTCUSDT"]
    assert ["BTCUSDT", "ETHBTC"] == source.waiting()
    for symbol in source.waiting():
        source.prepare(symbol)

    assert [] == source.waiting()
    assert candles(history(), "ETHBTC", DAY_S, 0, BEGAN_S) == candles(source, "ETHBTC", DAY_S, 0, BEGAN_S)


def test_a_market_without_a_first_trade_has_no_past_until_it_has_one() -> None:
    origins: dict[str, Origin] = {}
    source = history(origins)
    before = candles(source, "BTCUSDT", DAY_S, 0, BEGAN_S)
    origins["BTCUSDT"] = ORIGINS["BTCUSDT"]

    assert [] == before
    assert candles(history(), "BTCUSDT", DAY_S, 0, BEGAN_S) == candles(source, "BTCUSDT", DAY_S, 0, BEGAN_S)
    # an emptied world begins again, elsewhere
    origins["BTCUSDT"] = Origin(BEGAN_US + DAY_S * MICROSECONDS, 50_000 * ONE)
    assert 50_000 * ONE == candles(source, "BTCUSDT", DAY_S, 0, BEGAN_S + 2 * DAY_S)[-1].close
    assert [] == candles(source, "NOSUCH", DAY_S, 0, BEGAN_S)


@pytest.mark.parametrize("later_s", [60, 3 * DAY_S])
def test_a_pair_whose_leg_begins_later_has_the_past_that_it_has_after_a_restart(later_s: int) -> None:
    later = {**ORIGINS, "BTCUSDT": Origin(BEGAN_US + later_s * MICROSECONDS, ORIGINS["BTCUSDT"].price)}
    origins = {symbol: origin for symbol, origin in ORIGINS.items() if symbol != "BTCUSDT"}
    source, restarted = history(origins), history(later)
    alone = candles(source, "ETHBTC", DAY_S, 0, BEGAN_S)
    origins["BTCUSDT"] = later["BTCUSDT"]

    assert candles(restarted, "ETHBTC", DAY_S, 0, BEGAN_S) == candles(source, "ETHBTC", DAY_S, 0, BEGAN_S) != alone


def test_the_oldest_days_of_a_pair_follow_the_oldest_price_of_a_leg_that_began_later() -> None:
    source = history({**ORIGINS, "BTCUSDT": Origin(BEGAN_US + 3 * DAY_S * MICROSECONDS, ORIGINS["BTCUSDT"].price)})
    bitcoin = candles(source, "BTCUSDT", DAY_S, 0, BEGAN_S)
    ether = candles(source, "ETHUSDT", DAY_S, 0, BEGAN_S)[0]
    pair = candles(source, "ETHBTC", DAY_S, 0, BEGAN_S)[0]

    expected = ether.close / bitcoin[0].open * ORIGINS["BTCUSDT"].price / ORIGINS["ETHUSDT"].price
    assert abs(math.log(pair.close / ORIGINS["ETHBTC"].price / expected)) < 0.001


@pytest.mark.parametrize("began_s", [BEGAN_S - BEGAN_S % DAY_S, BEGAN_S - BEGAN_S % 3600, BEGAN_S - BEGAN_S % 3600 + 1])
def test_worlds_that_begin_on_the_edge_of_a_bar_have_whole_ones(began_s: int) -> None:
    source = history({"BTCUSDT": Origin(began_s * MICROSECONDS, 50_000 * ONE)})
    for base_s in PAST_SECONDS:
        last = candles(source, "BTCUSDT", base_s, began_s - max(2 * base_s, 120), began_s + DAY_S)[-1]

        assert (50_000 * ONE, 0) == (last.close, last.last_id)
        assert began_s - base_s <= last.open_us // MICROSECONDS < began_s or base_s == 1


@pytest.mark.parametrize("symbol", ["BTCUSDT", "XRPUSDT"])
def test_long_and_short_bars_tell_of_one_volatility(symbol: str) -> None:
    ratios, memory, later = [], [], []
    for seed in range(4):
        source = history(seed=seed)
        for age in (3, 20, 50, 90):
            day_s = BEGAN_S - BEGAN_S % DAY_S - age * DAY_S
            [day] = candles(source, symbol, DAY_S, day_s, day_s + DAY_S)
            of_range = math.log(day.high / day.low) ** 2 / (4 * math.log(2))
            for base_s in (3600, 60):
                bars = candles(source, symbol, base_s, day_s, day_s + DAY_S)
                moves = [math.log(bar.close / bar.open) for bar in bars]
                ratios.append((sum(move**2 for move in moves), of_range))
                if base_s == 60:
                    sizes = [abs(move) for move in moves]
                    memory.append(statistics.correlation(sizes[:-1], sizes[1:]))
                    later.append(statistics.correlation(moves[:-1], moves[1:]))

    # Parkinson's estimate from the range of the day, against the sum of squares of its parts
    assert 0.6 < sum(squares for squares, _ in ratios) / sum(of_range for _, of_range in ratios) < 1.4
    assert statistics.fmean(memory) > 0.1
    assert abs(statistics.fmean(later)) < 0.15


def test_days_have_the_volatility_and_the_volume_that_the_market_says() -> None:
    for symbol, synthetic in SYNTHETIC.items():
        moves, volumes = [], []
        for seed in range(4):
            days = candles(history(seed=seed), symbol, DAY_S, 0, BEGAN_S)[:-1]
            moves += [math.log(after.close / before.close) for before, after in pairwise(days)]
            volumes += [day.volume for day in days]

        volatility = math.sqrt(statistics.fmean(move**2 for move in moves))
        assert 0.8 < volatility / (synthetic.daily_volatility_bps / 10_000) < 1.3, symbol
        assert 0.85 < statistics.fmean(volumes) / synthetic.daily_volume < 1.15, symbol


def test_pairs_follow_their_legs_and_markets_move_together(source: HistorySource) -> None:
    btc, eth, cross = (
        candles(source, symbol, 60, BEGAN_S - 5 * DAY_S, BEGAN_S) for symbol in ("BTCUSDT", "ETHUSDT", "ETHBTC")
    )
    off = [abs(math.log(e.close / b.close * ONE / c.close)) for b, e, c in zip(btc, eth, cross, strict=True)]
    days = [candles(source, symbol, DAY_S, 0, BEGAN_S) for symbol in ("BTCUSDT", "ETHUSDT", "ETHBTC")]
    of_days = [abs(math.log(e.close / b.close * ONE / c.close)) for b, e, c in zip(*days, strict=True)]
    moves = [[math.log(bar.close / bar.open) for bar in bars[:-1]] for bars in (btc, eth)]

    assert max(of_days) < 0.0005
    assert statistics.fmean(off) < 0.004
    assert 0.3 < statistics.correlation(*moves) < 0.9


@pytest.mark.parametrize(
    ("parts", "least", "most", "total", "expected", "missing"),
    [
        ([5, 5], [0, 0], [9, 9], 10, [5, 5], 0),
        ([5, 5], [0, 0], [9, 9], 14, [7, 7], 0),
        ([5, 5], [0, 0], [9, 6], 14, [8, 6], 0),
        ([5, 5], [1, 0], [9, 9], 5, [2, 3], 0),
        ([5, 5], [0, 0], [6, 6], 20, [6, 6], 8),
        ([5, 5], [4, 4], [9, 9], 1, [4, 4], -7),
        ([5, 5], [5, 5], [5, 5], 11, [5, 5], 1),
    ],
)
def test_parts_settle_within_their_bounds(
    parts: list[int], least: list[int], most: list[int], total: int, expected: list[int], missing: int
) -> None:
    assert missing == settle(parts, least, most, total)
    assert expected == parts


@pytest.mark.parametrize(
    ("total", "shares", "expected"),
    [(10, [0.5, 0.5], [5, 5]), (10, [0.31, 0.31, 0.38], [3, 3, 4]), (0, [1.0], [0])],
)
def test_wholes_split_into_whole_parts(total: int, shares: list[float], expected: list[int]) -> None:
    assert expected == split(total, shares)
