"""Orders: placing, testing, cancelling and looking them up.

Open orders, and those that ended lately, are read from the views, others from the store. A commit reaches the store
before it reaches the views, so looking in the views first and then in the store never misses an order.
"""

from typing import Any, Final

from hypersim.api.binance.account import effective_commission
from hypersim.api.binance.endpoints import Call, Endpoint, Security, optional
from hypersim.api.binance.open_orders import OpenOrders
from hypersim.api.binance.order_lists import cancellations
from hypersim.api.binance.orders import ORDER_ROWS, PREVENTION, RESPONSE_TYPE, Form, order_command
from hypersim.api.binance.parameters import (
    ANY_SYMBOL,
    CLIENT_ORDER_ID_TEXT,
    END_TIME,
    START_TIME,
    SYMBOL,
    Boolean,
    Choice,
    Integer,
    check_window,
    limit,
)
from hypersim.api.binance.placed import only, placed_orders, told
from hypersim.api.binance.render import queried
from hypersim.api.clientids import new_client_order_id
from hypersim.engine.commands import CancelAll, CancelOrder, TestOrder
from hypersim.engine.orders import CancelRestriction, OrderType
from hypersim.errors import Reason, Refused
from hypersim.world import World

ORDER_ID: Final = optional("orderId", Integer())
FROM_ORDER_ID: Final = optional("orderId", Integer(), description="orders from this id on, inclusive")
ORIG_CLIENT_ORDER_ID: Final = optional("origClientOrderId", CLIENT_ORDER_ID_TEXT)
CANCEL_ID: Final = optional("newClientOrderId", CLIENT_ORDER_ID_TEXT, description="names the cancel itself")
RESTRICTION: Final = optional("cancelRestrictions", Choice(CancelRestriction, Reason.BAD_CANCEL_RESTRICTIONS))
COMPUTE_RATES: Final = optional("computeCommissionRates", Boolean(), False)
ORDERS_LIMIT: Final = limit(500, 1000)


async def place_order(world: World, call: Call) -> dict[str, Any]:
    """An order that is accepted and expires at once is a success: the answer says EXPIRED."""
    market = world.market(call[SYMBOL]).market
    outcome = await world.ask(order_command(call, market), deadline_us=call.deadline_us)
    return told(only(placed_orders(outcome.events)), call, outcome.time_us)


async def test_order(world: World, call: Call) -> dict[str, Any]:
    market = world.market(call[SYMBOL]).market
    await world.ask(TestOrder(order_command(call, market)), deadline_us=call.deadline_us)
    return effective_commission(world, call) if call[COMPUTE_RATES] else {}


async def cancel_order(world: World, call: Call) -> dict[str, Any]:
    check_named(call)
    command = CancelOrder(
        account_id=call.account_id,
        symbol=world.market(call[SYMBOL]).market.symbol,
        order_id=call[ORDER_ID],
        client_order_id=call[ORIG_CLIENT_ORDER_ID],
        cancel_id=call[CANCEL_ID] or new_client_order_id(),
        restriction=call[RESTRICTION],
    )
    outcome = await world.ask(command, deadline_us=call.deadline_us)
    [cancelled] = cancellations(outcome, command.cancel_id, call)
    return cancelled


async def cancel_open_orders(world: World, call: Call) -> list[dict[str, Any]]:
    symbol = world.market(call[SYMBOL]).market.symbol
    command = CancelAll(account_id=call.account_id, symbol=symbol, cancel_id=new_client_order_id())
    outcome = await world.ask(command, deadline_us=call.deadline_us)
    return cancellations(outcome, command.cancel_id, call)


async def query_order(world: World, call: Call) -> dict[str, Any]:
    check_named(call)
    symbol = world.market(call[SYMBOL]).market.symbol
    order_id, client_order_id = call[ORDER_ID], call[ORIG_CLIENT_ORDER_ID]
    wanted = client_order_id if order_id is None else None
    order = world.accounts.find(call.account_id, symbol, order_id, wanted)
    if order is None:
        order = await world.history.order(symbol, order_id=order_id, client_order_id=wanted, account_id=call.account_id)
    if order is None:
        raise Refused(Reason.ORDER_NOT_FOUND)
    if client_order_id is not None and client_order_id != order.client_order_id:
        raise Refused(Reason.ORDER_IDS_MISMATCH)
    return queried(order, call)


async def all_orders(world: World, call: Call) -> list[dict[str, Any]]:
    check_window(call)
    orders = await world.history.orders(
        call.account_id,
        world.market(call[SYMBOL]).market.symbol,
        from_id=call[FROM_ORDER_ID],
        start_us=call[START_TIME],
        end_us=call[END_TIME],
        limit=call[ORDERS_LIMIT],
    )
    return [queried(order, call) for order in orders]


