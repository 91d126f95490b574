"""A small exchange on loopback that answers as Kraken does, over real HTTP and WebSocket.

Shapes: docs.kraken.com, 'Get Tradable Asset Pairs', 'Get Ticker Information', 'Get Order Book', 'Get Recent
Trades' (REST), and 'Book' and 'Trades' of WebSocket API v2.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State

from tests.feeds.scripted_upstream import Answer

PAIRS: Final = {"BTC/USD": ("XXBTZUSD", "XBT/USD"), "ETH/USD": ("XETHZUSD", "ETH/USD")}
"""Unified symbol -> id and `wsname`."""
ASSETS: Final = {"XXBT": "XBT", "XETH": "ETH", "ZUSD": "USD"}
IDS: Final = {pair_id: symbol for symbol, (pair_id, _) in PAIRS.items()}
BEGAN_MS: Final = 1_790_000_000_000
LAID_AT: Final = "2026-09-21T14:13:20.5Z"
LAID_AT_US: Final = 1_790_000_000_500_000
"""When every change of a book happens, as the streams say; REST does not say it."""
Levels = dict[str, str]
"""Price -> size."""


def json_answer(content: Any, status: int = 200, **headers: str) -> Answer:
    return status, {"Content-Type": "application/json", **headers}, json.dumps(content).encode()


def refusal(error: str) -> Answer:
    """As Kraken refuses: with status 200."""
    return json_answer({"error": [error]})


class Kraken:
    """Books and trades that tests change; whoever subscribed is told."""

    def __init__(self) -> None:
        self.bids: dict[str, Levels] = {"BTC/USD": {"60000.0": "1.5", "59999.9": "2"}, "ETH/USD": {"2500.00": "10"}}
        self.asks: dict[str, Levels] = {"BTC/USD": {"60000.1": "0.25", "60001.0": "4"}, "ETH/USD": {"2500.10": "20"}}
        self.volumes = {"BTC/USD": "2000.00000000", "ETH/USD": "30000.00000000"}
        self.trades: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.requests: list[tuple[str, Mapping[str, str]]] = []
        """Paths and parameters of REST."""
        self.subscriptions: list[tuple[str, Any]] = []
        """Channel and symbols, as they were asked for by WebSocket."""
        self.misbehave: Callable[[str], Answer | None] = lambda _: None
        """Another answer to a path."""
        self.silent = False
        self.pushing = True
        """Whether it accepts WebSocket connections."""
        self.snapshots = True
        """Whether it sends books to whoever subscribes."""
        self.url = self.streams_url = ""
        self.open_connections = 0
        self._subscribers: dict[tuple[str, str], set[ServerConnection]] = defaultdict(set)
        self._streams: Server | None = None
        self._trade_ids = 61_044_900
        for symbol, price in (("BTC/USD", "60000.1"), ("ETH/USD", "2500.00")):
            self._add_trade(symbol, price, "0.125", "buy")

    @property
    def config(self) -> dict[str, Any]:
        """For ccxt's class: every address here, no pauses."""
        streams = dict.fromkeys(
            ("public", "private", "privateV2", "publicV2", "beta", "beta-private"), f"{self.streams_url}/v2"
        )
        api = {"public": self.url, "private": self.url, "zendesk": self.url, "ws": streams}
        return {
            "urls": {"api": api, "www": self.url, "doc": self.url, "fees": self.url},
            "enableRateLimit": False,
            "aiohttp_trust_env": False,
            "timeout_on_exit": 0,
        }

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Kraken"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = "http://{}:{}".format(*server.sockets[0].getsockname())
        async with serve(self._stream, "127.0.0.1", 0, process_request=self._admit) as self._streams:
            self.streams_url = "ws://{}:{}".format(*next(iter(self._streams.sockets)).getsockname())
            try:
                yield self
            finally:
                server.close()

    @property
    def addresses(self) -> set[tuple[str, int]]:
        """(host, port) of both servers."""
        return {(urlsplit(url).hostname or "", urlsplit(url).port or 0) for url in (self.url, self.streams_url)}

    def lay(self, symbol: str, bids: Levels, asks: Levels) -> None:
        """Changes sizes in a book, "0" for a level that goes, and tells the subscribers."""
        for side, changes in ((self.bids[symbol], bids), (self.asks[symbol], asks)):
            side.update(changes)
            for price in [price for price, size in side.items() if size == "0"]:
                del side[price]
        book = {"symbol": symbol, "bids": listed(bids), "asks": listed(asks), "checksum": 1, "timestamp": LAID_AT}
        self.push("book", symbol, "update", [book])

    def trade(self, symbol: str, price: str, size: str, side: str) -> None:
        """A trade happens, and the subscribers are told."""
        self.push("trade", symbol, "update", [self._add_trade(symbol, price, size, side)])

    def push(self, channel: str, symbol: str, kind: str, data: Any) -> None:
        """Says something to the subscribers of a channel."""
        for connection in self._subscribers[channel, symbol]:
            tell(connection, {"channel": channel, "type": kind, "data": data})

    async def hang_up(self) -> None:
        """Closes every WebSocket connection."""
        for connection in list(self._streams.connections if self._streams is not None else ()):
            await connection.close(1012)

    def _add_trade(self, symbol: str, price: str, size: str, side: str) -> dict[str, Any]:
        self._trade_ids += 1
        time_ms = BEGAN_MS + 100 * self._trade_ids
        trade = {"price": price, "qty": size, "side": side, "trade_id": self._trade_ids, "time_ms": time_ms}
        self.trades[symbol].append(trade)
        return pushed_trade(symbol, trade)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                if self.silent:
                    continue
                target = urlsplit(head.split(b" ")[1].decode())
                parameters = {name: values[0] for name, values in parse_qs(target.query).items()}
                self.requests.append((target.path, parameters))
                status, headers, body = self.misbehave(target.path) or self._answer(target.path, parameters)
                lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}"]
                lines += [f"{name}: {value}" for name, value in headers.items()]
                writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open_connections -= 1
            writer.close()

    def _answer(self, path: str, parameters: Mapping[str, str]) -> Answer:
        subject = path.rpartition("/")[2]
        if subject == "Assets":
            rows = {
                name: {"aclass": "currency", "altname": alt, "decimals": 10, "display_decimals": 5, "status": "enabled"}
                for name, alt in ASSETS.items()
            }  # fmt: skip - a row is a line
            return json_answer({"error": [], "result": rows})
        if subject == "AssetPairs":
            return json_answer(
                {"error": [], "result": {pair_id: asset_pair(symbol) for pair_id, symbol in IDS.items()}}
            )
        if subject not in ("Ticker", "Depth", "Trades"):
            return refusal("EGeneral:Unknown method")
        wanted = parameters["pair"].split(",") if "pair" in parameters else list(IDS)
        if not IDS.keys() >= set(wanted):
            return refusal("EQuery:Unknown asset pair")
        row = {"Ticker": self._ticker, "Depth": self._depth, "Trades": self._recent}[subject]
        result = {pair_id: row(IDS[pair_id]) for pair_id in wanted}
        if subject == "Trades":
            result["last"] = "1790000000000000000"
        return json_answer({"error": [], "result": result})

    def _ticker(self, symbol: str) -> dict[str, Any]:
        bid, ask = best(self.bids[symbol], max), best(self.asks[symbol], min)
        last = self.trades[symbol][-1]
        return {
            "a": [ask[0], "1", ask[1]],
            "b": [bid[0], "1", bid[1]],
            "c": [last["price"], last["qty"]],
            "v": ["1.0", self.volumes[symbol]],
            "p": [last["price"], last["price"]],
            "t": [3, 10],
            "l": [last["price"], last["price"]],
            "h": [last["price"], last["price"]],
            "o": last["price"],
        }

    def _depth(self, symbol: str) -> dict[str, Any]:
        sides = {"asks": self.asks[symbol].items(), "bids": self.bids[symbol].items()}
        return {side: [[price, size, 1790000000] for price, size in levels] for side, levels in sides.items()}

    def _recent(self, symbol: str) -> list[list[Any]]:
        return [
            [t["price"], t["qty"], t["time_ms"] / 1000, t["side"][0], "l", "", t["trade_id"]]
            for t in self.trades[symbol]
        ]

    def _admit(self, connection: ServerConnection, _: Request) -> Response | None:
        return None if self.pushing else connection.respond(HTTPStatus.NOT_FOUND, "no streams here\n")

    async def _stream(self, connection: ServerConnection) -> None:
        tell(connection, {"channel": "status", "type": "update", "data": [{"system": "online", "version": "2.0.9"}]})
        try:
            async for text in connection:
                self._hear(connection, json.loads(text))
        except ConnectionClosed:
            pass
        finally:
            for subscribers in self._subscribers.values():
                subscribers.discard(connection)

    def _hear(self, connection: ServerConnection, message: dict[str, Any]) -> None:
        if message["method"] == "ping":
            tell(connection, {"method": "pong", "time_in": "2026-09-21T00:00:00Z", "time_out": "2026-09-21T00:00:00Z"})
            return
        parameters = message["params"]
        channel = parameters["channel"]
        self.subscriptions.append((channel, parameters["symbol"]))
        for symbol in parameters["symbol"]:
            result = {"channel": channel, "symbol": symbol, "snapshot": True}
            tell(connection, {"method": "subscribe", "req_id": message["req_id"], "result": result, "success": True})
            self._subscribers[channel, symbol].add(connection)
            if channel == "trade":
                shown = [pushed_trade(symbol, trade) for trade in self.trades[symbol][-50:]]
                tell(connection, {"channel": "trade", "type": "snapshot", "data": shown})
            elif self.snapshots:
                book = {"symbol": symbol, "bids": listed(self.bids[symbol]), "asks": listed(self.asks[symbol])}
                tell(connection, {"channel": "book", "type": "snapshot", "data": [book | {"checksum": 1}]})


