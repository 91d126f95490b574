"""The users' orders that a command filled, read off its events."""

from collections.abc import Iterable

from msgspec import Struct

from hypersim import units
from hypersim.engine.events import Change, Event, OrderChanged
from hypersim.engine.orders import Order


class FilledPart(Struct, frozen=True, rename="camel"):
    """One trade of an order."""

    trade_id: int
    price: str
    qty: str
    commission: str
    commission_asset: str


class FilledOrder(Struct, frozen=True, rename="camel"):
    """An order that traded, as it stands afterwards; the names are those of Binance's orders."""

    account_id: int
    symbol: str
    order_id: int
    client_order_id: str
    side: str
    type: str
    price: str
    orig_qty: str
    executed_qty: str
    status: str
    fills: list[FilledPart]


def filled_orders(events: Iterable[Event]) -> list[FilledOrder]:
    """The orders that traded, in the order of their first trade."""
    last: dict[tuple[str, int], Order] = {}
    parts: dict[tuple[str, int], list[FilledPart]] = {}
    for event in events:
        if not isinstance(event, OrderChanged):
            continue
        name = event.order.symbol, event.order.order_id
        last[name] = event.order
        if event.change is Change.TRADE and event.fill is not None:
            fill = event.fill
            parts.setdefault(name, []).append(
                FilledPart(
                    fill.trade_id,
                    units.show(fill.price),
                    units.show(fill.quantity),
                    units.show_amount(fill.fee),
                    fill.fee_asset,
                )
            )
    return [_filled(last[name], fills) for name, fills in parts.items()]


def _filled(order: Order, fills: list[FilledPart]) -> FilledOrder:
    return FilledOrder(
        account_id=order.account_id,
        symbol=order.symbol,
        order_id=order.order_id,
        client_order_id=order.client_order_id,
        side=order.side.value,
        type=order.type.value,
        price=units.show(order.price),
        orig_qty=units.show(order.quantity),
        executed_qty=units.show(order.executed),
        status=order.status.value,
        fills=fills,
    )
