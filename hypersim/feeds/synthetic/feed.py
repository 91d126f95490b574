"""A market that never was: seeded, always there, and shaped like the real ones.

Guarantees the same observations for the same seed, markets and start, prices on the grid, trades at the touch
or walking the book, and pairs that agree with their legs within a spread. Its first observations come at
once. Claims no likeness to what a real market does today.
"""

import math
import random
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

from hypersim.clock import MICROSECONDS, Clock
from hypersim.engine.commands import Ladder, OutsideUpdate, Print
from hypersim.engine.market import Market
from hypersim.engine.orders import Side
from hypersim.feeds.base import SourceReport
from hypersim.feeds.profile import DepthProfile
from hypersim.feeds.synthetic.pairs import with_legs
from hypersim.feeds.synthetic.process import (
    IMPACT,
    SECONDS_OF_DAY,
    USUAL_AGITATION,
    Arrivals,
    CrossPrice,
    PriceProcess,
    WanderingPrice,
    Weather,
    trade_size,
)
from hypersim.markets import Synthetic
from hypersim.units import ONE, ceil_to

TIGHT_SHARE, WIDE_BPS = 0.75, 0.2
"""How often the spread is one tick, and its mean otherwise, where the tick is finer than that; elsewhere it is a
tick, or seldom two. BTC/USDT on 2024-08-08: median one tick, mean 0.05 basis points.
"""
TOUCH_TRADES = 6.0
"""Mean size of the best quotes, in mean trades."""
REQUOTE_CHANCE = 0.3
"""That the best quotes and the spread are drawn anew in a step, where nothing else changes them."""
BUSIEST_TRADES_S, BUSIEST_TURNOVER = 2.0, 3e8
"""Trades a second of a market with this daily turnover, in smallest orders; others by the root of theirs."""
LATE_S = 1.0
"""A feed that is later than this (a machine that slept) goes on from now instead of catching up."""


