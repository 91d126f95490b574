"""Placing orders: types, time in force, what they hold, how they end and what is reported."""

import pytest
from msgspec.structs import replace

from hypersim.engine.commands import CancelAll, CancelOrder, TestOrder
from hypersim.engine.events import Traded
from hypersim.engine.ledger import FEES, HOUSE
from hypersim.engine.orders import ExpiryReason, OrderStatus, OrderType, Side, TimeInForce
from hypersim.errors import Reason
from hypersim.units import ONE
from tests.engine.world import SYMBOL, World, money

GTC, IOC, FOK = TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK
NEW, PARTLY, FILLED = OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED
EXPIRED = OrderStatus.EXPIRED
SHORT = ExpiryReason.INSUFFICIENT_LIQUIDITY
NOT_NOW = ExpiryReason.UNFILLED_IOC_QUANTITY_EXPIRED
NOT_ALL = ExpiryReason.UNFILLED_FOK_ORDER_EXPIRED

# asks before; quantity, price (None: at market), time in force of a buy; its fills; bids then; status, why
BUYS: tuple[tuple[str, int, int | None, TimeInForce, str, str, OrderStatus, ExpiryReason | None], ...] = (
    ("", 5, 100, GTC, "", "user 5 @100", NEW, None),
    ("other 2 @101", 5, 100, GTC, "", "user 5 @100", NEW, None),
    ("other 2 @100", 5, 100, GTC, "2 @100", "user 3 @100", PARTLY, None),
    ("other 2 @99", 5, 100, GTC, "2 @99", "user 3 @100", PARTLY, None),
    ("other 5 @100", 5, 100, GTC, "5 @100", "", FILLED, None),
    ("other 9 @100", 5, 100, GTC, "5 @100", "", FILLED, None),
    (
        "other 1 @98, third 1 @99, house 1 @100",
        5,
        100,
        GTC,
        "1 @98, 1 @99, 1 @100",
        "user 2 @100",
        PARTLY,
        None,
    ),
    ("other 1 @100, third 1 @99, house 1 @98", 2, 100, GTC, "1 @98, 1 @99", "", FILLED, None),
    ("other 1 @100, third 1 @100, other 1 @100", 2, 100, GTC, "1 @100, 1 @100", "", FILLED, None),
    ("", 5, 100, IOC, "", "", EXPIRED, NOT_NOW),
    ("other 2 @101", 5, 100, IOC, "", "", EXPIRED, NOT_NOW),
    ("other 2 @100, third 9 @101", 5, 100, IOC, "2 @100", "", EXPIRED, NOT_NOW),
    ("other 2 @99, third 9 @100", 5, 100, IOC, "2 @99, 3 @100", "", FILLED, None),
    ("", 5, 100, FOK, "", "", EXPIRED, NOT_ALL),
    ("other 4 @100, third 9 @101", 5, 100, FOK, "", "", EXPIRED, NOT_ALL),
    ("other 2 @99, third 2 @100, house 1 @100", 5, 100, FOK, "2 @99, 2 @100, 1 @100", "", FILLED, None),
    ("", 5, None, GTC, "", "", EXPIRED, SHORT),
    ("other 2 @100, house 1 @900", 5, None, GTC, "2 @100, 1 @900", "", EXPIRED, SHORT),
    ("other 2 @100, house 9 @900", 5, None, GTC, "2 @100, 3 @900", "", FILLED, None),
)


