"""The past of synthetic markets: candles from before anybody watched, made when they are asked for.

Guarantees that the same seed, symbol and first trade (of a pair also: those of its legs) always have the same
past, that it ends at the price of the first trade, that candles of every length agree with one another, and
that pairs agree with their legs. Days are drawn backwards from the first trade on; a day divides into hours, those into
quarters, minutes and seconds, as far as somebody looks.
"""

import math
import random
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from hypersim.clock import MICROSECONDS
from hypersim.engine.market import Market
from hypersim.feeds.synthetic.bars import Bar
from hypersim.feeds.synthetic.feed import trades_per_second
from hypersim.feeds.synthetic.pairs import with_legs
from hypersim.feeds.synthetic.paths import LEAST_TRADES, NORMALS, TABLE, Chance, divide, seconds_of
from hypersim.feeds.synthetic.process import COMMON, OWN, SECONDS_OF_DAY, activity
from hypersim.markets import Synthetic
from hypersim.views.records import Candle, Run, Span

DAYS = 5 * 365 + 2
"""How old the markets are when the world begins."""
REVERSION_HALF_LIFE_DAYS = 300
TIDE_HALF_LIFE_DAYS, TIDE_DEVIATION = 15, 0.35
"""Of the logarithm of a day's volatility."""
SPANS = (SECONDS_OF_DAY, 3600, 900, 60)
"""Seconds of the bars that divide, each into those of the next; the last into seconds."""
MINUTES = len(SPANS) - 1
PATH_COMMON = 0.95
"""As COMMON, within a day: what days have of their own is not shared, and takes its part of it."""
MOST_KEPT = 12_000
"""Bars remembered per symbol beside its days, about 5 MB: more than the longest answer of klines needs."""
MASK = 2**64 - 1


class Origin(Struct, frozen=True):
    """A world's first trade of a symbol: where its past ends. The price has scale 8."""

    time_us: int
    price: int


