"""The parameters of one request as they were sent, and the exact bytes that its signature covers.

Query string and form body are read the same way, strictly: UTF-8, whole percent escapes, each name once;
where both have a name, the query string's value counts (rest-api.md, 'General Information on Endpoints'). The
signed payload is the raw query string and the raw body without their `signature` pairs and with nothing
between them ('HMAC Keys').
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from hypersim.errors import Reason, Refused

BROKEN_ESCAPE: Final = re.compile("%(?![0-9A-Fa-f]{2})")
SIGNATURE: Final = "signature"

Known = Mapping[str, tuple[str, str, Any]]
"""Whole pairs as they may be sent -> name, value, and what the value stands for."""
NOTHING_KNOWN: Final[Known] = {}


class Sent:
    """What a request carried: `values` by name, and the `payload` that its signature must cover. Of those whose pairs
    are known, `arguments` has what they stand for.
    """

    __slots__ = ("arguments", "payload", "values")

    def __init__(self, query: bytes, body: bytes = b"", known: Known = NOTHING_KNOWN) -> None:
        """Raises Refused ILLEGAL_CHARACTERS or DUPLICATE_PARAMETER."""
        self.values: dict[str, str] = {}
        self.arguments: dict[str, Any] = {}
        self.payload = self._read(query, known) if query else query
        if body:
            in_query, self.values = self.values, {}
            self.payload += self._read(body, NOTHING_KNOWN if in_query else known)
            self.values.update(in_query)

    def _read(self, raw: bytes, known: Known) -> bytes:
        """Reads the pairs of one part; returns the part without its signature."""
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            raise Refused(Reason.ILLEGAL_CHARACTERS) from None
        pairs = text.split("&")
        if "%" in text or "+" in text:
            return self._read_each(raw, pairs, escaped=True)
        values: dict[str, str] = {}
        arguments: dict[str, Any] = {}
        name = equals = ""
        for pair in pairs:
            if pair in known:
                name, values[name], arguments[name] = known[pair]
            else:
                name, equals, values[name] = pair.partition("=")
                if not (name and equals):
                    return self._read_each(raw, pairs, escaped=False)
        is_signed = SIGNATURE in values
        if len(values) < len(pairs) or (is_signed and name != SIGNATURE):
            return self._read_each(raw, pairs, escaped=False)
        self.values, self.arguments = values, arguments
        return raw[: max(raw.rfind(b"&"), 0)] if is_signed else raw

    def _read_each(self, raw: bytes, pairs: list[str], *, escaped: bool) -> bytes:
        """The same, for parts that are not as most are."""
        values = self.values
        unsigned = pairs
        for number, (name, _, value) in enumerate([pair.partition("=") for pair in pairs]):
            if escaped:
                name, value = decoded(name), decoded(value)
            if name in values:
                raise Refused(Reason.DUPLICATE_PARAMETER)
            if name:
                values[name] = value
            if name == SIGNATURE:
                unsigned = pairs[:number] + pairs[number + 1 :]
        return raw if unsigned is pairs else "&".join(unsigned).encode()


def decoded(text: str) -> str:
    """Percent-decoded text; a plus sign is a space. Raises Refused ILLEGAL_CHARACTERS."""
    if BROKEN_ESCAPE.search(text) is not None:
        raise Refused(Reason.ILLEGAL_CHARACTERS)
    try:
        return unquote_to_bytes(text.replace("+", " ")).decode()
    except UnicodeDecodeError:
        raise Refused(Reason.ILLEGAL_CHARACTERS) from None
