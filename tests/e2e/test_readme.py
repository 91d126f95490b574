"""README's examples run as they stand, against a real server; only the address is another."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hypersim.testing import ServerProcess, running_server

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def examples(text: str, language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


PYTHON, SHELL = examples(README, "python"), examples(README, "bash")


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    """An exchange of their own: the examples move its prices."""
    with running_server() as server:
        yield server


def here(example: str, server: ServerProcess) -> str:
    """The example with this server's address in place of the default one."""
    moved = example.replace("127.0.0.1:8080", server.hostname)
    return moved.replace(
        '"secret": "test_secret_456"}', f'"secret": "test_secret_456", "hostname": "{server.hostname}"}}'
    )


def run(command: list[str], server: ServerProcess, folder: Path) -> str:
    """What a program printed; it must succeed."""
    folders = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    environment = {"PATH": folders, "HOME": str(folder), "HYPERSIM_URL": server.url, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=folder, env=environment, timeout=120
    )
    assert done.returncode == 0, (done.stdout, done.stderr)
    return done.stdout


@pytest.mark.parametrize("example", [text for text in PYTHON if "def test_" not in text], ids=lambda text: text[:40])
def test_a_python_example_trades(example: str, server: ServerProcess, tmp_path: Path) -> None:
    """Each prints the status of an order that was filled."""
    printed = run([sys.executable, "-c", here(example, server)], server, tmp_path)

    assert re.search(r"\b(closed|FILLED)\b", printed), printed


@pytest.mark.skipif(shutil.which("openssl") is None or shutil.which("curl") is None, reason="needs curl and openssl")
@pytest.mark.parametrize("example", SHELL, ids=lambda text: text[:40])
def test_a_shell_example_is_answered(example: str, server: ServerProcess, tmp_path: Path) -> None:
    """No line of it gets a refusal."""
    printed = run(["bash", "-euo", "pipefail", "-c", here(example, server)], server, tmp_path)

    assert printed.startswith(("{", "[")), printed
    assert '"code":' not in printed, printed


@pytest.mark.parametrize("example", [text for text in PYTHON if "def test_" in text], ids=lambda text: text[:40])
def test_the_pytest_example_passes(example: str, server: ServerProcess, tmp_path: Path) -> None:
    """It brings its own server."""
    (tmp_path / "test_strategy.py").write_text(example)

    assert "1 passed" in run([sys.executable, "-m", "pytest", "-q", "test_strategy.py"], server, tmp_path)


def test_both_languages_show_the_same_examples() -> None:
    """The Chinese README has every example of the English one, to the letter."""
    translation = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
    for language in ("python", "bash"):
        assert examples(README, language) == examples(translation, language)
