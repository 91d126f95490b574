"""The wording of refusals: total, and with every detail in its place."""

import pytest

from hypersim.api.binance.refusals import WORDINGS, Problem, word
from hypersim.errors import Reason, Refused


def test_every_reason_has_its_wording() -> None:
    assert set(Reason) == set(WORDINGS)


def test_no_refusal_is_a_fault_of_the_server_but_those_that_are() -> None:
    unavailable = {Reason.OVERLOADED, Reason.STATUS_UNKNOWN, Reason.SHUTTING_DOWN}
    assert unavailable == {reason for reason, wording in WORDINGS.items() if wording.status >= 500}


@pytest.mark.parametrize(
    ("refused", "status", "code", "sentence"),
    [
        (Refused(Reason.BAD_SYMBOL), 400, -1121, "Invalid symbol."),
        (
            Refused(Reason.PARAMETER_MISSING, "timestamp"),
            400,
            -1102,
            "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.",
        ),
        (
            Refused(Reason.ILLEGAL_CHARACTERS, "limit", "^[0-9]{1,20}$"),
            400,
            -1100,
            "Illegal characters found in parameter 'limit'; legal range is '^[0-9]{1,20}$'.",
        ),
        (Refused(Reason.ILLEGAL_CHARACTERS), 400, -1100, "Illegal characters found in a parameter."),
        (
            Refused(Reason.PARAMETERS_UNREAD, 7, 8),
            400,
            -1104,
            "Not all sent parameters were read; read '7' parameter(s) but was sent '8'.",
        ),
        (
            Refused(Reason.TOO_MANY_ORDERS, 50, "10 SECOND"),
            429,
            -1015,
            "Too many new orders; current limit is 50 orders per 10 SECOND.",
        ),
        (
            Refused(Reason.INSUFFICIENT_BALANCE, "USDT", "1.00000000", "2.00000000"),
            400,
            -2010,
            "Account has insufficient balance for requested action.",
        ),
        (
            Refused(Reason.ORDER_TYPE_NOT_SUPPORTED, "Stop loss"),
            400,
            -1013,
            "Stop loss orders are not supported for this symbol.",
        ),
    ],
)
def test_a_refusal_is_worded_as_at_binance(refused: Refused, status: int, code: int, sentence: str) -> None:
    assert (status, Problem(code, sentence)) == word(refused)
