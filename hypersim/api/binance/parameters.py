"""The parsing rules of Binance's parameters, and the parameters that several endpoints share.

A rule turns a text into a value or refuses it with Binance's code; the legal ranges are those that Binance
quotes in -1100. Times come out in microseconds, decimals as integers of scale 8. Nothing here knows which
symbols exist: that is `World.market`.
"""

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import msgspec

from hypersim.api.binance.endpoints import Call, Parameter, optional, required
from hypersim.engine.market import ASSET_NAME, MarketStatus
from hypersim.errors import Reason, Refused
from hypersim.units import DECIMAL, SCALE, parse

E = TypeVar("E", bound=enum.StrEnum)

INT64_MAX: Final = 2**63 - 1

MICROSECONDS_FROM: Final = 10**14
"""Binance tells milliseconds from microseconds by magnitude: as milliseconds this is the year 5138."""
MILLISECOND_DIGITS: Final = 13
"""Of the years from 2001 to 2286."""


class Text:
    """Text within a legal range: an anchored regular expression, quoted as it is in -1100."""

    def __init__(self, legal: str, matches: re.Pattern[str] | None = None) -> None:
        """`matches`: the same range, where it is quoted as only Java would read it."""
        self.legal = legal
        self._matches = (matches or re.compile(legal, re.ASCII)).fullmatch
        self._schema = {"type": "string"} | ({"pattern": legal} if matches is None else {})

    def parse(self, name: str, text: str) -> str:
        if self._matches(text) is None:
            raise Refused(Reason.ILLEGAL_CHARACTERS, name, self.legal)
        return text

    def schema(self) -> dict[str, Any]:
        return self._schema


@dataclass(frozen=True, slots=True)
class Decimal:
    """A price or quantity: an integer of scale 8. More than 8 decimals are -1111, more than 64 bits -1108."""

    legal = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"

    def parse(self, name: str, text: str) -> int:
        try:
            value = parse(text)
        except ValueError:
            if DECIMAL.fullmatch(text) is None:
                raise Refused(Reason.ILLEGAL_CHARACTERS, name, self.legal) from None
            raise Refused(Reason.TOO_MUCH_PRECISION, name) from None
        if value > INT64_MAX:
            raise Refused(Reason.PARAMETER_OVERFLOW, name)
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": self.legal, "description": f"decimal, at most {SCALE} decimals"}


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number. Below `least` it is refused, above `most` silently lowered to it, as at Binance."""

    least: int = 0
    most: int = INT64_MAX
    legal = "^[0-9]{1,20}$"

    def parse(self, name: str, text: str) -> int:
        # isdecimal alone would accept the digits of other scripts.
        if not (text.isascii() and text.isdecimal() and len(text) <= 20):
            raise Refused(Reason.ILLEGAL_CHARACTERS, name, self.legal)
        value = int(text)
        if value > INT64_MAX:
            raise Refused(Reason.PARAMETER_OVERFLOW, name)
        if value < self.least:
            raise Refused(Reason.PARAMETER_INVALID, name)
        return value if value <= self.most else self.most

    def schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "integer", "minimum": self.least}
        return schema if self.most == INT64_MAX else schema | {"maximum": self.most}


class WholeDecimal(Integer):
    """A whole number that may be sent as a decimal: '100' or '100.0'."""

    legal = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"

    def parse(self, name: str, text: str) -> int:
        whole, point, fraction = text.partition(".")
        if point and (DECIMAL.fullmatch(text) is None or fraction.strip("0")):
            raise Refused(Reason.ILLEGAL_CHARACTERS, name, self.legal)
        return super().parse(name, whole)


@dataclass(frozen=True, slots=True)
class Boolean:
    """true or false, in any case: python clients send True."""

    def parse(self, name: str, text: str) -> bool:
        lower = text.lower()
        if lower not in ("true", "false"):
            raise Refused(Reason.PARAMETER_INVALID, name)
        return lower == "true"

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


class Choice(Generic[E]):
    """One of an enum's values, refused with the reason that Binance has for this enum."""

    def __init__(
        self, values: Iterable[E], reason: Reason = Reason.PARAMETER_INVALID, *, among: Iterable[E] | None = None
    ) -> None:
        """`among`: those of use here, where others are refused for a reason of their own."""
        self.by_text = {value.value: value for value in values}
        self._useful = [value.value for value in (values if among is None else among)]
        self._reason = reason

    def parse(self, name: str, text: str) -> E:
        value = self.by_text.get(text)
        if value is None:
            raise Refused(self._reason) if self._reason in NAMELESS else Refused(self._reason, name)
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": self._useful}


NAMELESS: Final = frozenset(
    {
        Reason.BAD_INTERVAL,
        Reason.BAD_SYMBOL_STATUS,
        Reason.BAD_TICKER_TYPE,
        Reason.BAD_ORDER_TYPE,
        Reason.BAD_SIDE,
        Reason.BAD_TIME_IN_FORCE,
        Reason.BAD_RESPONSE_TYPE,
        Reason.BAD_CANCEL_RESTRICTIONS,
    }
)
"""Reasons whose sentence does not name the parameter."""


