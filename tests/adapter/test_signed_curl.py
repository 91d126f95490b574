"""`hypersim curl`: what it sends, what it shows, and what it says when it cannot."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_public_key,
)

from hypersim.api.binance import routes
from hypersim.resources import folder
from hypersim.settings import read_target
from hypersim.signed_curl import KEYED, PREFIXES, PUBLIC, by_secret, run
from tests.adapter.listener import SERVER_TIME_MS, echoing, listening, refusing
from tests.pairs import PAIRS, Pair

KEY, SECRET = "test_key_123", "test_secret_456"


@pytest.fixture
def echo() -> Iterator[str]:
    """The address of a server that tells the time and repeats everything else."""
    with listening(echoing) as (host, port):
        yield f"http://{host}:{port}"


def curl(base_url: str, method: str, path: str, *pairs: str, private_key: Path | None = None) -> tuple[int, str, str]:
    """(exit code, what is on standard output, what is on standard error)."""
    out, err = io.StringIO(), io.StringIO()
    who = {"api_key": KEY, "secret_key": SECRET}
    code = run(method, path, pairs, base_url=base_url, **who, private_key=private_key, out=out, err=err)
    return code, out.getvalue(), err.getvalue()


def sent(base_url: str, method: str, path: str, *pairs: str) -> dict[str, Any]:
    """The request as the server got it."""
    code, out, _ = curl(base_url, method, path, *pairs)
    assert code == 0
    request: dict[str, Any] = json.loads(out)
    return request


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({}, "http://127.0.0.1:8080"),
        ({"HYPERSIM_PORT": "9000"}, "http://127.0.0.1:9000"),
        ({"HYPERSIM_HOST": "::"}, "http://127.0.0.1:8080"),
        ({"HYPERSIM_HOST": "sim.example"}, "http://sim.example:8080"),
        ({"HYPERSIM_HOST": "::1"}, "http://[::1]:8080"),
        ({"HYPERSIM_URL": "https://sim.example/", "HYPERSIM_PORT": "9000"}, "https://sim.example"),
    ],
)
def test_the_exchange_is_where_url_or_host_and_port_say(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], url: str
) -> None:
    for name in ("HYPERSIM_URL", "HYPERSIM_HOST", "HYPERSIM_PORT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert url == read_target(folder("config"), None, None, None).url


def test_the_signature_is_that_of_binances_documentation() -> None:
    secret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
    payload = (
        "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
    )
    expected = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"

    assert expected == by_secret(secret)(payload)


@pytest.mark.parametrize("path", ["/v1/order", "/api/v3/order"])
def test_an_order_goes_signed_in_the_body_with_the_servers_time(echo: str, path: str) -> None:
    query = f"symbol=BTCUSDT&side=BUY&timestamp={SERVER_TIME_MS}"

    assert {
        "method": "POST",
        "target": path,
        "key": KEY,
        "body": f"{query}&signature={by_secret(SECRET)(query)}",
    } == sent(echo, "post", path, "symbol=BTCUSDT", "side=BUY")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_query_goes_signed_in_the_address(echo: str, method: str) -> None:
    query = f"symbol=BTCUSDT&orderId=7&timestamp={SERVER_TIME_MS}"

    assert {
        "method": method,
        "target": f"/v1/order?{query}&signature={by_secret(SECRET)(query)}",
        "key": KEY,
        "body": "",
    } == sent(echo, method, "/v1/order", "symbol=BTCUSDT", "orderId=7")


def test_market_data_goes_without_key_and_signature(echo: str) -> None:
    assert {
        "method": "GET",
        "target": "/api/v3/ticker/price?symbols=%5B%22BTCUSDT%22%2C%22ETHUSDT%22%5D",
        "key": None,
        "body": "",
    } == sent(echo, "GET", "/api/v3/ticker/price", 'symbols=["BTCUSDT","ETHUSDT"]')


def test_a_listen_key_is_asked_for_by_the_key_alone(echo: str) -> None:
    assert {
        "method": "PUT",
        "target": "/api/v3/userDataStream",
        "key": KEY,
        "body": "listenKey=mine",
    } == sent(echo, "PUT", "/api/v3/userDataStream", "listenKey=mine")


@pytest.mark.parametrize(("keyed", "unsigned"), [(False, PUBLIC), (True, KEYED)])
def test_what_goes_unsigned_is_what_the_server_takes_no_signature_for(keyed: bool, unsigned: frozenset[str]) -> None:
    assert unsigned == {
        endpoint.path.removeprefix("/")
        for endpoint in routes.ENDPOINTS
        if not endpoint.security.signed
        and endpoint.security.keyed is keyed
        and "signature" not in {parameter.name for parameter in endpoint.parameters}
        and f"{endpoint.prefixes[0]}/" in PREFIXES
    }


def test_the_wallets_calls_are_signed_but_for_its_status(echo: str) -> None:
    assert "/sapi/v1/system/status" == sent(echo, "GET", "/sapi/v1/system/status")["target"]
    assert KEY == sent(echo, "GET", "/sapi/v1/asset/tradeFee")["key"]


def test_a_timestamp_of_ones_own_is_kept(echo: str) -> None:
    query = "timestamp=1"

    assert (
        f"/v1/account?{query}&signature={by_secret(SECRET)(query)}"
        == (sent(echo, "GET", "/v1/account", "timestamp=1")["target"])
    )


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
@pytest.mark.parametrize(
    ("method", "path", "pairs"),
    [
        ("GET", "/v1/depth", ["symbol=BTCUSDT", "limit=5"]),
        ("GET", "/v1/account", []),
        ("GET", "/v1/exchangeInfo", ['symbols=["BTCUSDT"]']),
        ("POST", "/v1/order", ["symbol=BTCUSDT", "newClientOrderId=it's mine & $HOME %20 é"]),
        ("DELETE", "/v1/openOrders", ["symbol=BTCUSDT"]),
    ],
)
def test_the_curl_line_sends_the_same_request(echo: str, method: str, path: str, pairs: list[str]) -> None:
    _, out, line = curl(echo, method, path, *pairs)
    by_curl = subprocess.run(["sh", "-c", f"{line.strip()} --silent --noproxy '*'"], capture_output=True, check=True)

    assert json.loads(out) == json.loads(by_curl.stdout)


def test_the_secret_is_not_shown(echo: str) -> None:
    _, out, err = curl(echo, "POST", "/v1/order", "symbol=BTCUSDT")

    assert KEY in err
    assert SECRET not in out + err


@pytest.mark.parametrize("pair", PAIRS.values(), ids=list(PAIRS))
def test_a_private_key_signs_in_place_of_the_secret_and_is_not_shown(echo: str, tmp_path: Path, pair: Pair) -> None:
    """Its base64 is percent-encoded, and covers what is sent."""
    file = tmp_path / "key.pem"
    file.write_text(pair.private)
    code, out, err = curl(echo, "POST", "/v1/order", "symbol=BTCUSDT", private_key=file)

    payload, _, signature = json.loads(out)["body"].partition("&signature=")
    public = load_pem_public_key(pair.public.encode())
    assert (0, f"symbol=BTCUSDT&timestamp={SERVER_TIME_MS}") == (code, payload)
    assert re.fullmatch("(?:[A-Za-z0-9]|%2F|%2B)+(?:%3D){1,2}", signature)
    raw = base64.b64decode(unquote(signature), validate=True)
    if isinstance(public, Ed25519PublicKey):
        public.verify(raw, payload.encode())
    else:
        assert isinstance(public, RSAPublicKey)
        public.verify(raw, payload.encode(), PKCS1v15(), SHA256())
    assert "PRIVATE" not in out + err


ENCRYPTED = ed25519.Ed25519PrivateKey.generate().private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password")
)
CURVE = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, "the private key {file} cannot be read: No such file or directory"),
        (b"", "{file} holds no private key: a PEM is wanted"),
        (b"\xff\x00", "{file} holds no private key: a PEM is wanted"),
        (PAIRS["Ed25519"].public.encode(), "{file} holds no private key: a PEM is wanted"),
        (ENCRYPTED, "the private key {file} is encrypted: one without a password is wanted"),
        (CURVE, "the private key {file} is neither RSA nor Ed25519"),
    ],
    ids=["not there", "empty", "no text", "public", "encrypted", "of another kind"],
)
def test_a_private_key_that_cannot_sign_is_one_line_and_exits_with_2(
    tmp_path: Path, content: bytes | None, line: str
) -> None:
    file = tmp_path / "key.pem"
    if content is not None:
        file.write_bytes(content)

    assert (2, "", line.format(file=file) + "\n") == curl("http://127.0.0.1:1", "GET", "/v1/account", private_key=file)


def test_a_refusal_is_shown_and_exits_with_1() -> None:
    with listening(refusing) as (host, port):
        code, out, _ = curl(f"http://{host}:{port}", "GET", "/v1/depth", "symbol=NONE")

    assert (1, {"code": -1121, "msg": "Invalid symbol."}) == (code, json.loads(out))


@pytest.mark.parametrize(
    ("method", "path", "pairs", "line"),
    [
        ("FETCH", "/v1/order", [], "'FETCH' is no method; one of GET, POST, PUT, DELETE is"),
        (
            "GET",
            "/sim/v1/status",
            [],
            "'/sim/v1/status' does not begin with /v1/, /api/v3/, /sapi/v1/, /sapi/v3/: for others, use curl itself",
        ),
        (
            "GET",
            "/v1/depth?symbol=BTCUSDT&limit=5",
            [],
            "parameters go after the path, as in: /v1/depth symbol=BTCUSDT limit=5",
        ),
        ("POST", "/v1/order", ["symbol"], "'symbol' is not name=value"),
        ("POST", "/v1/order", ["=BTCUSDT"], "'=BTCUSDT' is not name=value"),
        ("POST", "/v1/order", ["signature=00"], "the signature is made here: leave it out"),
    ],
)
def test_wrong_use_is_one_line_and_exits_with_2(method: str, path: str, pairs: list[str], line: str) -> None:
    assert (2, "", f"{line}\n") == curl("http://127.0.0.1:1", method, path, *pairs)


@pytest.mark.parametrize("path", ["/v1/account", "/v1/time"])
def test_an_exchange_that_is_not_there_is_one_line_and_exits_with_2(path: str) -> None:
    code, out, err = curl("http://127.0.0.1:1", "GET", path)

    assert (2, "", 1) == (code, out, len(err.splitlines()))
    assert err.startswith("no answer from http://127.0.0.1:1 (")
    assert err.endswith("); is the exchange running there?\n")


@pytest.mark.parametrize(
    "base_url", ["127.0.0.1:8080", "ftp://127.0.0.1", "http://", "http://127.0.0.1:port", "nonsense", ""]
)
def test_an_address_that_is_none_is_one_line_and_exits_with_2(base_url: str) -> None:
    assert (
        2,
        "",
        f"{base_url!r} is not the address of an exchange, such as http://127.0.0.1:8080\n",
    ) == curl(base_url, "GET", "/v1/account")


def test_a_server_that_tells_no_time_is_one_line_and_exits_with_2() -> None:
    with listening(lambda _: (200, ["not", "an", "exchange"])) as (host, port):
        base_url = f"http://{host}:{port}"
        told = curl(base_url, "GET", "/v1/account")

    line = f"no answer from {base_url} (whoever answers there does not tell the time)"
    assert (2, "", f"{line}; is the exchange running there?\n") == told
