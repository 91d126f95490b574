"""Decimal text <-> integers, and every rounding with its name.

Prices and quantities are integers of scale 8 (1 = 0.00000001). Amounts of money in the ledger are integers of
scale 16, so that price x quantity is exact for every symbol and adding a market never rescales money. Rates
(fees, multipliers) have scale 8. Only fees round; nothing here uses floats.
"""

import re
from typing import Final

SCALE: Final = 8
ONE: Final[int] = 10**SCALE
"""1 as a price, quantity or rate."""

AMOUNT_ONE: Final[int] = ONE * ONE
"""1 as a ledger amount (scale 16)."""

WHOLE_DIGITS: Final = 20
POWERS_OF_TEN: Final[tuple[int, ...]] = tuple(10**power for power in range(SCALE + 1))
DECIMAL = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?", re.ASCII)
"""What Binance accepts as a decimal: no sign, no exponent, at most 20 digits on either side of the point."""


def parse(text: str) -> int:
    """Scale-8 integer of a decimal text; zeros past the eighth decimal are accepted.

    Raises ValueError when the text is not a plain decimal or needs more than 8 decimals.
    """
    whole, point, fraction = text.partition(".")
    if (
        len(fraction) <= SCALE
        and len(whole) <= WHOLE_DIGITS
        and whole.isdigit()
        and (fraction.isdigit() or not point)
        and text.isascii()
    ):  # as nearly all are: two thirds of the time of the expression (benchmarks/orders.py)
        return int(whole + fraction) * POWERS_OF_TEN[SCALE - len(fraction)]
    if DECIMAL.fullmatch(text) is None:
        raise ValueError(f"not a decimal: {text!r}")
    if len(fraction) > SCALE:
        if fraction[SCALE:].strip("0"):
            raise ValueError(f"more than {SCALE} decimals: {text!r}")
        fraction = fraction[:SCALE]
    return int(whole + fraction.ljust(SCALE, "0"))


def decimals(text: str) -> int:
    """How many decimals a decimal text needs: '1.500' needs 1."""
    return len(text.partition(".")[2].rstrip("0"))


NOTHING: Final = "0." + "0" * SCALE


def show(value: int) -> str:
    """Price, quantity or rate as text with 8 decimals."""
    if value <= 0:
        return "-" + show(-value) if value else NOTHING
    digits = str(value)  # less than the time of two divisions and a format
    if len(digits) <= SCALE:
        digits = digits.zfill(SCALE + 1)
    return f"{digits[:-SCALE]}.{digits[-SCALE:]}"


def show_amount(amount: int) -> str:
    """Ledger amount (scale 16) as text with 8 decimals, truncated towards zero as the wire shows it."""
    if not amount:
        return NOTHING
    return "-" + show(-amount // ONE) if amount < 0 else show(amount // ONE)


def to_amount(quantity: int) -> int:
    """Ledger amount (scale 16) of a scale-8 quantity of an asset."""
    return quantity * ONE


def floor_to(value: int, step: int) -> int:
    """The largest multiple of step that is not above value; step 0 means no grid."""
    return value - value % step if step else value


def ceil_to(value: int, step: int) -> int:
    """The smallest multiple of step that is not below value; step 0 means no grid."""
    return value + -value % step if step else value


def fee_rounded_down(amount: int, rate: int) -> int:
    """Fee (scale 16, a multiple of 1e-8) of an amount (scale 16) at a scale-8 rate, rounded down.

    Beside its twin below the one place where money is rounded: to the 8 decimals of baseCommissionPrecision and
    quoteCommissionPrecision, so that what an answer shows is what the ledger moved.
    """
    return amount * rate // AMOUNT_ONE * ONE


def converted_fee_rounded_down(amount: int, rate: int, numerator: int, denominator: int) -> int:
    """The same fee in another asset, of which one of the first is worth numerator / denominator; rounded once."""
    return amount * rate * numerator // (AMOUNT_ONE * denominator) * ONE
