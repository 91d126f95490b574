"""Price paths: what can be written, what is refused and where, and which factor holds when."""

import random
from decimal import Decimal, localcontext

import pytest

from hypersim.clock import MICROSECONDS
from hypersim.errors import Reason, Refused
from hypersim.feeds.levers.bend import UNBENT
from hypersim.feeds.levers.pricepath import STEP_US, read_path

BEGAN_US = 1_790_000_000 * MICROSECONDS
WANTED = "is not like '-10% in 30s', '+5%', 'hold 10s' or 'back in 1m'"
NO_TIME = "has no time such as 500ms, 30s, 5m, 1m30s or 2h"


@pytest.mark.parametrize(
    ("text", "factor", "expected"),
    [
        ("-10% in 30s", "1", [("30", "0.9")]),
        ("-10% in 30s, +5% in 5m", "1", [("30", "0.9"), ("330", "0.945")]),
        ("+100% in 1ms", "1.5", [("0.001", "3")]),
        ("-99.9%", "1", [("0", "0.001")]),
        ("+0.000001%", "1", [("0", "1.00000001")]),
        ("+5%, hold 10s, back in 1m30s", "1", [("0", "1.05"), ("10", "1.05"), ("100", "1")]),
        ("back", "0.5", [("0", "1")]),
        ("hold 1h2m3.5s4ms", "0.5", [("3723.504", "0.5")]),
        ("  -1 %   in 1m 30s ,hold  1h", "1", [("90", "0.99"), ("3690", "0.99")]),
        ("+10% in 0s, -10% in 168h", "1", [("0", "1.1"), ("604800", "0.99")]),
        (", ".join(["+1%, -1%"] * 50), "1", None),
    ],
)
def test_a_path_is_a_factor_at_the_end_of_each_leg(
    text: str, factor: str, expected: list[tuple[str, str]] | None
) -> None:
    path = read_path(text, began_us=BEGAN_US, factor=int(Decimal(factor) * UNBENT))

    reached = [(Decimal(knot.time_us - BEGAN_US) / MICROSECONDS, Decimal(knot.factor) / UNBENT) for knot in path.knots]
    assert (Decimal(0), Decimal(factor)) == reached[0]
    if expected is not None:
        assert [(Decimal(time), Decimal(end)) for time, end in expected] == reached[1:]


