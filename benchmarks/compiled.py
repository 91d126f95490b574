"""What compiling the engine by mypyc buys: its operations as they are and compiled, in turn and in one run.

Modules that only say what values look like stay as they are: msgspec's structs cannot be classes of mypyc. Run as a
program it prints, as JSON, how many of each operation the engine that it finds does in a second.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import msgspec

import hypersim
from benchmarks.engine import OPERATIONS, per_second
from benchmarks.table import Table

VALUES: Final = frozenset("__init__ account average commands events lists market orders state withdrawal".split())
"""Modules of the engine that stay."""
COUNT: Final = 20_000
MOST_ROUNDS: Final = 5
ROOT: Final = Path(__file__).parent.parent


def compiled_table(rounds: int) -> Table:
    """Medians over rounds; the ratios round by round. Empty, with a word on standard error, where nothing compiles."""
    table = Table("engine operation", "interpreted, per second", "compiled, per second", "of interpreted")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "hypersim", Path(folder) / "hypersim")
        failure = _compile(Path(folder))
        if failure:
            print(f"compiled: {failure}", file=sys.stderr)
            return table
        runs = [(_measured(ROOT), _measured(Path(folder))) for _ in range(min(rounds, MOST_ROUNDS))]
    for operation in OPERATIONS:
        pairs = [(plain[operation], compiled[operation]) for plain, compiled in runs]
        table.row(
            operation,
            *(f"{statistics.median(each):,.0f}" for each in zip(*pairs, strict=True)),
            f"{statistics.median(compiled / plain for plain, compiled in pairs):.2f}",
        )
    return table


def _compile(folder: Path) -> str:
    """Compiles the engine of a folder where it is; why it cannot, in one line, or nothing."""
    modules = [path for path in sorted((folder / "hypersim" / "engine").glob("*.py")) if path.stem not in VALUES]
    command = [sys.executable, "-m", "mypyc", *(str(path.relative_to(folder)) for path in modules)]
    done = subprocess.run(command, cwd=folder, env=_finding(folder), capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).strip().splitlines()
    return "" if done.returncode == 0 else f"mypyc needs a C compiler and setuptools: {lines[-1] if lines else ''}"


def _measured(folder: Path) -> dict[str, float]:
    """By operation, how many the engine in a folder does in a second, in a process of its own."""
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.compiled"],
        cwd=folder,
        env=_finding(folder),
        capture_output=True,
        check=True,
    )
    engine, rates = msgspec.json.decode(told.stdout, type=tuple[str, dict[str, float]])
    assert Path(engine).parent == folder / "hypersim", engine
    return rates


def _finding(folder: Path) -> dict[str, str]:
    """Of an environment in which the modules of a folder come before others."""
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}


def main() -> None:
    """Measures and prints."""
    rates = {operation: per_second(operation, COUNT) for operation in OPERATIONS}
    sys.stdout.buffer.write(msgspec.json.encode((hypersim.__file__, rates)))


if __name__ == "__main__":
    main()
