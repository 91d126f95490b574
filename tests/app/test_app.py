"""The composition root: worlds beside one another, a store that fails, and prices that do not come."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from hypersim import app as app_module
from hypersim.app import Running, open_exchange
from hypersim.ask import JoinedRow, KeyRow
from hypersim.clock import WallClock
from hypersim.engine.commands import Ladder, OpenAccount, OutsideUpdate, PlaceOrder
from hypersim.engine.events import Committed
from hypersim.engine.orders import OrderType, Side, TimeInForce
from hypersim.errors import Refused, StartError
from hypersim.feeds.synthetic.history import SyntheticHistory
from hypersim.resources import folder
from hypersim.settings import Settings, read_settings
from hypersim.store.database import Database
from hypersim.store.journal import SqlJournal
from hypersim.store.people import load_keys
from hypersim.units import ONE
from hypersim.writer import WriterFailed
from tests.pairs import PAIRS


def settings(path: Path | None = None, **given: str) -> Settings:
    if path is not None:
        given["database_url"] = f"sqlite:///{path}"
    return read_settings(
        folder("config"),
        {"feed": "synthetic", "rate_limits": "off", **given},
        environment={},
        memory=path is None,
    )


@asynccontextmanager
async def opened(chosen: Settings) -> AsyncIterator[tuple[Running, httpx.AsyncClient]]:
    """An exchange in this process, and a client of it."""
    async with open_exchange(chosen) as running:
        app: Any = running.app  # httpx and Litestar word the same protocol differently
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            yield running, client


async def test_two_worlds_fit_in_one_process_and_do_not_meet() -> None:
    async with opened(settings()) as (_, one), opened(settings(seed="2")) as (_, two):
        await one.post("/sim/v1/market/BTCUSDT", json={"price": "50000"})
        mine = (await one.post("/sim/v1/accounts", json={"apiKey": "mine"})).json()
        prices = [(await world.get("/v1/ticker/price?symbol=BTCUSDT")).json()["price"] for world in (one, two)]
        there = await two.post(
            "/sim/v1/faucet", json={"asset": "BTC", "amount": "1"}, headers={"X-MBX-APIKEY": mine["apiKey"]}
        )

        assert abs(float(prices[0]) - 50_000) < 1_000
        assert float(prices[1]) > 60_000
        assert 401 == there.status_code


async def test_it_serves_with_a_first_ladder_of_every_symbol() -> None:
    async with opened(settings()) as (running, client):
        books = (await client.get("/v1/ticker/bookTicker")).json()

        assert [] == [row["symbol"] for row in books if not float(row["bidPrice"]) < float(row["askPrice"])]
        assert () == tuple(running.notes)


async def test_without_a_signature_a_key_is_trusted_in_open_mode_alone() -> None:
    account = OpenAccount(account_id=7, maker_rate=0, taker_rate=0)
    for mode, expected in (("on", 200), ("off", 401)):
        async with opened(settings(feed="none", open=mode, master_key="0123456789abcdef")) as (running, client):
            row = running.world.keys.issue(7, 0, api_key="mine", secret="secret").row
            await running.world.ask(account, rows=[row])
            running.world.keys.add(row)
            timestamp = str((await client.get("/unified/v1/time")).json()["timestamp"])
            payload = f"{timestamp}GET/unified/v1/balance".encode()
            signature = hmac.new(b"secret", payload, hashlib.sha256).hexdigest()
            key, signed = {"X-API-KEY": "mine"}, {"X-API-TIMESTAMP": timestamp, "X-API-SIGNATURE": signature}

            alone = await client.get("/unified/v1/balance", headers=key)
            assert (mode, expected) == (mode, alone.status_code)
            assert 200 == (await client.get("/unified/v1/balance", headers=key | signed)).status_code


class Flaky:
    """Makes the journal of this process lose commits: while `broken`, nothing is stored - or, with `stored`, nobody
    hears that it is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, stored: bool = False) -> None:
        self.broken = False
        self.lost = 0
        prepare = SqlJournal.prepare

        def prepared(
            journal: SqlJournal, records: Sequence[Committed], joined: Sequence[JoinedRow]
        ) -> Callable[[], Any]:
            store = prepare(journal, records, joined)

            def flaky() -> Any:
                if self.broken:
                    self.lost += 1
                    if stored:
                        store()
                    raise OSError("the disk is gone")
                return store()

            return flaky

        monkeypatch.setattr(SqlJournal, "prepare", prepared)


