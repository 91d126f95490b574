"""An account's orders, trades and balances.

Open orders are read from the views, closed ones from the store. A commit reaches the store before it reaches the
views, so looking in the views first and then in the store never misses an order.
"""

from collections.abc import Sequence
from typing import Any, Final

from hypersim.api.clientids import new_client_order_id
from hypersim.api.unified.account_shapes import (
    OwnTrade,
    UnifiedOrder,
    balance_shape,
    order_shape,
    own_trade_shape,
)
from hypersim.api.unified.arguments import MOST_ROWS, Arguments, NewOrder, OfMarket, Page, TradesPage
from hypersim.api.unified.names import find_market, find_order_id
from hypersim.api.unified.operations import Call, Desk, Operation
from hypersim.api.unified.placing import BOUNDS, order_command
from hypersim.engine.commands import CancelOrder
from hypersim.engine.events import Change, OrderChanged
from hypersim.engine.market import Market
from hypersim.engine.orders import Order, OrderStatus, Side
from hypersim.errors import Reason, Refused
from hypersim.views.records import AccountTrade
from hypersim.world import World


async def balance(desk: Desk, call: Call[Arguments]) -> dict[str, Any]:
    account = desk.world.accounts.get(call.account_id)
    if account is None:
        raise Refused(Reason.NO_SUCH_ACCOUNT)
    return balance_shape(account, desk.world.markets.assets)


async def place_order(desk: Desk, call: Call[NewOrder]) -> UnifiedOrder:
    """An order that is accepted and expires at once is a success: the answer says expired."""
    market = find_market(desk.world, call.arguments.symbol).market
    command = order_command(call.arguments, market, call.account_id)
    try:
        outcome = await desk.world.ask(command, deadline_us=call.deadline_us)
    except Refused as refused:
        if refused.reason in BOUNDS:
            raise Refused(refused.reason, *BOUNDS[refused.reason](market)) from None
        raise
    placed: Order | None = None
    trades: list[AccountTrade] = []
    for event in outcome.events:
        if not isinstance(event, OrderChanged):
            continue
        if placed is None and event.change is Change.NEW:
            placed = event.order
        elif placed is not None and event.order.order_id == placed.order_id:
            placed = event.order
            trades += _trade(event, outcome.time_us)
    assert placed is not None, "an accepted order is reported NEW"
    return order_shape(placed, market, trades)


def _trade(event: OrderChanged, time_us: int) -> Sequence[AccountTrade]:
    """The order's side of the trade that an event tells of, as the store will have it."""
    fill, order = event.fill, event.order
    if fill is None:
        return ()
    return (
        AccountTrade(
            symbol=order.symbol,
            trade_id=fill.trade_id,
            order_id=order.order_id,
            price=fill.price,
            quantity=fill.quantity,
            quote=fill.quote,
            fee=fill.fee,
            fee_asset=fill.fee_asset,
            time_us=time_us,
            is_buyer=order.side is Side.BUY,
            is_maker=fill.is_maker,
            list_id=order.special.list_id,
        ),
    )


async def show_order(desk: Desk, call: Call[OfMarket]) -> UnifiedOrder:
    symbol, order_id = find_order_id(desk.world, call.named, call.arguments.symbol)
    order = desk.world.accounts.find(call.account_id, symbol, order_id)
    if order is None:
        order = await desk.world.history.order(symbol, order_id=order_id, account_id=call.account_id)
    if order is None:
        raise Refused(Reason.ORDER_NOT_FOUND, call.named)
    return await _with_trades(desk.world, order)


async def cancel_order(desk: Desk, call: Call[OfMarket]) -> UnifiedOrder:
    symbol, order_id = find_order_id(desk.world, call.named, call.arguments.symbol)
    command = CancelOrder(account_id=call.account_id, symbol=symbol, order_id=order_id, cancel_id=new_client_order_id())
    try:
        outcome = await desk.world.ask(command, deadline_us=call.deadline_us)
    except Refused as refused:
        if refused.reason is Reason.UNKNOWN_ORDER:
            raise await _not_open(desk.world, call, symbol, order_id) from None
        raise
    changed = (event.order for event in outcome.events if isinstance(event, OrderChanged))
    order = next(order for order in changed if order.order_id == order_id)  # one of a list takes the others with it
    return await _with_trades(desk.world, order)


async def _not_open(world: World, call: Call[OfMarket], symbol: str, order_id: int) -> Refused:
    """Why an order that is not open cannot be canceled."""
    order = await world.history.order(symbol, order_id=order_id, account_id=call.account_id)
    if order is None:
        return Refused(Reason.ORDER_NOT_FOUND, call.named)
    if order.status is OrderStatus.FILLED:
        return Refused(Reason.ORDER_ALREADY_FILLED, call.named)
    return Refused(Reason.ORDER_ALREADY_CANCELED, call.named)


async def _with_trades(world: World, order: Order) -> UnifiedOrder:
    """The order with those of its trades that made it what it is; later ones may be stored already."""
    trades: list[AccountTrade] = []
    left, from_id = order.executed, 0
    while left:
        page = await world.history.trades(
            order.account_id, order.symbol, order_id=order.order_id, from_id=from_id, limit=MOST_ROWS
        )
        if not page:  # the world was emptied meanwhile
            break
        for trade in page:
            if left:
                trades.append(trade)
                left -= trade.quantity
        from_id = page[-1].trade_id + 1
    return order_shape(order, _market(world, order.symbol), trades)


