"""Times of this dialect: milliseconds UTC, and the same as ISO 8601 text beside them."""

from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(time_us: int) -> int:
    return time_us // 1000


def iso8601(time_us: int) -> str:
    """2023-11-14T22:13:20.000Z"""
    moment = EPOCH + timedelta(milliseconds=milliseconds(time_us))
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
