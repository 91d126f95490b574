"""The command line: serve, migrate, verify, user, connect, curl.

Whatever keeps a command from doing its work is one line on standard error and exit code 2, never a traceback.
"""

import argparse
import asyncio
import logging
import sys
from collections.abc import Callable, Sequence
from typing import Final

from hypersim import __version__, startup
from hypersim.app import Running
from hypersim.errors import StartError
from hypersim.resources import folder
from hypersim.serve import serve
from hypersim.settings import FEEDS, Settings, read_settings

CANNOT_START: Final = 2
FAILED: Final = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; the process's exit code."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = chosen.run
    try:
        return run(chosen)
    except StartError as error:
        print(f"hypersim: {error}", file=sys.stderr)
        return CANNOT_START
    except (asyncio.CancelledError, KeyboardInterrupt):
        return 0  # told to stop before it began


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hypersim", description="A simulated crypto exchange.")
    parser.add_argument("--version", action="version", version=f"hypersim {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("serve", help="start the exchange")
    run.add_argument("--host", help="where it listens (HYPERSIM_HOST)")
    run.add_argument("--port", help="0 for any free one (HYPERSIM_PORT)")
    run.add_argument("--database-url", help="where the world is kept (HYPERSIM_DATABASE_URL)")
    run.add_argument("--feed", help=f"the outside market: {', '.join(FEEDS)} (HYPERSIM_FEED)")
    run.add_argument("--symbols", help="such as BTCUSDT,ETHUSDT (HYPERSIM_SYMBOLS)")
    run.add_argument("--seed", help="of everything random (HYPERSIM_SEED)")
    run.add_argument("--rate-limits", help="on or off (HYPERSIM_RATE_LIMITS)")
    run.add_argument("--log-level", help="debug, info, warning or error (HYPERSIM_LOG_LEVEL)")
    run.add_argument("--memory", action="store_true", help="keep nothing: the world ends with the process")
    run.add_argument(
        "--fresh", action="store_true", help="start from an empty world; an old one is set aside"
    )
    run.add_argument(
        "--json", action="store_true", help="say where it serves as one line of JSON, as with port 0"
    )
    run.set_defaults(run=_serve)
    return parser


def _settings(chosen: argparse.Namespace) -> Settings:
    given = {name: value for name, value in vars(chosen).items() if isinstance(value, str)}
    return read_settings(
        folder("config"),
        given,
        memory=getattr(chosen, "memory", False),
        fresh=getattr(chosen, "fresh", False),
    )


def _serve(chosen: argparse.Namespace) -> int:
    settings = _settings(chosen)
    logging.basicConfig(
        level=settings.log_level.upper(),
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    if settings.log_level == "info":
        for noisy in ("uvicorn", "httpx", "alembic"):
            logging.getLogger(noisy).setLevel(logging.WARNING)
    as_json = chosen.json or settings.port == 0

    def announce(running: Running, url: str) -> None:
        say = startup.as_json if as_json else startup.as_text
        print(say(running, url), flush=True)

    serve(settings, announce)
    return 0


if __name__ == "__main__":
    sys.exit(main())
