"""Changing an order: cancelling it for another, or lowering its quantity where it stands.

Sources: rest-api.md, 'Cancel an Existing Order and Send a New Order', 'Order Amend Keep Priority', 'Query Order
Amendments'.
"""

import enum
from typing import Any, Final

from hypersim.api.binance.endpoints import Call, Endpoint, Security, optional, required
from hypersim.api.binance.order_lists import cancellations, show_list
from hypersim.api.binance.orders import ORDER_ROWS, check_precision, order_command
from hypersim.api.binance.parameters import CLIENT_ORDER_ID_TEXT, SYMBOL, Choice, Decimal, Integer, limit
from hypersim.api.binance.placed import only, placed_orders, told
from hypersim.api.binance.refusals import Problem, RefusedWithData, word
from hypersim.api.binance.render import amended_order
from hypersim.api.binance.trading import MY_FIRST_ORDER, ORDER_ID, ORIG_CLIENT_ORDER_ID, RESTRICTION, check_named
from hypersim.api.clientids import new_client_order_id
from hypersim.ask import Outcome
from hypersim.engine.commands import AmendOrder, CancelOrder, CancelReplace
from hypersim.engine.events import ListChanged, OrderChanged, OrderRefused
from hypersim.engine.lists import OrderList
from hypersim.engine.orders import Order, OrderStatus
from hypersim.errors import Reason, Refused, ReplaceRefused
from hypersim.limits import Limited
from hypersim.units import show
from hypersim.world import World


class Mode(enum.StrEnum):
    """What becomes of the new order when the cancel fails."""

    STOP_ON_FAILURE = "STOP_ON_FAILURE"
    ALLOW_FAILURE = "ALLOW_FAILURE"


class WhenLimited(enum.StrEnum):
    """What becomes of the cancel when the account may place no more orders for now."""

    DO_NOTHING = "DO_NOTHING"
    CANCEL_ONLY = "CANCEL_ONLY"


SUCCESS: Final = "SUCCESS"
FAILURE: Final = "FAILURE"
NOT_ATTEMPTED: Final = "NOT_ATTEMPTED"
TOO_MANY: Final = 429
CONFLICT: Final = 409

MODE: Final = required("cancelReplaceMode", Choice(Mode))
WHEN_LIMITED: Final = optional("orderRateLimitExceededMode", Choice(WhenLimited), WhenLimited.DO_NOTHING)
CANCEL_ORDER_ID: Final = optional("cancelOrderId", Integer())
CANCEL_CLIENT_ID: Final = optional("cancelOrigClientOrderId", CLIENT_ORDER_ID_TEXT)
CANCEL_ID: Final = optional("cancelNewClientOrderId", CLIENT_ORDER_ID_TEXT, description="names the cancel itself")

AMENDED_ID: Final = optional(
    "newClientOrderId", CLIENT_ORDER_ID_TEXT, description="what the order is called from then on; made when not sent"
)
NEW_QUANTITY: Final = required(
    "newQty", Decimal(), "less than the order's; an order that has traded as much already expires"
)
OF_ORDER: Final = required("orderId", Integer())
FROM_EXECUTION: Final = optional("fromExecutionId", Integer(), description="from this one on, inclusive")
AMENDMENTS_LIMIT: Final = limit(500, 1000)


