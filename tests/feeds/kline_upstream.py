"""An upstream that speaks real HTTP on loopback and has klines: of trades that a test knows, until the time is up."""

import asyncio
import json
from bisect import bisect_left
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hypersim.feeds.binance.budget import WeightBudget
from hypersim.feeds.binance.upstream import Upstream, connection
from hypersim.units import show, show_amount
from hypersim.views.intervals import SECONDS, Interval
from hypersim.views.records import TapeTrade
from tests.feeds.desk import VirtualClock
from tests.views.trades import SECOND, candle_of

Answer = tuple[int, dict[str, str], bytes]
Asked = tuple[str, str, int, int, int]
"""Symbol, interval, first and last opening in milliseconds, limit."""


class KlineUpstream:
    """Klines as Binance has them: with bars without trades, but not before the first trade."""

    def __init__(self, trades: Sequence[TapeTrade], clock: VirtualClock) -> None:
        self._trades, self._clock = trades, clock
        self._times_us = [trade.time_us for trade in trades]
        self.rows: Callable[[Asked], list[list[Any]]] = self._bars
        self.asked: list[Asked] = []
        self.misbehave: Callable[[Asked], Answer | None] = lambda _: None
        self.delay_s = 0.0
        self.gate = asyncio.Event()
        """Answers wait for it."""
        self.gate.set()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Upstream]:
        """Ends with everything closed; gives the client that asks it."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        try:
            async with connection(f"http://{host}:{port}") as client:
                yield Upstream(client, WeightBudget(self._clock, 10**9))
        finally:
            self.gate.set()
            server.close()
            await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                target = urlsplit(head.split(b" ")[1].decode())
                assert target.path == "/api/v3/klines"
                query = dict(parse_qsl(target.query))
                start_ms, end_ms, limit = (int(query[name]) for name in ("startTime", "endTime", "limit"))
                asked = query["symbol"], query["interval"], start_ms, end_ms, limit
                self.asked.append(asked)
                await self.gate.wait()
                await asyncio.sleep(self.delay_s)
                answer = self.misbehave(asked)
                status, headers, body = answer or (200, {}, json.dumps(self.rows(asked)).encode())
                lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}"]
                lines += [f"{name}: {value}" for name, value in headers.items()]
                writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _bars(self, asked: Asked) -> list[list[Any]]:
        _, interval, start_ms, end_ms, limit = asked
        length_us = SECONDS[Interval(interval)] * SECOND
        now_us, known_us = self._clock.now_us(), self._times_us[0] if self._times_us else 2**62
        first_us = max(-(-start_ms * 1000 // length_us), known_us // length_us) * length_us
        bars: list[list[Any]] = []
        for open_us in range(first_us, min(end_ms * 1000, now_us) + 1, length_us):
            if len(bars) == limit:
                break
            begin, end = (bisect_left(self._times_us, at) for at in (open_us, min(open_us + length_us, now_us)))
            bars.append(bar_of(open_us, length_us, self._trades[begin:end], self._trades[max(0, begin - 1)].price))
        return bars


def bar_of(open_us: int, length_us: int, trades: Sequence[TapeTrade], before: int) -> list[Any]:
    times = open_us // 1000, (open_us + length_us) // 1000 - 1
    if not trades:
        price, nothing = show(before), "0.00000000"
        return [times[0], price, price, price, price, nothing, times[1], nothing, 0, nothing, nothing, "0"]
    bar = candle_of(open_us, trades)
    prices = [show(price) for price in (bar.open, bar.high, bar.low, bar.close)]
    taker = show(bar.taker_base), show_amount(bar.taker_quote)
    return [times[0], *prices, show(bar.volume), times[1], show_amount(bar.quote_volume), bar.trades, *taker, "0"]
