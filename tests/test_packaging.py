"""What is installed is whole, and the locks are those of pyproject.toml."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Literal

import pytest
from packaging.requirements import Requirement

from hypersim import resources

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ("build", "clients", "dev", "freqtrade", "nautilus", "peers", "pip", "run")
DATA: tuple[Literal["config", "migrations"], ...] = tuple(
    PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["sources"]
)
PIN = re.compile(
    r"(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?: ; (?P<marker>[^\\]+))?(?: \\\n    --hash=sha256:\w{64})+\n"
)
FIND = "import sys; sys.path.insert(0, {!r}); from hypersim import resources; print(resources.folder({!r}))"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as `pip install .` leaves it, without what it depends on."""
    target = tmp_path_factory.mktemp("installed")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
    ]
    subprocess.run([*pip, "--target", target, ROOT], check=True, cwd=target)
    return target


@pytest.mark.parametrize("name", DATA)
def test_an_installed_package_carries_its_data(installed: Path, name: str) -> None:
    python = [sys.executable, "-I", "-c", FIND.format(str(installed), name)]
    run = subprocess.run(python, check=True, capture_output=True, text=True, cwd=installed)
    found = Path(run.stdout.strip())
    assert installed / "hypersim" / "_data" / name == found
    assert contents(ROOT / name) == contents(found)


def test_an_installed_package_is_all_of_both_packages_and_nothing_else(installed: Path) -> None:
    for package in ("hypersim", "ccxt_adapter"):
        code = {path: text for path, text in contents(installed / package).items() if not path.startswith("_data/")}
        assert contents(ROOT / package) == code
    assert {"hypersim", "ccxt_adapter"} == {
        path.name for path in installed.iterdir() if path.suffix != ".dist-info" and path.name != "bin"
    }


@pytest.mark.parametrize("name", DATA)
def test_a_checkout_uses_its_own_data(name: Literal["config", "migrations"]) -> None:
    assert ROOT / name == resources.folder(name)


def test_missing_data_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"lacks its config: neither .* nor .* is there"):
        resources.folder("config", package=tmp_path / "hypersim")


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_and_hashes_everything_and_names_no_address(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    assert [] == [line for line in PIN.sub("", text).splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("lock", ["run", "dev"])
def test_a_lock_satisfies_what_the_package_depends_on(lock: str) -> None:
    wanted = PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["ccxt"]
    assert [] == unsatisfied(wanted, lock)


def test_the_locks_satisfy_the_groups() -> None:
    groups = PROJECT["dependency-groups"]
    assert [] == unsatisfied(groups["lint"] + groups["tests"] + groups["build"], "dev")
    assert [] == unsatisfied(groups["build"], "build")
    for apart in ("clients", "freqtrade", "nautilus", "peers"):
        assert [] == unsatisfied(groups[apart], apart)
    assert [] == unsatisfied(PROJECT["build-system"]["requires"], "build")


def test_the_locks_agree() -> None:
    dev = pins("dev")
    for lock in ("run", "build"):
        assert {} == {name: version for name, version in pins(lock).items() if dev.get(name) != version}


def pins(lock: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    return {pin["name"]: pin["version"] for pin in PIN.finditer(text)}


def unsatisfied(wanted: list[str], lock: str) -> list[str]:
    pinned = pins(lock)
    requirements = map(Requirement, wanted)
    return [str(r) for r in requirements if r.name not in pinned or not r.specifier.contains(pinned[r.name])]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below, by its path in the folder; bytecode aside."""
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