async def cancel_replace(world: World, call: Call) -> dict[str, Any]:
    market = world.market(call[SYMBOL]).market
    cancel = _cancel(call, market.symbol)
    command = CancelReplace(
        cancel=cancel, place=order_command(call, market), place_anyway=call[MODE] is Mode.ALLOW_FAILURE
    )
    try:
        outcome = await world.ask(command, deadline_us=call.deadline_us)
    except ReplaceRefused as refused:
        placing = refused.placing
        data: dict[str, Any] = {
            "cancelResult": FAILURE,
            "newOrderResult": NOT_ATTEMPTED if placing is None else FAILURE,
            "cancelResponse": word(refused.cancelling)[1],
            "newOrderResponse": None if placing is None else word(placing)[1],
        }
        raise RefusedWithData(Reason.REPLACE_FAILED, data) from refused
    refusals = [event for event in outcome.events if isinstance(event, OrderRefused)]
    if not refusals:
        return {
            "cancelResult": SUCCESS,
            "newOrderResult": SUCCESS,
            "cancelResponse": _cancelled(outcome, cancel, call),
            "newOrderResponse": told(only(placed_orders(outcome.events)), call, outcome.time_us),
        }
    [refusal] = refusals
    problem = word(Refused(refusal.reason, *refusal.details))[1]
    if refusal.is_new:
        raise RefusedWithData(Reason.REPLACE_PARTIALLY_FAILED, _halves(_cancelled(outcome, cancel, call), problem))
    data = {
        "cancelResult": FAILURE,
        "newOrderResult": SUCCESS,
        "cancelResponse": problem,
        "newOrderResponse": told(only(placed_orders(outcome.events)), call, outcome.time_us),
    }
    raise RefusedWithData(Reason.REPLACE_PARTIALLY_FAILED, data)


async def cancel_only(world: World, call: Call, limited: Limited) -> None:
    """What is done for an account that may place no more orders for now; raises what is answered."""
    market = world.market(call[SYMBOL]).market
    cancel = _cancel(call, market.symbol)
    order_command(call, market)
    if call[WHEN_LIMITED] is WhenLimited.DO_NOTHING:
        raise limited
    tries = call[MODE] is Mode.ALLOW_FAILURE
    problem = word(limited)[1]
    try:
        outcome = await world.ask(cancel, deadline_us=call.deadline_us)
    except Refused as refused:
        data = {
            "cancelResult": FAILURE,
            "newOrderResult": FAILURE if tries else NOT_ATTEMPTED,
            "cancelResponse": word(refused)[1],
            "newOrderResponse": problem if tries else None,
        }
        raise RefusedWithData(
            Reason.REPLACE_FAILED, data, status=None if tries else TOO_MANY, limited=limited
        ) from refused
    raise RefusedWithData(
        Reason.REPLACE_PARTIALLY_FAILED,
        _halves(_cancelled(outcome, cancel, call), problem),
        status=CONFLICT if tries else TOO_MANY,
        limited=limited,
    )


def _cancel(call: Call, symbol: str) -> CancelOrder:
    if CANCEL_ORDER_ID not in call and CANCEL_CLIENT_ID not in call:
        raise Refused(Reason.PARAMETERS_BOTH_MISSING, CANCEL_CLIENT_ID.name, CANCEL_ORDER_ID.name)
    return CancelOrder(
        account_id=call.account_id,
        symbol=symbol,
        order_id=call[CANCEL_ORDER_ID],
        client_order_id=call[CANCEL_CLIENT_ID],
        cancel_id=call[CANCEL_ID] or new_client_order_id(),
        restriction=call[RESTRICTION],
    )


def _cancelled(outcome: Outcome, cancel: CancelOrder, call: Call) -> dict[str, Any]:
    [cancelled] = cancellations(outcome, cancel.cancel_id, call)
    return cancelled


def _halves(cancelled: dict[str, Any], problem: Problem) -> dict[str, Any]:
    return {
        "cancelResult": SUCCESS,
        "newOrderResult": FAILURE,
        "cancelResponse": cancelled,
        "newOrderResponse": problem,
    }


async def amend(world: World, call: Call) -> dict[str, Any]:
    check_named(call)
    market = world.market(call[SYMBOL]).market
    check_precision(call, NEW_QUANTITY, market.base_precision)
    command = AmendOrder(
        account_id=call.account_id,
        symbol=market.symbol,
        order_id=call[ORDER_ID],
        client_order_id=call[ORIG_CLIENT_ORDER_ID],
        new_client_order_id=call[AMENDED_ID] or new_client_order_id(),
        quantity=call[NEW_QUANTITY],
    )
    outcome = await world.ask(command, deadline_us=call.deadline_us)
    changed = next(event for event in outcome.events if isinstance(event, OrderChanged))
    assert changed.amendment is not None
    shown = {
        "transactTime": call.time(outcome.time_us),
        "executionId": changed.amendment.execution_id,
        "amendedOrder": amended_order(changed.order, changed.amendment.client_order_id, call),
    }
    if changed.order.special.list_id:
        listed = show_list(await _list_of(world, changed.order, outcome), call, begun=changed.order.is_open)
        shown["listStatus"] = {name: listed[name] for name in LIST_STATUS}
    return shown


