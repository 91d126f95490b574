"""How a bar of the past divides into shorter ones: a random walk that does what the bar says.

Guarantees that the parts of a bar begin at its open, reach its high and its low and no farther, end at its
close and add up to it (hypersim/feeds/synthetic/bars.py); and the same parts for the same chance.
"""

import math
import random
from collections.abc import Callable, Sequence

from hypersim.feeds.synthetic.bars import Bar, Prices, assemble, fit_quotes, inner_tenths, shares_of, split

RANGE_OF_DEVIATION = 1.7
"""A random walk's mean range over the standard deviation of where it ends is 1.6; bars get a little less
chance.
"""
MOST_STRETCH = 1.05
"""Of a walk of variance 1, over the range that it is to fill; what then is not filled, single parts reach."""
REACH_OF_BAR = 0.3
"""How far a part reaches beyond its ends, over the whole's range and the root of the part's share of it."""
LEAST_TRADES = 4
"""Of any bar of a minute or more: open, high, low and close may be four trades."""
TABLE = 4096


def _table(name: str, draw: Callable[[random.Random], float]) -> tuple[float, ...]:
    chance = random.Random(name)
    return tuple(draw(chance) for _ in range(TABLE))


NORMALS = _table("normals", lambda chance: chance.gauss(0, 1))
EXPONENTIALS = _table("exponentials", lambda chance: chance.expovariate(1))


class Chance:
    """The chance in one division: places in tables of drawn numbers, by a hash of what is divided.

    `common` is shared by all markets of a world, so that they move together; `own` is not.
    """

    __slots__ = ("common", "own", "own_stride")

    def __init__(self, own: int, common: int) -> None:
        self.own = own & TABLE - 1
        self.own_stride = (own >> 12 & TABLE - 1) | 1
        self.common = common & TABLE - 1

    def normals(self, count: int, loading: float) -> list[float]:
        """Standard normal numbers; `loading` is their correlation with the common ones."""
        own, stride, common = self.own, self.own_stride, self.common
        rest = math.sqrt(1 - loading * loading)
        mask = TABLE - 1
        return [
            loading * NORMALS[common + 7 * at & mask] + rest * NORMALS[own + stride * at & mask] for at in range(count)
        ]


def divide(
    parent: Bar,
    weights: Sequence[float],
    floors: Sequence[int],
    chance: Chance,
    loading: float,
    follows: Sequence[tuple[float, float]] | None = None,
) -> list[Bar]:
    """The parts of a bar, in time order.

    `weights` say how much happens in each part, `floors` the fewest trades in it. `follows` are (close, mean
    price) of each part of a price that follows from others, as far as the bar's range allows it; others
    wander.
    """
    shares = shares_of(weights)
    normals = chance.normals(len(shares), loading)
    # volume follows the same chance as the price, a little: large moves are made by many trades
    busy = shares_of([share * (0.7 + 0.3 * z * z) for share, z in zip(shares, normals, strict=True)])
    if follows is None:
        path = _wander(parent, shares, normals)
    else:
        path = [min(max(close, parent.low), parent.high) for close, _ in follows]
    prices = _bars_of(parent, _closes(path, parent, busy), shares, chance)
    if follows is None:
        typical = [(opened + high + low + close) / 4 for opened, high, low, close in prices]
    else:
        typical = [
            min(max(mean, low / 10), high / 10)
            for (_, mean), (low, high) in zip(follows, map(inner_tenths, prices), strict=True)
        ]
    spare = split(parent.trades - sum(floors), busy)
    trades = [floor + part for floor, part in zip(floors, spare, strict=True)]
    volumes, quotes = fit_quotes(parent, prices, typical, trades, busy)
    return assemble(parent, prices, trades, volumes, quotes, normals)


def _wander(parent: Bar, shares: Sequence[float], normals: Sequence[float]) -> list[float]:
    """Closes of a random walk from the parent's open to its close that reaches about as far as the parent
    does.
    """
    steps, walked = [], 0.0
    for share, z in zip(shares, normals, strict=True):
        walked += math.sqrt(share) * z
        steps.append(walked)
    # what of the walk is not on the straight way from open to close, stretched until it fills the range
    opened, way = float(parent.open), float(parent.close - parent.open)
    margin = REACH_OF_BAR * (parent.high - parent.low) * math.sqrt(shares[0])
    top = max(parent.high - margin, opened, parent.open + way)
    bottom = min(parent.low + margin, opened, parent.open + way)
    up = down = MOST_STRETCH * (parent.high - parent.low)
    passed = 0.0
    ways, offs = [], []
    for share, step in zip(shares, steps, strict=True):
        passed += share
        here, off = opened + way * passed, step - walked * passed
        if off > 0:
            up = min(up, (top - here) / off)
        elif off < 0:
            down = min(down, (here - bottom) / -off)
        ways.append(here)
        offs.append(off)
    return [here + off * (up if off > 0 else down) for here, off in zip(ways, offs, strict=True)]


