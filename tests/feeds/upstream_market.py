"""A market upstream that trades with itself, and what its streams say of it: the oracle for the feed's book.

Whole coins and whole prices inside, Binance's messages outside. Each stream keeps its order; against one another they
come as late as chance has it.
"""

import random
from dataclasses import dataclass, field

from hypersim.engine.commands import Print
from hypersim.engine.orders import Side
from hypersim.feeds.binance.messages import DepthDiff, DepthSnapshot, Message, TickerMessage, TradeMessage
from hypersim.units import ONE, show

START_MS = 1_790_000_000_000
Book = tuple[dict[int, int], dict[int, int]]
"""Bids and asks, size by price."""


def text(coins: int) -> str:
    return show(coins * ONE)


@dataclass
class UpstreamMarket:
    """A book that chance moves. `books` holds it after each update, `trades` every fill."""

    chance: random.Random
    most_delay_us: int
    bids: dict[int, int] = field(default_factory=lambda: {100 - away: 5 for away in range(1, 30)})
    asks: dict[int, int] = field(default_factory=lambda: {100 + away: 5 for away in range(1, 30)})
    now_us: int = START_MS * 1000
    update_id: int = 1000
    trades: list[Print] = field(default_factory=list)
    books: dict[int, Book] = field(default_factory=dict)
    streams: dict[str, list[tuple[int, Message]]] = field(
        default_factory=lambda: {name: [] for name in ("depth", "trade", "bookTicker")}
    )
    changed: tuple[set[int], set[int]] = field(default_factory=lambda: (set(), set()))
    diffed_id: int = 1000

    def run(self, updates: int, *, diff_every: int) -> None:
        """Lets things happen, and says them."""
        for number in range(updates):
            self.now_us += self.chance.randrange(200, 3000)
            touch = self.touch()
            self._happen()
            self.books[self.update_id] = dict(self.bids), dict(self.asks)
            if self.touch() != touch:
                bid, bid_size, ask, ask_size = map(text, self.touch())
                self._send("bookTicker", TickerMessage("X", self.update_id, bid, bid_size, ask, ask_size))
            if number % diff_every == diff_every - 1:
                self._send_diff()
        self._send_diff()

    def touch(self) -> tuple[int, int, int, int]:
        bid, ask = max(self.bids), min(self.asks)
        return bid, self.bids[bid], ask, self.asks[ask]

    def snapshot(self) -> DepthSnapshot:
        """The whole book now."""
        bids = [(text(price), text(size)) for price, size in sorted(self.bids.items(), reverse=True)]
        asks = [(text(price), text(size)) for price, size in sorted(self.asks.items())]
        return DepthSnapshot(self.update_id, bids, asks)

    def received(self) -> list[tuple[int, Message]]:
        """Everything that was sent, in the order in which it arrives."""
        return sorted((each for stream in self.streams.values() for each in stream), key=lambda each: each[0])

    def _happen(self) -> None:
        chance, side = self.chance, self.chance.choice(list(Side))
        own, opposite = (self.bids, self.asks) if side is Side.BUY else (self.asks, self.bids)
        best = max(self.bids) if side is Side.BUY else min(self.asks)
        away = -1 if side is Side.BUY else 1
        self.update_id += 1
        match chance.randrange(4):
            case 0:
                price = best + away * chance.randint(-1, 4)
                if price not in opposite and (price < min(self.asks) if side is Side.BUY else price > max(self.bids)):
                    self._set(side, price, own.get(price, 0) + chance.randint(1, 6))
            case 1:
                price = best + away * chance.randint(0, 3)
                if own.get(price, 0) and len(own) > 5:
                    self._set(side, price, own[price] - chance.randint(1, own[price]))
            case _:
                self._trade(side, chance.randint(1, 12))

    def _trade(self, aggressor: Side, quantity: int) -> None:
        """A taker sweeps the opposite side, one fill a level or several."""
        resting = aggressor.opposite
        book = self.bids if resting is Side.BUY else self.asks
        while quantity and len(book) > 5:
            price = max(book) if resting is Side.BUY else min(book)
            fill = min(quantity, book[price], self.chance.randint(1, 6))
            self._set(resting, price, book[price] - fill)
            quantity -= fill
            self.trades.append(Print(price * ONE, fill * ONE, aggressor))
            happened_ms = self.now_us // 1000
            self._send(
                "trade",
                TradeMessage(
                    "X", len(self.trades), text(price), text(fill), happened_ms, happened_ms, aggressor is Side.SELL
                ),
            )

    def _set(self, side: Side, price: int, size: int) -> None:
        book = self.bids if side is Side.BUY else self.asks
        if size:
            book[price] = size
        else:
            del book[price]
        self.changed[side is Side.SELL].add(price)

    def _send_diff(self) -> None:
        first_id, self.diffed_id = self.diffed_id + 1, self.update_id
        listed = [
            [(text(price), text(book.get(price, 0))) for price in sorted(prices)]
            for book, prices in zip((self.bids, self.asks), self.changed, strict=True)
        ]
        for prices in self.changed:
            prices.clear()
        if first_id <= self.update_id:
            self._send("depth", DepthDiff("X", self.now_us // 1000, first_id, self.update_id, *listed))

    def _send(self, stream: str, message: Message) -> None:
        sent = self.streams[stream]
        arrives_us = self.now_us + 500 + self.chance.randrange(self.most_delay_us + 1)
        sent.append((max(arrives_us, sent[-1][0] if sent else 0), message))
