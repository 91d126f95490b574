"""Where bars begin, against the calendar of the datetime module."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from random import Random

import pytest

from hypersim.views.intervals import SECONDS, Interval

OFFSETS = (0, 8 * 60, -60, 5 * 60 + 45, -12 * 60, 14 * 60, -9 * 60 - 30, 60 + 1)
"""Minutes from UTC."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(when: datetime) -> int:
    return (when - EPOCH) // timedelta(microseconds=1)


def bar_start(interval: Interval, time_us: int, offset_minutes: int) -> int:
    """The start of a bar by the calendar on the wall of that zone."""
    zone = timezone(timedelta(minutes=offset_minutes))
    local = (EPOCH + timedelta(microseconds=time_us)).astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    match interval:
        case Interval.MO1:
            return micros(midnight.replace(day=1))
        case Interval.W1:
            return micros(midnight - timedelta(days=local.weekday()))
        case Interval.D3:
            days = local.date().toordinal() - EPOCH.date().toordinal()
            return micros(midnight - timedelta(days=days % 3))
        case _:
            length = timedelta(seconds=SECONDS[interval])
            return micros(midnight + (local - midnight) // length * length)


@pytest.mark.parametrize("offset_minutes", OFFSETS)
@pytest.mark.parametrize("interval", list(Interval))
def test_a_bar_begins_where_the_calendar_says(interval: Interval, offset_minutes: int) -> None:
    random = Random(offset_minutes)
    offset_us = offset_minutes * 60_000_000
    for _ in range(100):
        time_us = random.randrange(micros(datetime(1990, 1, 1, tzinfo=UTC)), micros(datetime(2040, 1, 1, tzinfo=UTC)))
        expected = bar_start(interval, time_us, offset_minutes)
        assert expected == interval.open_of(time_us, offset_us)
        assert expected == interval.open_of(expected, offset_us)
        assert expected <= time_us < interval.after(expected, offset_us)


@pytest.mark.parametrize("interval", list(Interval))
def test_bars_touch(interval: Interval) -> None:
    offset_us = 345 * 60_000_000
    first_us = interval.open_of(1_700_000_000_000_000, offset_us)
    opens = [interval.after(first_us, offset_us, bars) for bars in range(-50, 50)]

    for before, after in pairwise(opens):
        assert after == interval.after(before, offset_us)
        assert before == interval.open_of(after - 1, offset_us)
        assert after == interval.open_of(after, offset_us)


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        # first bars of BTCUSDT, which was listed on 2017-08-17, as Binance has them
        (Interval.D1, datetime(2017, 8, 17, tzinfo=UTC)),
        (Interval.W1, datetime(2017, 8, 14, tzinfo=UTC)),
        (Interval.MO1, datetime(2017, 8, 1, tzinfo=UTC)),
    ],
)
def test_known_bars_begin_where_binance_has_them(interval: Interval, expected: datetime) -> None:
    assert micros(expected) == interval.open_of(micros(datetime(2017, 8, 17, 4, 0, tzinfo=UTC)))
