"""What this dialect calls markets and orders.

A symbol is BTC/USDT, BTC_USDT or BTCUSDT, in any case; answers say BTC/USDT, as CCXT does. The engine counts orders
per symbol, so an order's id here is both: BTCUSDT-17. It is unique, and the id alone finds the order.
"""

import re
from typing import Final

from hypersim.engine.market import Market
from hypersim.errors import Reason, Refused
from hypersim.views.marketdata import MarketView
from hypersim.world import World

SEPARATOR: Final = re.compile("[/_-]")
ORDER_ID: Final = re.compile(r"(?:(.+)-)?([0-9]{1,18})", re.ASCII)
WANTED_ID: Final = "an order's id, such as BTCUSDT-17"


def unified(market: Market) -> str:
    """The symbol as answers say it."""
    return f"{market.base}/{market.quote}"


def order_id_of(symbol: str, order_id: int) -> str:
    """The id as answers say it."""
    return f"{symbol}-{order_id}"


def find_market(world: World, text: str) -> MarketView:
    """The market of a symbol in any of its spellings, in demand from now on. Raises Refused BAD_SYMBOL."""
    spelled = text.upper() if text.isascii() else text
    parts = SEPARATOR.split(spelled)
    view = world.markets.markets.get("".join(parts))
    if view is None or (len(parts) > 1 and parts != [view.market.base, view.market.quote]):
        raise Refused(Reason.BAD_SYMBOL, text)
    return world.market(view.market.symbol)


def find_order_id(world: World, text: str, symbol: str | None) -> tuple[str, int]:
    """The engine's symbol and id of an order that is named by its id, or by a bare number and a symbol.

    Raises Refused: BAD_SYMBOL, ORDER_NOT_FOUND where symbol and id contradict one another, INVALID_FIELD.
    """
    match = ORDER_ID.fullmatch(text)
    if match is None or (match[1] is None and symbol is None):
        raise Refused(Reason.INVALID_FIELD, "id", WANTED_ID)
    named = find_market(world, symbol).market.symbol if symbol is not None else None
    if match[1] is not None:
        try:
            own = find_market(world, match[1]).market.symbol
        except Refused:
            raise Refused(Reason.ORDER_NOT_FOUND, text) from None
        if named not in (None, own):
            raise Refused(Reason.ORDER_NOT_FOUND, text)
        named = own
    assert named is not None, "one of the two says it"
    return named, int(match[2])
