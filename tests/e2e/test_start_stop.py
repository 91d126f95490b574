"""Starting and stopping: what is said, what stays, and one clear line when it cannot be."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine, update

from hypersim.settings import bare_environment
from hypersim.store.tables import fence
from hypersim.testing import PACKAGE_PARENT, Account, NotServing, ServerProcess, running_server
from tests.e2e.trader import Trader


def kept(folder: Path, *arguments: str, **environment: str) -> ServerProcess:
    """A server whose world is a SQLite database in a folder."""
    return ServerProcess("--feed", "synthetic", *arguments, environment=environment, folder=str(folder))


def hypersim(
    *arguments: str, folder: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """One command, run to its end."""
    return subprocess.run(
        [sys.executable, "-m", "hypersim", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=folder,
        env=bare_environment() | {"PYTHONPATH": PACKAGE_PARENT} | dict(environment or {}),
    )


@contextmanager
def listener() -> Iterator[int]:
    """A port that somebody else has."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def test_a_server_in_memory_says_where_it_is_in_one_line_and_answers(tmp_path: Path) -> None:
    with running_server("--memory", "--fresh", "--feed", "synthetic", "--seed", "7", folder=str(tmp_path)) as server:
        assert {"url", "version", "data", "feed", "why", "apiKey", "secretKey"} == set(server.ready)
        assert {} == httpx.get(f"{server.url}/v1/ping").json()
        assert 0 == server.stop()
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_order_whoever_is_connected(tmp_path: Path, number: signal.Signals) -> None:
    with running_server("--feed", "synthetic", folder=str(tmp_path)) as server:
        address = server.hostname.split(":")
        with httpx.Client() as idle, socket.create_connection((address[0], int(address[1]))) as half:
            idle.get(f"{server.url}/v1/ping")
            half.sendall(b"POST /v1/order HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nsymbol")
            server.signal(number)

            assert 0 == server.process.wait(20)
            assert "Traceback" not in server.said


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with running_server("--feed", "synthetic", folder=str(tmp_path)) as server:
        host, _, port = server.hostname.partition(":")
        with socket.create_connection((host, int(port))) as half:
            half.sendall(b"POST /v1/order HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nsymbol")
            httpx.get(f"{server.url}/v1/ping")
            server.signal(signal.SIGINT)
            server.signal(signal.SIGTERM)

            assert 130 == server.process.wait(20)


def test_who_lost_the_database_unnoticed_says_so_when_it_stops(database_url: str, tmp_path: Path) -> None:
    with running_server("--feed", "none", "--database-url", database_url, folder=str(tmp_path)) as server:
        other = create_engine(database_url)
        with other.begin() as connection:
            connection.execute(update(fence).values(epoch=99, owner="somebody else"))
        other.dispose()
        server.signal(signal.SIGTERM)

        assert 1 == server.process.wait(20)
        told = r"hypersim: the exchange had to stop: the last snapshot could not be stored: .*: somebody else$"
        assert re.search(told, server.said, re.MULTILINE)
        assert "Traceback" not in server.said


def ended(url: str) -> bool:
    """Whether nobody answers there any more, or will not in a while."""
    for _ in range(200):
        try:
            httpx.get(f"{url}/v1/ping")
        except httpx.TransportError:
            return True
        time.sleep(0.1)
    return False


def test_a_server_of_tests_that_are_killed_ends_with_them(tmp_path: Path) -> None:
    tests = (
        "import os, signal\n"
        "from hypersim.testing import ServerProcess\n"
        "server = ServerProcess().start()\n"
        "print(server.url, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", tests],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=tmp_path,
        env=bare_environment() | {"PYTHONPATH": PACKAGE_PARENT},
    )

    assert -signal.SIGKILL == killed.returncode
    assert ended(killed.stdout.strip())


