"""Worlds of a chosen size: what they hold, how they come into an engine or a database, and a server on one.

A world has accounts that trade in pairs, and a crowd whose orders only rest. What a pair does is always the same, so
that only the size of the world around it changes: a bid at the best price, which joins the back of its level, then an
ask that takes the front of it. The book stays as deep as it was made.

Run as a program, `python -m benchmarks.worlds CONFIG URL`, it is a server with a folder of settings of its own.
"""

import asyncio
import hashlib
import hmac
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import httpx
from msgspec import Struct

from hypersim.ask import AT_ONCE, ask_in_order
from hypersim.clock import WallClock
from hypersim.engine.commands import Command, OpenAccount, PlaceOrder, PutAsset, PutMarket
from hypersim.engine.orders import OrderType, Side, TimeInForce
from hypersim.feeds.binance.listing import list_markets
from hypersim.kept import Kept, keep
from hypersim.marketsfile import read_markets
from hypersim.resources import PACKAGE, folder
from hypersim.serve import serve
from hypersim.settings import NO_OUTSIDE, Settings, bare_environment, read_settings
from hypersim.store.database import open_database
from hypersim.units import AMOUNT_ONE, ONE
from hypersim.views.views import Views

QUOTE: Final = "USDT"
TICK: Final = ONE // 100
TOUCH: Final = 50_000 * ONE
FAR: Final = 5_000 * ONE
"""How far from the touch the traders' own orders rest, which nobody is to reach."""
OF_ONE: Final = 100
"""Orders that one account of the crowd has open: at most half of what Binance allows."""
FIRST_TRADER: Final = 2
"""Account ids count from here: the first is the demo account's, which every server in open mode has."""
FEE: Final = ONE // 1000
QUANTITY: Final = ONE // 1000
LEAST_LOG: Final = "warning"
MASTER_KEY: Final = "of a world that nobody keeps"

MARKETS: Final = """\
[defaults]
maker_fee_bps = 10
taker_fee_bps = 10
max_price = "1000000"
max_quantity = "9000"
market_max_quantity = "0"
min_notional = "5"
max_notional = "0"
bid_multiplier_up = "5"
bid_multiplier_down = "0.2"
ask_multiplier_up = "5"
ask_multiplier_down = "0.2"
average_price_minutes = 5
max_num_orders = 0
recovery_half_life_ms = 10000
queue_exponent = 1

[assets]
"""
"""Of config/markets.toml what the worlds share: an account may have any number of open orders."""


