"""What an endpoint is: one table of parameters, from which validation, OpenAPI and tests derive.

A handler is `async def handler(world, call) -> value`: parsing is over, so it asks or reads, and renders.
What it returns is encoded as JSON with status 200; to refuse, it raises `Refused`. Arguments are read by
parameter, which keeps their types: `call[SYMBOL]` is a str, `call[LIMIT]` an int.

Security types and their requirements: rest-api.md, 'Request security'.
"""

import enum
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Protocol, TypeVar, overload

from msgspec import Struct
from msgspec.structs import replace

from hypersim.limits import Limited
from hypersim.world import World

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Rule(Protocol[T_co]):
    """How the text of a parameter is read."""

    def parse(self, name: str, text: str) -> T_co:
        """The value of a text that is not empty. Raises Refused, naming the parameter."""

    def schema(self) -> dict[str, Any]:
        """What is accepted, as JSON Schema."""


@dataclass(frozen=True, slots=True, eq=False)
class Parameter(Generic[T]):
    """One row of an endpoint's table; `required` and `optional` make it, typed for `call[parameter]`."""

    name: str
    rule: Rule[Any]
    mandatory: bool
    default: T | None
    """What `call[parameter]` is when it was not sent."""
    description: str


def required(name: str, rule: Rule[T], description: str = "") -> Parameter[T]:
    """A parameter that must be sent: -1102 when it is missing."""
    return Parameter(name, rule, mandatory=True, default=None, description=description)


@overload
def optional(name: str, rule: Rule[T], *, description: str = "") -> Parameter[T | None]: ...
@overload
def optional(name: str, rule: Rule[T], default: T, description: str = "") -> Parameter[T]: ...
def optional(name: str, rule: Rule[T], default: T | None = None, description: str = "") -> Parameter[Any]:
    """A parameter that may be missing; then it has the default."""
    return Parameter(name, rule, mandatory=False, default=default, description=description)


class Security(enum.Enum):
    """What a caller must show."""

    NONE = enum.auto()
    """Nothing; an API key is ignored."""
    USER_DATA = enum.auto()
    """The header X-MBX-APIKEY, timestamp and signature."""
    TRADE = enum.auto()
    """The same, from a key that may trade."""
    USER_STREAM = enum.auto()
    """The header X-MBX-APIKEY alone."""

    @property
    def signed(self) -> bool:
        return self in (Security.USER_DATA, Security.TRADE)

    @property
    def keyed(self) -> bool:
        return self is not Security.NONE


class Call(Struct, frozen=True):
    """One request whose parameters and security were found in order."""

    arguments: Mapping[str, Any]
    """Parsed values of the parameters that were sent, by name."""
    account_id: int
    """Who calls; 0 where the endpoint asks for no key."""
    received_us: int
    """When the request was taken in."""
    deadline_us: int | None = None
    """Signed calls: the last moment at which the exchange may act on it (timestamp + recvWindow)."""
    microseconds: bool = False
    """The caller wants times in microseconds (header X-MBX-TIME-UNIT)."""

    def __getitem__(self, parameter: Parameter[T]) -> T:
        value: T = self.arguments.get(parameter.name, parameter.default)
        return value

    def __contains__(self, parameter: Parameter[Any]) -> bool:
        """Whether it was sent."""
        return parameter.name in self.arguments

    def with_arguments(self, arguments: Mapping[str, Any]) -> "Call":
        """The same call with other arguments."""
        return replace(self, arguments=arguments)

    def time(self, time_us: int) -> int:
        """A time as this caller wants it: milliseconds, or microseconds on request."""
        return time_us if self.microseconds else time_us // 1000


Handler = Callable[[World, Call], Awaitable[Any]]


class KeepingHandler(Protocol):
    """A handler that keeps something from one request to the next."""

    def __init__(self) -> None: ...

    async def __call__(self, world: World, call: "Call") -> Any: ...


Weigh = Callable[[World, Call], int]

SPOT: Final = ("/v1", "/api/v3")
"""The same handlers answer at both; the second is where Binance has them."""
SAPI: Final = ("/sapi/v1",)
SAPI_V3: Final = ("/sapi/v3",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One operation."""

    method: str
    path: str
    """Below the prefix: '/order'."""
    handler: Handler | type[KeepingHandler]
    """A class is one that keeps something: every operation makes a handler of its own of it."""
    summary: str
    """One sentence for the reference."""
    tag: str
    """The subject under which the reference lists it."""
    parameters: tuple[Parameter[Any], ...] = ()
    """In the order of their checks. `timestamp`, `recvWindow` and `signature` come with `security`."""
    security: Security = Security.NONE
    weight: int | Weigh = 1
    """Request weight, or how to find it from the call."""
    least_weight: int = 1
    """Where the weight depends on the call: the least that any has, which one has that cannot be read."""
    free_when_done: bool = False
    """Order entry: since 2026-04-02 a success has no weight; a failure has the weight that is documented."""
    free_when: Callable[[Any], bool] | None = None
    """Tells of an answer whether it has no weight, where most successes have theirs."""
    orders: int = 0
    """How many orders a success adds to the account's unfilled order count."""
    when_limited: Callable[[World, Call, Limited], Awaitable[None]] | None = None
    """What is done instead when that would be too many; it raises what is answered. None: nothing but the refusal."""
    prefixes: tuple[str, ...] = SPOT
    refuses: bool = False
    """It acts on what this exchange does not have: a call that is in order is refused, its example among them."""
    example: Mapping[str, str] = field(default_factory=dict)
    """Arguments of a call that succeeds with the demo account on an exchange with the default settings. Those
    that name an order name the one that the example of POST /order places, those that name a list that of POST
    /orderList/oco.
    """

    @property
    def has_time_unit(self) -> bool:
        """Whether the caller chooses the unit of times: the wallet and the futures know milliseconds alone."""
        return self.prefixes == SPOT
