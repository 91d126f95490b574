"""CCXT's structures of orders, an account's trades and balances, and how the exchange's own values fill them.

An order's `average` is rounded to the nearest 8 decimals, the one figure here that is rounded rather than truncated.
`trades`, `fee` and `fees` of an order are filled where it is asked for by itself, and empty in lists, as from CCXT.
Source: CCXT's manual, 'Order Structure', 'Trade Structure', 'Balance Structure'.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from msgspec import Struct

from hypersim.api.unified.names import order_id_of, unified
from hypersim.api.unified.numbers import Number, money, number
from hypersim.api.unified.times import iso8601, milliseconds
from hypersim.engine.market import Market
from hypersim.engine.orders import ORDER_TYPES, Order, OrderStatus, OrderType
from hypersim.units import ONE
from hypersim.views.accounts import AccountView, Balance
from hypersim.views.records import AccountTrade

Side = Literal["buy", "sell"]
Status = Literal["open", "closed", "canceled", "expired", "rejected"]

STATUSES: Final[Mapping[OrderStatus, Status]] = {
    OrderStatus.PENDING_NEW: "open",
    OrderStatus.NEW: "open",
    OrderStatus.PARTIALLY_FILLED: "open",
    OrderStatus.FILLED: "closed",
    OrderStatus.CANCELED: "canceled",
    OrderStatus.REJECTED: "rejected",
    OrderStatus.EXPIRED: "expired",
    OrderStatus.EXPIRED_IN_MATCH: "expired",
}
"""As ccxt.binance reads them; a test proves it total."""

NOTHING: Final = Balance(0, 0)
POST_ONLY: Final = "PO"
"""CCXT's time in force of an order that must not take."""


class Fee(Struct, frozen=True):
    """Taken from what was received."""

    currency: str
    cost: Number


class OwnTrade(Struct, frozen=True, rename="camel", kw_only=True):
    """One account's side of a trade. `order` is an order's id; its type is not known here."""

    id: str
    timestamp: int
    datetime: str
    symbol: str
    order: str
    type: None = None
    side: Side
    taker_or_maker: Literal["taker", "maker"]
    price: Number
    amount: Number
    cost: Number
    fee: Fee
    fees: list[Fee]


class UnifiedOrder(Struct, frozen=True, rename="camel"):
    """An order as it stands. `price` of a market order is what it paid on average."""

    id: str
    client_order_id: str
    timestamp: int
    datetime: str
    last_trade_timestamp: int | None
    """Null of an order that ended unfilled, where its trades are not listed."""
    last_update_timestamp: int
    symbol: str
    type: Literal["limit", "market"]
    time_in_force: Literal["GTC", "IOC", "FOK", "PO"]
    post_only: bool
    side: Side
    price: Number | None
    trigger_price: Number | None
    """Of a stop order; null where there is none."""
    amount: Number
    cost: Number
    average: Number | None
    filled: Number
    remaining: Number
    status: Status
    fee: Fee | None
    fees: list[Fee]
    trades: list[OwnTrade]


def own_trade_shape(trade: AccountTrade, market: Market) -> OwnTrade:
    fee = Fee(trade.fee_asset, money(trade.fee))
    return OwnTrade(
        id=str(trade.trade_id),
        timestamp=milliseconds(trade.time_us),
        datetime=iso8601(trade.time_us),
        symbol=unified(market),
        order=order_id_of(trade.symbol, trade.order_id),
        side="buy" if trade.is_buyer else "sell",
        taker_or_maker="maker" if trade.is_maker else "taker",
        price=number(trade.price),
        amount=number(trade.quantity),
        cost=money(trade.quote),
        fee=fee,
        fees=[fee],
    )


def order_shape(order: Order, market: Market, trades: Sequence[AccountTrade] = ()) -> UnifiedOrder:
    average = number(_nearest(order.executed_quote, order.executed)) if order.executed else None
    fees = _fees(trades)
    post_only = order.type is OrderType.LIMIT_MAKER
    return UnifiedOrder(
        id=order_id_of(order.symbol, order.order_id),
        client_order_id=order.client_order_id,
        timestamp=milliseconds(order.created_us),
        datetime=iso8601(order.created_us),
        last_trade_timestamp=_last_trade(order, trades),
        last_update_timestamp=milliseconds(order.updated_us),
        symbol=unified(market),
        type="limit" if ORDER_TYPES[order.type].priced else "market",
        time_in_force="PO" if post_only else order.time_in_force.value,
        post_only=post_only,
        side="buy" if order.side.value == "BUY" else "sell",
        price=number(order.limit) if order.limit else average,
        trigger_price=number(order.special.stop_price) if order.special.stop_price else None,
        amount=number(order.quantity),
        cost=money(order.executed_quote),
        average=average,
        filled=number(order.executed),
        remaining=number(order.quantity - order.executed),
        status=STATUSES[order.status],
        fee=fees[0] if len(fees) == 1 else None,
        fees=fees,
        trades=[own_trade_shape(trade, market) for trade in trades],
    )


def balance_shape(account: AccountView, assets: Iterable[str]) -> dict[str, Any]:
    """Each asset's free, used and total amount, by the asset and by the kind of amount.

    `total` is the sum of the two that are shown. `timestamp` is when a balance changed last, null while none has.
    """
    shown: dict[str, Any] = {}
    free, used, total = {}, {}, {}
    for asset in sorted(assets):
        balance = account.balances.get(asset, NOTHING)
        free[asset], used[asset] = money(balance.free), money(balance.locked)
        total[asset] = number(balance.free // ONE + balance.locked // ONE)
        shown[asset] = {"free": free[asset], "used": used[asset], "total": total[asset]}
    updated_us = account.updated_us
    return {
        **shown,
        "free": free,
        "used": used,
        "total": total,
        "timestamp": milliseconds(updated_us) if updated_us else None,
        "datetime": iso8601(updated_us) if updated_us else None,
    }


def _last_trade(order: Order, trades: Sequence[AccountTrade]) -> int | None:
    """When an order traded last: its newest trade says it, or its last change where that must have been one."""
    if trades:
        return milliseconds(trades[-1].time_us)
    by_trade = order.executed and (order.is_open or order.status is OrderStatus.FILLED)
    return milliseconds(order.updated_us) if by_trade else None


def _fees(trades: Sequence[AccountTrade]) -> list[Fee]:
    """What the trades cost in all, by currency."""
    costs: dict[str, int] = {}
    for trade in trades:
        costs[trade.fee_asset] = costs.get(trade.fee_asset, 0) + trade.fee
    return [Fee(currency, money(cost)) for currency, cost in costs.items()]


def _nearest(dividend: int, divisor: int) -> int:
    """The quotient rounded to the nearest integer, halves up."""
    return (2 * dividend + divisor) // (2 * divisor)
