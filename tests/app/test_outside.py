"""The outside market of a world over real HTTP: rules that change upstream, markets that come and go, other feeds."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from hypersim.app import Running, open_exchange
from hypersim.ask import FactRow
from hypersim.engine.commands import Command
from hypersim.engine.market import MarketStatus
from hypersim.errors import Reason, Refused
from hypersim.feeds.binance import relisting
from hypersim.feeds.supervisor import FeedSupervisor
from hypersim.outside import market as outside_module
from hypersim.outside.chosen import FEED
from hypersim.resources import folder
from hypersim.settings import read_settings
from hypersim.units import parse
from hypersim.writer import Writer
from tests.feeds.listings import changed, symbol
from tests.feeds.scripted_market import ScriptedMarket
from tests.feeds.scripted_upstream import JSON, Answer, ScriptedUpstream
from tests.feeds.tasks import until

INFO = "/api/v3/exchangeInfo"


class Listing:
    """An upstream whose exchangeInfo a test changes."""

    def __init__(self, scripted: ScriptedUpstream) -> None:
        self.symbols: list[dict[str, Any]] = [symbol()]
        self.scripted = scripted
        self.scripted.markets["BTCUSDT"] = ScriptedMarket("BTCUSDT", {"60000": "1"}, {"60001": "2"})
        self.scripted.misbehave = self._answer

    def _answer(self, path: str) -> Answer | None:
        if path == INFO:
            return 200, JSON, json.dumps({"symbols": self.symbols}).encode()
        return (200, JSON, b"[]") if path == "/api/v3/klines" else None


@pytest.fixture
async def listing(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Listing]:
    monkeypatch.setattr(relisting, "EVERY_S", 0.1)
    monkeypatch.setattr(outside_module, "GATHERED_S", 0.1)
    async with ScriptedUpstream().serving() as scripted:
        yield Listing(scripted)


def settings(listing: Listing, **given: str) -> Any:
    chosen = {"feed": "binance", "binance_api_url": listing.scripted.url, "symbols": "BTCUSDT", **given}
    return read_settings(folder("config"), chosen, environment={}, memory=True)


def quoted(running: Running, name: str) -> bool:
    status = running.feed().symbols.get(name)
    return status is not None and status.quoted


async def change(running: Running, feed: str) -> httpx.Response:
    """Asks for another feed, and confirms it."""
    app: Any = running.app  # httpx and Litestar word the same protocol differently
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        return await client.post("/sim/v1/feed", json={"feed": feed, "confirm": True})


async def test_rules_that_change_upstream_are_taken_over_while_it_serves(listing: Listing) -> None:
    async with asyncio.timeout(20), open_exchange(settings(listing)) as running:
        markets = running.world.markets.markets
        before = markets["BTCUSDT"].market.tick_size
        listing.symbols = [symbol(filters=changed("PRICE_FILTER", tickSize="0.50000000", minPrice="0.50000000"))]
        await until(lambda: markets["BTCUSDT"].market.tick_size == parse("0.5"))
        await until(lambda: quoted(running, "BTCUSDT"))
        listing.symbols = [symbol(status="BREAK")]
        await until(lambda: markets["BTCUSDT"].market.status is MarketStatus.BREAK)

    assert parse("0.01") == before


async def test_a_market_that_is_new_upstream_is_listed_and_quoted_where_all_are_wanted(listing: Listing) -> None:
    async with asyncio.timeout(20), open_exchange(settings(listing, symbols="all")) as running:
        assert {"BTCUSDT"} == {name for name, view in running.feed().symbols.items() if view.feed == "binance"}
        listing.scripted.markets["NEWUSDT"] = ScriptedMarket("NEWUSDT", {"5": "1"}, {"6": "2"})
        listing.symbols.append(symbol(symbol="NEWUSDT", baseAsset="NEW"))
        await until(lambda: quoted(running, "NEWUSDT") and quoted(running, "BTCUSDT"))
        best = running.world.markets.markets["NEWUSDT"].best_bid

    assert (parse("5"), parse("1")) == best


async def test_an_upstream_without_a_market_leaves_it_to_be_made_up_and_one_nobody_makes_up_says_so(
    listing: Listing,
) -> None:
    async with asyncio.timeout(20), open_exchange(settings(listing, symbols="BTCUSDT,AAPLUSDT")) as running:
        status = running.feed()

    assert {"BTCUSDT": "binance", "AAPLUSDT": "synthetic"} == {name: row.feed for name, row in status.symbols.items()}
    assert {"AAPLUSDT": "binance has no AAPLUSDT, so its prices are made up"} == status.notes


async def test_a_market_that_trades_again_upstream_is_quoted_again(listing: Listing) -> None:
    listing.symbols = [symbol(status="BREAK")]
    async with asyncio.timeout(20), open_exchange(settings(listing)) as running:
        before = running.world.markets.markets["BTCUSDT"].market.status
        listing.symbols = [symbol()]
        await until(lambda: quoted(running, "BTCUSDT"))

    assert MarketStatus.BREAK is before


async def test_a_change_that_the_exchange_does_not_take_leaves_the_old_feeds_running(
    listing: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = False
    ask = Writer.ask

    async def refusing(writer: Writer, command: Command, **given: Any) -> Any:
        nonlocal refused
        if any(isinstance(row, FactRow) and row.name == FEED for row in given.get("rows", ())):
            refused = True
            raise Refused(Reason.OVERLOADED)
        return await ask(writer, command, **given)

    async with asyncio.timeout(20), open_exchange(settings(listing)) as running:
        monkeypatch.setattr(Writer, "ask", refusing)
        answer = await change(running, "synthetic")
        await until(lambda: quoted(running, "BTCUSDT"))
        after = running.feed().name, running.failure.done()

    assert (True, 503, "overloaded") == (refused, answer.status_code, answer.json()["error"]["code"])
    assert ("binance", False) == after


async def test_feeds_that_are_not_used_any_more_are_forgotten(listing: Listing) -> None:
    def supervisors() -> int:
        return sum(isinstance(each, FeedSupervisor) for each in gc.get_objects())

    async with asyncio.timeout(20), open_exchange(settings(listing)) as running:
        gc.collect()
        before = supervisors()
        for name in ("synthetic", "binance", "synthetic"):
            assert 200 == (await change(running, name)).status_code

        assert before == supervisors()


async def test_changes_that_come_at_once_are_made_one_after_another_and_one_arrangement_runs(listing: Listing) -> None:
    async with asyncio.timeout(30), open_exchange(settings(listing)) as running:
        names = ("manual", "none", "manual", "none", "synthetic")
        answers = await asyncio.gather(*(change(running, name) for name in names))
        for name in ("none", "manual", "none", "synthetic"):
            await change(running, name)
        await until(lambda: quoted(running, "BTCUSDT"))
        arrangements = [task for task in asyncio.all_tasks() if task.get_name() == "arrangement"]

    assert [200] * 5 == [answer.status_code for answer in answers]
    assert 1 == len(arrangements)
