"""`hypersim connect` and `hypersim curl` against a server: what they print is run, what they send is carried out."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hypersim.__main__ import main
from hypersim.connect import CLIENTS
from hypersim.settings import bare_environment
from hypersim.testing import PACKAGE_PARENT, Account
from tests.e2e.clients.exchanges import printed

MARKET_BUY = ("symbol=BTCUSDT", "side=BUY", "type=MARKET", "quoteOrderQty=100")

Command = Callable[..., tuple[int, str, str]]
"""Runs a command with its arguments; (exit code, standard output, standard error)."""


@pytest.fixture
def account(hypersim_account: Account) -> Account:
    """A fresh account on the exchange whose prices move."""
    return hypersim_account


@pytest.fixture
def hypersim(account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command line, told by the environment where the exchange is and who asks."""
    monkeypatch.setenv("HYPERSIM_URL", account.server.url)
    monkeypatch.setenv("HYPERSIM_API_KEY", account.api_key)
    monkeypatch.setenv("HYPERSIM_SECRET_KEY", account.secret)

    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(arguments)
        except SystemExit as wrong_use:
            code = int(wrong_use.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def ran(folder: Path, command: list[str], text: str = "") -> str:
    """What a program printed, in a folder where nothing is; it must succeed."""
    done = subprocess.run(
        command,
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=folder,
        env=bare_environment() | {"PYTHONPATH": PACKAGE_PARENT},
    )
    assert 0 == done.returncode, (done.stdout, done.stderr)
    return done.stdout


@pytest.mark.parametrize("client", CLIENTS)
def test_connect_prints_what_the_server_does(hypersim: Command, account: Account, client: str) -> None:
    assert (0, printed(client, account), "") == hypersim("connect", client)


def test_options_of_the_command_line_go_before_the_environment(hypersim: Command, account: Account) -> None:
    elsewhere = ("--url", "http://sim.example:9000", "--key", "my-key", "--secret", "my-secret")
    _, text, _ = hypersim("connect", "python-binance", *elsewhere)

    assert 'rest = "http://sim.example:9000"' in text
    assert 'client = Client("my-key", "my-secret")' in text
    assert account.server.hostname not in text


@pytest.mark.parametrize(
    ("client", "order", "status"),
    [
        ("ccxt", 'print(exchange.create_order("BTC/USDT", "market", "buy", 0.001)["status"])', "closed"),
        (
            "python-binance",
            'print(client.order_market_buy(symbol="BTCUSDT", quantity="0.001")["status"])',
            "FILLED",
        ),
    ],
)
def test_the_printed_python_trades(tmp_path: Path, hypersim: Command, client: str, order: str, status: str) -> None:
    _, text, _ = hypersim("connect", client)

    assert f"{status}\n" == ran(tmp_path, [sys.executable, "-"], f"{text}\n{order}\n")


@pytest.mark.skipif(shutil.which("curl") is None or shutil.which("openssl") is None, reason="needs curl and openssl")
def test_the_printed_shell_script_trades(tmp_path: Path, hypersim: Command) -> None:
    _, script, _ = hypersim("connect", "curl")
    price, balances, order = map(json.loads, ran(tmp_path, ["sh", "-eu"], script).splitlines())

    assert "BTCUSDT" == price["symbol"]
    assert {"BTC", "ETH", "BNB", "USDT"} == {row["asset"] for row in balances["balances"]}
    assert ("FILLED", "100.00000000") == (order["status"], order["origQuoteOrderQty"])


def test_curl_sends_a_signed_call_and_shows_it_without_the_secret(hypersim: Command, account: Account) -> None:
    code, answer, line = hypersim("curl", "POST", "/v1/order", *MARKET_BUY)

    assert (0, "FILLED") == (code, json.loads(answer)["status"])
    assert line.startswith("curl -X POST ")
    assert account.secret not in answer + line


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_line_that_curl_shows_sends_the_call_again(tmp_path: Path, hypersim: Command) -> None:
    _, answer, line = hypersim("curl", "POST", "/v1/order", *MARKET_BUY)
    again = json.loads(ran(tmp_path, ["sh", "-c", line]))

    assert ("FILLED", json.loads(answer)["orderId"] + 1) == (again["status"], again["orderId"])


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        (("GET", "/v1/ticker/price", "symbol=BTCUSDT"), "price"),
        (("get", "/api/v3/account", "omitZeroBalances=true"), "balances"),
        (("GET", "/sapi/v1/system/status"), "msg"),
        (("GET", "/sapi/v1/account/status"), "data"),
    ],
)
def test_curl_asks_under_every_prefix(hypersim: Command, arguments: tuple[str, ...], key: str) -> None:
    code, answer, _ = hypersim("curl", *arguments)

    assert (0, True) == (code, key in json.loads(answer))


def test_a_refusal_is_shown_and_is_exit_code_1(hypersim: Command) -> None:
    code, answer, _ = hypersim("curl", "DELETE", "/v1/order", "symbol=BTCUSDT", "orderId=99999999")

    assert (1, {"code": -2011, "msg": "Unknown order sent."}) == (code, json.loads(answer))


def test_where_nobody_answers_one_line_says_so_and_it_is_exit_code_2(hypersim: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}"
        code, answer, line = hypersim("curl", "GET", "/v1/ping", "--url", nowhere)

    assert (2, "", 1) == (code, answer, line.count("\n"))
    assert line.startswith(f"no answer from {nowhere} (")


@pytest.mark.parametrize(
    "arguments",
    [
        ("curl", "GET", "/schema"),
        ("curl", "LOOK", "/v1/ping"),
        ("curl", "GET", "/v1/ping", "symbol"),
        ("curl", "GET", "/v1/ping", "--url", "nowhere"),
        ("connect", "excel"),
    ],
)
def test_wrong_use_is_exit_code_2(hypersim: Command, arguments: tuple[str, ...]) -> None:
    code, answer, said = hypersim(*arguments)

    assert (2, "") == (code, answer)
    assert said != ""
