"""A world brought in line with what is listed: begun with an upstream, opened again with and without it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from hypersim.__main__ import main
from hypersim.clock import WallClock
from hypersim.engine.commands import PutMarket
from hypersim.engine.events import Committed
from hypersim.engine.market import Market, MarketStatus
from hypersim.engine.orders import Side
from hypersim.errors import StartError
from hypersim.feeds.binance.listing import list_markets, read_listing
from hypersim.kept import keep, read_remembered
from hypersim.markets import Listed, MarketsFile, Remembered
from hypersim.resources import folder
from hypersim.settings import Settings, read_settings
from hypersim.store.database import open_database
from hypersim.store.journal import SqlJournal
from hypersim.store.verify import verify
from hypersim.views.views import Views
from tests.feeds.listings import answer, changed, many, symbol
from tests.feeds.markets import FILE, MARKETS
from tests.store.lives import SET_UP, Scribe, order
from tests.writer.rig import turns

BREAK, HALT, TRADING = MarketStatus.BREAK, MarketStatus.HALT, MarketStatus.TRADING


class Life:
    """A world in one file, opened again and again."""

    def __init__(self, path: Path) -> None:
        self.settings = self.asking("")
        self.url = f"sqlite:///{path / 'world.db'}"

    @staticmethod
    def asking(symbols: str) -> Settings:
        return read_settings(folder("config"), {"symbols": symbols}, environment={})

    async def open(self, listed: Listed, *by_hand: PutMarket) -> tuple[int, dict[str, Market]]:
        """Opens it, carries commands of a person out; gives how many commands it has seen, and its markets."""
        database = open_database(self.url)
        try:
            async with keep(self.settings, listed, database, Views(), WallClock()) as kept:
                for command in by_hand:
                    await kept.writer.ask(command)
                markets = {symbol: view.market for symbol, view in kept.views.marketdata.markets.items()}
                return kept.writer.sequence, markets
        finally:
            database.close()

    async def remembered(self) -> Remembered:
        database = open_database(self.url)
        try:
            return read_remembered(database)
        finally:
            database.close()


@pytest.fixture
def life(tmp_path: Path) -> Life:
    return Life(tmp_path)


def heard(*symbols: dict[str, Any], wanted: str = "", file: MarketsFile = FILE) -> Listed:
    return list_markets(file, Life.asking(wanted), ("binance",), read_listing(answer(symbols)))


def silent(wanted: str = "", file: MarketsFile = FILE) -> Listed:
    return list_markets(file, Life.asking(wanted), ("binance",), None, silent=True)


def made_up(wanted: str = "") -> Listed:
    return list_markets(FILE, Life.asking(wanted), ("synthetic",), None)


def filed(**changes: Any) -> MarketsFile:
    """The file, with Bitcoin's market different."""
    return replace(FILE, markets=(replace(FILE.markets[0], **changes), *FILE.markets[1:]))


COARSE = symbol(filters=changed("PRICE_FILTER", tickSize="0.50000000", minPrice="0.50000000"))
"""Bitcoin's market with another tick than the file has."""


async def test_rules_of_the_upstream_stay_while_it_is_silent_and_come_anew_once_they_changed(life: Life) -> None:
    begun, coarse = await life.open(heard(COARSE))
    offline = await life.open(silent())
    again = await life.open(heard(COARSE))
    later, fine = await life.open(heard(symbol()))

    assert [(begun, coarse)] * 2 == [offline, again]
    assert (begun + 1, [50_000_000, 1_000_000]) == (later, [each["BTCUSDT"].tick_size for each in (coarse, fine)])


async def test_the_file_says_while_the_upstream_is_silent_how_real_a_market_is_and_what_it_never_ruled(
    life: Life,
) -> None:
    _, coarse = await life.open(heard(COARSE))
    file = filed(tick_size=7, queue_exponent=3)
    dearer = replace(file.markets[1], min_notional=7)
    _, found = await life.open(silent(file=replace(file, markets=(file.markets[0], dearer, *file.markets[2:]))))

    assert replace(coarse["BTCUSDT"], queue_exponent=3) == found["BTCUSDT"]
    assert dearer == found["ETHUSDT"]


async def test_a_world_that_never_heard_an_upstream_follows_the_file(life: Life) -> None:
    await life.open(silent())
    _, found = await life.open(silent(file=filed(tick_size=7)))

    assert 7 == found["BTCUSDT"].tick_size


async def test_without_an_upstream_that_has_a_say_the_file_rules_again(life: Life) -> None:
    begun, _ = await life.open(heard(COARSE))

    assert (begun + 2, MARKETS) == await life.open(made_up())  # and what is kept of the upstream is forgotten
    assert Remembered() == await life.remembered()


async def test_all_symbols_stay_while_the_upstream_is_silent(life: Life) -> None:
    begun, all_of_them = await life.open(heard(*many(40), wanted="all"))

    assert 47 == len(all_of_them)
    assert (begun, all_of_them) == await life.open(silent("all"))
    assert (begun, all_of_them) == await life.open(heard(*many(40), wanted="all"))


async def test_all_symbols_but_the_files_stop_trading_where_the_upstream_has_no_say(life: Life) -> None:
    await life.open(heard(*many(8), wanted="all"))
    _, found = await life.open(made_up("all"))

    assert {market["symbol"]: BREAK for market in many(8)} | dict.fromkeys(MARKETS, TRADING) == {
        symbol: market.status for symbol, market in found.items()
    }


