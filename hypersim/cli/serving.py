"""`hypersim serve`: starts the exchange and says where it is."""

import argparse
import logging
import os
import sys
from pathlib import Path

from hypersim import startup
from hypersim.app import Running
from hypersim.cli import Commands
from hypersim.resources import folder
from hypersim.serve import serve
from hypersim.settings import FEEDS_IN_WORDS, Settings, read_settings

logger = logging.getLogger(__name__)


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = commands.add_parser("serve", help="start the exchange")
    parser.add_argument("--host", help="where it listens (HYPERSIM_HOST)")
    parser.add_argument("--port", help="0 for any free one (HYPERSIM_PORT)")
    parser.add_argument("--database-url", help="where the world is kept (HYPERSIM_DATABASE_URL)")
    parser.add_argument("--feed", help=f"the outside market: {FEEDS_IN_WORDS}; or a list of sources (HYPERSIM_FEED)")
    parser.add_argument("--symbols", help="such as BTCUSDT,ETHUSDT; or all (HYPERSIM_SYMBOLS)")
    parser.add_argument("--seed", help="of everything random (HYPERSIM_SEED)")
    parser.add_argument("--rate-limits", help="on or off (HYPERSIM_RATE_LIMITS)")
    parser.add_argument("--log-level", help="debug, info, warning or error (HYPERSIM_LOG_LEVEL)")
    parser.add_argument("--memory", action="store_true", help="keep nothing: the world ends with the process")
    parser.add_argument(
        "--fresh",
        action="store_true",
        help="start from an empty world; the old one is set aside as *.old on SQLite, and deleted on PostgreSQL",
    )
    parser.add_argument("--json", action="store_true", help="say where it serves in one line of JSON, as with port 0")
    parser.add_argument(
        "--while-stdin-is-open",
        action="store_true",
        help="end when standard input ends, so as not to outlive the program that started it",
    )
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Serves until it is told to stop."""
    given = {name: value for name, value in vars(chosen).items() if isinstance(value, str)}
    settings = read_settings(folder("config"), given, memory=chosen.memory, fresh=chosen.fresh)
    _log(settings)
    as_json = chosen.json or settings.port == 0

    def announce(running: Running, url: str) -> None:
        say = startup.as_json if as_json else startup.as_text
        try:
            print(say(running, url), flush=True)
        except OSError as error:
            logger.warning("standard output cannot be written (%s); the exchange serves at %s", error.strerror, url)
            _discard_output()

    serve(settings, announce, while_stdin_is_open=chosen.while_stdin_is_open)
    return 0


def _discard_output() -> None:
    """What is still buffered goes nowhere, so that ending does not fail on it again."""
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _log(settings: Settings) -> None:
    """Log lines go to standard error; what libraries say below a warning only where one debugs."""
    logging.basicConfig(
        level=settings.log_level.upper(),
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    if settings.log_level != "debug":
        for library in ("uvicorn", "httpx", "httpcore", "alembic", "asyncio"):
            logging.getLogger(library).setLevel(logging.WARNING)
