"""One market in motion: its rules, book, open orders, ids and prices; and how a trade settles.

A venue moves money and orders together, so that hold, match and settle happen in one call. Whether something may
happen was decided before it is called: nothing here refuses.
"""

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from hypersim.engine.account import Account
from hypersim.engine.average import AveragePrice
from hypersim.engine.book import Book
from hypersim.engine.events import Change, DepthChanged, EntryKind, Event, Fill, OrderChanged, Traded
from hypersim.engine.ledger import FEES, HOUSE, Ledger
from hypersim.engine.market import Market
from hypersim.engine.orders import BUY, OPEN, SELL, STATUS_MOVES, ExpiryReason, Order, OrderStatus, Side
from hypersim.units import fee_rounded_down, to_amount

NEW: Final = Change.NEW
TRADE: Final = Change.TRADE
ORDER: Final = EntryKind.ORDER
FILL: Final = EntryKind.FILL
FILLED: Final = OrderStatus.FILLED
PARTIALLY_FILLED: Final = OrderStatus.PARTIALLY_FILLED


class Venue:
    """A market's state. Prices and quantities have scale 8, amounts scale 16, times are microseconds."""

    def __init__(self, market: Market, ledger: Ledger, accounts: dict[int, Account], events: list[Event]) -> None:
        self.market = market
        self.book = Book()
        self.orders: dict[int, Order] = {}
        self.clients: dict[int, dict[str, int]] = {}
        """Account -> client order id -> order id, of open orders in the order of their placement."""
        self.average = AveragePrice(market.average_price_minutes)
        self.last_price = 0
        self.next_order_id = 1
        self.next_trade_id = 1
        self.next_aggregate_id = 1
        self.update_id = 0
        self._ledger = ledger
        self._accounts = accounts
        self._events = events
        self._aggregate: tuple[int, Side] | None = None

    def reference_price(self, time_us: int) -> int | None:
        """What percent and notional filters refer to: the average of the last minutes, else the last price."""
        average = self.average.price(time_us) if self.market.average_price_minutes else None
        return average or self.last_price or None

    def change_rules(self, market: Market) -> None:
        """Puts new rules in force; the average goes on over the new window as far as trades are remembered."""
        average = AveragePrice(market.average_price_minutes)
        average.restore(self.average.state())
        self.market, self.average = market, average

    def open_orders(self, account_id: int) -> dict[str, int]:
        """Client order id -> order id of an account's open orders."""
        return self.clients.get(account_id, {})

    def accept(self, order: Order) -> None:
        """Takes a new order in: from here on it is open."""
        assert order.order_id == self.next_order_id
        assert order.client_order_id not in self.open_orders(order.account_id)
        self.next_order_id += 1
        self.orders[order.order_id] = order
        self.clients.setdefault(order.account_id, {})[order.client_order_id] = order.order_id
        self._events.append(OrderChanged(change=NEW, order=order))

    def rest(self, order: Order) -> None:
        """Puts what is left of an open order on the book."""
        self.book.resting(order.side).add(order.price, order.order_id, order.leaves)

    def end(
        self,
        order: Order,
        status: OrderStatus,
        time_us: int,
        *,
        resting: bool,
        expiry_reason: ExpiryReason | None = None,
        cancel_id: str = "",
    ) -> None:
        """Ends an open order before it is filled: off the book, its hold released."""
        leaves = order.leaves
        if resting:
            self.book.resting(order.side).remove(order.price, order.order_id, leaves)
        kind = EntryKind.RELEASE if resting else ORDER
        self._ledger.release(order.account_id, self.paid_asset(order.side), order.held, kind, reference(order))
        ended = replace(
            order,
            status=status,
            expiry_reason=expiry_reason,
            prevented=leaves if status is OrderStatus.EXPIRED_IN_MATCH else 0,
            updated_us=time_us,
        )
        self._store(order, ended)
        self._events.append(OrderChanged(change=CHANGE_OF_END[status], order=ended, cancel_id=cancel_id))

    def hold(self, order: Order, amount: int) -> None:
        """Holds what a new order may pay."""
        self._ledger.hold(order.account_id, self.paid_asset(order.side), amount, ORDER, reference(order))

    def begin_taker(self) -> None:
        """Says that a new taker comes: its trades share no aggregate with those before."""
        self._aggregate = None

    def trade(
        self,
        taker_side: Side,
        price: int,
        quantity: int,
        *,
        taker: Order | None,
        maker: Order | None,
        time_us: int,
    ) -> Order | None:
        """Settles one trade between a taker and a maker, of whom None is the house; returns the taker as it is then.

        The maker's place on the book is the caller's business.
        """
        market = self.market
        quote = price * quantity
        buyer, seller = (taker, maker) if taker_side is BUY else (maker, taker)
        trade_id = self._record(price, quantity, taker_side, outside=False, time_us=time_us)
        buyer_fee = self._pass_on(market.base, to_amount(quantity), seller, buyer, taker)
        seller_fee = self._pass_on(market.quote, quote, buyer, seller, taker)
        if buyer is not None and buyer.price > price:
            kind = ORDER if buyer is taker else FILL
            saved = (buyer.price - price) * quantity
            self._ledger.release(buyer.account_id, market.quote, saved, kind, reference(buyer))
        result = taker
        for order in (maker, taker):
            if order is None:
                continue
            buys = order is buyer
            filled = self._filled(order, quantity, quote, time_us)
            fill = Fill(
                trade_id=trade_id,
                price=price,
                quantity=quantity,
                quote=quote,
                fee=buyer_fee if buys else seller_fee,
                fee_asset=market.base if buys else market.quote,
                is_maker=order is maker,
            )
            self._events.append(OrderChanged(change=TRADE, order=filled, fill=fill))
            if order is taker:
                result = filled
        return result

    def print_outside(self, price: int, quantity: int, taker_side: Side, time_us: int) -> None:
        """Puts a trade of the house with itself on the tape; no money moves."""
        self._record(price, quantity, taker_side, outside=True, time_us=time_us)

    def report_empty(self, before: Book) -> None:
        """Reports that every level of an earlier book is gone, as one update like any other."""
        bids = tuple((level.price, 0) for level in before.bids.levels())
        asks = tuple((level.price, 0) for level in before.asks.levels())
        if bids or asks:
            self.update_id += 1
            self._events.append(DepthChanged(symbol=self.market.symbol, update_id=self.update_id, bids=bids, asks=asks))

    def drain_depth(self) -> None:
        """Reports the levels that changed since the last call, if any did."""
        bids, asks = self.book.bids.drain(), self.book.asks.drain()
        if bids or asks:
            self.update_id += 1
            self._events.append(DepthChanged(symbol=self.market.symbol, update_id=self.update_id, bids=bids, asks=asks))

    def paid_asset(self, side: Side) -> str:
        """What an order of this side pays with."""
        return self.market.quote if side is BUY else self.market.base

    def restore(self, orders: Iterable[Order]) -> None:
        """Takes the open orders of a snapshot back, in the order of their placement."""
        for order in orders:
            self.orders[order.order_id] = order
            self.clients.setdefault(order.account_id, {})[order.client_order_id] = order.order_id

    def check(self) -> None:
        """The book holds exactly what is open, and the indexes agree."""
        self.book.check()
        resting = {
            (side.side, level.price, key): quantity
            for side in (self.book.bids, self.book.asks)
            for level in side.levels()
            for key, quantity in level.queue.items()
            if key > 0
        }
        assert resting == {(o.side, o.price, o.order_id): o.leaves for o in self.orders.values()}
        named = {order_id: (account, name) for account, of in self.clients.items() for name, order_id in of.items()}
        assert named == {o.order_id: (o.account_id, o.client_order_id) for o in self.orders.values()}
        assert all(order.is_open and order.order_id < self.next_order_id for order in self.orders.values())

    def _record(self, price: int, quantity: int, taker_side: Side, *, outside: bool, time_us: int) -> int:
        if self._aggregate != (price, taker_side):
            self._aggregate = (price, taker_side)
            self.next_aggregate_id += 1
        trade_id = self.next_trade_id
        self.next_trade_id += 1
        self.last_price = price
        self.average.add(time_us, quantity, price * quantity)
        self._events.append(
            Traded(
                symbol=self.market.symbol,
                trade_id=trade_id,
                aggregate_id=self.next_aggregate_id - 1,
                price=price,
                quantity=quantity,
                buyer_is_maker=taker_side is SELL,
                outside=outside,
            )
        )
        return trade_id

    def _pass_on(self, asset: str, amount: int, source: Order | None, target: Order | None, taker: Order | None) -> int:
        """Moves what a trade exchanges from one party's hold to the other, less the fee, which it returns."""
        symbol = self.market.symbol
        if source is None:
            self._ledger.settle(HOUSE, asset, amount, FILL, symbol)
        else:
            kind = ORDER if source is taker else FILL
            self._ledger.settle(source.account_id, asset, amount, kind, reference(source))
        if target is None:
            self._ledger.credit(HOUSE, asset, amount, FILL, symbol)
            return 0
        account = self._accounts[target.account_id]
        fee = fee_rounded_down(amount, account.taker_rate if target is taker else account.maker_rate)
        kind = ORDER if target is taker else FILL
        self._ledger.credit(target.account_id, asset, amount - fee, kind, reference(target))
        if fee:
            self._ledger.credit(FEES, asset, fee, EntryKind.FEE, symbol)
        return fee

    def _filled(self, order: Order, quantity: int, quote: int, time_us: int) -> Order:
        executed = order.executed + quantity
        filled = replace(
            order,
            executed=executed,
            executed_quote=order.executed_quote + quote,
            status=FILLED if executed == order.quantity else PARTIALLY_FILLED,
            updated_us=time_us,
        )
        self._store(order, filled)
        return filled

    def _store(self, before: Order, after: Order) -> None:
        assert after.status in STATUS_MOVES[before.status], (before.status, after.status)
        if after.status in OPEN:
            self.orders[after.order_id] = after
            return
        del self.orders[after.order_id]
        mine = self.clients[after.account_id]
        del mine[after.client_order_id]
        if not mine:
            del self.clients[after.account_id]


CHANGE_OF_END = {
    OrderStatus.CANCELED: Change.CANCELED,
    OrderStatus.EXPIRED: Change.EXPIRED,
    OrderStatus.EXPIRED_IN_MATCH: Change.TRADE_PREVENTION,
}


def reference(order: Order) -> str:
    """How ledger entries name an order."""
    return f"{order.symbol}:{order.order_id}"
