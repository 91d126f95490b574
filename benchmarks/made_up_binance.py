"""A made-up Binance: its markets, moved by seeded chance, and the answers of its REST API.

Six markets have whole books (benchmarks/made_up.py), the others tickers; half as many again as all of these have
stopped trading, as at Binance, and are listed too. Costs little: rows are encoded when they change, answers are joined
rows. Remembers when it said which best bid of the six, for whoever measures delays. Does no I/O.
"""

import functools
import random
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final
from urllib.parse import parse_qs, urlsplit

import msgspec

from benchmarks.made_up import BookMarket, TickerMarket, book_row, day_row
from hypersim.units import ONE, show

MAIN: Final = (
    ("BTC", "USDT", 68_000 * ONE, ONE // 100, 1.0),
    ("ETH", "USDT", 2_600 * ONE, ONE // 100, 0.5),
    ("ETH", "BTC", 38_230 * ONE // 10**6, ONE // 10**5, 0.5),
    ("BNB", "USDT", 600 * ONE, ONE // 100, 0.5),
    ("SOL", "USDT", 150 * ONE, ONE // 100, 0.5),
    ("XRP", "USDT", 2 * ONE, ONE // 10**4, 0.5),
)
"""Base, quote, price, tick, and pace in BTCUSDT's recorded rates, of the markets with whole books."""
CHANGING: Final = 400 / 1400
"""Share of the quotes that change within a second."""
TRADING: Final = 150 / 1400
"""Share of the symbols that trade within ten seconds."""
STOPPED: Final = 1.5
"""Symbols that are listed and do not trade any more, as a multiple of those that do."""
STEPS_PER_SECOND: Final = 50
STEPS_PER_DIFF: Final = 5
INTERVALS_MS: Final = {"1s": 1000, "1m": 60_000, "15m": 900_000, "1h": 3_600_000, "1d": 86_400_000}

Mark = tuple[str, str, int]
"""A symbol, the size of its best bid as text, and when that was sent: nanoseconds of the machine's monotonic clock."""


class MadeUpBinance:
    """All markets, and the answers of the REST API."""

    def __init__(self, symbols: int, seed: int = 1) -> None:
        self._chance = random.Random(seed)
        self.books = {
            base + quote: BookMarket(base + quote, base, quote, price, tick, pace, random.Random(f"{seed}/{base}"))
            for base, quote, price, tick, pace in MAIN
        }
        self._tickers = [self._ticker_market(number) for number in range(symbols - len(MAIN))]
        self._quoting, self._trading = _activities(symbols, len(self._tickers))
        self._markets: dict[str, BookMarket | TickerMarket] = {
            **self.books,
            **{market.symbol: market for market in self._tickers},
        }
        stopped = [f"X{number:04}" for number in range(round(STOPPED * symbols))]
        self._stopped_books = [book_row(f"{base}USDT", 0, 0, 0, 0) for base in stopped]
        self._stopped_days = [day_row(f"{base}USDT", 0, 0, 0, -1) for base in stopped]
        self._info = _exchange_info(self._markets.values(), stopped)
        self._steps = 0
        self.marks: dict[str, list[Mark]] = {"tickers": [], "depth": [], "stream": []}
        """By how it was said."""
        for symbol, market in self.books.items():
            market.marked = functools.partial(self._mark, "stream", symbol)
        self._answers: Mapping[str, Callable[[Mapping[str, str]], bytes]] = {
            "/api/v3/exchangeInfo": lambda _: self._info,
            "/api/v3/time": lambda _: b'{"serverTime":%d}' % (time.time_ns() // 1_000_000),
            "/api/v3/ticker/bookTicker": self._book_tickers,
            "/api/v3/ticker/24hr": self._day_tickers,
            "/api/v3/depth": self._depth,
            "/api/v3/aggTrades": self._aggregate_trades,
            "/api/v3/klines": _klines,
            "/marks": self._take_marks,
        }

    def _ticker_market(self, number: int) -> TickerMarket:
        price = ONE * self._chance.randrange(10**3, 10**6) // 10**4
        tick = 10 ** (len(str(price)) - 5)  # some two basis points, as most have
        return TickerMarket(f"T{number:04}USDT", f"T{number:04}", "USDT", price, tick, random.Random(number))

    def step(self) -> None:
        """Lets a step of time pass."""
        self._steps += 1
        for market in self.books.values():
            market.step(1 / STEPS_PER_SECOND)
            if self._steps % STEPS_PER_DIFF == 0:
                market.say_diff()
        turn, chance = self._steps % STEPS_PER_SECOND, self._chance.random
        for number in range(turn, len(self._tickers), STEPS_PER_SECOND):
            if chance() < self._quoting[number]:
                self._tickers[number].change_quote()
            if chance() < self._trading[number]:
                self._tickers[number].trade()

    def answer(self, target: str) -> bytes | None:
        """The body of the answer to a request; None for a path that is not here."""
        address = urlsplit(target)
        make = self._answers.get(address.path)
        if make is None:
            return None
        return make({name: values[0] for name, values in parse_qs(address.query).items()})

    def _book_tickers(self, asked: Mapping[str, str]) -> bytes:
        for symbol in self.books:
            self._mark("tickers", symbol)
        if "symbols" in asked:
            return _array([self._markets[symbol].book_row for symbol in msgspec.json.decode(asked["symbols"])])
        return _array([market.book_row for market in self._markets.values()] + self._stopped_books)

    def _day_tickers(self, asked: Mapping[str, str]) -> bytes:
        if "symbols" in asked:
            return _array([self._markets[symbol].day_row for symbol in msgspec.json.decode(asked["symbols"])])
        return _array([market.day_row for market in self._markets.values()] + self._stopped_days)

    def _depth(self, asked: Mapping[str, str]) -> bytes:
        self._mark("depth", asked["symbol"])
        return self.books[asked["symbol"]].depth(int(asked["limit"]))

    def _aggregate_trades(self, asked: Mapping[str, str]) -> bytes:
        trades, limit = self.books[asked["symbol"]].trades, int(asked["limit"])
        if "fromId" not in asked:
            return _array([row for _, row in trades][-limit:])
        return _array([row for number, row in trades if number >= int(asked["fromId"])][:limit])

    def _take_marks(self, asked: Mapping[str, str]) -> bytes:
        """What was said in one of the ways since it was asked last."""
        marks, self.marks[asked["of"]] = self.marks[asked["of"]], []
        return msgspec.json.encode(marks)

    def _mark(self, how: str, symbol: str) -> None:
        self.marks[how].append((symbol, show(self.books[symbol].touch[1]), time.monotonic_ns()))


def _activities(symbols: int, tickers: int) -> tuple[list[float], list[float]]:
    """Of each ticker market, how likely its quote changes and it trades within a second: few are lively."""
    quoting = _likely(tickers, 0.7, lambda likely: sum(likely), CHANGING * symbols)
    trading = _likely(tickers, 1.0, lambda likely: sum(1 - (1 - each) ** 10 for each in likely), TRADING * symbols)
    return quoting, trading


def _likely(count: int, fall: float, total: Callable[[list[float]], float], wanted: float) -> list[float]:
    """Likelihoods that fall with a power of the rank, and add up to what is wanted."""
    low, high = 0.0, float(count)
    for _ in range(60):
        middle = (low + high) / 2
        likely = [min(1.0, middle * rank**-fall) for rank in range(1, count + 1)]
        low, high = (middle, high) if total(likely) < wanted else (low, middle)
    return [min(1.0, low * rank**-fall) for rank in range(1, count + 1)]


def _array(rows: list[bytes]) -> bytes:
    return b"[" + b",".join(rows) + b"]"


def _exchange_info(markets: Iterable[BookMarket | TickerMarket], stopped: list[str]) -> bytes:
    trading = [_symbol_info(each.base, each.quote_asset, each.tick, "TRADING") for each in markets]
    broken = [_symbol_info(base, "USDT", ONE // 10**4, "BREAK") for base in stopped]
    said = {"timezone": "UTC", "serverTime": 1, "rateLimits": [], "exchangeFilters": [], "symbols": trading + broken}
    return msgspec.json.encode(said)


def _symbol_info(base: str, quote: str, tick: int, status: str) -> dict[str, object]:
    return {
        "symbol": base + quote,
        "status": status,
        "baseAsset": base,
        "baseAssetPrecision": 8,
        "quoteAsset": quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT"],
        "icebergAllowed": True,
        "ocoAllowed": True,
        "otoAllowed": True,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": True,
        "cancelReplaceAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": show(tick),
                "maxPrice": show(10**6 * ONE),
                "tickSize": show(tick),
            },
            {"filterType": "LOT_SIZE", "minQty": "0.00001000", "maxQty": "9000000.00000000", "stepSize": "0.00001000"},
            {"filterType": "ICEBERG_PARTS", "limit": 10},
            {"filterType": "MARKET_LOT_SIZE", "minQty": "0.00000000", "maxQty": "9000.0", "stepSize": "0.00000000"},
            {
                "filterType": "TRAILING_DELTA",
                "minTrailingAboveDelta": 10,
                "maxTrailingAboveDelta": 2000,
                "minTrailingBelowDelta": 10,
                "maxTrailingBelowDelta": 2000,
            },
            {
                "filterType": "PERCENT_PRICE_BY_SIDE",
                "bidMultiplierUp": "5",
                "bidMultiplierDown": "0.2",
                "askMultiplierUp": "5",
                "askMultiplierDown": "0.2",
                "avgPriceMins": 5,
            },
            {
                "filterType": "NOTIONAL",
                "minNotional": "5.00000000",
                "applyMinToMarket": True,
                "maxNotional": "9000000.00000000",
                "applyMaxToMarket": False,
                "avgPriceMins": 5,
            },
            {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
            {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5},
        ],
        "permissions": [],
        "permissionSets": [],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT"],
    }


def _klines(asked: Mapping[str, str]) -> bytes:
    """Bars of a market that stands still."""
    length_ms = INTERVALS_MS[asked["interval"]]
    start_ms = -(-int(asked["startTime"]) // length_ms) * length_ms
    end_ms = min(int(asked["endTime"]), time.time_ns() // 1_000_000)
    opens_ms = range(start_ms, end_ms + 1, length_ms)[: int(asked["limit"])]
    bar = '"1.00000000","1.10000000","0.90000000","1.00000000","100.00000000"'
    rest = '"100.00000000",17,"50.00000000","50.00000000","0"'
    return _array([f"[{open_ms},{bar},{open_ms + length_ms - 1},{rest}]".encode() for open_ms in opens_ms])
