"""User data: what commits tell an account, on a subscription of the WebSocket API or on the stream of a listen key.

Events of a record are told in the order in which they happened, records in the order of their commits. Balances come
last: a balanceUpdate for what came from outside or went there, then one outboundAccountPosition with the assets that
the record moved (a client that adds the former to what it knows is put right by the latter). A subscriber's form is a
`UserForm`: who subscribes through the WebSocket API gets each event with the number of his subscription.

A withdrawal is told of when its money can be spent no more, and again if it comes back. When the world is reset, every
open order has EXPIRED because the exchange cancelled it, every open list is done, and the position has all that was
there before or is now.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import replace

from hypersim.api.binance.streams.account_events import (
    account_position,
    balance_update,
    list_status,
    stream_terminated,
)
from hypersim.api.binance.streams.form import Build, framed
from hypersim.api.binance.streams.reports import (
    EXCHANGE_CANCELED,
    NOT_REJECTED,
    Met,
    Report,
    execution_report,
    reject_reason,
    rejected,
)
from hypersim.api.binance.streams.standing import Standing
from hypersim.api.wire import encode
from hypersim.bus import Bus, Subscriber
from hypersim.engine.commands import CancelReplace
from hypersim.engine.events import (
    BalanceChanged,
    Change,
    Committed,
    DepthChanged,
    EntryKind,
    Event,
    ListChanged,
    MatchPrevented,
    OrderChanged,
    OrderRefused,
    Traded,
    WorldReset,
)
from hypersim.engine.lists import Phase
from hypersim.engine.orders import OrderStatus
from hypersim.errors import Reason
from hypersim.plainframes import text_frame
from hypersim.world import World

FROM_OUTSIDE: Final = frozenset({EntryKind.DEPOSIT, EntryKind.WITHDRAWAL})
MOST_REPORTS_BITS: Final = 20
"""An execution id is a record's sequence number, then the place in the record in so many bits: greater than any before
it, the same whoever listens, and below 2**53, which every client can read.
"""


class UserForm(NamedTuple):
    """How a subscriber gets his events."""

    unit: int
    """Of times, in microseconds."""
    subscription_id: int | None = None
    """On the WebSocket API, where an event comes as {"subscriptionId","event"}."""
    listen_key: str | None = None
    """On a combined stream, where an event comes as {"stream","data"}."""


class UserStreams:
    """The user data of all accounts. Nothing is worked out for an account that nobody listens to."""

    def __init__(self, world: World, bus: Bus) -> None:
        self._world = world
        self._bus = bus
        self._standing: dict[int, Standing] = {}
        """By account, of those that somebody listens to."""

    def subscribe(self, account_id: int, subscriber: Subscriber) -> None:
        """From now on the subscriber, whose form is a UserForm, gets what happens to the account."""
        self._bus.subscribe(_topic(account_id), subscriber)
        if account_id not in self._standing:
            self._standing[account_id] = Standing(self._world.accounts, account_id)

    def unsubscribe(self, account_id: int, subscriber: Subscriber) -> None:
        """From now on he does not any more."""
        self._bus.unsubscribe(_topic(account_id), subscriber)
        if not self._bus.wanted(_topic(account_id)):
            self._standing.pop(account_id, None)

    def forget(self) -> None:
        """Tells nobody any more who has subscribed so far: what the views have now is not what they had then."""
        self._standing.clear()

    def terminated(self, subscriber: Subscriber) -> None:
        """Tells a subscriber, whose form is a UserForm, that his subscription is over (eventStreamTerminated)."""
        form: Any = subscriber.form
        event = stream_terminated(self._world.clock.now_us(), form.unit)
        subscriber.outbox.put(framed_event(form, event))

    def fold(self, record: Committed) -> None:
        """Tells what a record changed. The views have folded it already, and no later one."""
        if self._standing:
            Telling(self._world, self._standing, record, self._tell).all()

    def _tell(self, account_id: int, build: Build) -> None:
        built: dict[int, msgspec.Raw] = {}

        def frame(form: UserForm) -> bytes:
            event = built.get(form.unit)
            if event is None:
                event = built[form.unit] = msgspec.Raw(encode(build(form.unit)))
            return framed_event(form, event)

        self._bus.publish(_topic(account_id), frame)


def framed_event(form: UserForm, event: Any) -> bytes:
    """The frame of one event in somebody's form."""
    if form.subscription_id is not None:
        return text_frame(b'{"subscriptionId":%d,"event":%b}' % (form.subscription_id, encode(event)))
    return framed(form.listen_key or "", event, combined=form.listen_key is not None)


