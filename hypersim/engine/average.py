"""The average price of the last minutes, which the percent and notional filters refer to."""

from collections import deque

from msgspec import Struct
from msgspec.structs import replace

BUCKET_US = 10_000_000


class Bucket(Struct, array_like=True, gc=False):
    """Trades of ten seconds: start (us), quantity (scale 8) and price x quantity (scale 16)."""

    start_us: int
    quantity: int = 0
    quote: int = 0


class AveragePrice:
    """Volume-weighted average price over a window, exact to ten seconds."""

    def __init__(self, minutes: int) -> None:
        self._window_us = minutes * 60_000_000
        self._buckets: deque[Bucket] = deque()
        self._quantity = 0
        self._quote = 0
        self._ends_us = 0
        """When the last bucket does; until then, no other can have left the window."""

    def add(self, time_us: int, quantity: int, quote: int) -> None:
        """Counts a trade."""
        if time_us >= self._ends_us:
            self._begin(time_us)
        last = self._buckets[-1]
        last.quantity += quantity
        last.quote += quote
        self._quantity += quantity
        self._quote += quote

    def price(self, time_us: int) -> int | None:
        """The average as a price of scale 8, rounded down; None when nothing was traded in the window."""
        oldest_us = time_us - self._window_us
        quantity, quote = self._quantity, self._quote
        for bucket in self._buckets:
            if bucket.start_us + BUCKET_US > oldest_us:
                break
            quantity -= bucket.quantity
            quote -= bucket.quote
        return quote // quantity if quantity else None

    def _begin(self, time_us: int) -> None:
        """Begins ten seconds, which may go on after a restart, and forgets what has left the window."""
        start_us, oldest_us = time_us - time_us % BUCKET_US, time_us - self._window_us
        buckets = self._buckets
        while buckets and buckets[0].start_us + BUCKET_US <= oldest_us:
            gone = buckets.popleft()
            self._quantity -= gone.quantity
            self._quote -= gone.quote
        if not buckets or buckets[-1].start_us != start_us:
            buckets.append(Bucket(start_us))
        self._ends_us = start_us + BUCKET_US

    def state(self) -> tuple[Bucket, ...]:
        return tuple(replace(bucket) for bucket in self._buckets)

    def restore(self, state: tuple[Bucket, ...]) -> None:
        self._buckets = deque(replace(bucket) for bucket in state)
        self._quantity = sum(bucket.quantity for bucket in state)
        self._quote = sum(bucket.quote for bucket in state)
        self._ends_us = 0
