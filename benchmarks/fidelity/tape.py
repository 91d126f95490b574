"""What the recording says by itself: the oracle. Shares no code with feed or engine.

The book is the snapshot with every diff that it does not cover, and each best quote as the truth at the touch until a
diff covers it. Prices and sizes are integers of 1e-8.
"""

import json
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from msgspec import Struct
from sortedcontainers import SortedDict

from benchmarks.fidelity.recording import Line, is_snapshot

Levels = SortedDict[int, int]


def scaled(text: str) -> int:
    """1e-8 of a decimal text with eight decimals, as Binance sends them."""
    whole, _, fraction = text.partition(".")
    return int(whole) * 10**8 + int(fraction.ljust(8, "0"))


class TapeTrade(Struct, frozen=True):
    """A trade as it was received."""

    received_us: int
    price: int
    quantity: int
    sold: bool
    """The taker sold."""


class Ticker(Struct, frozen=True):
    """A best quote as it was received."""

    received_us: int
    update_id: int
    bid: int
    bid_size: int
    ask: int
    ask_size: int


class RecordedBook:
    """The book as the messages so far tell it. Bids and asks by price; what is outside the floor and the ceiling is not
    known completely.
    """

    def __init__(self, snapshot: dict[str, list[list[str]]]) -> None:
        self.bids: Levels = SortedDict({scaled(price): scaled(size) for price, size in snapshot["bids"]})
        self.asks: Levels = SortedDict({scaled(price): scaled(size) for price, size in snapshot["asks"]})
        self.floor, self.ceiling = self.bids.peekitem(0)[0], self.asks.peekitem(-1)[0]
        self.changed: set[tuple[bool, int]] = set()
        """(is it an ask, price) of what changed since somebody emptied it."""

    def apply_diff(self, diff: dict[str, list[list[str]]], newer: list[Ticker]) -> None:
        """The sizes after a diff; best quotes that are newer than it still hold."""
        for is_ask, levels, listed in ((False, self.bids, diff["b"]), (True, self.asks, diff["a"])):
            for price, size in listed:
                self._set(levels, is_ask, scaled(price), scaled(size))
        for ticker in newer:
            self.apply_ticker(ticker)

    def apply_ticker(self, ticker: Ticker) -> None:
        """Nothing is better than the best quotes."""
        for price in list(self.bids.irange(minimum=ticker.bid, inclusive=(False, True))):
            self._set(self.bids, False, price, 0)
        for price in list(self.asks.irange(maximum=ticker.ask, inclusive=(True, False))):
            self._set(self.asks, True, price, 0)
        self._set(self.bids, False, ticker.bid, ticker.bid_size)
        self._set(self.asks, True, ticker.ask, ticker.ask_size)
        self.floor, self.ceiling = min(self.floor, ticker.bid), max(self.ceiling, ticker.ask)

    def _set(self, levels: Levels, is_ask: bool, price: int, size: int) -> None:
        if size:
            levels[price] = size
        else:
            levels.pop(price, None)
        self.changed.add((is_ask, price))

    def sweep(self, quantity: int, *, sell: bool, limit: int | None = None) -> tuple[int, int]:
        """What a taker gets at most: quantity, and the sum of price x quantity (scale 16)."""
        filled = paid = 0
        levels = reversed(self.bids.items()) if sell else iter(self.asks.items())
        for price, size in levels:
            if filled == quantity or not self.floor <= price <= self.ceiling:
                break
            if limit is not None and (price < limit if sell else price > limit):
                break
            fill = min(size, quantity - filled)
            filled += fill
            paid += fill * price
        return filled, paid


class Timeline(Struct):
    """A value over time: `values[i]` holds from `times_us[i]` on."""

    times_us: list[int] = []
    values: list[int] = []

    def note(self, time_us: int, value: int) -> None:
        if not self.values or self.values[-1] != value:
            self.times_us.append(time_us)
            self.values.append(value)

    def within(self, from_us: int, to_us: int) -> tuple[int, list[tuple[int, int]]]:
        """The value at a time, and (time, value) of the changes after it, up to another time."""
        first = bisect_right(self.times_us, from_us)
        before = self.values[first - 1] if first else 0
        last = bisect_right(self.times_us, to_us)
        return before, list(zip(self.times_us[first:last], self.values[first:last], strict=True))


class Tape:
    """Every trade and best quote after the book was known, each level's size over time, and a way to walk the book."""

    def __init__(self, lines: list[Line]) -> None:
        self._lines = [(received_us, json.loads(text), is_snapshot(text)) for received_us, text in lines]
        self.snapshot_us, self.snapshot = next((at, message) for at, message, whole in self._lines if whole)
        self.end_us = self._lines[-1][0]
        self.span_s = (self.end_us - self._lines[0][0]) / 1e6
        self.tickers: list[Ticker] = []
        self.trades: list[TapeTrade] = []
        for at, message, whole in self._lines:
            if whole:
                continue
            data = message["data"]
            if message["stream"].endswith("@trade") and at > self.snapshot_us:
                self.trades.append(TapeTrade(at, scaled(data["p"]), scaled(data["q"]), data["m"]))
            elif message["stream"].endswith("@bookTicker") and data["u"] > self.snapshot["lastUpdateId"]:
                self.tickers.append(_ticker(at, data))
        self.trade_times = [trade.received_us for trade in self.trades]
        self.sizes: dict[tuple[bool, int], Timeline] = {}
        """By (is it an ask, price)."""
        self.bids, self.asks = Timeline(), Timeline()
        """The best prices."""
        self._follow()

    def _follow(self) -> None:
        for at, _, book in self.books():
            for is_ask, price in book.changed:
                size = (book.asks if is_ask else book.bids).get(price, 0)
                self.sizes.setdefault((is_ask, price), Timeline()).note(max(at, self.snapshot_us), size)
            book.changed.clear()
            self.bids.note(at, book.bids.peekitem(-1)[0])
            self.asks.note(at, book.asks.peekitem(0)[0])

    def books(self) -> Iterator[tuple[int, int, RecordedBook]]:
        """(received, update id, book) after each message that the book knows of; the same object each time."""
        book = RecordedBook(self.snapshot)
        book.changed = {(False, price) for price in book.bids} | {(True, price) for price in book.asks}
        last_id = self.snapshot["lastUpdateId"]
        newer: list[Ticker] = []
        for at, message, whole in self._lines:
            data = message.get("data")
            if whole or message["stream"].endswith("@trade"):
                continue
            if message["stream"].endswith("@bookTicker"):
                ticker = _ticker(at, data)
                if ticker.update_id <= last_id:
                    continue
                newer.append(ticker)
                book.apply_ticker(ticker)
            else:
                if data["u"] <= last_id:
                    continue
                last_id = data["u"]
                newer = [ticker for ticker in newer if ticker.update_id > last_id]
                book.apply_diff(data, newer)
            yield at, newer[-1].update_id if newer else last_id, book


def _ticker(at: int, data: dict[str, Any]) -> Ticker:
    return Ticker(at, data["u"], scaled(data["b"]), scaled(data["B"]), scaled(data["a"]), scaled(data["A"]))
