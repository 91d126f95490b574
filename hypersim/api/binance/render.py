"""The shapes of Binance's answers about orders and trades. Amounts are truncated to the 8 decimals of the
wire.

Sources: rest-api.md, 'New order', 'Cancel order', 'Query order', 'Account trade list' and 'Conditional fields
in Order Responses'.
"""

from collections.abc import Sequence
from typing import Any, Final

from hypersim.api.binance.endpoints import Call
from hypersim.engine.events import Fill, MatchPrevented
from hypersim.engine.orders import ORDER_TYPES, Order, Terms
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
        "orderListId": list_id(order),
        "clientOrderId": order.client_order_id,
        "transactTime": call.time(time_us),
    }


def placement(order: Order, call: Call, time_us: int) -> dict[str, Any]:
    """newOrderRespType RESULT."""
    return {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": list_id(order),
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
        "workingTime": working_time(order, call),
        "selfTradePreventionMode": order.self_trade_prevention,
        **_conditional(order, call),
    }


def full_placement(
    order: Order, fills: Sequence[Fill], prevented: Sequence[MatchPrevented], call: Call, time_us: int
) -> dict[str, Any]:
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
    if prevented:
        shown["preventedMatches"] = [
            {
                "preventedMatchId": match.prevented_match_id,
                "makerOrderId": match.maker_order_id,
                "price": show(match.price),
                **prevented_quantities(match.taker_prevented, match.maker_prevented),
            }
            for match in prevented
        ]
    return shown


def prevented_quantities(taker: int, maker: int) -> dict[str, str]:
    """What a prevented match took out of either order, where it took something."""
    named = {"takerPreventedQuantity": taker, "makerPreventedQuantity": maker}
    return {name: show(quantity) for name, quantity in named.items() if quantity}


def cancellation(order: Order, cancel_id: str, call: Call, time_us: int) -> dict[str, Any]:
    """What cancelling an order answers; clientOrderId is the cancel's own."""
    return {
        "symbol": order.symbol,
        "origClientOrderId": order.client_order_id,
        "orderId": order.order_id,
        "orderListId": list_id(order),
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
        **_conditional(order, call),
    }


def queried(order: Order, call: Call) -> dict[str, Any]:
    """An order as queries show it: stopPrice and icebergQty are always there."""
    return {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": list_id(order),
        "clientOrderId": order.client_order_id,
        "price": show(order.price),
        "origQty": show(order.quantity),
        "executedQty": show(order.executed),
        "cummulativeQuoteQty": show_amount(order.executed_quote),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.side,
        "stopPrice": show(order.special.stop_price),
        "icebergQty": show(order.special.iceberg),
        "time": call.time(order.created_us),
        "updateTime": call.time(order.updated_us),
        "isWorking": bool(order.working_us),
        "workingTime": working_time(order, call),
        "origQuoteOrderQty": show(order.quote_quantity),
        "selfTradePreventionMode": order.self_trade_prevention,
        **{name: value for name, value in _conditional(order, call).items() if name not in ALWAYS_QUERIED},
    }


def account_trade(trade: AccountTrade, call: Call) -> dict[str, Any]:
    """One row of myTrades."""
    return {
        "symbol": trade.symbol,
        "id": trade.trade_id,
        "orderId": trade.order_id,
        "orderListId": trade.list_id or NO_LIST,
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


def amended_order(order: Order, before: str, call: Call) -> dict[str, Any]:
    """An order as its amendment shows it, under names of its own; `before` is the client order id that it had."""
    return {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": list_id(order),
        "origClientOrderId": before,
        "clientOrderId": order.client_order_id,
        "price": show(order.price),
        "qty": show(order.quantity),
        "executedQty": show(order.executed),
        "preventedQty": show(order.prevented),
        "quoteOrderQty": show(order.quote_quantity),
        "cumulativeQuoteQty": show_amount(order.executed_quote),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.side,
        **({"workingTime": call.time(order.working_us)} if order.working_us else {}),
        "selfTradePreventionMode": order.self_trade_prevention,
        **_conditional(order, call),
    }


def list_id(order: Order) -> int:
    """orderListId."""
    return order.terms.list_id or NO_LIST if order.terms is not None else NO_LIST


def working_time(order: Order, call: Call) -> int:
    """When it reached the book; -1 while it waits."""
    return call.time(order.working_us) if order.working_us else NEVER


NEVER: Final = -1
ALWAYS_QUERIED: Final = frozenset({"stopPrice", "icebergQty"})
"""What queries show of every order."""


def _conditional(order: Order, call: Call) -> dict[str, Any]:
    """The keys that are there only when they say something."""
    shown = _of_terms(order, order.terms, call) if order.terms is not None else {}
    if order.strategy_id is not None:
        shown["strategyId"] = order.strategy_id
    if order.strategy_type is not None:
        shown["strategyType"] = order.strategy_type
    if order.prevented:
        shown["preventedQuantity"] = show(order.prevented)
    if order.expiry_reason is not None:
        shown["expiryReason"] = order.expiry_reason
    return shown


def _of_terms(order: Order, terms: Terms, call: Call) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if ORDER_TYPES[order.type].stop is not None:
        shown["stopPrice"] = show(terms.stop_price)
    if terms.trailing_delta:
        shown["trailingDelta"] = terms.trailing_delta
        shown["trailingTime"] = call.time(terms.trailing_us) if terms.trailing_us else NEVER
    if terms.iceberg:
        shown["icebergQty"] = show(terms.iceberg)
    if terms.prevented_match_id is not None:
        shown["preventedMatchId"] = terms.prevented_match_id
    if terms.peg is not None:
        shown["pegPriceType"] = terms.peg.price_type
        if terms.peg.offset is not None:
            shown["pegOffsetType"] = "PRICE_LEVEL"
            shown["pegOffsetValue"] = terms.peg.offset
        if terms.pegged_price:
            shown["peggedPrice"] = show(terms.pegged_price)
    return shown
