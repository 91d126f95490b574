"""The market by hand: what a body becomes, what is refused, and whom it fills."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from hypersim.engine.commands import Command, Ladder, OpenAccount, OutsideUpdate, PlaceOrder, Print, Stamped
from hypersim.engine.events import OrderChanged
from hypersim.engine.market import Market
from hypersim.engine.orders import OrderStatus, OrderType, Side, TimeInForce
from hypersim.errors import Reason, Refused
from hypersim.feeds.manual import at_price, by_hand
from hypersim.feeds.quotes import UNBOUNDED
from hypersim.units import AMOUNT_ONE, ONE, parse, show
from tests.feeds.desk import START_US, Desk, VirtualClock, bought, coins
from tests.feeds.markets import MARKETS

MARKET = MARKETS["BTCUSDT"]


@pytest.fixture
def desk() -> Desk:
    desk = Desk(VirtualClock(), [MARKET])
    rich = (("USDT", 10**9 * AMOUNT_ONE), ("BTC", 10**6 * AMOUNT_ONE))
    apply(desk, OpenAccount(account_id=1, maker_rate=0, taker_rate=0, balances=rich))
    return desk


def apply(desk: Desk, command: Command) -> list[OrderChanged]:
    """What it did to orders."""
    events = desk.exchange.apply(Stamped(START_US, command))
    desk.exchange.check()
    return [event for event in events if isinstance(event, OrderChanged)]


def order(side: Side, price: str, quantity: str = "0.1") -> PlaceOrder:
    return PlaceOrder(
        account_id=1,
        symbol=MARKET.symbol,
        side=side,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        client_order_id=f"{side} {price}",
        quantity=parse(quantity),
        price=parse(price),
    )


@pytest.mark.parametrize(
    ("side", "limit", "price", "filled_at"),
    [
        (Side.BUY, "51000", "50000", ["51000"]),
        (Side.BUY, "50000", "50000", ["50000"]),
        (Side.BUY, "49999.99", "50000", []),
        (Side.SELL, "49000", "50000", ["49000"]),
        (Side.SELL, "50000", "50000", ["50000"]),
        (Side.SELL, "50000.01", "50000", []),
    ],
)
def test_a_price_fills_what_it_crosses(desk: Desk, side: Side, limit: str, price: str, filled_at: list[str]) -> None:
    apply(desk, order(side, limit))
    fills = [event.fill.price for event in apply(desk, at_price(MARKET, parse(price))) if event.fill]

    assert [parse(price) for price in filled_at] == fills


def test_a_price_fills_even_large_orders_that_it_goes_through(desk: Desk) -> None:
    apply(desk, order(Side.BUY, "51000", "15"))
    changes = apply(desk, at_price(MARKET, parse("50000")))

    assert OrderStatus.FILLED is changes[-1].order.status


def test_a_price_is_where_the_market_then_stands(desk: Desk) -> None:
    for price in ("50000", "64000.5", "20000"):
        apply(desk, at_price(MARKET, parse(price)))
        bids, asks = desk.house(Side.BUY), desk.house(Side.SELL)

        assert (parse(price) - MARKET.tick_size, parse(price) + MARKET.tick_size) == (max(bids), min(asks))
        assert parse(price) == desk.exchange.venues[MARKET.symbol].last_price
        assert (True, True) == (len(bids) > 100, len(asks) > 100)


@pytest.mark.parametrize("market", MARKETS.values(), ids=MARKETS)
def test_every_market_can_be_moved(market: Market) -> None:
    desk = Desk(VirtualClock(), [market])
    for ticks in (2, 77, 12_345, 10**6):
        apply(desk, at_price(market, ticks * market.tick_size))

        bids, asks = desk.house(Side.BUY, market.symbol), desk.house(Side.SELL, market.symbol)
        assert (ticks - 1, ticks + 1) == (max(bids) // market.tick_size, min(asks) // market.tick_size)


def test_a_ladder_replaces_what_was_there_and_a_side_that_is_not_named_is_empty(desk: Desk) -> None:
    apply(desk, at_price(MARKET, parse("50000")))
    apply(desk, by_hand(MARKET, bids=coins([(100, 1), (101, 2)]), asks=None, trade=None))

    assert (dict(coins([(100, 1), (101, 2)])), {}) == (desk.house(Side.BUY), desk.house(Side.SELL))


@pytest.mark.parametrize(
    ("bids", "asks", "trade", "expected"),
    [
        (None, None, bought(101, 2), OutsideUpdate(symbol="BTCUSDT", prints=(bought(101, 2),))),
        (
            [(99, 1), (100, 0), (98, 2)],
            [(103, 1), (102, 2)],
            bought(101, 2),
            OutsideUpdate(
                symbol="BTCUSDT",
                prints=(bought(101, 2),),
                ladder=Ladder(
                    bids=coins([(99, 1), (98, 2)]),
                    asks=coins([(102, 2), (103, 1)]),
                    bid_floor=0,
                    ask_ceiling=UNBOUNDED,
                    full=True,
                ),
            ),
        ),
        ([], [], None, OutsideUpdate(symbol="BTCUSDT", ladder=Ladder(full=True))),
    ],
)
def test_what_is_said_is_what_the_exchange_is_told(
    bids: Sequence[tuple[int, int]] | None,
    asks: Sequence[tuple[int, int]] | None,
    trade: Print | None,
    expected: OutsideUpdate,
) -> None:
    said = by_hand(
        MARKET,
        bids=None if bids is None else coins(bids),
        asks=None if asks is None else coins(asks),
        trade=trade,
    )

    assert expected == said


@pytest.mark.parametrize(
    ("bids", "asks", "trade", "refusal"),
    [
        (None, None, None, (Reason.INVALID_FIELD, "body", "price, bids and asks, or print is needed")),
        (
            [(ONE + 1, ONE)],
            None,
            None,
            (Reason.INVALID_FIELD, "bids[0][0]", "a multiple of the tick 0.01000000 is wanted"),
        ),
        (
            None,
            [(ONE, ONE), (2 * ONE, 7)],
            None,
            (Reason.INVALID_FIELD, "asks[1][1]", "a multiple of the step 0.00001000 is wanted"),
        ),
        (
            [(ONE, ONE), (ONE, ONE)],
            None,
            None,
            (Reason.INVALID_FIELD, "bids[1][0]", "a price stands there once"),
        ),
        ([(ONE, ONE)], [(ONE, ONE)], None, (Reason.OUTSIDE_CROSSED,)),
        (
            None,
            None,
            Print(7, ONE, Side.BUY),
            (Reason.INVALID_FIELD, "print.price", "a multiple of the tick 0.01000000 is wanted"),
        ),
        (
            None,
            None,
            Print(ONE, 7, Side.BUY),
            (Reason.INVALID_FIELD, "print.quantity", "a multiple of the step 0.00001000 is wanted"),
        ),
    ],
)
def test_what_no_market_can_say_is_refused_by_field(
    bids: Sequence[tuple[int, int]] | None,
    asks: Sequence[tuple[int, int]] | None,
    trade: Print | None,
    refusal: tuple[object, ...],
) -> None:
    with pytest.raises(Refused) as refused:
        by_hand(MARKET, bids=bids, asks=asks, trade=trade)
    assert refusal == (refused.value.reason, *refused.value.details)


@pytest.mark.parametrize(
    ("price", "expectation"),
    [
        (ONE + 1, "a multiple of the tick 0.01000000 is wanted"),
        (ONE // 100, "above one tick, 0.01000000"),
        (MARKET.max_price + ONE, f"from {show(MARKET.min_price)} to {show(MARKET.max_price)} is wanted"),
    ],
)
def test_a_price_off_the_grid_is_refused(price: int, expectation: str) -> None:
    with pytest.raises(Refused) as refused:
        at_price(MARKET, price)
    assert (Reason.INVALID_FIELD, ("price", expectation)) == (refused.value.reason, refused.value.details)


def test_a_market_without_limits_can_be_moved_too() -> None:
    free = replace(MARKET, min_notional=0, min_quantity=0)
    desk = Desk(VirtualClock(), [free])
    apply(desk, at_price(free, 50_000 * ONE))

    assert desk.house(Side.SELL)
