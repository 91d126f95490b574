"""A server that is no exchange, over real sockets: what it says tells that a request arrived, and which.

Over a WebSocket it refuses whatever is asked.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from websockets.frames import Frame, Opcode
from websockets.http11 import Request as Handshake
from websockets.server import ServerProtocol

MARKET: Final[dict[str, Any]] = {
    "symbol": "BTCUSDT",
    "status": "TRADING",
    "baseAsset": "BTC",
    "baseAssetPrecision": 8,
    "quoteAsset": "USDT",
    "quotePrecision": 8,
    "quoteAssetPrecision": 8,
    "orderTypes": "LIMIT LIMIT_MAKER MARKET STOP_LOSS STOP_LOSS_LIMIT TAKE_PROFIT TAKE_PROFIT_LIMIT".split(),
    "quoteOrderQtyMarketAllowed": True,
    "isSpotTradingAllowed": True,
    "isMarginTradingAllowed": False,
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"},
        {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"},
    ],
    "permissionSets": [["SPOT"]],
}

ANSWERS: Final[dict[str, Any]] = {
    "/api/v3/exchangeInfo": {"timezone": "UTC", "serverTime": 0, "rateLimits": [], "symbols": [MARKET]},
    "/api/v3/ping": {},
    "/sapi/v1/capital/config/getall": [],
}

REFUSAL: Final = {"code": -1121, "msg": "Invalid symbol."}

SERVER_TIME_MS: Final = 1_499_827_319_559


class Request(NamedTuple):
    """What a listener got."""

    method: str
    target: str
    """Path and query, as they came."""
    key: str | None
    """The header X-MBX-APIKEY."""
    body: str


Answering = Callable[[Request], tuple[int, Any]]
"""From a request to the status and the JSON of its answer."""


def refusing(request: Request) -> tuple[int, Any]:
    """Lists the one market, and refuses everything else as Binance refuses an unknown symbol."""
    path = urlsplit(request.target).path
    return (200, ANSWERS[path]) if path in ANSWERS else (400, REFUSAL)


def echoing(request: Request) -> tuple[int, Any]:
    """Tells a time that stands still, and repeats every other request to whoever sent it."""
    if request.target == "/api/v3/time":
        return 200, {"serverTime": SERVER_TIME_MS}
    return 200, request._asdict()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together: apart, the second waits for the client's acknowledgement
    answering: Answering

    def answer(self) -> None:
        if self.headers.get("Upgrade", "").lower() == "websocket":
            self.converse()
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        request = Request(self.command, self.path, self.headers.get("X-MBX-APIKEY"), body)
        status, answer = type(self).answering(request)
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def converse(self) -> None:
        """Until the other side closes."""
        self.close_connection = True
        protocol = ServerProtocol()
        fields = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        data = f"{self.requestline}\r\n{fields}\r\n".encode()
        while data:
            protocol.receive_data(data)
            for event in protocol.events_received():
                if isinstance(event, Handshake):
                    protocol.send_response(protocol.accept(event))
                elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                    refusal = {"id": json.loads(bytes(event.data))["id"], "status": 400, "error": REFUSAL}
                    protocol.send_text(json.dumps(refusal).encode())
            self.wfile.write(b"".join(protocol.data_to_send()))
            self.wfile.flush()
            data = b"" if protocol.close_expected() else self.rfile.read1(65_536)

    do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - http.server's names

    def log_message(self, *_: Any) -> None:
        """Nothing to standard error."""


@contextmanager
def listening(answering: Answering) -> Iterator[tuple[str, int]]:
    """(host, port) of a listener that ends with the block."""
    handler = type("Answering", (Handler,), {"answering": staticmethod(answering)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield "127.0.0.1", server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
