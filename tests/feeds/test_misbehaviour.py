"""Upstreams that misbehave, over real HTTP and WebSocket: the exchange keeps serving, says why, and recovers."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import pytest

from hypersim.engine.orders import Side
from hypersim.feeds.base import SymbolStatus
from hypersim.feeds.binance import upstream as upstream_module
from hypersim.units import parse
from tests.feeds.live import FastClock, Live, live
from tests.feeds.scripted_market import ScriptedMarket
from tests.feeds.scripted_upstream import Answer, ScriptedUpstream
from tests.feeds.tasks import until

BIDS, ASKS = {"60000": "1", "59999": "2"}, {"60001": "1", "60002": "3"}
SPEED = 150
Wrong = Callable[[str], Answer | None]


@pytest.fixture
async def upstream(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ScriptedUpstream]:
    monkeypatch.setattr(upstream_module, "ANSWER_TIMEOUT_S", 0.2)
    scripted = ScriptedUpstream()
    scripted.markets["BTCUSDT"] = ScriptedMarket("BTCUSDT", BIDS, ASKS)
    async with scripted.serving():
        yield scripted


def status(world: Live) -> SymbolStatus:
    return world.supervisor.status().symbols["BTCUSDT"]


def failure(world: Live) -> str:
    return world.supervisor.status().failure or ""


def best_bid(world: Live) -> int:
    return max(world.house(Side.BUY), default=0)


def says(code: int, body: bytes = b"{}", **headers: str) -> Wrong:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: (code, named, body)


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        (says(200, b"<!doctype html><h1>It works!"), "something else: JSON is malformed"),
        (says(200, b'[{"symbol":"BTCUSDT","bidPr'), "something else: Input data was truncated"),
        (says(200, b'[{"symbol":"BTCUSDT","bidPrice":1}]'), "Expected `str`, got `int`"),
        (says(200, b"[" + b" " * (33 << 20)), "with more than 32 MiB"),
        (says(500, b"oops"), "answered status 500: oops"),
        (says(451), "does not serve this place (status 451)"),
        (says(403), "does not serve this place (status 403)"),
        (says(429, Retry_After="45"), "asks to be left alone for 45 s (status 429)"),
        (says(418, Retry_After="90"), "asks to be left alone for 90 s (status 418)"),
    ],
)
async def test_what_a_misbehaving_upstream_quoted_is_withdrawn_and_comes_back(
    upstream: ScriptedUpstream, wrong: Wrong, line: str
) -> None:
    async with asyncio.timeout(30), live(upstream, FastClock(SPEED)) as world:
        await world.supervisor.ready()
        upstream.misbehave = wrong
        await until(lambda: line in failure(world))
        asked = len(upstream.requests)
        await until(lambda: not status(world).quoted)
        stale = status(world).age_ms or 0, world.house(Side.BUY)
        asked = len(upstream.requests) - asked
        upstream.misbehave = lambda _: None
        upstream.markets["BTCUSDT"].put(Side.BUY, "60000.5", "4")
        await until(lambda: best_bid(world) == parse("60000.5"))
        recovered = world.supervisor.status()

    assert (True, {}) == (stale[0] >= 30_000, stale[1])
    assert (None, True) == (recovered.failure, recovered.symbols["BTCUSDT"].quoted)
    assert recovered.symbols["BTCUSDT"].gaps >= 2  # its failure, and its stale quote
    assert asked <= (0 if "status 4" in line else 10)  # a pause that was asked for is kept
    assert [] == world.prints


@pytest.mark.parametrize("kind", ["refuses", "says nothing", "is slow"])
async def test_a_dead_upstream_is_one_line_until_it_lives(upstream: ScriptedUpstream, kind: str) -> None:
    dead = upstream
    if kind == "refuses":
        dead.url = "http://127.0.0.1:9"
    dead.silent, dead.delay_s = kind == "says nothing", 0.3 if kind == "is slow" else 0
    expected = "cannot be reached" if kind == "refuses" else "did not answer within 0.2 s"
    async with asyncio.timeout(30), live(dead, FastClock(SPEED)) as world:
        await until(lambda: expected in failure(world))
        before = status(world)
        if kind != "refuses":
            dead.silent, dead.delay_s = False, 0
            await until(lambda: status(world).quoted)

    assert (False, None, 0) == (before.quoted, before.age_ms, before.updates)


@pytest.mark.parametrize("streams", [True, False])
async def test_a_clock_that_is_hours_off_changes_nothing_but_what_the_source_says(
    upstream: ScriptedUpstream, streams: bool
) -> None:
    upstream.ahead_ms = upstream.markets["BTCUSDT"].ahead_ms = -5 * 3600 * 1000
    upstream.streams = streams
    bitcoin = upstream.markets["BTCUSDT"]
    async with asyncio.timeout(20), live(upstream, FastClock(1), interval_ms=100) as world:
        world.ordered.add("BTCUSDT")
        await until(lambda: len(world.house(Side.BUY)) == 2)
        bitcoin.trade(Side.BUY, "60001", "0.25")
        await upstream.flush()
        await until(lambda: len(world.prints) == 1)
        told = status(world)

    behind_s = (told.received_us - told.source_time_us) / 1e6
    assert (True, True) == (told.quoted, abs(behind_s - 5 * 3600) < 5)
    assert parse("0.75") == world.house(Side.SELL)[parse("60001")]


@pytest.mark.parametrize("hole", ["a diff is lost", "old diffs come again"])
async def test_a_stream_with_a_hole_finds_its_place_again(upstream: ScriptedUpstream, hole: str) -> None:
    upstream.streams = True
    bitcoin = upstream.markets["BTCUSDT"]
    async with asyncio.timeout(20), live(upstream, FastClock(5)) as world:
        await until(lambda: world.feed.report().streamed == 1)
        bitcoin.put(Side.BUY, "59990", "1")
        repeated = list(bitcoin.frames)
        await upstream.flush()
        await until(lambda: len(world.house(Side.BUY)) == 3)
        if hole == "a diff is lost":
            bitcoin.put(Side.BUY, "59998", "8")
            await upstream.flush(lost=["depth@100ms", "bookTicker"])
        else:
            for stream, data in repeated * 2:
                upstream.push({"stream": stream, "data": data})
        bitcoin.put(Side.SELL, "60005", "9")
        await upstream.flush()
        await until(lambda: parse("60005") in world.house(Side.SELL))
        snapshots = [path for path, _ in upstream.requests].count("/api/v3/depth")
        whole = {parse(price): parse(size) for price, size in bids_of(bitcoin)}

    assert (2 if hole == "a diff is lost" else 1) == snapshots
    assert whole == world.house(Side.BUY)
    assert ("", True) == (failure(world), status(world).quoted)


def bids_of(market: ScriptedMarket) -> list[tuple[str, str]]:
    return [(price, size) for price, size in json.loads(market.depth(100))["bids"]]


@pytest.mark.parametrize(
    "nonsense",
    [
        b"<html>",
        b'{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate"}}',
        b'{"stream":"btcusdt@bookTicker","data":{"s":"BTCUSDT","u":99999,"b":"9","B":"1","a":"8","A":"1"}}',
        b'{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}',
        b'{"error":{"code":2,"msg":"Invalid request"},"id":1}',
        b" " * (5 << 20),
    ],
)
async def test_a_stream_that_says_nonsense_is_given_up_for_polling(
    upstream: ScriptedUpstream, nonsense: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    upstream.streams = True
    async with asyncio.timeout(20), live(upstream, FastClock(40)) as world:
        await until(lambda: world.feed.report().streamed == 1)
        upstream.streams = False
        upstream.push(nonsense)
        await until(lambda: len(world.house(Side.BUY)) > 100)
        lost = world.feed.report().transport, failure(world), status(world).quoted
        upstream.streams = True
        await until(lambda: world.feed.report().streamed == 1)

    assert ("polling", "", True) == lost
    assert any("polling goes on, next try in" in message for message in caplog.messages)


async def test_a_stream_that_falls_silent_is_given_up_for_polling(upstream: ScriptedUpstream) -> None:
    upstream.streams = True
    async with asyncio.timeout(20), live(upstream, FastClock(SPEED)) as world:
        await until(lambda: world.feed.report().streamed == 1)
        upstream.markets["BTCUSDT"].put(Side.BUY, "59990", "1")  # it does not stream this
        upstream.streams = False
        await until(lambda: parse("60000") in world.house(Side.BUY) and len(world.house(Side.BUY)) > 100)

    assert ("", True) == (failure(world), status(world).quoted)


async def test_a_region_that_is_not_served_is_served_by_the_fallback(upstream: ScriptedUpstream) -> None:
    async with ScriptedUpstream().serving() as home:
        home.misbehave = says(451)
        upstream.streams = True
        async with asyncio.timeout(20), live(home, FastClock(5), fallback=upstream) as world:
            await until(lambda: world.feed.report().streamed == 1)
            report = world.feed.report()

    assert (upstream.url.removeprefix("http://"), "websocket") == (report.host, report.transport)
    assert 1 == len(home.requests)
