"""What REST and the WebSocket API do alike once a request is at hand: its parameters read by the table of its
endpoint, its weight and its orders counted, its handler called.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hypersim.api.binance.endpoints import Call, Endpoint, Handler, Parameter
from hypersim.api.binance.parameters import Choice
from hypersim.api.binance.request import Known
from hypersim.api.binance.security import SIGNED
from hypersim.api.wire import encode
from hypersim.errors import Reason, Refused
from hypersim.limits import Limited, Visitor
from hypersim.world import World

OF_SECURITY: Final = tuple(row.name for row in SIGNED)
NO_ARGUMENTS: Final[Mapping[str, Any]] = {}


class Table:
    """The parameters of an operation, ready to be read."""

    def __init__(self, parameters: Sequence[Parameter[Any]], *, signed: bool) -> None:
        """`signed`: timestamp, recvWindow and signature come with them."""
        self.signed: Final = signed
        self._rows = tuple((row.name, row.rule.parse, row.mandatory) for row in parameters)
        self._parse: dict[str, Any] = {name: parse for name, parse, _ in self._rows}
        self._read_before: Sequence[str] = OF_SECURITY if signed else ()
        self.known: Known = {
            f"{row.name}={text}": (row.name, text, value)
            for row in parameters
            if isinstance(row.rule, Choice)
            for text, value in row.rule.by_text.items()
        }
        """The pairs of which there are so few that each is read beforehand."""
        self._mandatory = frozenset(name for name, _, mandatory in self._rows if mandatory)
        self._most = len(self._rows) + (len(SIGNED) if signed else 0)

    def check_number(self, sent: Mapping[str, str]) -> None:
        """Before anything is read: raises Refused PARAMETERS_UNEXPECTED where more was sent than can be right."""
        if len(sent) > self._most:
            raise Refused(Reason.PARAMETERS_UNEXPECTED, self._most, len(sent))

    def parse(self, sent: Mapping[str, str], known: Mapping[str, Any] = NO_ARGUMENTS) -> dict[str, Any]:
        """The arguments, beside those that are known; what comes with a signature has been read already. Raises
        Refused.
        """
        arguments = {**known}
        find = self._parse.get
        try:
            for name, text in sent.items():
                if name in known:
                    continue
                parse = find(name)
                if parse is None:
                    if name not in self._read_before:
                        return self._in_order(sent)
                elif text:
                    arguments[name] = parse(name, text)
                else:
                    return self._in_order(sent)
        except Refused:
            return self._in_order(sent)
        return arguments if self._mandatory <= arguments.keys() else self._in_order(sent)

    def _in_order(self, sent: Mapping[str, str]) -> dict[str, Any]:
        """The same, row by row: of several mistakes the first in the table is the one that is told."""
        arguments: dict[str, Any] = {}
        for name, parse, mandatory in self._rows:
            text = sent.get(name)
            if text:
                arguments[name] = parse(name, text)
            elif text is not None:
                raise Refused(Reason.PARAMETER_EMPTY, name)
            elif mandatory:
                raise Refused(Reason.PARAMETER_MISSING, name)
        read = len(arguments) + (sum([name in sent for name in OF_SECURITY]) if self.signed else 0)
        if read != len(sent):
            raise Refused(Reason.PARAMETERS_UNREAD, read, len(sent))
        return arguments


class Operation:
    """One endpoint, ready to be called."""

    def __init__(self, world: World, endpoint: Endpoint) -> None:
        self._world = world
        self.endpoint = endpoint
        self.keyed = endpoint.security.keyed
        handler = endpoint.handler
        self._handler: Handler = handler() if isinstance(handler, type) else handler
        self.table = Table(endpoint.parameters, signed=endpoint.security.signed)
        self.least_weight = endpoint.weight if isinstance(endpoint.weight, int) else endpoint.least_weight
        """Of a request that could not be read."""

    async def perform(self, call: Call, visitor: Visitor) -> bytes:
        """What comes of a call, encoded. Raises Refused, with the weight counted."""
        endpoint, world = self.endpoint, self._world
        weight = endpoint.weight if isinstance(endpoint.weight, int) else endpoint.weight(world, call)
        if not endpoint.free_when_done:
            world.limits.charge(visitor, weight, call.received_us)
            value = await self._handler(world, call)
            if endpoint.free_when is not None and endpoint.free_when(value):
                world.limits.give_back(visitor, weight, call.received_us)
            return encode(value)
        try:
            if not endpoint.orders:
                return encode(await self._handler(world, call))
            return encode(await self._enter_orders(call))
        except Refused:
            visitor.used += weight
            raise

    async def _enter_orders(self, call: Call) -> Any:
        """Calls a handler that places orders, with the account's unfilled order count around it."""
        counts, instead = self._world.limits.orders, self.endpoint.when_limited
        try:
            with counts.entering(call.account_id, self.endpoint.orders, call.received_us):
                return await self._handler(self._world, call)
        except Limited as limited:
            if instead is not None:
                await instead(self._world, call, limited)
            raise
