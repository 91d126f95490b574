"""The kline intervals and where their bars begin, in any time zone.

Source: rest-api.md, 'Kline/Candlestick data'. Bars of fixed length count from the epoch, weeks from Monday,
months from the first; a time zone moves these boundaries by its offset. Times are microseconds UTC.
"""

import enum
from datetime import UTC, datetime, timedelta
from typing import Final

from hypersim.views.candles import SECOND_US

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
WEEK_SECONDS: Final = 7 * 86400
MONDAY_US: Final = 4 * 86400 * SECOND_US
"""The first Monday after the epoch."""


class Interval(enum.StrEnum):
    """What a kline covers; the values are Binance's and case-sensitive."""

    S1 = "1s"
    M1 = "1m"
    M3 = "3m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    H2 = "2h"
    H4 = "4h"
    H6 = "6h"
    H8 = "8h"
    H12 = "12h"
    D1 = "1d"
    D3 = "3d"
    W1 = "1w"
    MO1 = "1M"

    def open_of(self, time_us: int, offset_us: int = 0) -> int:
        """Start of the bar in which a time lies; offset_us is the zone's offset from UTC."""
        local_us = time_us + offset_us
        if self is Interval.MO1:
            return _month(local_us, ahead=0) - offset_us
        anchor_us = MONDAY_US if self is Interval.W1 else 0
        return time_us - (local_us - anchor_us) % (SECONDS[self] * SECOND_US)

    def after(self, open_us: int, offset_us: int = 0, bars: int = 1) -> int:
        """Start of the bar that comes so many bars after the one that opens at open_us (negative: before)."""
        if self is Interval.MO1:
            return _month(open_us + offset_us, ahead=bars) - offset_us
        return open_us + bars * SECONDS[self] * SECOND_US


SECONDS: Final[dict[Interval, int]] = {
    Interval.S1: 1,
    Interval.M1: 60,
    Interval.M3: 180,
    Interval.M5: 300,
    Interval.M15: 900,
    Interval.M30: 1800,
    Interval.H1: 3600,
    Interval.H2: 2 * 3600,
    Interval.H4: 4 * 3600,
    Interval.H6: 6 * 3600,
    Interval.H8: 8 * 3600,
    Interval.H12: 12 * 3600,
    Interval.D1: 86400,
    Interval.D3: 3 * 86400,
    Interval.W1: WEEK_SECONDS,
}
"""Length of the intervals that have a fixed one: all but the month."""


def _month(local_us: int, ahead: int) -> int:
    """Start of the month so many months after the one in which a time lies."""
    local = EPOCH + local_us * MICROSECOND
    months = local.year * 12 + local.month - 1 + ahead
    return (datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC) - EPOCH) // MICROSECOND
