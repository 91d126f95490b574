"""Self-trade prevention: the taker's mode decides what becomes of orders of one account that meet."""

import pytest

from hypersim.engine.events import Change
from hypersim.engine.orders import ExpiryReason, OrderStatus, SelfTradePrevention, TimeInForce
from hypersim.units import ONE
from tests.engine.world import World

NONE, TAKER = SelfTradePrevention.NONE, SelfTradePrevention.EXPIRE_TAKER
MAKER, BOTH = SelfTradePrevention.EXPIRE_MAKER, SelfTradePrevention.EXPIRE_BOTH
GTC, IOC, FOK = TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK
NEW, PARTLY, FILLED = OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED
EXPIRED, PREVENTED = OrderStatus.EXPIRED, OrderStatus.EXPIRED_IN_MATCH
MIXED = "other 1 @99, user 2 @100, third 5 @100"
Row = tuple[str, SelfTradePrevention, int, int | None, TimeInForce, str, str, str, OrderStatus]

# asks; mode; a buy's quantity, price (None: at market), time in force; tape; asks, bids after; its status
MEETINGS: tuple[Row, ...] = (
    ("user 2 @100", NONE, 2, 100, GTC, "2 @100", "", "", FILLED),
    (MIXED, NONE, 5, 100, GTC, "1 @99, 2 @100, 2 @100", "third 3 @100", "", FILLED),
    ("user 2 @100", TAKER, 2, 100, GTC, "", "user 2 @100", "", PREVENTED),
    (MIXED, TAKER, 5, 100, GTC, "1 @99", "user 2 @100, third 5 @100", "", PREVENTED),
    (MIXED, TAKER, 5, None, GTC, "1 @99", "user 2 @100, third 5 @100", "", PREVENTED),
    (MIXED, TAKER, 5, 100, IOC, "1 @99", "user 2 @100, third 5 @100", "", PREVENTED),
    (MIXED, TAKER, 1, 100, GTC, "1 @99", "user 2 @100, third 5 @100", "", FILLED),
    (MIXED, TAKER, 5, 99, GTC, "1 @99", "user 2 @100, third 5 @100", "user 4 @99", PARTLY),
    ("user 2 @100", MAKER, 2, 100, GTC, "", "", "user 2 @100", NEW),
    (MIXED, MAKER, 5, 100, GTC, "1 @99, 4 @100", "third 1 @100", "", FILLED),
    (MIXED, MAKER, 9, 100, GTC, "1 @99, 5 @100", "", "user 3 @100", PARTLY),
    (MIXED, MAKER, 1, 100, GTC, "1 @99", "user 2 @100, third 5 @100", "", FILLED),
    (MIXED, MAKER, 5, 99, GTC, "1 @99", "user 2 @100, third 5 @100", "user 4 @99", PARTLY),
    ("user 2 @99, user 3 @100", MAKER, 4, 100, GTC, "", "", "user 4 @100", NEW),
    ("user 2 @100", MAKER, 2, None, GTC, "", "", "", EXPIRED),
    ("user 2 @100", MAKER, 2, 100, IOC, "", "", "", EXPIRED),
    ("user 2 @99, other 3 @100", MAKER, 3, 100, FOK, "3 @100", "", "", FILLED),
    ("user 2 @99, other 3 @100", MAKER, 4, 100, FOK, "", "user 2 @99, other 3 @100", "", EXPIRED),
    ("user 2 @100", BOTH, 2, 100, GTC, "", "", "", PREVENTED),
    (MIXED, BOTH, 5, 100, GTC, "1 @99", "third 5 @100", "", PREVENTED),
    (MIXED, BOTH, 5, None, GTC, "1 @99", "third 5 @100", "", PREVENTED),
    (MIXED, BOTH, 1, 100, GTC, "1 @99", "user 2 @100, third 5 @100", "", FILLED),
    ("user 2 @99, user 2 @100", BOTH, 5, 100, GTC, "", "user 2 @100", "", PREVENTED),
    (MIXED, BOTH, 8, 100, FOK, "", MIXED, "", EXPIRED),
    # the house is nobody's own
    ("house 5 @100, user 2 @100", TAKER, 5, 100, GTC, "5 @100", "user 2 @100", "", FILLED),
    ("house 5 @100, user 2 @100", MAKER, 6, 100, GTC, "5 @100", "", "user 1 @100", PARTLY),
)


