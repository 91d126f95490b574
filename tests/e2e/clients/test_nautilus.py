"""NautilusTrader's Binance adapter, unmodified, with the configuration that is printed for it: data and execution.

In an environment of its own, which takes long to make; so this is slow.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from hypersim.settings import bare_environment
from hypersim.testing import Account
from tests.e2e.clients.desk import ASKS, BIDS, Desk, stirred
from tests.e2e.clients.exchanges import printed
from tests.e2e.clients.libraries import environment

STRATEGY: Final = Path(__file__).with_name("nautilus_strategy.py")
PATIENCE_S: Final = 120

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python that has it."""
    return environment(tmp_path_factory.mktemp("nautilus"), "nautilus")


@contextmanager
def trading(python: Path, folder: Path, account: Account) -> Iterator[Iterator[dict[str, Any]]]:
    """What the strategy is told, in order, as it comes; the node ends with the block."""
    with subprocess.Popen(
        [python, STRATEGY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=folder,
        env=bare_environment() | {"HOME": str(folder)},
    ) as process:
        overdue = threading.Timer(PATIENCE_S, process.kill)
        overdue.start()
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(printed("nautilus", account))
            process.stdin.close()
            yield (json.loads(line) for line in process.stdout if line.startswith("{"))
        finally:
            overdue.cancel()
            process.kill()


def test_it_hears_of_the_market_and_its_orders_rest_are_cancelled_and_are_filled(
    python: Path, tmp_path: Path, desk: Desk, account: Account
) -> None:
    with stirred(desk), trading(python, tmp_path, account) as told:
        listed, market, accepted, cancelled, taken, filled, settled = (next(told) for _ in range(7))

    assert ("instruments", {"USDT": 1_000_000.0, "BTC": 10.0}) == (listed["told"], listed["balances"])
    assert ["AAPLUSDT", "BNBUSDT", "BTCUSDT", "ETHBTC", "ETHUSDT", "SOLUSDT", "XRPUSDT"] == listed["symbols"]
    assert {
        "told": "market",
        "trade": [50_000.0, 0.1, "BUYER"],
        "quote": [BIDS[0][0], ASKS[0][0]],
        "book": [price for price, _ in [*BIDS, *ASKS]],
    } == market
    assert [("accepted", 0), ("canceled", 0), ("accepted", 1), ("filled", 1)] == [
        (event["told"], event["order"]) for event in (accepted, cancelled, taken, filled)
    ]
    assert accepted["id"] == cancelled["id"]
    assert [0.01, ASKS[0][0], "0.00001000 BTC"] == filled["fill"]
    assert {"told": "balances", "balances": {"USDT": 999_499.9, "BTC": 10.00999}} == settled