async def open_orders(desk: Desk, call: Call[OfMarket]) -> list[UnifiedOrder]:
    wanted = call.arguments.symbol
    symbol = find_market(desk.world, wanted).market.symbol if wanted is not None else None
    return _listed(desk.world, desk.world.accounts.open_orders(call.account_id, symbol))


async def all_orders(desk: Desk, call: Call[Page]) -> list[UnifiedOrder]:
    return await _orders(desk, call, closed=False)


async def closed_orders(desk: Desk, call: Call[Page]) -> list[UnifiedOrder]:
    """Those that can no longer trade: filled, canceled or expired."""
    return await _orders(desk, call, closed=True)


async def _orders(desk: Desk, call: Call[Page], *, closed: bool) -> list[UnifiedOrder]:
    world, wanted, history = desk.world, call.arguments, desk.world.history
    start_us, end_us = _span(wanted)
    if wanted.symbol is None:
        orders = await history.orders_everywhere(
            call.account_id, start_us=start_us, end_us=end_us, limit=wanted.limit, closed=closed
        )
    else:
        symbol = find_market(world, wanted.symbol).market.symbol
        orders = await history.orders(
            call.account_id, symbol, start_us=start_us, end_us=end_us, limit=wanted.limit, closed=closed
        )
    return _listed(world, orders)


async def my_trades(desk: Desk, call: Call[TradesPage]) -> list[OwnTrade]:
    world, wanted, account_id, history = desk.world, call.arguments, call.account_id, desk.world.history
    start_us, end_us = _span(wanted)
    if wanted.order is not None:
        symbol, order_id = find_order_id(world, wanted.order, wanted.symbol)
        trades = await history.trades(
            account_id, symbol, order_id=order_id, start_us=start_us, end_us=end_us, limit=wanted.limit
        )
    elif wanted.symbol is not None:
        symbol = find_market(world, wanted.symbol).market.symbol
        trades = await history.trades(account_id, symbol, start_us=start_us, end_us=end_us, limit=wanted.limit)
    else:
        trades = await history.trades_everywhere(account_id, start_us=start_us, end_us=end_us, limit=wanted.limit)
    return [own_trade_shape(trade, _market(world, trade.symbol)) for trade in trades]


def _span(wanted: Page) -> tuple[int | None, int | None]:
    """Both ends in microseconds, inclusive: a millisecond's end is its last microsecond."""
    return (
        None if wanted.since is None else wanted.since * 1000,
        None if wanted.until is None else wanted.until * 1000 + 999,
    )


def _listed(world: World, orders: Sequence[Order]) -> list[UnifiedOrder]:
    return [order_shape(order, _market(world, order.symbol)) for order in orders]


def _market(world: World, symbol: str) -> Market:
    """The market of a stored row; to look back makes no demand for its prices."""
    return world.markets.markets[symbol].market


def page_weight(call: Call[Any]) -> int:
    return 80 if call.arguments.symbol is None else 20


def open_orders_weight(call: Call[OfMarket]) -> int:
    return 80 if call.arguments.symbol is None else 6


def my_trades_weight(call: Call[TradesPage]) -> int:
    return 5 if call.arguments.order is not None else page_weight(call)


OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/balance",
        handler=balance,
        answers=dict[str, Any],
        summary="What you have: free, used by open orders, and in total",
        signed=True,
        weight=20,
    ),
    Operation(
        method="POST",
        path="/order",
        handler=place_order,
        arguments=NewOrder,
        answers=UnifiedOrder,
        summary="Place an order",
        signed=True,
        free_when_done=True,
        orders=1,
        status=201,
    ),
    Operation(
        method="GET",
        path="/order/{id}",
        handler=show_order,
        arguments=OfMarket,
        answers=UnifiedOrder,
        summary="An order of yours, open or closed, with its trades",
        signed=True,
        weight=4,
    ),
    Operation(
        method="DELETE",
        path="/order/{id}",
        handler=cancel_order,
        arguments=OfMarket,
        answers=UnifiedOrder,
        summary="Cancel an open order",
        signed=True,
        free_when_done=True,
    ),
    Operation(
        method="GET",
        path="/orders",
        handler=all_orders,
        arguments=Page,
        answers=list[UnifiedOrder],
        summary="Your orders, open and closed, oldest first",
        signed=True,
        weight=page_weight,
    ),
    Operation(
        method="GET",
        path="/orders/open",
        handler=open_orders,
        arguments=OfMarket,
        answers=list[UnifiedOrder],
        summary="Your open orders",
        signed=True,
        weight=open_orders_weight,
    ),
    Operation(
        method="GET",
        path="/orders/closed",
        handler=closed_orders,
        arguments=Page,
        answers=list[UnifiedOrder],
        summary="Your orders that were filled, canceled or expired, oldest first",
        signed=True,
        weight=page_weight,
    ),
    Operation(
        method="GET",
        path="/myTrades",
        handler=my_trades,
        arguments=TradesPage,
        answers=list[OwnTrade],
        summary="What your orders traded, oldest first",
        signed=True,
        weight=my_trades_weight,
    ),
)
