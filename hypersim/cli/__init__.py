"""The commands behind `python -m hypersim`: each module adds its own to the parser."""

import argparse
from typing import Protocol


class Commands(Protocol):
    """What argparse's `add_subparsers` gives."""

    def add_parser(self, name: str, *, help: str, epilog: str | None = None) -> argparse.ArgumentParser:  # noqa: A002 - argparse's name for it
        """Adds a command."""
        ...
