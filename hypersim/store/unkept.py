"""Folders for worlds that are not kept: in shared memory where there is some, gone with their process.

A process that is killed leaves its folder behind; the next one that needs a folder takes such leftovers away.
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

from hypersim.store.locks import FileLock

SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - only new folders of our own are made in it
PREFIX: Final = "hypersim-"
DATABASE: Final = "hypersim.db"
YOUNG_S: Final = 60
"""A folder younger than this may belong to a process that has not locked it yet."""


def make_folder(parent: Path | None = None) -> Path:
    """A new folder that nobody else can read."""
    if parent is None:
        parent = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    now_s = folder.stat().st_mtime
    for other in parent.glob(PREFIX + "*"):
        if _is_left_over(other, now_s):
            shutil.rmtree(other, ignore_errors=True)
    return folder


def _is_left_over(folder: Path, now_s: float) -> bool:
    """Whether a process had a world here and lives no more."""
    lock = folder / f"{DATABASE}.lock"
    try:
        if not lock.is_file() or now_s - folder.stat().st_mtime < YOUNG_S:
            return False
        FileLock(lock).release()
    except OSError:  # it lives, or is somebody else's
        return False
    return True
