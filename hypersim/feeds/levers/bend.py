"""What a factor does to the prices of an outside market, and the trades that follow where it leads.

A factor is an integer of scale 12: the same one makes the same prices everywhere, and 0.9 is 0.9. Guarantees
that bids are never bent above and asks never below what the factor says, so that a book which is not crossed
is not crossed afterwards on any grid. Sizes stay as they are.
"""

from typing import Final

from hypersim.engine.commands import Print
from hypersim.engine.market import Market
from hypersim.engine.orders import Side
from hypersim.units import ONE, ceil_to

UNBENT: Final = 10**12
"""The factor 1."""
FOLLOWED_SHARE: Final = 10_000
"""A market whose price is bent trades again once its middle is more than its spread, and more than this part
of its price (a basis point), away from its last trade.
"""


def bent_down(price: int, factor: int) -> int:
    """A price times a factor, rounded down."""
    return price * factor // UNBENT


def bent_up(price: int, factor: int) -> int:
    """A price times a factor, rounded up."""
    return -(-price * factor // UNBENT)


def unbent(price: int, factor: int) -> int:
    """The price that a factor bends to this one, about; at least 1."""
    return max(1, (price * UNBENT + factor // 2) // factor)


def following_trade(market: Market, last: int, bid: int, ask: int) -> Print | None:
    """The trade that brings the last price after the quotes (all on the grid); None where it is near enough.

    Somebody takes from the touch that the market moved to, as little as anybody may: a book that a factor moves
    has no trades of its own to move the last price, klines and stops, and volume is nobody's claim.
    """
    away = bid + ask - 2 * last
    if abs(away) <= 2 * max(ask - bid, last // FOLLOWED_SHARE):
        return None
    price, aggressor = (ask, Side.BUY) if away > 0 else (bid, Side.SELL)
    smallest = max(market.min_quantity, -(-market.min_notional * ONE // price), 1)
    return Print(price, ceil_to(smallest, market.step_size), aggressor)
