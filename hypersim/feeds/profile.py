"""From a best price to a depth: what a book of this market would look like behind its best bid or ask.

Levels stand at absolute prices and keep their sizes while the market moves over them, so that a small move
changes few levels. Guarantees the same depth for the same arguments, on the market's grid, best level first,
within about 3 % of the best price or a little more. Claims to know nothing farther away: the last level is
the bound of the known range.

The shape is that of limit order books at large (Bouchaud, Mezard, Potters 2002): thin at the touch, a hump
some tens of basis points away, thinning out behind; sizes are heavy-tailed.
"""

import math
import random

from hypersim.engine.market import Market
from hypersim.engine.orders import Side

LEVELS = 120
"""Per side."""
NEAREST_BPS = 0.1
"""Distance between levels next to the touch, as far as the tick allows it."""
REACH = 0.03
"""How far the levels reach, as a part of the price."""
HUMP_BPS = 40.0
"""Where most of the size stands."""
SHARE_OF_DAY = 0.05
"""Size of one side, as a part of a day's volume."""
NICE = (1, 2, 5)
MIX, FOLD, MASK = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 2**64 - 1
MOST_DRAWN = 5000
"""Levels remembered per tier."""
NOISE_COUNT = 1024
REFRESH_EPOCHS = 240
"""How many epochs a level keeps its size, about."""
EPOCH_STRIDE = 2**16 // REFRESH_EPOCHS


def _noises() -> tuple[float, ...]:
    """Heavy-tailed multipliers of mean 1: most levels are small, a few are walls."""
    chance = random.Random("noises")
    drawn = [chance.lognormvariate(0, 0.9) for _ in range(NOISE_COUNT)]
    mean = sum(drawn) / NOISE_COUNT
    return tuple(value / mean for value in drawn)


NOISES = _noises()

Drawn = tuple[int, int, int]
"""A level's price in ticks, its size in steps, and the epoch from which on it has another size."""


class Tier:
    """A run of levels: one somewhere in each unit (in ticks) of price, all of one expected size
    (in steps).
    """

    def __init__(self, unit: int, levels: int, size: float, salt: int) -> None:
        self.unit = unit
        self.levels = levels
        self._size = size
        self._salt = salt
        self._drawn: dict[int, Drawn] = {}

    def level(self, number: int, epoch: int) -> tuple[int, int]:
        """(price in ticks, size in steps) of the level in the unit of that number."""
        drawn = self._drawn.get(number)
        if drawn is None or epoch >= drawn[2]:
            if len(self._drawn) > MOST_DRAWN:
                self._drawn.clear()
            drawn = self._drawn[number] = self._draw(number, epoch)
        return drawn[0], drawn[1]

    def _draw(self, number: int, epoch: int) -> Drawn:
        mixed = (number * MIX ^ self._salt) * (self.unit * 2 + 1) & MASK
        mixed = (mixed ^ mixed >> 29) * FOLD & MASK
        start = mixed & 0xFFFF
        phase = start + epoch * EPOCH_STRIDE >> 16
        noise = NOISES[(mixed >> 20) + phase * 7919 & NOISE_COUNT - 1]
        until = -(-((phase + 1 << 16) - start) // EPOCH_STRIDE)
        return number * self.unit + (mixed >> 40) % self.unit, max(1, int(self._size * noise)), until


class DepthProfile:
    """The depth of one market. `daily_volume` (base, scale 8) sets its sizes, `seed` the chance in them."""

    def __init__(self, market: Market, daily_volume: int, seed: int | str) -> None:
        self._tick, self._step = market.tick_size, market.step_size
        self._size_steps = SHARE_OF_DAY * daily_volume / market.step_size
        self._salt = random.Random(f"{seed}/{market.symbol}/profile").getrandbits(64)
        self._anchor = 0
        self._tiers: tuple[Tier, ...] = ()

    def side(
        self, side: Side, best: int, size: int, epoch: int = 0, most: int | None = None
    ) -> tuple[tuple[int, int], ...]:
        """(price, size) of the levels from a best price and its size on, scale 8, best first; `most` so many.

        `epoch` counts up with time: each level takes a new size once in `REFRESH_EPOCHS` of them.
        """
        tick, step = self._tick, self._step
        ticks = best // tick
        direction = -1 if side is Side.BUY else 1
        levels = [(best, size)]
        for tier in self._tiers_at(ticks):
            number = ticks // tier.unit  # no level in the unit of the level before: it may lie on its wrong side
            for _ in range(tier.levels):
                if len(levels) == most:
                    return tuple(levels)
                number += direction
                ticks, steps = tier.level(number, epoch)
                if ticks <= 0:
                    return tuple(levels)
                levels.append((ticks * tick, steps * step))
        return tuple(levels)

    def _tiers_at(self, ticks: int) -> tuple[Tier, ...]:
        """The tiers around a price, made anew only when it has moved far: a new set moves every level."""
        if not self._anchor or not self._anchor / 1.5 < ticks < self._anchor * 1.5:
            self._anchor = ticks
            self._tiers = _tiers(ticks, self._size_steps, self._salt)
        return self._tiers


def nice_ticks(ticks: float) -> int:
    """The largest of 1, 2, 5, 10, 20, ... ticks that is not above a number of ticks; at least 1."""
    unit = 1
    for factor in _nice_units(ticks):
        unit = factor
    return unit


def _nice_units(most: float) -> list[int]:
    units: list[int] = []
    power = 1
    while power <= most:
        units.extend(power * nice for nice in NICE if power * nice <= most)
        power *= 10
    return units or [1]


def _tiers(ticks: int, size_steps: float, salt: int) -> tuple[Tier, ...]:
    nearest = nice_ticks(ticks * NEAREST_BPS / 10_000)
    reach = max(1.0, ticks * REACH)
    units = _nice_units(10_000)
    count = next(
        (
            count
            for count in range(1, len(units) + 1)
            if math.ceil(LEVELS / count) * sum(units[:count]) * nearest >= reach
        ),
        len(units),
    )
    per_tier = math.ceil(LEVELS / count)
    weights, start = [], 0.0
    for unit in units[:count]:
        width = unit * nearest
        middle_bps = (start + width * per_tier / 2) / ticks * 10_000
        distance = middle_bps / HUMP_BPS
        weights.append(width * (distance * math.exp(1 - distance) + 0.1))
        start += width * per_tier
    total = sum(weights) * per_tier
    return tuple(
        Tier(unit * nearest, per_tier, size_steps * weight / total, salt)
        for unit, weight in zip(units, weights, strict=False)
    )
