"""The command line: what keeps a command from its work is one line and exit code 2."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from hypersim.__main__ import main
from hypersim.connect import CLIENTS
from hypersim.settings import bare_environment


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and an environment without settings."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ.keys() - bare_environment().keys():
        monkeypatch.delenv(name)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (
            ["serve"],
            {"HYPERSIM_PORT": "80a"},
            r"HYPERSIM_PORT is '80a': a whole number from 0 to 65535 is wanted",
        ),
        (["serve"], {"HYPERSIM_PROT": "80"}, r"HYPERSIM_PROT is not a setting; HYPERSIM_PORT is the .*"),
        (
            ["serve", "--port", "0", "--symbols", "DOGEUSDT"],
            {},
            r"symbols: DOGEUSDT is not in markets\.toml.*",
        ),
        (
            ["serve", "--host", "no.such.host.invalid"],
            {},
            r"no\.such\.host\.invalid is no address of this machine.*",
        ),
        (
            ["serve", "--port", "0"],
            {"HYPERSIM_DATABASE_URL": "postgresql+psycopg://nobody:secret@127.0.0.1:1/nothing"},
            r"cannot use postgresql\+psycopg://nobody:\*\*\*@127\.0\.0\.1:1/nothing: .*",
        ),
        (
            ["serve", "--port", "0"],
            {"HYPERSIM_DATABASE_URL": "sqlite:////no/such/folder/hypersim.db"},
            r"cannot open /no/such/folder/hypersim\.db: .*",
        ),
        (
            ["serve", "--port", "0", "--feed", "synthetic"],
            {"HYPERSIM_OPEN": "off"},
            r"HYPERSIM_MASTER_KEY is not set: .*",
        ),
        *(
            (["verify", "--database-url", url], {}, f"{url} is a world in memory, which keeps nothing to verify")
            for url in ("sqlite://", "sqlite:///", "sqlite:///:memory:")
        ),
        (["user", "add", "--label", "\udcff"], {}, r"the argument '\\udcff' is not text in UTF-8"),
        (
            ["serve"],
            {"HYPERSIM_DATABASE_URL": "postgresql://u:secretpw@127.0.0.1/x"},
            r"HYPERSIM_DATABASE_URL is 'postgresql://u:\*\*\*@127\.0\.0\.1/x': .*",
        ),
        (["verify"], {}, r"there is no database at .*hypersim\.db"),
        (["user", "add", "--balance", "USDT"], {}, r"--balance 'USDT': .*"),
        (["user", "add", "--public-key", "no/such.pem"], {}, r"--public-key no/such\.pem: .*No such file.*"),
        (["user", "add", "--public-key", __file__], {}, r"--public-key .*: a PEM is wanted, from .*"),
    ],
)
def test_what_keeps_it_from_starting_is_one_line_and_exit_2(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    environment: dict[str, str],
    said: str,
) -> None:
    for name, text in environment.items():
        monkeypatch.setenv(name, text)

    code = main(arguments)

    printed = capsys.readouterr()
    assert (2, "") == (code, printed.out)
    assert re.fullmatch(f"hypersim: {said}\n", printed.err), printed.err


@pytest.mark.parametrize("arguments", [["serve", "--port", "0", "--feed", "none"], ["user", "add"]])
def test_a_master_key_that_must_be_given_is_asked_for_before_a_database_is_made(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    monkeypatch.setenv("HYPERSIM_HOST", "0.0.0.0")  # noqa: S104 - nobody gets to listen

    code = main(arguments)

    assert 2 == code
    assert capsys.readouterr().err.startswith("hypersim: HYPERSIM_MASTER_KEY is not set: ")
    assert [] == list(folder.iterdir())


def test_the_help_says_what_becomes_of_the_old_world(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "--help"])

    told = " ".join(capsys.readouterr().out.split())
    assert "the old one is set aside as *.old on SQLite, and deleted on PostgreSQL" in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["sevre"], "invalid choice: 'sevre'"),
        (["user"], "the following arguments are required: ACTION"),
        (["connect", "excel"], "invalid choice: 'excel'"),
    ],
)
def test_a_command_that_does_not_exist_is_exit_2_with_the_usage(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert 2 == ended.value.code
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("client", CLIENTS)
def test_connect_names_the_exchange_and_account_that_the_environment_names(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], client: str
) -> None:
    monkeypatch.setenv("HYPERSIM_PORT", "8099")
    monkeypatch.setenv("HYPERSIM_API_KEY", "my_key")

    assert 0 == main(["connect", client])

    printed = capsys.readouterr().out
    assert "127.0.0.1:8099" in printed
    assert "my_key" in printed
    assert "test_secret_456" in printed


def test_curl_says_when_nobody_is_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["curl", "--url", "http://127.0.0.1:9", "GET", "/v1/ping"])

    assert 2 == code
    assert "is the exchange running there?" in capsys.readouterr().err
