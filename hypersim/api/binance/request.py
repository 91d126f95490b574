"""The parameters of one request as they were sent, and the exact bytes that its signature covers.

Query string and form body are read the same way, strictly: UTF-8, whole percent escapes, each name once;
where both have a name, the query string's value counts (rest-api.md, 'General Information on Endpoints'). The
signed payload is the raw query string and the raw body without their `signature` pairs and with nothing
between them ('HMAC Keys').
"""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from hypersim.errors import Reason, Refused

BROKEN_ESCAPE: Final = re.compile("%(?![0-9A-Fa-f]{2})")
SIGNATURE: Final = "signature"
LAST: Final = SIGNATURE + "="


class Sent:
    """What a request carried: `values` by name, and the `payload` that its signature must cover."""

    __slots__ = ("payload", "values")

    def __init__(self, query: bytes, body: bytes = b"") -> None:
        """Raises Refused ILLEGAL_CHARACTERS or DUPLICATE_PARAMETER."""
        self.values: dict[str, str] = {}
        self.payload = self._read(query)
        if body:
            in_query = self.values
            self.values = {}
            self.payload += self._read(body)
            self.values.update(in_query)

    def _read(self, raw: bytes) -> bytes:
        """Adds the pairs of one part; returns the part without its signature."""
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            raise Refused(Reason.ILLEGAL_CHARACTERS) from None
        values = self.values
        pairs = text.split("&")
        if not values and "%" not in text and "+" not in text:
            try:
                read = dict([pair.split("=", 1) for pair in pairs])
            except ValueError:  # a name alone
                return self._read_each(raw, pairs, escaped=False)
            if len(read) == len(pairs) and "" not in read and (SIGNATURE not in read or pairs[-1].startswith(LAST)):
                self.values = read
                return raw[: max(raw.rfind(b"&"), 0)] if SIGNATURE in read else raw
        return self._read_each(raw, pairs, escaped="%" in text or "+" in text)

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
