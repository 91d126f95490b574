"""The filters that an order must pass. The order of the checks is the specification; the rules are filters.md's."""

from typing import Final

from hypersim.engine.market import Market
from hypersim.engine.orders import BUY, OrderType, Side
from hypersim.errors import Reason, Refused
from hypersim.units import ONE, floor_to

MARKET: Final = OrderType.MARKET


def check_price(market: Market, side: Side, price: int, reference_price: int | None) -> None:
    """PRICE_FILTER, then PERCENT_PRICE(_BY_SIDE) against the reference price (skipped while there is none)."""
    if not _in_range(price, market.min_price, market.max_price, market.tick_size):
        raise Refused(Reason.FILTER_PRICE)
    if reference_price is None:
        return
    if side is BUY:
        up, down = market.bid_multiplier_up, market.bid_multiplier_down
    else:
        up, down = market.ask_multiplier_up, market.ask_multiplier_down
    if price * ONE < reference_price * down or (up and price * ONE > reference_price * up):
        raise Refused(Reason.FILTER_PERCENT_PRICE_BY_SIDE if market.percent_by_side else Reason.FILTER_PERCENT_PRICE)


def check_stop_price(market: Market, stop_price: int) -> None:
    """PRICE_FILTER, for a price that only triggers."""
    if not _in_range(stop_price, market.min_price, market.max_price, market.tick_size):
        raise Refused(Reason.FILTER_PRICE)


def check_trailing(market: Market, trailing_delta: int, *, above: bool) -> None:
    """TRAILING_DELTA, for an order that waits for a price above or below the market's."""
    least, most = market.trailing_above if above else market.trailing_below
    if not _in_range(trailing_delta, least, most, 0):
        raise Refused(Reason.FILTER_TRAILING_DELTA)


def check_iceberg(market: Market, quantity: int, iceberg: int) -> None:
    """LOT_SIZE of what is shown at a time, then ICEBERG_PARTS."""
    if not _in_range(iceberg, market.min_quantity, market.max_quantity, market.step_size):
        raise Refused(Reason.FILTER_LOT_SIZE)
    if iceberg > quantity:
        raise Refused(Reason.ICEBERG_TOO_LARGE)
    if market.iceberg_parts and -(-quantity // iceberg) > market.iceberg_parts:
        raise Refused(Reason.FILTER_ICEBERG_PARTS)


def check_quantity(market: Market, order_type: OrderType, quantity: int) -> None:
    """LOT_SIZE, and MARKET_LOT_SIZE for what filters.md says that it is for: MARKET orders, no triggered stops."""
    if not _in_range(quantity, market.min_quantity, market.max_quantity, market.step_size):
        raise Refused(Reason.FILTER_LOT_SIZE)
    if order_type is MARKET and not _in_range(
        quantity, market.market_min_quantity, market.market_max_quantity, market.market_step_size
    ):
        raise Refused(Reason.FILTER_MARKET_LOT_SIZE)


def largest_quantity(market: Market, order_type: OrderType, received: int) -> int:
    """The most that an order may sell of what a paid list received, by the bounds of the same filters (faqs/opo.md).

    Their least is no matter here: what comes to less is refused.
    """
    step, most = market.step_size, market.max_quantity
    if order_type is MARKET:
        step = max(step, market.market_step_size)
        most = min(filter(None, (most, market.market_max_quantity)), default=0)
    return floor_to(min(received, most) if most else received, step)


def check_settled_quantity(market: Market, quantity: int) -> None:
    """MARKET_LOT_SIZE's bounds, for what an order by quoteOrderQty comes to: LOT_SIZE does not bind it (filters.md)."""
    if not _in_range(quantity, market.market_min_quantity, market.market_max_quantity, 0):
        raise Refused(Reason.FILTER_MARKET_LOT_SIZE)


def check_notional(market: Market, order_type: OrderType, notional: int) -> None:
    """NOTIONAL or MIN_NOTIONAL, for an amount of quote of scale 16."""
    at_market = order_type is MARKET
    least = market.min_notional if market.apply_min_to_market or not at_market else 0
    most = market.max_notional if market.apply_max_to_market or not at_market else 0
    if notional < least * ONE or (most and notional > most * ONE):
        raise Refused(Reason.FILTER_NOTIONAL if market.notional_range else Reason.FILTER_MIN_NOTIONAL)


def _in_range(value: int, least: int, most: int, step: int) -> bool:
    return value >= least and (not most or value <= most) and (not step or value % step == 0)
