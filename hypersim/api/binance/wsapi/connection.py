"""One connection to the WebSocket API: its requests, taken in by turns and carried out side by side.

Guarantees:
- Requests take effect in the order in which they came: who signed is decided, and orders are taken in, one after the
  other. Answers leave when what they tell is durable.
- What is under way is bounded: a client that asks faster than it is answered, or does not read, is read more slowly.
- Every request has one answer, whatever comes of it. What was taken in is carried out even when its client is gone.
"""

import asyncio
import logging
from typing import Any, Final

from msgspec.structs import replace
from websockets.frames import CloseCode

from hypersim.api.binance.endpoints import Call
from hypersim.api.binance.operations import Operation
from hypersim.api.binance.refusals import UNEXPECTED, word
from hypersim.api.binance.streams.messages import Shutdown
from hypersim.api.binance.streams.user import UserStreams
from hypersim.api.binance.wsapi.envelope import Request, failed, rate_limits, read, succeeded
from hypersim.api.binance.wsapi.methods import operations
from hypersim.api.binance.wsapi.own import OWN, WEIGHT, OwnMethod, Talk
from hypersim.api.binance.wsapi.session import Session
from hypersim.api.binance.wsapi.subscriptions import Subscriptions
from hypersim.api.wire import encode
from hypersim.bus import Outbox
from hypersim.errors import Reason, Refused
from hypersim.limits import Limited, Visitor
from hypersim.plainframes import text_frame
from hypersim.world import World

log = logging.getLogger(__name__)

MOST_UNDER_WAY: Final = 256
"""Requests of one connection."""
MOST_READING: Final = 16
"""Of them, those that only read: their answers may be long, and wait until the other side has read what is before."""


class PatientOutbox(Outbox):
    """An outbox that says when the other side reads."""

    def __init__(self, *what: Any, **bounds: Any) -> None:
        super().__init__(*what, **bounds)
        self._is_read = asyncio.Event()
        self._is_read.set()

    def hold(self) -> None:
        super().hold()
        if not self.closed:
            self._is_read.clear()

    def release(self) -> None:
        super().release()
        if not self.held:  # what waited may have been too much at once
            self._is_read.set()

    def drop(self) -> None:
        super().drop()
        self._is_read.set()

    async def is_read(self) -> None:
        """Returns once the other side reads, or is gone."""
        while self.held and not self.closed:  # of many who wait, one may have filled it again
            await self._is_read.wait()


class WebSocketApi:
    """What all its connections share."""

    def __init__(self, world: World, user: UserStreams) -> None:
        self.world = world
        self.user = user
        self.operations: Final = operations(world)


class Exchanged:
    """One request on its way to its answer."""

    __slots__ = ("account_id", "counts_orders", "request", "shows_rate_limits", "visitor")

    def __init__(self, request: Request, visitor: Visitor, *, shows_rate_limits: bool) -> None:
        self.request = request
        self.visitor = visitor
        self.shows_rate_limits = shows_rate_limits
        self.account_id = 0
        self.counts_orders = False
        """The answer says how many orders the account placed."""


