"""Where the files that are not code lie: `config` and `migrations`.

In a checkout they are top-level folders; in an installed package they are copies inside it (see
`pyproject.toml`). A checkout wins, so that what one edits is what runs.
Guarantees a folder that exists. Reads nothing in it, and does not serve a package imported from a zip file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

PACKAGE = Path(__file__).resolve().parent


def folder(name: Literal["config", "migrations"], *, package: Path = PACKAGE) -> Path:
    """The absolute path of that folder; FileNotFoundError names both places looked at."""
    checkout = package.parent
    in_checkout, in_package = checkout / name, package / "_data" / name
    if (checkout / "pyproject.toml").is_file() and in_checkout.is_dir():
        return in_checkout
    if in_package.is_dir():
        return in_package
    raise FileNotFoundError(f"this installation lacks its {name}: neither {in_checkout} nor {in_package} is there")
