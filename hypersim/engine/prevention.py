"""Self-trade prevention: what becomes of two orders of one account that meet.

The taker's mode decides (faqs/stp_faq.md). What they would have traded is seen where they meet (entering.py).
"""

from typing import Final

from msgspec.structs import replace

from hypersim.engine.events import MatchPrevented
from hypersim.engine.orders import Order, OrderStatus, SelfTradePrevention
from hypersim.engine.venue import Venue

PREVENTED: Final = OrderStatus.EXPIRED_IN_MATCH

EFFECTS: Final = {
    SelfTradePrevention.EXPIRE_TAKER: (True, False, False),
    SelfTradePrevention.EXPIRE_MAKER: (False, True, False),
    SelfTradePrevention.EXPIRE_BOTH: (True, True, False),
    SelfTradePrevention.DECREMENT: (False, False, True),
    SelfTradePrevention.TRANSFER: (False, False, True),
}
"""Whether a mode ends the taker, ends the maker, or lowers both by what would have been traded."""


def prevent(venue: Venue, taker: Order, maker: Order, quantity: int, time_us: int) -> Order:
    """Lets two orders meet and not trade; returns the taker as it is then."""
    number = venue.next_prevented_match_id
    venue.next_prevented_match_id += 1
    prevention = taker.self_trade_prevention
    ends_taker, ends_maker, lowers = EFFECTS[prevention]
    venue.report(
        MatchPrevented(
            symbol=taker.symbol,
            account_id=taker.account_id,
            prevented_match_id=number,
            taker_order_id=taker.order_id,
            maker_order_id=maker.order_id,
            prevention=prevention,
            price=maker.limit,
            taker_prevented=quantity if lowers else taker.leaves if ends_taker else 0,
            maker_prevented=quantity if lowers else maker.leaves if ends_maker else 0,
        )
    )
    if ends_maker or (lowers and quantity == maker.leaves):
        venue.end(maker, PREVENTED, time_us, prevented_match_id=number)
    elif lowers:
        venue.book.resting(maker.side).remove(maker.limit, maker.order_id, quantity)
        venue.refill(venue.lower(maker, quantity, number, time_us))
    if ends_taker or (lowers and quantity == taker.leaves):
        venue.end(taker, PREVENTED, time_us, entering=True, prevented_match_id=number)
        return replace(taker, status=PREVENTED)
    return venue.lower(taker, quantity, number, time_us) if lowers else taker
