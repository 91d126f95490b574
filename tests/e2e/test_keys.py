"""Keys with a public half on a real server: registered, used, kept, refused; and from the command line."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from hypersim.settings import bare_environment
from hypersim.signed_curl import run as signed_curl
from hypersim.testing import PACKAGE_PARENT, ServerProcess, running_server
from tests.pairs import PAIRS, Pair

ED25519 = PAIRS["Ed25519"]
NOTHING_BUT_USDT = [{"asset": "USDT", "free": "1000.00000000", "locked": "0.00000000"}]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the database."""
    return tmp_path_factory.mktemp("world")


@pytest.fixture(scope="module")
def server(world: Path) -> Iterator[ServerProcess]:
    """An exchange whose world is on disk."""
    with running_server("--feed", "none", folder=str(world)) as server:
        yield server


def post(server: ServerProcess, path: str, body: Any, api_key: str | None = None) -> tuple[int, Any]:
    headers = {} if api_key is None else {"X-MBX-APIKEY": api_key}
    answer = httpx.post(f"{server.url}/sim/v1/{path}", json=body, headers=headers)
    return answer.status_code, answer.json()


def account_of(server: ServerProcess, api_key: str, secret: str = "", private_key: Path | None = None) -> Any:
    """What GET /v1/account answers to that key."""
    out, err = io.StringIO(), io.StringIO()
    who = {"base_url": server.url, "api_key": api_key, "secret_key": secret}
    pairs = ["omitZeroBalances=true"]
    code = signed_curl("GET", "/v1/account", pairs, **who, private_key=private_key, out=out, err=err)
    assert 0 == code, (out.getvalue(), err.getvalue())
    return json.loads(out.getvalue())


def written(pair: Pair, folder: Path) -> Path:
    file = folder / "private.pem"
    file.write_text(pair.private)
    return file


@pytest.mark.parametrize("pair", PAIRS.values(), ids=list(PAIRS))
def test_an_account_is_opened_with_the_public_half_and_shows_no_secret(
    server: ServerProcess, tmp_path: Path, pair: Pair
) -> None:
    status, opened = post(server, "accounts", {"balances": {"USDT": "1000"}, "publicKey": pair.public})

    assert (200, {"accountId", "apiKey"}, 64) == (status, set(opened), len(opened["apiKey"]))
    account = account_of(server, opened["apiKey"], private_key=written(pair, tmp_path))
    assert (opened["accountId"], NOTHING_BUT_USDT) == (account["uid"], account["balances"])


def test_an_account_has_as_many_keys_as_it_is_given(server: ServerProcess, tmp_path: Path) -> None:
    first = server.open_account({"USDT": "1000"})
    _, public = post(server, "keys", {"publicKey": ED25519.public, "apiKey": "my_public_key"}, first.api_key)
    _, shared = post(server, "keys", {"label": "another"}, "my_public_key")
    _, chosen = post(server, "keys", {"apiKey": "my_chosen_key", "secretKey": "my_secret"}, first.api_key)

    assert {"accountId": first.account_id, "apiKey": "my_public_key"} == public
    assert (first.account_id, 64, 64) == (shared["accountId"], len(shared["apiKey"]), len(shared["secretKey"]))
    assert {"accountId": first.account_id, "apiKey": "my_chosen_key", "secretKey": "my_secret"} == chosen
    seen = [
        account_of(server, "my_public_key", private_key=written(ED25519, tmp_path)),
        account_of(server, first.api_key, first.secret),
        account_of(server, shared["apiKey"], shared["secretKey"]),
        account_of(server, "my_chosen_key", "my_secret"),
    ]
    assert [first.account_id] * 4 == [account["uid"] for account in seen]


@pytest.mark.parametrize(
    ("api_key", "body", "status", "code"),
    [
        (None, {}, 401, "bad_api_key_format"),
        ("nobody", {}, 401, "bad_api_key"),
        ("test_key_123", {"apiKey": "test_key_123"}, 409, "duplicate_api_key"),
        ("test_key_123", {"publicKey": "x"}, 400, "invalid_field"),
        ("test_key_123", {"publicKey": ED25519.public, "secretKey": "x"}, 400, "invalid_field"),
        ("test_key_123", {"balances": {}}, 400, "invalid_field"),
    ],
)
def test_a_key_that_cannot_be_is_refused_and_nothing_is_stored(
    server: ServerProcess, api_key: str | None, body: Any, status: int, code: str
) -> None:
    before = httpx.get(f"{server.url}/health").json()["durableSequence"]
    answered, answer = post(server, "keys", body, api_key)

    assert (status, code) == (answered, answer["error"]["code"])
    assert before == httpx.get(f"{server.url}/health").json()["durableSequence"]


def test_keys_with_a_public_half_are_there_after_the_process_was_killed(server: ServerProcess, tmp_path: Path) -> None:
    keys = [server.open_account({"USDT": "1000"}, publicKey=pair.public).api_key for pair in PAIRS.values()]
    server.kill()
    server.start()

    for key, pair in zip(keys, PAIRS.values(), strict=True):
        assert NOTHING_BUT_USDT == account_of(server, key, private_key=written(pair, tmp_path))["balances"]


def test_an_account_with_a_public_half_can_be_added_while_the_exchange_is_stopped(
    server: ServerProcess, world: Path, tmp_path: Path
) -> None:
    (world / "public.pem").write_text(ED25519.public)
    server.stop()
    added = subprocess.run(
        [sys.executable, "-m", "hypersim", "user", "add", "--balance", "USDT=1000", "--public-key", "public.pem"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=world,
        env=bare_environment() | {"PYTHONPATH": PACKAGE_PARENT},
    )
    server.start()

    opened = json.loads(added.stdout)
    assert {"accountId", "apiKey"} == set(opened)
    account = account_of(server, opened["apiKey"], private_key=written(ED25519, tmp_path))
    assert (opened["accountId"], NOTHING_BUT_USDT) == (account["uid"], account["balances"])
