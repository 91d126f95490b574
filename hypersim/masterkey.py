"""The master key that encrypts API secrets at rest: the one in the settings, or one made beside the database.

Guarantees that a key that is made here is on disk, readable by its owner alone, before anything is encrypted
with it. Never prints it. Losing it loses the API secrets and nothing else.
"""

import os
from pathlib import Path
from typing import Final

from hypersim.errors import StartError
from hypersim.identity import generate
from hypersim.settings import Settings

NOT_SET: Final = (
    "HYPERSIM_MASTER_KEY is not set: outside of open mode the key that encrypts API secrets comes "
    "from you; any long random text will do, such as the output of: openssl rand -hex 32"
)


def require_master_key(settings: Settings) -> None:
    """Raises StartError when the key has to come from the settings and does not: before a database is made."""
    if settings.kept and not settings.open and not settings.master_key:
        raise StartError(NOT_SET)


def master_key(settings: Settings, path: Path | None, *, in_use: bool) -> str:
    """The key's text. `path` is where it lies when it is made here; None: it is needed for this run only.

    `in_use`: there are secrets already, and a new key would be the wrong one. Raises StartError when there
    is no key and none may be made, or when the file cannot be read or written.
    """
    if settings.master_key:
        return settings.master_key
    if path is None:
        return generate()
    if not settings.open:
        raise StartError(NOT_SET)
    if in_use and not path.exists():
        raise StartError(
            "the key to the API secrets is missing: set HYPERSIM_MASTER_KEY to the one that this database was "
            f"begun with, or put {path.resolve()} back if the key was made here"
        )
    try:
        return _read(path) if path.exists() else _make(path)
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"the master key {path.resolve()} cannot be used: {error}") from None


def _read(path: Path) -> str:
    text = path.read_text(encoding="utf-8").strip()
    if not text:
        raise StartError(f"the master key {path.resolve()} is empty; without its text API secrets cannot be read")
    return text


def _make(path: Path) -> str:
    text = generate()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - Path.open cannot set the mode
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    return text
