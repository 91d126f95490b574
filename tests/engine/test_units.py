"""Decimal text and integers, there and back, and each rounding."""

import random
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal

import pytest

from hypersim import units

EIGHT = Decimal("0.00000001")

GOOD: tuple[tuple[str, int], ...] = (
    ("0", 0),
    ("1", 10**8),
    ("0.00000001", 1),
    ("0.10", 10**7),
    ("007.5", 750_000_000),
    ("1.123456780000", 112_345_678),
    ("99999999999999999999", 99999999999999999999 * 10**8),
    ("0.00000000000000000000", 0),
)
BAD = (
    "", " ", "-1", "+1", "1.", ".5", "1e5", "1E-5", "NaN", "Infinity", "1,5", "1_000", " 1", "1 ", "1\n",
    "0x10", "1.2.3", "١", "½", "1.000000001", "0.12345678900000000001",
    "100000000000000000000", "1.000000000000000000000",
)  # fmt: skip # a line holds more than one


@pytest.mark.parametrize(("text", "value"), GOOD)
def test_a_decimal_is_read_exactly(text: str, value: int) -> None:
    assert value == units.parse(text)


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_plain_decimal_of_eight_places_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="decimal"):
        units.parse(text)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_shown_reads_the_same(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(100):
        value = chance.randrange(10 ** chance.randint(1, 28))
        assert value == units.parse(units.show(value))
        assert Decimal(value) * EIGHT == Decimal(units.show(value))
        assert Decimal(-value) * EIGHT == Decimal(units.show(-value))
        assert 8 == len(units.show(value).partition(".")[2])


@pytest.mark.parametrize("seed", range(20))
def test_what_is_read_shows_the_same(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(100):
        places = chance.randint(0, 8)
        text = str(chance.randrange(10**12))
        if places:
            text += "." + "".join(chance.choices("0123456789", k=places))
        assert Decimal(text) == Decimal(units.show(units.parse(text)))
        assert len(text.partition(".")[2].rstrip("0")) == units.decimals(text)


@pytest.mark.parametrize("seed", range(20))
def test_amounts_are_shown_cut_towards_zero(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(100):
        amount = chance.randrange(-(10**25), 10**25)
        exact = Decimal(amount).scaleb(-16)
        assert exact.quantize(EIGHT, ROUND_DOWN) == Decimal(units.show_amount(amount))


@pytest.mark.parametrize("seed", range(20))
def test_fees_are_rounded_down_to_eight_places(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(100):
        amount, rate = chance.randrange(10 ** chance.randint(1, 28)), chance.randrange(10**8)
        exact = Decimal(amount).scaleb(-16) * Decimal(rate).scaleb(-8)
        assert exact.quantize(EIGHT, ROUND_DOWN) == Decimal(units.fee_rounded_down(amount, rate)).scaleb(-16)


@pytest.mark.parametrize("seed", range(20))
def test_a_grid_is_met_from_below_and_from_above(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(100):
        value, step = chance.randrange(10**12), chance.randrange(1, 10**6)
        steps = Decimal(value) / step
        assert int(steps.to_integral_value(ROUND_FLOOR)) * step == units.floor_to(value, step)
        assert int(steps.to_integral_value(ROUND_CEILING)) * step == units.ceil_to(value, step)
        assert (value, value) == (units.floor_to(value, 0), units.ceil_to(value, 0))


def test_a_price_times_a_quantity_is_an_amount_and_so_is_a_quantity_raised_to_it() -> None:
    assert units.to_amount(units.parse("1.5")) == units.parse("0.5") * units.parse("3")
    assert units.AMOUNT_ONE == units.to_amount(units.ONE)
