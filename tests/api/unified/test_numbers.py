"""Numbers keep their digits, in and out; the oracle is decimal.Decimal."""

import random
from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from msgspec import Raw

from hypersim.api.unified.numbers import LARGEST, money, number, read
from hypersim.errors import Reason, Refused


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, b"0"),
        (1, b"0.00000001"),
        (10**8, b"1"),
        (5_000_000_000_000, b"50000"),
        (5_001_000_000_000, b"50010"),
        (123_456_789, b"1.23456789"),
        (-2_427_000, b"-0.02427"),
        (2**63 - 1, b"92233720368.54775807"),
    ],
)
def test_a_number_is_written_with_its_own_digits_and_no_others(value: int, text: bytes) -> None:
    assert text == bytes(number(value))


def test_money_is_truncated_to_the_decimals_of_the_wire() -> None:
    assert b"1.23456789" == bytes(money(12_345_678_999_999_999))


@pytest.mark.parametrize(
    ("token", "value"),
    [
        (b"1", 10**8),
        (b'"1"', 10**8),
        (b"0.1", 10**7),
        (b"1e-7", 10),
        (b"1E-8", 1),
        (b'"2.5e4"', 25_000 * 10**8),
        (b"1.0000000000000000000", 10**8),
        (b"0.30000000000000000000000", 3 * 10**7),
        (b"92233720368.54775807", LARGEST),
    ],
)
def test_a_number_is_read_as_it_is_written(token: bytes, value: int) -> None:
    assert value == read("amount", Raw(token))


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        (b"0", "a number above 0, such as 0.5"),
        (b"0.0", "a number above 0, such as 0.5"),
        (b"-1", "a number above 0, such as 0.5"),
        (b'"+1"', "a number above 0, such as 0.5"),
        (b'" 1"', "a number above 0, such as 0.5"),
        (b'"1\\n"', "a number above 0, such as 0.5"),
        (b'"NaN"', "a number above 0, such as 0.5"),
        (b'"\xef\xbc\x91"', "a number above 0, such as 0.5"),
        (b"true", "a number above 0, such as 0.5"),
        (b"[1]", "a number above 0, such as 0.5"),
        (b"{}", "a number above 0, such as 0.5"),
        (b"1e9999999999", "a number above 0, such as 0.5"),
        (b"1" * 41, "a number above 0, such as 0.5"),
        (b"0.000000001", "at most 8 decimals"),
        (b"1e-9", "at most 8 decimals"),
        (b"1e-999", "at most 8 decimals"),
        (b"92233720368.54775808", "at most 92233720368.54775807"),
        (b"1e999", "at most 92233720368.54775807"),
    ],
)
def test_what_is_no_amount_is_refused_and_it_is_said_what_is_one(token: bytes, expected: str) -> None:
    with pytest.raises(Refused) as refused:
        read("amount", Raw(token))
    assert (Reason.INVALID_FIELD, ("amount", expected)) == (refused.value.reason, refused.value.details)


def test_a_market_may_have_fewer_decimals() -> None:
    assert 150_000_000 == read("price", Raw(b"1.5"), precision=1)
    with pytest.raises(Refused) as refused:
        read("price", Raw(b"1.55"), precision=1)
    assert ("price", "at most 1 decimals") == refused.value.details


def test_every_number_comes_back_as_it_went_out() -> None:
    chance = random.Random(5)
    for _ in range(2000):
        value = chance.randrange(1, 10 ** chance.randint(1, 18))
        written = bytes(number(value))
        assert Fraction(value, 10**8) == Fraction(Decimal(written.decode()))
        assert value == read("price", Raw(written)) == read("price", Raw(msgspec.json.encode(written.decode())))


def test_exponents_mean_what_a_decimal_means_by_them() -> None:
    chance = random.Random(6)
    for _ in range(2000):
        text = f"{chance.randrange(1, 10**6)}.{chance.randrange(10**4):04d}e{chance.randint(-10, 6)}"
        scaled = Fraction(Decimal(text)) * 10**8
        if scaled.denominator == 1 and scaled <= LARGEST:
            assert scaled == read("price", Raw(text.encode()))
        else:
            with pytest.raises(Refused):
                read("price", Raw(text.encode()))
