"""Price change statistics of a span of time: what the ticker endpoints and streams show.

Prices and volumes have scale 8, quote volumes scale 16. A span without trades is all zero with the ids -1, as
Binance shows it, whatever the price was before.
"""

from typing import Final

from msgspec import Struct

from hypersim.views.records import Candle

PERCENT_SCALE: Final = 1000
"""Percentages have three decimals."""


class Statistics(Struct, frozen=True, gc=False):
    """One span of time."""

    open: int = 0
    high: int = 0
    low: int = 0
    last: int = 0
    volume: int = 0
    quote_volume: int = 0
    count: int = 0
    first_id: int = -1
    """-1 where no trade of this world lies in the span, as the last id."""
    last_id: int = -1

    @property
    def change(self) -> int:
        return self.last - self.open

    @property
    def change_percent(self) -> int:
        """Thousandths of a percent, rounded to the nearest."""
        return _nearest(self.change * 100 * PERCENT_SCALE, self.open)

    @property
    def weighted_average(self) -> int:
        """Quote volume over volume: a price, rounded to the nearest."""
        return _nearest(self.quote_volume, self.volume)


def statistics(window: Candle | None, first_own_id: int | None) -> Statistics:
    """The statistics of a span whose trades are one candle.

    `first_own_id`: of the world's first trade. Ids from before it mean nothing here and are not shown, as the empty
    range of a gap.
    """
    if window is None:
        return NO_TRADES
    return Statistics(
        window.open,
        window.high,
        window.low,
        window.close,
        window.volume,
        window.quote_volume,
        window.trades,
        *own_ids(window, first_own_id),
    )


def own_ids(candle: Candle, first_own_id: int | None) -> tuple[int, int]:
    """The first and last id of this world's trades in a candle; -1 for both where there are none.

    `first_own_id`: of the world's first trade, None before it.
    """
    if not candle.trades or first_own_id is None or candle.last_id < max(first_own_id, candle.first_id):
        return -1, -1
    return max(candle.first_id, first_own_id), candle.last_id


def show_percent(thousandths: int) -> str:
    """Thousandths of a percent as text: '-2.427'."""
    sign = "-" if thousandths < 0 else ""
    whole, rest = divmod(abs(thousandths), PERCENT_SCALE)
    return f"{sign}{whole}.{rest:03d}"


def average_price(window: Candle | None, otherwise: int) -> int:
    """The volume-weighted average of a span; another price where nothing was traded in it."""
    return _nearest(window.quote_volume, window.volume) if window is not None else otherwise


def _nearest(dividend: int, divisor: int) -> int:
    """The quotient rounded to the nearest integer, halves away from zero; 0 for a divisor of 0."""
    if divisor == 0:
        return 0
    quotient = (2 * abs(dividend) + divisor) // (2 * divisor)
    return -quotient if dividend < 0 else quotient


NO_TRADES: Final = Statistics()
