"""What is measured: the yardstick and exchanges, each a real server process, and requests for them."""

import hashlib
import hmac
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode

import httpx

from benchmarks.load import Job
from benchmarks.pipeline import Pipelined
from hypersim.testing import ServerProcess, running_server

RICH = {"USDT": "10000000000", "BTC": "1000000"}
PRICE = "50000"


class Signer(Protocol):
    """Whose requests are signed."""

    @property
    def api_key(self) -> str: ...

    @property
    def secret(self) -> str: ...


@dataclass(frozen=True)
class Keys:
    """Those of an account."""

    api_key: str
    secret: str


@dataclass(frozen=True)
class Target:
    """Something that answers orders: its name, address, process, and who trades what with whom: each two accounts with
    one another, on every symbol.
    """

    name: str
    port: int
    pid: int
    accounts: Sequence[Signer] = ()
    symbols: Sequence[str] = ("BTCUSDT",)

    def order_job(self, connections: int, seconds: float) -> Job:
        """Orders on every connection: one that rests, then one that trades with it, and so on."""
        couples = self._couples()
        lists = [
            [order for couple in couples[first % len(couples) :: connections] for order in couple]
            for first in range(connections)
        ]
        return Job("127.0.0.1", self.port, lists, seconds)

    def call(self, account: Signer, method: str, path: str, query: str) -> Any:
        """The answer to one signed request. Raises httpx.HTTPStatusError."""
        url = f"http://127.0.0.1:{self.port}{path}?{query}&signature={_signature(account, query)}"
        answer = httpx.request(method, url, headers={"X-MBX-APIKEY": account.api_key}, trust_env=False)
        answer.raise_for_status()
        return answer.json()

    def clear(self) -> None:
        """Cancels what an earlier run left on the book: an account may have 200 open orders on a symbol."""
        for account in self.accounts:
            for symbol in {order["symbol"] for order in self.call(account, "GET", "/v1/openOrders", stamp())}:
                self.call(account, "DELETE", "/v1/openOrders", f"symbol={symbol}&{stamp()}")

    def _couples(self) -> list[list[str]]:
        """Two orders that trade with one another, of each two accounts on each symbol; neighbours share neither."""
        if not self.accounts:
            query = limit_order("BUY") + "&signature=" + "0" * 64
            return [[request("POST", "/v1/order?" + query)]]
        pairs = list(zip(self.accounts[::2], self.accounts[1::2], strict=True))
        return [
            [
                signed(buyer, "POST", "/v1/order", limit_order("BUY", symbol)),
                signed(seller, "POST", "/v1/order", limit_order("SELL", symbol)),
            ]
            for shift in range(len(self.symbols))
            for number, (buyer, seller) in enumerate(pairs)
            for symbol in [self.symbols[(shift + number) % len(self.symbols)]]
        ]

    def pipelined(self, under_way: int, seconds: float) -> Pipelined:
        """The same orders over one connection to the WebSocket API."""
        messages = []
        for account, side in zip(self.accounts, ("BUY", "SELL"), strict=True):
            params = dict(parse_qsl(limit_order(side))) | {"apiKey": account.api_key}
            payload = "&".join(f"{name}={params[name]}" for name in sorted(params))
            params["signature"] = _signature(account, payload)
            messages.append(json.dumps({"id": side, "method": "order.place", "params": params}))
        return Pipelined(self.port, "/ws-api/v3", messages, under_way, seconds)

    def read_job(self, connections: int, seconds: float) -> Job:
        """Reads of every kind that a strategy polls."""
        symbol = "symbol=BTCUSDT"
        account = self.accounts[0]
        reads = [
            request("GET", "/v1/depth?symbol=BTCUSDT"),
            request("GET", "/v1/ticker/24hr?symbol=BTCUSDT"),
            signed(account, "GET", "/v1/account", stamp()),
            signed(account, "GET", "/v1/openOrders", f"{symbol}&{stamp()}"),
        ]
        return Job("127.0.0.1", self.port, [reads for _ in range(connections)], seconds)


def stamp() -> str:
    """Parameters of a signed request: its time, and for how long it is good."""
    return urlencode({"recvWindow": 60000, "timestamp": time.time_ns() // 1_000_000})


def limit_order(side: str, symbol: str = "BTCUSDT", price: str = PRICE) -> str:
    """The parameters of an order over 0.001, with its time."""
    order = {
        "symbol": symbol,
        "side": side,
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.001",
        "price": price,
        "newOrderRespType": "RESULT",
    }
    return f"{urlencode(order)}&{stamp()}"


def signed(account: Signer, method: str, path: str, query: str) -> str:
    """A signed request as text."""
    target = f"{path}?{query}&signature={_signature(account, query)}"
    return request(method, target, f"X-MBX-APIKEY: {account.api_key}\r\n")


def _signature(account: Signer, query: str) -> str:
    return hmac.new(account.secret.encode(), query.encode(), hashlib.sha256).hexdigest()


def request(method: str, target: str, headers: str = "") -> str:
    """A request as text."""
    return f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}Content-Length: 0\r\n\r\n"


@contextmanager
def yardstick() -> Iterator[Target]:
    """The bare handler."""
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.bare"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline().strip().rpartition(":")[2])
        yield Target("bare handler", port, process.pid)
    finally:
        process.kill()
        process.wait()


@contextmanager
def exchange(name: str, database_url: str) -> Iterator[Target]:
    """A durable exchange without an outside market or rate limits, and two rich accounts on it."""
    arguments = ("--database-url", database_url, "--feed", "none", "--rate-limits", "off")
    with running_server(*arguments) as server:
        yield of_server(name, server)


def of_server(name: str, server: ServerProcess) -> Target:
    """A server as a target."""
    port = int(server.url.rpartition(":")[2])
    return Target(name, port, server.process.pid, open_accounts(port, 2))


def open_accounts(port: int, count: int, balances: Mapping[str, str] = RICH) -> list[Keys]:
    """New accounts on an exchange in open mode."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        answers = [client.post("/sim/v1/accounts", json={"balances": dict(balances)}).json() for _ in range(count)]
    return [Keys(answer["apiKey"], answer["secretKey"]) for answer in answers]
