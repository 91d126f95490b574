"""The stylised facts that the synthetic market claims, measured on many seeds."""

import math
import random
import statistics
from collections.abc import Sequence

from hypersim.feeds.synthetic.process import (
    CROSS_HALF_LIFE_S,
    SECONDS_OF_DAY,
    Arrivals,
    CrossPrice,
    WanderingPrice,
    Weather,
    activity,
    poisson,
    trade_size,
)


def autocorrelation(values: Sequence[float], lag: int = 1) -> float:
    mean = statistics.fmean(values)
    squares = sum((value - mean) ** 2 for value in values)
    return sum((a - mean) * (b - mean) for a, b in zip(values, values[lag:], strict=False)) / squares


def returns(seed: int, *, days: int, step_s: int, volatility: float = 0.02) -> list[float]:
    """Of a price that nobody trades, step by step."""
    weather = Weather(random.Random(f"{seed}/weather"))
    price = WanderingPrice(random.Random(seed), weather, 0.0, volatility)
    found = []
    for at in range(days * SECONDS_OF_DAY // step_s):
        before = price.log_price
        weather.advance(step_s)
        price.advance(step_s, at * step_s % SECONDS_OF_DAY)
        found.append(price.log_price - before)
    return found


def test_a_day_has_its_volatility_of_which_trades_make_a_quarter() -> None:
    squares = [sum(value**2 for value in returns(seed, days=1, step_s=60)) for seed in range(150)]

    assert 0.9 < statistics.fmean(squares) / (0.75 * 0.02**2) < 1.1


def test_returns_are_uncorrelated_heavy_tailed_and_their_sizes_cluster() -> None:
    facts = []
    for seed in range(8):
        moves = returns(seed, days=4, step_s=60)
        sizes = [abs(move) for move in moves]
        squares = statistics.fmean(move**2 for move in moves)
        facts.append(
            (
                autocorrelation(moves),
                autocorrelation(sizes),
                autocorrelation(sizes, 60),
                statistics.fmean(move**4 for move in moves) / squares**2,
            )
        )
    of_returns, of_sizes, of_sizes_later, kurtosis = (statistics.fmean(fact) for fact in zip(*facts, strict=True))

    assert abs(of_returns) < 0.02
    assert of_sizes > 0.15
    assert 0.05 < of_sizes_later < of_sizes
    assert kurtosis > 4


def test_markets_move_together() -> None:
    weather = Weather(random.Random(1))
    pair = [WanderingPrice(random.Random(seed), weather, 0.0, 0.02) for seed in (2, 3)]
    moves: list[list[float]] = [[], []]
    for _ in range(3000):
        weather.advance(60)
        for price, found in zip(pair, moves, strict=True):
            before = price.log_price
            price.advance(60, 0)
            found.append(price.log_price - before)

    assert 0.5 < statistics.correlation(*moves) < 0.75


def test_a_pair_returns_to_what_its_legs_say() -> None:
    weather = Weather(random.Random(1))
    base, quote = (WanderingPrice(random.Random(seed), weather, start, 0.03) for seed, start in ((2, 8.0), (3, 11.0)))
    cross = CrossPrice(random.Random(4), -2.0, base, quote, noise=0.0001)
    assert -2.0 == cross.log_price
    off = []
    for _ in range(2000):
        weather.advance(1)
        for price in (base, quote, cross):
            price.advance(1, 0)
        off.append(cross.log_price - (base.log_price - quote.log_price))

    half = round(CROSS_HALF_LIFE_S)
    assert 0.45 < off[half - 1] < 0.55
    assert max(map(abs, off[20 * half :])) < 0.0005


def test_trades_come_in_clusters_at_their_mean_rate() -> None:
    arrivals = Arrivals(random.Random(1), 2.0)
    counts = [len(arrivals.advance(0.25, 1.0)) for _ in range(100_000)]
    of_ten_seconds = [sum(counts[at : at + 40]) for at in range(0, len(counts), 40)]

    assert 0.95 < statistics.fmean(counts) / 0.5 < 1.05
    # a Poisson process has 1
    assert 2 < statistics.pvariance(of_ten_seconds) / statistics.fmean(of_ten_seconds) < 4


def test_trades_of_one_side_follow_one_another() -> None:
    arrivals = Arrivals(random.Random(1), 2.0)
    signs: list[float] = []
    expected: list[float] = []
    while len(signs) < 20_000:
        for sign in arrivals.advance(0.25, 1.0):
            signs.append(sign)
            expected.append(arrivals.expected_sign)

    assert abs(statistics.fmean(signs)) < 0.05
    assert autocorrelation(signs) > 0.02
    # what is expected is what comes: the surprise is not to be foreseen
    assert statistics.correlation(signs, expected) > 0.1
    surprises = [sign - foreseen for sign, foreseen in zip(signs, expected, strict=True)]
    assert abs(statistics.correlation(surprises, expected)) < 0.03


def test_trade_sizes_are_a_bounded_power_law_of_mean_one() -> None:
    chance = random.Random(1)
    sizes = sorted(trade_size(chance) for _ in range(200_000))
    top, median = sizes[-2000:], sizes[len(sizes) // 2]

    assert 0.97 < statistics.fmean(sizes) < 1.03
    assert median < 0.5
    assert sum(top) > 0.15 * sum(sizes)
    # Hill's estimate of the exponent of the tail
    assert 1.4 < 1 / statistics.fmean(math.log(size / top[0]) for size in top) < 2.0


def test_events_are_as_many_as_expected() -> None:
    chance = random.Random(1)
    counts = [poisson(chance, 1.5) for _ in range(50_000)]

    assert 1.47 < statistics.fmean(counts) < 1.53
    assert 1.45 < statistics.pvariance(counts) < 1.55


def test_a_day_has_quiet_and_busy_hours_and_is_usual_on_average() -> None:
    hours = [activity(hour * 3600) for hour in range(24)]

    assert 0.999 < statistics.fmean(hours) < 1.001
    assert (6, 15) == (hours.index(min(hours)), hours.index(max(hours)))
