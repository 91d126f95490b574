"""What an operation of this dialect is: one row of a table, from which routing, reading and the reference derive.

A handler is `async def handler(desk, call) -> value`: who asks and what with is known by then, so it asks the
exchange or reads views, and gives a shape to the answer. To refuse, it raises `Refused`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from msgspec import Struct

from hypersim.api.unified.arguments import Arguments
from hypersim.world import World

A = TypeVar("A", bound=Arguments)

PREFIX: Final = "/unified/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What handlers may use. The composition root builds it."""

    world: World
    open: bool
    """Open mode: an API key suffices, without a signature."""
    maker_rate: int
    """Fee rate of new accounts, scale 8."""
    taker_rate: int


class Call(Struct, Generic[A], frozen=True):
    """One request that was found in order."""

    arguments: A
    named: str
    """What stands in the path where the operation's says {symbol} or {id}."""
    account_id: int
    """Who asks; 0 where the operation asks for no key."""
    received_us: int
    deadline_us: int | None
    """The last moment at which the exchange may act on it, where the request says one."""


Weigh = Callable[[Call[Any]], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation."""

    method: str
    path: str
    """Below the prefix: '/order/{id}'. What stands in braces may have slashes in it."""
    handler: Callable[[Desk, Call[Any]], Awaitable[Any]]
    summary: str
    """One sentence for the reference."""
    answers: Any
    """The type of what the handler returns, for the reference."""
    arguments: type[Arguments] = Arguments
    """Read from the body of a POST, else from the query."""
    signed: bool = False
    """Asks for an API key, and outside of open mode for a signature."""
    weight: int | Weigh = 1
    """Of the request, in the budget that every dialect shares; the weights are those of Binance's operations."""
    free_when_done: bool = False
    """Order entry: only a failure has a weight."""
    orders: int = 0
    """How many orders a success adds to the account's unfilled order count."""
    status: int = 200
    """Of a success."""

    @property
    def named(self) -> str | None:
        """What the path names: 'symbol', 'id' or nothing."""
        return self.path.partition("{")[2].removesuffix("}") or None
