"""The feed of ccxt's exchanges where it polls: ccxt's own class of Kraken, against real HTTP."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from itertools import pairwise

import pytest

from hypersim.engine.commands import OutsideUpdate
from hypersim.feeds.base import FeedFailed, SourceReport
from hypersim.units import parse
from tests.adapter.guard import Guard
from tests.feeds.scripted_upstream import Answer
from tests.feeds.tasks import until
from tests.feeds.via_ccxt.kraken import Kraken, json_answer, refusal
from tests.feeds.via_ccxt.rig import OURS, UNWATCHED, WATCHED, Rig, bought, ladder, sold


def result_of(answer: object) -> Answer:
    """About the market BTC/USD."""
    return json_answer({"error": [], "result": {"XXBTZUSD": answer}})


def unused_address() -> tuple[str, int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        host, port = taken.getsockname()
        return host, port


def subjects(kraken: Kraken) -> list[str]:
    """Of what was asked for."""
    return [path.rpartition("/")[2] for path, _ in kraken.requests]


async def test_from_afar_the_best_quotes_of_the_ticker_stand_in_front_of_a_depth(kraken: Kraken) -> None:
    async with Rig(kraken).looking() as rig:
        first = await rig.next()
        again = await rig.next()

    told = first.ladder
    assert told is not None
    assert (parse("60000"), parse("1.5")) == told.bids[0]
    assert (parse("60000.1"), parse("0.25")) == told.asks[0]
    assert (True, 121, 121) == (told.full, len(told.bids), len(told.asks))
    assert (told.bids[-1][0], told.asks[-1][0]) == (told.bid_floor, told.ask_ceiling)
    assert ((), OutsideUpdate(symbol="BTCUSDT")) == (first.prints, again)
    assert ["Assets", "AssetPairs", "Ticker"] == subjects(kraken)[:3]
    assert {"pair": "XXBTZUSD,XETHZUSD"} == kraken.requests[2][1]


async def test_what_the_days_volume_grew_by_is_one_trade_at_the_last_price(kraken: Kraken) -> None:
    async with Rig(kraken).looking() as rig:
        await rig.next()
        kraken.trade("BTC/USD", "60000.0", "0.1", "sell")
        kraken.volumes["BTC/USD"] = "2003.50000000"
        grown = await rig.next(where=lambda update: update.prints)
        kraken.trade("BTC/USD", "60000.1", "0.1", "buy")
        kraken.volumes["BTC/USD"] = "1990"  # the day's window lost more than it won
        shrunk = await rig.next(where=lambda update: update.prints)

    assert (sold("60000.0", "3.5"),) == grown.prints
    assert (bought("60000.1", "0.00001"),) == shrunk.prints


@pytest.mark.parametrize(
    ("close", "expected"), [((), bought("60000.1", "0.00001")), (("BTCUSDT",), bought("60000.1", "0.125"))]
)
async def test_a_world_without_a_price_begins_with_the_last_trade(
    kraken: Kraken, close: tuple[str, ...], expected: object
) -> None:
    async with Rig(kraken, close, traded=()).looking() as rig:
        first = await rig.next()
        rig.feed.moved("BTCUSDT", None)
        emptied = await rig.next(where=lambda update: update.prints)

    assert [(expected,), (expected,)] == [first.prints, emptied.prints]


async def test_in_demand_the_whole_book_is_seen_and_each_trade_with_the_ladder_it_led_to(kraken: Kraken) -> None:
    async with Rig(kraken, ["BTCUSDT"]).looking() as rig:
        first = await rig.next()
        kraken.trade("BTC/USD", "60000.1", "0.25", "buy")
        kraken.trade("BTC/USD", "60001.0", "1", "buy")
        kraken.lay("BTC/USD", {"60000.5": "3"}, {"60000.1": "0", "60001.0": "3"})
        moved = await rig.next(where=lambda update: update.prints)
        still = await rig.next()

    bids = {"60000.0": "1.5", "59999.9": "2"}
    asks = {"60000.1": "0.25", "60001.0": "4"}
    assert OutsideUpdate(symbol="BTCUSDT", ladder=ladder(bids, asks)) == first
    assert (
        OutsideUpdate(
            symbol="BTCUSDT",
            prints=(bought("60000.1", "0.25"), bought("60001.0", "1")),
            ladder=ladder({"60000.5": "3"} | bids, {"60001.0": "3"}),
        )
        == moved
    )
    assert OutsideUpdate(symbol="BTCUSDT") == still
    assert SourceReport(host=kraken.url.removeprefix("http://"), transport="polling", streamed=0) == rig.feed.report()


async def test_a_book_is_asked_for_before_its_trades(kraken: Kraken) -> None:
    async with Rig(kraken, OURS).looking() as rig:
        await rig.next("ETHUSDT")

    assert ["Depth", "Trades", "Depth", "Trades"] == subjects(kraken)[2:6]


async def test_a_market_that_comes_into_demand_is_looked_at_at_once_and_without_its_past(kraken: Kraken) -> None:
    rig = Rig(kraken)
    async with rig.looking():
        await rig.next()
        kraken.trade("BTC/USD", "60000.1", "0.1", "buy")
        asked = len(kraken.requests)
        rig.demand.asked("BTCUSDT")
        close = await rig.next()

    assert ladder({"60000.0": "1.5", "59999.9": "2"}, {"60000.1": "0.25", "60001.0": "4"}) == close.ladder
    assert ((), ["Ticker", "Depth", "Trades"]) == (close.prints, subjects(kraken)[asked : asked + 3])


async def test_a_market_that_nobody_asks_for_any_more_is_seen_from_afar_again(kraken: Kraken) -> None:
    rig = Rig(kraken, ["BTCUSDT"])
    async with rig.looking():
        await rig.next()
        rig.close.clear()
        far = await rig.next_ladder()

    assert (121, (parse("60000"), parse("1.5"))) == (len(far.bids), far.bids[0])


async def test_a_moved_market_is_told_in_full_again(kraken: Kraken) -> None:
    async with Rig(kraken, OURS).looking() as rig:
        first = await rig.next_ladder()
        rig.feed.moved("BTCUSDT", parse("100"))
        again = await rig.next(where=lambda update: update.ladder)

    assert (first, ()) == (again.ladder, again.prints)


async def test_where_there_are_no_tickers_books_are_looked_at_in_turn(kraken: Kraken) -> None:
    rig = Rig(kraken, config={"has": {"watchOrderBook": False, "fetchTickers": False}})
    async with rig.looking():
        first = await rig.next_ladder("BTCUSDT")
        second = await rig.next_ladder("ETHUSDT")

    assert [2, 1] == [len(first.bids), len(second.bids)]
    assert "Ticker" not in subjects(kraken)


async def test_where_tickers_are_not_given_as_asked_books_are_looked_at_in_turn(
    kraken: Kraken, caplog: pytest.LogCaptureFixture
) -> None:
    kraken.misbehave = lambda path: refusal("EGeneral:Invalid arguments") if path.endswith("Ticker") else None
    async with Rig(kraken).looking() as rig:
        told = [len((await rig.next_ladder(symbol)).bids) for symbol in OURS]

    assert ([2, 1], 1) == (told, subjects(kraken).count("Ticker"))
    said = f"feed ccxt:kraken looks at books in turn: {rig.feed.report().host} refused: kraken"
    assert said == caplog.records[0].getMessage()[: len(said)]


async def test_a_market_whose_ticker_has_no_quotes_is_looked_at_by_its_book(kraken: Kraken) -> None:
    unquoted = {"v": ["1", "2"], "c": ["60000.0", "1"]}
    kraken.misbehave = lambda path: result_of(unquoted) if path.endswith("Ticker") else None
    async with Rig(kraken).looking() as rig:
        first = await rig.next_ladder("BTCUSDT")

    assert 2 == len(first.bids)


async def test_an_empty_book_says_nothing_and_an_empty_side_is_said(kraken: Kraken) -> None:
    async with Rig(kraken, ["BTCUSDT"]).looking() as rig:
        await rig.next()
        kraken.bids["BTC/USD"].clear()
        one_sided = await rig.next_ladder()
        kraken.asks["BTC/USD"].clear()
        for _ in range(3):
            await rig.next("ETHUSDT")
        kraken.asks["BTC/USD"]["60002.0"] = "1"
        after = await rig.next()

    assert ((), 0, 2) == (one_sided.bids, one_sided.bid_floor, len(one_sided.asks))
    assert after.ladder is not None
    assert ((parse("60002"), parse("1")),) == after.ladder.asks


async def test_what_is_not_there_is_left_out_and_said_once(kraken: Kraken, caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig(kraken, markets={**OURS, "BNBUSDT": "BNB/USD"})
    assert frozenset(OURS) == await rig.feed.listed()
    with caplog.at_level(logging.WARNING):
        async with rig.looking():
            await rig.next()

    host = rig.feed.report().host
    assert [f"feed ccxt:kraken: {host} has no BNB/USD"] == [record.getMessage() for record in caplog.records]


async def test_a_market_that_is_taken_off_is_left_out_from_then_on(kraken: Kraken) -> None:
    async with Rig(kraken, OURS).looking() as rig:
        await rig.next()
        kraken.misbehave = lambda path: refusal("EQuery:Invalid asset pair") if path.endswith("Depth") else None
        with pytest.raises(FeedFailed, match="has no such market"):  # once none is left
            await rig.next("nothing")

    assert 2 == subjects(kraken)[-2:].count("Depth")


async def test_a_source_without_any_of_our_markets_fails_and_is_asked_again(kraken: Kraken) -> None:
    rig = Rig(kraken)
    kraken.misbehave = lambda path: json_answer({"error": [], "result": {}}) if path.endswith("AssetPairs") else None
    with pytest.raises(FeedFailed) as failed:
        async with rig.looking():
            await rig.next()
    kraken.misbehave = lambda _: None

    assert f"{rig.feed.report().host} has none of BTC/USD, ETH/USD" == str(failed.value)
    assert frozenset(OURS) == await rig.feed.listed()


async def test_a_depth_that_is_not_taken_is_left_to_the_exchange(kraken: Kraken) -> None:
    refused: list[str] = []

    def refuse_once(path: str) -> Answer | None:
        if path.endswith("Depth") and not refused:
            refused.append(path)
            return refusal("EGeneral:Invalid arguments:count")
        return None

    kraken.misbehave = refuse_once
    async with Rig(kraken, ["BTCUSDT"]).looking() as rig:
        await rig.next()
        await rig.next()

    asked = [parameters.get("count") for path, parameters in kraken.requests if path.endswith("Depth")]
    assert ["100", None, None] == asked[:3]


@pytest.mark.parametrize(
    ("path", "answer", "expected", "retry_after_s"),
    [
        ("", (429, {"Retry-After": "7"}, b""), "{host} asks to be left alone for 7 s: kraken GET", 7),
        ("", (429, {}, b"busy"), "{host} asks to be left alone for 60 s: kraken GET", 60),
        ("Ticker", refusal("EAPI:Rate limit exceeded"), "{host} asks to be left alone for 60 s: kraken", 60),
        ("", (451, {}, b"not here"), "{host} does not serve this place: kraken GET", 300),
        ("Depth", (403, {}, b"<html>no\nway"), "{host} does not serve this place: kraken GET", 300),
        ("Depth", refusal("EGeneral:Permission denied"), "{host} does not serve this place: kraken", 300),
        ("Depth", refusal("EService:Market in cancel_only mode"), "{host} is being repaired: kraken", 60),
        ("Trades", (503, {}, b"out"), "{host} cannot be reached: kraken GET", 0),
        ("Trades", refusal("EGeneral:Internal error"), "{host} cannot be reached: kraken", 0),
        ("AssetPairs", result_of([1]), "{host} has none of BTC/USD, ETH/USD", 0),
        ("Depth", result_of({"bids": [["x", "1", 1]], "asks": []}), "the exchange sent None, which is no number", 0),
        ("Trades", result_of([["x", "1", 1.5, "b", "l", ""]]), "{host} answered fetch_trades with something else", 0),
    ],
)
async def test_what_goes_wrong_is_said_in_one_line(
    kraken: Kraken, path: str, answer: Answer, expected: str, retry_after_s: float
) -> None:
    rig = Rig(kraken, ["BTCUSDT"])
    kraken.misbehave = lambda asked: answer if asked.endswith(path) else None
    with pytest.raises(FeedFailed) as failed:
        async with rig.looking():
            await rig.next("nothing")

    line = expected.format(host=rig.feed.report().host)
    said = str(failed.value)
    assert (line, retry_after_s) == (said[: len(line)], failed.value.retry_after_s)
    assert "\n" not in said


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"", b"[", b'{"error":[],"result":{}}'])
async def test_garbage_is_no_empty_book(kraken: Kraken, body: bytes) -> None:
    html: Answer = (200, {"Content-Type": "text/html"}, body)
    async with Rig(kraken, ["BTCUSDT"]).looking() as rig:
        await rig.next()
        kraken.misbehave = lambda path: html if path.endswith("Depth") else None
        asked = len(kraken.requests)
        while len(kraken.requests) < asked + 8:
            await rig.next("ETHUSDT")
        kraken.misbehave = lambda _: None
        after = await rig.next()

    assert OutsideUpdate(symbol="BTCUSDT") == after  # the quote holds, and nothing else was said


async def test_an_exchange_that_is_silent_or_gone_is_said_so(kraken: Kraken, guard: Guard) -> None:
    kraken.silent = True
    silent = Rig(kraken, config={"timeout": 100})
    with pytest.raises(FeedFailed, match=r"^127.0.0.1:\d+ did not answer within 0.1 s: "):
        await silent.feed.listed()
    nobody = unused_address()
    guard.allowed.add(nobody)
    kraken.url = "http://{}:{}".format(*nobody)
    with pytest.raises(FeedFailed, match=rf"^127.0.0.1:{nobody[1]} cannot be reached: Cannot connect to host"):
        await Rig(kraken).feed.listed()


async def test_after_a_failure_everything_is_said_anew_and_the_time_between_is_not(kraken: Kraken) -> None:
    rig = Rig(kraken, ["BTCUSDT"])
    async with rig.looking():
        before = await rig.next()
        kraken.misbehave = lambda _: (503, {}, b"")
        with pytest.raises(FeedFailed):
            await rig.next("nothing")
    kraken.misbehave = lambda _: None
    kraken.trade("BTC/USD", "60000.1", "0.1", "buy")
    async with rig.looking():
        after = await rig.next()

    assert before == after
    assert 1 == subjects(kraken).count("AssetPairs")  # what is listed was read once


async def test_the_exchange_is_not_asked_faster_than_it_allows(kraken: Kraken) -> None:
    at: list[float] = []
    loop = asyncio.get_running_loop()
    heard: Callable[[str], Answer | None] = lambda _: at.append(loop.time())  # noqa: E731 - returns no answer
    kraken.misbehave = heard
    async with Rig(kraken, OURS, config={**UNWATCHED, "enableRateLimit": True, "rateLimit": 50}).looking() as rig:
        for _ in range(4):
            await rig.next()

    pauses = [second - first for first, second in pairwise(at)]
    assert len(pauses) > 8
    assert min(pauses) > 0.03


async def test_nothing_stays_open(kraken: Kraken) -> None:
    rig = Rig(kraken, OURS, config=WATCHED)
    async with rig.looking():
        await rig.until_watched()
    async with asyncio.timeout(5):
        await until(lambda: kraken.open_connections == 0)
