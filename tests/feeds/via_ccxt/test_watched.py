"""The feed of ccxt's exchanges where it watches: ccxt's own class of Kraken, against real HTTP and WebSocket."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import pytest

from hypersim.engine.commands import OutsideUpdate
from hypersim.feeds.base import SourceReport
from hypersim.feeds.ccxt import watch as ccxt_watch
from hypersim.units import parse
from tests.feeds.tasks import running
from tests.feeds.via_ccxt.kraken import LAID_AT_US, Kraken
from tests.feeds.via_ccxt.rig import WATCHED, Rig, bought, ladder, sold

BIDS = {"60000.0": "1.5", "59999.9": "2"}
ASKS = {"60000.1": "0.25", "60001.0": "4"}


async def test_pushed_trades_are_said_before_the_ladder_that_they_led_to(kraken: Kraken) -> None:
    async with Rig(kraken, ["BTCUSDT"], config=WATCHED, speed=2).looking() as rig:
        await rig.until_watched()
        report = rig.feed.report()
        kraken.lay("BTC/USD", {}, {"60000.1": "0.05"})
        kraken.trade("BTC/USD", "60000.1", "0.1", "buy")
        kraken.trade("BTC/USD", "60000.1", "0.1", "buy")
        told = [await rig.next(where=lambda update: update.prints or update.ladder)]
        while told[-1].ladder is None:
            told.append(await rig.next(where=lambda update: update.prints or update.ladder))

    assert (bought("60000.1", "0.1"),) * 2 == tuple(trade for update in told for trade in update.prints)
    expected = ladder(BIDS, ASKS | {"60000.1": "0.05"})
    assert OutsideUpdate(symbol="BTCUSDT", ladder=expected, source_time_us=LAID_AT_US) == told[-1]
    assert SourceReport(host=kraken.url.removeprefix("http://"), transport="websocket", streamed=1) == report


async def test_what_was_polled_before_is_not_said_again(kraken: Kraken) -> None:
    kraken.snapshots = False
    rig = Rig(kraken, ["BTCUSDT"], config=WATCHED)
    async with rig.looking():
        await rig.next()
        kraken.trade("BTC/USD", "60000.1", "0.1", "buy")
        polled = await rig.next(where=lambda update: update.prints)
        kraken.trade("BTC/USD", "60000.0", "0.2", "sell")
        kraken.snapshots = True
        await kraken.hang_up()
        await rig.until_watched()
        kraken.trade("BTC/USD", "60000.0", "0.3", "sell")
        prints = [trade for _ in range(3) for trade in (await rig.next()).prints]

    assert (bought("60000.1", "0.1"),) == polled.prints
    assert sold("60000.0", "0.3") == prints[-1]
    assert len(prints) == len(set(prints))


async def test_a_watched_market_is_asked_for_no_more(kraken: Kraken) -> None:
    async with Rig(kraken, ["BTCUSDT"], config=WATCHED).looking() as rig:
        await rig.until_watched()
        asked = len(kraken.requests)
        for _ in range(4):
            await rig.next("ETHUSDT")

    assert {"XETHZUSD"} == {parameters["pair"] for _, parameters in kraken.requests[asked + 1 :]}
    assert [("book", ["BTC/USD"]), ("trade", ["BTC/USD"])] == sorted(kraken.subscriptions)


async def test_a_lost_connection_is_a_gap_in_which_the_feed_polls_and_then_it_watches_again(kraken: Kraken) -> None:
    async with Rig(kraken, ["BTCUSDT"], config=WATCHED).looking() as rig:
        await rig.until_watched()
        kraken.pushing = False
        await kraken.hang_up()
        kraken.trade("BTC/USD", "60000.1", "0.1", "buy")
        gap = await rig.next(where=lambda update: update.ladder)
        polling = rig.feed.report().transport
        kraken.trade("BTC/USD", "60000.1", "0.2", "buy")
        polled = await rig.next(where=lambda update: update.prints)
        kraken.pushing = True
        await rig.until_watched()
        kraken.trade("BTC/USD", "60000.1", "0.3", "buy")
        watched = await rig.next(where=lambda update: update.prints)

    assert (OutsideUpdate(symbol="BTCUSDT", ladder=ladder(BIDS, ASKS)), "polling") == (gap, polling)
    assert [(bought("60000.1", "0.2"),), (bought("60000.1", "0.3"),)] == [polled.prints, watched.prints]


async def test_where_streams_are_refused_the_feed_polls(kraken: Kraken, caplog: pytest.LogCaptureFixture) -> None:
    kraken.pushing = False
    with caplog.at_level(logging.WARNING):
        async with Rig(kraken, ["BTCUSDT"], config=WATCHED).looking() as rig:
            await rig.next_ladder()
            kraken.trade("BTC/USD", "60000.1", "0.1", "buy")
            polled = await rig.next(where=lambda update: update.prints)

    assert ((bought("60000.1", "0.1"),), "polling") == (polled.prints, rig.feed.report().transport)
    said = f"feed ccxt:kraken polls, and watches again in 1 s: {rig.feed.report().host} cannot be reached: "
    assert said == caplog.records[0].getMessage()[: len(said)]


async def test_a_market_of_which_no_book_comes_is_left_to_polling(
    kraken: Kraken, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ccxt_watch, "FIRST_BOOK_S", 0.1)
    kraken.snapshots = False
    async with Rig(kraken, ["BTCUSDT"], config=WATCHED).looking() as rig:
        await rig.next_ladder()
        while not any(record.levelno == logging.WARNING for record in caplog.records):
            await rig.next()
        kraken.trade("BTC/USD", "60000.1", "0.1", "buy")
        polled = await rig.next(where=lambda update: update.prints)
        transport = rig.feed.report().transport

    assert ((bought("60000.1", "0.1"),), "polling") == (polled.prints, transport)
    said = ["feed ccxt:kraken polls BTC/USD: it cannot be watched (no book came within 0.1 s)"]
    assert said == [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


async def test_a_depth_that_is_not_taken_is_left_to_the_exchange(
    kraken: Kraken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ccxt_watch, "DEPTH", 77)  # ccxt's class of Kraken has five depths, and sends no other
    async with Rig(kraken, ["BTCUSDT"], config=WATCHED).looking() as rig:
        await rig.until_watched()
        kraken.lay("BTC/USD", {}, {"60000.1": "0.05"})
        told = await rig.next(where=lambda update: update.source_time_us)

    assert ladder(BIDS, ASKS | {"60000.1": "0.05"}) == told.ladder


async def test_a_quiet_market_is_confirmed_by_its_book(kraken: Kraken) -> None:
    async with Rig(kraken, ["BTCUSDT"], config=WATCHED).looking() as rig:
        await rig.until_watched()
        asked = len(kraken.requests)
        quiet = await rig.next(where=lambda _: any(path.endswith("Depth") for path, _ in kraken.requests[asked:]))
        report = rig.feed.report()

    assert (OutsideUpdate(symbol="BTCUSDT"), "websocket") == (quiet, report.transport)


def go_silent(kraken: Kraken) -> None:
    """Nothing is pushed any more, and the market moves."""
    kraken.bids["BTC/USD"]["60000.05"] = "1"


def choke(kraken: Kraken) -> None:
    """ccxt's reader ends over what it cannot read, and nobody is told."""
    kraken.push("book", "BTC/USD", "update", [{"symbol": "NO/SUCH", "bids": [], "asks": []}])
    kraken.lay("BTC/USD", {"60000.05": "1"}, {})


