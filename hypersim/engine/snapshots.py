"""One market as a value, and back. Values only: what a state means is its owner's business."""

from hypersim.engine.outside import Outside, OutsideSide
from hypersim.engine.state import OutsideState, VenueState
from hypersim.engine.venue import Venue


def venue_state(venue: Venue, outside: Outside) -> VenueState:
    """A market with its outside, as later commands will not change it."""
    return VenueState(
        market=venue.market,
        orders=tuple(venue.orders.values()),
        bids=venue.book.bids.state(),
        asks=venue.book.asks.state(),
        outside_bids=_outside_state(outside.bids),
        outside_asks=_outside_state(outside.asks),
        next_order_id=venue.next_order_id,
        next_trade_id=venue.tape.next_trade_id,
        next_aggregate_id=venue.tape.next_aggregate_id,
        update_id=venue.depth.update_id,
        last_price=venue.last_price,
        average=venue.tape.average.state(),
        lists=tuple(venue.lists.values()),
        trails=venue.stops.state(),
        next_prevented_match_id=venue.next_prevented_match_id,
        next_amendment_id=venue.next_amendment_id,
    )


def restore_venue(kept: VenueState, venue: Venue, outside: Outside) -> None:
    """Puts a market back into a new venue and outside of its rules."""
    venue.restore(kept.orders, kept.trails, kept.lists)
    venue.book.bids.restore(kept.bids)
    venue.book.asks.restore(kept.asks)
    venue.next_order_id, venue.depth.update_id = kept.next_order_id, kept.update_id
    venue.tape.next_trade_id, venue.tape.next_aggregate_id = kept.next_trade_id, kept.next_aggregate_id
    venue.next_prevented_match_id = kept.next_prevented_match_id
    venue.next_amendment_id = kept.next_amendment_id
    venue.tape.last_price = kept.last_price
    venue.tape.average.restore(kept.average)
    for side, state in ((outside.bids, kept.outside_bids), (outside.asks, kept.outside_asks)):
        side.restore(state.sizes, state.bound, state.taken)


def _outside_state(side: OutsideSide) -> OutsideState:
    return OutsideState(tuple(side.sizes.items()), side.bound, tuple(sorted(side.taken.items())))
