"""The command line: serve, migrate, verify, user, connect, curl.

Whatever keeps a command from doing its work is one line on standard error and exit code 2, never a traceback;
an exchange that had to stop while it served ends with exit code 1.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from typing import Final

from hypersim import __version__
from hypersim.cli import clients, databases, serving
from hypersim.errors import StartError
from hypersim.writer import WriterFailed

FAILED: Final = 1
CANNOT_START: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; the process's exit code."""
    parser = argparse.ArgumentParser(prog="hypersim", description="A simulated crypto exchange.")
    parser.add_argument("--version", action="version", version=f"hypersim {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in (serving, databases, clients):
        module.add(commands)
    arguments = sys.argv[1:] if arguments is None else arguments
    chosen = parser.parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = chosen.run
    try:
        _refuse_bytes(arguments)
        return run(chosen)
    except StartError as error:
        print(f"hypersim: {error}", file=sys.stderr)
        return CANNOT_START
    except WriterFailed as error:
        print(f"hypersim: the exchange had to stop: {error}", file=sys.stderr)
        return FAILED
    except (asyncio.CancelledError, KeyboardInterrupt):
        return 0  # told to stop before it began


def _refuse_bytes(arguments: Sequence[str]) -> None:
    """Bytes that are no text in the terminal's encoding arrive as lone surrogates, which nothing can write."""
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise StartError(f"the argument {argument!r} is not text in UTF-8") from None


if __name__ == "__main__":
    sys.exit(main())