def test_a_path_is_shown_as_it_was_written_spaces_aside() -> None:
    assert "-1% in 1m 30s, hold 1h" == read_path("  -1 %   in 1m 30s ,hold  1h", began_us=0, factor=UNBENT).text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", f"leg 1, '', {WANTED}"),
        ("+5%,", f"leg 2, '', {WANTED}"),
        ("up", f"leg 1, 'up', {WANTED}"),
        ("in 5s", f"leg 1, 'in 5s', {WANTED}"),
        ("+5", f"leg 1, '+5', {WANTED}"),
        ("+1e3%", f"leg 1, '+1e3%', {WANTED}"),
        ("+٥%", f"leg 1, '+٥%', {WANTED}"),
        ("+5.0000001%", f"leg 1, '+5.0000001%', {WANTED}"),
        ("x" * 90, f"leg 1, '{'x' * 40}...', {WANTED}"),
        ("+1%, 5% in 3s", "leg 2, '5% in 3s', says no direction: +5% or -5%?"),
        ("+5% within 3s", "leg 1, '+5% within 3s', has 'within' where 'in' is wanted"),
        ("back 3s", "leg 1, 'back 3s', has '3s' where 'in' is wanted"),
        ("+5% in", f"leg 1, '+5% in', {NO_TIME}"),
        ("+5% in 30", f"leg 1, '+5% in 30', {NO_TIME}"),
        ("+5% in 5s1m", f"leg 1, '+5% in 5s1m', {NO_TIME}"),
        ("+5% in -5s", f"leg 1, '+5% in -5s', {NO_TIME}"),
        ("hold for 3s", f"leg 1, 'hold for 3s', {NO_TIME}"),
        ("hold", "leg 1, 'hold', does not say for how long; 'hold 10s' does"),
        ("-100%", "leg 1, '-100%', leads out of 0.001 to 1000 times the feed's prices"),
        ("-99%, -99% in 1s", "leg 2, '-99% in 1s', leads out of 0.001 to 1000 times the feed's prices"),
        ("+99900.1%", "leg 1, '+99900.1%', leads out of 0.001 to 1000 times the feed's prices"),
        ("hold 168h, +1% in 1ms", "leg 2, '+1% in 1ms', ends more than 7 days after the beginning"),
        (",".join(["+0%"] * 101), "101 legs; at most 100 are wanted"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_place(text: str, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        read_path(text, began_us=BEGAN_US, factor=UNBENT)

    assert (Reason.INVALID_FIELD, "path", sentence) == (refused.value.reason, *refused.value.details)


@pytest.mark.parametrize(
    ("time_s", "factor", "done", "moving"),
    [
        (-1, 1_000_000_000_000, False, True),
        (0, 1_000_000_000_000, False, True),
        (5, 1_100_000_000_000, False, True),
        (10, 1_210_000_000_000, False, False),
        (19.9, 1_210_000_000_000, False, False),
        (20, 605_000_000_000, False, True),
        (25, 777_817_459_305, False, True),
        (30, 1_000_000_000_000, True, False),
        (10**6, 1_000_000_000_000, True, False),
    ],
)
def test_a_factor_moves_evenly_in_its_logarithm(time_s: float, factor: int, done: bool, moving: bool) -> None:
    path = read_path("+21% in 10s, hold 10s, -50%, back in 10s", began_us=BEGAN_US, factor=UNBENT)
    time_us = BEGAN_US + round(time_s * MICROSECONDS)

    assert (factor, done, moving) == (path.factor(time_us), path.done(time_us), path.moving(time_us))


@pytest.mark.parametrize(
    ("text", "time_ms", "taken_ms", "next_ms"),
    [
        ("-10% in 1s", 0, 0, 200),
        ("-10% in 1s", 399, 200, 400),
        ("-10% in 1s", 400, 400, 600),
        ("-10% in 1s", 1000, 1000, None),
        ("-10% in 500ms, +1% in 1s", 450, 400, 500),
        ("-10% in 500ms, +1% in 1s", 699, 500, 700),
        ("+5%", 0, 0, None),
        ("hold 1h, +1% in 1s", 60_000, 0, 3_600_000),
        ("+1% in 168h", 1_000, 0, 607_818.986),
    ],
)
def test_a_market_follows_from_knot_to_knot_in_steps(
    text: str, time_ms: float, taken_ms: float, next_ms: float | None
) -> None:
    path = read_path(text, began_us=BEGAN_US, factor=UNBENT)
    taken_us, next_us = path.step(BEGAN_US + round(time_ms * 1000))

    assert (taken_ms, next_ms) == (
        (taken_us - BEGAN_US) / 1000,
        None if next_us is None else (next_us - BEGAN_US) / 1000,
    )
    assert path.factor(taken_us) == path.in_force(BEGAN_US + round(time_ms * 1000))


@pytest.mark.parametrize("seed", range(30))
def test_the_factor_is_what_exact_arithmetic_says(seed: int) -> None:
    chance = random.Random(seed)
    legs: list[tuple[str, Decimal | None, int]] = []
    for _ in range(chance.randint(1, 20)):
        seconds = chance.choice((0, chance.randint(1, 600)))
        percent = Decimal(chance.randint(-3000, 4000)) / 100
        match chance.randrange(4):
            case 0:
                legs.append((f"hold {seconds}s", Decimal(1), seconds))
            case 1:
                legs.append((f"back in {seconds}s", None, seconds))
            case _:
                legs.append((f"{percent:+}% in {seconds}s", 1 + percent / 100, seconds))
    path = read_path(", ".join(text for text, _, _ in legs), began_us=BEGAN_US, factor=UNBENT)

    for _ in range(50):
        time_us = chance.randint(BEGAN_US, path.until_us + STEP_US)
        with localcontext(prec=40):
            expected = exact(legs, Decimal(time_us - BEGAN_US) / MICROSECONDS)
            assert abs(path.factor(time_us) / (expected * UNBENT) - 1) < Decimal("1e-10")


def exact(legs: list[tuple[str, Decimal | None, int]], seconds: Decimal) -> Decimal:
    factor = Decimal(1)
    for _, change, duration_s in legs:
        end = Decimal(1) if change is None else factor * change
        if seconds < duration_s:
            return factor * (end / factor) ** (seconds / duration_s)
        seconds -= duration_s
        factor = end
    return factor