@pytest.mark.parametrize("mirrored", [False, True], ids=["buy", "sell"])
@pytest.mark.parametrize(("before", "mode", "quantity", "price", "tif", "tape", "asks", "bids", "status"), MEETINGS)
def test_the_takers_mode_decides(
    before: str,
    mode: SelfTradePrevention,
    quantity: int,
    price: int | None,
    tif: TimeInForce,
    tape: str,
    asks: str,
    bids: str,
    status: OrderStatus,
    mirrored: bool,
) -> None:
    world = World(mirrored=mirrored)
    world.stands(before)
    order = world.place("user", "buy", quantity, price, tif=tif, prevention=mode)
    assert (tape, asks, bids, status) == (world.tape(), world.asks(), world.bids(), order.status)
    assert mode is order.self_trade_prevention
    prevented = order.quantity - order.executed if status is PREVENTED else 0
    assert prevented == order.prevented


def test_a_maker_that_is_ended_says_how_much_was_prevented_and_releases_its_hold() -> None:
    world = World()
    world.place("user", "sell", 5, 100, name="maker")
    world.place("other", "buy", 2, 100)
    world.place("user", "buy", 9, 100, prevention=MAKER)
    (change,) = [change for change in world.changes() if change.order.client_order_id == "maker"]
    assert (Change.TRADE_PREVENTION, PREVENTED, 2 * ONE, 3 * ONE, None, None) == (
        change.change,
        change.order.status,
        change.order.executed,
        change.order.prevented,
        change.order.expiry_reason,
        change.fill,
    )
    assert "0.00000000" == world.balance("user", "BTC")[1]


def test_the_markets_default_mode_holds_for_an_order_that_names_none() -> None:
    world = World(default_self_trade_prevention=BOTH)
    world.place("user", "sell", 5, 100, prevention=NONE)
    order = world.place("user", "buy", 2, 100)
    assert (BOTH, PREVENTED, "") == (order.self_trade_prevention, order.status, world.asks())


def test_the_makers_mode_does_not_matter() -> None:
    world = World()
    world.place("user", "sell", 5, 100, prevention=BOTH)
    assert FILLED is world.place("user", "buy", 2, 100, prevention=NONE).status


def test_a_prevention_is_reported_after_the_order_and_before_its_end() -> None:
    world = World()
    world.place("other", "sell", 1, 99, name="other's")
    world.place("user", "sell", 2, 100, name="maker")
    world.place("user", "buy", 5, 100, name="taker", prevention=BOTH)
    assert ("NEW", "taker") == world.story()[0]
    assert ("TRADE_PREVENTION", "taker") == world.story()[-1]
    assert {
        ("NEW", "taker"),
        ("TRADE", "other's"),
        ("TRADE", "taker"),
        ("TRADE_PREVENTION", "maker"),
        ("TRADE_PREVENTION", "taker"),
    } == set(world.story())


def test_an_order_at_market_that_only_ended_its_own_makers_expires_for_want_of_liquidity() -> None:
    world = World()
    world.place("user", "sell", 2, 100)
    order = world.place("user", "buy", 2, prevention=MAKER)
    assert (EXPIRED, ExpiryReason.INSUFFICIENT_LIQUIDITY) == (order.status, order.expiry_reason)


def test_an_order_by_amount_passes_its_own_makers() -> None:
    world = World()
    world.stands("user 2 @100, house 9 @150")
    order = world.place("user", "buy", quote=500, prevention=MAKER)
    assert (FILLED, "3 @150", "house 6 @150") == (order.status, world.tape(), world.asks())


def test_an_order_by_amount_that_is_filled_ends_no_more_of_its_own_makers() -> None:
    world = World()
    world.stands("other 9 @100, user 5 @100, other 9 @101")
    order = world.place("user", "buy", quote=1000, prevention=MAKER)
    assert (FILLED, "9 @100", "user 5 @100, other 9 @101") == (order.status, world.tape(), world.asks())
    assert "TRADE_PREVENTION" not in [change for change, _ in world.story()]


def test_the_same_account_trades_with_itself_where_that_is_wanted_and_only_fees_go() -> None:
    world = World(balances={"BTC": 10, "USDT": 1000})
    world.place("user", "sell", 5, 100)
    world.place("user", "buy", 5, 100, prevention=NONE)
    assert [("999.50000000", "0.00000000"), ("9.99500000", "0.00000000")] == [
        world.balance("user", "USDT"),
        world.balance("user", "BTC"),
    ]
