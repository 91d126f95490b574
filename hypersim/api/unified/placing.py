"""The body of POST /order as a command: what a type needs and refuses, and the bounds that a market sets.

A limit order has `amount` and `price`; `timeInForce` is GTC unless it says another, and PO means the same as
`postOnly`. A market order has `amount`, or `cost`, which is quote currency to spend or to receive.
"""

from collections.abc import Callable, Mapping
from typing import Final, NoReturn

from hypersim.api.clientids import new_client_order_id
from hypersim.api.unified.account_shapes import POST_ONLY
from hypersim.api.unified.arguments import NewOrder, was_sent
from hypersim.api.unified.numbers import plain, read
from hypersim.engine.commands import PlaceOrder
from hypersim.engine.market import Market
from hypersim.engine.orders import OrderType, Side, TimeInForce
from hypersim.errors import Reason, Refused
from hypersim.units import show


def order_command(sent: NewOrder, market: Market, account_id: int) -> PlaceOrder:
    """The command that a body asks for. Raises Refused INVALID_FIELD, naming the field."""
    shape = _market_order if sent.type == "market" else _limit_order
    order_type, time_in_force = shape(sent)
    amount, price, cost = (
        read(field, token, precision) if was_sent(token) else 0
        for field, token, precision in (
            ("amount", sent.amount, market.base_precision),
            ("price", sent.price, market.quote_precision),
            ("cost", sent.cost, market.quote_precision),
        )
    )
    return PlaceOrder(
        account_id=account_id,
        symbol=market.symbol,
        side=Side.BUY if sent.side == "buy" else Side.SELL,
        type=order_type,
        time_in_force=time_in_force,
        client_order_id=sent.client_order_id or new_client_order_id(),
        quantity=amount,
        quote_quantity=cost,
        price=price,
    )


def _market_order(sent: NewOrder) -> tuple[OrderType, TimeInForce]:
    if was_sent(sent.price):
        _refuse("price", "no price for a market order")
    if sent.time_in_force is not None:
        _refuse("timeInForce", "no time in force for a market order")
    if sent.post_only:
        _refuse("postOnly", "false, or nothing: a market order takes")
    if was_sent(sent.amount) == was_sent(sent.cost):
        _refuse("amount", "either amount or cost for a market order")
    return OrderType.MARKET, TimeInForce.GTC


def _limit_order(sent: NewOrder) -> tuple[OrderType, TimeInForce]:
    if was_sent(sent.cost):
        _refuse("cost", "no cost for a limit order")
    if not was_sent(sent.amount):
        _refuse("amount", "an amount for a limit order")
    if not was_sent(sent.price):
        _refuse("price", "a price for a limit order")
    if sent.time_in_force != POST_ONLY and not sent.post_only:
        return OrderType.LIMIT, TimeInForce(sent.time_in_force or TimeInForce.GTC)
    if sent.time_in_force not in (None, POST_ONLY, TimeInForce.GTC):
        _refuse("timeInForce", "PO, GTC or nothing for a postOnly order")
    if sent.time_in_force == POST_ONLY and sent.post_only is False:
        _refuse("postOnly", "true, or nothing, where timeInForce is PO")
    return OrderType.LIMIT_MAKER, TimeInForce.GTC


def _refuse(field: str, expected: str) -> NoReturn:
    raise Refused(Reason.INVALID_FIELD, field, expected)


def _grid(least: int, most: int, step: int) -> str:
    """A range and its step as text: 'from 0.00001 to 9000 in steps of 0.00001'."""
    bounds = f"from {_shown(least)}" + (f" to {_shown(most)}" if most else "")
    return f"{bounds} in steps of {_shown(step)}" if step else bounds


def _distance(market: Market) -> str:
    """How far from the average a price may be."""
    bid = f"{_shown(market.bid_multiplier_down)} to {_shown(market.bid_multiplier_up)}"
    ask = f"{_shown(market.ask_multiplier_down)} to {_shown(market.ask_multiplier_up)}"
    return f"{bid} times the average price of {market.average_price_minutes} minutes to buy, {ask} times to sell"


def _shown(value: int) -> str:
    return plain(show(value))


BOUNDS: Final[Mapping[Reason, Callable[[Market], tuple[str, str]]]] = {
    Reason.FILTER_PRICE: lambda market: ("price", _grid(market.min_price, market.max_price, market.tick_size)),
    Reason.FILTER_PERCENT_PRICE_BY_SIDE: lambda market: ("price", _distance(market)),
    Reason.FILTER_PERCENT_PRICE: lambda market: ("price", _distance(market)),
    Reason.FILTER_LOT_SIZE: lambda market: (
        "amount",
        _grid(market.min_quantity, market.max_quantity, market.step_size),
    ),
    Reason.FILTER_MARKET_LOT_SIZE: lambda market: (
        "amount",
        _grid(market.market_min_quantity, market.market_max_quantity, market.market_step_size),
    ),
    Reason.FILTER_NOTIONAL: lambda market: (
        "amount",
        f"price x amount {_grid(market.min_notional, market.max_notional, 0)} {market.quote}",
    ),
    Reason.FILTER_MIN_NOTIONAL: lambda market: (
        "amount",
        f"price x amount {_grid(market.min_notional, 0, 0)} {market.quote}",
    ),
    Reason.FILTER_MAX_POSITION: lambda market: (
        "amount",
        f"at most {show(market.max_position)} {market.base} in all, with what is on order",
    ),
    Reason.FILTER_MAX_NUM_ORDERS: lambda market: ("symbol", f"at most {market.max_num_orders} open orders"),
    Reason.DUPLICATE_ORDER: lambda market: ("clientOrderId", "a name that no open order of yours has"),
}
"""What the market wanted, of the refusals that its rules lead to: the field, and what is expected there."""
