"""Placing and cancelling: each a list of guards, then one mutation. The order of the guards is the specification."""

from typing import Final

from hypersim.engine.commands import CancelAll, CancelOrder, PlaceOrder
from hypersim.engine.filters import check_notional, check_price, check_quantity, check_settled_quantity
from hypersim.engine.ledger import Ledger
from hypersim.engine.market import MarketStatus
from hypersim.engine.matching import Plan, plan_fills
from hypersim.engine.orders import (
    ORDER_TYPES,
    SELL,
    CancelRestriction,
    ExpiryReason,
    Order,
    OrderStatus,
    OrderType,
    SelfTradePrevention,
    TimeInForce,
)
from hypersim.engine.outside import Outside
from hypersim.engine.venue import Venue
from hypersim.errors import Reason, Refused
from hypersim.units import show_amount, to_amount

TRADING: Final = MarketStatus.TRADING
MARKET: Final = OrderType.MARKET
FOK: Final = TimeInForce.FOK
IOC: Final = TimeInForce.IOC


def check_order(venue: Venue, command: PlaceOrder, time_us: int) -> SelfTradePrevention:
    """The guards that need neither funds nor the book; returns the self-trade prevention mode in force."""
    market = venue.market
    if market.status is not TRADING:
        raise Refused(Reason.MARKET_CLOSED)
    rule = ORDER_TYPES[command.type]
    if command.type not in market.order_types:
        raise Refused(Reason.ORDER_TYPE_NOT_SUPPORTED, rule.label)
    prevention = command.self_trade_prevention or market.default_self_trade_prevention
    if prevention not in market.allowed_self_trade_prevention:
        raise Refused(Reason.STP_MODE_NOT_ALLOWED)
    if (command.quantity or command.quote_quantity) <= 0:
        raise Refused(Reason.BAD_QUANTITY)
    reference_price = venue.reference_price(time_us)
    if rule.priced:
        if command.price <= 0:
            raise Refused(Reason.BAD_PRICE)
        check_price(market, command.side, command.price, reference_price)
    if command.quantity:
        check_quantity(market, command.type, command.quantity)
    price = command.price if rule.priced else reference_price
    if command.quote_quantity:
        check_notional(market, command.type, to_amount(command.quote_quantity))
    elif price is not None:
        check_notional(market, command.type, price * command.quantity)
    if market.max_num_orders and len(venue.open_orders(command.account_id)) >= market.max_num_orders:
        raise Refused(Reason.FILTER_MAX_NUM_ORDERS)
    return prevention


def place_order(venue: Venue, outside: Outside, ledger: Ledger, command: PlaceOrder, time_us: int) -> None:
    """Accepts an order, fills what crosses, and rests or expires what is left."""
    market, rule = venue.market, ORDER_TYPES[command.type]
    prevention = check_order(venue, command, time_us)
    if command.client_order_id in venue.open_orders(command.account_id):
        raise Refused(Reason.DUPLICATE_ORDER)
    plan = plan_fills(
        venue.book.resting(command.side.opposite),
        limit=command.price if rule.priced else None,
        quantity=command.quantity,
        budget=to_amount(command.quote_quantity),
        step=market.step_size or 1,
        orders=venue.orders,
        account_id=command.account_id,
        prevention=prevention,
    )
    quantity = plan.wanted
    if command.quote_quantity:
        if plan.filled < max(market.min_quantity, 1):
            raise Refused(Reason.LIQUIDITY_BELOW_LOT_SIZE)
        check_settled_quantity(market, quantity)
        if plan.filled < market.market_min_quantity:
            raise Refused(Reason.LIQUIDITY_BELOW_MARKET_LOT_SIZE)
    if command.side is SELL:
        required = to_amount(quantity)
    else:
        required = command.price * quantity if rule.priced else plan.cost
    paid_asset = venue.paid_asset(command.side)
    available = ledger.free(command.account_id, paid_asset)
    if required > available:
        raise Refused(Reason.INSUFFICIENT_BALANCE, paid_asset, show_amount(available), show_amount(required))
    if rule.maker_only and venue.book.resting(command.side.opposite).reaches(command.price):
        raise Refused(Reason.WOULD_MATCH_IMMEDIATELY)

    order = Order(
        symbol=market.symbol,
        order_id=venue.next_order_id,
        account_id=command.account_id,
        client_order_id=command.client_order_id,
        side=command.side,
        type=command.type,
        time_in_force=command.time_in_force,
        price=command.price,
        quantity=quantity,
        quote_quantity=command.quote_quantity,
        self_trade_prevention=prevention,
        strategy_id=command.strategy_id,
        strategy_type=command.strategy_type,
        created_us=time_us,
        updated_us=time_us,
        working_us=time_us,
    )
    venue.accept(order)
    venue.hold(order, required)
    if command.time_in_force is FOK and plan.filled < quantity:
        reason = ExpiryReason.UNFILLED_FOK_ORDER_EXPIRED
        venue.end(order, OrderStatus.EXPIRED, time_us, resting=False, expiry_reason=reason)
        return
    _execute(venue, outside, order, plan, time_us)


