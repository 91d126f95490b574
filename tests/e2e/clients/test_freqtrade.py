"""What freqtrade asks of an exchange, in its order, through ccxt with the configuration printed for it.

freqtrade itself brings more than a test of every day should install: the slow tests have it, and let it trade.
"""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import ccxt
import ccxt.async_support
import pytest

from ccxt_adapter import hypersim
from hypersim.settings import bare_environment
from hypersim.testing import Account
from tests.e2e.clients.exchanges import by_id, printed
from tests.e2e.clients.libraries import environment

MINUTE_MS = 60_000
STRATEGIES: Final = Path(__file__).parent
PATIENCE_S: Final = 120
HASTE: Final = {
    "entry_pricing": {"price_side": "other"},
    "exit_pricing": {"price_side": "other"},
    "max_open_trades": 1,
    "exchange": {"pair_whitelist": ["BTC/USDT"]},
    "internals": {"process_throttle_secs": 1},
}
"""What a test adds to the printed configuration so that it need not wait for its turn at the best price."""


@pytest.fixture
def settings(hypersim_account: Account) -> dict[str, Any]:
    """The configuration file."""
    read: dict[str, Any] = json.loads(printed("freqtrade", hypersim_account))
    return read


@pytest.fixture
def config(settings: dict[str, Any]) -> dict[str, Any]:
    """What freqtrade makes of it for ccxt's classes."""
    exchange = settings["exchange"]
    return {"apiKey": exchange["key"], "secret": exchange["secret"], **exchange["ccxt_config"]}


@pytest.fixture
async def looking(config: dict[str, Any]) -> AsyncIterator[ccxt.async_support.binance]:
    """The class with which freqtrade looks at the market, which loads the markets for both."""
    async with ccxt.async_support.binance(config) as exchange:
        exchange.timeout_on_exit = 0
        await exchange.load_markets(reload=True, params={})
        yield exchange


@pytest.fixture
def trading(config: dict[str, Any], looking: ccxt.async_support.binance) -> Iterator[ccxt.binance]:
    """The class with which it trades."""
    exchange = ccxt.binance(config)
    exchange.set_markets_from_exchange(looking)
    exchange.options = looking.options
    yield exchange
    exchange.session.close()


async def test_it_starts_up(trading: ccxt.binance, settings: dict[str, Any]) -> None:
    assert set(settings["exchange"]["pair_whitelist"]) <= set(trading.markets)
    assert abs(trading.fetch_time() - trading.milliseconds()) < MINUTE_MS
    assert trading.fetch_balance()["free"][settings["stake_currency"]] >= settings["stake_amount"]
    assert set(trading.markets) == set(trading.fetch_trading_fees())
    assert [] == trading.sapi_get_spot_delist_schedule()
    assert set(trading.markets) == set(trading.fetch_tickers())
    for limit in (5, 10, 20, 50, 100, 500, 1000):
        book = trading.fetch_l2_order_book("BTC/USDT", limit)
        assert 0 < len(book["bids"]) <= limit


async def test_it_looks_at_the_past_as_far_as_it_goes(looking: ccxt.async_support.binance) -> None:
    newest = await looking.fetch_ohlcv("BTC/USDT", timeframe="5m", limit=1000, params={})
    since = newest[0][0] - 1000 * 5 * MINUTE_MS
    older = await looking.fetch_ohlcv("BTC/USDT", timeframe="5m", since=since, limit=1000, params={})

    assert (1000, 1000) == (len(newest), len(older))
    assert older[-1][0] + 5 * MINUTE_MS == newest[0][0]


async def test_it_pages_through_the_trades_from_the_first_on(looking: ccxt.async_support.binance) -> None:
    following, trades = "0", []
    while page := by_id(await looking.fetch_trades("BTC/USDT", params={"fromId": following}, limit=1000)):
        trades += page
        following = str(int(page[-1]["id"]) + 1)

    first = int(trades[0]["id"])
    assert list(range(first, first + len(trades))) == [int(trade["id"]) for trade in trades]


