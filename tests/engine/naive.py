"""A second matcher, as plain as it can be: the oracle for random runs.

One list of everything that rests, in the order of arrival, looked through anew for every question. It follows
the design's words and shares nothing with the engine but the vocabulary. Filters and queue exponents are left
out. Prices and quantities have scale 8, money scale 16.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import floor

from hypersim.engine.commands import Ladder, PlaceOrder, Print
from hypersim.engine.ledger import FEES, HOUSE
from hypersim.engine.orders import OrderStatus, OrderType, SelfTradePrevention, Side, TimeInForce
from hypersim.errors import Reason, Refused
from hypersim.units import ONE

Trade = tuple[int, int, int | None, int | None]
"""Price, quantity, the maker's and the taker's order id; None is the house."""


@dataclass
class Resting:
    """What stands in the book; number None is the house."""

    side: Side
    price: int
    left: int
    number: int | None = None
    account: int = HOUSE
    name: str = ""


@dataclass
class Known:
    """What is known of one side of the outside: sizes by price, up to where, and (taken, since) by price."""

    sizes: dict[int, int] = field(default_factory=dict)
    bound: int | None = None
    taken: dict[int, tuple[int, int]] = field(default_factory=dict)


@dataclass
class Walk:
    """What an order would meet: fills, own orders that end for it, and whether it ends there itself."""

    wanted: int
    fills: list[tuple[Resting, int]] = field(default_factory=list)
    prevented: list[Resting] = field(default_factory=list)
    stopped: bool = False
    last_lowers: bool = False
    lowered: list[tuple[Resting, int]] = field(default_factory=list)
    """Own orders that lose a quantity, as the order itself does."""

    @property
    def filled(self) -> int:
        return sum(quantity for _, quantity in self.fills)

    @property
    def taken_out(self) -> int:
        return sum(quantity for _, quantity in self.lowered)

    @property
    def cost(self) -> int:
        return sum(r.price * quantity for r, quantity in self.fills)

    @property
    def spent(self) -> int:
        return self.cost + sum(r.price * quantity for r, quantity in self.lowered)


class Naive:
    """A market that answers each command by its trades, what ended, and what stands."""

    def __init__(self, step: int, half_life_us: int | None, rates: dict[int, tuple[int, int]]) -> None:
        self.step, self.half_life_us, self.rates = step, half_life_us, rates
        self.book: list[Resting] = []
        self.outside = {Side.BUY: Known(), Side.SELL: Known()}
        self.money: dict[tuple[int, str], int] = {}
        self.trading = True
        self.orders = 0
        self.trades: list[Trade] = []
        self.ended: list[tuple[int, OrderStatus]] = []

    # the book

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

    def mine(self, account: int) -> list[Resting]:
        return [r for r in self.book if r.number is not None and r.account == account and r.left]

    # money

    def locked(self, account: int, asset: str) -> int:
        return sum(
            r.left * (r.price if r.side is Side.BUY else ONE)
            for r in self.mine(account)
            if asset == ("USDT" if r.side is Side.BUY else "BTC")
        )

    def free(self, account: int, asset: str) -> int:
        return self.money.get((account, asset), 0) - self.locked(account, asset)

    def move(self, asset: str, amount: int, giver: int, taker: int, rate: int = 0) -> None:
        fee = floor(Fraction(amount * rate, ONE * ONE)) * ONE if taker != HOUSE else 0
        for account, change in ((giver, -amount), (taker, amount - fee), (FEES, fee)):
            self.money[account, asset] = self.money.get((account, asset), 0) + change

    def trade(self, maker: Resting, quantity: int, taker: Resting) -> None:
        self.trades.append((maker.price, quantity, maker.number, taker.number))
        for giver, receiver in ((maker, taker), (taker, maker)):
            asset = "BTC" if giver.side is Side.SELL else "USDT"
            amount = quantity * (ONE if asset == "BTC" else maker.price)
            rate = 0 if receiver.number is None else self.rates[receiver.account][receiver is taker]
            self.move(asset, amount, giver.account, receiver.account, rate)
        maker.left -= quantity
        if maker.number is not None and not maker.left:
            self.end(maker, OrderStatus.FILLED)

    # orders

    def place(self, order: PlaceOrder, mode: SelfTradePrevention, now_us: int) -> None:
        if not self.trading:
            raise Refused(Reason.MARKET_CLOSED)
        if any(r.name == order.client_order_id for r in self.mine(order.account_id)):
            raise Refused(Reason.DUPLICATE_ORDER)
        limit = None if order.type is OrderType.MARKET else order.price
        crossing = self.crossing(order.side, limit)
        walk = self.walk(order, crossing, mode)
        if not self.covers(order, walk):
            raise Refused(Reason.INSUFFICIENT_BALANCE)
        if order.type is OrderType.LIMIT_MAKER and crossing:
            raise Refused(Reason.WOULD_MATCH_IMMEDIATELY)
        self.orders += 1
        taker = Resting(order.side, order.price, walk.wanted, self.orders, order.account_id, order.client_order_id)
        if order.time_in_force is TimeInForce.FOK and walk.filled < walk.wanted:
            self.end(taker, OrderStatus.EXPIRED)
            return
        for r in walk.prevented:
            self.end(r, OrderStatus.EXPIRED_IN_MATCH)
        for r, quantity in walk.fills:
            if r.number is None:
                self.take(self.outside[r.side], r.price, quantity, now_us)
            self.trade(r, quantity, taker)
        for r, quantity in walk.lowered:
            r.left -= quantity
            if not r.left:
                self.end(r, OrderStatus.EXPIRED_IN_MATCH)
        taker.left -= walk.filled + walk.taken_out
        if not taker.left:
            self.end(taker, OrderStatus.EXPIRED_IN_MATCH if walk.last_lowers else OrderStatus.FILLED)
        elif walk.stopped:
            self.end(taker, OrderStatus.EXPIRED_IN_MATCH)
        elif limit is None or order.time_in_force is TimeInForce.IOC:
            self.end(taker, OrderStatus.EXPIRED)
        else:
            self.book.append(taker)

    def covers(self, order: PlaceOrder, walk: Walk) -> bool:
        if order.side is Side.SELL:
            return walk.wanted * ONE <= self.free(order.account_id, "BTC")
        cost = walk.cost if order.type is OrderType.MARKET else walk.wanted * order.price
        return cost <= self.free(order.account_id, "USDT")

    def walk(self, order: PlaceOrder, crossing: list[Resting], mode: SelfTradePrevention) -> Walk:
        walk = Walk(wanted=order.quantity)
        for r in crossing:
            if order.quote_quantity:
                more = (order.quote_quantity * ONE - walk.spent) // r.price
                walk.wanted = walk.filled + walk.taken_out + more - more % self.step
            left = walk.wanted - walk.filled - walk.taken_out
            if not left:
                break
            met = min(r.left, left)
            lowers = mode in (SelfTradePrevention.DECREMENT, SelfTradePrevention.TRANSFER)
            walk.last_lowers = lowers and r.account == order.account_id
            if walk.last_lowers:
                walk.lowered.append((r, met))
                if met < r.left:
                    break
                continue
            if r.account == order.account_id and mode is not SelfTradePrevention.NONE:
                if mode is not SelfTradePrevention.EXPIRE_TAKER:
                    walk.prevented.append(r)
                if mode is not SelfTradePrevention.EXPIRE_MAKER:
                    walk.stopped = True
                    break
                continue
            walk.fills.append((r, met))
            if met < r.left:
                break
        if order.quote_quantity and walk.filled < self.step:
            raise Refused(Reason.LIQUIDITY_BELOW_LOT_SIZE)
        return walk

    def end(self, r: Resting, status: OrderStatus) -> None:
        assert r.number is not None
        r.left = 0
        self.ended.append((r.number, status))

    def cancel(self, account: int, name: str | None) -> None:
        named = [r for r in self.mine(account) if name is None or r.name == name]
        if not named:
            raise Refused(Reason.UNKNOWN_ORDER)
        for r in named:
            self.end(r, OrderStatus.CANCELED)

    # the outside

    def update(self, prints: Iterable[Print], ladder: Ladder | None, now_us: int, *, after_gap: bool) -> None:
        if ladder is not None:
            bids, asks = ([p for p, size in said if size] for said in (ladder.bids, ladder.asks))
            if bids and asks and max(bids) >= min(asks):
                raise Refused(Reason.OUTSIDE_CROSSED)
        if self.trading:
            for trade in prints:
                self.print(trade)
        if ladder is None:
            return
        new: set[tuple[Side, int]] = set()
        for side, said, bound in (
            (Side.BUY, ladder.bids, ladder.bid_floor),
            (Side.SELL, ladder.asks, ladder.ask_ceiling),
        ):
            known = self.outside[side]
            new |= {(side, price) for price, _ in said if after_gap or not within(side, price, known.bound)}
            sizes = ({} if ladder.full else known.sizes) | dict(said)
            known.sizes = {p: size for p, size in sizes.items() if size and within(side, p, bound)}
            known.bound = bound
        for side, said in ((Side.BUY, ladder.asks), (Side.SELL, ladder.bids)):
            other = self.outside[side.opposite].sizes
            for price, _ in said:
                if price in other:
                    for worse in [p for p in self.outside[side].sizes if within(side, p, price)]:
                        del self.outside[side].sizes[worse]
        self.forget()
        if self.trading or all(known.bound is None for known in self.outside.values()):
            self.lay(new, now_us)

    def forget(self) -> None:
        for known in self.outside.values():
            known.taken = {price: taken for price, taken in known.taken.items() if price in known.sizes}

    def print(self, trade: Print) -> None:
        side, left = trade.aggressor.opposite, trade.quantity
        house = Resting(trade.aggressor, 0, 0)
        known = self.outside[side]
        beyond = [p for p in known.sizes if p != trade.price and within(side, p, trade.price)]
        for price in beyond:
            del known.sizes[price]
        self.book = [r for r in self.book if not (r.number is None and r.side is side and r.price in beyond)]
        for r in self.crossing(trade.aggressor, trade.price):
            if r.price != trade.price:
                left -= self.meet(r, left, house)
        for r in self.crossing(side, trade.price):
            if r.number is not None:
                left -= self.meet(r, left, replace(house, side=side))
        for r in self.crossing(trade.aggressor, trade.price):
            if r.number is not None:
                met = self.meet(r, left, house)
            else:
                met = min(r.left, left - left % self.step)
                r.left -= met
                known.sizes[r.price] -= met
                self.trades.append((r.price, met, None, None))
            left -= met
            if r.left:
                break
        self.trades.append((trade.price, left, None, None))
        known.sizes = {price: size for price, size in known.sizes.items() if size}
        self.forget()

    def meet(self, r: Resting, quantity: int, taker: Resting) -> int:
        met = min(r.left, quantity - quantity % self.step)
        if met:
            self.trade(r, met, taker)
        return met

    def take(self, known: Known, price: int, quantity: int, now_us: int) -> None:
        known.taken[price] = (self.missing(known, price, now_us) + quantity, now_us)

    def missing(self, known: Known, price: int, now_us: int) -> int:
        amount, since_us = known.taken.get(price, (0, now_us))
        if self.half_life_us is None or now_us == since_us:
            return amount
        if now_us - since_us >= 64 * self.half_life_us:
            return 0
        halvings, part = divmod((now_us - since_us) * 64 // self.half_life_us, 64)
        return -floor(Fraction(-amount * round(65536 * 2 ** (-part / 64)), 65536 * 2**halvings))

    def resume(self, now_us: int) -> None:
        self.trading = True
        empty = {
            (side, price)
            for side in Side
            for price in self.outside[side].sizes
            if not any(r.left for r in self.book if (r.side, r.price, r.number) == (side, price, None))
        }
        self.lay(empty, now_us)

    def lay(self, new: set[tuple[Side, int]], now_us: int) -> None:
        targets: list[tuple[Side, int, int]] = []
        for side in (Side.BUY, Side.SELL):
            known = self.outside[side]
            prices = known.sizes.keys() | {r.price for r in self.book if r.side is side and r.number is None}
            for price in sorted(prices, reverse=side is Side.BUY):
                missing = self.missing(known, price, now_us)
                missing += -missing % self.step
                if not missing:
                    known.taken.pop(price, None)
                target = max(0, known.sizes.get(price, 0) - missing)
                targets.append((side, price, target))
                self.shrink([r for r in self.book if (r.side, r.price) == (side, price)], target)
        for side, price, target in targets:
            rest = target - sum(r.left for r in self.book if (r.side, r.price, r.number) == (side, price, None))
            for r in self.crossing(side, price):
                met = self.meet(r, rest, Resting(side, 0, 0))
                rest -= met
                if met:
                    self.take(self.outside[side], price, met, now_us)
            if rest:
                self.book.insert(0 if (side, price) in new else len(self.book), Resting(side, price, rest))

    def shrink(self, level: list[Resting], target: int) -> None:
        """The house ahead of each user becomes ceil(ahead x T / H), and the differences give the parts."""
        house = sum(r.left for r in level if r.number is None)
        if house <= target:
            return
        ahead = gone = 0
        for r in level:
            if r.number is None:
                ahead += r.left
                fair = -(-ahead * target // house)
                r.left = min(target, fair + -fair % self.step) - gone
                gone += r.left


def within(side: Side, price: int, bound: int | None) -> bool:
    """Whether a price of a side is at least as good as a bound; nothing is where there is none."""
    return bound is not None and (price >= bound if side is Side.BUY else price <= bound)
