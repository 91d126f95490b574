"""Where pictures go, if there are any: they need matplotlib, which `make curves` installs."""

import importlib.util
from pathlib import Path

from msgspec import Struct


class Pictures(Struct, frozen=True):
    """A folder for pictures, and the conditions under which that was measured which they show."""

    folder: Path
    conditions: str


def wanted(folder: Path, conditions: str) -> Pictures | None:
    """None where nothing here can draw."""
    return Pictures(folder, conditions) if importlib.util.find_spec("matplotlib") is not None else None