def tell(connection: ServerConnection, message: dict[str, Any]) -> None:
    """Sends without waiting, so that what is said at once arrives in that order; nothing to one that hangs up."""
    if connection.state is not State.OPEN:
        return
    connection.protocol.send_text(json.dumps(message).encode())
    connection.send_data()


def listed(levels: Levels) -> list[dict[str, float]]:
    return [{"price": float(price), "qty": float(size)} for price, size in levels.items()]


def best(levels: Levels, choose: Callable[..., str]) -> tuple[str, str]:
    """Price and size; zeros where there is none."""
    price = choose(levels, key=float, default="0.0")
    return price, levels.get(price, "0.000")


def pushed_trade(symbol: str, trade: Mapping[str, Any]) -> dict[str, Any]:
    happened = datetime.fromtimestamp(trade["time_ms"] / 1000, UTC).isoformat(timespec="microseconds")
    return {
        "symbol": symbol,
        "side": trade["side"],
        "price": float(trade["price"]),
        "qty": float(trade["qty"]),
        "ord_type": "market",
        "trade_id": trade["trade_id"],
        "timestamp": happened.replace("+00:00", "Z"),
    }


def asset_pair(symbol: str) -> dict[str, Any]:
    base, quote = {"BTC/USD": ("XXBT", "ZUSD"), "ETH/USD": ("XETH", "ZUSD")}[symbol]
    return {
        "altname": ASSETS[base] + ASSETS[quote],
        "wsname": PAIRS[symbol][1],
        "aclass_base": "currency",
        "base": base,
        "aclass_quote": "currency",
        "quote": quote,
        "lot": "unit",
        "pair_decimals": 1,
        "lot_decimals": 8,
        "lot_multiplier": 1,
        "leverage_buy": [2, 3],
        "leverage_sell": [2, 3],
        "fees": [[0, 0.4]],
        "fees_maker": [[0, 0.25]],
        "fee_volume_currency": "ZUSD",
        "margin_call": 80,
        "margin_stop": 40,
        "ordermin": "0.0001",
        "costmin": "0.5",
        "tick_size": "0.1",
        "status": "online",
    }
