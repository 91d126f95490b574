"""What the naive matcher makes of the outside market: its prints meet the book, its ladder stands in it.

It follows the words of the design's section 5. Queue exponents are left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor

from hypersim.engine.commands import Ladder, Print
from hypersim.engine.ledger import HOUSE
from hypersim.engine.orders import Side
from hypersim.errors import Reason, Refused
from tests.engine.naive_book import Book, Resting


@dataclass
class Known:
    """What is known of one side of the outside: sizes by price, up to where, and (taken, since) by price."""

    sizes: dict[int, int] = field(default_factory=dict)
    bound: int | None = None
    taken: dict[int, tuple[int, int]] = field(default_factory=dict)


class OutsideBook(Book):
    """A book in which the outside market stands and trades too."""

    def __init__(self, step: int, half_life_us: int | None, rates: dict[int, tuple[int, int]]) -> None:
        super().__init__(step, rates)
        self.half_life_us = half_life_us
        self.outside = {Side.BUY: Known(), Side.SELL: Known()}
        self.trading = True

    def reset(self, opening: dict[str, int]) -> None:
        """Everyone has what they began with, and nothing else is left."""
        self.book, self.users, self.following, self.lists, self.last = [], [], [], [], 0
        self.outside = {Side.BUY: Known(), Side.SELL: Known()}
        self.money = {(account, asset): amount for account in self.rates for asset, amount in opening.items()}
        for asset, amount in opening.items():
            self.money[HOUSE, asset] = -amount * len(self.rates)

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
        known = self.outside[side]
        beyond = [p for p in known.sizes if p != trade.price and within(side, p, trade.price)]
        for price in beyond:
            del known.sizes[price]
        self.book = [r for r in self.book if not (r.number is None and r.side is side and r.price in beyond)]
        left -= self.fill_users(trade.aggressor, trade.price, left, beyond_only=True)
        left -= self.fill_users(side, trade.price, left)
        while left:
            r = next(iter(self.crossing(trade.aggressor, trade.price)), None)
            if r is None:
                break
            if r.number is not None:
                met = self.meet(r, left, trade.aggressor)
            else:
                met = min(r.left, left - left % self.step)
                r.left -= met
                known.sizes[r.price] -= met
                if met:
                    self.see(r.price)
                    self.trades.append((r.price, met, None, None))
            left -= met
            if not met:
                break
        if left:
            self.see(trade.price)
            self.trades.append((trade.price, left, None, None))
        known.sizes = {price: size for price, size in known.sizes.items() if size}
        self.forget()

    def fill_users(self, side: Side, price: int, quantity: int, *, beyond_only: bool = False) -> int:
        """Fills the users whom an outside order of a side meets, whatever the house has; returns how much that is."""
        filled = 0
        while True:
            users = [r for r in self.crossing(side, price) if r.number is not None]
            r = next((r for r in users if not beyond_only or r.price != price), None)
            met = 0 if r is None else self.meet(r, quantity - filled, side)
            if not met:
                return filled
            filled += met

    def meet(self, r: Resting, quantity: int, side: Side) -> int:
        met = min(r.left, quantity - quantity % self.step)
        if met:
            self.trade(r, met, Resting(side, 0, 0))
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
            if met := self.fill_users(side, price, rest):
                rest -= met
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
