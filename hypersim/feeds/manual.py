"""The market by hand: what somebody says the outside did, as the command that makes it so.

Guarantees a command that the exchange takes (on the grid, not crossed), or one refusal that names the field.
Works beside any feed, which goes on from there when it makes its own prices; with the feed `manual` nothing
else moves.
"""

from collections.abc import Sequence

from hypersim import units
from hypersim.engine.commands import Ladder, OutsideUpdate, Print
from hypersim.engine.market import Market
from hypersim.engine.orders import Side
from hypersim.errors import Reason, Refused
from hypersim.feeds.profile import DepthProfile
from hypersim.feeds.quotes import UNBOUNDED
from hypersim.units import ONE, ceil_to, floor_to

Level = tuple[int, int]
"""Price and size, scale 8."""

DAILY_TURNOVER = 20_000_000
"""Of a market nobody describes: in smallest orders (100 million dollars where that is 5)."""
PRINT_SHARE, TOUCH_SHARE = 1_000, 20_000
"""Parts of a day's volume: the trade that moves a market to a price, and the best quotes around it."""


def at_price(market: Market, price: int) -> OutsideUpdate:
    """The market goes to a price (scale 8): a trade there, with a depth a tick around it.

    Orders better than the price fill at their own; those at it fill as far as the trade goes; what the new
    quotes cross fills against them.
    """
    _require_price(market, "price", price)
    if price <= market.tick_size:
        raise Refused(Reason.INVALID_FIELD, "price", f"above one tick, {units.show(market.tick_size)}")
    volume = max(market.min_notional, ONE) * DAILY_TURNOVER * ONE // price
    profile = DepthProfile(market, volume, "manual")
    touch = _whole_steps(market, volume // TOUCH_SHARE)
    bids = profile.side(Side.BUY, price - market.tick_size, touch)
    asks = profile.side(Side.SELL, price + market.tick_size, touch)
    ladder = Ladder(bids=bids, asks=asks, bid_floor=bids[-1][0], ask_ceiling=asks[-1][0], full=True)
    # a trade fills what it crosses on both sides, whoever took
    trade = Print(price, _whole_steps(market, volume // PRINT_SHARE), Side.SELL)
    return OutsideUpdate(symbol=market.symbol, prints=(trade,), ladder=ladder)


def by_hand(
    market: Market,
    *,
    bids: Sequence[Level] | None,
    asks: Sequence[Level] | None,
    trade: Print | None,
) -> OutsideUpdate:
    """A trade, or the whole ladder (a side that is not named is empty), or a trade and the ladder that it led
    to.

    Raises Refused INVALID_FIELD for what is off the grid, OUTSIDE_CROSSED for a bid at or above an ask.
    """
    if bids is None and asks is None and trade is None:
        raise Refused(Reason.INVALID_FIELD, "body", "price, bids and asks, or print is needed")
    prints: tuple[Print, ...] = ()
    if trade is not None:
        _require_price(market, "print.price", trade.price)
        _require_step(market, "print.quantity", trade.quantity)
        if market.max_quantity and trade.quantity > market.max_quantity:
            raise Refused(
                Reason.INVALID_FIELD, "print.quantity", f"at most {units.show(market.max_quantity)} is wanted"
            )
        prints = (trade,)
    ladder = None
    if bids is not None or asks is not None:
        ladder = _whole_ladder(market, bids or (), asks or ())
    return OutsideUpdate(symbol=market.symbol, prints=prints, ladder=ladder)


def _whole_ladder(market: Market, bids: Sequence[Level], asks: Sequence[Level]) -> Ladder:
    for name, levels in (("bids", bids), ("asks", asks)):
        seen = set()
        for at, (price, size) in enumerate(levels):
            _require_price(market, f"{name}[{at}][0]", price)
            _require_step(market, f"{name}[{at}][1]", size)
            if price in seen:
                raise Refused(Reason.INVALID_FIELD, f"{name}[{at}][0]", "a price stands there once")
            seen.add(price)
    standing_bids = sorted((level for level in bids if level[1]), reverse=True)
    standing_asks = sorted(level for level in asks if level[1])
    if standing_bids and standing_asks and standing_bids[0][0] >= standing_asks[0][0]:
        raise Refused(Reason.OUTSIDE_CROSSED)
    return Ladder(bids=tuple(standing_bids), asks=tuple(standing_asks), bid_floor=0, ask_ceiling=UNBOUNDED, full=True)


def _require_price(market: Market, field: str, price: int) -> None:
    """What no order may be priced at, no outside order was: the market would be stuck there."""
    if floor_to(price, market.tick_size) != price:
        raise Refused(Reason.INVALID_FIELD, field, f"a multiple of the tick {units.show(market.tick_size)} is wanted")
    least, most = market.min_price, market.max_price
    if price < least or (most and price > most):
        raise Refused(Reason.INVALID_FIELD, field, f"from {units.show(least)} to {units.show(most)} is wanted")


def _require_step(market: Market, field: str, size: int) -> None:
    if floor_to(size, market.step_size) != size:
        raise Refused(Reason.INVALID_FIELD, field, f"a multiple of the step {units.show(market.step_size)} is wanted")


def _whole_steps(market: Market, size: int) -> int:
    return max(market.step_size, ceil_to(size, market.step_size))
