"""The naive matcher's book: who stands where, what meets, who pays, which stops a trade triggers.

One list of everything that stands, in the order of arrival, looked through anew for every question. Prices and
quantities have scale 8, money scale 16.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor

from hypersim.engine.commands import PlaceOrder
from hypersim.engine.ledger import FEES, HOUSE
from hypersim.engine.lists import ListKind
from hypersim.engine.orders import (
    ORDER_TYPES,
    ExpiryReason,
    OrderStatus,
    PegPriceType,
    SelfTradePrevention,
    Side,
    TimeInForce,
    triggers_above,
)
from hypersim.errors import Reason, Refused
from hypersim.units import ONE

Trade = tuple[int, int, int | None, int | None]
"""Price, quantity, the maker's and the taker's order id; None is the house."""

Prevented = tuple[int | None, int | None, int, int, int]
"""The taker's and the maker's order id, the price, what the taker and what the maker lose."""

LOWERS = (SelfTradePrevention.DECREMENT, SelfTradePrevention.TRANSFER)
ENDS_TAKER = (SelfTradePrevention.EXPIRE_TAKER, SelfTradePrevention.EXPIRE_BOTH)
ENDS_MAKER = (SelfTradePrevention.EXPIRE_MAKER, SelfTradePrevention.EXPIRE_BOTH)


@dataclass(eq=False)
class Resting:
    """An order, or the house (number None) at a price. `left` is what can be seen of it where it stands."""

    side: Side
    price: int
    left: int
    number: int | None = None
    account: int = HOUSE
    name: str = ""
    ask: PlaceOrder | None = None
    """What the account asked for."""
    mode: SelfTradePrevention = SelfTradePrevention.NONE
    quantity: int = 0
    executed: int = 0
    hidden: int = 0
    part: int = 0
    """How much of an iceberg is shown at a time."""
    where: str = "stands"
    """Or 'waits' for its price, or is 'pending' on the working order of its list."""
    unit: int = 0
    """What it holds per unit while it waits."""
    best: int | None = None
    """Of a trailing order that follows the price: the best since it does."""
    called: bool = False
    """Its turn has come."""
    is_open: bool = True
    listed: "Listed | None" = None

    @property
    def whole(self) -> int:
        return self.left + self.hidden

    @property
    def is_over(self) -> bool:
        """Of two alternatives: too late for the other."""
        return not self.is_open or self.executed > 0

    @property
    def is_stop(self) -> bool:
        return self.ask is not None and ORDER_TYPES[self.ask.type].stop is not None

    @property
    def limit(self) -> int | None:
        """The worst price at which it trades; None for any."""
        assert self.ask is not None
        return self.price if ORDER_TYPES[self.ask.type].priced else None


@dataclass(eq=False)
class Listed:
    """An order list: the two of an OCO, or the working order and what is pending."""

    number: int
    account: int
    name: str
    kind: ListKind
    orders: list[Resting]
    is_working: bool
    saved: int = 0

    @property
    def is_open(self) -> bool:
        return any(r.is_open for r in self.orders)

    @property
    def alternatives(self) -> list[Resting]:
        pair = self.orders if self.kind is ListKind.OCO else self.orders[1:]
        return pair if len(pair) == 2 else []


@dataclass
class Walk:
    """What an order would meet: whom, how much of it, and whether both are of one account."""

    wanted: int
    steps: list[tuple[Resting, int, bool]] = field(default_factory=list)
    filled: int = 0
    lowered: int = 0
    cost: int = 0
    spent: int = 0


@dataclass
class Note:
    """What is to be looked at when the command's own work is over."""

    order: Resting
    triggered: bool
    status: OrderStatus | None = None
    is_over: bool = False