def check_named(call: Call) -> None:
    """Raises Refused when the call names no order."""
    if ORDER_ID not in call and ORIG_CLIENT_ORDER_ID not in call:
        raise Refused(Reason.PARAMETERS_BOTH_MISSING, ORIG_CLIENT_ORDER_ID.name, ORDER_ID.name)


SOR: Final = Form(takes_amount=False, always=frozenset({"quantity"}), types=(OrderType.LIMIT, OrderType.MARKET))
SOR_ROWS: Final = (
    SYMBOL,
    SOR.side,
    SOR.type,
    SOR.time_in_force,
    SOR.quantity,
    SOR.price,
    SOR.client_order_id,
    SOR.strategy_id,
    SOR.strategy_type,
    SOR.iceberg_qty,
    RESPONSE_TYPE,
    PREVENTION,
)
"""Source: rest-api.md, 'New order using SOR'."""


async def routed_order(world: World, call: Call) -> dict[str, Any]:
    """No symbol here is routed to others: there are no `sors` in exchangeInfo."""
    world.market(call[SYMBOL])
    raise Refused(Reason.SMART_ROUTING_NOT_SUPPORTED)


MY_FIRST_ORDER: Final = {"symbol": "BTCUSDT", "origClientOrderId": "my-first-order"}
"""The order that the example of POST /order places."""

ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/order",
        handler=place_order,
        summary="Place an order",
        tag="Trading",
        parameters=ORDER_ROWS,
        security=Security.TRADE,
        free_when_done=True,
        orders=1,
        example={
            "symbol": "BTCUSDT",
            "side": "BUY",
            "type": "LIMIT",
            "timeInForce": "GTC",
            "quantity": "0.001",
            "price": "30000",
            "newClientOrderId": "my-first-order",
        },
    ),
    Endpoint(
        method="POST",
        path="/order/test",
        handler=test_order,
        summary="Check an order against every rule but the account's funds, without placing it",
        tag="Trading",
        parameters=(*ORDER_ROWS, COMPUTE_RATES),
        security=Security.TRADE,
        weight=lambda world, call: 20 if call[COMPUTE_RATES] else 1,
        example={"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"},
    ),
    Endpoint(
        method="POST",
        path="/sor/order",
        handler=routed_order,
        summary="Smart order routing, of which there is none: always refused",
        tag="Trading",
        parameters=SOR_ROWS,
        security=Security.TRADE,
        free_when_done=True,
        orders=1,
    ),
    Endpoint(
        method="POST",
        path="/sor/order/test",
        handler=routed_order,
        summary="Smart order routing, of which there is none: always refused",
        tag="Trading",
        parameters=(*SOR_ROWS, COMPUTE_RATES),
        security=Security.TRADE,
        weight=lambda world, call: 20 if call[COMPUTE_RATES] else 1,
    ),
    Endpoint(
        method="DELETE",
        path="/order",
        handler=cancel_order,
        summary="Cancel an open order",
        tag="Trading",
        parameters=(SYMBOL, ORDER_ID, ORIG_CLIENT_ORDER_ID, CANCEL_ID, RESTRICTION),
        security=Security.TRADE,
        free_when_done=True,
        example=MY_FIRST_ORDER,
    ),
    Endpoint(
        method="DELETE",
        path="/openOrders",
        handler=cancel_open_orders,
        summary="Cancel all open orders of a symbol",
        tag="Trading",
        parameters=(SYMBOL,),
        security=Security.TRADE,
        free_when_done=True,
        example={"symbol": "BTCUSDT"},
    ),
    Endpoint(
        method="GET",
        path="/order",
        handler=query_order,
        summary="One order, open or closed",
        tag="Trading",
        parameters=(SYMBOL, ORDER_ID, ORIG_CLIENT_ORDER_ID),
        security=Security.USER_DATA,
        weight=4,
        example=MY_FIRST_ORDER,
    ),
    Endpoint(
        method="GET",
        path="/openOrders",
        handler=OpenOrders,
        summary="Open orders, of one symbol or of all",
        tag="Trading",
        parameters=(ANY_SYMBOL,),
        security=Security.USER_DATA,
        weight=lambda world, call: 6 if ANY_SYMBOL in call else 80,
        least_weight=6,
        example={"symbol": "BTCUSDT"},
    ),
    Endpoint(
        method="GET",
        path="/allOrders",
        handler=all_orders,
        summary="Orders of a symbol, open and closed",
        tag="Trading",
        parameters=(SYMBOL, FROM_ORDER_ID, START_TIME, END_TIME, ORDERS_LIMIT),
        security=Security.USER_DATA,
        weight=20,
        example={"symbol": "BTCUSDT"},
    ),
)
