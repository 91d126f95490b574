"""What must be true of a market and of all holds after every command. Raises AssertionError where it is not."""

from collections.abc import Iterable

from hypersim.engine.ledger import Ledger
from hypersim.engine.orders import OrderStatus
from hypersim.engine.venue import Venue
from hypersim.engine.withdrawal import Withdrawal


def check_venue(venue: Venue) -> None:
    """The book holds exactly what is open, and the indexes agree."""
    venue.book.check()
    resting = {
        (side.side, level.price, key): quantity
        for side in (venue.book.bids, venue.book.asks)
        for level in side.levels()
        for key, quantity in level.queue.items()
        if key > 0
    }
    working = {(o.side, o.limit, o.order_id): o for o in venue.orders.values() if o.working_us}
    assert resting.keys() == working.keys(), (resting, working)
    for place, order in working.items():
        iceberg = order.special.iceberg
        assert resting[place] == order.leaves or 0 < resting[place] <= min(iceberg, order.leaves), order
        assert (order.order_id in venue.book.resting(order.side).icebergs) is (iceberg > 0), order
    waiting = {o.order_id: o for o in venue.orders.values() if not o.working_us and o.status is OrderStatus.NEW}
    venue.stops.check(waiting)
    assert not venue.due, venue.due
    for order_list in venue.lists.values():
        assert any(order_id in venue.orders for order_id, _ in order_list.orders), order_list
    named = {order_id: (account, name) for account, of in venue.clients.items() for name, order_id in of.items()}
    assert named == {o.order_id: (o.account_id, o.client_order_id) for o in venue.orders.values()}
    assert all(order.is_open and order.order_id < venue.next_order_id for order in venue.orders.values())


def check_holds(ledger: Ledger, venues: Iterable[Venue], withdrawals: Iterable[Withdrawal]) -> None:
    """What is locked is what orders, order lists and withdrawals hold."""
    held: dict[tuple[int, str], int] = {}
    for venue in venues:
        for order in venue.orders.values():
            key = (order.account_id, venue.paid_asset(order.side))
            held[key] = held.get(key, 0) + order.held
        for order_list in venue.lists.values():
            key = (order_list.account_id, venue.market.base)
            held[key] = held.get(key, 0) + order_list.saved
    for withdrawal in withdrawals:
        key = (withdrawal.account_id, withdrawal.asset)
        held[key] = held.get(key, 0) + withdrawal.held
    held = {key: amount for key, amount in held.items() if amount}
    locked = {(account, asset): locked for account, asset, _, locked in ledger.balances() if locked}
    assert held == locked, (held, locked)
