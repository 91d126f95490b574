"""An exchange as the command line does not start one: with markets of its own, or one that commits naively.

`python -m benchmarks.variant --database-url URL [--config FOLDER] [--one-at-a-time]` is its process: everything else
about it is as `hypersim serve` does it. It ends when standard input does.
"""

import argparse
import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.targets import Target, open_accounts
from hypersim import kept
from hypersim.ask import Outcome
from hypersim.engine.commands import Command
from hypersim.resources import folder
from hypersim.serve import serve
from hypersim.settings import bare_environment, read_settings
from hypersim.startup import as_json
from hypersim.writer import Writer

VARIANT = (sys.executable, "-m", "benchmarks.variant")
RICH = "10000000000"


class OneAtATime(Writer):
    """Takes a command once the one before is durable: each has a transaction of its own."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._turn = asyncio.Lock()

    async def ask(self, command: Command, **options: Any) -> Outcome:
        async with self._turn:
            return await super().ask(command, **options)


@contextmanager
def exchange_of(name: str, database_url: str, *, symbols: int, accounts: int) -> Iterator[Target]:
    """A durable exchange without an outside market or rate limits: so many markets against USDT, so many rich
    accounts.
    """
    bases = [f"C{number:02}" for number in range(symbols)]
    with tempfile.TemporaryDirectory() as config:
        _list(Path(config), bases)
        with _serving("--database-url", database_url, "--config", config) as (port, pid):
            keys = open_accounts(port, accounts, dict.fromkeys([*bases, "USDT"], RICH))
            yield Target(name, port, pid, keys, [f"{base}USDT" for base in bases])


@contextmanager
def naive_exchange(name: str, database_url: str) -> Iterator[Target]:
    """As `benchmarks.targets.exchange`, but that it commits each order before it takes the next."""
    with _serving("--database-url", database_url, "--one-at-a-time") as (port, pid):
        yield Target(name, port, pid, open_accounts(port, 2))


@contextmanager
def _serving(*arguments: str) -> Iterator[tuple[int, int]]:
    """The port and process id of an exchange."""
    with subprocess.Popen(
        [*VARIANT, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=bare_environment()
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                raise RuntimeError("the exchange did not come up; what it said is above")
            yield int(json.loads(line)["url"].rpartition(":")[2]), process.pid
        finally:
            process.stdin.close()


def _list(config: Path, bases: Sequence[str]) -> None:
    """Writes the configuration of an exchange that has these assets' markets, with the bounds that all have here."""
    usual = folder("config")
    shutil.copy(usual / "default.toml", config)
    bounds = (usual / "markets.toml").read_text(encoding="utf-8").partition("[assets]\n")[0]
    assets = "".join(f'{asset} = "{asset}"\n' for asset in (*bases, "USDT"))
    grid = 'tick_size = "0.01"\nstep_size = "0.00001"\n'
    markets = "".join(f'[[markets]]\nsymbol = "{base}/USDT"\n{grid}' for base in bases)
    (config / "markets.toml").write_text(f"{bounds}[assets]\n{assets}{markets}", encoding="utf-8")


def main() -> None:
    """Serves until standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database-url", required=True)
    parser.add_argument("--config", type=Path, default=folder("config"))
    parser.add_argument("--one-at-a-time", action="store_true")
    chosen = parser.parse_args()
    settings = {"database_url": chosen.database_url, "feed": "none", "rate_limits": "off", "port": "0"}
    with patch.object(kept, "Writer", OneAtATime if chosen.one_at_a_time else Writer):
        serve(
            read_settings(chosen.config, settings),
            lambda running, url: print(as_json(running, url), flush=True),
            while_stdin_is_open=True,
        )


if __name__ == "__main__":
    main()