@pytest.mark.parametrize("mirrored", [False, True], ids=["buy", "sell"])
@pytest.mark.parametrize(("asks", "quantity", "price", "tif", "fills", "bids", "status", "why"), BUYS)
def test_an_order_fills_by_price_and_time_and_rests_or_expires(
    asks: str,
    quantity: int,
    price: int | None,
    tif: TimeInForce,
    fills: str,
    bids: str,
    status: OrderStatus,
    why: ExpiryReason | None,
    mirrored: bool,
) -> None:
    if mirrored:
        asks, fills = asks.replace("900", "190"), fills.replace("900", "190")  # reflected: 10
    world = World(mirrored=mirrored)
    world.stands(asks)
    order = world.place("user", "buy", quantity, price, tif=tif)
    assert (fills, bids, status, why) == (world.tape(), world.bids(), order.status, order.expiry_reason)
    filled = sum(trade.quantity for trade in world.traded())
    assert (filled, sum(trade.quantity * trade.price for trade in world.traded())) == (
        order.executed,
        order.executed_quote,
    )
    assert ("0.00000000" == world.balance("user", "BTC" if mirrored else "USDT")[1]) == (not bids)


def test_an_order_says_what_was_asked_and_when() -> None:
    world = World()
    world.place("other", "sell", 2, 100)
    world.wait(5)
    placed_us = world.time_us
    order = world.place("user", "buy", 5, 101, name="first")
    assert (
        (SYMBOL, 2, 1, "first", Side.BUY, OrderType.LIMIT, GTC, 101 * ONE, 5 * ONE, 0),
        (2 * ONE, money(200), PARTLY, None, 0, 3 * ONE),
        (placed_us, placed_us, placed_us),
    ) == (
        (
            order.symbol,
            order.order_id,
            order.account_id,
            order.client_order_id,
            order.side,
            order.type,
            order.time_in_force,
            order.price,
            order.quantity,
            order.quote_quantity,
        ),
        (
            order.executed,
            order.executed_quote,
            order.status,
            order.expiry_reason,
            order.prevented,
            order.leaves,
        ),
        (order.created_us, order.updated_us, order.working_us),
    )


def test_a_fill_changes_when_an_order_was_updated_and_nothing_else_of_its_times() -> None:
    world = World()
    placed = world.place("user", "buy", 5, 100)
    world.wait(7)
    world.place("other", "sell", 2, 100)
    maker = next(change.order for change in world.changes() if change.order.account_id == 1)
    assert (placed.created_us, placed.working_us, world.time_us) == (
        maker.created_us,
        maker.working_us,
        maker.updated_us,
    )


def test_what_limits_save_is_released_at_once() -> None:
    world = World(balances={"USDT": 1000, "BTC": 100})
    world.place("other", "sell", 2, 90)
    world.place("user", "buy", 5, 100)
    assert ("520.00000000", "300.00000000") == world.balance("user", "USDT")
    assert ("101.99800000", "0.00000000") == world.balance("user", "BTC")


def test_an_order_holds_what_it_may_cost_until_it_ends() -> None:
    world = World(balances={"USDT": 1000, "BTC": 100})
    world.place("user", "buy", 5, 100, name="bid")
    world.place("user", "sell", 30, 120, name="ask")
    assert [("500.00000000", "500.00000000"), ("70.00000000", "30.00000000")] == [
        world.balance("user", "USDT"),
        world.balance("user", "BTC"),
    ]
    world.cancel("user", "bid")
    world.cancel("user", "ask")
    assert [("1000.00000000", "0.00000000"), ("100.00000000", "0.00000000")] == [
        world.balance("user", "USDT"),
        world.balance("user", "BTC"),
    ]


# what somebody with 1000 USDT and 10 BTC sends while 5 @100, 50 @200 are asked and 50 @90 is bid; the outcome
FUNDS: tuple[tuple[str, int, int | None, TimeInForce, Reason | OrderStatus], ...] = (
    ("buy", 10, 80, GTC, NEW),
    ("buy", 11, 80, GTC, NEW),
    ("buy", 13, 80, GTC, Reason.INSUFFICIENT_BALANCE),
    ("buy", 10, 100, GTC, PARTLY),
    ("buy", 11, 100, GTC, Reason.INSUFFICIENT_BALANCE),
    ("buy", 11, 100, IOC, Reason.INSUFFICIENT_BALANCE),
    ("buy", 11, 100, FOK, Reason.INSUFFICIENT_BALANCE),
    ("buy", 7, None, GTC, FILLED),
    ("buy", 8, None, GTC, Reason.INSUFFICIENT_BALANCE),
    ("sell", 10, 90, GTC, FILLED),
    ("sell", 11, 90, GTC, Reason.INSUFFICIENT_BALANCE),
    ("sell", 10, None, GTC, FILLED),
    ("sell", 11, None, GTC, Reason.INSUFFICIENT_BALANCE),
)


