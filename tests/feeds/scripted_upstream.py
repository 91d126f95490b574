"""An upstream that speaks real HTTP on loopback and says what a test wants."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

BOOK, DAY = "/api/v3/ticker/bookTicker", "/api/v3/ticker/24hr"
Answer = tuple[int, dict[str, str], bytes]
"""Status, headers, body."""


class ScriptedUpstream:
    """Tickers that tests change, requests that were made, and answers that are no tickers."""

    def __init__(self) -> None:
        self.books: dict[str, tuple[str, str, str, str]] = {}
        """Bid, its size, ask, its size."""
        self.days: dict[str, tuple[str, str, str, int]] = {}
        """Last price, last size, volume, last trade id."""
        self.requests: list[tuple[str, list[str] | None]] = []
        """Path and symbols; None for all of them."""
        self.misbehave: Callable[[str], Answer | None] = lambda _: None
        """Another answer to a path."""
        self.silent = False
        self.url = ""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["ScriptedUpstream"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        self.url = f"http://{host}:{port}"
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                if self.silent:
                    continue
                target = urlsplit(head.split(b" ")[1].decode())
                wanted = parse_qs(target.query).get("symbols")
                symbols = None if wanted is None else json.loads(wanted[0])
                self.requests.append((target.path, symbols))
                status, headers, body = self.misbehave(target.path) or self._answer(target.path, symbols)
                lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}"]
                lines += [f"{name}: {value}" for name, value in headers.items()]
                writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _answer(self, path: str, symbols: list[str] | None) -> Answer:
        known: dict[str, Any] = dict(self.books) if path == BOOK else dict(self.days)
        if symbols is not None and not known.keys() >= set(symbols):
            return 400, {}, b'{"code":-1121,"msg":"Invalid symbol."}'
        rows = [self._row(path, symbol) for symbol in (known if symbols is None else symbols)]
        return 200, {"Content-Type": "application/json"}, json.dumps(rows).encode()

    def _row(self, path: str, symbol: str) -> dict[str, str | int]:
        if path == BOOK:
            bid, bid_size, ask, ask_size = self.books[symbol]
            return {
                "symbol": symbol,
                "bidPrice": bid,
                "bidQty": bid_size,
                "askPrice": ask,
                "askQty": ask_size,
            }
        price, size, volume, last_id = self.days[symbol]
        return {
            "symbol": symbol,
            "lastPrice": price,
            "lastQty": size,
            "volume": volume,
            "lastId": last_id,
            "count": 17,
        }
