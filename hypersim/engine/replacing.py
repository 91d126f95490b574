"""Cancelling one order and placing another, in one command of which a half may succeed."""

from hypersim.engine.cancelling import cancel_order
from hypersim.engine.checks import check_counts, check_order, check_position
from hypersim.engine.commands import CancelReplace
from hypersim.engine.contingency import Contingencies
from hypersim.engine.events import OrderRefused
from hypersim.engine.ledger import Ledger
from hypersim.engine.outside import Outside
from hypersim.engine.placing import new_order, place_order
from hypersim.engine.venue import Venue
from hypersim.errors import Reason, Refused, ReplaceRefused


def cancel_replace(venue: Venue, outside: Outside, ledger: Ledger, command: CancelReplace, time_us: int) -> None:
    """Filters and order counts are looked at before the cancel, which makes no room for the new order.

    Raises Refused for these, and ReplaceRefused when neither half succeeds.
    """
    if not venue.market.replace_allowed:
        raise Refused(Reason.REPLACE_NOT_SUPPORTED)
    order = new_order(venue, command.place, time_us)
    check_order(venue, order, time_us)
    check_counts(venue, venue.open_orders(order.account_id), (order,))
    check_position(venue, ledger, order)
    cancelling = None
    try:
        cancel_order(venue, command.cancel, time_us)
    except Refused as refused:
        if not command.place_anyway:
            raise ReplaceRefused(refused, None) from refused
        cancelling = refused
    else:
        Contingencies(venue, outside, ledger, time_us).settle()
    try:
        place_order(venue, outside, ledger, command.place, time_us)
    except Refused as placing:
        if cancelling is not None:
            raise ReplaceRefused(cancelling, placing) from placing
        venue.report(_refusal(command, placing, is_new=True))
    else:
        if cancelling is not None:
            venue.report(_refusal(command, cancelling, is_new=False))


def _refusal(command: CancelReplace, refused: Refused, *, is_new: bool) -> OrderRefused:
    return OrderRefused(
        account_id=command.place.account_id,
        symbol=command.place.symbol,
        is_new=is_new,
        reason=refused.reason,
        details=refused.details,
    )
