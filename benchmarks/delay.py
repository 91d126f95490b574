"""How long after an upstream's word our own ticker shows it: from the moment at which a made-up Binance sends an answer
or a message to the moment at which a client has it from /v1/ticker/bookTicker.

The six main markets never have the same size at the touch twice, so each reading tells how far the exchange has got. A
reading itself takes a millisecond or two, and so does the pause before the next.
"""

import socket
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import httpx
import msgspec

from benchmarks.idle import FEW, MANY, SETTLE_S, environment
from benchmarks.made_up_binance import MAIN, Mark
from benchmarks.table import Table
from benchmarks.targets import RICH, signed, stamp
from benchmarks.upstream import standin
from hypersim.testing import ServerProcess, running_server

PAUSE_S: Final = 0.002
AWAY: Final = "40000"
"""Price of a bid that rests."""
SIX: Final = tuple(FEW.split(","))


@dataclass(frozen=True)
class Kind:
    """A way in which our exchange follows. `how` is the upstream's word that counts, as its marks have it."""

    name: str
    symbols: int
    how: str
    streamed: bool = False
    in_demand: bool = False
    """Whether somebody asks for the symbols by name."""
    with_order: bool = False
    """Whether somebody has an order on BTCUSDT, which alone is looked at then."""


KINDS: Final = (
    Kind("tickers polled", len(MAIN), "tickers"),
    Kind("depth and trades polled, in demand", MANY, "depth", in_demand=True),
    Kind("streamed", len(MAIN), "stream", streamed=True),
    Kind("streamed, somebody has an order there", len(MAIN), "stream", streamed=True, with_order=True),
)


class BestBid(msgspec.Struct, rename="camel"):
    """A row of our ticker."""

    symbol: str
    bid_qty: str


class Reader:
    """Reads our ticker over a connection of its own."""

    def __init__(self, server: ServerProcess, query: str) -> None:
        self._connection = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])))
        self._request = f"GET /v1/ticker/bookTicker{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
        self._decoder = msgspec.json.Decoder(list[BestBid])

    def read(self) -> tuple[int, list[BestBid]]:
        """Best bids, and when they were here: nanoseconds of the machine's monotonic clock."""
        self._connection.sendall(self._request)
        answer = self._connection.recv(65536)
        while (end := answer.find(b"\r\n\r\n")) < 0 or len(answer) < end + 4 + _length(answer[:end]):
            answer += self._connection.recv(65536)
        return time.monotonic_ns(), self._decoder.decode(answer[end + 4 :])

    def close(self) -> None:
        self._connection.close()


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r")[0])


def delay_table(seconds: float) -> Table:
    """Each way of following, with all changes that came within a time."""
    table = Table("symbols", "how", "changes", "p50 ms", "p99 ms", "longest ms")
    for kind in KINDS:
        delays = sorted(_delays_ms(kind, seconds))
        p50, p99 = (f"{delays[int(share * (len(delays) - 1))]:.0f}" for share in (0.5, 0.99))
        table.row(f"{kind.symbols:,}", kind.name, f"{len(delays):,}", p50, p99, f"{delays[-1]:.0f}")
    return table


def _delays_ms(kind: Kind, seconds: float) -> list[float]:
    with standin(kind.symbols) as upstream:
        settings = dict(environment(upstream, FEW if kind.symbols == len(MAIN) else "all", streamed=kind.streamed))
        if kind.in_demand:
            settings["HYPERSIM_UPSTREAM_WEIGHT"] = "6000"  # for a look at each of the six every second
        with running_server("--memory", "--fresh", "--rate-limits", "off", environment=settings) as server:
            if kind.with_order:
                _rest_an_order(server)
            query = f"?symbols={quote(msgspec.json.encode(SIX).decode())}" if kind.in_demand else ""
            reader = Reader(server, query)
            begun = time.monotonic_ns()
            readings: list[tuple[int, list[BestBid]]] = []
            while time.monotonic_ns() < begun + (SETTLE_S + seconds) * 1e9:
                readings.append(reader.read())
                time.sleep(PAUSE_S)
            reader.close()
            marks = msgspec.json.decode(
                httpx.get(f"{upstream.url}/marks?of={kind.how}", trust_env=False).content, type=list[Mark]
            )
    since_ns = begun + round(SETTLE_S * 1e9)
    return _delays(marks, readings, SIX[:1] if kind.with_order else SIX, since_ns)


def _rest_an_order(server: ServerProcess) -> None:
    account = server.open_account(RICH)
    order = f"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price={AWAY}&{stamp()}"
    head = signed(account, "POST", "/v1/order", order)
    path = head.split(" ")[1]
    httpx.post(server.url + path, headers={"X-MBX-APIKEY": account.api_key}, trust_env=False).raise_for_status()


def _delays(
    marks: list[Mark], readings: list[tuple[int, list[BestBid]]], symbols: tuple[str, ...], since_ns: int
) -> list[float]:
    """Of each change that was said since a time: milliseconds until it, or a later one, was read."""
    said: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for symbol, size, sent_ns in marks:
        if not said[symbol] or said[symbol][-1][0] != size:
            said[symbol].append((size, sent_ns))
    delays = []
    for symbol in symbols:
        numbers = {size: number for number, (size, _) in enumerate(said[symbol])}
        seen = -1
        for read_ns, bids in readings:
            size = next(bid.bid_qty for bid in bids if bid.symbol == symbol)
            number = numbers.get(size, -1)
            delays += [
                (read_ns - sent_ns) / 1e6 for _, sent_ns in said[symbol][seen + 1 : number + 1] if sent_ns >= since_ns
            ]
            seen = max(seen, number)
    return delays
