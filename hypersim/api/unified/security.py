"""Who sent a request, and until when the exchange may act on it.

X-API-KEY names the key. X-API-SIGNATURE is HMAC-SHA256, in hex, under the key's secret, of

    X-API-TIMESTAMP + method + path with query + body

with nothing in between: the bytes as they were sent, percent escapes and all; the timestamp is in milliseconds. A
request is good for 5 seconds, and may be less than one ahead. In open mode the key alone suffices; a signature that
is sent must be right there too. The checks and their order: the key, the two other headers, the signature, the time.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from hypersim.api.unified.refusals import API_KEY, SIGNATURE, TIMESTAMP
from hypersim.errors import Reason, Refused
from hypersim.identity import KeyRing

WINDOW_US: Final = 5_000_000
AHEAD_US: Final = 1_000_000
MILLISECONDS: Final = re.compile(r"[0-9]{1,18}", re.ASCII)

Headers = Mapping[bytes, bytes]


def payload(scope: Any, timestamp: str, body: bytes) -> bytes:
    """What the signature of a request must cover."""
    query = scope["query_string"]
    target = scope["raw_path"] + (b"?" + query if query else b"")
    return b"".join((timestamp.encode("latin-1"), scope["method"].encode(), target, body))


def authenticate(
    scope: Any, headers: Headers, body: bytes, keys: KeyRing, now_us: int, *, open_mode: bool
) -> tuple[int, int | None]:
    """The account that asks, and the request's deadline in microseconds, None where none was said.

    Raises Refused: BAD_API_KEY_FORMAT, BAD_API_KEY, INVALID_FIELD (naming a header), BAD_SIGNATURE,
    TIMESTAMP_TOO_OLD, TIMESTAMP_AHEAD.
    """
    api_key = _text(headers, API_KEY)
    if not api_key:
        raise Refused(Reason.BAD_API_KEY_FORMAT)
    key = keys.get(api_key)
    if key is None:
        raise Refused(Reason.BAD_API_KEY)
    signature, timestamp = _text(headers, SIGNATURE), _text(headers, TIMESTAMP)
    if signature is None and open_mode:
        return key.account_id, None
    if not timestamp or MILLISECONDS.fullmatch(timestamp) is None:
        raise Refused(Reason.INVALID_FIELD, TIMESTAMP, "the time of the request, in milliseconds UTC")
    if not signature:
        raise Refused(Reason.INVALID_FIELD, SIGNATURE, "a signature in hex; only open mode does without")
    if not key.verify(payload(scope, timestamp, body), signature):
        raise Refused(Reason.BAD_SIGNATURE)
    timestamp_us = int(timestamp) * 1000
    if timestamp_us >= now_us + AHEAD_US:
        raise Refused(Reason.TIMESTAMP_AHEAD)
    if now_us - timestamp_us > WINDOW_US:
        raise Refused(Reason.TIMESTAMP_TOO_OLD)
    return key.account_id, timestamp_us + WINDOW_US


def _text(headers: Headers, name: str) -> str | None:
    value = headers.get(name.lower().encode())
    return None if value is None else value.decode("latin-1")
