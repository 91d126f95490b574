"""The depth behind a best price."""

import pytest

from hypersim.engine.market import Market
from hypersim.engine.orders import Side
from hypersim.feeds.profile import REFRESH_EPOCHS, DepthProfile, nice_ticks
from tests.feeds.markets import MARKETS, SYNTHETIC


def profile(market: Market) -> tuple[DepthProfile, int, int]:
    """A profile, and the best price and size to ask it about."""
    synthetic = SYNTHETIC[market.symbol]
    best = synthetic.price - synthetic.price % market.tick_size
    return DepthProfile(market, synthetic.daily_volume, 1), best, 7 * market.step_size


@pytest.mark.parametrize("market", MARKETS.values(), ids=MARKETS)
@pytest.mark.parametrize("side", Side)
def test_a_depth_has_its_shape(market: Market, side: Side) -> None:
    depth, best, size = profile(market)
    levels = depth.side(side, best, size)
    prices = [price for price, _ in levels]
    behind = [size for _, size in levels[1:]]
    third = len(behind) // 3

    assert (best, size) == levels[0]
    assert prices == sorted(set(prices), reverse=side is Side.BUY)
    assert [0] * len(levels) == [price % market.tick_size for price in prices]
    assert [0] * len(levels) == [size % market.step_size for _, size in levels]
    assert min(size for _, size in levels) >= market.step_size
    assert 100 < len(levels) < 140
    assert 0.025 < abs(prices[-1] / best - 1) < 0.08
    assert 0.03 < sum(behind) / SYNTHETIC[market.symbol].daily_volume < 0.08
    # heavy-tailed: the largest tenth of a run of like levels has several times its share
    largest = sorted(behind[third : 2 * third], reverse=True)[: third // 10]
    assert sum(largest) > 2 * len(largest) / third * sum(behind[third : 2 * third])


def test_most_size_stands_some_way_behind_the_touch() -> None:
    depth, best, size = profile(MARKETS["BTCUSDT"])
    by_bps = {0: 0, 10: 0, 100: 0, 300: 0}
    for price, level in depth.side(Side.SELL, best, size):
        bps = (price / best - 1) * 10_000
        by_bps[max(start for start in by_bps if start <= bps)] += level
    widths = {0: 10, 10: 90, 100: 200, 300: 200}
    density = {start: total / widths[start] for start, total in by_bps.items()}

    assert density[0] < density[10]
    assert density[10] > density[100] > density[300]


def test_the_same_question_has_the_same_answer_and_another_seed_another() -> None:
    market = MARKETS["BTCUSDT"]
    depth, best, size = profile(market)
    again, *_ = profile(market)
    other = DepthProfile(market, SYNTHETIC[market.symbol].daily_volume, 2)

    assert depth.side(Side.BUY, best, size, 5) == again.side(Side.BUY, best, size, 5)
    assert depth.side(Side.BUY, best, size, 5) != other.side(Side.BUY, best, size, 5)


def test_what_was_asked_before_changes_no_answer() -> None:
    market = MARKETS["BTCUSDT"]
    depth, best, size = profile(market)
    again, *_ = profile(market)
    for epoch in range(0, 1000, 37):
        depth.side(Side.BUY, best - epoch * market.tick_size, size, epoch)

    assert again.side(Side.BUY, best, size, 1001) == depth.side(Side.BUY, best, size, 1001)


@pytest.mark.parametrize("symbol", ["BTCUSDT", "SOLUSDT"])
def test_a_small_move_changes_few_levels(symbol: str) -> None:
    market = MARKETS[symbol]
    depth, best, size = profile(market)
    moved = best + best // 20_000 // market.tick_size * market.tick_size
    before, after = (set(depth.side(Side.SELL, price, size)) for price in (best, moved))

    assert len(before ^ after) < 50


def test_every_level_takes_a_new_size_in_time_and_few_do_at_once() -> None:
    depth, best, size = profile(MARKETS["BTCUSDT"])
    now, next_epoch, later = (depth.side(Side.BUY, best, size, epoch) for epoch in (0, 1, REFRESH_EPOCHS + 1))

    assert len(set(now) ^ set(next_epoch)) < 12
    assert len(set(now) & set(later)) < 12


def test_bids_end_above_zero() -> None:
    market = MARKETS["ETHBTC"]
    depth = DepthProfile(market, SYNTHETIC["ETHBTC"].daily_volume, 1)

    levels = depth.side(Side.BUY, 3 * market.tick_size, market.step_size)
    assert [3, 2, 1] == [price // market.tick_size for price, _ in levels]


@pytest.mark.parametrize(
    ("ticks", "expected"), [(0.3, 1), (1, 1), (1.9, 1), (2, 2), (6.8, 5), (19, 10), (20, 20), (999, 500)]
)
def test_nice_numbers(ticks: float, expected: int) -> None:
    assert expected == nice_ticks(ticks)
