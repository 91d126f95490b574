"""Asking an upstream that speaks real HTTP, and everything that it can do wrong."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable

import pytest

from hypersim.clock import WallClock
from hypersim.feeds.base import FeedFailed
from hypersim.feeds.binance import upstream as upstream_module
from hypersim.feeds.binance.answers import AggregateTrade, ExchangeInfo, Kline, SymbolFilter, SymbolInfo
from hypersim.feeds.binance.messages import DepthSnapshot
from hypersim.feeds.binance.upstream import depth_weight, fallback_of, stream_of
from tests.feeds.desk import SteppingClock, VirtualClock
from tests.feeds.live import reached
from tests.feeds.scripted_upstream import BOOK, Answer, ScriptedUpstream

ROW = b'[{"symbol":"BTCUSDT","bidPrice":"1","bidQty":"1","askPrice":"2","askQty":"1"}]'
API = "/api/v3/"


@pytest.fixture
async def upstream() -> AsyncIterator[ScriptedUpstream]:
    scripted = ScriptedUpstream()
    scripted.books = dict.fromkeys(("BTCUSDT", "ETHUSDT", "DOGEUSDT"), ("1", "1", "2", "1"))
    async with scripted.serving():
        yield scripted


def says(status: int, body: bytes = b"{}", **headers: str) -> Callable[[str], Answer]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: (status, named, body)


@pytest.mark.parametrize(
    ("misbehaviour", "failure", "retry_after_s"),
    [
        (says(429, Retry_After="17"), "asks to be left alone for 17 s (status 429)", 17),
        (says(429, Retry_After="soon"), "asks to be left alone for 60 s (status 429)", 60),
        (says(418, Retry_After="9" * 5000), "asks to be left alone for 259200 s (status 418)", 259200),
        (says(418), "asks to be left alone for 120 s (status 418)", 120),
        (says(451), "does not serve this place (status 451)", 300),
        (says(403), "does not serve this place (status 403)", 300),
        (says(302, Location="http://127.0.0.1:9/"), "answered status 302: {}", 0),
        (says(502, b"<html>\nBad gateway"), "answered status 502: <html> Bad gateway", 0),
        (says(200, b"<html>hello"), "with something else: JSON is malformed", 0),
        (says(200, ROW[:-3]), "with something else: Input data was truncated", 0),
        (says(200, ROW, Content_Length="100", Connection="close"), "cannot be reached: ", 0),
        (says(200, b"\xff\xfe"), "with something else: ", 0),
        (says(200, b'{"symbol":"BTCUSDT"}'), "with something else: Expected `array`, got `object`", 0),
        (says(200, b'[{"symbol":"BTCUSDT"}]'), "Object missing required field `bidPrice`", 0),
        (says(200, ROW.replace(b'"1"', b"1")), "Expected `str`, got `int` - at `$[0].bidPrice`", 0),
        (says(200, b'[{"x":' + b"[" * 100_000), "with something else: ", 0),
        (says(200, b"not gzip", Content_Encoding="gzip"), "cannot be reached: ", 0),
        (says(200, gzip.compress(bytes(33 << 20)), Content_Encoding="gzip"), "with more than 32 MiB", 0),
    ],
)
async def test_what_an_upstream_does_wrong_is_one_clear_line(
    upstream: ScriptedUpstream, misbehaviour: Callable[[str], Answer], failure: str, retry_after_s: float
) -> None:
    upstream.misbehave = misbehaviour
    async with reached(upstream, SteppingClock()) as source:
        with pytest.raises(FeedFailed) as failed:
            await source.book_tickers(None)

    assert failure in str(failed.value)
    assert "\n" not in str(failed.value)
    assert retry_after_s == failed.value.retry_after_s


async def test_a_silent_upstream_and_a_dead_one_fail(
    upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream_module, "ANSWER_TIMEOUT_S", 0.05)
    upstream.silent = True
    async with reached(upstream, WallClock()) as source:
        with pytest.raises(FeedFailed, match=r"did not answer within 0\.05 s"):
            await source.book_tickers(None)
    upstream.url = "http://127.0.0.1:9"
    async with reached(upstream, WallClock()) as source:
        with pytest.raises(FeedFailed, match=r"127\.0\.0\.1:9 cannot be reached: "):
            await source.book_tickers(None)


@pytest.mark.parametrize("address", ["http://", "https:///api", "http://[::1", "http://a b", "http://127.0.0.1:99999"])
async def test_an_address_that_is_none_fails(upstream: ScriptedUpstream, address: str) -> None:
    upstream.url = address
    with pytest.raises(FeedFailed):
        async with reached(upstream, WallClock()) as source:
            await source.book_tickers(None)


async def test_a_pause_that_is_asked_for_holds_for_everybody(upstream: ScriptedUpstream) -> None:
    clock = VirtualClock()
    upstream.misbehave = says(429, Retry_After="30")
    async with reached(upstream, clock, weight=10) as source:
        with pytest.raises(FeedFailed):
            await source.book_tickers(None)
        await source.budget.spend(6)
        waiting = asyncio.create_task(source.book_tickers(None))  # for the budget
        upstream.misbehave = lambda _: None
        clock.skip(10)
        with pytest.raises(FeedFailed) as again:
            await source.klines("BTCUSDT", "1m", 0, 60_000_000, 2)
        clock.skip(21)
        await clock.pass_time(30)
        answers = await waiting

    assert "asks to be left alone for 20 s (status 429)" in str(again.value)
    assert 20 == again.value.retry_after_s
    assert ([BOOK, BOOK], 3) == ([path for path, _ in upstream.requests], len(answers))


async def test_who_waited_for_the_budget_does_not_ask_in_a_pause(upstream: ScriptedUpstream) -> None:
    clock = VirtualClock()
    async with reached(upstream, clock, weight=10) as source:
        await source.budget.spend(8)
        waiting = asyncio.create_task(source.book_tickers(None))
        await asyncio.sleep(0.01)
        upstream.misbehave = says(418, Retry_After="100")
        with pytest.raises(FeedFailed):
            await source.ahead_us()
        await clock.pass_time(61)
        with pytest.raises(FeedFailed, match="left alone for 40 s"):
            await waiting

    assert ["/api/v3/time"] == [path for path, _ in upstream.requests]


@pytest.mark.parametrize("status", [451, 403])
async def test_a_host_that_does_not_serve_this_place_is_left_for_its_fallback(
    upstream: ScriptedUpstream, status: int
) -> None:
    async with ScriptedUpstream().serving() as home:
        home.misbehave = says(status)
        async with reached(home, WallClock(), fallback=upstream) as source:
            counts = [len(await source.book_tickers(None)) for _ in range(2)]
            host, stream_url = source.host, source.stream_url
            upstream.misbehave = says(status)
            home.misbehave = says(200, ROW)
            with pytest.raises(FeedFailed, match=rf"^127.0.0.1:\d+ does not serve this place \(status {status}\)$"):
                await source.book_tickers(None)
            back = len(await source.book_tickers(None))

    assert ([3, 3], 1) == (counts, back)
    assert (upstream.url, upstream.url.replace("http", "ws")) == (f"http://{host}", stream_url)
    assert 2 == len(home.requests)  # it was not asked again while its fallback answered


async def test_a_fallback_that_serves_this_place_neither_is_one_clear_line(upstream: ScriptedUpstream) -> None:
    async with ScriptedUpstream().serving() as home:
        home.misbehave, upstream.misbehave = says(451), says(429, Retry_After="999")
        async with reached(home, WallClock(), fallback=upstream) as source:
            with pytest.raises(FeedFailed) as failed:
                await source.book_tickers(None)

    home_host, host = home.url.removeprefix("http://"), upstream.url.removeprefix("http://")
    assert (
        f"{home_host} does not serve this place (status 451), and {host} asks to be left alone for 999 s (status 429)"
    ) == str(failed.value)
    assert (999, 1, 1) == (failed.value.retry_after_s, len(home.requests), len(upstream.requests))


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("https://api.binance.com", ("https://data-api.binance.vision", "wss://stream.binance.com:9443")),
        ("https://api3.binance.com", ("https://data-api.binance.vision", "wss://stream.binance.com:9443")),
        ("https://data-api.binance.vision", (None, "wss://data-stream.binance.vision")),
        ("https://testnet.binance.vision", (None, "wss://stream.testnet.binance.vision")),
        ("https://binance.com.example.org", (None, "wss://binance.com.example.org")),
        ("http://127.0.0.1:8080", (None, "ws://127.0.0.1:8080")),
    ],
)
def test_binance_has_a_fallback_and_everybody_streams(base_url: str, expected: tuple[str | None, str]) -> None:
    assert expected == (fallback_of(base_url), stream_of(base_url))


@pytest.mark.parametrize(("limit", "weight"), [(100, 5), (101, 25), (500, 25), (1000, 50), (1001, 250), (5000, 250)])
def test_depth_weighs_as_documented(limit: int, weight: int) -> None:
    assert weight == depth_weight(limit)


async def test_answers_are_typed_and_weigh_as_documented(upstream: ScriptedUpstream) -> None:
    bodies = {
        "depth": b'{"lastUpdateId":7,"bids":[["1","2"]],"asks":[]}',
        "aggTrades": b'[{"a":1,"p":"2","q":"3","f":4,"l":5,"T":6,"m":true,"M":true}]',
        "klines": b'[[0,"1","2","3","4","5",59999,"6",7,"8","9","0"]]',
        "exchangeInfo": b'{"timezone":"UTC","symbols":[{"symbol":"A","status":"TRADING","baseAsset":"B",'
        b'"quoteAsset":"C","filters":[{"filterType":"NOTIONAL","minNotional":"5","applyMinToMarket":true},'
        b'{"filterType":"NEW_ONE","something":{"new":[]}}]}]}',
        "time": b'{"serverTime":1790000003000}',
    }
    upstream.misbehave = lambda path: (200, {}, bodies[path.removeprefix(API)])
    clock = VirtualClock()  # stands at 1790000000
    async with reached(upstream, clock) as source:
        spent = []
        answers: list[object] = []
        for answer in (
            source.depth("A", 100),
            source.aggregate_trades("A", 1, 1000),
            source.klines("A", "1m", 0, 60_000_000, 1000),
            source.exchange_info(None),
            source.ahead_us(),
        ):
            before = source.budget.spent
            answers.append(await answer)
            spent.append(source.budget.spent - before)

    filters = [
        SymbolFilter("NOTIONAL", min_notional="5", apply_min_to_market=True),
        SymbolFilter("NEW_ONE"),
    ]
    assert [
        (DepthSnapshot(7, [("1", "2")], []), clock.now_us()),
        [AggregateTrade(1, "2", "3", 4, 5, 6, True)],
        [Kline(0, "1", "2", "3", "4", "5", 59999, "6", 7, "8", "9")],
        ExchangeInfo([SymbolInfo("A", "TRADING", "B", "C", filters=filters)]),
        3_000_000,
    ] == answers
    assert [5, 4, 2, 20, 1] == spent
