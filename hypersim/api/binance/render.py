"""The shapes of Binance's answers about orders and trades. Amounts are truncated to the 8 decimals of the
wire.

Sources: rest-api.md, 'New order', 'Cancel order', 'Query order', 'Account trade list' and 'Conditional fields
in Order Responses'. Members of an enum are told by their values, which take less time to encode
(benchmarks/orders.py).
"""

from collections.abc import Sequence
from typing import Any, Final

from hypersim.api.binance.endpoints import Call
from hypersim.engine.events import Fill, MatchPrevented
from hypersim.engine.lists import ListKind
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
    return _placement(order, call, time_us, None)


def _placement(
    order: Order, call: Call, time_us: int, filled: dict[str, Any] | None, *, names_match: bool = True
) -> dict[str, Any]:
    terms = order.terms
    shown: dict[str, Any] = {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": list_id(order),
        "clientOrderId": order.client_order_id,
        "transactTime": call.time(time_us),
        "price": show(order.price),
    }
    if terms is not None:
        shown |= _pegged(terms)
    if order.quantity:  # a pending order has none while another is yet to pay for it ('New Order List - OPO')
        shown["origQty"] = show(order.quantity)
    shown["executedQty"] = show(order.executed)
    shown["origQuoteOrderQty"] = show(order.quote_quantity)
    shown["cummulativeQuoteQty"] = show_amount(order.executed_quote)
    shown["status"] = order.status._value_
    shown["timeInForce"] = order.time_in_force._value_
    shown["type"] = order.type._value_
    shown["side"] = order.side._value_
    if terms is not None:
        shown |= _stop_price(order)
        shown |= _trailing(terms, call)
    shown["workingTime"] = working_time(order, call)
    if terms is not None:
        shown |= _iceberg(terms)
    if filled is not None:
        shown |= filled
    shown["selfTradePreventionMode"] = order.self_trade_prevention._value_
    shown |= _conditional(order, names_match=names_match)
    return shown


def full_placement(
    order: Order, fills: Sequence[Fill], prevented: Sequence[MatchPrevented], call: Call, time_us: int
) -> dict[str, Any]:
    """newOrderRespType FULL."""
    filled: dict[str, Any] = {
        "fills": [
            {
                "price": show(fill.price),
                "qty": show(fill.quantity),
                "commission": show_amount(fill.fee),
                "commissionAsset": fill.fee_asset,
                "tradeId": fill.trade_id,
            }
            for fill in fills
        ]
    }
    if prevented:
        filled["preventedMatches"] = [
            {
                "preventedMatchId": match.prevented_match_id,
                "makerSymbol": match.symbol,
                "makerOrderId": match.maker_order_id,
                "price": show(match.price),
                **prevented_quantities(match.taker_prevented, match.maker_prevented),
            }
            for match in prevented
        ]
    return _placement(order, call, time_us, filled, names_match=False)


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
        **_pegged(order.terms),
        "origQty": show(order.quantity),
        "executedQty": show(order.executed),
        "origQuoteOrderQty": show(order.quote_quantity),
        "cummulativeQuoteQty": show_amount(order.executed_quote),
        "status": order.status._value_,
        "timeInForce": order.time_in_force._value_,
        "type": order.type._value_,
        "side": order.side._value_,
        **_stop_price(order),
        **_trailing(order.terms, call),
        **_iceberg(order.terms),
        "selfTradePreventionMode": order.self_trade_prevention._value_,
        **_conditional(order),
    }