@pytest.mark.parametrize(("side", "quantity", "price", "tif", "outcome"), FUNDS)
def test_an_order_that_funds_do_not_cover_is_refused_whole(
    side: str, quantity: int, price: int | None, tif: TimeInForce, outcome: Reason | OrderStatus
) -> None:
    world = World(balances={"USDT": 1000, "BTC": 10})
    world.outside(asks="5 @100, 50 @200", bids="50 @90")
    if isinstance(outcome, Reason):
        assert outcome is world.refusal(world.order("user", side, quantity, price, tif=tif))
    else:
        assert outcome is world.place("user", side, quantity, price, tif=tif).status


def test_what_is_held_cannot_be_spent_again() -> None:
    world = World(balances={"USDT": 1000, "BTC": 10})
    world.place("user", "buy", 10, 100)
    assert Reason.INSUFFICIENT_BALANCE is world.refusal(world.order("user", "buy", 1, 1))


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_a_market_order_of_somebody_without_the_asset_ends_like_any_other(side: str) -> None:
    world = World(balances={"BTC" if side == "buy" else "USDT": 10})
    if side == "buy":
        assert (EXPIRED, SHORT) == ((order := world.place("user", "buy", 5)).status, order.expiry_reason)
    world.outside(asks="5 @101", bids="5 @99")
    assert Reason.INSUFFICIENT_BALANCE is world.refusal(world.order("user", side, 5))


# what stands; side; a maker's price; what comes of it
MAKERS: tuple[tuple[str, int, Reason | OrderStatus], ...] = (
    ("house 5 @100", 99, NEW),
    ("house 5 @100", 100, Reason.WOULD_MATCH_IMMEDIATELY),
    ("other 5 @100", 101, Reason.WOULD_MATCH_IMMEDIATELY),
    ("user 5 @100", 100, Reason.WOULD_MATCH_IMMEDIATELY),
    ("", 100, NEW),
)


@pytest.mark.parametrize("mirrored", [False, True], ids=["buy", "sell"])
@pytest.mark.parametrize(("asks", "price", "outcome"), MAKERS)
def test_a_maker_rests_or_is_refused(asks: str, price: int, outcome: Reason | OrderStatus, mirrored: bool) -> None:
    world = World(mirrored=mirrored)
    world.stands(asks)
    if isinstance(outcome, Reason):
        assert outcome is world.refusal(world.order("user", "buy", 2, price, order_type=OrderType.LIMIT_MAKER))
    else:
        world.place("user", "buy", 2, price, order_type=OrderType.LIMIT_MAKER)
        assert f"user 2 @{price}" == world.bids()


def test_orders_of_a_price_keep_the_order_in_which_they_came() -> None:
    world = World()
    world.place("user", "sell", 2, 100)
    world.place("other", "sell", 2, 100)
    world.place("third", "buy", 1, 100)
    world.place("user", "sell", 2, 100)
    assert "user 1 @100, other 2 @100, user 2 @100" == world.asks()


