"""Market orders by amount of quote: as close as possible to it, never above it."""

import random

import pytest

from hypersim.engine.events import Traded
from hypersim.engine.orders import ExpiryReason, OrderStatus
from hypersim.errors import Reason
from hypersim.units import ONE
from tests.engine.world import World, money, number, plain

FILLED, EXPIRED = OrderStatus.FILLED, OrderStatus.EXPIRED
SHORT = ExpiryReason.INSUFFICIENT_LIQUIDITY

# asks; amount to spend; fills; quantity that the engine settled on; status, why
BUYS: tuple[tuple[str, int | str, str, str, OrderStatus, ExpiryReason | None], ...] = (
    ("house 9 @100", 500, "5 @100", "5", FILLED, None),
    ("house 9 @100", 599, "5 @100", "5", FILLED, None),
    ("house 9 @100", "599.99999999", "5 @100", "5", FILLED, None),
    ("house 9 @100", 600, "6 @100", "6", FILLED, None),
    ("house 2 @100, other 2 @150", 500, "2 @100, 2 @150", "4", FILLED, None),
    ("house 2 @100, other 2 @150", 499, "2 @100, 1 @150", "3", FILLED, None),
    ("house 2 @100, other 2 @150", 349, "2 @100", "2", FILLED, None),
    ("house 1 @100, other 1 @150, house 1 @151", 399, "1 @100, 1 @150", "2", FILLED, None),
    # partly covered: what is there, and what the rest would have bought at the last price
    ("house 2 @100", 500, "2 @100", "5", EXPIRED, SHORT),
    ("house 2 @100, other 1 @150", 700, "2 @100, 1 @150", "5", EXPIRED, SHORT),
    ("house 2 @100", 250, "2 @100", "2", FILLED, None),
)
# bids; amount to receive; the same
SELLS: tuple[tuple[str, int | str, str, str, OrderStatus, ExpiryReason | None], ...] = (
    ("9 @100", 500, "5 @100", "5", FILLED, None),
    ("9 @100", 599, "5 @100", "5", FILLED, None),
    ("2 @100, 9 @50", 349, "2 @100, 2 @50", "4", FILLED, None),
    ("2 @100, 9 @50", 350, "2 @100, 3 @50", "5", FILLED, None),
    ("2 @100, 9 @50", 199, "1 @100", "1", FILLED, None),
    ("2 @100, 1 @50", 350, "2 @100, 1 @50", "5", EXPIRED, SHORT),
)


@pytest.mark.parametrize(("asks", "quote", "fills", "quantity", "status", "why"), BUYS)
def test_a_buy_by_amount_spends_no_more_than_it(
    asks: str, quote: int | str, fills: str, quantity: str, status: OrderStatus, why: ExpiryReason | None
) -> None:
    world = World()
    world.stands(asks)
    order = world.place("user", "buy", quote=quote)
    assert (fills, quantity, status, why) == (
        world.tape(),
        plain(order.quantity),
        order.status,
        order.expiry_reason,
    )
    assert (number(quote), 0) == (order.quote_quantity, order.price)
    assert "0.00000000" == world.balance("user", "USDT")[1]


@pytest.mark.parametrize(("bids", "quote", "fills", "quantity", "status", "why"), SELLS)
def test_a_sell_by_amount_sells_for_no_more_than_it(
    bids: str, quote: int | str, fills: str, quantity: str, status: OrderStatus, why: ExpiryReason | None
) -> None:
    world = World()
    world.outside(bids=bids)
    order = world.place("user", "sell", quote=quote)
    assert (fills, quantity, status, why) == (
        world.tape(),
        plain(order.quantity),
        order.status,
        order.expiry_reason,
    )
    assert "0.00000000" == world.balance("user", "BTC")[1]


@pytest.mark.parametrize("seed", range(30))
def test_one_step_more_would_have_been_too_much(seed: int) -> None:
    chance = random.Random(seed)
    step = number("0.001")
    world = World(step_size=step, min_quantity=step)
    levels = sorted(chance.sample(range(101, 140), 6))
    world.outside(asks=", ".join(f"{chance.randint(1, 9999) / 1000} @{price}" for price in levels))
    deepest = world.exchange.snapshot().venues[0].asks
    quote = number(f"{chance.randint(1, 4000)}.{chance.randint(0, 99)}")
    order = world.place("user", "buy", quote=plain(quote))
    trades = [event for event in world.events if isinstance(event, Traded)]
    spent, taken = (
        sum(trade.price * trade.quantity for trade in trades),
        sum(trade.quantity for trade in trades),
    )
    assert spent <= quote * ONE
    for price, entries in deepest:
        if taken < (there := sum(quantity for _, quantity in entries)):
            assert spent + price * step > quote * ONE
            assert FILLED is order.status
            break
        taken -= there


# asks; amount; why it is refused
REFUSED: tuple[tuple[str, int, Reason], ...] = (
    ("", 500, Reason.LIQUIDITY_BELOW_SYMBOL_MINIMUM),
    ("house 2 @100", 99, Reason.LIQUIDITY_BELOW_LOT_SIZE),
    ("house 1 @100", 500, Reason.LIQUIDITY_BELOW_LOT_SIZE),
    ("house 2 @100", 500, Reason.LIQUIDITY_BELOW_MARKET_LOT_SIZE),
    ("house 9 @100", 299, Reason.FILTER_MARKET_LOT_SIZE),
    ("house 9 @100", 801, Reason.FILTER_MARKET_LOT_SIZE),
    ("house 3 @100", 801, Reason.FILTER_MARKET_LOT_SIZE),
    ("house 9 @100", 0, Reason.BAD_QUANTITY),
    ("house 9 @500", 3500, Reason.INSUFFICIENT_BALANCE),
)


@pytest.mark.parametrize(("asks", "quote", "reason"), REFUSED)
def test_an_amount_that_buys_too_little_or_too_much_is_refused(asks: str, quote: int, reason: Reason) -> None:
    world = World(
        balances={"USDT": 3499, "BTC": 100},
        min_quantity=number(2 if quote != 99 else 1),
        market_min_quantity=number(3),
        market_max_quantity=number(7),
    )
    world.outside(asks=asks.replace("house ", ""))
    assert reason is world.refusal(world.order("user", "buy", quote=quote))


def test_an_amount_is_not_bound_by_the_lot_size() -> None:
    world = World(max_quantity=number(2))
    world.outside(asks="9 @100")
    assert number(5) == world.place("user", "buy", quote=500).executed


def test_an_amount_is_held_to_the_notional_filter_itself() -> None:
    world = World(min_notional=number(200))
    world.outside(asks="9 @100")
    assert Reason.FILTER_NOTIONAL is world.refusal(world.order("user", "buy", quote="199.99999999"))
    assert money(200) == world.place("user", "buy", quote=200).executed_quote


def test_an_amount_that_funds_cover_as_far_as_it_fills_is_enough_to_buy() -> None:
    world = World(balances={"USDT": 200, "BTC": 1})
    world.stands("house 2 @100")
    assert (EXPIRED, money(200)) == (
        (order := world.place("user", "buy", quote=900)).status,
        order.executed_quote,
    )
    assert "0.00000000" == world.balance("user", "USDT")[0]
