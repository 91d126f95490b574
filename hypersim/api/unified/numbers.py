"""Numbers of this dialect: JSON numbers, exact both ways.

CCXT's structures have numbers where Binance has texts, so prices, amounts and money are JSON numbers here. Their
digits are those of the exchange's integers, written without exponent and without zeros at the end (0.001, 50000),
at most 8 decimals, truncated as on Binance's wire; no float is in between. Whoever wants the digits rather than
the nearest float lets a JSON parser keep them (Python: parse_float=decimal.Decimal). What comes in may be a JSON
number, with an exponent too (1e-7 is what JavaScript writes), or the same in a text; its digits are read as they
were sent.
"""

import re
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Raw

from hypersim.errors import Reason, Refused
from hypersim.units import ONE, SCALE, show

Number = Annotated[Raw, Meta(extra_json_schema={"type": "number"})]
"""A JSON number that is written already."""

LARGEST: Final = 2**63 - 1
"""Of a price or quantity of scale 8, as on the wire of Binance: 92233720368.54775807."""

WANTED: Final = "a number above 0, such as 0.5"
DECIMAL: Final = re.compile(r"([0-9]{1,40})(?:\.([0-9]{1,40}))?(?:[eE]([+-]?[0-9]{1,3}))?", re.ASCII)


def number(value: int) -> Number:
    """A price, quantity or rate of scale 8."""
    return exact(show(value))


def plain(text: str) -> str:
    """A decimal text without zeros at its end."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(amount: int) -> Number:
    """A ledger amount of scale 16, truncated towards zero."""
    return number(amount // ONE)


def exact(text: str) -> Number:
    """A decimal text as a number."""
    return Raw(plain(text))


def read(field: str, token: Raw, precision: int = SCALE) -> int:
    """The scale-8 integer of a JSON number or text with at most so many decimals. Raises Refused INVALID_FIELD."""
    text = bytes(token).decode("utf-8", "replace")
    if text.startswith('"'):
        text = str(msgspec.json.decode(text))
    match = DECIMAL.fullmatch(text)
    if match is None:
        raise Refused(Reason.INVALID_FIELD, field, WANTED)
    whole, fraction, exponent = match[1], match[2] or "", int(match[3] or 0)
    digits = int(whole + fraction)
    shift = SCALE + exponent - len(fraction)
    scale: int = 10 ** abs(shift)
    value, rest = (digits * scale, 0) if shift >= 0 else divmod(digits, scale)
    if rest or (precision < SCALE and value % 10 ** (SCALE - precision)):
        raise Refused(Reason.INVALID_FIELD, field, f"at most {precision} decimals")
    if value > LARGEST:
        raise Refused(Reason.INVALID_FIELD, field, f"at most {plain(show(LARGEST))}")
    if value == 0:
        raise Refused(Reason.INVALID_FIELD, field, WANTED)
    return value