def _execute(venue: Venue, outside: Outside, order: Order, plan: Plan, time_us: int) -> None:
    """Carries a plan out, then rests, expires or prevents what is left of the order."""
    for order_id in plan.expired:
        venue.end(venue.orders[order_id], OrderStatus.EXPIRED_IN_MATCH, time_us, resting=True)
    resting = venue.book.resting(order.side.opposite)
    venue.begin_taker()
    taker: Order | None = order
    for match in plan.matches:
        resting.remove(match.price, match.key, match.quantity)
        maker = venue.orders[match.key] if match.key > 0 else None
        if maker is None:
            outside.take(order.side.opposite, match.price, match.quantity, time_us)
        taker = venue.trade(order.side, match.price, match.quantity, taker=taker, maker=maker, time_us=time_us)
    assert taker is not None
    if not taker.is_open:
        return
    if plan.stopped:
        venue.end(taker, OrderStatus.EXPIRED_IN_MATCH, time_us, resting=False)
    elif taker.type is MARKET:
        reason = ExpiryReason.INSUFFICIENT_LIQUIDITY
        venue.end(taker, OrderStatus.EXPIRED, time_us, resting=False, expiry_reason=reason)
    elif taker.time_in_force is IOC:
        reason = ExpiryReason.UNFILLED_IOC_QUANTITY_EXPIRED
        venue.end(taker, OrderStatus.EXPIRED, time_us, resting=False, expiry_reason=reason)
    else:
        venue.rest(taker)


def cancel_order(venue: Venue, command: CancelOrder, time_us: int) -> None:
    """Cancels one open order of the account; a closed, foreign or unknown one is the same to whoever asks."""
    mine = venue.open_orders(command.account_id)
    order_id = command.order_id
    if order_id is None and command.client_order_id is not None:
        order_id = mine.get(command.client_order_id)
    order = venue.orders.get(order_id) if order_id is not None else None
    if order is None or order.account_id != command.account_id:
        raise Refused(Reason.UNKNOWN_ORDER)
    if command.client_order_id is not None and command.client_order_id != order.client_order_id:
        raise Refused(Reason.CANCEL_IDS_MISMATCH)
    if command.restriction is not None and order.status is not STATUS_OF_RESTRICTION[command.restriction]:
        raise Refused(Reason.CANCEL_RESTRICTED)
    venue.end(order, OrderStatus.CANCELED, time_us, resting=True, cancel_id=command.cancel_id)


def cancel_all(venue: Venue, command: CancelAll, time_us: int) -> None:
    """Cancels every open order of the account on the symbol, in the order of their placement."""
    order_ids = tuple(venue.open_orders(command.account_id).values())
    if not order_ids:
        raise Refused(Reason.UNKNOWN_ORDER)
    for order_id in order_ids:
        venue.end(venue.orders[order_id], OrderStatus.CANCELED, time_us, resting=True, cancel_id=command.cancel_id)


STATUS_OF_RESTRICTION = {
    CancelRestriction.ONLY_NEW: OrderStatus.NEW,
    CancelRestriction.ONLY_PARTIALLY_FILLED: OrderStatus.PARTIALLY_FILLED,
}
