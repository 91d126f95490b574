"""An upstream that speaks real HTTP and WebSocket on loopback, says what a test wants, and misbehaves as told."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from tests.feeds.scripted_market import ScriptedMarket

API = "/api/v3/"
BOOK, DAY, DEPTH, TRADES, TIME = (
    API + name for name in ("ticker/bookTicker", "ticker/24hr", "depth", "aggTrades", "time")
)
Answer = tuple[int, dict[str, str], bytes]
"""Status, headers, body."""
JSON = {"Content-Type": "application/json"}


class ScriptedUpstream:
    """Tickers and markets that tests change, requests that were made, and answers that are none."""

    def __init__(self) -> None:
        self.books: dict[str, tuple[str, str, str, str]] = {}
        """Bid, its size, ask, its size."""
        self.days: dict[str, tuple[str, str, str, int]] = {}
        """Last price, last size, volume, last trade id."""
        self.markets: dict[str, ScriptedMarket] = {}
        """Say their own tickers, and depth, trades and streams too."""
        self.requests: list[tuple[str, list[str] | None]] = []
        """Path and symbols; None for all of them."""
        self.misbehave: Callable[[str], Answer | None] = lambda _: None
        """Another answer to a path."""
        self.silent = False
        """Takes requests and never answers."""
        self.delay_s = 0.0
        self.ahead_ms = 0
        """Of its clock."""
        self.streams = False
        """Whether it lets streams be opened."""
        self.connections: list[StreamConnection] = []
        """Streams that are open."""
        self.url = ""
        self._writers: set[asyncio.StreamWriter] = set()

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator["ScriptedUpstream"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        host, port = server.sockets[0].getsockname()
        self.url = f"http://{host}:{port}"
        try:
            yield self
        finally:
            server.close()
            for writer in self._writers:
                writer.transport.abort()
            await asyncio.sleep(0)

    async def flush(self, *, lost: Iterable[str] = ()) -> None:
        """Streams what the markets have to say; not what is lost, by the name of the stream after the symbol."""
        for market in self.markets.values():
            frames, market.frames = market.frames, []
            for stream, data in frames:
                if stream.partition("@")[2] not in lost:
                    self.push({"stream": stream, "data": data})
        await asyncio.sleep(0)

    def push(self, said: dict[str, Any] | bytes) -> None:
        """Streams something to everybody who subscribed to it, or to everybody."""
        for connection in self.connections:
            if isinstance(said, bytes) or said["stream"] in connection.streams:
                connection.send(said if isinstance(said, bytes) else json.dumps(said).encode())

    def cut(self) -> None:
        """Every stream breaks, without a word."""
        for connection in self.connections:
            connection.writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                if self.silent:
                    continue
                target = urlsplit(head.split(b" ")[1].decode())
                if b"upgrade: websocket" in head.lower() and self.streams:
                    await self._stream(head, reader, writer)
                    return
                asked = {name: values[0] for name, values in parse_qs(target.query).items()}
                symbols = json.loads(asked["symbols"]) if "symbols" in asked else None
                if "symbol" in asked:
                    symbols = [asked["symbol"]]
                self.requests.append((target.path, symbols))
                status, headers, body = self.misbehave(target.path) or self._answer(target.path, symbols, asked)
                await asyncio.sleep(self.delay_s)
                lines = [f"HTTP/1.1 {status} Said"]
                lines += [f"{name}: {value}" for name, value in ({"Content-Length": len(body)} | headers).items()]
                writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
                await writer.drain()
                if headers.get("Connection") == "close":
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.remove(writer)
            writer.close()

    def _answer(self, path: str, symbols: list[str] | None, asked: dict[str, str]) -> Answer:
        if path == TIME:
            return 200, JSON, b'{"serverTime":%d}' % (time.time_ns() // 1_000_000 + self.ahead_ms)
        if path in (BOOK, DAY):
            return self._tickers(path, symbols)
        market = self.markets.get(asked.get("symbol", ""))
        if market is None:
            return 404, {}, b"not here"
        if path == DEPTH:
            return 200, JSON, market.depth(int(asked["limit"]))
        from_id = int(asked["fromId"]) if "fromId" in asked else None
        return 200, JSON, market.aggregates(from_id, int(asked["limit"]))

    def _tickers(self, path: str, symbols: list[str] | None) -> Answer:
        known: dict[str, Any] = dict(self.books) if path == BOOK else dict(self.days)
        known |= {name: market.touch if path == BOOK else market.day for name, market in self.markets.items()}
        if symbols is not None and not known.keys() >= set(symbols):
            return 400, {}, b'{"code":-1121,"msg":"Invalid symbol."}'
        row = _book_ticker if path == BOOK else _day_ticker
        rows = [row(symbol, *known[symbol]) for symbol in (known if symbols is None else symbols)]
        return 200, JSON, json.dumps(rows).encode()

    async def _stream(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = StreamConnection(head, writer)
        self.connections.append(connection)
        try:
            while data := await reader.read(65536):
                connection.receive(data)
        finally:
            self.connections.remove(connection)


class StreamConnection:
    """A client of the combined stream, from the head of its request on."""

    def __init__(self, head: bytes, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.asked: list[dict[str, Any]] = []
        """What the client sent."""
        self._protocol = ServerProtocol()
        self._protocol.receive_data(head)
        [request] = self._protocol.events_received()
        assert isinstance(request, Request)
        self._protocol.send_response(self._protocol.accept(request))
        names = parse_qs(urlsplit(request.path).query)["streams"][0]
        self.streams = set(names.split("/"))
        self._flush()

    def receive(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        for frame in self._protocol.events_received():
            if isinstance(frame, Frame) and frame.opcode is Opcode.TEXT:
                said = json.loads(bytes(frame.data))
                self.asked.append(said)
                change = self.streams.update if said["method"] == "SUBSCRIBE" else self.streams.difference_update
                change(said["params"])
                self.send(json.dumps({"result": None, "id": said["id"]}).encode())
        self._flush()

    def send(self, data: bytes) -> None:
        self._protocol.send_text(data)
        self._flush()

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self.writer.write(data)
            else:
                self.writer.close()


def _book_ticker(symbol: str, bid: str, bid_size: str, ask: str, ask_size: str) -> dict[str, str]:
    return {"symbol": symbol, "bidPrice": bid, "bidQty": bid_size, "askPrice": ask, "askQty": ask_size}


def _day_ticker(symbol: str, price: str, size: str, volume: str, last_id: int) -> dict[str, str | int]:
    prices = dict.fromkeys(("openPrice", "highPrice", "lowPrice", "lastPrice"), price)
    sizes = {"lastQty": size, "volume": volume, "quoteVolume": volume}
    return {"symbol": symbol, **prices, **sizes, "lastId": last_id, "count": 17}
