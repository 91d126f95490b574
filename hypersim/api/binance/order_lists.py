"""Order lists: placing, cancelling and looking them up.

Source: rest-api.md, 'Order lists'.
"""

from collections.abc import Callable
from typing import Any, Final

from hypersim.api.binance import list_orders
from hypersim.api.binance.endpoints import Call, Endpoint, Parameter, Security, optional
from hypersim.api.binance.list_examples import EXAMPLES, MY_FIRST_LIST
from hypersim.api.binance.list_orders import LIST_CLIENT_ORDER_ID, LIST_RESPONSE_TYPE
from hypersim.api.binance.parameters import (
    CLIENT_ORDER_ID_TEXT,
    END_TIME,
    FROM_ID,
    START_TIME,
    SYMBOL,
    Integer,
    check_window,
    limit,
)
from hypersim.api.binance.placed import placed_orders, told
from hypersim.api.binance.render import cancellation, contingency_type
from hypersim.api.clientids import new_client_order_id
from hypersim.ask import Outcome
from hypersim.engine.commands import CancelList, PlaceList, PlaceOrder
from hypersim.engine.events import Change, ListChanged, OrderChanged
from hypersim.engine.lists import ListKind, OrderList, Phase
from hypersim.engine.market import Market
from hypersim.errors import Reason, Refused
from hypersim.world import World

LIST_ID: Final = optional("orderListId", Integer())
LIST_OF_CLIENT_ID: Final = optional("listClientOrderId", CLIENT_ORDER_ID_TEXT)
ORIG_LIST_ID: Final = optional("origClientOrderId", CLIENT_ORDER_ID_TEXT, description="its listClientOrderId")
CANCEL_ID: Final = optional("newClientOrderId", CLIENT_ORDER_ID_TEXT, description="names the cancel itself")
LISTS_LIMIT: Final = limit(500, 1000)

Read = Callable[[Call, Market], tuple[PlaceOrder, ...]]


async def place(world: World, call: Call, kind: ListKind, read: Read) -> dict[str, Any]:
    market = world.market(call[SYMBOL]).market
    command = PlaceList(
        account_id=call.account_id,
        symbol=market.symbol,
        kind=kind,
        client_list_id=call[LIST_CLIENT_ORDER_ID] or new_client_order_id(),
        orders=read(call, market),
    )
    outcome = await world.ask(command, deadline_us=call.deadline_us)
    begun = next(event.order_list for event in outcome.events if isinstance(event, ListChanged))
    response = call[LIST_RESPONSE_TYPE]
    reports = [told(placed, call, outcome.time_us, response) for placed in placed_orders(outcome.events)]
    return show_list(begun, call, begun=True, time_us=outcome.time_us) | {"orderReports": reports}


async def cancel_list(world: World, call: Call) -> dict[str, Any]:
    if LIST_ID not in call and LIST_OF_CLIENT_ID not in call:
        raise Refused(Reason.PARAMETERS_BOTH_MISSING, LIST_ID.name, LIST_OF_CLIENT_ID.name)
    command = CancelList(
        account_id=call.account_id,
        symbol=world.market(call[SYMBOL]).market.symbol,
        list_id=call[LIST_ID],
        client_list_id=call[LIST_OF_CLIENT_ID],
        cancel_id=call[CANCEL_ID] or new_client_order_id(),
    )
    outcome = await world.ask(command, deadline_us=call.deadline_us)
    [cancelled] = cancellations(outcome, command.cancel_id, call)
    return cancelled


def cancellations(outcome: Outcome, cancel_id: str, call: Call) -> list[dict[str, Any]]:
    """What a cancel answers: each order, or each list with its orders, where the first of them was."""
    lists = {event.order_list.list_id: event.order_list for event in outcome.events if isinstance(event, ListChanged)}
    shown: list[dict[str, Any]] = []
    reports: dict[int, list[dict[str, Any]]] = {}
    for event in outcome.events:
        if not isinstance(event, OrderChanged) or event.change is not Change.CANCELED:
            continue
        report = cancellation(event.order, cancel_id, call, outcome.time_us)
        order_list = lists.get(event.order.special.list_id)
        if order_list is None:
            shown.append(report)
            continue
        if order_list.list_id not in reports:
            reports[order_list.list_id] = []
            whole = show_list(order_list, call, time_us=outcome.time_us)
            shown.append(whole | {"orderReports": reports[order_list.list_id]})
        reports[order_list.list_id].append(report)
    return shown


async def query_list(world: World, call: Call) -> dict[str, Any]:
    list_id, client_list_id = call[LIST_ID], call[ORIG_LIST_ID]
    if list_id is None and client_list_id is None:
        raise Refused(Reason.PARAMETERS_BOTH_MISSING, ORIG_LIST_ID.name, LIST_ID.name)
    found = await world.history.order_list(call.account_id, list_id=list_id, client_list_id=client_list_id)
    if found is None:
        raise Refused(Reason.ORDER_LIST_NOT_FOUND)
    return show_list(found, call)