class ApiConnection:
    """One of them."""

    def __init__(
        self,
        api: WebSocketApi,
        outbox: PatientOutbox,
        tasks: asyncio.TaskGroup,
        *,
        address: str,
        unit: int,
        returns_rate_limits: bool,
    ) -> None:
        """`tasks`: what is under way; whoever waits for them waits for it."""
        self.outbox = outbox
        self._api = api
        self._world = api.world
        self._tasks = tasks
        self._address = address
        self._talk = Talk(
            session=Session(api.world.keys),
            subscriptions=Subscriptions(api.user, outbox, unit),
            unit=unit,
            connected_us=api.world.clock.now_us(),
            returns_rate_limits=returns_rate_limits,
        )
        self._room = asyncio.Semaphore(MOST_UNDER_WAY)
        self._reading = asyncio.Semaphore(MOST_READING)
        self._under_way = 0
        self._ending: tuple[int, str] | None = None

    async def receive(self, text: str) -> None:
        """Takes a request in, as soon as there is room; it is answered before or after this returns."""
        await self.outbox.is_read()
        await self._room.acquire()
        if self._ending is None and self._take(text):
            return
        self._room.release()

    def close(self) -> None:
        """Leaves every subscription: the connection is gone. What is under way goes on."""
        self._talk.subscriptions.end_all()

    def stopping(self, now_us: int) -> None:
        """Tells that the exchange stops soon."""
        self._send(encode({"event": Shutdown("serverShutdown", now_us // self._talk.unit)}))

    def end(self, code: int, reason: str) -> None:
        """Ends the connection once what is under way is answered; takes nothing more in."""
        self.close()
        self._ending = code, reason
        if not self._under_way:
            self.outbox.close(code, reason)

    def _take(self, text: str) -> bool:
        """Takes a request in. Whether it is under way; otherwise it is answered."""
        now_us = self._world.clock.now_us()
        visitor = self._world.limits.visitor(self._address, now_us)
        exchanged = Exchanged(read(text), visitor, shows_rate_limits=self._talk.returns_rate_limits)
        try:
            return self._begin(exchanged, now_us)
        except Refused as refused:
            self._refuse(exchanged, refused)
        except Exception as error:
            self._fail(exchanged, error)
        return False

    def _begin(self, exchanged: Exchanged, now_us: int) -> bool:
        """Carries a request out, or begins to: then it is true. Raises Refused, with the weight counted."""
        request, talk = exchanged.request, self._talk
        self._world.limits.admit(exchanged.visitor, now_us)
        if request.refusal is not None:
            raise request.refusal
        exchanged.shows_rate_limits = request.returns_rate_limits(default=talk.returns_rate_limits)
        own = OWN.get(request.method)
        if own is not None:
            self._carry_out_own(own, exchanged, now_us)
            return False
        operation = self._api.operations.get(request.method)
        if operation is None:
            raise Refused(Reason.UNKNOWN_PATH, f"There is no method '{request.method}'.")
        try:
            call = self._read(operation, exchanged, now_us)
        except Refused:
            exchanged.visitor.used += operation.least_weight
            raise
        self._under_way += 1
        self._tasks.create_task(self._carry_out(operation, call, exchanged))
        return True

    def _read(self, operation: Operation, exchanged: Exchanged, now_us: int) -> Call:
        """The call that a request makes. Raises Refused."""
        request, session, table = exchanged.request, self._talk.session, operation.table
        security, microseconds = operation.endpoint.security, self._talk.unit == 1
        values = request.values
        table.check_number(values)
        if not security.signed:
            account_id = session.named(request).account_id if security.keyed else 0
            return Call(table.parse(values), account_id, now_us, None, microseconds)
        key, deadline_us = session.authorized(request, now_us)
        exchanged.account_id, exchanged.counts_orders = key.account_id, operation.endpoint.orders > 0
        return Call(table.parse(values), key.account_id, now_us, deadline_us, microseconds)

    async def _carry_out(self, operation: Operation, call: Call, exchanged: Exchanged) -> None:
        """Answers a request that was taken in."""
        try:
            if operation.endpoint.method == "GET":
                await self._look_up(operation, call, exchanged)
            else:
                self._succeed(exchanged, await operation.perform(call, exchanged.visitor))
        except Refused as refused:
            self._refuse(exchanged, refused)
        except Exception as error:
            self._fail(exchanged, error)
        finally:
            self._under_way -= 1
            self._room.release()
            if self._ending is not None and not self._under_way:
                self.outbox.close(*self._ending)

    async def _look_up(self, operation: Operation, call: Call, exchanged: Exchanged) -> None:
        """Answers a request that changes nothing, when the answers before it are read; for nobody when nobody is left.

        Raises Refused.
        """
        async with self._reading:
            await self.outbox.is_read()
            if not self.outbox.closed:
                result = await operation.perform(call, exchanged.visitor)
                await self.outbox.is_read()
                self._succeed(exchanged, result)

    def _carry_out_own(self, own: OwnMethod, exchanged: Exchanged, now_us: int) -> None:
        """Answers a request about the connection itself. Raises Refused, with the weight counted."""
        try:
            asked = own.read(exchanged.request, self._talk.session, now_us)
        except Refused:
            exchanged.visitor.used += WEIGHT
            raise
        self._world.limits.charge(exchanged.visitor, WEIGHT, now_us)
        own.handle(self._talk, asked, lambda value: self._succeed(exchanged, encode(value)))

    def _succeed(self, exchanged: Exchanged, result: bytes) -> None:
        self._send(succeeded(exchanged.request.id, result, self._rate_limits(exchanged)))

    def _refuse(self, exchanged: Exchanged, refused: Refused) -> None:
        status, problem = word(refused)
        if isinstance(refused, Limited):
            times = {"serverTime": self._world.clock.now_us(), "retryAfter": refused.until_us}
            problem = replace(problem, data={name: time_us // self._talk.unit for name, time_us in times.items()})
        self._send(failed(exchanged.request.id, status, problem, self._rate_limits(exchanged)))
        if refused.reason is Reason.BANNED:
            self.outbox.close(CloseCode.POLICY_VIOLATION, "IP banned")

    def _fail(self, exchanged: Exchanged, error: Exception) -> None:
        """Answers that the exchange is at fault."""
        log.error("%s failed", exchanged.request.method, exc_info=error)
        self._send(failed(exchanged.request.id, 500, UNEXPECTED, self._rate_limits(exchanged)))

    def _rate_limits(self, exchanged: Exchanged) -> bytes:
        """The end of its answer."""
        if not exchanged.shows_rate_limits:
            return b""
        orders = None
        if exchanged.counts_orders:
            orders = self._world.limits.orders.counts(exchanged.account_id, self._world.clock.now_us())
        return rate_limits(exchanged.visitor.used, orders)

    def _send(self, text: bytes) -> None:
        self.outbox.put(text_frame(text))