class Book:
    """What stands and waits in a market, and the money of those who trade there."""

    def __init__(self, step: int, rates: dict[int, tuple[int, int]]) -> None:
        self.step, self.rates = step, rates
        self.book: list[Resting] = []
        self.users: list[Resting] = []
        """Every open order, in the order of placement."""
        self.following: list[Resting] = []
        self.lists: list[Listed] = []
        self.money: dict[tuple[int, str], int] = {}
        self.last = 0
        self.due: list[Note] = []
        self.trades: list[Trade] = []
        self.prevented: list[Prevented] = []
        self.ended: list[tuple[int, OrderStatus, ExpiryReason | None]] = []

    def forget_closed(self) -> None:
        self.book = [r for r in self.book if r.left]
        self.users = [r for r in self.users if r.is_open]
        self.lists = [listed for listed in self.lists if listed.is_open]

    # who stands where

    def queue(self, side: Side) -> list[Resting]:
        """A side in the order in which it trades."""
        sign = -1 if side is Side.BUY else 1
        return sorted((r for r in self.book if r.side is side and r.left), key=lambda r: r.price * sign)

    def crossing(self, side: Side, price: int | None) -> list[Resting]:
        """What an order of a side, limited to a price, could trade with, in order."""
        return [
            r
            for r in self.queue(side.opposite)
            if price is None or (r.price <= price if side is Side.BUY else r.price >= price)
        ]

    def parts(self, side: Side, price: int | None) -> Iterator[tuple[Resting, int]]:
        """The same, with what icebergs hide: part after part, each behind all that was there at its price."""
        crossing = self.crossing(side, price)
        for level in sorted({r.price for r in crossing}, reverse=side is Side.SELL):
            line = [(r, r.left) for r in crossing if r.price == level]
            hidden = {id(r): r.hidden for r, _ in line}
            while line:
                r, shown = line.pop(0)
                yield r, shown
                part = min(r.part, hidden[id(r)])
                hidden[id(r)] -= part
                if part:
                    line.append((r, part))

    def stand(self, r: Resting) -> None:
        r.where = "stands"
        self.book = [other for other in self.book if other is not r]
        self.book.append(r)
        r.left, r.hidden = r.whole, 0
        if r.part:
            r.left, r.hidden = min(r.part, r.left), max(0, r.left - r.part)

    def mine(self, account: int) -> list[Resting]:
        return [r for r in self.users if r.account == account and r.is_open]

    # money

    def held(self, r: Resting) -> int:
        if r.where == "pending":
            return 0
        if r.where == "waits":
            return r.whole * r.unit
        return r.whole * (r.price if r.side is Side.BUY else ONE)

    def locked(self, account: int, asset: str) -> int:
        side = Side.BUY if asset == "USDT" else Side.SELL
        saved = sum(listed.saved for listed in self.lists if listed.account == account)
        return sum(self.held(r) for r in self.mine(account) if r.side is side) + (saved if asset == "BTC" else 0)

    def free(self, account: int, asset: str) -> int:
        return self.money.get((account, asset), 0) - self.locked(account, asset)

    def pays(self, orders: list[Resting], required: int) -> None:
        """That an account can pay so much for orders, with what they hold already. Raises Refused."""
        free = self.free(orders[0].account, "USDT" if orders[0].side is Side.BUY else "BTC")
        if required > free + sum(self.held(r) for r in orders if r in self.users):
            raise Refused(Reason.INSUFFICIENT_BALANCE)

    def move(self, asset: str, amount: int, giver: int, taker: int, rate: int = 0) -> None:
        fee = floor(Fraction(amount * rate, ONE * ONE)) * ONE if taker != HOUSE else 0
        for account, change in ((giver, -amount), (taker, amount - fee), (FEES, fee)):
            self.money[account, asset] = self.money.get((account, asset), 0) + change

    # what happens when an order meets the book

    def pegged(self, r: Resting) -> int:
        """The price at which an order would stand now. Raises Refused."""
        assert r.ask is not None
        if r.ask.peg is None:
            return r.ask.price
        side = r.side if r.ask.peg.price_type is PegPriceType.PRIMARY_PEG else r.side.opposite
        prices = list(dict.fromkeys(other.price for other in self.queue(side)))[r.ask.peg.offset or 0 :]
        if not prices:
            raise Refused(Reason.PEG_WITHOUT_LIQUIDITY)
        return prices[0]

    def walk(self, taker: Resting) -> Walk:
        """What an order would meet now. Raises Refused where that is too little to say what it comes to."""
        assert taker.ask is not None
        walk = Walk(taker.whole)
        if taker.ask.quote_quantity and not self.queue(taker.side.opposite):
            raise Refused(Reason.LIQUIDITY_BELOW_SYMBOL_MINIMUM)
        for r, shown in self.parts(taker.side, taker.limit):
            if taker.ask.quote_quantity:
                more = (taker.ask.quote_quantity * ONE - walk.spent) // r.price
                walk.wanted = walk.filled + walk.lowered + more - more % self.step
            met = min(shown, walk.wanted - walk.filled - walk.lowered)
            if not met:
                break
            own = r.account == taker.account and taker.mode is not SelfTradePrevention.NONE
            if own and taker.mode not in LOWERS:
                if not any(r is other for other, _, _ in walk.steps):
                    walk.steps.append((r, met, True))
                if taker.mode in ENDS_TAKER:
                    break
                continue
            walk.steps.append((r, met, own))
            walk.spent += r.price * met
            if own:
                walk.lowered += met
            else:
                walk.filled += met
                walk.cost += r.price * met
            if met < shown:
                break
        if taker.ask.quote_quantity and sum(met for _, met, _ in walk.steps) < self.step:
            raise Refused(Reason.LIQUIDITY_BELOW_LOT_SIZE)
        return walk

    def trade(self, maker: Resting, quantity: int, taker: Resting) -> None:
        self.see(maker.price)
        self.trades.append((maker.price, quantity, maker.number, taker.number))
        for giver, receiver in ((maker, taker), (taker, maker)):
            asset = "BTC" if giver.side is Side.SELL else "USDT"
            amount = quantity * (ONE if asset == "BTC" else maker.price)
            rate = 0 if receiver.number is None else self.rates[receiver.account][receiver is taker]
            self.move(asset, amount, giver.account, receiver.account, rate)
        maker.left -= quantity
        taker.left -= quantity
        for r in (maker, taker):
            if r.number is not None:
                r.executed += quantity
                if r.listed is not None and r.listed.kind.is_paid and r.side is Side.BUY:
                    self.keep(r, r.listed, quantity * ONE, self.rates[r.account][r is taker])
                self.go_on(r, OrderStatus.FILLED)

    def keep(self, r: Resting, listed: Listed, received: int, rate: int) -> None:
        """What the working order bought is kept; its fee, too, where there is as much to pay it from."""
        fee = floor(Fraction(received * rate, ONE * ONE)) * ONE
        others = self.free(r.account, "BTC") - (received - fee)
        listed.saved += received if others >= fee else received - fee

    def prevent(self, maker: Resting, quantity: int, taker: Resting) -> None:
        lowers = taker.mode in LOWERS
        takers, makers = (
            quantity if lowers else r.whole if taker.mode in ending else 0
            for r, ending in ((taker, ENDS_TAKER), (maker, ENDS_MAKER))
        )
        self.prevented.append((taker.number, maker.number, maker.price, takers, makers))
        if lowers:
            maker.left -= quantity
            self.go_on(maker, OrderStatus.EXPIRED_IN_MATCH)
            taker.left -= quantity
            self.go_on(taker, OrderStatus.EXPIRED_IN_MATCH)
            return
        if taker.mode in ENDS_MAKER:
            self.end(maker, OrderStatus.EXPIRED_IN_MATCH)
        if taker.mode in ENDS_TAKER:
            self.end(taker, OrderStatus.EXPIRED_IN_MATCH)

    def go_on(self, r: Resting, status: OrderStatus) -> None:
        """An order has lost some of its quantity: it ends, shows its next part, or stands as before."""
        if not r.whole:
            self.end(r, status)
            return
        if not r.left:
            self.stand(r)
        self.note(r)

    def settle_rest(self, taker: Resting) -> None:
        """What becomes of an order when it has met everything that it could."""
        assert taker.ask is not None
        if not taker.is_open:
            return
        if taker.limit is None:
            self.end(taker, OrderStatus.EXPIRED, ExpiryReason.INSUFFICIENT_LIQUIDITY)
        elif taker.ask.time_in_force is TimeInForce.IOC:
            self.end(taker, OrderStatus.EXPIRED, ExpiryReason.UNFILLED_IOC_QUANTITY_EXPIRED)
        else:
            self.stand(taker)

    def end(self, r: Resting, status: OrderStatus, reason: ExpiryReason | None = None) -> None:
        assert r.number is not None
        r.left = r.hidden = 0
        r.is_open = False
        self.following = [other for other in self.following if other is not r]
        self.ended.append((r.number, status, reason))
        self.note(r, status)

    def note(self, r: Resting, status: OrderStatus | None = None) -> None:
        if r.listed is not None:
            self.due.append(Note(r, False, status, r.is_over))

    # stops

    def is_there(self, r: Resting) -> bool:
        """Whether the market is already where a stop order waits for it to go."""
        assert r.ask is not None
        return bool(self.last and r.ask.stop_price) and self.reaches(r, self.last)

    def reaches(self, r: Resting, price: int) -> bool:
        assert r.ask is not None
        if triggers_above(r.ask.type, r.side):
            return price >= r.ask.stop_price
        return price <= r.ask.stop_price or not r.ask.stop_price

    def see(self, price: int) -> None:
        """A trade at a price: those that follow it may have seen it turn; others are where they waited to be."""
        self.last = price
        turned = []
        for r in self.following:
            assert r.ask is not None
            assert r.best is not None
            r.best = min(r.best, price) if r.side is Side.BUY else max(r.best, price)
            away = Fraction(price - r.best, r.best) * (1 if r.side is Side.BUY else -1)
            if away >= Fraction(r.ask.trailing_delta, 10_000):
                turned.append(r)
        for r in sorted(self.users, key=nearness):
            if not (r.is_stop and r.where == "waits" and r.best is None and r.is_open and not r.called):
                continue
            assert r.ask is not None
            if not self.reaches(r, price):
                continue
            if r.ask.trailing_delta:
                r.best = price
                self.following.append(r)
            else:
                self.call(r)
        for r in turned:
            self.call(r)

    def call(self, r: Resting) -> None:
        r.called = True
        self.following = [other for other in self.following if other is not r]
        self.due.append(Note(r, True))


def nearness(r: Resting) -> tuple[bool, int]:
    """Stops that wait for a higher price first; of them the one that a rising price comes by first."""
    assert r.ask is not None
    stop_price = r.ask.stop_price
    rises = not stop_price or (r.is_stop and triggers_above(r.ask.type, r.side))
    return not rises, stop_price if rises else -stop_price