async def all_lists(world: World, call: Call) -> list[dict[str, Any]]:
    if FROM_ID in call and (START_TIME in call or END_TIME in call):
        raise Refused(Reason.BAD_COMBINATION)
    check_window(call)
    found = await world.history.order_lists(
        call.account_id,
        from_id=call[FROM_ID],
        start_us=call[START_TIME],
        end_us=call[END_TIME],
        limit=call[LISTS_LIMIT],
    )
    return [show_list(each, call) for each in found]


async def open_lists(world: World, call: Call) -> list[dict[str, Any]]:
    return [show_list(each, call) for each in world.accounts.open_lists(call.account_id)]


def show_list(order_list: OrderList, call: Call, *, begun: bool = False, time_us: int | None = None) -> dict[str, Any]:
    """A list without its orders' reports; `begun`: as it was placed, whatever became of it at once."""
    done = order_list.phase is Phase.DONE and not begun
    return {
        "orderListId": order_list.list_id,
        "contingencyType": contingency_type(order_list.kind),
        "listStatusType": "ALL_DONE" if done else "EXEC_STARTED",
        "listOrderStatus": "ALL_DONE" if done else "EXECUTING",
        "listClientOrderId": order_list.client_list_id,
        "transactionTime": call.time(order_list.updated_us if time_us is None else time_us),
        "symbol": order_list.symbol,
        "orders": [
            {"symbol": order_list.symbol, "orderId": order_id, "clientOrderId": client_order_id}
            for order_id, client_order_id in order_list.orders
        ],
    }


def _placing(
    path: str, kind: ListKind, read: Read, orders: int, summary: str, parameters: tuple[Parameter[Any], ...]
) -> Endpoint:
    async def handler(world: World, call: Call) -> dict[str, Any]:
        return await place(world, call, kind, read)

    return Endpoint(
        method="POST",
        path=path,
        handler=handler,
        summary=summary,
        tag="Order lists",
        parameters=parameters,
        security=Security.TRADE,
        free_when_done=True,
        orders=orders,
        example=EXAMPLES[path],
    )


ENDPOINTS: Final = (
    _placing(
        "/orderList/oco",
        ListKind.OCO,
        list_orders.oco,
        2,
        "Place two orders of which one cancels the other",
        list_orders.OCO,
    ),
    _placing(
        "/orderList/oto",
        ListKind.OTO,
        list_orders.oto,
        2,
        "Place an order that sets another free when it is filled",
        list_orders.OTO,
    ),
    _placing(
        "/orderList/otoco",
        ListKind.OTOCO,
        list_orders.otoco,
        3,
        "Place an order that sets two others free, of which one cancels the other",
        list_orders.OTOCO,
    ),
    _placing(
        "/orderList/opo",
        ListKind.OPO,
        list_orders.opo,
        2,
        "Place an order to buy, and one to sell what it brings",
        list_orders.OPO,
    ),
    _placing(
        "/orderList/opoco",
        ListKind.OPOCO,
        list_orders.opoco,
        3,
        "Place an order to buy, and two to sell what it brings, of which one cancels the other",
        list_orders.OPOCO,
    ),
    _placing(
        "/order/oco",
        ListKind.OCO,
        list_orders.old_oco,
        2,
        "Place an OCO, as it was done before orderList/oco",
        list_orders.OLD_OCO,
    ),
    Endpoint(
        method="DELETE",
        path="/orderList",
        handler=cancel_list,
        summary="Cancel an order list with all its orders",
        tag="Order lists",
        parameters=(SYMBOL, LIST_ID, LIST_OF_CLIENT_ID, CANCEL_ID),
        security=Security.TRADE,
        free_when_done=True,
        example={"symbol": "BTCUSDT", "listClientOrderId": MY_FIRST_LIST},
    ),
    Endpoint(
        method="GET",
        path="/orderList",
        handler=query_list,
        summary="One order list, open or done",
        tag="Order lists",
        parameters=(LIST_ID, ORIG_LIST_ID),
        security=Security.USER_DATA,
        weight=4,
        example={"origClientOrderId": MY_FIRST_LIST},
    ),
    Endpoint(
        method="GET",
        path="/allOrderList",
        handler=all_lists,
        summary="Your order lists, open and done",
        tag="Order lists",
        parameters=(FROM_ID, START_TIME, END_TIME, LISTS_LIMIT),
        security=Security.USER_DATA,
        weight=20,
    ),
    Endpoint(
        method="GET",
        path="/openOrderList",
        handler=open_lists,
        summary="Your open order lists",
        tag="Order lists",
        security=Security.USER_DATA,
        weight=6,
    ),
)
