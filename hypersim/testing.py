"""A pytest plugin, and what it is made of: a real exchange in a process of its own, and accounts on it.

    def test_my_strategy_buys(hypersim_account):
        exchange = hypersim({"hostname": hypersim_account.server.hostname, **hypersim_account.credentials})
        ...

Guarantees a free port, an empty world and no setting from the caller's environment. The process ends with the
fixture, and with the tests even when they are killed. It is a real one: what a test sees is what a strategy
sees.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any, Final

import httpx
import pytest

from hypersim.resources import PACKAGE
from hypersim.settings import bare_environment

START_TIMEOUT_S: Final = 60
STOP_TIMEOUT_S: Final = 20
PACKAGE_PARENT: Final = str(PACKAGE.parent)
"""Where the child finds this very package, whatever folder it runs in."""
PLENTY: Final[Mapping[str, str]] = {"USDT": "1000000", "BTC": "10", "ETH": "100", "BNB": "100"}
"""What an account of the fixture starts with."""


class NotServing(RuntimeError):
    """The exchange did not come up; the text is what it said."""


class Unanswered(RuntimeError):
    """The simulation API refused; the text says why."""


class ServerProcess:
    """One exchange as a process: `python -m hypersim serve` on a port of its own choice.

    `arguments` come after `serve`; `environment` are settings (HYPERSIM_...), `folder` where it runs. Without
    arguments it keeps nothing (`--memory`).
    """

    def __init__(
        self, *arguments: str, environment: Mapping[str, str] | None = None, folder: str | None = None
    ) -> None:
        self._arguments = arguments or ("--memory", "--fresh", "--feed", "synthetic", "--seed", "7")
        self._environment = dict(environment or {})
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None
        self._errors: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - see close
        self._client = httpx.Client(trust_env=False)
        self._port = 0
        self.ready: dict[str, Any] = {}
        """What the exchange said about itself when it began to serve."""

    @property
    def url(self) -> str:
        """Such as http://127.0.0.1:40123; the same after a restart."""
        return str(self.ready["url"])

    @property
    def hostname(self) -> str:
        """The same without the scheme, as ccxt wants it."""
        return self.url.removeprefix("http://")

    @property
    def process(self) -> "subprocess.Popen[str]":
        assert self._process is not None, "not started"
        return self._process

    @property
    def said(self) -> str:
        """What it wrote to standard error so far."""
        self._errors.flush()
        self._errors.seek(0)
        text = self._errors.read()
        self._errors.seek(0, os.SEEK_END)
        return text

    def start(self) -> "ServerProcess":
        """Starts it and returns once it answers. Raises NotServing with what it said."""
        serve = [sys.executable, "-m", "hypersim", "serve", "--json", "--while-stdin-is-open"]
        self._process = subprocess.Popen(  # noqa: S603 - the arguments are the test's own
            [*serve, "--port", str(self._port), *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            cwd=self._folder,
            env=bare_environment() | {"PYTHONPATH": PACKAGE_PARENT} | self._environment,
        )
        assert self._process.stdout is not None
        overdue = threading.Timer(START_TIMEOUT_S, self._process.kill)
        overdue.start()
        line = self._process.stdout.readline()
        overdue.cancel()
        if not line.startswith("{"):
            raise NotServing(f"exit {self._ended()}: {line}{self.said}")
        self.ready = json.loads(line)
        self._port = int(self.url.rpartition(":")[2])
        return self

    def stop(self) -> int:
        """Asks it to end, as Ctrl-C does, and returns the exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self._ended()

    def kill(self) -> int:
        """Ends it without asking (SIGKILL)."""
        self.process.kill()
        return self._ended()

    def restart(self) -> None:
        """Stops it and starts it again, at the same address."""
        self.stop()
        self.start()

    def signal(self, number: signal.Signals) -> None:
        """Sends it a signal."""
        self.process.send_signal(number)

    def open_account(self, balances: Mapping[str, str] = PLENTY, **body: Any) -> "Account":
        """A new account with keys; `body` are further fields of POST /sim/v1/accounts, such as publicKey."""
        opened = self.simulate("accounts", {"balances": dict(balances), **body})
        return Account(self, opened["accountId"], opened["apiKey"], opened.get("secretKey", ""))

    def move_market(self, symbol: str, **body: Any) -> dict[str, Any]:
        """An outside update by hand (POST /sim/v1/market/{symbol}); returns the orders that it filled."""
        return self.simulate(f"market/{symbol}", body)

    def simulate(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of POST /sim/v1/{path}. Raises Unanswered with the refusal."""
        answer = self._client.post(f"{self.url}/sim/v1/{path}", json=body)
        if answer.is_error:
            raise Unanswered(f"{path}: {answer.status_code} {answer.text}")
        result: dict[str, Any] = answer.json()
        return result

    def _ended(self) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            return self.process.wait(STOP_TIMEOUT_S)
        finally:
            self.process.kill()
            self.process.stdin.close()
            self.process.stdout.close()

    def close(self) -> None:
        """Ends it if need be and lets go of what it wrote."""
        if self._process is not None:
            self.stop()
        self._client.close()
        self._errors.close()

    def __enter__(self) -> "ServerProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True)
class Account:
    """An account and the key that trades on it."""

    server: ServerProcess
    account_id: int
    api_key: str
    secret: str = field(repr=False)
    """Empty where the key has a public half instead."""

    @property
    def credentials(self) -> dict[str, str]:
        """As ccxt's constructors take them."""
        return {"apiKey": self.api_key, "secret": self.secret}


@contextmanager
def running_server(
    *arguments: str, environment: Mapping[str, str] | None = None, folder: str | None = None
) -> Iterator[ServerProcess]:
    """A server process for a `with` block."""
    with ServerProcess(*arguments, environment=environment, folder=folder) as server:
        yield server.start()


@pytest.fixture(scope="session")
def hypersim_server() -> Iterator[ServerProcess]:
    """One exchange for the whole run: synthetic prices, seed 7, nothing kept."""
    with running_server() as server:
        yield server


@pytest.fixture
def hypersim_account(hypersim_server: ServerProcess) -> Account:
    """A fresh account with plenty of everything."""
    return hypersim_server.open_account()
