"""How much a client may ask: request weight and raw requests per address, unfilled orders per account.

Windows are aligned to the clock, as Binance's are: the minute's count starts anew at :00, the day's at 00:00
UTC. Who goes on asking after being told to wait is banned, longer every time. Counts live in memory and are
bounded in number; a restart forgets them. With `enforced` off everything is counted and nothing refused.

Sources: rest-api.md, 'LIMITS'; faqs/order_count_decrement.md.
"""

from typing import Final

from msgspec import Struct

from hypersim.engine.events import Committed, OrderChanged
from hypersim.errors import Reason, Refused

SECOND_US: Final = 1_000_000
MINUTE_US: Final = 60 * SECOND_US
DAY_US: Final = 86_400 * SECOND_US

FIRST_BAN_US: Final = 2 * MINUTE_US
LONGEST_BAN_US: Final = 3 * DAY_US
PATIENCE: Final = 20
"""How many requests of one minute are answered with 429 before the address is banned."""

MOST_ADDRESSES: Final = 20_000

TAKER_CREDIT: Final = 1
MAKER_CREDIT: Final = 5
"""What an order's first fill gives back to the unfilled order count."""


class Figure(Struct, frozen=True, rename="camel"):
    """One limit, as exchangeInfo lists it."""

    rate_limit_type: str
    interval: str
    interval_num: int
    limit: int

    @property
    def window_us(self) -> int:
        return WINDOWS_US[self.interval] * self.interval_num

    @property
    def interval_text(self) -> str:
        """As sentences name it: '10 SECOND'."""
        return f"{self.interval_num} {self.interval}"


WINDOWS_US: Final = {"SECOND": SECOND_US, "MINUTE": MINUTE_US, "DAY": DAY_US}

WEIGHT: Final = Figure("REQUEST_WEIGHT", "MINUTE", 1, 6000)
ORDERS_10S: Final = Figure("ORDERS", "SECOND", 10, 100)
ORDERS_1D: Final = Figure("ORDERS", "DAY", 1, 200_000)
RAW: Final = Figure("RAW_REQUESTS", "MINUTE", 5, 300_000)
CONNECTIONS: Final = Figure("CONNECTIONS", "MINUTE", 5, 300)
"""Attempts to open a WebSocket (web-socket-streams.md, 'WebSocket Limits')."""
TEN_SECONDS_US: Final = ORDERS_10S.window_us
RAW_WINDOW_US: Final = RAW.window_us
FIGURES: Final = (WEIGHT, ORDERS_10S, ORDERS_1D, RAW)
"""Binance's figures of 2026."""


STILL_COUNTED: Final = frozenset(
    {
        Reason.TIMESTAMP_TOO_OLD,
        Reason.STATUS_UNKNOWN,
        Reason.REPLACE_FAILED,
        Reason.REPLACE_PARTIALLY_FAILED,
    }
)
"""Refusals of orders that stay in the unfilled order count: the second timing check, an unknown fate, and
cancel-replace, whatever came of it.
"""