def test_a_placement_reports_itself_first_and_its_end_last() -> None:
    world = World()
    world.place("other", "sell", 2, 99, name="cheap")
    world.place("third", "sell", 2, 100, name="dear")
    world.place("user", "buy", 9, name="mine")
    assert [
        ("NEW", "mine"),
        ("TRADE", "cheap"),
        ("TRADE", "mine"),
        ("TRADE", "dear"),
        ("TRADE", "mine"),
        ("EXPIRED", "mine"),
    ] == world.story()
    first, *_, last = world.changes()
    assert (NEW, 0, None) == (first.order.status, first.order.executed, first.fill)
    assert (EXPIRED, 4 * ONE, None) == (last.order.status, last.order.executed, last.fill)
    assert [PARTLY, PARTLY] == [
        change.order.status for change in world.changes() if change.fill and change.order.account_id == 1
    ]


def test_fills_of_both_sides_name_the_trade_of_the_tape() -> None:
    world = World()
    world.place("other", "sell", 2, 99)
    world.place("user", "buy", 5, 100)
    (trade,) = world.traded()
    assert [(trade.trade_id, 99 * ONE, 2 * ONE, money(198))] * 2 == [
        (change.fill.trade_id, change.fill.price, change.fill.quantity, change.fill.quote)
        for change in world.changes()
        if change.fill
    ]
    assert [("other", True), ("user", False)] == [
        ("user" if change.order.account_id == 1 else "other", change.fill.is_maker)
        for change in world.changes()
        if change.fill
    ]


def test_trade_ids_count_without_gaps_and_one_takers_trades_at_a_price_share_an_aggregate() -> None:
    world = World()
    world.stands("house 1 @100, user 1 @100, other 1 @101")
    world.place("third", "buy", 4, 101)
    world.place("other", "sell", 1, 101)
    world.outside(prints="buy 1 @101")
    world.place("other", "sell", 1, 101)
    world.place("third", "buy", 1, 101)
    trades = [event for event in world.happened if isinstance(event, Traded)]
    assert [1, 2, 3, 4, 5, 6] == [trade.trade_id for trade in trades]
    assert [1, 1, 2, 3, 4, 5] == [trade.aggregate_id for trade in trades]
    assert [False, False, False, True, False, False] == [trade.buyer_is_maker for trade in trades]
    assert [False, False, False, False, True, False] == [trade.outside for trade in trades]


def test_order_ids_count_orders_that_were_accepted() -> None:
    world = World()
    ids = [world.place("user", "buy", 1, 100).order_id, world.place("other", "buy", 1).order_id]
    world.refusal(world.order("user", "buy", 1, "0.5"))
    ids.append(world.place("other", "buy", 1, 100, tif=IOC).order_id)
    assert [1, 2, 3] == ids


def test_a_test_order_meets_the_guards_but_funds_and_changes_nothing() -> None:
    world = World(balances={"USDT": 1})
    before = world.exchange.state_hash()
    assert [] == world.apply(TestOrder(world.order("user", "buy", 5, 100)))
    assert before == world.exchange.state_hash()
    assert Reason.FILTER_PRICE is world.refusal(TestOrder(world.order("user", "buy", 5, "100.5")))
    assert Reason.NO_SUCH_ACCOUNT is world.refusal(TestOrder(replace(world.order("user", "buy"), account_id=7)))


@pytest.mark.parametrize(
    ("account_id", "symbol", "reason"),
    [
        (7, SYMBOL, Reason.NO_SUCH_ACCOUNT),
        (HOUSE, SYMBOL, Reason.NO_SUCH_ACCOUNT),
        (FEES, SYMBOL, Reason.NO_SUCH_ACCOUNT),
        (1, "NOTHING", Reason.BAD_SYMBOL),
    ],
)
def test_nobody_trades_who_or_what_does_not_exist(account_id: int, symbol: str, reason: Reason) -> None:
    world = World()
    order = replace(world.order("user", "buy", 1, 100), account_id=account_id, symbol=symbol)
    assert reason is world.refusal(order)
    cancel = CancelOrder(account_id=account_id, symbol=symbol, order_id=1, cancel_id="c")
    assert reason is world.refusal(cancel)
    assert reason is world.refusal(CancelAll(account_id=account_id, symbol=symbol, cancel_id="c"))
