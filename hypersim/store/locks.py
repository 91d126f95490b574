"""A lock on a file, for the time that this process lives: what keeps two exchanges off one SQLite database.

The system holds the lock and drops it with the process, however that ends. The file itself means nothing.
"""

import sys
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError from error

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FileLock:
    """Holds the lock until `release`. Raises BlockingIOError when somebody else has it, another OSError
    when the file cannot be."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")
        try:
            _lock(self._file.fileno())
        except OSError:
            self._file.close()
            raise

    def release(self) -> None:
        """Lets go of the lock; harmless when that was done before."""
        self._file.close()
