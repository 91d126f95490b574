"""A message of the WebSocket API: a request, and the answer to it.

A parameter's value is a text here, as it is in REST: what a JSON string says, and the very characters of a number, so
that `0.10` stays what was signed. Arrays are JSON without spaces. null is a parameter that is empty.

Source: web-socket-api.md, 'Request format' and 'Response format'. Of what is wrong with a message it says nothing:
the code is that of errors.md for JSON, the sentence the live server's.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from hypersim.api.binance.parameters import Boolean
from hypersim.api.binance.request import SIGNATURE
from hypersim.api.wire import encode
from hypersim.errors import Reason, Refused
from hypersim.limits import ORDERS_1D, ORDERS_10S, WEIGHT, Figure

API_KEY: Final = "apiKey"
RETURN_RATE_LIMITS: Final = "returnRateLimits"
VERSION: Final = "v3/"

ID: Final = re.compile("[a-zA-Z0-9_-]{1,36}", re.ASCII)
EXPECTED_ID: Final = "an integer, a string matching '^[a-zA-Z0-9-_]{1,36}$', or null"
INTEGER: Final = re.compile(rb"-?[0-9]{1,19}")
NULL: Final = b"null"

_members: Final = msgspec.json.Decoder(dict[str, Raw]).decode
_text: Final = msgspec.json.Decoder(str).decode


class Request(Struct):
    """What a client asks."""

    id: bytes = NULL
    """As JSON; null as long as it is not known."""
    method: str = ""
    """Without the version."""
    sent: Mapping[str, str] = {}
    """Every parameter, as the signature covers them."""
    refusal: Refused | None = None
    """Why it cannot be carried out, whatever it is."""

    @property
    def values(self) -> dict[str, str]:
        """The parameters of the operation, with those of its security; not what is about connection and answer."""
        return {name: text for name, text in self.sent.items() if name not in (API_KEY, RETURN_RATE_LIMITS)}

    def returns_rate_limits(self, *, default: bool) -> bool:
        """Whether the answer says what was used. Raises Refused PARAMETER_INVALID."""
        text = self.sent.get(RETURN_RATE_LIMITS)
        return default if text is None else Boolean().parse(RETURN_RATE_LIMITS, text)

    def payload(self) -> bytes:
        """What a signature must cover: the other parameters by their names' order, not percent-encoded."""
        sent = self.sent
        return "&".join([f"{name}={sent[name]}" for name in sorted(sent) if name != SIGNATURE]).encode()


def read(text: str) -> Request:
    """The request that a message is. With a `refusal` where it is none; never raises."""
    request = Request()
    try:
        _fill(request, text)
    except Refused as refused:
        request.refusal = refused
    except (msgspec.DecodeError, RecursionError):
        request.refusal = Refused(Reason.NOT_JSON)
    return request


def _fill(request: Request, text: str) -> None:
    """Reads a message into a request, part by part. Raises Refused, msgspec.DecodeError or RecursionError."""
    members = _members(text)
    sent_id = bytes(members.get("id", b""))
    if not _is_id(sent_id):
        raise Refused(Reason.BAD_ENVELOPE, "id", EXPECTED_ID)
    request.id = sent_id
    method = members.get("method")
    if method is None or not bytes(method).startswith(b'"'):
        raise Refused(Reason.BAD_ENVELOPE, "method", "a string")
    params = members.get("params")
    if params is not None:
        if not bytes(params).startswith(b"{"):
            raise Refused(Reason.BAD_ENVELOPE, "params", "an object")
        request.sent = {name: _text_of(value) for name, value in _members(params).items()}
    request.method = _text(method).removeprefix(VERSION)


def _is_id(sent: bytes) -> bool:
    if sent.startswith(b'"'):
        return ID.fullmatch(_text(sent)) is not None
    return sent == NULL or (INTEGER.fullmatch(sent) is not None and -(2**63) <= int(sent) < 2**63)


def _text_of(value: Raw) -> str:
    sent = bytes(value)
    if sent.startswith(b'"'):
        return _text(sent)
    if sent.startswith((b"[", b"{")):
        return encode(msgspec.json.decode(sent)).decode()
    return "" if sent == NULL else sent.decode()


def _counted(figure: Figure) -> bytes:
    """An item of rateLimits, up to its count."""
    return encode(figure)[:-1] + b',"count":'


_WEIGHT: Final = _counted(WEIGHT)
_ORDERS_10S: Final = _counted(ORDERS_10S)
_ORDERS_1D: Final = _counted(ORDERS_1D)


def succeeded(request_id: bytes, result: bytes, rate_limits: bytes) -> bytes:
    """The answer with a result."""
    return b'{"id":%b,"status":200,"result":%b%b}' % (request_id, result, rate_limits)


def failed(request_id: bytes, status: int, problem: Any, rate_limits: bytes) -> bytes:
    """The answer with an error."""
    return b'{"id":%b,"status":%d,"error":%b%b}' % (request_id, status, encode(problem), rate_limits)


def rate_limits(used: int, orders: tuple[int, int] | None) -> bytes:
    """The end of an answer: the weight used, behind the orders of 10 seconds and of the day where they count."""
    weight = b"%b%d}]" % (_WEIGHT, used)
    if orders is None:
        return b',"rateLimits":[' + weight
    return b',"rateLimits":[%b%d},%b%d},%b' % (_ORDERS_10S, orders[0], _ORDERS_1D, orders[1], weight)
