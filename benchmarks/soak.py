"""What a server holds in memory under full order load, every half minute, and whether that is flat."""

import statistics
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from benchmarks.conditions import resident_mb
from benchmarks.orders import REST_CONNECTIONS, measure
from benchmarks.pictures import Pictures
from benchmarks.table import Table
from benchmarks.targets import exchange

EVERY_S: Final = 30
FLAT: Final = 0.02
"""A server is flat that adds at most this share of what it holds in the second half."""


class Held(Struct, frozen=True):
    """After a half minute of load."""

    minutes: float
    orders: int
    """Since the beginning."""
    per_second: float
    resident_mb: float


class Soak(Struct, frozen=True):
    """All of it, from before the first order on."""

    held: Sequence[Held]

    @property
    def second_half(self) -> Sequence[Held]:
        return self.held[len(self.held) // 2 :]

    @property
    def slope(self) -> float:
        """MB that a million orders add, over the second half, by least squares."""
        half = self.second_half
        return statistics.linear_regression([each.orders / 1e6 for each in half], [each.resident_mb for each in half])[
            0
        ]

    @property
    def verdict(self) -> str:
        """Whether it is flat, in a sentence."""
        half = self.second_half
        added_mb = self.slope * (half[-1].orders - half[0].orders) / 1e6
        flat = added_mb <= FLAT * half[-1].resident_mb
        return (
            f"{'Flat' if flat else 'Not flat'}: {self.slope:+.2f} MB a million orders over the second half, "
            f"{added_mb:+.1f} MB of {half[-1].resident_mb:.0f} (flat: at most {FLAT:.0%})."
        )


def soak_table(url: str, minutes: float, pictures: Pictures | None) -> tuple[Table, str]:
    """Every half minute, and what is to be said of it all."""
    soak = _soaked(url, minutes)
    if pictures is not None:
        from benchmarks.drawing import draw_soak  # the one need of matplotlib

        draw_soak(soak, pictures)
    table = Table("minutes", "orders so far", "orders/s", "resident MB")
    for held in soak.held:
        table.row(f"{held.minutes:g}", f"{held.orders:,}", f"{held.per_second:,.0f}", f"{held.resident_mb:.1f}")
    return table, soak.verdict


def _soaked(url: str, minutes: float) -> Soak:
    with exchange("SQLite", url) as target:
        held = [Held(0, 0, 0, resident_mb(target.pid))]
        for number in range(1, max(2, round(minutes * 60 / EVERY_S)) + 1):
            result = measure(target, REST_CONNECTIONS, EVERY_S)
            orders = held[-1].orders + sum(result.statuses.values())
            held.append(Held(number * EVERY_S / 60, orders, result.per_second, resident_mb(target.pid)))
        return Soak(held)
