"""Changing a market's rules or its status: open orders stay as they are, and the house is laid anew."""

from hypersim.engine.events import MarketChanged
from hypersim.engine.market import Market, MarketStatus
from hypersim.engine.orders import Side
from hypersim.engine.outside import NOWHERE, Outside
from hypersim.engine.venue import Venue
from hypersim.errors import Reason, Refused


def change_market(venue: Venue, outside: Outside, market: Market, time_us: int) -> None:
    """Puts other rules of the same symbol in force. Raises Refused where its assets are not the same."""
    if (venue.market.base, venue.market.quote) != (market.base, market.quote):
        raise Refused(Reason.BAD_SYMBOL)
    if venue.market == market:
        return
    resumes = venue.market.status is not MarketStatus.TRADING
    venue.change_rules(market)
    venue.report(MarketChanged(market))
    before = outside.prices()
    outside.regrid()
    if market.status is MarketStatus.TRADING:
        after = outside.prices()
        changed = {side: before[side] | after[side] for side in Side}
        # a halt is a gap: what came meanwhile to a level that had no house may have been there before its users
        unknown = outside.empty(changed) if resumes else NOWHERE
        outside.lay(time_us, changed, unknown)