class SyntheticHistory:
    """A HistorySource. `origin` says where a symbol's past ends, None before its first trade: then it has
    none.
    """

    def __init__(
        self,
        markets: Sequence[Market],
        synthetic: Mapping[str, Synthetic],
        seed: int,
        origin: Callable[[str], Origin | None],
    ) -> None:
        self._markets = {market.symbol: (market, legs) for market, legs in with_legs(markets)}
        self._synthetic = synthetic
        self._seed = seed
        self._origin = origin
        self._pasts: dict[str, tuple[tuple[Origin | None, ...], SyntheticPast]] = {}
        """With the first trades that decided each."""

    def version(self, symbol: str) -> int:
        return 1 if symbol in self._markets else 0

    async def reach(self, symbol: str, runs: Sequence[Run]) -> None:
        """Everything is at hand."""

    def day(self, symbol: str, spans: Sequence[Span]) -> Candle | None:
        """None: every second before the first trade is known, and nothing is traded in a gap."""
        return None

    def candles(self, symbol: str, base_seconds: int, start_us: int, end_us: int) -> Sequence[Candle]:
        past = self._past(symbol)
        if past is None:
            return ()
        first_s, until_s = -(-start_us // MICROSECONDS), min(-(-end_us // MICROSECONDS), past.end_s)
        first_s += -first_s % base_seconds
        return past.candles(base_seconds, max(first_s, past.start_s), until_s)

    def waiting(self) -> list[str]:
        """Symbols whose past could be worked out and is not yet."""
        return [
            symbol
            for symbol in self._markets
            if (origins := self._origins(symbol))[0] is not None
            and (symbol not in self._pasts or self._pasts[symbol][0] != origins)
        ]

    def prepare(self, symbol: str) -> None:
        """Works out what all questions about a symbol begin with, its days. Takes a while, in any thread."""
        self._past(symbol)

    def _past(self, symbol: str) -> "SyntheticPast | None":
        if symbol not in self._markets:
            return None
        origins = self._origins(symbol)
        if origins[0] is None:
            return None
        known = self._pasts.get(symbol)
        if known is not None and known[0] == origins:
            return known[1]
        market, legs = self._markets[symbol]
        base, quote = (self._past(leg) for leg in legs) if legs is not None else (None, None)
        following = (base, quote) if base is not None and quote is not None else None
        past = SyntheticPast(market, self._synthetic[symbol], self._seed, origins[0], following)
        self._pasts[symbol] = origins, past
        return past

    def _origins(self, symbol: str) -> tuple[Origin | None, ...]:
        """The first trades that decide a past: the symbol's own, and those of its legs, which may come later."""
        legs = self._markets[symbol][1] or ()
        return self._origin(symbol), *(origin for leg in legs for origin in self._origins(leg))


class SyntheticPast:
    """One symbol's past, up to the second of its first trade. Times are seconds since 1970, prices ticks."""

    def __init__(
        self,
        market: Market,
        synthetic: Synthetic,
        seed: int,
        origin: Origin,
        legs: "tuple[SyntheticPast, SyntheticPast] | None",
    ) -> None:
        self.end_s = origin.time_us // MICROSECONDS
        self.last_day_s = self.end_s - 1 - (self.end_s - 1) % SECONDS_OF_DAY
        self.start_s = self.last_day_s - (DAYS - 1) * SECONDS_OF_DAY
        self.end_price = origin.price // market.tick_size
        self._tick, self._step = market.tick_size, market.step_size
        self._legs = legs
        self._own_salt = random.Random(f"{seed}/{market.symbol}/past").getrandbits(64)
        self._common_salt = random.Random(f"{seed}/past").getrandbits(64)
        self._parts: dict[tuple[int, int], list[tuple[int, Bar]]] = {}
        self._kept = 0
        """Bars in them."""
        self._days = self._draw_days(market, synthetic, seed)

    def candles(self, base_seconds: int, start_s: int, until_s: int) -> list[Candle]:
        """Candles that open from a time on, which is a multiple of the base, until another."""
        if start_s >= until_s:
            return []
        if base_seconds == SECONDS_OF_DAY:
            return [self._candle(day_s, self._bar(0, day_s)) for day_s in range(start_s, until_s, SECONDS_OF_DAY)]
        level = MINUTES if base_seconds == 1 else SPANS.index(base_seconds) - 1
        span = SPANS[level]
        found = []
        for parent_s in range(start_s - start_s % span, until_s, span):
            for at_s, bar in self.parts(level, parent_s):
                if start_s <= parent_s + at_s < until_s:
                    found.append(self._candle(parent_s + at_s, bar))
        return found

    def _candle(self, open_s: int, bar: Bar) -> Candle:
        tick, step = self._tick, self._step
        amount = tick * step
        return Candle(
            open_s * MICROSECONDS,
            bar.open * tick,
            bar.high * tick,
            bar.low * tick,
            bar.close * tick,
            bar.volume * step,
            bar.quote * amount,
            bar.trades,
            bar.taker * step,
            bar.taker_quote * amount,
            bar.last_id - bar.trades + 1,
            bar.last_id,
        )

    def _bar(self, level: int, start_s: int) -> Bar:
        if level == 0:
            return self._days[(start_s - self.start_s) // SECONDS_OF_DAY]
        parent_s = start_s - start_s % SPANS[level - 1]
        return self.parts(level - 1, parent_s)[(start_s - parent_s) // SPANS[level]][1]

    def parts(self, level: int, start_s: int) -> list[tuple[int, Bar]]:
        """What a bar divides into, each with the second in it at which it opens; of the last bar only the
        parts that had begun.
        """
        parts = self._parts.get((level, start_s))
        if parts is None:
            parts = self._divide_minute(start_s) if level == MINUTES else self._divide(level, start_s)
            self._kept += len(parts)
            while self._kept > MOST_KEPT:
                self._kept -= len(self._parts.pop(next(iter(self._parts))))
            self._parts[level, start_s] = parts
        return parts

    def _divide(self, level: int, start_s: int) -> list[tuple[int, Bar]]:
        span = SPANS[level + 1]
        ends = [min(at, self.end_s) for at in range(start_s + span, start_s + SPANS[level] + 1, span)]
        lengths = [end - before for end, before in zip(ends, [start_s, *ends], strict=False) if end > before]
        chance = self._chance(level, start_s)
        noise, mask = chance.common * 3, TABLE - 1
        spread = (0.4, 0.3, 0.3)[level]
        weights = [
            length * activity((start_s + at * span) % SECONDS_OF_DAY) * math.exp(spread * NORMALS[noise + at & mask])
            for at, length in enumerate(lengths)
        ]
        floors = [LEAST_TRADES * -(-length // 60) for length in lengths]
        follows = None
        if self._legs is not None:
            follows = [self._followed(level + 1, start_s + at * span) for at in range(len(lengths))]
        parts = divide(self._bar(level, start_s), weights, floors, chance, PATH_COMMON, follows)
        return list(zip(range(0, SPANS[level], span), parts, strict=False))

    def _divide_minute(self, start_s: int) -> list[tuple[int, Bar]]:
        """The seconds of a minute in which something was traded."""
        minute, chance = self._bar(MINUTES, start_s), self._chance(MINUTES, start_s)
        return seconds_of(minute, min(60, self.end_s - start_s), chance, PATH_COMMON)

    def _chance(self, level: int, start_s: int) -> Chance:
        place = start_s * len(SPANS) + level
        return Chance(mixed(self._own_salt ^ place), mixed(self._common_salt ^ place))

    def _followed(self, level: int, start_s: int) -> tuple[float, float]:
        """Close and mean price of a pair's bar by what its legs say, in ticks."""
        assert self._legs is not None
        base, quote = self._legs
        (base_close, base_mean), (quote_close, quote_mean) = (
            leg.close_and_mean(level, start_s) for leg in (base, quote)
        )
        unit = self.end_price * quote.end_price / base.end_price
        return max(1.0, unit * base_close / quote_close), max(1.0, unit * base_mean / quote_mean)

    def close_and_mean(self, level: int, start_s: int) -> tuple[float, float]:
        """Of a bar; the first trade's price when the bar had not begun before that, and the oldest price there
        is when it is older.
        """
        if start_s >= self.end_s:
            return self.end_price, self.end_price
        if start_s < self.start_s:
            return self._days[0].open, self._days[0].open
        bar = self._bar(level, start_s)
        return bar.close, bar.quote / bar.volume

    def _draw_days(self, market: Market, synthetic: Synthetic, seed: int) -> list[Bar]:
        """The days, the oldest first: drawn from the last one back, so that they end where they must."""
        common, own = random.Random(f"{seed}/days"), random.Random(f"{seed}/{market.symbol}/days")
        volatility = synthetic.daily_volatility_bps / 10_000
        kept = 0.5 ** (1 / REVERSION_HALF_LIFE_DAYS)
        tide_kept = 0.5 ** (1 / TIDE_HALF_LIFE_DAYS)
        tide = common.gauss(0, TIDE_DEVIATION)
        per_day = trades_per_second(market, synthetic) * SECONDS_OF_DAY
        close, last_id = self.end_price, 0
        days = []
        for day_s in range(self.last_day_s, self.start_s - 1, -SECONDS_OF_DAY):
            seconds = min(SECONDS_OF_DAY, self.end_s - day_s)
            part = seconds / SECONDS_OF_DAY
            deviation = volatility * math.exp(tide - TIDE_DEVIATION**2) * math.sqrt(part)
            shock = COMMON * common.gauss(0, 1) + OWN * own.gauss(0, 1)
            before = math.log(close / self.end_price) * kept**part - deviation * shock
            opened = max(1, round(self.end_price * math.exp(before)))
            mean = None
            if self._legs is not None:
                opened = round(self._followed(0, day_s - SECONDS_OF_DAY)[0]) if day_s > self.start_s else close
                mean = self._followed(0, day_s)[1]
            crowd = math.exp(1.2 * tide - 0.72 * TIDE_DEVIATION**2) * own.lognormvariate(-0.03, 0.25)
            trades = LEAST_TRADES * -(-seconds // 60) + int(per_day * part * crowd)
            volume = 2 * trades + int(synthetic.daily_volume / market.step_size * part * crowd)
            bar = _day(own, opened, close, close * deviation, mean, trades, volume, last_id)
            days.append(bar)
            close, last_id = opened, last_id - trades
            tide = tide * tide_kept + common.gauss(0, TIDE_DEVIATION * math.sqrt(1 - tide_kept**2))
        days.reverse()
        return days


def _day(
    chance: random.Random,
    opened: int,
    close: int,
    deviation: float,
    mean: float | None,
    trades: int,
    volume: int,
    last_id: int,
) -> Bar:
    """A bar between two prices: its range is that of a random walk between them (Brownian bridge)."""
    middle, square = (opened + close) / 2, (opened - close) ** 2
    high = middle + math.sqrt(square + 2 * deviation**2 * chance.expovariate(1)) / 2
    low = middle - math.sqrt(square + 2 * deviation**2 * chance.expovariate(1)) / 2
    top, bottom = max(round(high), opened, close), max(1, min(round(low), opened, close))
    inside = 0.5 + 0.1 * chance.gauss(0, 1)
    if mean is None:
        mean = middle / 2 + (bottom + (top - bottom) * inside) / 2
    margin = (top - bottom) / 10
    quote = round(volume * min(top - margin, max(bottom + margin, mean)))
    share = min(0.6, max(0.4, chance.gauss(0.5, 0.02)))
    return Bar(opened, top, bottom, close, volume, quote, trades, int(volume * share), int(quote * share), last_id)


def mixed(number: int) -> int:
    """A well-mixed 64-bit number of a number (splitmix64)."""
    number = number + 0x9E3779B97F4A7C15 & MASK
    number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9 & MASK
    number = (number ^ number >> 27) * 0x94D049BB133111EB & MASK
    return number ^ number >> 31