class Limited(Refused):
    """A refusal that says when to come back."""

    def __init__(self, now_us: int, until_us: int, reason: Reason, *details: str | int) -> None:
        super().__init__(reason, *details)
        self.until_us = until_us
        self.retry_after_s = -((now_us - until_us) // SECOND_US)
        """Whole seconds until then."""


class Visitor:
    """What one address has used."""

    __slots__ = ("banned_until_us", "bans", "connections", "minute", "raw", "raw_window", "refused", "used")

    def __init__(self) -> None:
        self.minute = 0
        self.used = 0
        """Weight in this minute, the part that was refused included."""
        self.refused = 0
        """Requests of this minute that were told to wait."""
        self.raw_window = 0
        self.raw = 0
        self.connections = 0
        """Attempts to connect in the window of `raw`."""
        self.bans = 0
        self.banned_until_us = 0


class Limits:
    """The counts of one exchange, and its verdicts."""

    def __init__(self, *, enforced: bool, most_addresses: int = MOST_ADDRESSES) -> None:
        self.enforced = enforced
        self.orders = OrderCounts(enforced=enforced)
        self._visitors: dict[str, Visitor] = {}
        self._most_addresses = most_addresses

    def visitor(self, address: str, now_us: int) -> Visitor:
        """The counts of an address in the windows of now."""
        visitor = self._visitors.get(address)
        if visitor is None:
            if len(self._visitors) >= self._most_addresses:
                self._forget(now_us)
            visitor = self._visitors[address] = Visitor()
        minute, raw_window = now_us // MINUTE_US, now_us // RAW_WINDOW_US
        if visitor.minute != minute:
            visitor.minute, visitor.used, visitor.refused = minute, 0, 0
        if visitor.raw_window != raw_window:
            visitor.raw_window, visitor.raw, visitor.connections = raw_window, 0, 0
        return visitor

    def admit(self, visitor: Visitor, now_us: int) -> None:
        """Counts one request. Raises Limited BANNED or TOO_MUCH_WEIGHT."""
        visitor.raw += 1
        if not self.enforced:
            return
        if visitor.banned_until_us > now_us:
            raise self._banned(visitor, now_us)
        if visitor.used >= WEIGHT.limit:
            raise self._exceeded(visitor, WEIGHT, now_us)
        if visitor.raw > RAW.limit:
            raise self._exceeded(visitor, RAW, now_us)

    def connect(self, address: str, now_us: int, weight: int = 0) -> None:
        """Counts an attempt to open a WebSocket, and its weight.

        Raises Limited BANNED, TOO_MANY_CONNECTIONS or TOO_MUCH_WEIGHT.
        """
        visitor = self.visitor(address, now_us)
        visitor.connections += 1
        if self.enforced:
            if visitor.banned_until_us > now_us:
                raise self._banned(visitor, now_us)
            if visitor.connections > CONNECTIONS.limit:
                raise self._exceeded(visitor, CONNECTIONS, now_us, Reason.TOO_MANY_CONNECTIONS)
        self.charge(visitor, weight, now_us)

    def charge(self, visitor: Visitor, weight: int, now_us: int) -> None:
        """Counts the weight of a request that is about to be served. Raises Limited TOO_MUCH_WEIGHT or
        BANNED.
        """
        visitor.used += weight
        if self.enforced and visitor.used > WEIGHT.limit:
            raise self._exceeded(visitor, WEIGHT, now_us)

    def give_back(self, visitor: Visitor, weight: int, charged_us: int) -> None:
        """Takes back the weight of a request that turned out to cost nothing, while the minute lasts in which it was
        charged.
        """
        if visitor.minute == charged_us // MINUTE_US:
            visitor.used -= weight

    def _exceeded(
        self, visitor: Visitor, figure: Figure, now_us: int, reason: Reason = Reason.TOO_MUCH_WEIGHT
    ) -> Limited:
        visitor.refused += 1
        if visitor.refused <= PATIENCE:
            return Limited(now_us, window_end_us(now_us, figure), reason, figure.limit, figure.interval_text)
        if now_us - visitor.banned_until_us > LONGEST_BAN_US:
            visitor.bans = 0
        visitor.banned_until_us = now_us + min(FIRST_BAN_US << min(visitor.bans, 20), LONGEST_BAN_US)
        visitor.bans += 1
        visitor.refused = 0
        return self._banned(visitor, now_us)

    def _banned(self, visitor: Visitor, now_us: int) -> Limited:
        until_us = visitor.banned_until_us
        return Limited(now_us, until_us, Reason.BANNED, until_us // 1000)

    def _forget(self, now_us: int) -> None:
        """Drops who has been quiet; of those who are left at most the newer half, so that memory stays
        bounded.
        """
        minute = now_us // MINUTE_US
        kept = [
            (address, visitor)
            for address, visitor in self._visitors.items()
            if visitor.minute == minute or visitor.banned_until_us > now_us
        ]
        self._visitors = dict(kept[-(self._most_addresses // 2) :])


class OrderCounts:
    """Unfilled orders per account: placing one adds one, its first fill takes one or more back."""

    def __init__(self, *, enforced: bool) -> None:
        self._enforced = enforced
        self._counts: dict[int, list[int]] = {}
        """Account -> when its 10-second window ends, its count, when its day ends, its count."""

    def take(self, account_id: int, orders: int, now_us: int) -> None:
        """Counts orders that are about to be placed. Raises Limited TOO_MANY_ORDERS, counting nothing."""
        counts = self._current(account_id, now_us)
        if self._enforced:
            for figure, count in ((ORDERS_1D, counts[3]), (ORDERS_10S, counts[1])):
                if count + orders > figure.limit:
                    raise Limited(
                        now_us,
                        window_end_us(now_us, figure),
                        Reason.TOO_MANY_ORDERS,
                        figure.limit,
                        figure.interval_text,
                    )
        counts[1] += orders
        counts[3] += orders

    def entering(self, account_id: int, orders: int, now_us: int) -> "Entering":
        """For the block that places orders: they count unless it is refused. Raises Limited TOO_MANY_ORDERS."""
        return Entering(self, account_id, orders, now_us)

    def give_back(self, account_id: int, orders: int, now_us: int) -> None:
        """Takes orders off the counts of that time again, down to 0: refused ones, or the credit for a fill."""
        counts = self._current(account_id, now_us)
        if counts[0] - TEN_SECONDS_US <= now_us:
            counts[1] = counts[1] - orders if counts[1] > orders else 0
        if counts[2] - DAY_US <= now_us:
            counts[3] = counts[3] - orders if counts[3] > orders else 0

    def counts(self, account_id: int, now_us: int) -> tuple[int, int]:
        """Orders of this 10 seconds and of this day."""
        counts = self._current(account_id, now_us)
        return counts[1], counts[3]

    def fold(self, record: Committed) -> None:
        """Credits first fills. A listener of the writer."""
        for event in record.events:
            # only a trade has a fill
            if type(event) is OrderChanged and (fill := event.fill) is not None:
                order = event.order
                if order.executed == fill.quantity:
                    self.give_back(order.account_id, MAKER_CREDIT if fill.is_maker else TAKER_CREDIT, record.time_us)

    def _current(self, account_id: int, now_us: int) -> list[int]:
        counts = self._counts.get(account_id)
        if counts is None:
            counts = self._counts[account_id] = [0, 0, 0, 0]
        # requests and records are not in one order of time: what is older than a window does not bring it back
        if now_us >= counts[0]:
            counts[0], counts[1] = window_end_us(now_us, ORDERS_10S), 0
        if now_us >= counts[2]:
            counts[2], counts[3] = window_end_us(now_us, ORDERS_1D), 0
        return counts


class Entering:
    """See `OrderCounts.entering`."""

    __slots__ = ("_account_id", "_counts", "_now_us", "_orders")

    def __init__(self, counts: OrderCounts, account_id: int, orders: int, now_us: int) -> None:
        self._counts, self._account_id, self._orders, self._now_us = counts, account_id, orders, now_us

    def __enter__(self) -> None:
        self._counts.take(self._account_id, self._orders, self._now_us)

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, Refused) and error.reason not in STILL_COUNTED:
            self._counts.give_back(self._account_id, self._orders, self._now_us)


def window_end_us(now_us: int, figure: Figure) -> int:
    """When the window of a figure begins anew."""
    return now_us + figure.window_us - now_us % figure.window_us
