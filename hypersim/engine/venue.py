"""One market in motion: its rules, book, open orders, ids and prices; and how a trade settles.

A venue moves money and orders together, so that hold, match and settle happen in one call. Whether something may
happen was decided before it is called: nothing here refuses.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from hypersim.engine.account import Account
from hypersim.engine.book import Book
from hypersim.engine.clearing import FILL, ORDER, Clearing
from hypersim.engine.depth import Depth
from hypersim.engine.events import CHANGE_OF_END, Amendment, Change, EntryKind, Event, Fill, ListChanged, OrderChanged
from hypersim.engine.fees import Fee, LastPrice, kept_of
from hypersim.engine.filters import Filters
from hypersim.engine.ledger import Ledger
from hypersim.engine.lists import OrderList, Phase
from hypersim.engine.market import Market
from hypersim.engine.orders import BUY, OPEN, STATUS_MOVES, ExpiryReason, Order, OrderStatus, Side
from hypersim.engine.stops import StopBook
from hypersim.engine.tape import Tape
from hypersim.errors import Reason
from hypersim.units import ONE

NEW: Final = Change.NEW
TRADE: Final = Change.TRADE
FILLED: Final = OrderStatus.FILLED
PARTIALLY_FILLED: Final = OrderStatus.PARTIALLY_FILLED
NO_ORDERS: Final[Mapping[str, int]] = MappingProxyType({})


class Due(Struct, frozen=True, gc=False):
    """An order whose turn has come, or (not `triggered`) one of a list that was filled, lowered or ended: as it was."""

    order: Order
    triggered: bool


class Venue:
    """A market's state. Prices and quantities have scale 8, amounts scale 16, times are microseconds."""

    def __init__(
        self,
        market: Market,
        ledger: Ledger,
        accounts: dict[int, Account],
        events: list[Event],
        last_price: LastPrice,
    ) -> None:
        """`last_price` is that of any market of the exchange."""
        self.market = market
        self.filters = Filters(market)
        self.book = Book()
        self.orders: dict[int, Order] = {}
        self.clients: defaultdict[int, dict[str, int]] = defaultdict(dict)
        """Account -> client order id -> order id, of open orders in the order of their placement."""
        self.tape = Tape(market, events)
        self.depth = Depth(market.symbol, events)
        self.stops = StopBook()
        self.lists: dict[int, OrderList] = {}
        """Open order lists by id."""
        self.due: deque[Due] = deque()
        """What is to be done when the command's own work is over, in the order in which it came due."""
        self.next_order_id = 1
        self.next_prevented_match_id = 0
        self.next_amendment_id = 1
        self._ledger = ledger
        self._events = events
        self._clearing = Clearing(market.symbol, ledger, accounts, last_price)

    def change_rules(self, market: Market) -> None:
        """Puts new rules in force."""
        self.market = market
        self.filters = Filters(market)
        self.tape.change_rules(market)

    def succeed(self, old: "Venue") -> None:
        """Takes the place of a market's earlier life: ids count on, and of its book is told that it is empty."""
        self.next_order_id, self.depth.update_id = old.next_order_id, old.depth.update_id
        self.tape.next_trade_id, self.tape.next_aggregate_id = old.tape.next_trade_id, old.tape.next_aggregate_id
        self.next_prevented_match_id = old.next_prevented_match_id
        self.next_amendment_id = old.next_amendment_id
        self.book.succeed(old.book)
        self.depth.drain(self.book)

    @property
    def last_price(self) -> int:
        """At what was traded last; 0 before the first trade."""
        return self.tape.last_price

    def open_orders(self, account_id: int) -> Mapping[str, int]:
        """Client order id -> order id of an account's open orders."""
        return self.clients.get(account_id, NO_ORDERS)

    def accept(self, order: Order, required: int) -> None:
        """Takes a new order in, and holds what it may pay: from here on it is open."""
        assert order.order_id == self.next_order_id
        self.next_order_id += 1
        self.orders[order.order_id] = order
        mine = self.clients[order.account_id]
        assert order.client_order_id not in mine
        mine[order.client_order_id] = order.order_id
        self._events.append(OrderChanged(change=NEW, order=order))
        self._ledger.hold(order.account_id, self.paid_asset(order.side), required, ORDER, order.reference)

    def report(self, event: Event) -> None:
        """Adds an event of somebody else's to what the command did."""
        self._events.append(event)

    def rest(self, order: Order) -> None:
        """Puts what is left of an open order on the book: of an iceberg, what it shows."""
        resting = self.book.resting(order.side)
        leaves, terms = order.leaves, order.terms
        if terms is None or not terms.iceberg:
            resting.add(order.limit, order.order_id, leaves)
        else:
            resting.add(order.limit, order.order_id, min(terms.iceberg, leaves), iceberg=True)

    def wait(self, order: Order) -> None:
        """Lets a stop order wait for its price, or follow the market's from now on."""
        if order.special.trailing_us:
            self.stops.follow(order, self.last_price)
        else:
            self.stops.wait(order)

    def put_list(self, order_list: OrderList) -> None:
        """Takes an order list in, or what has become of it; a list that is done is forgotten."""
        if order_list.phase is Phase.DONE:
            del self.lists[order_list.list_id]
        else:
            self.lists[order_list.list_id] = order_list
        self._events.append(ListChanged(order_list))

    def place(self, before: Order, after: Order, required: int) -> None:
        """An order that waited or was pending begins to wait or to work; it holds so much from now on."""
        asset, of = self.paid_asset(after.side), after.reference
        self._ledger.release(after.account_id, asset, before.held, ORDER, of)
        self._ledger.hold(after.account_id, asset, required, ORDER, of)
        self._store(before, after)
        self._events.append(OrderChanged(change=Change.WORKING, order=after))

    def end(
        self,
        order: Order,
        status: OrderStatus,
        time_us: int,
        *,
        entering: bool = False,
        expiry_reason: ExpiryReason | None = None,
        cancel_id: str = "",
        prevented_match_id: int | None = None,
        reason: Reason | None = None,
    ) -> None:
        """Ends an open order before it is filled: off the book, its hold released. `entering`: it never was there."""
        leaves = order.leaves
        if not entering:
            self._withdraw(order)
        kind = ORDER if entering else EntryKind.RELEASE
        self._ledger.release(order.account_id, self.paid_asset(order.side), order.held, kind, order.reference)
        terms = order.terms
        if prevented_match_id is not None:
            terms = replace(order.special, prevented_match_id=prevented_match_id)
        ended = replace(
            order,
            status=status,
            expiry_reason=expiry_reason,
            prevented=order.prevented + (leaves if status is OrderStatus.EXPIRED_IN_MATCH else 0),
            updated_us=time_us,
            terms=terms,
        )
        self._store(order, ended)
        change = CHANGE_OF_END[status]
        self._events.append(OrderChanged(change=change, order=ended, cancel_id=cancel_id, reason=reason))

    def _withdraw(self, order: Order) -> None:
        """Takes an open order from where it stands."""
        if order.working_us:
            resting = self.book.resting(order.side)
            resting.remove(order.limit, order.order_id, resting.shown(order.limit, order.order_id))
        elif order.status is not OrderStatus.PENDING_NEW:
            self.stops.discard(order)

    def lower(self, order: Order, quantity: int, number: int, time_us: int) -> Order:
        """Takes a quantity out of an order for self-trade prevention; it goes on with the rest."""
        lowered = replace(
            order,
            prevented=order.prevented + quantity,
            updated_us=time_us,
            terms=replace(order.special, prevented_match_id=number),
        )
        self._release(order, lowered)
        self._store(order, lowered)
        self._events.append(OrderChanged(change=Change.TRADE_PREVENTION, order=lowered))
        return lowered

    def _release(self, before: Order, after: Order) -> None:
        """Frees what an order of a lower quantity holds no longer."""
        freed, asset = before.held - after.held, self.paid_asset(before.side)
        self._ledger.release(before.account_id, asset, freed, EntryKind.RELEASE, before.reference)

    def refill(self, order: Order) -> None:
        """Shows the next part of an iceberg, at the end of the queue, when the one before is gone."""
        resting = self.book.resting(order.side)
        if order.is_open and order.special.iceberg and not resting.shown(order.limit, order.order_id):
            self.rest(order)

    def amend(self, order: Order, quantity: int, client_order_id: str, time_us: int) -> None:
        """Lowers an open order's quantity; it keeps its place, and what it shows where that is not too much.

        To what it has traded or lost already: then it expires.
        """
        special = order.special
        terms = replace(special, amends=special.amends + 1, iceberg=min(special.iceberg, quantity))
        ends = quantity == order.quantity - order.leaves
        amended = replace(
            order,
            quantity=quantity,
            client_order_id=client_order_id,
            status=OrderStatus.EXPIRED if ends else order.status,
            updated_us=time_us,
            terms=terms,
        )
        self._release(order, amended)
        if ends:
            self._withdraw(order)
        elif order.working_us:
            resting = self.book.resting(order.side)
            shown = resting.shown(order.limit, order.order_id)
            if shown > amended.leaves:
                resting.remove(order.limit, order.order_id, shown - amended.leaves)
        mine = self.clients[order.account_id]
        if client_order_id != order.client_order_id:  # the order of placement stays
            self.clients[order.account_id] = {
                client_order_id if order_id == order.order_id else name: order_id for name, order_id in mine.items()
            }
        self._store(order, amended)
        number = self.next_amendment_id
        self.next_amendment_id += 1
        amendment = Amendment(execution_id=number, before=order.quantity, client_order_id=order.client_order_id)
        self._events.append(OrderChanged(change=Change.REPLACED, order=amended, amendment=amendment))
        order_list = self.lists.get(terms.list_id)
        if order_list is not None and client_order_id != order.client_order_id:
            self.put_list(order_list.renamed(order.order_id, client_order_id, time_us))

    def trade(
        self, taker_side: Side, price: int, quantity: int, taker: Order | None, maker: Order | None, time_us: int
    ) -> Order | None:
        """Settles one trade between a taker and a maker, of whom None is the house; returns the taker as it is then.

        What was traded has been taken off the book by the caller; an iceberg shows its next part by itself.
        """
        market, clearing = self.market, self._clearing
        base, quote = quantity * ONE, quantity * price
        if self.stops.waiting:
            self._see(price, time_us)
        trade_id = self.tape.record(price, quantity, taker_side, time_us)
        taking, making = clearing.taker(taker), clearing.maker(maker)
        if taker_side is BUY:
            takers_fee = buyers_fee = clearing.pass_on(market.base, base, making, taking)
            makers_fee = clearing.pass_on(market.quote, quote, taking, making)
            buyer, buying = taker, taking
        else:
            makers_fee = buyers_fee = clearing.pass_on(market.base, base, taking, making)
            takers_fee = clearing.pass_on(market.quote, quote, making, taking)
            buyer, buying = maker, making
        if buyer is not None:
            limit = buyer.limit
            if limit > price:
                saved = (limit - price) * quantity
                self._ledger.release(buyer.account_id, market.quote, saved, buying.kind, buying.reference)
            if buyer.terms is not None:
                self._keep(buyer, base, buyers_fee)
        if maker is not None:
            fee_asset, fee = makers_fee
            made = Fill(
                trade_id=trade_id,
                price=price,
                quantity=quantity,
                quote=quote,
                fee=fee,
                fee_asset=fee_asset,
                is_maker=True,
            )
            filled = self._filled(maker, made, time_us)
            if filled.terms is not None and filled.terms.iceberg:
                self.refill(filled)
        if taker is None:
            return None
        fee_asset, fee = takers_fee
        took = Fill(
            trade_id=trade_id,
            price=price,
            quantity=quantity,
            quote=quote,
            fee=fee,
            fee_asset=fee_asset,
            is_maker=False,
        )
        return self._filled(taker, took, time_us)

    def _filled(self, order: Order, fill: Fill, time_us: int) -> Order:
        executed = order.executed + fill.quantity
        filled = replace(
            order,
            executed=executed,
            executed_quote=order.executed_quote + fill.quote,
            status=FILLED if executed + order.prevented == order.quantity else PARTIALLY_FILLED,
            updated_us=time_us,
        )
        self._store(order, filled)
        self._events.append(OrderChanged(change=TRADE, order=filled, fill=fill))
        return filled

    def _keep(self, order: Order, received: int, fee: Fee) -> None:
        """Locks what the working order of a paid list has received: it is for what is pending."""
        order_list, base = self.lists.get(order.special.list_id), self.market.base
        if order_list is None or not order_list.kind.is_paid:
            return
        kept = kept_of(base, received, fee, self._ledger.free(order.account_id, base))
        self._ledger.hold(order.account_id, base, kept, FILL, order_list.reference)
        self.lists[order_list.list_id] = replace(order_list, saved=order_list.saved + kept)

    def print_outside(self, price: int, quantity: int, taker_side: Side, time_us: int) -> None:
        """Puts a trade of the house with itself on the tape; no money moves."""
        if self.stops.waiting:
            self._see(price, time_us)
        self.tape.record(price, quantity, taker_side, time_us, outside=True)

    def paid_asset(self, side: Side) -> str:
        """What an order of this side pays with."""
        return self.market.quote if side is BUY else self.market.base

    def restore(self, orders: Iterable[Order], trails: Iterable[tuple[int, int]], lists: Iterable[OrderList]) -> None:
        """Takes the open orders of a snapshot back, in the order of their placement; the book comes by itself."""
        for order in orders:
            self.orders[order.order_id] = order
            self.clients[order.account_id][order.client_order_id] = order.order_id
            if order.working_us:
                if order.special.iceberg:
                    self.book.resting(order.side).icebergs.add(order.order_id)
            elif order.status is OrderStatus.NEW and not order.special.trailing_us:
                self.stops.wait(order)
        for order_id, best in trails:
            self.stops.follow(self.orders[order_id], best)
        self.lists.update((each.list_id, each) for each in lists)

    def _see(self, price: int, time_us: int) -> None:
        """Tells the waiting stops of a trade: some are triggered, some begin to follow the price."""
        turned = self.stops.turned(price)
        for order_id in self.stops.reached(price):
            order = self.orders[order_id]
            if not order.special.trailing_delta:
                self.due.append(Due(order, triggered=True))
                continue
            follows = replace(order, updated_us=time_us, terms=replace(order.special, trailing_us=time_us))
            self.stops.follow(follows, price)
            self._store(order, follows)
            self._events.append(OrderChanged(change=Change.FOLLOWING, order=follows))
        self.due.extend(Due(self.orders[order_id], triggered=True) for order_id in turned)

    def _store(self, before: Order, after: Order) -> None:
        assert after.status in STATUS_MOVES[before.status], (before.status, after.status)
        if after.terms is not None and after.terms.list_id:
            self.due.append(Due(after, triggered=False))
        if after.status in OPEN:
            self.orders[after.order_id] = after
            return
        del self.orders[after.order_id]
        del self.clients[after.account_id][after.client_order_id]
