"""`hypersim curl METHOD PATH [name=value ...]`: one call of the Binance dialect, signed, sent and shown.

Guarantees that the `curl` line it prints is the request it sent, character for character, and that the secret
is not in it. Asks the exchange for its time before it signs, so that it works whatever the clock of the
exchange is set to. Goes through no proxy. Does not retry.
"""

from __future__ import annotations

import hashlib
import hmac
import shlex
from base64 import b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TextIO
from urllib.parse import quote, urlencode

import httpx
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msgspec import Struct

TIMEOUT_S: Final = 10.0
METHODS: Final = ("GET", "POST", "PUT", "DELETE")
IN_THE_BODY: Final = ("POST", "PUT")
"""Where these methods carry their parameters; the others have them in the query."""

PREFIXES: Final = ("/v1/", "/api/v3/", "/sapi/v1/", "/sapi/v3/")
PUBLIC: Final = frozenset(
    {
        "aggTrades",
        "avgPrice",
        "depth",
        "exchangeInfo",
        "executionRules",
        "historicalBlockTrades",
        "historicalTrades",
        "klines",
        "ping",
        "referencePrice",
        "referencePrice/calculation",
        "system/status",
        "ticker",
        "ticker/24hr",
        "ticker/bookTicker",
        "ticker/price",
        "ticker/tradingDay",
        "time",
        "trades",
        "uiKlines",
    }
)
"""What needs no key and no signature, and would be refused for the parameters that come with one."""
KEYED: Final = frozenset({"userDataStream"})
"""What needs the key alone, and would be refused likewise."""

ANSWERED, REFUSED, UNUSABLE = 0, 1, 2
"""Exit codes: an answer below 400; a refusal; wrong use, or nobody there."""


class UsageError(ValueError):
    """The command line asks for no call; the message is one line for the person who wrote it."""


Sign = Callable[[str], str]
"""The signature of a payload, as the parameter `signature` has it before it is percent-encoded."""


class Call(Struct, frozen=True, kw_only=True):
    """A request, before it is signed."""

    method: str
    path: str
    parameters: tuple[tuple[str, str], ...]

    @property
    def signed(self) -> bool:
        """Whether the exchange wants proof of who asks."""
        return self.keyed and self._endpoint not in KEYED

    @property
    def keyed(self) -> bool:
        """Whether the exchange wants to know who asks."""
        return self._endpoint not in PUBLIC

    @property
    def _endpoint(self) -> str:
        prefix = next(prefix for prefix in PREFIXES if self.path.startswith(prefix))
        return self.path.removeprefix(prefix)


def run(
    method: str,
    path: str,
    pairs: Sequence[str],
    *,
    base_url: str,
    api_key: str,
    secret_key: str,
    private_key: Path | None = None,
    out: TextIO,
    err: TextIO,
) -> int:
    """Sends the call; the curl line goes to `err`, the answer to `out`. Returns the exit code.

    `pairs` are name=value as typed; `base_url` is such as http://127.0.0.1:8080; `private_key` is a PEM of
    RSA or Ed25519, which signs in place of the secret.
    """
    try:
        call = parse(method, path, pairs)
        sign = by_secret(secret_key) if private_key is None else by_private_key(private_key)
        with httpx.Client(base_url=address(base_url), timeout=TIMEOUT_S, trust_env=False) as client:
            request = build(client, call, api_key, sign)
            answer = client.send(request)
    except UsageError as error:
        print(error, file=err)
        return UNUSABLE
    except httpx.HTTPError as error:
        print(f"no answer from {base_url} ({reason(error)}); is the exchange running there?", file=err)
        return UNUSABLE
    print(curl_line(request), file=err)
    print(answer.text, file=out)
    return REFUSED if answer.is_error else ANSWERED


def address(base_url: str) -> httpx.URL:
    """Raises UsageError for what no exchange can be at."""
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.host:
        raise UsageError(f"{base_url!r} is not the address of an exchange, such as http://127.0.0.1:8080")
    return url


