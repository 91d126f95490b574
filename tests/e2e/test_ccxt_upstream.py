"""ccxt's own class of Binance as a source, with another Hyper-Sim as its exchange."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator, Mapping
from contextlib import aclosing
from typing import Any, Final
from urllib.parse import urlsplit

import ccxt.pro  # noqa: F401 - it takes seconds: before a test has patience with the feed that imports it
import pytest

from hypersim.clock import WallClock
from hypersim.connect import Target, ccxt_options, ccxt_urls
from hypersim.engine.commands import OutsideUpdate, Print
from hypersim.engine.orders import Side
from hypersim.feeds.base import SourceReport
from hypersim.feeds.ccxt.feed import CcxtFeed
from hypersim.feeds.demand import Demand
from hypersim.testing import ServerProcess, running_server
from hypersim.units import parse
from tests.adapter.guard import Guard
from tests.feeds.markets import MARKETS

OURS: Final = {"BTCUSDT": "BTC/USDT", "ETHUSDT": "ETH/USDT"}
PATIENCE_S: Final = 10


@pytest.fixture(scope="module")
def upstream() -> Iterator[ServerProcess]:
    """An exchange whose market is only what a test says."""
    with running_server("--memory", "--fresh", "--feed", "manual", "--rate-limits", "off") as server:
        yield server


@pytest.fixture
def config(upstream: ServerProcess) -> Iterator[dict[str, Any]]:
    """For ccxt's class: every address is the upstream's. At the end no other must have been tried."""
    guard = Guard()
    url = urlsplit(upstream.url)
    guard.allowed = {(url.hostname or "", url.port or 0)}
    guard.on = True
    yield {
        "urls": ccxt_urls(Target(base_url=upstream.url, api_key="", secret_key="")),
        "options": ccxt_options(),
        "aiohttp_trust_env": False,
        "timeout_on_exit": 0,
    }
    guard.on = False
    gc.collect()  # what was left open warns now
    assert guard.foreign == []


def feed(config: Mapping[str, Any], close: set[str]) -> CcxtFeed:
    clock = WallClock()
    return CcxtFeed(
        clock=clock,
        exchange_id="binance",
        markets=[(MARKETS[symbol], there) for symbol, there in OURS.items()],
        interval_ms=200,
        seed=1,
        traded=OURS,
        demand=Demand(clock, lambda: close),
        config=config,
    )


def lay(upstream: ServerProcess, symbol: str, bid: str, ask: str) -> None:
    upstream.move_market(symbol, bids=[[bid, "2"], ["1000", "3"]], asks=[[ask, "4"], ["100000", "5"]])


def levels(*listed: tuple[str, str]) -> tuple[tuple[int, int], ...]:
    return tuple((parse(price), parse(size)) for price, size in listed)


@pytest.mark.parametrize(
    ("has", "transport", "streamed"),
    [({}, "websocket", 1), ({"watchOrderBook": False}, "polling", 0)],
    ids=["by streams", "without streams"],
)
async def test_what_the_upstream_quotes_and_prints_is_seen(
    upstream: ServerProcess, config: dict[str, Any], has: dict[str, bool], transport: str, streamed: int
) -> None:
    lay(upstream, "BTCUSDT", "60000", "60001")
    lay(upstream, "ETHUSDT", "2500", "2501")
    upstream.move_market("BTCUSDT", print={"side": "BUY", "price": "60001", "quantity": "1"})
    source = feed(config | {"has": has}, {"BTCUSDT"})
    seen: dict[str, list[OutsideUpdate]] = {symbol: [] for symbol in OURS}
    traded = False
    async with asyncio.timeout(PATIENCE_S), aclosing(source.updates()) as updates:
        async for update in updates:
            seen[update.symbol].append(update)
            if all(seen.values()) and not traded:
                traded = True
                if streamed:  # of the first trades that a stream shows nobody can say whether they are new
                    await asyncio.sleep(1)
                    upstream.move_market("BTCUSDT", print={"side": "BUY", "price": "60001", "quantity": "0.25"})
                    await asyncio.sleep(1)
                upstream.move_market("BTCUSDT", print={"side": "SELL", "price": "60000", "quantity": "0.5"})
            if update.prints:
                break
        report = source.report()

    first, far = seen["BTCUSDT"][0].ladder, seen["ETHUSDT"][0].ladder
    assert first is not None
    assert far is not None
    assert (levels(("60000", "2"), ("1000", "3")), levels(("60001", "3"), ("100000", "5"))) == (first.bids, first.asks)
    assert (levels(("2500", "2")), levels(("2501", "4"))) == (far.bids[:1], far.asks[:1])
    assert [Print(parse("60000"), parse("0.5"), Side.SELL)] == [
        trade for update in seen["BTCUSDT"] for trade in update.prints
    ]
    assert SourceReport(host=upstream.hostname, transport=transport, streamed=streamed) == report


async def test_the_upstream_says_which_markets_it_has(upstream: ServerProcess, config: dict[str, Any]) -> None:
    assert frozenset(OURS) == await feed(config, set()).listed()
