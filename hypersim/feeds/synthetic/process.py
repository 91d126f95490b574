"""Chance, shaped like a market: how a price moves, when somebody trades, how much.

Three stylised facts of markets are built in, and tests measure them: volatility comes in clusters (two mean-
reverting factors, one of minutes and one of hours), trades come in clusters (self-exciting arrivals, Hawkes
1971) whose signs persist, and sizes are heavy-tailed. Days have a shape. Nothing here knows a grid, a book or
a symbol's name.

Everything is a function of the seeded `random.Random` that is handed in, so the same seed makes the same
market. Floats throughout: what leaves the feed is put on the market's integer grid by
hypersim/feeds/synthetic/feed.py.
"""

import math
import random
from typing import Protocol

SECONDS_OF_DAY = 86_400

FAST_HALF_LIFE_S, FAST_DEVIATION = 300.0, 0.45
SLOW_HALF_LIFE_S, SLOW_DEVIATION = 6 * 3600.0, 0.4
"""The factors of the logarithm of volatility."""

COMMON = 0.85
"""Correlation of a market's moves with what all have in common; of two markets' moves: its square."""
OWN = math.sqrt(1 - COMMON**2)

EXCITEMENT_DECAY_S = 8.0
OWN_BRANCHING, OTHER_BRANCHING = 0.62, 0.08
"""How many trades of the same side and of the other one a trade draws after it, on average."""

IMPACT = 0.5
"""Of a trade of size q, in daily volatilities, over sqrt(q / daily volume): the square-root law (Toth et al.
2011). Trades make IMPACT squared of a day's variance, the wandering of the price between them the rest.
"""

TAIL = 1.7
"""Exponent of the power law of trade sizes."""
LARGEST_TRADE = 150.0
"""In mean sizes."""
BOUNDED_MEAN = 1 - (1 + LARGEST_TRADE / (TAIL - 1)) ** (1 - TAIL)
"""What the bound leaves of the mean of the power law."""

USUAL_AGITATION = math.exp(-(FAST_DEVIATION**2 + SLOW_DEVIATION**2) / 2)
"""The mean of volatility where the mean of its square is 1."""

CROSS_HALF_LIFE_S = 20.0
"""How fast the price of a pair returns to what its legs say."""


def activity(second_of_day: float) -> float:
    """How busy a time of day (UTC) is, 1 on average: quiet before dawn in Europe, busiest when New York
    opens.
    """
    hour = second_of_day / 3600
    return 1 + 0.35 * math.cos((hour - 15.5) * math.pi / 12) + 0.12 * math.cos((hour - 2) * math.pi / 6)


class Weather:
    """What all markets of a world have in common: part of each move, and the slow tides of volatility."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.shock = 0.0
        """The common part of the last step's moves, standard normal."""
        self.slow = chance.gauss(0, SLOW_DEVIATION)

    def advance(self, seconds: float) -> None:
        self.shock = self._chance.gauss(0, 1)
        self.slow = reverted(self._chance, self.slow, seconds, SLOW_HALF_LIFE_S, SLOW_DEVIATION)


class PriceProcess(Protocol):
    """The logarithm of a market's price as time goes by."""

    log_price: float
    agitation: float
    """Volatility now, over the usual one; 1 on average."""

    def advance(self, seconds: float, second_of_day: float) -> None: ...

    def push(self, amount: float) -> None:
        """A trade moved the price by that much, as a part of it."""

    def move(self, log_price: float) -> None:
        """Goes on from another price."""