class Size(Struct, frozen=True, kw_only=True):
    """How large a world is. The smallest is that of all defaults."""

    resting: int = 10
    """Orders of the crowd on the first market, half on each side, from the touch outwards."""
    levels: int = 0
    """On so many levels of each side; 0: each on a level of its own."""
    accounts: int = 2
    """That trade; every other one only buys."""
    symbols: int = 1
    """On which they trade, one pair after the other."""
    open_orders: int = 0
    """That each trading account has beside, far from the touch on the first market."""

    @property
    def pairs(self) -> list[tuple[int, int, str]]:
        """(buyer, seller, symbol) in the order in which they trade, from the first again after the last."""
        buyers = range(FIRST_TRADER, FIRST_TRADER + self.accounts, 2)
        count = max(len(buyers), self.symbols)
        return [
            (buyers[number % len(buyers)], buyers[number % len(buyers)] + 1, symbol_of(number % self.symbols))
            for number in range(count)
        ]

    @property
    def traders(self) -> range:
        """Ids of the accounts that trade."""
        return range(FIRST_TRADER, FIRST_TRADER + self.accounts)

    @property
    def crowd(self) -> range:
        """Ids of the accounts that only wait."""
        return range(self.traders.stop, self.traders.stop + -(-self.resting // OF_ONE))

    @property
    def balances(self) -> tuple[tuple[str, int], ...]:
        """What every account begins with."""
        bases = ((base_of(number), 10**6 * AMOUNT_ONE) for number in range(self.symbols))
        return ((QUOTE, 10**10 * AMOUNT_ONE), *bases)


def base_of(number: int) -> str:
    return f"C{number:04}"


def symbol_of(number: int) -> str:
    return base_of(number) + QUOTE


def opened(account_id: int, size: Size) -> OpenAccount:
    """An account as the worlds have them."""
    return OpenAccount(account_id=account_id, maker_rate=FEE, taker_rate=FEE, balances=size.balances)


def resting(size: Size) -> Iterator[PlaceOrder]:
    """The orders that are there before anybody trades."""
    for number in range(size.resting):
        owner = size.crowd[number // OF_ONE]
        step = number // 2 % size.levels if size.levels else number // 2
        yield _apart(owner, f"crowd-{number}", number % 2 == 0, step * TICK)
    for nth, trader in enumerate(size.traders):
        for number in range(size.open_orders):
            yield _apart(trader, f"own-{number}", nth % 2 == 0, FAR + number * TICK)


def _apart(account_id: int, name: str, buys: bool, distance: int) -> PlaceOrder:
    """An order on the first market, so far from the touch."""
    side, price = (Side.BUY, TOUCH - distance) if buys else (Side.SELL, TOUCH + TICK + distance)
    return limit_order(account_id, symbol_of(0), side, price, name)


def limit_order(account_id: int, symbol: str, side: Side, price: int, name: str) -> PlaceOrder:
    """An order of the one quantity that all have, so that every trade fills two of them."""
    return PlaceOrder(
        account_id=account_id,
        symbol=symbol,
        side=side,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        client_order_id=name,
        quantity=QUANTITY,
        price=price,
    )


def write_config(path: Path, symbols: int) -> Path:
    """A folder of settings that lists so many markets."""
    path.mkdir()
    shutil.copy(folder("config") / "default.toml", path)
    lines = [MARKETS, f'{QUOTE} = "Quote"\n']
    lines += [f'{base_of(number)} = "Base"\n' for number in range(symbols)]
    lines += [
        f'\n[[markets]]\nsymbol = "{base_of(number)}/{QUOTE}"\ntick_size = "0.01"\nstep_size = "0.00001"\n'
        for number in range(symbols)
    ]
    (path / "markets.toml").write_text("".join(lines), encoding="utf-8")
    return path


def commands(size: Size, config: Path) -> Iterator[Command]:
    """Everything that makes a world of that size out of an empty engine."""
    file = read_markets(config / "markets.toml")
    yield from map(PutAsset, file.assets)
    yield from map(PutMarket, file.markets)
    for account_id in (*size.traders, *size.crowd):
        yield opened(account_id, size)
    yield from resting(size)


class Trader(Struct, frozen=True):
    """An account that trades, and what it signs with."""

    api_key: str
    secret: str

    def request(self, method: str, path: str, parameters: Mapping[str, object]) -> str:
        """A signed request as text, good for a minute."""
        head = f"Host: 127.0.0.1\r\nX-MBX-APIKEY: {self.api_key}\r\nContent-Length: 0\r\n\r\n"
        return f"{method} {path}?{self._signed(parameters)} HTTP/1.1\r\n{head}"

    def ask(self, port: int, path: str, parameters: Mapping[str, object]) -> None:
        """Gets something that is signed, and waits for it. Raises when that is refused."""
        url = f"http://127.0.0.1:{port}{path}?{self._signed(parameters)}"
        httpx.get(url, headers={"X-MBX-APIKEY": self.api_key}, trust_env=False).raise_for_status()

    def _signed(self, parameters: Mapping[str, object]) -> str:
        stamp = {"recvWindow": 60_000, "timestamp": time.time_ns() // 1_000_000}
        query = urlencode({**parameters, **stamp})
        return f"{query}&signature={hmac.new(self.secret.encode(), query.encode(), hashlib.sha256).hexdigest()}"


def settings_of(config: Path, url: str) -> Settings:
    """How a world is served: nothing outside, no limits."""
    given = {
        "database_url": url,
        "feed": NO_OUTSIDE,
        "rate_limits": "off",
        "port": "0",
        "log_level": LEAST_LOG,
        "master_key": MASTER_KEY,
    }
    return read_settings(config, given, environment={})


def store(size: Size, config: Path, url: str) -> dict[int, Trader]:
    """Writes a world into an empty database as a server would have, and ends it in order: with a snapshot. Returns the
    accounts that trade, by id.
    """
    return asyncio.run(_store(size, settings_of(config, url)))


async def _store(size: Size, settings: Settings) -> dict[int, Trader]:
    file = read_markets(settings.config / "markets.toml")
    listed = list_markets(file, settings, settings.feed, None, silent=False)
    database = open_database(settings.database_url)
    try:
        async with keep(settings, listed, database, Views(), WallClock()) as kept:
            traders = await _open_accounts(kept, size)
            await ask_in_order(kept.ask, list(resting(size)))
    finally:
        database.close()
    return traders


async def _open_accounts(kept: Kept, size: Size) -> dict[int, Trader]:
    traders = {}
    for first in range(0, size.accounts, AT_ONCE):
        some = size.traders[first : first + AT_ONCE]
        opening = [kept.open_account(size.balances) for _ in some]
        for account_id, credentials in zip(some, await asyncio.gather(*opening), strict=True):
            assert credentials.secret is not None
            assert credentials.row.account_id == account_id
            traders[account_id] = Trader(credentials.row.api_key, credentials.secret)
    await ask_in_order(kept.ask, [opened(account_id, size) for account_id in size.crowd])
    return traders


class Served(Struct, frozen=True):
    """A server on a world."""

    port: int
    pid: int
    start_s: float
    """Until it served."""


@contextmanager
def serving(config: Path, url: str) -> Iterator[Served]:
    """A server process on the world in a database, for a `with` block."""
    command = [sys.executable, "-m", "benchmarks.worlds", str(config), url]
    environment = bare_environment() | {"PYTHONPATH": str(PACKAGE.parent)}
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=config.parent
    )
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline().strip().rpartition(":")[2])
        yield Served(port, process.pid, time.perf_counter() - begun)
    finally:
        process.kill()
        process.wait()


def main() -> None:
    """Serves until standard input ends."""
    config, url = sys.argv[1:]
    serve(settings_of(Path(config), url), lambda _, where: print(where, flush=True), while_stdin_is_open=True)


if __name__ == "__main__":
    main()