def test_a_signal_while_it_starts_ends_the_start(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host, port = silent.getsockname()
        process = subprocess.Popen(
            [sys.executable, "-m", "hypersim", "serve", "--port", "0", "--feed", "auto"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=bare_environment()
            | {"PYTHONPATH": PACKAGE_PARENT, "HYPERSIM_BINANCE_API_URL": f"http://{host}:{port}"},
        )
        asked, _ = silent.accept()  # it waits for an answer that does not come
        with asked:
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=20)

    assert (0, ("", "")) == (process.returncode, said)


def test_a_fresh_start_deletes_the_world_that_was_there(tmp_path: Path) -> None:
    with kept(tmp_path) as server:
        server.start()
        old = server.open_account()
    with kept(tmp_path, "--fresh") as server:
        server.start()
        new = server.open_account()

    assert 2 == old.account_id == new.account_id
    assert old.api_key != new.api_key


def test_it_serves_without_prices_while_a_live_upstream_is_silent_and_says_so(tmp_path: Path) -> None:
    silent = {"HYPERSIM_BINANCE_API_URL": "http://127.0.0.1:9"}
    with running_server("--memory", "--feed", "binance", environment=silent) as server:
        report = httpx.get(f"{server.url}/sim/v1/status").json()["feed"]
        ticker = httpx.get(f"{server.url}/v1/ticker/bookTicker?symbol=BTCUSDT").json()

    assert "127.0.0.1:9 cannot be reached" in report["why"]
    assert "0.00000000" == ticker["bidPrice"]


async def test_a_restart_keeps_balances_and_open_orders(database_url: str, tmp_path: Path) -> None:
    with running_server("--feed", "synthetic", "--database-url", database_url, folder=str(tmp_path)) as server:
        async with httpx.AsyncClient() as client:
            trader = Trader(server.open_account({"USDT": "50000", "BTC": "0.5"}), client)
            bought = await trader.done(
                "POST", "/order", symbol="BTCUSDT", side="BUY", type="MARKET", quoteOrderQty="1000"
            )
            resting = await trader.limit("BUY", "0.01", "20000", newClientOrderId="rests")
            balances = await trader.balances()
            trades = await trader.done("GET", "/myTrades", symbol="BTCUSDT")

        server.restart()

        async with httpx.AsyncClient() as client:
            trader = Trader(trader.account, client)
            [still] = await trader.done("GET", "/openOrders")
            assert (resting["orderId"], "rests", "NEW") == (
                still["orderId"],
                still["clientOrderId"],
                still["status"],
            )
            assert balances == await trader.balances()
            assert trades == await trader.done("GET", "/myTrades", symbol="BTCUSDT")
            found = await trader.done("GET", "/order", symbol="BTCUSDT", orderId=bought["orderId"])
            assert ("FILLED", bought["executedQty"]) == (found["status"], found["executedQty"])


def test_a_taken_port_is_one_line_that_says_which_to_try(tmp_path: Path) -> None:
    with listener() as port:
        ended = hypersim("serve", "--port", str(port), folder=tmp_path)

    said = f"hypersim: {port} is taken; try HYPERSIM_PORT={port + 1} make run\n"
    assert (2, "", said) == (ended.returncode, ended.stdout, ended.stderr)
    assert [] == list(tmp_path.iterdir())


def test_a_second_exchange_on_the_same_database_is_refused(database_url: str, tmp_path: Path) -> None:
    with running_server("--feed", "none", "--database-url", database_url, folder=str(tmp_path)) as first:
        second = ServerProcess("--feed", "none", "--database-url", database_url, folder=str(tmp_path))
        with pytest.raises(NotServing, match=r"exit 2: hypersim: .*another exchange"):
            second.start()
        second.close()

        first.signal(signal.SIGSTOP)  # as good as gone, and still the owner
        third = hypersim("serve", "--port", "0", "--database-url", database_url, folder=tmp_path)
        first.signal(signal.SIGCONT)

        assert (2, 1) == (third.returncode, third.stderr.count("\n"))
        assert "another exchange" in third.stderr
        assert {} == httpx.get(f"{first.url}/v1/ping").json()


def test_a_journal_of_other_rules_names_the_version_to_start_once(tmp_path: Path) -> None:
    with kept(tmp_path) as server:
        server.start()
        server.open_account()
        server.kill()
        with contextlib.closing(sqlite3.connect(tmp_path / "hypersim.db")) as connection, connection:
            connection.execute("UPDATE journal SET rules = rules + 1, version = '9.9.9'")

        with pytest.raises(NotServing, match=r"exit 2: hypersim: .*9\.9\.9.*\n$"):
            server.start()


def test_a_lost_master_key_is_one_line_and_no_new_key(tmp_path: Path) -> None:
    with kept(tmp_path) as server:
        server.start()
        server.stop()
        key = tmp_path / "hypersim.db.key"
        assert 0o600 == key.stat().st_mode & 0o777
        key.unlink()

        with pytest.raises(NotServing, match=r"exit 2: hypersim: .*put .*hypersim\.db\.key back"):
            server.start()
        assert not key.exists()


def test_symbols_that_are_no_longer_listed_stop_trading_and_keep_their_orders(tmp_path: Path) -> None:
    with kept(tmp_path) as server:
        server.start()
    with kept(tmp_path, "--symbols", "BTCUSDT,ETHUSDT") as fewer:
        fewer.start()
        symbols = httpx.get(f"{fewer.url}/api/v3/exchangeInfo").json()["symbols"]

    assert {"BTCUSDT": "TRADING", "ETHUSDT": "TRADING", "BNBUSDT": "BREAK"}.items() <= {
        row["symbol"]: row["status"] for row in symbols
    }.items()


def test_the_feed_stays_once_somebody_has_traded(tmp_path: Path) -> None:
    closed = {"HYPERSIM_BINANCE_API_URL": "http://127.0.0.1:9"}
    with running_server("--feed", "auto", environment=closed, folder=str(tmp_path)) as server:
        assert "synthetic" == server.ready["feed"]
        assert "prices are made up" in server.ready["why"]
        account = server.open_account()
        order = "symbol=BTCUSDT side=BUY type=LIMIT timeInForce=GTC quantity=0.01 price=20000".split()
        told = hypersim(*signed(account), "POST", "/v1/order", *order, folder=tmp_path)
        assert 0 == told.returncode, told.stderr

    with running_server("--memory", "--feed", "synthetic") as upstream:
        live = {"HYPERSIM_BINANCE_API_URL": upstream.url}
        with running_server("--feed", "auto", environment=live, folder=str(tmp_path)) as server:
            assert "synthetic" == server.ready["feed"]
            assert "kept" in server.ready["why"]


def test_prices_are_live_where_the_upstream_answers_and_made_up_where_it_lacks_a_symbol() -> None:
    with running_server("--memory", "--feed", "synthetic", "--symbols", "BTCUSDT,ETHUSDT") as upstream:
        live = {"HYPERSIM_BINANCE_API_URL": upstream.url}
        with running_server("--memory", "--feed", "auto", "--symbols", "BTCUSDT,AAPLUSDT", environment=live) as server:
            report = httpx.get(f"{server.url}/sim/v1/status").json()

    assert ("binance", f"{upstream.url} answers, so prices are live") == (
        report["feed"]["name"],
        report["feed"]["why"],
    )
    assert {"BTCUSDT": ("binance", True), "AAPLUSDT": ("synthetic", True)} == {
        symbol: (row["feed"], row["quoted"]) for symbol, row in report["symbols"].items()
    }


def signed(account: Account) -> list[str]:
    """`hypersim curl` for an account."""
    return ["curl", "--url", account.server.url, "--key", account.api_key, "--secret", account.secret]


def test_what_it_says_to_a_person_leads_to_a_first_order(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "hypersim", "serve", "--port", str(port), "--feed", "synthetic"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=bare_environment() | {"PYTHONPATH": PACKAGE_PARENT},
    )
    try:
        assert process.stdout is not None
        said = ""
        while "fetch_balance" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        for named in (
            f"http://127.0.0.1:{port}",
            str(tmp_path / "hypersim.db"),
            "synthetic",
            "test_key_123",
            "test_secret_456",
        ):
            assert named in said
        [curl] = re.findall(r"with curl:\n\n(.*?)\n\n", said, re.DOTALL)
        by_curl = subprocess.run(["sh", "-c", curl], capture_output=True, text=True, check=True)
        assert "FILLED" == json.loads(by_curl.stdout)["status"]
        [python] = re.findall(r"from a strategy, .*?:\n\n(.*)", said, re.DOTALL)
        program = "\n".join(line.strip() for line in python.splitlines())
        by_ccxt = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env=bare_environment() | {"PYTHONPATH": PACKAGE_PARENT},
        )
        assert "free" in by_ccxt.stdout
    finally:
        process.terminate()
        process.communicate(timeout=20)


