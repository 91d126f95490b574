"""The commands of the Dockerfile work, run one after the other in a clean folder by an unprivileged user.

Reads the Dockerfile itself: what it copies, its RUN lines, environment, health check and command. Builds no
image: the first RUN line makes the image's user and is left out.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CAN_MAKE_AN_ENVIRONMENT = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))"
START_TIMEOUT_S = 60


@pytest.fixture
def image() -> Iterator[Path]:
    """An empty folder that the unprivileged user owns, within reach of everyone."""
    with tempfile.TemporaryDirectory(prefix="hypersim-image-", dir="/tmp") as folder:
        shutil.chown(folder, user=user())
        yield Path(folder)


@pytest.mark.slow
def test_its_commands_install_and_serve(image: Path, postgres_url: str) -> None:
    app, data, environment = image / "app", image / "data", image_environment(image)
    run(f"{shlex.quote(python())} -m venv environment && mkdir app data", image, environment)
    for instruction, argument in steps():
        if instruction == "COPY":
            copy(argument, app)
        elif not argument.startswith("useradd"):
            run(argument, app, environment)

    port = free_port()
    environment |= dict(pair.split("=", 1) for line in arguments("ENV") for pair in shlex.split(line))
    environment |= {"HYPERSIM_HOST": "127.0.0.1", "HYPERSIM_PORT": str(port), "HYPERSIM_FEED": "synthetic"}
    environment |= {"HYPERSIM_OPEN": "on", "HYPERSIM_DATABASE_URL": postgres_url}
    (command,) = arguments("CMD")
    (check,) = arguments("HEALTHCHECK")
    check = check.partition(" CMD ")[2]
    with start(json.loads(command), data, environment) as server:
        try:
            deadline = time.monotonic() + START_TIMEOUT_S
            while attempt(check, data, environment).returncode != 0:
                assert server.poll() is None, "the server ended"
                assert time.monotonic() < deadline, "not healthy in time"
        finally:
            server.send_signal(signal.SIGTERM)
        assert 0 == server.wait()
    assert 0 != attempt(check, data, environment).returncode


def test_what_it_copies_is_all_that_the_package_is_built_of() -> None:
    allowed = {line[2:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!/")}
    assert {"pyproject.toml", "LICENSE", "requirements", "hypersim", "ccxt_adapter", "config"} <= allowed
    assert [] == sorted(name for name in allowed if not (ROOT / name).exists())


def steps() -> list[tuple[str, str]]:
    """COPY and RUN instructions in order, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    return re.findall(r"^(COPY|RUN)\s+(.*)$", text, re.MULTILINE)


def arguments(instruction: str) -> list[str]:
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    return re.findall(rf"^{instruction}\s+(.*)$", text, re.MULTILINE)


def copy(argument: str, app: Path) -> None:
    """COPY as a build does it: what .dockerignore lets through and nothing else."""
    source, target = argument.split()
    allowed = {line[2:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!/")}
    for name in sorted(allowed if source == "." else allowed & {source}):
        origin, copied = ROOT / name, app / target / name if source == "." else app / target
        if origin.is_dir():
            shutil.copytree(origin, copied, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(origin, copied)
    for path in (app, *app.rglob("*")):
        shutil.chown(path, user=user())


def image_environment(image: Path) -> dict[str, str]:
    """Nothing of this process's but where packages come from."""
    here = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    return here | {
        "PATH": f"{image}/environment/bin:{os.defpath}",
        "HOME": str(image),
        "PYTHONNOUSERSITE": "1",
    }


def run(command: str, folder: Path, environment: dict[str, str]) -> None:
    done = attempt(command, folder, environment)
    assert 0 == done.returncode, f"{command}: {done.stdout}{done.stderr}"


def attempt(command: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    shell = ["/bin/sh", "-c", command]
    return subprocess.run(shell, check=False, capture_output=True, text=True, cwd=folder, env=environment, user=user())


def start(command: list[str], folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, cwd=folder, env=environment, user=user())


def python() -> str:
    """A Python that the unprivileged user may run; one in root's home is none."""
    for name in (sys.executable, "python3.12", "python3", "/usr/bin/python3"):
        found = shutil.which(name, path=os.defpath) or shutil.which(name)
        if found and may_make_an_environment(found):
            return found
    pytest.skip("no Python >= 3.11 with venv that an unprivileged user may run")


def may_make_an_environment(found: str) -> bool:
    command = [found, "-c", CAN_MAKE_AN_ENVIRONMENT]
    try:
        return subprocess.run(command, check=False, capture_output=True, cwd="/", user=user()).returncode == 0
    except PermissionError:
        return False


def user() -> str | int:
    return "nobody" if os.geteuid() == 0 else os.geteuid()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
