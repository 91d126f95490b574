"""Who sent a signed request, and until when the exchange may act on it.

The checks and their order: something missing (-1102), the key's format (-2014), the key (-2015), its
signature (-1022), then the time (-1021). A time before 2017 or more than 10 s ahead, which Binance refuses
without saying how, is refused as any other that is too old or ahead. Sources: rest-api.md, 'Request Security';
CHANGELOG.md, 2024-12-09 and 2025-12-17.
"""

from collections.abc import Mapping
from typing import Final

from hypersim.api.binance.endpoints import optional, required
from hypersim.api.binance.parameters import Text, Time
from hypersim.api.binance.request import SIGNATURE, Sent
from hypersim.errors import Reason, Refused
from hypersim.identity import BINANCE_KEY, ApiKey, KeyRing
from hypersim.units import DECIMAL

DEFAULT_WINDOW_US: Final = 5_000_000
LONGEST_WINDOW_US: Final = 60_000_000
AHEAD_US: Final = 1_000_000


class Milliseconds:
    """A length of time in milliseconds with up to three decimals, as microseconds; at most a minute."""

    legal = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"

    def parse(self, name: str, text: str) -> int:
        if len(text) <= 20 and text.isascii() and text.isdecimal():
            value_us = int(text) * 1000
        elif DECIMAL.fullmatch(text) is None:
            raise Refused(Reason.ILLEGAL_CHARACTERS, name, self.legal)
        else:
            whole, _, fraction = text.partition(".")
            if fraction[3:].strip("0"):
                raise Refused(Reason.TOO_MUCH_PRECISION, name)
            value_us = int(whole + fraction[:3].ljust(3, "0"))
        if value_us > LONGEST_WINDOW_US:
            raise Refused(Reason.BAD_RECV_WINDOW)
        return value_us

    def schema(self) -> dict[str, object]:
        return {"type": "number", "minimum": 0, "maximum": LONGEST_WINDOW_US // 1000}


TIMESTAMP: Final = required("timestamp", Time(), "when the request was made, milliseconds or microseconds")
RECV_WINDOW: Final = optional(
    "recvWindow", Milliseconds(), DEFAULT_WINDOW_US, "how long the request is good for, milliseconds"
)
PARSE_TIMESTAMP: Final = TIMESTAMP.rule.parse
PARSE_WINDOW: Final = RECV_WINDOW.rule.parse
SIGNED: Final = (
    RECV_WINDOW,
    TIMESTAMP,
    required(
        SIGNATURE,
        Text("^([A-Fa-f0-9]{64}|[A-Za-z0-9+/]{86}==|[A-Za-z0-9+/]{342}==|[A-Za-z0-9+/]{683}=)$"),
        "of query string and body: HMAC-SHA-256 in hex, or RSA or Ed25519 in base64",
    ),
)
"""What every signed endpoint takes beside its own parameters."""


def authenticate(sent: Sent, api_key: str, keys: KeyRing, now_us: int) -> tuple[int, int]:
    """The account that signed, and the request's deadline in microseconds. Raises Refused."""
    values = sent.values
    timestamp, signature = present(values, TIMESTAMP.name), present(values, SIGNATURE)
    key = find_key(api_key, keys)
    # other characters than ASCII are percent-encoded first and signed then
    if not (sent.payload.isascii() and key.verify(sent.payload, signature)):
        raise Refused(Reason.BAD_SIGNATURE)
    return key.account_id, deadline_us(timestamp, values.get(RECV_WINDOW.name), now_us)


def present(sent: Mapping[str, str], name: str) -> str:
    """A parameter that must be there. Raises Refused PARAMETER_MISSING or PARAMETER_EMPTY."""
    text = sent.get(name)
    if not text:
        raise Refused(Reason.PARAMETER_MISSING if text is None else Reason.PARAMETER_EMPTY, name)
    return text


def deadline_us(timestamp: str, window: str | None, now_us: int) -> int:
    """Until when the exchange may act on a request of that timestamp and recvWindow. Raises Refused."""
    timestamp_us = PARSE_TIMESTAMP(TIMESTAMP.name, timestamp)
    if window:
        window_us = PARSE_WINDOW(RECV_WINDOW.name, window)
    elif window is None:
        window_us = DEFAULT_WINDOW_US
    else:
        raise Refused(Reason.PARAMETER_EMPTY, RECV_WINDOW.name)
    if timestamp_us >= now_us + AHEAD_US:
        raise Refused(Reason.TIMESTAMP_AHEAD)
    if now_us - timestamp_us > window_us:
        raise Refused(Reason.TIMESTAMP_TOO_OLD)
    return int(timestamp_us + window_us)


def find_key(api_key: str, keys: KeyRing) -> ApiKey:
    """The key that a request names. Raises Refused BAD_API_KEY or BAD_API_KEY_FORMAT."""
    key = keys.get(api_key)
    if key is None:
        well_formed = BINANCE_KEY.fullmatch(api_key) is not None
        raise Refused(Reason.BAD_API_KEY if well_formed else Reason.BAD_API_KEY_FORMAT)
    return key