def reason(error: httpx.HTTPError) -> str:
    """The first line of what went wrong, or what to call it."""
    return str(error).partition("\n")[0] or type(error).__name__


def parse(method: str, path: str, pairs: Sequence[str]) -> Call:
    """The call that was typed. Raises UsageError."""
    if method.upper() not in METHODS:
        raise UsageError(f"{method!r} is no method; one of {', '.join(METHODS)} is")
    if not path.startswith(PREFIXES):
        raise UsageError(f"{path!r} does not begin with {', '.join(PREFIXES)}: for others, use curl itself")
    if "?" in path:
        raise UsageError(f"parameters go after the path, as in: {path.replace('?', ' ').replace('&', ' ')}")
    parameters = []
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not name or not equals:
            raise UsageError(f"{pair!r} is not name=value")
        if name == "signature":
            raise UsageError("the signature is made here: leave it out")
        parameters.append((name, value))
    return Call(method=method.upper(), path=path, parameters=tuple(parameters))


def build(client: httpx.Client, call: Call, api_key: str, sign: Sign) -> httpx.Request:
    """The request as it will be sent. Asks the exchange for the time, if the call needs it."""
    parameters = list(call.parameters)
    headers = {"X-MBX-APIKEY": api_key} if call.keyed else {}
    if call.signed:
        if "timestamp" not in dict(parameters):
            parameters.append(("timestamp", str(server_time_ms(client))))
        parameters.append(("signature", sign(encoded(parameters))))
    if call.method in IN_THE_BODY:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return client.build_request(call.method, call.path, content=encoded(parameters), headers=headers)
    query = f"?{encoded(parameters)}" if parameters else ""
    return client.build_request(call.method, call.path + query, headers=headers)


def server_time_ms(client: httpx.Client) -> int:
    """The clock of the exchange. Raises httpx.HTTPError when there is none to ask."""
    answer = client.get("/api/v3/time").raise_for_status()
    try:
        return int(answer.json()["serverTime"])
    except (ValueError, TypeError, KeyError):
        raise httpx.DecodingError("whoever answers there does not tell the time", request=answer.request) from None


def encoded(parameters: Sequence[tuple[str, str]]) -> str:
    """As on the wire: what is signed is exactly this."""
    return urlencode(parameters, quote_via=quote)


def by_secret(secret_key: str) -> Sign:
    """HMAC-SHA256 in hexadecimal digits."""
    return lambda payload: hmac.new(secret_key.encode(), payload.encode(), hashlib.sha256).hexdigest()


def by_private_key(path: Path) -> Sign:
    """RSASSA-PKCS1-v1_5 with SHA-256, or Ed25519, in base64. Raises UsageError for a file that holds no such key."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise UsageError(f"the private key {path} cannot be read: {error.strerror}") from None
    except TypeError:
        raise UsageError(f"the private key {path} is encrypted: one without a password is wanted") from None
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError(f"{path} holds no private key: a PEM is wanted") from None
    if isinstance(key, RSAPrivateKey):
        return lambda payload: b64encode(key.sign(payload.encode(), PKCS1v15(), SHA256())).decode()
    if isinstance(key, Ed25519PrivateKey):
        return lambda payload: b64encode(key.sign(payload.encode())).decode()
    raise UsageError(f"the private key {path} is neither RSA nor Ed25519")


def curl_line(request: httpx.Request) -> str:
    """What to type in a POSIX shell to send the same request."""
    words = ["curl"]
    if request.method != "GET":
        words += ["-X", request.method]
    if "X-MBX-APIKEY" in request.headers:
        words += ["-H", f"X-MBX-APIKEY: {request.headers['X-MBX-APIKEY']}"]
    words.append(str(request.url))
    if request.content:
        words += ["-d", request.content.decode()]
    return shlex.join(words)