class WanderingPrice:
    """A price with stochastic volatility.

    Together with the trades that push it, a day's returns have `daily_volatility` (0.02 = 2 %) as their
    deviation.
    """

    def __init__(self, chance: random.Random, weather: Weather, log_price: float, daily_volatility: float) -> None:
        self.log_price = log_price
        self._chance = chance
        self._weather = weather
        self._volatility_s = daily_volatility * math.sqrt((1 - IMPACT**2) / SECONDS_OF_DAY)
        self._fast = chance.gauss(0, FAST_DEVIATION)
        self.agitation = self._agitation(0.0)

    def advance(self, seconds: float, second_of_day: float) -> None:
        chance = self._chance
        self._fast = reverted(chance, self._fast, seconds, FAST_HALF_LIFE_S, FAST_DEVIATION)
        self.agitation = self._agitation(second_of_day)
        shock = COMMON * self._weather.shock + OWN * chance.gauss(0, 1)
        self.log_price += self._volatility_s * self.agitation * math.sqrt(seconds) * shock

    def _agitation(self, second_of_day: float) -> float:
        normal = math.exp(self._fast + self._weather.slow - FAST_DEVIATION**2 - SLOW_DEVIATION**2)
        return normal * math.sqrt(activity(second_of_day))

    def push(self, amount: float) -> None:
        self.log_price += amount

    def move(self, log_price: float) -> None:
        self.log_price = log_price


class CrossPrice:
    """The price of a pair whose legs have markets of their own, as ETH/BTC: what they say, give or take
    `noise`.
    """

    def __init__(
        self, chance: random.Random, log_price: float, base: PriceProcess, quote: PriceProcess, noise: float
    ) -> None:
        self._chance = chance
        self._base, self._quote = base, quote
        self._noise = noise
        self._off = log_price - self._legs()
        self.log_price = log_price
        self.agitation = base.agitation

    def _legs(self) -> float:
        return self._base.log_price - self._quote.log_price

    def advance(self, seconds: float, second_of_day: float) -> None:
        self._off = reverted(self._chance, self._off, seconds, CROSS_HALF_LIFE_S, self._noise)
        self.log_price = self._legs() + self._off
        self.agitation = (self._base.agitation + self._quote.agitation) / 2

    def push(self, amount: float) -> None:
        """Nothing: arbitrage with its legs is faster than we look."""

    def move(self, log_price: float) -> None:
        self._off = log_price - self._legs()
        self.log_price = log_price


def reverted(chance: random.Random, value: float, seconds: float, half_life_s: float, deviation: float) -> float:
    """An Ornstein-Uhlenbeck process around 0, some seconds later."""
    kept: float = 0.5 ** (seconds / half_life_s)
    return value * kept + chance.gauss(0, deviation * math.sqrt(1 - kept * kept))


class Arrivals:
    """When somebody takes, on which side: two arrival processes that excite themselves and each other."""

    def __init__(self, chance: random.Random, per_second: float) -> None:
        self._chance = chance
        self._base = per_second / 2 * (1 - OWN_BRANCHING - OTHER_BRANCHING)
        self._buys = self._sells = per_second / 2 - self._base
        """Excitement: what the trades before add to each side's rate."""
        self.expected_sign = 0.0
        """Of the next trade, from -1 (a sell for sure) to 1."""

    def advance(self, seconds: float, busyness: float) -> list[int]:
        """The signs (1 buys, -1 sells) of the trades of the next seconds, in time order."""
        kept = math.exp(-seconds / EXCITEMENT_DECAY_S)
        held = EXCITEMENT_DECAY_S * (1 - kept)
        base = self._base * busyness * seconds
        expected_buys, expected_sells = base + self._buys * held, base + self._sells * held
        self.expected_sign = (expected_buys - expected_sells) / (expected_buys + expected_sells)
        buys, sells = poisson(self._chance, expected_buys), poisson(self._chance, expected_sells)
        own, other = OWN_BRANCHING / EXCITEMENT_DECAY_S, OTHER_BRANCHING / EXCITEMENT_DECAY_S
        self._buys = self._buys * kept + own * buys + other * sells
        self._sells = self._sells * kept + own * sells + other * buys
        signs = [1] * buys + [-1] * sells
        self._chance.shuffle(signs)
        return signs


def poisson(chance: random.Random, mean: float) -> int:
    """How many events happen where `mean` are expected (Knuth's product of uniforms; for small means)."""
    bound, product, count = math.exp(-mean), chance.random(), 0
    while product > bound:
        product *= chance.random()
        count += 1
    return count


def trade_size(chance: random.Random) -> float:
    """A trade's size over the mean size: a power law, bounded."""
    scale: float = (TAIL - 1) / BOUNDED_MEAN
    power: float = (1 - chance.random()) ** (-1 / TAIL)
    return min(LARGEST_TRADE, scale * (power - 1))
