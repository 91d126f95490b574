"""An upstream whose rules change while the exchange serves."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from msgspec.structs import replace

from hypersim.engine.commands import Command, PutAsset, PutMarket
from hypersim.engine.market import Asset, Market, MarketStatus
from hypersim.errors import Reason, StoreError
from hypersim.feeds.base import FeedFailed
from hypersim.feeds.binance.answers import ExchangeInfo
from hypersim.feeds.binance.listing import list_markets, read_listing
from hypersim.feeds.binance.relisting import Relisting
from hypersim.markets import Remembered
from hypersim.resources import folder
from hypersim.settings import read_settings
from hypersim.views.views import Views
from tests.feeds.desk import Desk, VirtualClock, settle
from tests.feeds.listings import answer, changed, symbol
from tests.feeds.markets import FILE

BTC, ETH, SOL = symbol(), symbol("ETH"), symbol("SOL")
MARKETS = read_listing(answer([BTC, ETH])).markets
COARSE = symbol(filters=changed("PRICE_FILTER", tickSize="0.50000000"))
BREAK, HALT = MarketStatus.BREAK, MarketStatus.HALT


class Book:
    """What is remembered, in memory; each writing is noted."""

    def __init__(self) -> None:
        self.kept = Remembered(frozenset(MARKETS))
        self.written = 0
        self.broken = False

    async def read(self) -> Remembered:
        return self.kept

    async def write(self, remembered: Remembered) -> None:
        if self.broken:
            raise StoreError("the database does not answer: disk I/O error")
        self.kept = remembered
        self.written += 1


class Followed:
    """An exchange with two markets of an upstream, and a third with prices of its own; the upstream's next answer."""

    def __init__(self, wanted: str, *, heard: bool) -> None:
        self.clock = VirtualClock()
        self.own = replace(MARKETS["BTCUSDT"], symbol="AAPLUSDT", base="AAPL")
        self.desk = Desk(self.clock, ())
        views = Views()
        self.data = views.marketdata
        self.desk.listeners.append(views.fold)
        self.memory = Book()
        self.says: ExchangeInfo | FeedFailed = answer([BTC, ETH])
        self.asked = 0
        settings = read_settings(folder("config"), {"symbols": wanted}, environment={})
        self.relisting = Relisting(
            clock=self.clock,
            ask=self.desk,
            data=self.data,
            memory=self.memory,
            ask_upstream=self._ask_upstream,
            relist=lambda listing: list_markets(FILE, settings, ("binance",), listing),
            fed=lambda symbol: symbol != "AAPLUSDT",
            heard=heard,
        )

    async def begin(self) -> None:
        for name in ("BTC", "ETH", "AAPL", "USDT"):
            await self.desk(PutAsset(Asset(name)))
        for market in (*MARKETS.values(), self.own):
            await self.desk(PutMarket(market))

    async def _ask_upstream(self) -> ExchangeInfo:
        self.asked += 1
        if isinstance(self.says, FeedFailed):
            raise self.says
        return self.says

    async def hear(self, *symbols: dict[str, Any], after_s: float = 600) -> list[Command]:
        """Ten minutes later the upstream lists these; gives what the exchange was asked for."""
        self.says = answer(symbols)
        return await self.wait(after_s)

    async def wait(self, seconds: float) -> list[Command]:
        before = len(self.desk.asked)
        await self.clock.pass_time(seconds)
        await settle()
        return self.desk.asked[before:]

    async def halt(self, symbol: str) -> None:
        await self.desk(PutMarket(replace(self.data.markets[symbol].market, status=HALT)))


@asynccontextmanager
async def followed(wanted: str = "", *, heard: bool = True) -> AsyncIterator[Followed]:
    world = Followed(wanted, heard=heard)
    await world.begin()
    running = asyncio.create_task(world.relisting.run())
    try:
        yield world
    finally:
        running.cancel()
        await asyncio.wait([running])


def put(*markets: Market) -> list[PutMarket]:
    return [PutMarket(market) for market in markets]


def read(*symbols: dict[str, Any]) -> Iterable[Market]:
    return read_listing(answer(symbols)).markets.values()


async def test_changed_rules_are_taken_over_every_ten_minutes_and_only_then() -> None:
    async with followed() as world:
        assert ([], 0) == (await world.hear(COARSE, ETH, after_s=599), world.asked)
        assert put(*read(COARSE)) == await world.wait(1)
        assert ([], 2) == (await world.wait(600), world.asked)
        assert 0 == world.memory.written