def queried(order: Order, call: Call) -> dict[str, Any]:
    """An order as queries show it: stopPrice and icebergQty are always there."""
    terms = order.terms
    shown: dict[str, Any] = {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": list_id(order),
        "clientOrderId": order.client_order_id,
        "price": show(order.price),
    }
    if terms is not None:
        shown |= _pegged(terms)
    shown["origQty"] = show(order.quantity)
    shown["executedQty"] = show(order.executed)
    shown["cummulativeQuoteQty"] = show_amount(order.executed_quote)
    shown["status"] = order.status._value_
    shown["timeInForce"] = order.time_in_force._value_
    shown["type"] = order.type._value_
    shown["side"] = order.side._value_
    shown["stopPrice"] = show(order.special.stop_price)
    shown["icebergQty"] = show(order.special.iceberg)
    if terms is not None:
        shown |= _trailing(terms, call)
    shown["time"] = call.time(order.created_us)
    shown["updateTime"] = call.time(order.updated_us)
    shown["isWorking"] = bool(order.working_us)
    shown["workingTime"] = working_time(order, call)
    shown["origQuoteOrderQty"] = show(order.quote_quantity)
    shown["selfTradePreventionMode"] = order.self_trade_prevention._value_
    shown |= _conditional(order)
    return shown


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
        **_pegged(order.terms),
        "qty": show(order.quantity),
        "executedQty": show(order.executed),
        "preventedQty": show(order.prevented),
        "quoteOrderQty": show(order.quote_quantity),
        "cumulativeQuoteQty": show_amount(order.executed_quote),
        "status": order.status._value_,
        "timeInForce": order.time_in_force._value_,
        "type": order.type._value_,
        "side": order.side._value_,
        **_stop_price(order),
        **_trailing(order.terms, call),
        **({"workingTime": call.time(order.working_us)} if order.working_us else {}),
        **_iceberg(order.terms),
        "selfTradePreventionMode": order.self_trade_prevention._value_,
        **_conditional(order),
    }


def list_id(order: Order) -> int:
    """orderListId."""
    return order.terms.list_id or NO_LIST if order.terms is not None else NO_LIST


def contingency_type(kind: ListKind) -> str:
    """contingencyType, which does not say how many orders are pending, and who pays for them."""
    return "OCO" if kind is ListKind.OCO else "OTO"


def working_time(order: Order, call: Call) -> int:
    """When it reached the book; -1 while it waits."""
    return call.time(order.working_us) if order.working_us else NEVER


NEVER: Final = -1
NOTHING: Final[dict[str, Any]] = {}


# What is there only where it says something ('Conditional fields in Order Responses'), each where the samples have it.


def _pegged(terms: Terms | None) -> dict[str, Any]:
    if terms is None or terms.peg is None:
        return {}
    shown: dict[str, Any] = {"pegPriceType": terms.peg.price_type}
    if terms.peg.offset is not None:
        shown |= {"pegOffsetType": "PRICE_LEVEL", "pegOffsetValue": terms.peg.offset}
    if terms.pegged_price:
        shown["peggedPrice"] = show(terms.pegged_price)
    return shown


def _stop_price(order: Order) -> dict[str, str]:
    terms = order.terms  # without any it is no stop
    return {} if terms is None or ORDER_TYPES[order.type].stop is None else {"stopPrice": show(terms.stop_price)}


def _trailing(terms: Terms | None, call: Call) -> dict[str, int]:
    if terms is None or not terms.trailing_delta:
        return {}
    since = call.time(terms.trailing_us) if terms.trailing_us else NEVER
    return {"trailingDelta": terms.trailing_delta, "trailingTime": since}


def _iceberg(terms: Terms | None) -> dict[str, str]:
    return {"icebergQty": show(terms.iceberg)} if terms is not None and terms.iceberg else {}


def _conditional(order: Order, *, names_match: bool = True) -> dict[str, Any]:
    """What comes last; `names_match`: preventedMatchId, too, where the matches themselves are not shown."""
    strategic = order.strategy_id is not None or order.strategy_type is not None
    if not (strategic or order.prevented or order.expiry_reason is not None):
        return NOTHING  # nearly always
    shown: dict[str, Any] = {}
    if order.strategy_id is not None:
        shown["strategyId"] = order.strategy_id
    if order.strategy_type is not None:
        shown["strategyType"] = order.strategy_type
    if order.prevented:
        if names_match and order.special.prevented_match_id is not None:
            shown["preventedMatchId"] = order.special.prevented_match_id
        shown["preventedQuantity"] = show(order.prevented)
    if order.expiry_reason is not None:
        shown["expiryReason"] = order.expiry_reason
    return shown