def _closes(path: Sequence[float], parent: Bar, busy: Sequence[float]) -> list[int]:
    """A path on the grid, from the parent's open to its close.

    It is pulled towards one end of its range, most in its middle, until its mean is the parent's mean price.
    """
    mean, before = 0.0, float(parent.open)
    for price, share in zip(path, busy, strict=True):
        mean += share * (price + before) / 2
        before = price
    missing = parent.quote / parent.volume - mean
    end = parent.high if missing > 0 else parent.low
    passed, room = 0.0, 0.0
    bends = []
    for price, share in zip(path, busy, strict=True):
        passed += share
        bend = 4 * passed * (1 - passed)
        bends.append(bend)
        room += share * bend * (end - price)
    part = min(0.9, missing / room) if room * missing > 0 else 0.0
    closes = [round(price + part * bend * (end - price)) for price, bend in zip(path, bends, strict=True)]
    closes[-1] = parent.close
    return closes


def _bars_of(parent: Bar, closes: Sequence[int], shares: Sequence[float], chance: Chance) -> list[Prices]:
    """Bars around closes: each reaches out as a random walk between its open and its close would."""
    high, low = parent.high, parent.low
    variance = 2 * ((high - low) / RANGE_OF_DEVIATION) ** 2
    start, mask = chance.own ^ chance.common, TABLE - 1
    prices: list[Prices] = []
    opened = parent.open
    for at, (close, share) in enumerate(zip(closes, shares, strict=True)):
        middle, square, spread = opened + close, (close - opened) ** 2, variance * share
        up = int((middle + math.sqrt(square + spread * EXPONENTIALS[start + 5 * at & mask])) / 2)
        down = math.ceil((middle - math.sqrt(square + spread * EXPONENTIALS[start + 5 * at + 2 & mask])) / 2)
        prices.append((opened, min(high, max(up, opened, close)), max(low, min(down, opened, close)), close))
        opened = close
    # the parent's high and low belong to the parts that came closest to them
    top = max(range(len(prices)), key=lambda at: prices[at][1])
    prices[top] = (prices[top][0], high, *prices[top][2:])
    bottom = min(range(len(prices)), key=lambda at: prices[at][2])
    prices[bottom] = (*prices[bottom][:2], low, prices[bottom][3])
    return prices


def seconds_of(parent: Bar, seconds: int, chance: Chance, loading: float) -> list[tuple[int, Bar]]:
    """(second, bar) of the seconds of a minute, or of its first ones, in which its trades happened."""
    count = parent.trades
    normals = chance.normals(count, loading)
    sizes = shares_of([0.05 + EXPONENTIALS[chance.own + 3 * at & TABLE - 1] ** 2 for at in range(count)])
    even = [1 / (count - 1)] * (count - 1)
    path = [parent.open, *_closes(_wander(parent, even, normals[1:]), parent, even)]
    inner = range(1, count - 1)
    top = max(inner, key=path.__getitem__)
    bottom = min((at for at in inner if at != top), key=path.__getitem__)
    path[top] = parent.high if parent.high > max(parent.open, parent.close) else path[top]
    path[bottom] = parent.low if parent.low < min(parent.open, parent.close) else path[bottom]
    volumes, quotes = fit_quotes(parent, [(price,) * 4 for price in path], path, [1] * count, sizes)
    gaps = shares_of([EXPONENTIALS[chance.common + 11 * at & TABLE - 1] for at in range(count + 1)])
    passed, seen = 0.0, dict[int, list[int]]()
    for at in range(count):
        passed += gaps[at]
        seen.setdefault(min(seconds - 1, int(passed * seconds)), []).append(at)
    bars = assemble(
        parent,
        [
            (path[ats[0]], max(path[at] for at in ats), min(path[at] for at in ats), path[ats[-1]])
            for ats in seen.values()
        ],
        [len(ats) for ats in seen.values()],
        [sum(volumes[at] for at in ats) for ats in seen.values()],
        [sum(quotes[at] for at in ats) for ats in seen.values()],
        normals[: len(seen)],
    )
    return list(zip(seen, bars, strict=True))