@dataclass(frozen=True, slots=True)
class Time:
    """A moment, sent in milliseconds or microseconds, as microseconds.

    `last` is for ends of ranges: a millisecond then means its last microsecond, so that what is shown with a
    time is found with that time.
    """

    last: bool = False

    def parse(self, name: str, text: str) -> int:
        if len(text) == MILLISECOND_DIGITS and text.isascii() and text.isdecimal():  # as nearly all are
            return int(text) * 1000 + (999 if self.last else 0)
        value = TIME_DIGITS.parse(name, text)
        if value >= MICROSECONDS_FROM:
            return value
        return value * 1000 + (999 if self.last else 0)

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": 0, "description": "UTC, milliseconds or microseconds"}


TIME_DIGITS: Final = Integer()


@dataclass(frozen=True, slots=True)
class SymbolList:
    """A JSON array of symbols, such as ["BTCUSDT","ETHUSDT"]; a symbol that comes twice is -1151."""

    most: int = 100_000
    legal = r'^\[("[\w\-._&&[^a-z]]{1,50}"(,"[\w\-._&&[^a-z]]{1,50}"){0,}){0,1}\]$'

    def parse(self, name: str, text: str) -> tuple[str, ...]:
        if SYMBOL_LIST.fullmatch(text) is None:
            raise Refused(Reason.ILLEGAL_CHARACTERS, name, self.legal)
        symbols = msgspec.json.decode(text, type=tuple[str, ...])
        if len(symbols) > self.most:
            raise Refused(Reason.TOO_MANY_PARAMETERS, name, self.most)
        if len(set(symbols)) != len(symbols):
            raise Refused(Reason.DUPLICATE_SYMBOLS)
        return symbols

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "description": "JSON array of symbols, without spaces"}


A_SYMBOL: Final = r"(?:[^\Wa-z]|[.-]){1,50}"
"""Letters and digits of any script, but none from a to z: since 2025-12 there are others than ASCII."""
SYMBOL_LIST: Final = re.compile(rf'\[(?:"{A_SYMBOL}"(?:,"{A_SYMBOL}")*)?\]')


@dataclass(frozen=True, slots=True)
class TimeZone:
    """An offset from UTC from -12:00 to +14:00, such as '8', '-1:30' or '05:45', as minutes."""

    def parse(self, name: str, text: str) -> int:
        match = TIME_ZONE_TEXT.fullmatch(text)
        if match is None:
            raise Refused(Reason.PARAMETER_INVALID, name)
        sign, hours, minutes = match.groups()
        offset = int(hours) * 60 + int(minutes or 0)
        offset = -offset if sign == "-" else offset
        if not -12 * 60 <= offset <= 14 * 60:
            raise Refused(Reason.PARAMETER_INVALID, name)
        return offset

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[+-]?[0-9]{1,2}(:[0-5][0-9])?$"}


TIME_ZONE_TEXT: Final = re.compile(r"([+-]?)([0-9]{1,2})(?::([0-5][0-9]))?", re.ASCII)


SYMBOL_TEXT: Final = Text(r"^[\w\-._&&[^a-z]]{1,50}$", re.compile(f"[A-Z0-9]{{1,50}}|{A_SYMBOL}"))
CLIENT_ORDER_ID_TEXT: Final = Text("^[a-zA-Z0-9-_]{1,36}$")

ASSET_TEXT: Final = Text(r"^[\w&&[^a-z_]]{1,50}$", re.compile(ASSET_NAME))

SYMBOL: Final = required("symbol", SYMBOL_TEXT, "such as BTCUSDT")
ANY_SYMBOL: Final = optional("symbol", SYMBOL_TEXT, description="one symbol")
ANY_SYMBOLS: Final = optional("symbols", SymbolList(), description='several, such as ["BTCUSDT","ETHUSDT"]')
ANY_STATUS: Final = optional(
    "symbolStatus",
    Choice((MarketStatus.TRADING, MarketStatus.HALT, MarketStatus.BREAK), Reason.BAD_SYMBOL_STATUS),
    description="only symbols in this status",
)
START_TIME: Final = optional("startTime", Time(), description="from this time on, inclusive")
END_TIME: Final = optional("endTime", Time(last=True), description="up to this time, inclusive")
FROM_ID: Final = optional("fromId", Integer(), description="from this id on, inclusive")
TIME_ZONE: Final = optional("timeZone", TimeZone(), 0, "offset from UTC by which days begin, -12:00 to +14:00")


def limit(default: int, most: int) -> Parameter[int]:
    """The parameter `limit`: how many rows; more than `most` gives `most`."""
    return optional("limit", Integer(least=1, most=most), default, f"how many, at most {most}")


LONGEST_LOOKUP_HOURS: Final = 24


def check_window(call: Call) -> None:
    """Raises Refused LOOKUP_TOO_WIDE when startTime and endTime are more than 24 hours apart."""
    start_us, end_us = call[START_TIME], call[END_TIME]
    if start_us is not None and end_us is not None:
        hours_us = LONGEST_LOOKUP_HOURS * 3_600_000_000
        # endTime in milliseconds means its last microsecond: compare what was sent.
        if end_us - start_us - 999 > hours_us:
            raise Refused(Reason.LOOKUP_TOO_WIDE, LONGEST_LOOKUP_HOURS)