async def test_it_enters_is_filled_and_leaves(trading: ccxt.binance, settings: dict[str, Any]) -> None:
    [pair, *_] = settings["exchange"]["pair_whitelist"]
    started = trading.fetch_time()
    best = trading.fetch_l2_order_book(pair, 5)
    amount = trading.amount_to_precision(pair, settings["stake_amount"] / best["asks"][0][0])
    waiting = trading.create_order(
        pair, "limit", "buy", float(amount), best["bids"][-1][0] * 0.9, {"timeInForce": "GTC"}
    )
    assert "open" == trading.fetch_order(waiting["id"], pair)["status"]
    assert "canceled" == trading.cancel_order(waiting["id"], pair, params={})["status"]

    entered = trading.create_order(pair, "market", "buy", float(amount))
    fees = [trade["fee"]["cost"] for trade in trading.fetch_my_trades(pair, started - 5_000, params={})]
    left = trading.create_order(
        pair, "market", "sell", float(trading.amount_to_precision(pair, float(amount) - sum(fees)))
    )
    assert ("closed", "closed") == (entered["status"], left["status"])
    assert [waiting["id"], entered["id"], left["id"]] == [
        order["id"] for order in trading.fetch_orders(pair, since=started - 5_000)
    ]


@pytest.fixture(scope="module")
def freqtrade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, in an environment of its own."""
    return environment(tmp_path_factory.mktemp("freqtrade"), "freqtrade").with_name("freqtrade")


@contextmanager
def trading_by_itself(freqtrade: Path, folder: Path, strategy: str, account: Account) -> Iterator[None]:
    """freqtrade, with the printed configuration, until the end of the block; it must come to an end in good order."""
    (folder / "printed.json").write_text(printed("freqtrade", account))
    (folder / "haste.json").write_text(json.dumps(HASTE))
    command = [str(freqtrade), "trade", "-v", "-c", "printed.json", "-c", "haste.json", "--userdir", "."]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--strategy", strategy, "--strategy-path", str(STRATEGIES)],
            cwd=folder,
            env=bare_environment() | {"HOME": str(folder), "COLUMNS": "1000"},
            stdout=log,
            stderr=log,
        )
    try:
        yield
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_S)
    finally:
        process.kill()
        process.wait()


def shown(exchange: hypersim) -> list[tuple[str, str, str]]:
    """(type, side, status) of the account's orders."""
    return [(order["info"]["type"], order["side"], order["status"]) for order in exchange.fetch_orders("BTC/USDT")]


def wait_until_it_shows(exchange: hypersim, orders: list[tuple[str, str, str]], folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while orders != (seen := shown(exchange)):
        assert time.monotonic() < deadline, (seen, (folder / "log").read_text()[-5_000:])
        time.sleep(0.2)


def remembered(folder: Path) -> tuple[Any, ...]:
    """(still open, why it was left, amount, price of entry and of leaving) of freqtrade's one trade."""
    with closing(sqlite3.connect(folder / "tradesv3.hypersim.sqlite")) as database:
        [trade] = database.execute("select is_open, exit_reason, amount, open_rate, close_rate from trades")
        return tuple(trade)


ENTERED: Final = [("LIMIT", "buy", "closed"), ("STOP_LOSS_LIMIT", "sell", "open")]
SOLD: Final = [("LIMIT", "buy", "closed"), ("STOP_LOSS_LIMIT", "sell", "canceled"), ("LIMIT", "sell", "closed")]
STOPPED: Final = [("LIMIT", "buy", "closed"), ("STOP_LOSS_LIMIT", "sell", "closed")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("strategy", "reason", "orders"),
    [("Leaves", "held long enough", SOLD), ("Stays", "stoploss_on_exchange", STOPPED)],
)
def test_freqtrade_itself_trades_with_its_stop_on_the_exchange(
    freqtrade: Path,
    tmp_path: Path,
    hypersim_account: Account,
    strategy: str,
    reason: str,
    orders: list[tuple[str, str, str]],
) -> None:
    server = hypersim_account.server
    exchange = hypersim({"hostname": server.hostname, **hypersim_account.credentials})
    with trading_by_itself(freqtrade, tmp_path, strategy, hypersim_account):
        if strategy == "Stays":
            wait_until_it_shows(exchange, ENTERED, tmp_path)
            server.move_market("BTCUSDT", path="-15% in 5s")
        wait_until_it_shows(exchange, orders, tmp_path)
        deadline = time.monotonic() + PATIENCE_S
        while remembered(tmp_path)[0]:
            assert time.monotonic() < deadline, (tmp_path / "log").read_text()[-5_000:]
            time.sleep(0.2)
    done = exchange.fetch_orders("BTC/USDT")
    exchange.session.close()

    entered, left = done[0], done[-1]
    assert (0, reason, entered["filled"], entered["average"], left["average"]) == remembered(tmp_path)
    assert entered["filled"] == left["filled"]
    assert "watch done BTC/USDT, 5m" in (tmp_path / "log").read_text()