def ends(answer: dict[str, Any]) -> bool:
    """Whether the order has expired because of its amendment, which has no weight then (CHANGELOG of 2026-04-02)."""
    status: str = answer["amendedOrder"]["status"]
    return status == OrderStatus.EXPIRED


async def _list_of(world: World, order: Order, outcome: Outcome) -> OrderList:
    """The list of an amended order. Where its names stayed it is read from the store: of the open ones it may be no
    more.
    """
    list_id = order.special.list_id
    for event in reversed(outcome.events):
        if isinstance(event, ListChanged) and event.order_list.list_id == list_id:
            return event.order_list
    found = await world.history.order_list(order.account_id, list_id=list_id)
    assert found is not None, list_id
    return found


LIST_STATUS: Final = (
    "orderListId",
    "contingencyType",
    "listOrderStatus",
    "listClientOrderId",
    "symbol",
    "orders",
)


async def amendments(world: World, call: Call) -> list[dict[str, Any]]:
    found = await world.history.amendments(
        call.account_id,
        world.market(call[SYMBOL]).market.symbol,
        call[OF_ORDER],
        from_id=call[FROM_EXECUTION],
        limit=call[AMENDMENTS_LIMIT],
    )
    return [
        {
            "symbol": each.symbol,
            "orderId": each.order_id,
            "executionId": each.execution_id,
            "origClientOrderId": each.client_order_id,
            "newClientOrderId": each.new_client_order_id,
            "origQty": show(each.quantity),
            "newQty": show(each.new_quantity),
            "time": call.time(each.time_us),
        }
        for each in found
    ]


ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/order/cancelReplace",
        handler=cancel_replace,
        summary="Cancel an order and place another",
        tag="Trading",
        parameters=(
            *ORDER_ROWS,
            MODE,
            CANCEL_ID,
            CANCEL_CLIENT_ID,
            CANCEL_ORDER_ID,
            RESTRICTION,
            WHEN_LIMITED,
        ),
        security=Security.TRADE,
        free_when_done=True,
        orders=1,
        when_limited=cancel_only,
        example={
            "symbol": "BTCUSDT",
            "side": "BUY",
            "type": "LIMIT",
            "timeInForce": "GTC",
            "quantity": "0.001",
            "price": "29000",
            "cancelReplaceMode": "ALLOW_FAILURE",
            "cancelOrigClientOrderId": MY_FIRST_ORDER["origClientOrderId"],
        },
    ),
    Endpoint(
        method="PUT",
        path="/order/amend/keepPriority",
        handler=amend,
        summary="Lower the quantity of an open order, which keeps its place in the queue",
        tag="Trading",
        parameters=(SYMBOL, ORDER_ID, ORIG_CLIENT_ORDER_ID, AMENDED_ID, NEW_QUANTITY),
        security=Security.TRADE,
        weight=4,
        free_when=ends,
        example=MY_FIRST_ORDER | {"newClientOrderId": MY_FIRST_ORDER["origClientOrderId"], "newQty": "0.0009"},
    ),
    Endpoint(
        method="GET",
        path="/order/amendments",
        handler=amendments,
        summary="How the quantity of an order was lowered",
        tag="Account",
        parameters=(SYMBOL, OF_ORDER, FROM_EXECUTION, AMENDMENTS_LIMIT),
        security=Security.USER_DATA,
        weight=4,
        example={"symbol": "BTCUSDT", "orderId": "1"},
    ),
)
