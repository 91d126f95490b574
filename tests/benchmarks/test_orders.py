"""The orders of the bench: what is sent rests and trades as it is said."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
from msgspec.structs import replace

from benchmarks.load import finish, start
from benchmarks.targets import stamp
from benchmarks.variant import exchange_of, naive_exchange


def test_of_many_accounts_over_many_symbols_each_two_trade_every_symbol(tmp_path: Path) -> None:
    with exchange_of("many", f"sqlite:///{tmp_path}/many.db", symbols=3, accounts=4) as target:
        job = target.order_job(8, 10)
        sent = finish(start(replace(job, connections=job.connections[:6], once=True)))  # a couple on each
        traded = {
            ticker["symbol"]: (ticker["lastPrice"], ticker["volume"], ticker["count"])
            for ticker in httpx.get(f"http://127.0.0.1:{target.port}/v1/ticker/24hr", trust_env=False).json()
        }
        left = [target.call(account, "GET", "/v1/openOrders", stamp()) for account in target.accounts]
    assert {200: 12} == sent.statuses
    assert dict.fromkeys(("C00USDT", "C01USDT", "C02USDT"), ("50000.00000000", "0.00200000", 2)) == traded
    assert [[], [], [], []] == left


def test_the_naive_exchange_commits_each_order_by_itself(tmp_path: Path) -> None:
    with naive_exchange("naive", f"sqlite:///{tmp_path}/naive.db") as target:
        job = target.order_job(8, 10)
        assert {200: 16} == finish(start(replace(job, once=True))).statuses
    with closing(sqlite3.connect(tmp_path / "naive.db")) as database:
        batches = database.execute("SELECT first_sequence, sequence FROM journal").fetchall()
        orders = database.execute("SELECT count(*) FROM orders").fetchone()
    assert (16,) == orders
    assert [(sequence, sequence) for sequence in range(1, len(batches) + 1)] == batches
