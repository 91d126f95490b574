"""One market of a scripted upstream: a book and trades that a test moves, and what Binance would say of them."""

import json
import time
from collections.abc import Mapping
from typing import Any

from hypersim.engine.orders import Side
from hypersim.units import parse, show

Book = dict[int, int]


class ScriptedMarket:
    """Prices and sizes are decimal texts for a test, and whole on the wire. `ahead_ms`: of its clock."""

    def __init__(self, symbol: str, bids: Mapping[str, str], asks: Mapping[str, str]) -> None:
        self.symbol = symbol
        self.ahead_ms = 0
        self.update_id = 1000
        self.trade_id = 5000
        self.volume = parse("20000")
        self.last = ("100", "1")
        self.trades: list[dict[str, Any]] = []
        """As aggregate trades."""
        self.frames: list[tuple[str, dict[str, Any]]] = []
        """Streams and what they say, not yet sent."""
        self._sides: dict[Side, Book] = {
            side: {parse(price): parse(size) for price, size in levels.items()}
            for side, levels in ((Side.BUY, bids), (Side.SELL, asks))
        }

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead_ms

    def put(self, side: Side, price: str, size: str) -> None:
        """A level has another size; "0": it is gone."""
        self._change(side, {parse(price): parse(size)})

    def trade(self, side: Side, price: str, size: str) -> None:
        """Somebody takes at a price what rests there."""
        self.trade_id += 1
        self.volume += parse(size)
        self.last = (price, size)
        maker = side is Side.SELL
        now_ms = self.now_ms()
        said = {"p": price, "q": size, "T": now_ms, "m": maker, "M": True}
        self.trades.append(said | {"a": len(self.trades) + 1, "f": self.trade_id, "l": self.trade_id})
        self._say("trade", said | {"e": "trade", "E": now_ms, "s": self.symbol, "t": self.trade_id})
        resting = Side.BUY if maker else Side.SELL
        left = max(0, self._sides[resting].get(parse(price), 0) - parse(size))
        self._change(resting, {parse(price): left})

    def _change(self, side: Side, levels: Book) -> None:
        self.update_id += 1
        for price, size in levels.items():
            if size:
                self._sides[side][price] = size
            else:
                self._sides[side].pop(price, None)
        changed: dict[str, list[list[str]]] = {"b": [], "a": []} | {"b" if side is Side.BUY else "a": _shown(levels)}
        first, last = self.update_id, self.update_id
        self._say(
            "depth@100ms", {"e": "depthUpdate", "E": self.now_ms(), "s": self.symbol, "U": first, "u": last} | changed
        )
        bid, bid_size, ask, ask_size = self.touch
        self._say("bookTicker", {"u": last, "s": self.symbol, "b": bid, "B": bid_size, "a": ask, "A": ask_size})

    def _say(self, stream: str, data: dict[str, Any]) -> None:
        self.frames.append((f"{self.symbol.lower()}@{stream}", data))

    @property
    def touch(self) -> tuple[str, str, str, str]:
        """Bid, its size, ask, its size."""
        bid, ask = max(self._sides[Side.BUY], default=0), min(self._sides[Side.SELL], default=0)
        sizes = self._sides[Side.BUY].get(bid, 0), self._sides[Side.SELL].get(ask, 0)
        return show(bid), show(sizes[0]), show(ask), show(sizes[1])

    def depth(self, limit: int) -> bytes:
        bids, asks = self._sides[Side.BUY], self._sides[Side.SELL]
        shown = {
            "lastUpdateId": self.update_id,
            "bids": _shown(dict(sorted(bids.items(), reverse=True)[:limit])),
            "asks": _shown(dict(sorted(asks.items())[:limit])),
        }
        return json.dumps(shown).encode()

    def aggregates(self, from_id: int | None, limit: int) -> bytes:
        if from_id is None:
            return json.dumps(self.trades[-limit:]).encode()
        return json.dumps([trade for trade in self.trades if trade["a"] >= from_id][:limit]).encode()

    @property
    def day(self) -> tuple[str, str, str, int]:
        """Last price, last size, volume, last trade id."""
        return *self.last, show(self.volume), self.trade_id


def _shown(levels: Book) -> list[list[str]]:
    return [[show(price), show(size)] for price, size in levels.items()]
