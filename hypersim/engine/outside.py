"""The outside market in one venue: what stands there, what users took of it, and how both meet our book.

Section 5 of the design is the specification. The house has unlimited credit, pays no fees and never trades with
itself except as a print on the tape. Sizes are integers of scale 8, on the market's grid.
"""

from collections.abc import Iterable, Mapping, Set
from typing import Final

from msgspec import Struct
from sortedcontainers import SortedDict

from hypersim.engine.book import BookSide, Level
from hypersim.engine.commands import Ladder, Print
from hypersim.engine.market import MarketStatus
from hypersim.engine.orders import Side
from hypersim.engine.venue import Venue
from hypersim.errors import Reason, Refused
from hypersim.units import ceil_to, floor_to

RECOVERY_INTERVAL_US = 250_000
"""How often what users took comes back while the outside says nothing new."""

FRACTIONS = (
    65536, 64830, 64132, 63441, 62757, 62081, 61413, 60751, 60097, 59449, 58809, 58176, 57549, 56929, 56316, 55709,
    55109, 54515, 53928, 53347, 52773, 52204, 51642, 51085, 50535, 49991, 49452, 48920, 48393, 47871, 47356, 46846,
    46341, 45842, 45348, 44859, 44376, 43898, 43425, 42958, 42495, 42037, 41584, 41136, 40693, 40255, 39821, 39392,
    38968, 38548, 38133, 37722, 37316, 36914, 36516, 36123, 35734, 35349, 34968, 34591, 34219, 33850, 33486, 33125,
)  # fmt: skip # a table reads best as one
"""2^(-i/64) in 1/65536: the decay within one half-life, without floats."""

Prices = Mapping[Side, Set[int]]
"""Prices of each side."""

NOWHERE: Final[Prices] = {side: frozenset() for side in Side}


class Taken(Struct, frozen=True, array_like=True):
    """What users took of an outside level and has not come back: the amount (scale 8) at a time."""

    amount: int
    since_us: int


