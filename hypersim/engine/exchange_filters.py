"""What bounds an account over all symbols: the exchange filters, and those of single assets (filters.md).

Binance's exchange has none of them in force; a world gets them from its markets file, or from its upstream.
"""

from collections.abc import Iterable, Mapping, Sequence

from hypersim.engine.commands import PlaceOrder
from hypersim.engine.market import Asset, ExchangeLimits
from hypersim.engine.orders import ORDER_TYPES, Order
from hypersim.engine.venue import Venue
from hypersim.errors import Reason, Refused
from hypersim.units import ONE


def check_exchange(limits: ExchangeLimits, venues: Iterable[Venue], placing: Sequence[PlaceOrder]) -> None:
    """EXCHANGE_MAX_NUM_*: that an account may have these orders, several of which are a list, beside what it has."""
    lists = int(len(placing) > 1)
    account_id = placing[0].account_id
    mine: list[Order] = []
    for venue in venues:
        mine += (venue.orders[order_id] for order_id in venue.open_orders(account_id).values())
        lists += sum(each.account_id == account_id for each in venue.lists.values())
    algo = [*(each.type for each in mine), *(each.type for each in placing)]
    icebergs = [*(each.special.iceberg for each in mine), *(each.iceberg for each in placing)]
    for most, count, adds, reason in (
        (limits.max_num_orders, len(algo), True, Reason.FILTER_EXCHANGE_MAX_NUM_ORDERS),
        (
            limits.max_num_algo_orders,
            sum(ORDER_TYPES[each].stop is not None for each in algo),
            any(ORDER_TYPES[each.type].stop is not None for each in placing),
            Reason.FILTER_EXCHANGE_MAX_NUM_ALGO_ORDERS,
        ),
        (
            limits.max_num_iceberg_orders,
            sum(each > 0 for each in icebergs),
            any(each.iceberg for each in placing),
            Reason.FILTER_EXCHANGE_MAX_NUM_ICEBERG_ORDERS,
        ),
        (limits.max_num_order_lists, lists, len(placing) > 1, Reason.FILTER_EXCHANGE_MAX_NUM_ORDER_LISTS),
    ):
        if most and adds and count > most:
            raise Refused(reason)


def check_assets(assets: Mapping[str, Asset], venue: Venue, order: PlaceOrder, time_us: int) -> None:
    """MAX_ASSET: how much of an asset one order may be about, the base by its quantity, the quote by its notional."""
    market = venue.market
    for name, amount in (
        (market.base, order.quantity),
        (market.quote, order.quote_quantity or _notional(venue, order, time_us)),
    ):
        if assets[name].max_order and amount > assets[name].max_order:
            raise Refused(Reason.FILTER_MAX_ASSET)


def _notional(venue: Venue, order: PlaceOrder, time_us: int) -> int:
    """Scale 8, rounded up."""
    price = order.price or venue.tape.reference_price(time_us) or 0
    return -(-price * order.quantity // ONE)
