"""Clients that do not fit into our environment, unmodified, in environments of their own (requirements/).

binance-connector is a package called `binance`, as python-binance is. So calls go to a process of that environment
and come back as JSON (relay.py); what the library raises is raised here as `Raised`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from hypersim.settings import bare_environment

LOCKS: Final = Path(__file__).parents[3] / "requirements"
RELAY: Final = Path(__file__).with_name("relay.py")
UNREACHED: Final = "connection broken by"
"""What pip says, between its tries, of an index that does not answer."""


class Raised(Exception):
    """What a library raised."""

    def __init__(self, kind: str, told: dict[str, Any]) -> None:
        super().__init__(kind, told)
        self.kind = kind
        """The name of its class."""
        self.told = told
        """Its attributes."""


def environment(folder: Path, name: str) -> Path:
    """The Python of an environment made there, of the lock of that name. Skips the test where it cannot be fetched."""
    lock = LOCKS / f"{name}.txt"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = Path(sysconfig.get_path("scripts", "venv", {"base": str(folder)})) / Path(sys.executable).name
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(
        [*pip, "--retries", "1", "--no-compile", "--require-hashes", "--requirement", str(lock)],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode and UNREACHED in done.stderr:
        pytest.skip(f"no package index answers, so that {lock.name} cannot be installed")
    assert 0 == done.returncode, done.stderr
    return python


class Library:
    """The client of one library, in the process that has it."""

    def __init__(self, relay: subprocess.Popen[str]) -> None:
        self._relay = relay

    def configure(self, configuration: str, errors: str) -> None:
        """Makes the client that a configuration describes; `errors` is the module of what the library raises."""
        self._ask({"configuration": configuration, "errors": errors})

    def __call__(self, call: str, **arguments: Any) -> Any:
        """The answer of a method of the client. Raises Raised."""
        told = self._ask({"call": call, "arguments": arguments})
        if "raised" in told:
            raise Raised(told["raised"], told["told"])
        return told["answer"]

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._relay.stdin is not None
        assert self._relay.stdout is not None
        self._relay.stdin.write(json.dumps(question) + "\n")
        self._relay.stdin.flush()
        line = self._relay.stdout.readline()
        assert line, "the relay ended: what it said is on standard error"
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def relayed(python: Path) -> Iterator[Library]:
    """A process of that Python, for as long as the block."""
    with subprocess.Popen(
        [python, RELAY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=bare_environment()
    ) as relay:
        yield Library(relay)