def test_it_serves_on_when_nobody_reads_what_it_says(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen(
        [sys.executable, "-m", "hypersim", "serve", "--port", "0", "--feed", "none"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=bare_environment() | {"PYTHONPATH": PACKAGE_PARENT},
    )
    os.close(writing)
    try:
        assert process.stderr is not None
        told, _, url = process.stderr.readline().rstrip().rpartition(" ")
        assert told.endswith("standard output cannot be written (Broken pipe); the exchange serves at")
        assert {} == httpx.get(f"{url}/v1/ping").json()
    finally:
        process.terminate()
        said = process.communicate(timeout=20)[1]

    assert (0, "") == (process.returncode, said)


def test_an_account_can_be_added_while_the_exchange_is_stopped_and_only_then(tmp_path: Path) -> None:
    with kept(tmp_path) as server:
        server.start()
        refused = hypersim("user", "add", "--balance", "USDT=1000", folder=tmp_path)
        server.stop()
        added = hypersim("user", "add", "--label", "bot", "--balance", "USDT=1000", folder=tmp_path)
        server.start()
        opened = json.loads(added.stdout)
        account = Account(server, opened["accountId"], opened["apiKey"], opened["secretKey"])
        seen = hypersim(*signed(account), "GET", "/v1/account", "omitZeroBalances=true", folder=tmp_path)

    assert (2, 1) == (refused.returncode, refused.stderr.count("\n"))
    assert [{"asset": "USDT", "free": "1000.00000000", "locked": "0.00000000"}] == json.loads(seen.stdout)["balances"]


def test_migrate_makes_the_tables_and_verify_finds_nothing_wrong(tmp_path: Path) -> None:
    migrated = hypersim("migrate", folder=tmp_path)
    with kept(tmp_path) as server:
        server.start()
        server.open_account()
        server.kill()
        verified = hypersim("verify", folder=tmp_path)

    assert 0 == migrated.returncode, migrated.stderr
    assert 0 == verified.returncode, verified.stderr
