"""Who may ask: keys, signatures over the bytes as they were sent, the window; and open mode."""

import hashlib
import hmac
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from hypersim.ask import Outcome
from hypersim.engine.commands import Command
from tests.api.client import Answer
from tests.api.lab import Lab, open_lab
from tests.api.unified.client import PREFIX, UnifiedClient, signature

BODY = b'{"symbol": "BTC/USDT",  "type":"limit","side":"buy","amount":0.0020,"price":4e4}'
WRONG = "X-API-SIGNATURE is not the HMAC-SHA256, in hex, of X-API-TIMESTAMP + method + path with query + body."
TOO_OLD = "X-API-TIMESTAMP is more than 5000 ms old; GET /unified/v1/time says what time it is."
AHEAD = "X-API-TIMESTAMP is 1000 ms or more ahead of the exchange's time; GET /unified/v1/time says what time it is."


@pytest_asyncio.fixture
async def open_lab_() -> AsyncIterator[Lab]:
    """An exchange in open mode."""
    async with open_lab(open_mode=True) as opened:
        yield opened


def error(answer: Answer) -> tuple[int, str, str, Any]:
    told = answer.json["error"]
    return answer.status, told["code"], told["message"], told["details"]


def by_openssl(secret: str, payload: bytes) -> str:
    """The signature that the README's shell lines make."""
    command = ["openssl", "dgst", "-sha256", "-hmac", secret]
    return subprocess.run(command, input=payload, capture_output=True, check=True).stdout.split()[-1].decode()


def test_the_tests_sign_as_rfc_2104_has_it() -> None:
    """Worked out by hand, with its inner and outer pads."""
    secret, payload = b"test_secret_456", b"1700000000000POST/unified/v1/order" + BODY
    block = secret.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + payload).digest()
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner).hexdigest()
    assert outer == signature("test_secret_456", "1700000000000", "POST", PREFIX + "/order", BODY)
    assert outer == hmac.digest(secret, payload, "sha256").hex()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="signs with openssl")
async def test_what_openssl_signs_is_accepted(lab: Lab, alice: UnifiedClient) -> None:
    signed = by_openssl("alice_secret", str(lab.now_ms).encode() + b"POST/unified/v1/order" + BODY)
    headers = {"X-API-KEY": "alice_key", "X-API-TIMESTAMP": str(lab.now_ms), "X-API-SIGNATURE": signed}
    assert 201 == (await alice.send("POST", "/order", BODY, headers)).status


@pytest.mark.parametrize(
    ("method", "target", "body", "status"),
    [
        ("GET", "/balance", b"", 200),
        ("HEAD", "/balance", b"", 200),
        ("GET", "/orders?symbol=BTC%2FUSDT&limit=5", b"", 200),
        ("GET", "/orders?limit=5&symbol=BTC%2fUSDT", b"", 200),
        ("GET", "/orders?symbol=BTC/USDT", b"", 200),
        ("GET", "/order/BTC%2FUSDT-1", b"", 404),
        ("POST", "/order", BODY, 201),
        ("POST", "/order", BODY + b"\r\n", 201),
    ],
)
async def test_the_bytes_are_signed_as_they_are_sent(
    alice: UnifiedClient, method: str, target: str, body: bytes, status: int
) -> None:
    assert status == (await alice.signed(method, target, body)).status


@pytest.mark.parametrize(
    "change",
    [
        lambda t, m, p, b: (t, "DELETE", p, b),
        lambda t, m, p, b: (t, m, p + "?a=1", b),
        lambda t, m, p, b: (t, m, p.removeprefix("/unified/v1"), b),
        lambda t, m, p, b: (t, m, "http://127.0.0.1:8080" + p, b),
        lambda t, m, p, b: (t, m, p, b.replace(b"0.0020", b"0.002")),
        lambda t, m, p, b: (t, m, p, b""),
        lambda t, m, p, b: (str(int(t) + 1), m, p, b),
        lambda t, m, p, b: (t, m.lower(), p, b),
    ],
)
async def test_a_signature_of_anything_else_is_refused(
    lab: Lab, alice: UnifiedClient, change: Callable[..., tuple[str, str, str, bytes]]
) -> None:
    timestamp = str(lab.now_ms)
    signed = signature("alice_secret", *change(timestamp, "POST", PREFIX + "/order", BODY))
    headers = {"X-API-KEY": "alice_key", "X-API-TIMESTAMP": timestamp, "X-API-SIGNATURE": signed}
    before = lab.state_hash()
    assert (401, "INVALID_SIGNATURE", WRONG, {}) == error(await alice.send("POST", "/order", BODY, headers))
    assert before == lab.state_hash()


