"""One exchange for a test: real engine, writer, store, views, limits and routes; a clock that the test sets.

BTCUSDT stands at 50000: outside bids at 49990 and 49980, asks at 50010 and 50020, 1 BTC each. Alice and Bob
have 10000 USDT and 1 BTC each.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litestar import Litestar

from hypersim import resources
from hypersim.api.binance.routes import REFERENCE, answer_binance
from hypersim.api.unified.operations import Desk
from hypersim.api.unified.routes import answer_unified
from hypersim.engine.commands import Deposit, Ladder, OpenAccount, OutsideUpdate, Print, PutAsset, PutMarket
from hypersim.engine.orders import Side
from hypersim.feeds.demand import Demand
from hypersim.identity import KeyRing, MasterKey
from hypersim.limits import Limits
from hypersim.listenkeys import ListenKeys
from hypersim.marketsfile import read_markets
from hypersim.store.database import open_database
from hypersim.store.history import History
from hypersim.store.journal import SqlJournal
from hypersim.units import ONE, parse, to_amount
from hypersim.views.records import HistorySource
from hypersim.views.views import Views
from hypersim.world import World
from hypersim.writer import Writer
from tests.api.client import Client

START_US = 1_700_000_000_000_000
FEE_RATE = 100_000


class HandClock:
    """Time that stands still until the test moves it; then sleepers wake."""

    def __init__(self) -> None:
        self._time_us = START_US
        self._moved = asyncio.Event()

    @property
    def time_us(self) -> int:
        return self._time_us

    @time_us.setter
    def time_us(self, time_us: int) -> None:
        self._time_us = time_us
        self._moved.set()
        self._moved = asyncio.Event()

    def now_us(self) -> int:
        return self._time_us

    async def sleep(self, seconds: float) -> None:
        until_us = self._time_us + int(seconds * 1_000_000)
        while self._time_us < until_us:
            await self._moved.wait()


@dataclass
class Lab:
    """What a test holds."""

    world: World
    writer: Writer
    clock: HandClock
    app: Any
    alice: Client
    bob: Client

    @property
    def now_ms(self) -> int:
        return self.clock.time_us // 1000

    def state_hash(self) -> str:
        return self.writer._exchange.state_hash()

    async def ladder(self, symbol: str, bids: dict[str, str], asks: dict[str, str]) -> None:
        """The outside's whole book."""
        ladder = Ladder(
            bids=tuple((parse(price), parse(quantity)) for price, quantity in bids.items()),
            asks=tuple((parse(price), parse(quantity)) for price, quantity in asks.items()),
            full=True,
        )
        await self.world.ask(OutsideUpdate(symbol=symbol, ladder=ladder))

    async def deposit(self, asset: str, amount: str) -> None:
        """More for alice."""
        await self.world.ask(Deposit(account_id=1, asset=asset, amount=to_amount(parse(amount))))

    async def move(self, symbol: str, price: str) -> None:
        """The whole outside market goes to a price: a trade there, and 10 and 20 away 1 BTC each on either side."""
        at, last = parse(price), self.world.market(symbol).last_price(self.clock.time_us)
        near, far = parse("10"), parse("20")
        await self.world.ask(
            OutsideUpdate(
                symbol=symbol,
                prints=(Print(at, parse("0.00001"), Side.BUY if at >= last else Side.SELL),),
                ladder=Ladder(
                    bids=((at - near, ONE), (at - far, ONE)), asks=((at + near, ONE), (at + far, ONE)), full=True
                ),
            )
        )

    async def trade(self, symbol: str, price: str, quantity: str, aggressor: Side) -> None:
        """An outside trade."""
        trade = Print(parse(price), parse(quantity), aggressor)
        await self.world.ask(OutsideUpdate(symbol=symbol, prints=(trade,)))


@asynccontextmanager
async def open_lab(
    *, rate_limits: bool = False, open_mode: bool = False, past: HistorySource | None = None
) -> AsyncIterator[Lab]:
    """A world from nothing, gone afterwards. Both dialects answer; in open mode the unified one without signatures.
    `past` knows what was traded before.
    """
    clock, limits, keys, views = (
        HandClock(),
        Limits(enforced=rate_limits),
        KeyRing(MasterKey("test")),
        Views(past),
    )
    async with AsyncExitStack() as stack:
        database = open_database("sqlite://", memory=True)
        stack.callback(database.close)
        writer = Writer(SqlJournal(database), views, clock, reports=Path("/nowhere"))
        writer.listeners.append(limits.orders.fold)
        await writer.start()
        stack.push_async_callback(writer.stop)
        history = History(database, writer.projected, writer.missed)
        stack.callback(history.close)
        world = World(
            clock=clock,
            ask=writer.ask,
            markets=views.marketdata,
            accounts=views.accounts,
            history=history,
            keys=keys,
            limits=limits,
            listen_keys=ListenKeys(clock, enabled=True),
            demand=Demand(clock, views.accounts.symbols_with_orders),
        )
        desk = Desk(world=world, open=open_mode, maker_rate=FEE_RATE, taker_rate=FEE_RATE)
        others = Litestar(REFERENCE, openapi_config=None, logging_config=None)
        app = answer_binance(world, answer_unified(desk, others))
        await _furnish(world)
        alice = await _open_account(world, app, 1, "alice")
        bob = await _open_account(world, app, 2, "bob")
        lab = Lab(world, writer, clock, app, alice, bob)
        await lab.ladder("BTCUSDT", {"49990": "1", "49980": "1"}, {"50010": "1", "50020": "1"})
        await lab.trade("BTCUSDT", "50000", "0.01", Side.BUY)
        yield lab
        writer._exchange.check()


async def _furnish(world: World) -> None:
    """The assets and markets of the configuration."""
    listed = read_markets(resources.folder("config") / "markets.toml")
    for asset in listed.assets:
        await world.ask(PutAsset(asset))
    for market in listed.markets:
        await world.ask(PutMarket(market))


async def _open_account(world: World, app: Any, account_id: int, name: str) -> Client:
    """10000 USDT and 1 BTC, with the key '<name>_key' and the secret '<name>_secret'."""
    balances = (("USDT", to_amount(parse("10000"))), ("BTC", to_amount(parse("1"))))
    issued = world.keys.issue(account_id, world.clock.now_us(), api_key=f"{name}_key", secret=f"{name}_secret")
    command = OpenAccount(account_id=account_id, maker_rate=FEE_RATE, taker_rate=FEE_RATE, balances=balances)
    await world.ask(command, rows=[issued.row])
    world.keys.add(issued.row)
    return Client(app, issued.row.api_key, f"{name}_secret")
