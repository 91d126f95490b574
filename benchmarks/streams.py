"""Streams: how long after an order's answer its trade is told, how many messages go out a second, and the memory.

The exchange is a real server with its world in memory: what is measured begins where a commit ends. Subscribers are
connections of their own to the trades of one symbol, in a process of their own.
"""

import time
from collections.abc import Sequence
from typing import Final

import httpx

from benchmarks import listeners
from benchmarks.conditions import resident_mb
from benchmarks.listeners import Listening
from benchmarks.load import finish
from benchmarks.load import start as start_load
from benchmarks.table import Table
from benchmarks.targets import Target, of_server, signed, stamp
from hypersim.testing import running_server

TRADES: Final = "/ws/btcusdt@trade"
SUBSCRIBERS: Final = (1, 100, 1000)
ORDERS_A_SECOND: Final = 50
CONNECTIONS: Final = 4
"""Over which orders come while the fan-out is measured."""
MANY: Final = 2000
LIMITLESS: Final = ("--memory", "--fresh", "--feed", "none", "--rate-limits", "off")


def streams_table(seconds: float) -> Table:
    """Delays at a quiet pace, then as many messages as go out."""
    table = Table("subscribers", "events", "p50 ms", "p99 ms", "longest ms", "messages/s at full load", "resident MB")
    for subscribers in SUBSCRIBERS:
        with running_server(*LIMITLESS) as server:
            target = of_server("", server)
            delays = _delays_ms(target, subscribers, seconds)
            p50, p99 = (delays[int(share * (len(delays) - 1))] for share in (0.5, 0.99))
            rate = _fan_out(target, subscribers, seconds)
            table.row(
                f"{subscribers:,}",
                f"{len(delays):,}",
                f"{p50:.2f}",
                f"{p99:.2f}",
                f"{delays[-1]:.1f}",
                f"{rate:,.0f}",
                f"{resident_mb(target.pid):.0f}",
            )
    return table


def subscribers_table() -> Table:
    """What an exchange holds for thousands of connections, each subscribed to six streams."""
    table = Table("subscribers", "resident MB before", "resident MB with them", "KB each")
    names = ("trade", "bookTicker", "depth@100ms", "kline_1m", "ticker", "miniTicker")
    path = "/stream?streams=" + "/".join(f"btcusdt@{name}" for name in names)
    with running_server("--memory", "--fresh", "--feed", "synthetic", "--rate-limits", "off") as server:
        before = resident_mb(server.process.pid)
        listening = listeners.start(Listening(int(server.url.rpartition(":")[2]), path, MANY))
        time.sleep(5)
        after = resident_mb(server.process.pid)
        listening.stop()
    table.row(f"{MANY:,}", f"{before:.0f}", f"{after:.0f}", f"{(after - before) * 1024 / MANY:.0f}")
    return table


def _delays_ms(target: Target, subscribers: int, seconds: float) -> Sequence[float]:
    """From the moment at which the order that traded was answered to that at which a subscriber had the trade."""
    listening = listeners.start(Listening(target.port, TRADES, subscribers, numbered=True))
    answered: dict[int, int] = {}
    maker, taker = target.accounts
    with httpx.Client(base_url=f"http://127.0.0.1:{target.port}", trust_env=False) as client:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            _place(client, maker.api_key, signed(maker, "POST", "/v1/order", _limit("BUY")))
            answer = _place(client, taker.api_key, signed(taker, "POST", "/v1/order", _limit("SELL")))
            now_ns = time.monotonic_ns()
            for fill in answer["fills"]:
                answered[fill["tradeId"]] = now_ns
            time.sleep(1 / ORDERS_A_SECOND)
    time.sleep(0.5)
    heard = listening.stop()
    assert len(heard.arrivals) == subscribers * len(answered), (len(heard.arrivals), len(answered))
    return sorted((came_ns - answered[trade_id]) / 1e6 for trade_id, came_ns in heard.arrivals)


def _fan_out(target: Target, subscribers: int, seconds: float) -> float:
    """Messages a second that arrive while orders come as fast as they are answered."""
    listening = listeners.start(Listening(target.port, TRADES, subscribers))
    target.clear()
    finish(start_load(target.order_job(CONNECTIONS, seconds)))
    time.sleep(1)
    heard = listening.stop()
    if heard.lost:
        raise RuntimeError(f"{heard.lost} of {subscribers} subscribers did not keep up")
    return heard.messages / ((heard.last_ns - heard.first_ns) / 1e9)


def _limit(side: str) -> str:
    return f"symbol=BTCUSDT&side={side}&type=LIMIT&timeInForce=GTC&quantity=0.001&price=50000&{stamp()}"


def _place(client: httpx.Client, api_key: str, request: str) -> dict[str, list[dict[str, int]]]:
    answer = client.post(request.split(" ")[1], headers={"X-MBX-APIKEY": api_key})
    answer.raise_for_status()
    found: dict[str, list[dict[str, int]]] = answer.json()
    return found