class SyntheticMarket:
    """One symbol. Prices in ticks, sizes in steps; `price` (scale 8) is where it starts."""

    def __init__(self, market: Market, synthetic: Synthetic, seed: int, price: PriceProcess) -> None:
        self.price = price
        self._market = market
        self._chance = random.Random(f"{seed}/{market.symbol}/market/{price.log_price}")
        self._per_second = trades_per_second(market, synthetic)
        self._arrivals = Arrivals(self._chance, self._per_second)
        self._volume_steps = synthetic.daily_volume / market.step_size
        self._mean_trade_steps = self._volume_steps / (self._per_second * SECONDS_OF_DAY)
        self._push = IMPACT * synthetic.daily_volatility_bps / 10_000 / math.sqrt(self._volume_steps)
        self._profile = DepthProfile(market, synthetic.daily_volume, seed)
        self._epoch = 0
        self._extra_ticks = 0
        self._bids: tuple[tuple[int, int], ...] = ()
        self._asks: tuple[tuple[int, int], ...] = ()

    def first(self, time_us: int, *, with_print: bool) -> OutsideUpdate:
        """The market as it opens, with a first trade where there has been none."""
        self._requote()
        prints: tuple[Print, ...] = ()
        if with_print:
            aggressor = self._chance.choice((Side.BUY, Side.SELL))
            price, _ = (self._asks if aggressor is Side.BUY else self._bids)[0]
            prints = (Print(price, self._order_size(price), aggressor),)
        return self._update(prints, time_us)

    def step(self, seconds: float, time_us: int) -> OutsideUpdate:
        """What happens in the next seconds: trades against the quotes as they stand, then the quotes anew."""
        self._epoch += 1
        self.price.advance(seconds, time_us / MICROSECONDS % SECONDS_OF_DAY)
        signs = self._arrivals.advance(seconds, self.price.agitation / USUAL_AGITATION)
        prints: list[Print] = []
        for sign in signs:
            prints.extend(self._trade(sign))
        self._requote()
        return self._update(tuple(prints), time_us)

    def move(self, price: int) -> None:
        """Goes on from a price (scale 8) that somebody else set; inside the spread it is already there."""
        if not (self._bids and self._asks and self._bids[0][0] <= price <= self._asks[0][0]):
            self.price.move(math.log(price / ONE))
            self._bids = self._asks = ()

    def _trade(self, sign: int) -> list[Print]:
        """One order takes what it finds, best price first, and pushes the price by what nobody expected of
        it.
        """
        aggressor = Side.BUY if sign > 0 else Side.SELL
        levels = list(self._asks if sign > 0 else self._bids)
        if not levels:
            return []
        quantity = self._order_size(levels[0][0])
        self.price.push(
            (sign - self._arrivals.expected_sign) * self._push * math.sqrt(quantity / self._market.step_size)
        )
        prints = []
        while quantity and levels:
            price, size = levels[0]
            taken = min(size, quantity)
            quantity -= taken
            prints.append(Print(price, taken, aggressor))
            if taken == size:
                del levels[0]
            else:
                levels[0] = (price, size - taken)
        if sign > 0:
            self._asks = tuple(levels)
        else:
            self._bids = tuple(levels)
        return prints

    def _order_size(self, price: int) -> int:
        """Scale 8; never below the smallest order that the market takes."""
        market = self._market
        steps = max(1, round(trade_size(self._chance) * self._mean_trade_steps))
        smallest = max(market.min_quantity, -(-market.min_notional * ONE // price))
        return max(steps * market.step_size, ceil_to(smallest, market.step_size))

    def _requote(self) -> None:
        """Quotes around the price as it is now."""
        chance, tick = self._chance, self._market.tick_size
        middle = math.exp(self.price.log_price) * ONE / tick
        if chance.random() < REQUOTE_CHANCE or not self._bids:
            mean = max(0.2, WIDE_BPS / 10_000 * middle * self.price.agitation - 1)
            extra_ticks = min(int(chance.expovariate(1 / mean) + 0.5), int(20 * mean) + 1)
            self._extra_ticks = 0 if chance.random() < TIGHT_SHARE else extra_ticks
        bid = max(1, math.floor(middle - self._extra_ticks / 2)) * tick
        ask = bid + (1 + self._extra_ticks) * tick
        self._bids = self._profile.side(Side.BUY, bid, self._touch_size(self._bids, bid), self._epoch)
        self._asks = self._profile.side(Side.SELL, ask, self._touch_size(self._asks, ask), self._epoch)

    def _touch_size(self, quoted: Sequence[tuple[int, int]], best: int) -> int:
        """Scale 8: what trades left of a best quote that stays, more often than not."""
        if quoted and quoted[0][0] == best and self._chance.random() > REQUOTE_CHANCE:
            return quoted[0][1]
        steps = self._mean_trade_steps * TOUCH_TRADES * self._chance.lognormvariate(-0.32, 0.8)
        return max(1, round(steps)) * self._market.step_size

    def _update(self, prints: tuple[Print, ...], time_us: int) -> OutsideUpdate:
        return OutsideUpdate(
            symbol=self._market.symbol,
            prints=prints,
            ladder=Ladder(
                bids=self._bids,
                asks=self._asks,
                bid_floor=self._bids[-1][0],
                ask_ceiling=self._asks[-1][0],
                full=True,
            ),
            source_time_us=time_us,
        )


class SyntheticFeed:
    """Synthetic markets that move together, a step at a time.

    `last_prices` (scale 8) tells where markets stand that have traded before; the others start at the price
    that config/markets.toml gives them, with a first trade.
    """

    name = "synthetic"
    real = False

    def __init__(
        self,
        *,
        clock: Clock,
        markets: Sequence[Market],
        synthetic: Mapping[str, Synthetic],
        seed: int,
        step_ms: int,
        last_prices: Callable[[], Mapping[str, int]],
    ) -> None:
        self._clock = clock
        self._listed = markets
        self._synthetic = synthetic
        self._seed = seed
        self._step_ms = step_ms
        self._last_prices = last_prices
        self._markets: dict[str, SyntheticMarket] = {}
        self._weather = Weather(random.Random(f"{seed}/weather"))

    def report(self) -> SourceReport:
        return SourceReport()

    def sight(self, symbol: str) -> None:
        return None

    async def updates(self) -> AsyncGenerator[OutsideUpdate, None]:
        due_us = self._clock.now_us()
        self._markets = {}
        while True:
            if not self._markets:
                self._weather = Weather(random.Random(f"{self._seed}/weather"))
                for update in self._open(due_us):
                    yield update
            else:
                self._weather.advance(self._step_ms / 1000)
                for market in list(self._markets.values()):
                    yield market.step(self._step_ms / 1000, due_us)
            due_us += self._step_ms * 1000
            now_us = self._clock.now_us()
            if now_us - due_us > LATE_S * MICROSECONDS:
                due_us = now_us
            await self._clock.sleep((due_us - now_us) / MICROSECONDS)

    def moved(self, symbol: str, price: int | None) -> None:
        if price is None:
            self._markets = {}
        elif symbol in self._markets:
            self._markets[symbol].move(price)

    def _open(self, time_us: int) -> list[OutsideUpdate]:
        processes: dict[str, PriceProcess] = {}
        traded = self._last_prices()
        updates = []
        for market, legs in with_legs(self._listed):
            symbol = market.symbol
            synthetic = self._synthetic[symbol]
            log_price = math.log(traded.get(symbol, synthetic.price) / ONE)
            chance = random.Random(f"{self._seed}/{symbol}/price/{log_price}")
            if legs is None:
                volatility = synthetic.daily_volatility_bps / 10_000
                processes[symbol] = WanderingPrice(chance, self._weather, log_price, volatility)
            else:
                noise = max(market.tick_size / synthetic.price, WIDE_BPS / 10_000) / 8
                base, quote = (processes[leg] for leg in legs)
                processes[symbol] = CrossPrice(chance, log_price, base, quote, noise)
            opened = SyntheticMarket(market, synthetic, self._seed, processes[symbol])
            self._markets[symbol] = opened
            updates.append(opened.first(time_us, with_print=symbol not in traded))
        return updates


def trades_per_second(market: Market, synthetic: Synthetic) -> float:
    """How often somebody takes, on average: more often in a market with more turnover."""
    turnover = synthetic.daily_volume * synthetic.price / max(1, market.min_notional * ONE)
    return min(BUSIEST_TRADES_S, max(0.05, BUSIEST_TRADES_S * math.sqrt(turnover / BUSIEST_TURNOVER)))
