"""Where the peers are installed: an environment of their own beside ours, made at first need from their lock."""

import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Final

LOCK: Final = Path(__file__).parents[2] / "requirements" / "peers.txt"
FOLDER: Final = Path(sys.prefix) / "peers"


class NotInstalled(RuntimeError):
    """The environment could not be made; the text is what pip said."""


def environment(folder: Path = FOLDER) -> Path:
    """The Python of an environment in that folder that has what the lock pins. Raises NotInstalled."""
    python = Path(sysconfig.get_path("scripts", "venv", {"base": str(folder)})) / Path(sys.executable).name
    made = folder / "made"
    lock = LOCK.read_text(encoding="utf-8")
    if made.is_file() and made.read_text(encoding="utf-8") == lock:
        return python
    subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", folder], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(
        [*pip, "--retries", "1", "--no-compile", "--require-hashes", "--requirement", str(LOCK)],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise NotInstalled(f"{LOCK.name} cannot be installed: {done.stderr}")
    made.write_text(lock, encoding="utf-8")
    return python
