"""How the text of each kind of parameter is read."""

from typing import Any

import pytest

from hypersim.api.binance.endpoints import Rule
from hypersim.api.binance.orders import ORDER, PREVENTION
from hypersim.api.binance.parameters import (
    ANY_STATUS,
    CLIENT_ORDER_ID_TEXT,
    SYMBOL_TEXT,
    Boolean,
    Decimal,
    Integer,
    SymbolList,
    Time,
    TimeZone,
    WholeDecimal,
)
from hypersim.api.binance.security import Milliseconds
from hypersim.errors import Reason, Refused

DECIMAL_RANGE = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"
INTEGER_RANGE = "^[0-9]{1,20}$"

ACCEPTED: tuple[tuple[Rule[Any], str, Any], ...] = (
    (SYMBOL_TEXT, "BTCUSDT", "BTCUSDT"),
    (SYMBOL_TEXT, "A-B_C.1", "A-B_C.1"),
    (CLIENT_ORDER_ID_TEXT, "x-TKT5PX2F_a", "x-TKT5PX2F_a"),
    (Decimal(), "1", 100_000_000),
    (Decimal(), "0.00000001", 1),
    (Decimal(), "0", 0),
    (Decimal(), "007.50", 750_000_000),
    (Decimal(), "1.000000000000", 100_000_000),
    (Decimal(), "92233720368.54775807", 2**63 - 1),
    (Integer(), "0", 0),
    (Integer(), "00000000000000000012", 12),
    (Integer(least=1, most=1000), "5000", 1000),
    (WholeDecimal(), "100", 100),
    (WholeDecimal(), "100.0", 100),
    (Boolean(), "true", True),
    (Boolean(), "False", False),
    (Time(), "1700000000000", 1_700_000_000_000_000),
    (Time(), "1700000000000123", 1_700_000_000_000_123),
    (Time(last=True), "1700000000000", 1_700_000_000_000_999),
    (Time(last=True), "1700000000000123", 1_700_000_000_000_123),
    *((SYMBOL_TEXT, text, text) for text in ("1000CHEEMSUSDT", "1MBABYDOGEFDUSD", "A_B-C.D", "币安人生USDT", "A" * 50)),
    (SymbolList(), "[]", ()),
    (SymbolList(), '["币安人生USDT","1000SATSTRY"]', ("币安人生USDT", "1000SATSTRY")),
    (SymbolList(), '["BTCUSDT"]', ("BTCUSDT",)),
    (SymbolList(), '["BTCUSDT","BNBUSDT"]', ("BTCUSDT", "BNBUSDT")),
    (TimeZone(), "0", 0),
    (TimeZone(), "-1:00", -60),
    (TimeZone(), "05:45", 345),
    (TimeZone(), "14", 840),
    (TimeZone(), "+14:00", 840),
    (TimeZone(), "-12:00", -720),
    (Milliseconds(), "5000", 5_000_000),
    (Milliseconds(), "6000.346", 6_000_346),
    (Milliseconds(), "60000", 60_000_000),
    (Milliseconds(), "0.5", 500),
)


@pytest.mark.parametrize(("rule", "text", "value"), ACCEPTED)
def test_a_text_in_range_is_read(rule: Rule[Any], text: str, value: Any) -> None:
    assert value == rule.parse("x", text)


REFUSED: tuple[tuple[Rule[Any], str, tuple[Any, ...]], ...] = (
    *(
        (SYMBOL_TEXT, text, (Reason.ILLEGAL_CHARACTERS, "x", r"^[\w\-._&&[^a-z]]{1,50}$"))
        for text in ("btcusdt", "BTC/USDT", "BTC USDT", "A" * 51, "BTCUSDT\n", "BTC\0", "", "币安&USDT")
    ),
    *(
        (CLIENT_ORDER_ID_TEXT, text, (Reason.ILLEGAL_CHARACTERS, "x", "^[a-zA-Z0-9-_]{1,36}$"))
        for text in ("a" * 37, "a b", "a.b", "ä", "a\n", "'; DROP TABLE orders; --")
    ),
    *(
        (Decimal(), text, (Reason.ILLEGAL_CHARACTERS, "x", DECIMAL_RANGE))
        for text in (
            *("-1", "+1", "1e5", "1E-5", "NaN", "nan", "Infinity", "inf", "1,5", ".5", "5.", "0x10", "1_000"),
            *(" 1", "1 ", "1\n", "None", "null", "１", "1" * 21, "0." + "1" * 21),
        )
    ),
    (Decimal(), "0.000000001", (Reason.TOO_MUCH_PRECISION, "x")),
    (Decimal(), "1.123456789", (Reason.TOO_MUCH_PRECISION, "x")),
    (Decimal(), "92233720368.54775808", (Reason.PARAMETER_OVERFLOW, "x")),
    (Decimal(), "9" * 20, (Reason.PARAMETER_OVERFLOW, "x")),
    *(
        (Integer(), text, (Reason.ILLEGAL_CHARACTERS, "x", INTEGER_RANGE))
        for text in ("-1", "1.5", "1e3", "abc", "", "1" * 21, "²", "１", "0b1", " 1")
    ),
    (Integer(), "9223372036854775808", (Reason.PARAMETER_OVERFLOW, "x")),
    *((WholeDecimal(), text, (Reason.ILLEGAL_CHARACTERS, "x", DECIMAL_RANGE)) for text in ("100.5", "1.", ".5", "1e2")),
    (Integer(least=1), "0", (Reason.PARAMETER_INVALID, "x")),
    (Boolean(), "yes", (Reason.PARAMETER_INVALID, "x")),
    (Boolean(), "1", (Reason.PARAMETER_INVALID, "x")),
    (Time(), "-1", (Reason.ILLEGAL_CHARACTERS, "x", INTEGER_RANGE)),
    *(
        (SymbolList(), text, (Reason.ILLEGAL_CHARACTERS, "x", SymbolList.legal))
        for text in (
            "BTCUSDT",
            '["BTCUSDT", "BNBUSDT"]',
            "['BTCUSDT']",
            "[",
            '["a"]',
            "[1]",
            '[["A"]]',
            '["A"]\n',
        )
    ),
    (SymbolList(), '["A","B","A"]', (Reason.DUPLICATE_SYMBOLS,)),
    (SymbolList(most=1), '["A","B"]', (Reason.TOO_MANY_PARAMETERS, "x", 1)),
    *((TimeZone(), text, (Reason.PARAMETER_INVALID, "x")) for text in ("15", "-12:01", "14:01", "x", "1:60")),
    (ORDER.type.rule, "limit", (Reason.BAD_ORDER_TYPE,)),
    (PREVENTION.rule, "none", (Reason.PARAMETER_INVALID, "x")),
    (ANY_STATUS.rule, "OPEN", (Reason.BAD_SYMBOL_STATUS,)),
    (Milliseconds(), "60000.001", (Reason.BAD_RECV_WINDOW,)),
    (Milliseconds(), "60001", (Reason.BAD_RECV_WINDOW,)),
    (Milliseconds(), "5000.0001", (Reason.TOO_MUCH_PRECISION, "x")),
    (Milliseconds(), "-5", (Reason.ILLEGAL_CHARACTERS, "x", DECIMAL_RANGE)),
)


@pytest.mark.parametrize(("rule", "text", "refusal"), REFUSED)
def test_a_text_out_of_range_is_refused_by_name(rule: Rule[Any], text: str, refusal: tuple[Any, ...]) -> None:
    with pytest.raises(Refused) as refused:
        rule.parse("x", text)
    assert refusal == (refused.value.reason, *refused.value.details)