def still_taken(taken: Taken, half_life_ms: int | None, time_us: int) -> int:
    """What is still missing at a time: halves every half-life, rounded up; nothing after 64 of them."""
    if half_life_ms is None:
        return taken.amount
    elapsed_us = time_us - taken.since_us
    if elapsed_us <= 0:
        return taken.amount
    half_life_us = half_life_ms * 1000
    if not half_life_us or elapsed_us >= 64 * half_life_us:
        return 0
    halvings, rest_us = divmod(elapsed_us, half_life_us)
    return -(-taken.amount * FRACTIONS[rest_us * 64 // half_life_us] >> (16 + halvings))


class OutsideSide:
    """One side of the outside ladder: known sizes, the bound of what is known, and what users took."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.sizes: SortedDict[int, int] = SortedDict()
        self.bound: int | None = None
        self.taken: dict[int, Taken] = {}

    def knows(self, price: int) -> bool:
        """Whether the outside size at a price is known (it may be zero)."""
        if self.bound is None:
            return False
        return price >= self.bound if self.side is Side.BUY else price <= self.bound

    def best(self) -> int | None:
        """The best outside price."""
        if not self.sizes:
            return None
        return self.sizes.peekitem(-1 if self.side is Side.BUY else 0)[0]

    def forget(self, price: int) -> None:
        """Nothing stands at a price any more."""
        self.sizes.pop(price, None)
        self.taken.pop(price, None)

    def reduce(self, price: int, quantity: int) -> None:
        """Some of the size at a price was traded away outside."""
        left = self.sizes.get(price, 0) - quantity
        if left > 0:
            self.sizes[price] = left
        else:
            self.forget(price)

    def beyond(self, price: int) -> list[int]:
        """The prices strictly better than a price, best first: what a trade at it went through."""
        if self.side is Side.SELL:
            return list(self.sizes.irange(maximum=price, inclusive=(True, False)))
        return list(self.sizes.irange(minimum=price, inclusive=(False, True), reverse=True))

    def apply(self, listed: Iterable[tuple[int, int]], bound: int | None, *, full: bool) -> tuple[set[int], set[int]]:
        """Takes a ladder side in; returns the prices to lay again, and those of them that were unknown before."""
        sizes = dict(listed)
        unknown = {price for price in sizes if not self.knows(price)}
        changed = set(sizes)
        self.bound = bound
        if full or bound is None or (self.sizes and not self.knows(self._worst())):
            gone = {price for price in self.sizes if (full and price not in sizes) or not self.knows(price)}
            changed |= gone
            for price in gone:
                self.forget(price)
        for price, size in sizes.items():
            if size and self.knows(price):
                self.sizes[price] = size
            else:
                self.forget(price)
        return changed, unknown

    def restore(self, sizes: Iterable[tuple[int, int]], bound: int | None, taken: Iterable[tuple[int, Taken]]) -> None:
        """Puts the side of a snapshot back."""
        self.sizes.update(sizes)
        self.bound = bound
        self.taken.update(taken)

    def _worst(self) -> int:
        price: int = self.sizes.peekitem(0 if self.side is Side.BUY else -1)[0]
        return price


class Outside:
    """The outside market of one venue. `recovering` is told the symbols of which users take something."""

    def __init__(self, venue: Venue, recovering: set[str]) -> None:
        self.venue = venue
        self._recovering = recovering
        self.bids = OutsideSide(Side.BUY)
        self.asks = OutsideSide(Side.SELL)
        self.laid_us = 0

    def side(self, side: Side) -> OutsideSide:
        return self.bids if side is Side.BUY else self.asks

    @property
    def known(self) -> bool:
        """Whether anything is known of the outside: of either side."""
        return self.bids.bound is not None or self.asks.bound is not None

    def next_due(self) -> int | None:
        """When some of what users took will have come back, as far as somebody has to ask for it."""
        if self.venue.market.recovery_half_life_ms is None or not (self.bids.taken or self.asks.taken):
            return None
        return self.laid_us + RECOVERY_INTERVAL_US

    def take(self, side: Side, price: int, quantity: int, time_us: int) -> None:
        """Users took from the house at a level: that much of the outside size is not there for a while."""
        taken = self.side(side).taken
        before = taken.get(price)
        rest = still_taken(before, self.venue.market.recovery_half_life_ms, time_us) if before is not None else 0
        taken[price] = Taken(rest + quantity, time_us)
        self._recovering.add(self.venue.market.symbol)

    def guard(self, prints: Iterable[Print], ladder: Ladder | None) -> None:
        """Refuses what no outside market can say: off the grid, not positive, or crossed within itself."""
        tick, step = self.venue.market.tick_size or 1, self.venue.market.step_size or 1
        for trade in prints:
            if trade.price <= 0 or trade.price % tick:
                raise Refused(Reason.BAD_PRICE)
            if trade.quantity <= 0:
                raise Refused(Reason.BAD_QUANTITY)
        if ladder is None:
            return
        for price, size in (*ladder.bids, *ladder.asks):
            if price <= 0 or price % tick:
                raise Refused(Reason.BAD_PRICE)
            if size < 0 or size % step:
                raise Refused(Reason.BAD_QUANTITY)
        best_bid = max((price for price, size in ladder.bids if size), default=None)
        best_ask = min((price for price, size in ladder.asks if size), default=None)
        if best_bid is not None and best_ask is not None and best_bid >= best_ask:
            raise Refused(Reason.OUTSIDE_CROSSED)

    def print(self, trade: Print, time_us: int) -> None:
        """An outside trade meets our book: users at better prices first, then the level in time order, then the rest.

        The quantity bounds all its fills together, and all of it is on the tape.
        """
        venue, price, left = self.venue, trade.price, trade.quantity
        resting_side = trade.aggressor.opposite
        resting, outside = venue.book.resting(resting_side), self.side(resting_side)
        venue.tape.begin_taker()
        for gone in outside.beyond(price):
            outside.forget(gone)
        for level in resting.through(price, strictly=True):
            if level.house:
                resting.shrink_house(level.price, 0, 1, 1)
        for level in resting.through(price, strictly=True):
            left -= self._fill_users(resting, level, left, trade.aggressor, time_us)
        # the trade took a quote that stood at this price: users who would have met it first are filled by it
        crossed = venue.book.resting(trade.aggressor)
        for level in crossed.through(price):
            left -= self._fill_users(crossed, level, left, resting_side, time_us)
        at_price = resting.level(price)
        printed = 0
        if at_price is not None and left:
            left, printed = self._print_level(resting, at_price, left, trade.aggressor, time_us)
            outside.reduce(price, printed)
        if left:
            venue.print_outside(price, left, trade.aggressor, time_us)

    def _print_level(
        self, resting: BookSide, level: Level, quantity: int, aggressor: Side, time_us: int
    ) -> tuple[int, int]:
        """Fills a level in time order, house and users alike.

        Returns what is left to print at its price, and how much of it was the house's at this level.
        """
        venue, step, price = self.venue, self.venue.market.step_size or 1, level.price
        left = quantity
        unprinted = house = 0
        entries = list(level.queue.items())
        for key, entry in entries:
            fill = min(entry, floor_to(left, step))
            if not fill:
                break
            resting.remove(price, key, fill)
            left -= fill
            if key < 0:
                unprinted += fill
                house += fill
                continue
            if unprinted:
                venue.print_outside(price, unprinted, aggressor, time_us)
                unprinted = 0
            venue.trade(aggressor, price, fill, None, venue.orders[key], time_us)
            if fill == entry and (part := resting.shown(price, key)):
                entries.append((key, part))  # an iceberg's next, at the end of the queue
        return left + unprinted, house

    def _fill_users(self, resting: BookSide, level: Level, quantity: int, taker_side: Side, time_us: int) -> int:
        """Fills the users of a level in time order, each at its own price; returns how much was filled."""
        venue, left = self.venue, floor_to(quantity, self.venue.market.step_size or 1)
        if not left or not level.users:
            return 0
        filled = 0
        entries = list(level.queue.items())
        for key, entry in entries:
            if key < 0:
                continue
            fill = min(entry, left - filled)
            if not fill:
                break
            resting.remove(level.price, key, fill)
            venue.trade(taker_side, level.price, fill, None, venue.orders[key], time_us)
            filled += fill
            if fill == entry and (part := resting.shown(level.price, key)):
                entries.append((key, part))
        return filled

    def note(self, ladder: Ladder) -> tuple[dict[Side, set[int]], dict[Side, set[int]]]:
        """Takes a ladder in without laying it; returns per side the prices that changed, and those new to us.

        Where it says that a price is quoted which crosses what an earlier ladder said of the other side, the newer
        word wins.
        """
        changed, unknown = {}, {}
        for side, listed, bound in (
            (self.bids, ladder.bids, ladder.bid_floor),
            (self.asks, ladder.asks, ladder.ask_ceiling),
        ):
            changed[side.side], unknown[side.side] = side.apply(listed, bound, full=ladder.full)
        for stale, other, listed in (
            (self.bids, self.asks, ladder.asks),
            (self.asks, self.bids, ladder.bids),
        ):
            best = other.best()
            if best is None or not any(price == best for price, _ in listed):
                continue
            for price in (best, *stale.beyond(best)):
                if price in stale.sizes:
                    stale.forget(price)
                    changed[stale.side].add(price)
        return changed, unknown

    def regrid(self) -> None:
        """After a change of the market's rules: drops what no longer fits its tick, cuts sizes to its step."""
        tick, step = self.venue.market.tick_size or 1, self.venue.market.step_size or 1
        for outside in (self.bids, self.asks):
            for price, size in list(outside.sizes.items()):
                outside.reduce(price, size if price % tick else size % step)

    def lay(self, time_us: int, changed: Prices = NOWHERE, unknown: Prices = NOWHERE) -> None:
        """Brings the house on our book to the outside sizes, at the changed prices and where users took.

        First what is gone is withdrawn, then users that the new sizes cross are filled, then the rest is added.
        """
        self.laid_us = time_us
        venue, market = self.venue, self.venue.market
        step = market.step_size or 1
        targets: dict[Side, list[tuple[int, int]]] = {}
        for outside in (self.bids, self.asks):
            side, resting = outside.side, venue.book.resting(outside.side)
            targets[side] = []
            prices = changed[side] | outside.taken.keys()
            for price in sorted(prices, reverse=side is Side.BUY):
                target = self._target(outside, price, step, time_us)
                level = resting.level(price)
                if level is not None and level.house > target:
                    resting.shrink_house(price, target, step, market.queue_exponent)
                targets[side].append((price, target))
        venue.tape.begin_taker()
        for outside in (self.bids, self.asks):
            side, resting = outside.side, venue.book.resting(outside.side)
            opposite = venue.book.opposite(side)
            for price, target in targets[side]:
                level = resting.level(price)
                missing = target - (level.house if level is not None else 0)
                if missing > 0 and opposite.reaches(price):
                    missing -= self._cross(side, price, missing, time_us)
                if missing > 0:
                    resting.add_house(price, missing, ahead=price in unknown[side])

    def _target(self, outside: OutsideSide, price: int, step: int, time_us: int) -> int:
        """What the house should have at a price: the outside size less what users took and has not come back."""
        size = outside.sizes.get(price, 0)
        taken = outside.taken.get(price)
        if taken is None:
            return size
        missing = ceil_to(still_taken(taken, self.venue.market.recovery_half_life_ms, time_us), step)
        if not missing:
            del outside.taken[price]
        return max(0, size - missing)

    def _cross(self, side: Side, price: int, quantity: int, time_us: int) -> int:
        """Fills the users whom a new outside size at a price crosses; it counts as taken at that price."""
        opposite = self.venue.book.opposite(side)
        filled = 0
        for level in opposite.through(price):
            assert not level.house, (price, level.price)
            filled += self._fill_users(opposite, level, quantity - filled, side, time_us)
            if filled == quantity:
                break
        if filled:
            self.take(side, price, filled, time_us)
        return filled

    def prices(self) -> dict[Side, set[int]]:
        """Every price where the outside stands or the house rests: what to lay after a pause."""
        return {
            outside.side: set(outside.sizes)
            | {level.price for level in self.venue.book.resting(outside.side).levels() if level.house}
            for outside in (self.bids, self.asks)
        }

    def empty(self, prices: Mapping[Side, set[int]]) -> dict[Side, set[int]]:
        """Those of some prices where the house does not rest."""
        housed = {
            side: {level.price for level in self.venue.book.resting(side).levels() if level.house} for side in Side
        }
        return {side: prices[side] - housed[side] for side in Side}

    def check(self) -> None:
        """The house rests nowhere but where the outside stands, never with more, and the outside is not crossed."""
        best_bid, best_ask = self.bids.best(), self.asks.best()
        assert best_bid is None or best_ask is None or best_bid < best_ask, (best_bid, best_ask)
        for outside in (self.bids, self.asks):
            assert all(size > 0 for size in outside.sizes.values())
            assert all(price in outside.sizes for price in outside.taken)
            if self.venue.market.status is MarketStatus.TRADING:
                for level in self.venue.book.resting(outside.side).levels():
                    assert level.house <= outside.sizes.get(level.price, 0), (outside.side, level.price)
