"""A price path: how a factor on a market's prices moves, as somebody writes it: "-10% in 30s, +5% in 5m".

Legs follow one another. A leg changes the factor by a part of what it was when the leg began, evenly in its
logarithm, or holds it, or leads it back to 1; without a time it is a jump. After the last leg the factor stays.
Guarantees the same factor at the same time, wherever it is asked for, and one sentence about what cannot be
read, which says where it stands. Knows no market.
"""

import math
import re
from bisect import bisect_right
from typing import Final

from msgspec import Struct

from hypersim.clock import MICROSECONDS
from hypersim.errors import Reason, Refused
from hypersim.feeds.levers.bend import UNBENT
from hypersim.units import parse

LEAST_FACTOR, MOST_FACTOR = UNBENT // 1000, UNBENT * 1000
MOST_LEGS: Final = 100
LONGEST_US: Final = 7 * 86_400 * MICROSECONDS
STEP_US: Final = 200_000
"""How often a moving factor is another one."""
LEAST_MOVE: Final = 1e-5
"""A factor that creeps stays until it has moved by this part (a tenth of a basis point)."""

CHANGE = re.compile(r"([+-]?)([0-9]{1,6}(?:\.[0-9]{1,6})?)%", re.ASCII)
DURATION = re.compile(r"(?:(\d{1,3})h)?(?:(\d{1,5})m(?!s))?(?:(\d{1,6}(?:\.\d{1,3})?)s)?(?:(\d{1,9})ms)?", re.ASCII)
UNITS_US: Final = (3600 * MICROSECONDS, 60 * MICROSECONDS, MICROSECONDS, 1000)
WHOLE: Final = 10**8
"""100 %, as CHANGE is read."""
SHOWN: Final = 40
"""The most characters of a leg that a refusal repeats."""


class Knot(Struct, frozen=True, array_like=True):
    """Where a factor (hypersim/feeds/levers/bend.py) is at a time (microseconds UTC)."""

    time_us: int
    factor: int


class PricePath(Struct, frozen=True):
    """A path that began. From knot to knot the factor moves evenly in its logarithm; of knots at one time the
    last one holds.
    """

    text: str
    """As it was written, spaces aside."""
    knots: tuple[Knot, ...]
    """The beginning, and the end of each leg."""

    @property
    def began_us(self) -> int:
        return self.knots[0].time_us

    @property
    def until_us(self) -> int:
        """When the last leg ends."""
        return self.knots[-1].time_us

    def done(self, time_us: int) -> bool:
        """Whether the factor stays from a time on."""
        return time_us >= self.until_us

    def moving(self, time_us: int) -> bool:
        """Whether the factor is on its way at a time, and does not stand still."""
        here, there = self._leg(time_us)
        return there is not None and there.factor != here.factor

    def factor(self, time_us: int) -> int:
        """The factor at a time."""
        here, there = self._leg(time_us)
        if there is None or there.factor == here.factor:
            return here.factor
        share = max(0, time_us - here.time_us) / (there.time_us - here.time_us)
        return round(here.factor * math.exp(math.log(there.factor / here.factor) * share))

    def in_force(self, time_us: int) -> int:
        """The factor that a market which follows the path has at a time: the one that was taken last."""
        return self.factor(self.step(time_us)[0])

    def step(self, time_us: int) -> tuple[int, int | None]:
        """When the factor that is in force at a time was taken, and when the next one is; None: it stays.

        One is taken at every knot, and between two of them as STEP_US and LEAST_MOVE say.
        """
        here, there = self._leg(time_us)
        if there is None:
            return here.time_us, None
        if there.factor == here.factor:
            return here.time_us, there.time_us
        leg_us = there.time_us - here.time_us
        moves = abs(math.log(there.factor / here.factor)) / LEAST_MOVE
        interval_us = max(STEP_US, math.ceil(leg_us / max(1, moves)))
        taken_us = here.time_us + max(0, time_us - here.time_us) // interval_us * interval_us
        return taken_us, min(taken_us + interval_us, there.time_us)

    def _leg(self, time_us: int) -> tuple[Knot, Knot | None]:
        """The knots that a time lies between; the second is None after the last."""
        after = bisect_right(self.knots, max(time_us, self.began_us), key=lambda knot: knot.time_us)
        return self.knots[after - 1], self.knots[after] if after < len(self.knots) else None


def read_path(text: str, *, began_us: int, factor: int) -> PricePath:
    """The path that a text says, from a time and a factor on. Raises Refused INVALID_FIELD, naming the leg."""
    legs = [" ".join(leg.split()).replace(" %", "%") for leg in text.split(",")]
    if len(legs) > MOST_LEGS:
        raise _refused(f"{len(legs)} legs; at most {MOST_LEGS} are wanted")
    knots = [Knot(began_us, factor)]
    for number, leg in enumerate(legs, 1):
        where = f"leg {number}, '{leg if len(leg) <= SHOWN else leg[:SHOWN] + '...'}'"
        change, duration_us = _read_leg(where, leg)
        before = knots[-1]
        reached = UNBENT if change is None else (before.factor * change + WHOLE // 2) // WHOLE
        if not LEAST_FACTOR <= reached <= MOST_FACTOR:
            raise _refused(f"{where}, leads out of 0.001 to 1000 times the feed's prices")
        if before.time_us + duration_us - began_us > LONGEST_US:
            raise _refused(f"{where}, ends more than 7 days after the beginning")
        knots.append(Knot(before.time_us + duration_us, reached))
    return PricePath(", ".join(legs), tuple(knots))


def _read_leg(where: str, leg: str) -> tuple[int | None, int]:
    """What a leg multiplies the factor by (in parts of WHOLE; None: it leads back to 1), within which time."""
    what, _, how = leg.partition(" ")
    preposition, _, time = how.partition(" ")
    if what == "hold":
        if not how:
            raise _refused(f"{where}, does not say for how long; 'hold 10s' does")
        return WHOLE, _read_duration(where, how)
    if what == "back":
        change = None
    elif (written := CHANGE.fullmatch(what)) is not None:
        sign, digits = written.groups()
        if not sign:
            raise _refused(f"{where}, says no direction: +{digits}% or -{digits}%?")
        percent = parse(digits) // 100
        change = WHOLE + percent if sign == "+" else WHOLE - percent
    else:
        raise _refused(f"{where}, is not like '-10% in 30s', '+5%', 'hold 10s' or 'back in 1m'")
    if not how:
        return change, 0
    if preposition != "in":
        raise _refused(f"{where}, has '{preposition}' where 'in' is wanted")
    return change, _read_duration(where, time)


def _read_duration(where: str, text: str) -> int:
    written = DURATION.fullmatch(text.replace(" ", ""))
    if written is None or not any(written.groups()):
        raise _refused(f"{where}, has no time such as 500ms, 30s, 5m, 1m30s or 2h")
    return sum(round(float(digits) * unit) for digits, unit in zip(written.groups(), UNITS_US, strict=True) if digits)


def _refused(sentence: str) -> Refused:
    return Refused(Reason.INVALID_FIELD, "path", sentence)
