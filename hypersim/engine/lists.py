"""Order lists: their vocabulary, and a list as it stands. What its orders do to one another is in contingency.py."""

import enum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

PAIR: Final = 2


class ListKind(enum.StrEnum):
    """How the orders of a list depend on one another.

    The orders of an OCO are its stop order and its limit order (or take profit); of the others, the working order
    comes first, then what it sets free.
    """

    OCO = "OCO"
    """One cancels the other."""
    OTO = "OTO"
    """One triggers the other."""
    OTOCO = "OTOCO"
    """One triggers an OCO."""
    OPO = "OPO"
    """One pays the other: an OTO whose pending order sells what the working one bought."""
    OPOCO = "OPOCO"
    """One pays an OCO."""

    @property
    def is_paid(self) -> bool:
        """Whether the working order pays for what is pending."""
        return self in (ListKind.OPO, ListKind.OPOCO)


class Phase(enum.StrEnum):
    """Where a list stands."""

    WORKING = "WORKING"
    """The working order is not filled yet, and the others are pending."""
    OPEN = "OPEN"
    """All its orders are placed: an OCO from the beginning."""
    DONE = "DONE"
    """None of its orders is open."""


class OrderList(Struct, frozen=True, gc=False, kw_only=True):
    """An order list. Times in microseconds UTC."""

    list_id: int
    """Counts up over all symbols."""
    account_id: int
    symbol: str
    client_list_id: str
    kind: ListKind
    phase: Phase
    orders: tuple[tuple[int, str], ...]
    """Order id and client order id of each of its orders."""
    saved: int = 0
    """What the working order of a paid list received and is kept for the pending one, scale 16."""
    created_us: int
    updated_us: int

    @property
    def reference(self) -> str:
        """How ledger entries name what is kept."""
        return f"{self.symbol}:list:{self.list_id}"

    @property
    def pending(self) -> tuple[int, ...]:
        """The ids of the orders that wait for the working one."""
        return () if self.kind is ListKind.OCO else tuple(order_id for order_id, _ in self.orders[1:])

    @property
    def alternatives(self) -> tuple[int, ...]:
        """The ids of the two orders of which one ends the other; none where there are no two."""
        orders = self.orders if self.kind is ListKind.OCO else self.orders[1:]
        return tuple(order_id for order_id, _ in orders) if len(orders) == PAIR else ()

    def other(self, order_id: int) -> int | None:
        """The id of the order's alternative; None where it has none."""
        alternatives = self.alternatives
        if order_id not in alternatives:
            return None
        first, second = alternatives
        return second if order_id == first else first

    def renamed(self, order_id: int, client_order_id: str, time_us: int) -> "OrderList":
        """The list with another client order id of one of its orders."""
        orders = tuple((each, client_order_id if each == order_id else name) for each, name in self.orders)
        return replace(self, orders=orders, updated_us=time_us)