class Telling:
    """One record, as it is told to the accounts that somebody listens to."""

    def __init__(
        self, world: World, standing: dict[int, Standing], record: Committed, tell: Callable[[int, Build], None]
    ) -> None:
        self._world = world
        self._standing = standing
        self._record = record
        self._tell = tell
        self._met: dict[tuple[str, int], Met] = {}
        """By symbol and number, the matches that were prevented."""
        self._updates: dict[int, list[BalanceChanged]] = {}
        """By account, what came from outside and went there."""
        self._positions: dict[int, dict[str, tuple[int, int]]] = {}
        """By account and asset, what is free and locked after the record."""

    def all(self) -> None:
        """Tells everything."""
        standing = self._standing
        for place, event in enumerate(self._record.events):
            # by their very types, as in `Views.fold`
            if type(event) is BalanceChanged:
                if event.account_id in standing:
                    self._balance_changed(event)
            elif type(event) is OrderChanged:
                if event.order.account_id in standing:
                    self._order_changed(event, place)
            elif type(event) is not DepthChanged and type(event) is not Traded:
                self._rarely_happened(event, place)
        self._tell_balances()

    def _rarely_happened(self, event: Event, place: int) -> None:
        standing = self._standing
        match event:
            case WorldReset():
                self._world_reset()
            case MatchPrevented() if event.account_id in standing:
                self._match_prevented(event)
            case OrderRefused(is_new=True) if event.account_id in standing:
                self._order_refused(event, place)
            case ListChanged(order_list) if order_list.account_id in standing:
                self._list_changed(event, renamed=place > 0 and _renames(self._record.events[place - 1]))

    def _order_changed(self, event: OrderChanged, place: int) -> None:
        order = event.order
        met = None
        if event.change is Change.TRADE_PREVENTION and order.special.prevented_match_id is not None:
            met = self._met[order.symbol, order.special.prevented_match_id]
        self._report(event, place, met=met, reason=event.reason)
        self._standing[order.account_id].fold(event)

    def _match_prevented(self, event: MatchPrevented) -> None:
        """Two orders meet that would trade what the smaller of them has left."""
        orders = self._standing[event.account_id].orders
        met = [orders[event.symbol, order_id] for order_id in (event.taker_order_id, event.maker_order_id)]
        self._met[event.symbol, event.prevented_match_id] = Met(event, min(order.leaves for order in met))

    def _order_refused(self, event: OrderRefused, place: int) -> None:
        command = self._record.command
        assert isinstance(command, CancelReplace), command
        market = self._world.markets.markets[event.symbol].market
        self._report(rejected(command.place, market), place, reason=event.reason)

    def _report(
        self,
        event: OrderChanged,
        place: int,
        *,
        met: Met | None = None,
        reason: Reason | None = None,
        expiry_reason: str | None = None,
    ) -> None:
        report = Report(
            changed=event,
            time_us=self._record.time_us,
            execution_id=(self._record.sequence << MOST_REPORTS_BITS) + place,
            met=met,
            reject_reason=NOT_REJECTED if reason is None else reject_reason(reason),
            expiry_reason=expiry_reason,
        )
        self._tell(event.order.account_id, lambda unit: execution_report(report, unit))

    def _list_changed(self, event: ListChanged, *, renamed: bool) -> None:
        order_list, time_us = event.order_list, self._record.time_us
        self._tell(order_list.account_id, lambda unit: list_status(order_list, time_us, unit, renamed=renamed))
        self._standing[order_list.account_id].fold(event)

    def _world_reset(self) -> None:
        time_us = self._record.time_us
        for account_id, standing in self._standing.items():
            for place, order in enumerate(standing.orders.values()):
                ended = replace(order, status=OrderStatus.EXPIRED, updated_us=time_us)
                event = OrderChanged(change=Change.EXPIRED, order=ended)
                self._report(event, place, expiry_reason=EXCHANGE_CANCELED)
            for order_list in list(standing.lists.values()):
                done = replace(order_list, phase=Phase.DONE, updated_us=time_us)
                self._list_changed(ListChanged(done), renamed=False)
            self._positions[account_id] = dict.fromkeys(standing.assets, (0, 0))
            standing.clear()

    def _balance_changed(self, event: BalanceChanged) -> None:
        account_id = event.account_id
        if event.kind in FROM_OUTSIDE and event.free_change:
            self._updates.setdefault(account_id, []).append(event)
        self._positions.setdefault(account_id, {})[event.asset] = event.free, event.locked
        self._standing[account_id].fold(event)

    def _tell_balances(self) -> None:
        time_us = self._record.time_us
        for account_id, updates in self._updates.items():
            for update in updates:
                self._tell(account_id, _balance_update(update, time_us))
        for account_id, balances in self._positions.items():
            if balances:
                self._tell(account_id, _account_position(balances, time_us))


def _balance_update(event: BalanceChanged, time_us: int) -> Build:
    return lambda unit: balance_update(event.asset, event.free_change, time_us, unit)


def _account_position(balances: dict[str, tuple[int, int]], time_us: int) -> Build:
    return lambda unit: account_position(balances, time_us, unit)


def _renames(event: Event) -> bool:
    """Whether it gives an order of a list another name; what the list is then follows at once."""
    return (
        isinstance(event, OrderChanged)
        and event.amendment is not None
        and event.amendment.client_order_id != event.order.client_order_id
    )


def _topic(account_id: int) -> tuple[str, int]:
    return "user", account_id