async def test_what_the_upstream_no_longer_lists_stops_trading_and_comes_back_when_it_does(life: Life) -> None:
    one, other = many(2)
    statuses = []
    for theirs in ([one, other], [one], [one, other]):
        _, found = await life.open(heard(*theirs, wanted="all"))
        statuses.append(found[other["symbol"]].status)

    assert [TRADING, BREAK, TRADING] == statuses


async def test_a_market_of_the_file_that_the_upstream_dropped_is_not_made_up_under_peoples_orders(life: Life) -> None:
    statuses = []
    for theirs in ([symbol(), symbol("ETH")], [symbol()], [symbol()], [symbol(), symbol("ETH")]):
        _, found = await life.open(heard(*theirs))
        statuses.append((found["ETHUSDT"].status, found["AAPLUSDT"].status))

    assert [(TRADING, TRADING), (BREAK, TRADING), (BREAK, TRADING), (TRADING, TRADING)] == statuses
    await life.open(heard(symbol()))
    assert MARKETS == (await life.open(made_up()))[1]


async def test_what_the_upstream_halted_it_resumes_and_what_a_person_halted_only_a_person(life: Life) -> None:
    theirs = symbol(), symbol("ETH")
    halted = symbol(status="HALT"), symbol("ETH", status="HALT")
    _, begun = await life.open(heard(*theirs))
    by_hand = PutMarket(replace(begun["ETHUSDT"], status=HALT))
    statuses = []
    gone = heard(symbol())
    for listed, *commands in ((heard(*theirs), by_hand), (heard(*halted),), (silent(),), (gone,), (heard(*theirs),)):
        await life.open(listed, *commands)
        _, found = await life.open(listed)
        statuses.append((found["BTCUSDT"].status, found["ETHUSDT"].status))

    assert [(TRADING, HALT), (HALT, HALT), (HALT, HALT), (TRADING, HALT), (TRADING, HALT)] == statuses


async def test_a_symbol_that_nobody_has_keeps_a_new_world_from_starting_and_no_other(life: Life) -> None:
    theirs = symbol("DOGE")
    with pytest.raises(StartError) as unknown:
        await life.open(silent("DOGEUSDT"))
    begun, markets = await life.open(heard(theirs, wanted="DOGEUSDT"))
    offline = await life.open(silent("DOGEUSDT"))
    _, gone = await life.open(heard(symbol(), wanted="DOGEUSDT"))

    assert str(unknown.value).startswith("symbols: DOGEUSDT is not in markets.toml, which has AAPLUSDT, BNBUSDT, ")
    assert str(unknown.value).endswith("; no upstream that may have it has answered")
    assert (begun, markets) == offline
    assert {"DOGEUSDT": BREAK} == {symbol: market.status for symbol, market in gone.items()}


async def test_a_symbol_that_has_other_assets_than_in_this_world_stays_as_it_is(life: Life) -> None:
    begun, markets = await life.open(silent())
    other = replace(FILE.markets[0], base="ETH")

    assert (begun, markets) == await life.open(silent(file=replace(FILE, markets=(other, *FILE.markets[1:]))))


async def test_an_account_that_is_added_between_two_starts_leaves_the_markets_as_they_are(
    life: Life, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HYPERSIM_SYMBOLS", "ETHBTC")
    begun, markets = await life.open(heard(COARSE, *many(8), wanted="all"))
    added = await asyncio.to_thread(main, ["user", "add", "--database-url", life.url, "--balance", "COIN0=1"])

    assert (0, 2) == (added, json.loads(capsys.readouterr().out)["accountId"])
    assert (begun + 1, markets) == await life.open(heard(COARSE, *many(8), wanted="all"))


async def test_fourteen_hundred_markets_are_listed_once_and_in_order(life: Life) -> None:
    theirs = heard(*many(1400), wanted="all")
    begun, markets = await life.open(theirs)

    assert [market.symbol for market in theirs.markets] == list(markets)
    assert len(theirs.assets) + len(theirs.markets) + len(["what is kept of the upstream", "the demo account"]) == begun
    assert (begun, markets) == await life.open(theirs)


async def test_a_start_that_cannot_write_what_is_to_be_projected_says_so_and_loses_nothing(
    life: Life, tmp_path: Path
) -> None:
    full = "CREATE TRIGGER full BEFORE INSERT ON orders BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
    with contextlib.closing(open_database(life.url)) as database:
        scribe = Scribe(SqlJournal(database))
        scribe.behind = True
        scribe.write(*SET_UP, order(1, Side.BUY, 1, 90, "waits"))
        with database.transaction() as connection:
            connection.execute(text(full))
    with pytest.raises(StartError, match=rf"^cannot use {tmp_path}/world\.db: database or disk is full$"):
        await life.open(made_up())
    with contextlib.closing(open_database(life.url)) as database, database.transaction() as connection:
        connection.execute(text("DROP TRIGGER full"))
    sequence, _ = await life.open(made_up())

    assert scribe.sequence < sequence == verify(life.url).projected


async def test_a_start_that_is_given_up_while_it_projects_closes_nothing_under_it(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    with contextlib.closing(open_database(life.url)) as database:
        scribe = Scribe(SqlJournal(database))
        scribe.behind = True
        scribe.write(*SET_UP)
    project, reached, go_on = SqlJournal.project, threading.Event(), threading.Event()

    def held(journal: SqlJournal, records: Sequence[Committed]) -> Callable[[], None]:
        store = project(journal, records)
        reached.set()
        assert go_on.wait(20)
        return store

    monkeypatch.setattr(SqlJournal, "project", held)
    opening = asyncio.ensure_future(life.open(made_up()))
    assert await asyncio.to_thread(reached.wait, 20)
    opening.cancel()
    await turns()
    assert not opening.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await opening

    assert scribe.sequence == verify(life.url).projected