async def test_an_upstream_that_was_not_heard_at_the_start_is_read_at_once() -> None:
    async with followed(heard=False) as world:
        await world.wait(0)

        assert 1 == world.asked


async def test_a_market_that_the_upstream_halts_or_drops_stops_here_and_comes_back() -> None:
    bitcoin, ether = MARKETS.values()
    async with followed() as world:
        assert put(replace(bitcoin, status=HALT)) == await world.hear(symbol(status="HALT"), ETH)
        assert frozenset({"BTCUSDT"}) == world.memory.kept.halted
        assert put(bitcoin, replace(ether, status=BREAK)) == await world.hear(BTC)
        assert frozenset() == world.memory.kept.halted
        assert put(ether) == await world.hear(BTC, ETH)


async def test_a_market_that_a_person_halted_is_never_touched() -> None:
    async with followed() as world:
        await world.halt("BTCUSDT")

        assert [] == await world.hear(COARSE, ETH)
        assert [] == await world.hear(symbol(status="HALT"), ETH)
        assert [] == await world.hear(ETH)
        assert [] == await world.hear(BTC, ETH)
        assert Remembered(frozenset(MARKETS)) == world.memory.kept


async def test_a_market_that_the_upstream_never_had_is_never_touched() -> None:
    async with followed() as world:
        world.memory.kept = Remembered(frozenset({"BTCUSDT"}))

        assert [] == await world.hear(BTC)
        assert put(*read(COARSE)) == await world.hear(COARSE)


async def test_a_market_that_the_upstream_does_not_feed_is_never_touched() -> None:
    async with followed("all") as world:
        assert [] == await world.hear(BTC, ETH, symbol("AAPL", filters=changed("LOT_SIZE", stepSize="1.00000000")))


@pytest.mark.parametrize(("wanted", "is_listed"), [("all", True), ("", False), ("BTCUSDT,ETHUSDT", False)])
async def test_a_new_market_is_listed_where_all_are(wanted: str, is_listed: bool) -> None:
    async with followed(wanted) as world:
        new: list[Command] = [PutAsset(Asset("DOGE")), *put(*read(symbol("DOGE")))]

        assert (new if is_listed else []) == await world.hear(BTC, ETH, symbol("DOGE"))
        assert [] == await world.hear(BTC, ETH, symbol("DOGE"))


async def test_a_market_of_the_file_that_the_upstream_begins_to_list_is_new_too() -> None:
    async with followed("all") as world:
        assert [PutAsset(Asset("SOL", "Solana")), *put(*read(SOL))] == await world.hear(BTC, ETH, SOL)


async def test_an_upstream_that_fails_or_lists_nothing_of_ours_changes_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with followed("all") as world:
        world.says = FeedFailed("it is gone", retry_after_s=90)
        assert ([], 1) == (await world.wait(600), world.asked)
        assert ([], []) == (await world.wait(89), await world.hear(after_s=1))
        assert (2, "the upstream lists no spot market") == (world.asked, caplog.messages[-1].split(": ")[1])
        assert [] == await world.hear(symbol("OTHER"), after_s=60)
        assert "the upstream lists none of BTCUSDT, ETHUSDT; nothing is changed" == caplog.messages[-1]
        assert put(*read(COARSE)) == await world.hear(COARSE, ETH)


async def test_an_exchange_that_refuses_is_asked_again_a_minute_later() -> None:
    async with followed() as world:
        world.desk.refusals.append(Reason.OVERLOADED)

        assert put(*read(COARSE)) == await world.hear(COARSE, ETH)
        assert put(*read(COARSE)) == await world.wait(60)


async def test_a_halt_that_cannot_be_remembered_yet_waits_for_the_database() -> None:
    halted = symbol(status="HALT")
    async with followed() as world:
        world.memory.broken = True
        assert [] == await world.hear(halted, ETH)
        world.memory.broken = False
        assert put(*read(halted)) == await world.wait(60)


async def test_what_cannot_be_traded_here_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    small = symbol("SMALL", orderTypes=[])
    with caplog.at_level(logging.INFO, "hypersim.feeds.binance.relisting"):
        async with followed("all") as world:
            await world.hear(BTC, ETH, small)
            await world.hear(BTC, ETH, small)
            await world.hear(COARSE, ETH, small)

    left_out = read_listing(answer([BTC, ETH, small])).left_out_in_words
    assert [left_out, "markets that changed upstream, and so here: 1 (BTCUSDT)"] == caplog.messages
