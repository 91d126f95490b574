"""The shapes of Binance's answers about orders and trades. Amounts are truncated to the 8 decimals of the
wire.

Sources: rest-api.md, 'New order', 'Cancel order', 'Query order', 'Account trade list' and 'Conditional fields
in Order Responses'.
"""

from collections.abc import Sequence
from typing import Any, Final

from hypersim.api.binance.endpoints import Call
from hypersim.engine.events import Fill
from hypersim.engine.orders import Order
from hypersim.units import show, show_amount
from hypersim.views.records import AccountTrade

NO_LIST: Final = -1
"""orderListId of an order that belongs to no list."""

ZERO: Final = show(0)


def acknowledgement(order: Order, call: Call, time_us: int) -> dict[str, Any]:
    """newOrderRespType ACK."""
    return {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": NO_LIST,
        "clientOrderId": order.client_order_id,
        "transactTime": call.time(time_us),
    }


def placement(order: Order, call: Call, time_us: int) -> dict[str, Any]:
    """newOrderRespType RESULT."""
    return {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": NO_LIST,
        "clientOrderId": order.client_order_id,
        "transactTime": call.time(time_us),
        "price": show(order.price),
        "origQty": show(order.quantity),
        "executedQty": show(order.executed),
        "origQuoteOrderQty": show(order.quote_quantity),
        "cummulativeQuoteQty": show_amount(order.executed_quote),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.side,
        "workingTime": call.time(order.working_us),
        "selfTradePreventionMode": order.self_trade_prevention,
        **_conditional(order),
    }


def full_placement(order: Order, fills: Sequence[Fill], call: Call, time_us: int) -> dict[str, Any]:
    """newOrderRespType FULL."""
    shown = placement(order, call, time_us)
    shown["fills"] = [
        {
            "price": show(fill.price),
            "qty": show(fill.quantity),
            "commission": show_amount(fill.fee),
            "commissionAsset": fill.fee_asset,
            "tradeId": fill.trade_id,
        }
        for fill in fills
    ]
    return shown


def cancellation(order: Order, cancel_id: str, call: Call, time_us: int) -> dict[str, Any]:
    """What cancelling an order answers; clientOrderId is the cancel's own."""
    return {
        "symbol": order.symbol,
        "origClientOrderId": order.client_order_id,
        "orderId": order.order_id,
        "orderListId": NO_LIST,
        "clientOrderId": cancel_id,
        "transactTime": call.time(time_us),
        "price": show(order.price),
        "origQty": show(order.quantity),
        "executedQty": show(order.executed),
        "origQuoteOrderQty": show(order.quote_quantity),
        "cummulativeQuoteQty": show_amount(order.executed_quote),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.side,
        "selfTradePreventionMode": order.self_trade_prevention,
        **_conditional(order),
    }


def queried(order: Order, call: Call) -> dict[str, Any]:
    """An order as queries show it: stopPrice and icebergQty are always there."""
    return {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": NO_LIST,
        "clientOrderId": order.client_order_id,
        "price": show(order.price),
        "origQty": show(order.quantity),
        "executedQty": show(order.executed),
        "cummulativeQuoteQty": show_amount(order.executed_quote),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.side,
        "stopPrice": ZERO,
        "icebergQty": ZERO,
        "time": call.time(order.created_us),
        "updateTime": call.time(order.updated_us),
        "isWorking": True,
        "workingTime": call.time(order.working_us),
        "origQuoteOrderQty": show(order.quote_quantity),
        "selfTradePreventionMode": order.self_trade_prevention,
        **_conditional(order),
    }


def account_trade(trade: AccountTrade, call: Call) -> dict[str, Any]:
    """One row of myTrades."""
    return {
        "symbol": trade.symbol,
        "id": trade.trade_id,
        "orderId": trade.order_id,
        "orderListId": NO_LIST,
        "price": show(trade.price),
        "qty": show(trade.quantity),
        "quoteQty": show_amount(trade.quote),
        "commission": show_amount(trade.fee),
        "commissionAsset": trade.fee_asset,
        "time": call.time(trade.time_us),
        "isBuyer": trade.is_buyer,
        "isMaker": trade.is_maker,
        "isBestMatch": True,
    }


def _conditional(order: Order) -> dict[str, Any]:
    """The keys that are there only when they say something."""
    shown: dict[str, Any] = {}
    if order.strategy_id is not None:
        shown["strategyId"] = order.strategy_id
    if order.strategy_type is not None:
        shown["strategyType"] = order.strategy_type
    if order.prevented:
        shown["preventedQuantity"] = show(order.prevented)
    if order.expiry_reason is not None:
        shown["expiryReason"] = order.expiry_reason
    return shown