@pytest.mark.parametrize("trouble", [go_silent, choke])
async def test_what_is_pushed_wrongly_is_given_up_for_what_is_polled(
    kraken: Kraken, trouble: Callable[[Kraken], None]
) -> None:
    async with Rig(kraken, ["BTCUSDT"], config=WATCHED).looking() as rig:
        await rig.until_watched()
        trouble(kraken)
        told = await rig.next_ladder()

    assert ladder({"60000.05": "1"} | BIDS, ASKS) == told


async def test_a_book_that_stays_crossed_is_given_up(kraken: Kraken, caplog: pytest.LogCaptureFixture) -> None:
    async def push() -> None:
        """A level that is gone stays in the book, and others change."""
        crossing = [{"price": 60000.1, "qty": 1}]
        for size in range(1, 1000):
            changed = [{"price": 60001.0, "qty": size}]
            kraken.push("book", "BTC/USD", "update", [{"symbol": "BTC/USD", "bids": crossing, "asks": changed}])
            await asyncio.sleep(0.01)

    async with Rig(kraken, ["BTCUSDT"], config=WATCHED).looking() as rig:
        await rig.until_watched()
        kraken.bids["BTC/USD"]["60000.05"] = "1"
        async with running(push()):
            told = await rig.next_ladder()

    assert ladder({"60000.05": "1"} | BIDS, ASKS) == told
    said = "feed ccxt:kraken polls, and watches again in 1 s: the book of BTC/USD stays crossed"
    assert [said] == [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


async def test_a_moved_market_is_told_in_full_with_the_next_push(kraken: Kraken) -> None:
    async with Rig(kraken, ["BTCUSDT"], config=WATCHED).looking() as rig:
        await rig.until_watched()
        rig.feed.moved("BTCUSDT", None)
        kraken.trade("BTC/USD", "60000.1", "0.1", "buy")
        kraken.lay("BTC/USD", {}, {"60000.1": "0.15"})
        told = await rig.next(where=lambda update: update.ladder)

    assert ((bought("60000.1", "0.1"),), ladder(BIDS, ASKS | {"60000.1": "0.15"})) == (told.prints, told.ladder)


async def test_a_moved_market_in_which_nothing_happens_is_told_by_its_book_at_once(kraken: Kraken) -> None:
    async with Rig(kraken, ["BTCUSDT"], config=WATCHED, speed=1).looking() as rig:
        await rig.until_watched()
        rig.feed.moved("BTCUSDT", parse("100"))
        told = await rig.next()
        transport = rig.feed.report().transport

    assert (OutsideUpdate(symbol="BTCUSDT", ladder=ladder(BIDS, ASKS)), "websocket") == (told, transport)


async def test_a_market_out_of_demand_is_seen_from_afar_and_streams_end_when_none_is_left(kraken: Kraken) -> None:
    async with Rig(kraken, ["BTCUSDT"], config=WATCHED).looking() as rig:
        await rig.until_watched()
        rig.close.clear()
        far = await rig.next_ladder()
        await rig.next()
        rig.close.add("BTCUSDT")
        await rig.until_watched()

    assert 121 == len(far.bids)
    assert 4 == len(kraken.subscriptions)


async def test_of_two_watched_markets_one_may_go_out_of_demand(kraken: Kraken) -> None:
    async with Rig(kraken, ["BTCUSDT", "ETHUSDT"], config=WATCHED).looking() as rig:
        while rig.feed.report().streamed != 2:
            await rig.next()
        rig.close.remove("ETHUSDT")
        far = await rig.next_ladder("ETHUSDT")
        kraken.trade("BTC/USD", "60000.1", "0.1", "buy")
        pushed = await rig.next(where=lambda update: update.prints)
        streamed = rig.feed.report().streamed

    assert (121, (bought("60000.1", "0.1"),), 1) == (len(far.bids), pushed.prints, streamed)
    assert 4 == len(kraken.subscriptions)