async def test_a_signature_of_another_key_or_of_nothing_is_refused(lab: Lab, alice: UnifiedClient) -> None:
    timestamp = str(lab.now_ms)
    right = signature("alice_secret", timestamp, "GET", PREFIX + "/balance")
    bobs = signature("bob_secret", timestamp, "GET", PREFIX + "/balance")
    for signed in (bobs, "0" * 64, "zz", "é", right[:-1], right + "0"):
        headers = {"X-API-KEY": "alice_key", "X-API-TIMESTAMP": timestamp, "X-API-SIGNATURE": signed}
        assert (401, "INVALID_SIGNATURE", WRONG, {}) == error(await alice.send("GET", "/balance", headers=headers))
    headers = {"X-API-KEY": "alice_key", "X-API-TIMESTAMP": timestamp, "X-API-SIGNATURE": right.upper()}
    assert 200 == (await alice.send("GET", "/balance", headers=headers)).status


@pytest.mark.parametrize(
    ("headers", "code", "details"),
    [
        ({}, "INVALID_API_KEY", {}),
        ({"X-API-KEY": ""}, "INVALID_API_KEY", {}),
        ({"X-API-KEY": "nobodys"}, "INVALID_API_KEY", {}),
        ({"X-MBX-APIKEY": "alice_key"}, "INVALID_API_KEY", {}),
        (
            {"X-API-KEY": "alice_key"},
            "INVALID_SIGNATURE",
            {"field": "X-API-TIMESTAMP", "expected": "the time of the request, in milliseconds UTC"},
        ),
        (
            {"X-API-KEY": "alice_key", "X-API-TIMESTAMP": "soon", "X-API-SIGNATURE": "00"},
            "INVALID_SIGNATURE",
            {"field": "X-API-TIMESTAMP", "expected": "the time of the request, in milliseconds UTC"},
        ),
        (
            {"X-API-KEY": "alice_key", "X-API-TIMESTAMP": "1700000000000"},
            "INVALID_SIGNATURE",
            {"field": "X-API-SIGNATURE", "expected": "a signature in hex; only open mode does without"},
        ),
    ],
)
async def test_what_is_missing_is_named(
    alice: UnifiedClient, headers: dict[str, str], code: str, details: dict[str, str]
) -> None:
    status, told, _, named = error(await alice.send("GET", "/balance", headers=headers))
    assert (401, code, details) == (status, told, named)


@pytest.mark.parametrize(
    ("late_ms", "message"),
    [(5001, TOO_OLD), (10**12, TOO_OLD), (-1000, AHEAD), (-(10**17), AHEAD)],
)
async def test_a_request_is_good_for_five_seconds(lab: Lab, alice: UnifiedClient, late_ms: int, message: str) -> None:
    for good_ms in (-999, 0, 5000):
        assert 200 == (await alice.signed("GET", "/balance", time=lab.now_ms - good_ms)).status
    answer = await alice.signed("GET", "/balance", time=lab.now_ms - late_ms)
    assert (401, "INVALID_SIGNATURE", message, {}) == error(answer)


async def test_the_exchange_is_told_until_when_it_may_act(lab: Lab, alice: UnifiedClient) -> None:
    asked: list[int | None] = []
    ask = lab.world.ask

    async def listen(command: Command, *, deadline_us: int | None = None, **options: Any) -> Outcome:
        asked.append(deadline_us)
        return await ask(command, deadline_us=deadline_us, **options)

    lab.world.ask = listen
    await alice.signed("POST", "/order", BODY, time=lab.now_ms - 2000)
    await alice.signed("DELETE", "/order/BTCUSDT-1", time=lab.now_ms - 3000)
    assert [lab.clock.time_us + 3_000_000, lab.clock.time_us + 2_000_000] == asked


async def test_in_open_mode_the_key_alone_suffices(open_lab_: Lab) -> None:
    alice = UnifiedClient(open_lab_, open_lab_.alice)
    assert 201 == (await alice.with_key("POST", "/order", BODY)).status
    assert 200 == (await alice.with_key("GET", "/order/BTCUSDT-1")).status
    nobody = await alice.public("/balance")
    assert (401, "INVALID_API_KEY", "Send your API key in the header X-API-KEY.", {}) == error(nobody)


async def test_in_open_mode_a_signature_that_is_sent_must_be_right(open_lab_: Lab) -> None:
    alice = UnifiedClient(open_lab_, open_lab_.alice)
    assert 200 == (await alice.signed("GET", "/balance")).status
    old = await alice.signed("GET", "/balance", time=open_lab_.now_ms - 5001)
    assert (401, "INVALID_SIGNATURE", TOO_OLD, {}) == error(old)
    for signed, code in (("00", "INVALID_SIGNATURE"), ("", "INVALID_SIGNATURE")):
        headers = {"X-API-KEY": "alice_key", "X-API-SIGNATURE": signed, "X-API-TIMESTAMP": str(open_lab_.now_ms)}
        answer = await alice.send("GET", "/balance", headers=headers)
        assert (401, code) == error(answer)[:2]


@pytest.mark.parametrize("target", ["/ping", "/time", "/markets", "/ticker/BTCUSDT", "/tickers", "/trades/BTCUSDT"])
async def test_what_everybody_may_ask_asks_for_no_key(alice: UnifiedClient, target: str) -> None:
    assert 200 == (await alice.public(target)).status
    assert 200 == (await alice.send("GET", target, headers={"X-API-KEY": "x", "X-API-SIGNATURE": "y"})).status
