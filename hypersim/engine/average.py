"""The average price of the last minutes, which the percent and notional filters refer to."""

from collections import deque

from msgspec import Struct

BUCKET_US = 10_000_000


class Bucket(Struct, frozen=True, array_like=True):
    """Trades of ten seconds: start (us), quantity (scale 8) and price x quantity (scale 16)."""

    start_us: int
    quantity: int
    quote: int


class AveragePrice:
    """Volume-weighted average price over a window, exact to ten seconds."""

    def __init__(self, minutes: int) -> None:
        self._window_us = minutes * 60_000_000
        self._buckets: deque[Bucket] = deque()
        self._quantity = 0
        self._quote = 0

    def add(self, time_us: int, quantity: int, quote: int) -> None:
        """Counts a trade."""
        self._forget(time_us)
        start_us = time_us - time_us % BUCKET_US
        if self._buckets and self._buckets[-1].start_us == start_us:
            last = self._buckets.pop()
            self._buckets.append(Bucket(start_us, last.quantity + quantity, last.quote + quote))
        else:
            self._buckets.append(Bucket(start_us, quantity, quote))
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

    def _forget(self, time_us: int) -> None:
        oldest_us = time_us - self._window_us
        while self._buckets and self._buckets[0].start_us + BUCKET_US <= oldest_us:
            gone = self._buckets.popleft()
            self._quantity -= gone.quantity
            self._quote -= gone.quote

    def state(self) -> tuple[Bucket, ...]:
        return tuple(self._buckets)

    def restore(self, state: tuple[Bucket, ...]) -> None:
        self._buckets = deque(state)
        self._quantity = sum(bucket.quantity for bucket in state)
        self._quote = sum(bucket.quote for bucket in state)
