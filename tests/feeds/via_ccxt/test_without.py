"""Where ccxt is missing, does not know the exchange, cannot watch it, or is not asked for."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from hypersim.errors import SettingsError
from hypersim.feeds.ccxt.connection import Connection, check_known
from tests.adapter.guard import Guard

MADE = """
import sys
from hypersim.clock import WallClock
from hypersim.feeds.ccxt.feed import CcxtFeed
from hypersim.feeds.demand import Demand

clock = WallClock()
demand = Demand(clock, frozenset)
CcxtFeed(clock=clock, exchange_id="kraken", markets=(), interval_ms=1000, seed=1, traded=(), demand=demand)
print([name for name in ("ccxt", "aiohttp") if name in sys.modules])
"""


@pytest.mark.parametrize(
    ("exchange_id", "meant"),
    [
        ("krakn", ": do you mean ccxt:kraken?"),
        ("Binance", ": do you mean ccxt:binance?"),
        ("coin-base", ": do you mean ccxt:coinbase?"),
        ("", ""),
        ("../pro/kraken", ": do you mean ccxt:kraken?"),
    ],
)
def test_an_unknown_exchange_is_refused_with_the_nearest_one(exchange_id: str, meant: str) -> None:
    with pytest.raises(SettingsError) as refused:
        check_known(exchange_id)

    assert f"HYPERSIM_FEED=ccxt:{exchange_id}: ccxt has no exchange of that name{meant}" == str(refused.value)


def test_without_ccxt_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "ccxt"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if not Path(path, "ccxt").is_dir()])
    importlib.invalidate_caches()
    with pytest.raises(SettingsError) as refused:
        check_known("kraken")

    assert "HYPERSIM_FEED=ccxt:kraken needs ccxt: pip install 'hypersim-exchange[ccxt]'" == str(refused.value)


def test_a_feed_that_nobody_runs_imports_nothing() -> None:
    made = subprocess.run([sys.executable, "-c", MADE], capture_output=True, text=True, check=True)

    assert ("[]\n", "") == (made.stdout, made.stderr)


async def test_an_exchange_of_which_ccxt_knows_no_streams_is_polled(guard: Guard) -> None:
    connection = Connection("bit2c", {"timeout_on_exit": 0})  # its markets are those that ccxt itself lists
    async with connection.opened():
        can = [connection.can("watchOrderBook", "watchTrades"), connection.can("fetchOrderBook", "fetchTrades")]
        trades = [connection.trades("BTC/NIS"), connection.trades("BTC/USDT")]

    assert ([False, True], [True, False], "bit2c.co.il") == (can, trades, connection.host)
