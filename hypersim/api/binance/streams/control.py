"""The requests that a client sends on a connection to market streams: read, and refused in Binance's words.

Source: web-socket-streams.md, 'Live Subscribing/Unsubscribing to streams'. Of an id that is missing or of another kind
it says two things; here it may be what the page lists: a 64-bit integer, up to 36 alphanumerics, or null.
"""

import enum
import json
import re
from typing import Any, Final

import msgspec
from msgspec import Struct

MOST_STREAMS: Final = 1024
"""That one connection may listen to."""
ID_TEXT: Final = re.compile("[A-Za-z0-9_-]{0,36}", re.ASCII)
"""With the two signs that UUIDs and generated ids have, which Binance takes."""
COMBINED: Final = "combined"


class Method(enum.StrEnum):
    """What can be asked for."""

    SUBSCRIBE = "SUBSCRIBE"
    UNSUBSCRIBE = "UNSUBSCRIBE"
    LIST_SUBSCRIPTIONS = "LIST_SUBSCRIPTIONS"
    SET_PROPERTY = "SET_PROPERTY"
    GET_PROPERTY = "GET_PROPERTY"


class Request(Struct, frozen=True):
    """A request whose form is in order."""

    method: Method
    params: list[Any]
    id: int | str | None


class Answer(Struct, frozen=True):
    """What a request comes to."""

    result: Any
    id: int | str | None


class Problem(Struct, frozen=True):
    """Why a request is refused."""

    code: int
    msg: str


class ControlRefused(Exception):
    """A request that is refused."""

    def __init__(self, code: int, msg: str, request_id: int | str | None = None) -> None:
        super().__init__(msg)
        self.problem = Problem(code, msg)
        self.request_id = request_id


def refusal(refused: ControlRefused) -> dict[str, Any]:
    """The answer to it: as documented at the top, and under `error`, where clients look (ccxt among them)."""
    problem = refused.problem
    return {"error": problem, "code": problem.code, "msg": problem.msg, "id": refused.request_id}


def read(text: str) -> Request:
    """The request that a message is. Raises ControlRefused."""
    try:
        sent = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        raise ControlRefused(3, f"Invalid JSON: expected value at {_where(text)}") from None
    if not isinstance(sent, dict):
        raise ControlRefused(2, "Invalid request: expected an object")
    request_id = sent.get("id")
    if "id" not in sent or not _is_id(request_id):
        raise ControlRefused(2, "Invalid request: request ID must be an unsigned integer")
    if "method" not in sent:
        raise ControlRefused(2, f"Invalid request: missing field `method` at line 1 column {len(text)}", request_id)
    method, params = sent["method"], sent.get("params", [])
    if not isinstance(method, str):
        raise ControlRefused(2, "Invalid request: method must be a string", request_id)
    if method not in METHODS:
        raise ControlRefused(
            2,
            f"Invalid request: unknown variant `{method}`, expected one of {VARIANTS} at {_end_of_method(text)}",
            request_id,
        )
    if not isinstance(params, list):
        raise ControlRefused(2, "Invalid request: params must be an array", request_id)
    return Request(Method(method), params, request_id)


def names_of(request: Request) -> list[str]:
    """The streams that SUBSCRIBE and UNSUBSCRIBE name. Raises ControlRefused."""
    names = request.params
    if not names:
        raise ControlRefused(2, "Invalid request: params must name a stream", request.id)
    if not all(isinstance(name, str) for name in names):
        raise ControlRefused(2, "Invalid request: stream names must be strings", request.id)
    return names


def property_of(request: Request, *, values: int) -> list[Any]:
    """The parameters of SET_PROPERTY and GET_PROPERTY behind the name, which is `combined`. Raises ControlRefused."""
    name = request.params[0] if request.params else None
    if not isinstance(name, str):
        raise ControlRefused(2, "Invalid request: property name must be a string", request.id)
    if len(request.params) > 1 + values:
        raise ControlRefused(2, "Invalid request: too many parameters", request.id)
    if name != COMBINED:
        raise ControlRefused(0, "Unknown property", request.id)
    return request.params[1:]


METHOD: Final = re.compile(r'"method"\s*:\s*"(?:[^"\\]|\\.)*"')
NEW_LINE: Final = "\n"
METHODS: Final = frozenset(Method)
VARIANTS: Final = ", ".join(f"`{method}`" for method in Method)


def _is_id(value: Any) -> bool:
    if isinstance(value, str):
        return ID_TEXT.fullmatch(value) is not None
    return value is None or (type(value) is int and -(2**63) <= value < 2**63)


def _end_of_method(text: str) -> str:
    """Where the name of the method ends, as far as it is plain to see."""
    found = METHOD.search(text)
    end = found.end() if found is not None else len(text)
    return f"line {text.count(NEW_LINE, 0, end) + 1} column {end - text.rfind(NEW_LINE, 0, end) - 1}"


def _where(text: str) -> str:
    """Where a text stops being JSON."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return f"line {error.lineno} column {error.colno}"
    except RecursionError:
        pass
    return "line 1 column 1"
