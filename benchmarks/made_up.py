"""Markets of a made-up Binance, as seeded chance moves them, and what Binance's API would say of them.

Two kinds: one of which nobody sees more than tickers, and one with a whole book and each trade. Prices are whole
ticks and sizes whole steps of 1e-8 each (scale 8), so that a text is written as fast as can be. Does no I/O.
"""

import random
import time
from collections import deque
from collections.abc import Callable, Iterable

from sortedcontainers import SortedDict

from hypersim.engine.orders import Side
from hypersim.units import ONE, show

BOOK_TICKERS_PER_SECOND, TRADES_PER_SECOND, LEVELS_PER_SECOND = 112.5, 30.6, 460.0
"""Of BTCUSDT, as recorded on 2024-08-08 from 23:54 UTC on, for 650 s; levels are those of the depth stream."""
LEVELS = 1000
"""Of each side of a whole book."""
KEPT_TRADES = 1000
SIZES = 90_001
"""A prime: sizes at the touch run through so many numbers before one comes again."""

Say = Callable[[str, bytes], None]
"""Takes the name of a stream and what it says."""


class TickerMarket:
    """One of which tickers tell everything: best quotes, the last trade, and the day's volume."""

    def __init__(self, symbol: str, base: str, quote: str, price: int, tick: int, chance: random.Random) -> None:
        self.symbol, self.base, self.quote_asset, self.tick = symbol, base, quote, tick
        self.trade_id = 100_000
        self._chance = chance
        self._price = price - price % tick
        self._sizes = [chance.randrange(1, 10**4) * ONE // 100 for _ in range(2)]
        self._last, self._last_size = self._price, ONE
        self._volume = chance.randrange(10**4, 10**6) * ONE
        self._row: bytes | None = None
        self._day: bytes | None = None

    def change_quote(self) -> None:
        """Another size at the touch or, as often, another price."""
        chance = self._chance
        if chance.random() < 0.5:
            self._price = max(10 * self.tick, self._price + chance.choice((-1, 1)) * self.tick)
        self._sizes[chance.randrange(2)] = chance.randrange(1, 10**4) * ONE // 100
        self._row = None

    def trade(self) -> None:
        """Somebody takes."""
        self._last = self._price + self._chance.randrange(2) * self.tick
        self._last_size = self._chance.randrange(1, 10**3) * ONE // 100
        self._volume += self._last_size
        self.trade_id += 1
        self._day = None

    @property
    def touch(self) -> tuple[int, int, int, int]:
        """Bid, its size, ask, its size."""
        return self._price, self._sizes[0], self._price + self.tick, self._sizes[1]

    @property
    def book_row(self) -> bytes:
        """Its row of ticker/bookTicker."""
        if self._row is None:
            self._row = book_row(self.symbol, *self.touch)
        return self._row

    @property
    def day_row(self) -> bytes:
        """Its row of ticker/24hr."""
        if self._day is None:
            self._day = day_row(self.symbol, self._last, self._last_size, self._volume, self.trade_id)
        return self._day


class BookMarket:
    """One with a book and each trade, at the rates that were recorded, times `pace`. Says what its streams would say.

    No size at the touch comes twice in a long time, so that whoever sees it knows when it was.
    """

    def __init__(
        self, symbol: str, base: str, quote: str, price: int, tick: int, pace: float, chance: random.Random
    ) -> None:
        self.symbol, self.base, self.quote_asset, self.tick = symbol, base, quote, tick
        self.update_id = 1_000_000
        self.trade_id = 100_000
        self.trades: deque[tuple[int, bytes]] = deque(maxlen=KEPT_TRADES)
        """(aggregate id, row of aggTrades), the oldest first."""
        self.say: Say | None = None
        """Takes what the streams say, while somebody listens."""
        self.marked: Callable[[], None] = lambda: None
        """Told that the best bid was said."""
        self._pace, self._chance = pace, chance
        self._drawn = 0
        middle = price // tick
        self._books: dict[Side, SortedDict[int, int]] = {
            Side.BUY: SortedDict((middle - n, self._size()) for n in range(LEVELS)),
            Side.SELL: SortedDict((middle + 1 + n, self._size()) for n in range(LEVELS)),
        }
        self._changed: dict[Side, dict[int, int]] = {side: {} for side in Side}
        self._told_id = self.update_id
        self._owed_touches = self._owed_levels = 0.0
        self._last, self._last_size = middle, ONE
        self._volume = 20_000 * ONE

    def step(self, seconds: float) -> None:
        """Lets that much time pass."""
        self._owed_levels += seconds * LEVELS_PER_SECOND * self._pace
        while self._owed_levels >= 1:
            self._owed_levels -= 1
            side = self._chance.choice((Side.BUY, Side.SELL))
            rank = 1 + int(self._chance.expovariate(0.02)) % (LEVELS - 2)
            self._put(side, self._books[side].peekitem(rank if side is Side.SELL else -1 - rank)[0], self._size())
        self._owed_touches += seconds * BOOK_TICKERS_PER_SECOND * self._pace
        while self._owed_touches >= 1:
            self._owed_touches -= 1
            self._touch()

    def _touch(self) -> None:
        """The best bid or ask changes: its size, now and then its price; what shrinks is traded as often as not."""
        chance = self._chance
        side = chance.choice((Side.BUY, Side.SELL))
        book = self._books[side]
        price, before = book.peekitem(-1 if side is Side.BUY else 0)
        if chance.random() < 0.05:
            self._move(side, price)
        else:
            size = self._size()
            if size < before and chance.random() < TRADES_PER_SECOND / (BOOK_TICKERS_PER_SECOND / 2):
                self._trade(side, price, before - size)
            self._put(side, price, size)
        if self.say is not None:
            bid, bid_size, ask, ask_size = (show(number) for number in self.touch)
            quotes = f'"b":"{bid}","B":"{bid_size}","a":"{ask}","A":"{ask_size}"'
            said = f'{{"u":{self.update_id},"s":"{self.symbol}",{quotes}}}'
            self.marked()
            self.say("bookTicker", said.encode())

    def _move(self, side: Side, price: int) -> None:
        """A better level where there is room for it, else the best one goes; the book stays as deep."""
        better = price + (1 if side is Side.BUY else -1)
        if better not in self._books[side.opposite]:
            self._put(side, better, self._size())
            farthest = self._books[side].peekitem(0 if side is Side.BUY else -1)[0]
            self._put(side, farthest, 0)
        else:
            self._put(side, price, 0)
            farthest = self._books[side].peekitem(0 if side is Side.BUY else -1)[0]
            self._put(side, farthest + (-1 if side is Side.BUY else 1), self._size())

    def _trade(self, resting: Side, price: int, size: int) -> None:
        self.trade_id += 1
        self._last, self._last_size = price, size
        self._volume += size
        now_ms, maker = _now_ms(), "true" if resting is Side.BUY else "false"
        said = f'"p":"{show(price * self.tick)}","q":"{show(size)}","T":{now_ms},"m":{maker},"M":true}}'
        number = self.trade_id
        self.trades.append((number, f'{{"a":{number},"f":{number},"l":{number},{said}'.encode()))
        if self.say is not None:
            self.say("trade", f'{{"e":"trade","E":{now_ms},"s":"{self.symbol}","t":{number},{said}'.encode())

    def _put(self, side: Side, price: int, size: int) -> None:
        self.update_id += 1
        if size:
            self._books[side][price] = size
        else:
            del self._books[side][price]
        self._changed[side][price] = size

    def _size(self) -> int:
        self._drawn += 1
        return (1 + self._drawn * 7919 % SIZES) * (ONE // 10**5)

    def say_diff(self) -> None:
        """What changed since it was said last, as the depth stream has it."""
        bids, asks = (self._levels(self._changed[side].items()) for side in (Side.BUY, Side.SELL))
        if self.say is not None and self.update_id > self._told_id:
            said = (
                f'{{"e":"depthUpdate","E":{_now_ms()},"s":"{self.symbol}","U":{self._told_id + 1},'
                f'"u":{self.update_id},"b":[{bids}],"a":[{asks}]}}'
            )
            self.say("depth@100ms", said.encode())
        self._told_id = self.update_id
        self._changed = {side: {} for side in Side}

    def _levels(self, levels: Iterable[tuple[int, int]]) -> str:
        tick = self.tick
        return ",".join(f'["{show(price * tick)}","{show(size)}"]' for price, size in levels)

    def depth(self, limit: int) -> bytes:
        """The answer of depth."""
        bids = list(reversed(self._books[Side.BUY].items()))[:limit]
        asks = list(self._books[Side.SELL].items())[:limit]
        return (
            f'{{"lastUpdateId":{self.update_id},"bids":[{self._levels(bids)}],"asks":[{self._levels(asks)}]}}'.encode()
        )

    @property
    def touch(self) -> tuple[int, int, int, int]:
        """Bid, its size, ask, its size."""
        bid, bid_size = self._books[Side.BUY].peekitem(-1)
        ask, ask_size = self._books[Side.SELL].peekitem(0)
        return bid * self.tick, bid_size, ask * self.tick, ask_size

    @property
    def book_row(self) -> bytes:
        """Its row of ticker/bookTicker."""
        return book_row(self.symbol, *self.touch)

    @property
    def day_row(self) -> bytes:
        """Its row of ticker/24hr."""
        return day_row(self.symbol, self._last * self.tick, self._last_size, self._volume, self.trade_id)


def book_row(symbol: str, bid: int, bid_size: int, ask: int, ask_size: int) -> bytes:
    """A row of ticker/bookTicker."""
    quotes = (
        f'"bidPrice":"{show(bid)}","bidQty":"{show(bid_size)}","askPrice":"{show(ask)}","askQty":"{show(ask_size)}"'
    )
    return f'{{"symbol":"{symbol}",{quotes}}}'.encode()


def day_row(symbol: str, last: int, last_size: int, volume: int, last_id: int) -> bytes:
    """A row of ticker/24hr, with everything that Binance puts there."""
    price, now_ms = show(last), _now_ms()
    return (
        f'{{"symbol":"{symbol}","priceChange":"0.00000000","priceChangePercent":"0.000","weightedAvgPrice":"{price}",'
        f'"prevClosePrice":"{price}","lastPrice":"{price}","lastQty":"{show(last_size)}","bidPrice":"{price}",'
        f'"bidQty":"1.00000000","askPrice":"{price}","askQty":"1.00000000","openPrice":"{price}","highPrice":"{price}",'
        f'"lowPrice":"{price}","volume":"{show(volume)}","quoteVolume":"{show(volume)}",'
        f'"openTime":{now_ms - 86_400_000},"closeTime":{now_ms},"firstId":1,"lastId":{last_id},"count":{last_id}}}'
    ).encode()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