async def test_a_lost_commit_is_answered_as_unknown_and_the_exchange_comes_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    flaky = Flaky(monkeypatch)
    async with opened(settings(tmp_path / "x.db", feed="none")) as (_, client):
        first = (await client.post("/sim/v1/accounts", json={"apiKey": "first"})).json()
        flaky.broken = True
        doubtful = await client.post("/sim/v1/accounts", json={"apiKey": "doubtful"})
        flaky.broken = False
        states = set()
        while (health := await client.get("/health")).status_code != 200:
            states.add(health.json()["status"])
            await asyncio.sleep(0.01)
        again = (await client.post("/sim/v1/accounts", json={"apiKey": "doubtful"})).json()

        assert (503, "status_unknown") == (doubtful.status_code, doubtful.json()["error"]["code"])
        assert {"red"} >= states
        assert "doubtful" == again["apiKey"], "what was not stored did not happen"
        assert again["accountId"] > first["accountId"]


async def test_a_store_that_goes_on_failing_ends_the_exchange(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    flaky = Flaky(monkeypatch)
    async with AsyncExitStack() as stack:
        stack.enter_context(pytest.raises(WriterFailed, match="failed 3 times within a minute"))
        running, client = await stack.enter_async_context(opened(settings(tmp_path / "x.db", feed="none")))
        flaky.broken = True
        while not running.failure.done():
            await client.post("/sim/v1/accounts", json={})
            await asyncio.sleep(0.01)
        health = await client.get("/health")

        assert (503, "red") == (health.status_code, health.json()["status"])
        assert 3 == flaky.lost
        with pytest.raises(WriterFailed, match="failed 3 times within a minute"):
            running.failure.result()


async def test_a_key_in_doubt_is_read_as_soon_as_the_database_can_be(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    away = iter([True, True])

    def load(database: Database) -> list[KeyRow]:
        if next(away, False):
            raise sqlite3.OperationalError("away")
        return load_keys(database)

    class Paced(WallClock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(min(seconds, 0.01))

    async with open_exchange(settings(tmp_path / "x.db", feed="none"), Paced()) as running:
        monkeypatch.setattr(app_module, "load_keys", load)
        flaky = Flaky(monkeypatch, stored=True)
        flaky.broken = True
        command = OpenAccount(account_id=77, maker_rate=0, taker_rate=0)
        issued = running.world.keys.issue(77, running.world.clock.now_us(), label="", api_key="doubtful", secret=None)
        with pytest.raises(Refused):
            await running.world.ask(command, rows=[issued.row])
        flaky.broken = False
        async with asyncio.timeout(20):
            while "doubtful" not in running.world.keys:  # noqa: ASYNC110 - a thread brings it
                await asyncio.sleep(0.01)
        assert not running.failure.done()
        assert [] == list(away)


async def test_a_machine_whose_clock_was_set_back_is_led_by_the_world_that_is_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    chosen = settings(tmp_path / "x.db", feed="none")
    async with open_exchange(chosen, Later(2)):
        pass
    assert [] == [record for record in caplog.records if "behind the last command" in record.message]
    async with opened(chosen) as (running, client):
        assert running.world.clock.now_us() > WallClock().now_us() + 3_600_000_000
        now = (await client.get("/v1/time")).json()["serverTime"]
        query = f"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=50000&timestamp={now}"
        signature = hmac.new(b"test_secret_456", query.encode(), hashlib.sha256).hexdigest()
        answer = await client.post(f"/v1/order?{query}&signature={signature}", headers={"X-MBX-APIKEY": "test_key_123"})
        assert "NEW" == answer.json()["status"]
    assert 1 == len([record for record in caplog.records if "behind the last command" in record.message])


async def test_another_master_key_is_refused(tmp_path: Path) -> None:
    async with opened(settings(tmp_path / "x.db", feed="none", master_key="key of the test, one")):
        pass
    with pytest.raises(StartError, match="the master key is not the one that this database was begun with"):
        async with opened(settings(tmp_path / "x.db", feed="none", master_key="key of the test, two")):
            pass


async def test_a_damaged_public_key_is_one_sentence_at_start(tmp_path: Path) -> None:
    async with opened(settings(tmp_path / "x.db", feed="none")) as (_, client):
        answer = await client.post("/sim/v1/accounts", json={"publicKey": PAIRS["Ed25519"].public})
        assert 200 == answer.status_code
    with closing(sqlite3.connect(tmp_path / "x.db")) as damaged:
        damaged.execute("UPDATE api_keys SET public_key = substr(public_key, 1, 40) WHERE kind = 'ED25519'")
        damaged.commit()
    with pytest.raises(StartError) as refused:
        async with opened(settings(tmp_path / "x.db", feed="none")):
            pass
    told = "the database is damaged: of a key's public half, what the PEM holds cannot be read as a public key"
    assert told == str(refused.value)


async def test_a_world_begun_with_a_master_key_of_the_settings_asks_for_that_one(tmp_path: Path) -> None:
    async with opened(settings(tmp_path / "x.db", feed="none", master_key="key of the test, one")):
        pass
    with pytest.raises(StartError) as refused:
        async with opened(settings(tmp_path / "x.db", feed="none")):
            pass

    assert (
        "the key to the API secrets is missing: set HYPERSIM_MASTER_KEY to the one that this database was begun "
        f"with, or put {tmp_path / 'x.db.key'} back if the key was made here"
    ) == str(refused.value)


async def test_the_demo_key_is_worth_nothing_outside_of_open_mode(tmp_path: Path) -> None:
    async with opened(settings(tmp_path / "x.db", feed="none", master_key="key of the test, one")) as (running, _):
        assert "test_key_123" in running.world.keys
    closed = settings(tmp_path / "x.db", feed="none", master_key="key of the test, one", open="off")
    async with opened(closed) as (running, client):
        assert "test_key_123" not in running.world.keys
        assert 403 == (await client.get("/sim/v1/status")).status_code


async def test_a_feed_that_was_kept_has_the_same_past_under_another_seed(tmp_path: Path) -> None:
    """Candles from before the world began do not change once somebody has an order."""
    query = "/v1/klines?symbol=BTCUSDT&interval=1d&limit=30&endTime=1700000000000"
    async with opened(settings(tmp_path / "x.db", master_key="key of the test, one", seed="3")) as (_, client):
        past = (await client.get(query)).json()
        await order(client)
    async with opened(settings(tmp_path / "x.db", master_key="key of the test, one", seed="4")) as (_, client):
        assert past == (await client.get(query)).json()
    assert 30 == len(past)


async def order(client: httpx.AsyncClient) -> None:
    """One order of the demo account."""
    now = (await client.get("/v1/time")).json()["serverTime"]
    query = f"symbol=BTCUSDT&side=BUY&type=MARKET&quoteOrderQty=100&timestamp={now}"
    signature = hmac.new(b"test_secret_456", query.encode(), hashlib.sha256).hexdigest()
    answer = await client.post(f"/v1/order?{query}&signature={signature}", headers={"X-MBX-APIKEY": "test_key_123"})
    assert "FILLED" == answer.json()["status"]


class Later(WallClock):
    """A wall clock that is ahead: of a world that is opened again much later."""

    def __init__(self, hours: int) -> None:
        super().__init__()
        self._ahead_us = hours * 3_600_000_000

    def now_us(self) -> int:
        return super().now_us() + self._ahead_us


async def test_pasts_are_worked_out_in_a_thread_before_anybody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare = SyntheticHistory.prepare
    prepared: dict[str, int] = {}
    done = threading.Event()

    def watched(self: SyntheticHistory, symbol: str) -> None:
        prepare(self, symbol)
        prepared[symbol] = threading.get_ident()
        if prepared.keys() == {"BTCUSDT", "ETHUSDT", "ETHBTC"}:
            done.set()

    monkeypatch.setattr(SyntheticHistory, "prepare", watched)
    async with opened(settings(symbols="BTCUSDT,ETHUSDT,ETHBTC")):
        await asyncio.to_thread(done.wait)

        assert threading.get_ident() not in prepared.values()


async def rest_across_what_was_taken(running: Running) -> None:
    """A bid of 0.1 at 60000 meets asks of 0.04 at 59000, which count as taken there."""
    await running.world.ask(
        PlaceOrder(
            account_id=1,
            symbol="BTCUSDT",
            side=Side.BUY,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.GTC,
            client_order_id="patient",
            quantity=ONE // 10,
            price=60_000 * ONE,
        )
    )
    asks = Ladder(asks=((59_000 * ONE, 4 * ONE // 100),), full=True)
    await running.world.ask(OutsideUpdate(symbol="BTCUSDT", ladder=asks))


async def test_what_the_outside_quoted_before_a_restart_fills_nobody_after_it(tmp_path: Path) -> None:
    chosen = settings(tmp_path / "world.db", feed="binance", binance_api_url="http://127.0.0.1:9", symbols="BTCUSDT")
    async with open_exchange(chosen) as running:
        await rest_across_what_was_taken(running)
        (before,) = running.world.accounts.open_orders(1)
    async with open_exchange(chosen, Later(hours=1)) as running:
        await asyncio.sleep(0.5)  # what was taken comes back within a quarter of a second, where it does
        (after,) = running.world.accounts.open_orders(1)

        assert 4 * ONE // 100 == before.executed
        assert before == after
        assert ([(60_000 * ONE, before.leaves)], []) == running.world.markets.markets["BTCUSDT"].depth(5)[1:]


async def test_an_emptied_world_is_answered_with_its_own_new_prices() -> None:
    async with opened(settings(symbols="BTCUSDT", market_update_interval="100ms")) as (running, client):
        market = running.world.markets.markets["BTCUSDT"]
        for _ in range(12):
            await client.post("/sim/v1/market/BTCUSDT", json={"price": "50000"})
            assert 200 == (await client.post("/sim/v1/reset", json={})).status_code
            first, quote = market.timeline.first, market.best_ask

            assert first is not None
            assert quote is not None
            assert min(first.price, quote[0]) > 60_000 * ONE
