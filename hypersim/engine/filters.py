"""The filters that an order must pass. The order of the checks is the specification; the rules are filters.md's."""

from typing import Final

from hypersim.engine.market import Market
from hypersim.engine.orders import BUY, OrderType, Side
from hypersim.errors import Reason, Refused
from hypersim.units import ONE, floor_to

MARKET: Final = OrderType.MARKET
UNBOUNDED: Final[int] = 10**40
"""More than any price, quantity, multiplier or amount: the bound of what has none."""

Range = tuple[int, int, int]
"""Least and most value, and the step of the grid."""


class Filters:
    """A market's filters in the form in which every order asks for them: a bound that is disabled is one that holds
    always (benchmarks/engine.py).
    """

    def __init__(self, market: Market) -> None:
        self._market = market
        self._prices = _range(market.min_price, market.max_price, market.tick_size)
        self._lot = _range(market.min_quantity, market.max_quantity, market.step_size)
        self._market_lot = _range(market.market_min_quantity, market.market_max_quantity, market.market_step_size)
        self._bid_multipliers = market.bid_multiplier_down, market.bid_multiplier_up or UNBOUNDED
        self._ask_multipliers = market.ask_multiplier_down, market.ask_multiplier_up or UNBOUNDED
        least, most = market.min_notional * ONE, market.max_notional * ONE or UNBOUNDED
        self._notional = least, most
        self._notional_at_market = (
            least if market.apply_min_to_market else 0,
            most if market.apply_max_to_market else UNBOUNDED,
        )

    def check_price(self, side: Side, price: int, reference_price: int | None) -> None:
        """PRICE_FILTER, then PERCENT_PRICE(_BY_SIDE) against the reference price (skipped while there is none)."""
        least, most, tick = self._prices
        if not least <= price <= most or price % tick:
            raise Refused(Reason.FILTER_PRICE)
        if reference_price is None:
            return
        down, up = self._bid_multipliers if side is BUY else self._ask_multipliers
        if not reference_price * down <= price * ONE <= reference_price * up:
            by_side = self._market.percent_by_side
            raise Refused(Reason.FILTER_PERCENT_PRICE_BY_SIDE if by_side else Reason.FILTER_PERCENT_PRICE)

    def check_stop_price(self, price: int) -> None:
        """PRICE_FILTER, which is all for a price that only triggers."""
        least, most, tick = self._prices
        if not least <= price <= most or price % tick:
            raise Refused(Reason.FILTER_PRICE)

    def check_trailing(self, trailing_delta: int, *, above: bool) -> None:
        """TRAILING_DELTA, for an order that waits for a price above or below the market's."""
        least, most = self._market.trailing_above if above else self._market.trailing_below
        if not least <= trailing_delta <= (most or UNBOUNDED):
            raise Refused(Reason.FILTER_TRAILING_DELTA)

    def check_iceberg(self, quantity: int, iceberg: int) -> None:
        """LOT_SIZE of what is shown at a time, then ICEBERG_PARTS."""
        least, most, step = self._lot
        if not least <= iceberg <= most or iceberg % step:
            raise Refused(Reason.FILTER_LOT_SIZE)
        if iceberg > quantity:
            raise Refused(Reason.ICEBERG_TOO_LARGE)
        if self._market.iceberg_parts and -(-quantity // iceberg) > self._market.iceberg_parts:
            raise Refused(Reason.FILTER_ICEBERG_PARTS)

    def check_quantity(self, order_type: OrderType, quantity: int) -> None:
        """LOT_SIZE, and MARKET_LOT_SIZE for what filters.md says that it is for: MARKET orders, no triggered stops."""
        least, most, step = self._lot
        if not least <= quantity <= most or quantity % step:
            raise Refused(Reason.FILTER_LOT_SIZE)
        if order_type is MARKET:
            self.check_settled_quantity(quantity)
            if quantity % self._market_lot[2]:
                raise Refused(Reason.FILTER_MARKET_LOT_SIZE)

    def check_settled_quantity(self, quantity: int) -> None:
        """MARKET_LOT_SIZE's bounds; what an order by quoteOrderQty comes to, LOT_SIZE does not bind (filters.md)."""
        least, most, _ = self._market_lot
        if not least <= quantity <= most:
            raise Refused(Reason.FILTER_MARKET_LOT_SIZE)

    def largest_quantity(self, order_type: OrderType, received: int) -> int:
        """The most that an order may sell of what a paid list received, by the bounds of the same filters.

        Source: faqs/opo.md. Their least is no matter here: what comes to less is refused.
        """
        _, most, step = self._lot
        if order_type is MARKET:
            _, market_most, market_step = self._market_lot
            most, step = min(most, market_most), max(step, market_step)
        return floor_to(min(received, most), step)

    def check_notional(self, order_type: OrderType, notional: int) -> None:
        """NOTIONAL or MIN_NOTIONAL, for an amount of quote of scale 16."""
        least, most = self._notional_at_market if order_type is MARKET else self._notional
        if not least <= notional <= most:
            raise Refused(Reason.FILTER_NOTIONAL if self._market.notional_range else Reason.FILTER_MIN_NOTIONAL)


def _range(least: int, most: int, step: int) -> Range:
    return least, most or UNBOUNDED, step or 1
