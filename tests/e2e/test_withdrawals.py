"""Withdrawals on their way when the server is killed or stopped: nothing is lost, and nothing leaves twice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt
import pytest

from ccxt_adapter import hypersim
from hypersim.store.verify import verify
from hypersim.testing import Account, ServerProcess

ADDRESS = "0x94df8b352de7f46f64b01d3666bf6e936e44ce60"
START = Decimal(1000)
CONFIRMED_S = 20


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[tuple[ServerProcess, str]]:
    """A server whose world is kept, and where."""
    url = f"sqlite:///{tmp_path / 'hypersim.db'}"
    server = ServerProcess("--feed", "manual", "--rate-limits", "off", "--database-url", url, folder=str(tmp_path))
    yield server.start(), url
    server.close()


def client(account: Account) -> Any:
    exchange = hypersim({"hostname": account.server.hostname, **account.credentials, "enableRateLimit": False})
    exchange.load_markets()
    return exchange


def adds_up(exchange: Any, withdrawals: list[dict[str, Any]]) -> None:
    """What is free and held is what the withdrawals left."""
    spent = {status: Decimal(0) for status in ("pending", "ok", "failed")}
    for each in withdrawals:
        spent[each["status"]] += Decimal(each["info"]["amount"]) + Decimal(each["info"]["transactionFee"])
    [row] = [row for row in exchange.fetch_balance()["info"]["balances"] if row["asset"] == "USDT"]
    assert (START - spent["pending"] - spent["ok"], spent["pending"]) == (Decimal(row["free"]), Decimal(row["locked"]))


def test_what_was_on_its_way_when_the_server_was_killed_leaves_once(kept: tuple[ServerProcess, str]) -> None:
    server, url = kept
    account = server.open_account({"USDT": str(START)})
    exchange = client(account)
    for turn in range(5):
        exchange.withdraw("USDT", 20 + turn, ADDRESS, {"withdrawOrderId": f"mine-{turn}"})
        if turn == 2:
            failed = exchange.fetch_withdrawals()[-1]
            server.simulate(f"withdrawal/{failed['id']}", {"status": "failed"})
    before = {each["id"]: each["amount"] for each in exchange.fetch_withdrawals()}
    server.kill()
    verify(url)

    server.start()
    exchange = client(account)
    after = exchange.fetch_withdrawals()
    assert before == {each["id"]: each["amount"] for each in after}
    adds_up(exchange, after)
    for turn in range(5):
        with pytest.raises(ccxt.BadRequest):
            exchange.withdraw("USDT", 20, ADDRESS, {"withdrawOrderId": f"mine-{turn}"})

    deadline = time.monotonic() + CONFIRMED_S
    while any(each["status"] == "pending" for each in after):
        assert time.monotonic() < deadline, "the network confirms nothing"
        time.sleep(0.2)
        after = exchange.fetch_withdrawals()
    assert ["failed", "ok", "ok", "ok", "ok"] == sorted(each["status"] for each in after)
    adds_up(exchange, after)
    assert 0 == server.stop()
    verify(url)

    server.start()
    exchange = client(account)
    assert after == exchange.fetch_withdrawals()
    with pytest.raises(ccxt.BadRequest):
        exchange.withdraw("USDT", 20, ADDRESS, {"withdrawOrderId": "mine-0"})
    assert [START] == [Decimal(each["info"]["amount"]) for each in exchange.fetch_deposits()]
