"""Assets and markets: how they come, how their rules change, and that several stand side by side."""

import pytest
from msgspec.structs import replace

from hypersim.engine.commands import CancelAll, CancelOrder, Ladder, OutsideUpdate, PutAsset, PutMarket, Reset
from hypersim.engine.events import (
    AssetChanged,
    BalanceChanged,
    DepthChanged,
    MarketChanged,
    OrderChanged,
    Traded,
)
from hypersim.engine.exchange import Exchange
from hypersim.engine.market import Asset, Market
from hypersim.engine.orders import Order
from hypersim.errors import Reason
from hypersim.units import ONE
from tests.engine.world import MARKET, World, money

CROSS = replace(MARKET, symbol="ETHBTC", base="ETH", quote="BTC")


def two_markets() -> World:
    """BTCUSDT and ETHBTC, which share BTC; accounts have 10 BTC and 1000 USDT."""
    world = World(balances={"BTC": 10, "USDT": 1000})
    world.apply(PutAsset(Asset("ETH")))
    world.apply(PutMarket(CROSS))
    return world


def test_an_asset_is_added_and_renamed_and_the_same_again_is_nothing() -> None:
    world = World()
    assert [AssetChanged(Asset("ETH"))] == world.apply(PutAsset(Asset("ETH")))
    assert [AssetChanged(Asset("ETH", "Ether"))] == world.apply(PutAsset(Asset("ETH", "Ether")))
    assert [] == world.apply(PutAsset(Asset("ETH", "Ether")))
    assert (Asset("BTC"), Asset("USDT"), Asset("ETH", "Ether")) == world.exchange.snapshot().assets


def test_a_market_is_added_and_changed_and_the_same_again_is_nothing() -> None:
    world = World()
    world.apply(PutAsset(Asset("ETH")))
    changed = replace(CROSS, tick_size=5 * ONE)
    assert [MarketChanged(CROSS)] == world.apply(PutMarket(CROSS))
    assert [MarketChanged(changed)] == world.apply(PutMarket(changed))
    assert [] == world.apply(PutMarket(changed))


@pytest.mark.parametrize(
    ("market", "reason"),
    [
        (CROSS, Reason.NO_SUCH_ASSET),
        (replace(CROSS, base="BTC", quote="ETH"), Reason.NO_SUCH_ASSET),
        (replace(MARKET, base="USDT"), Reason.BAD_SYMBOL),
        (replace(MARKET, quote="BTC"), Reason.BAD_SYMBOL),
    ],
)
def test_a_market_trades_known_assets_and_always_the_same(market: Market, reason: Reason) -> None:
    assert reason is World().refusal(PutMarket(market))


def test_new_rules_leave_open_orders_as_they_are() -> None:
    world = World()
    world.place("user", "buy", 3, 95, name="odd")
    before = world.exchange.snapshot().venues[0].orders
    world.rules(tick_size=10 * ONE, step_size=2 * ONE, min_quantity=4 * ONE, max_num_orders=1)
    assert before == world.exchange.snapshot().venues[0].orders
    world.place("other", "sell", 4, 90)
    assert ("user 3 @95", "other 1 @90") == (world.fills().split(", ")[0], world.asks())


def test_what_one_market_holds_the_other_cannot_spend() -> None:
    world = two_markets()
    world.place("user", "sell", 7, 100)
    order = replace(world.order("user", "buy", 4, 1), symbol="ETHBTC")
    assert Reason.INSUFFICIENT_BALANCE is world.refusal(order)
    world.apply(replace(order, quantity=3 * ONE))
    assert ("0.00000000", "10.00000000") == world.balance("user", "BTC")


def test_ids_and_names_count_by_market() -> None:
    world = two_markets()
    orders: list[Order] = []
    for symbol in ("BTCUSDT", "ETHBTC", "ETHBTC", "BTCUSDT"):
        name = f"{symbol} {len(orders) // 2}"
        world.apply(replace(world.order("user", "buy", 1, 1, name=name), symbol=symbol))
        orders.append(world.changes()[-1].order)
    world.apply(replace(world.order("user", "buy", 1, 1, name="BTCUSDT 0"), symbol="ETHBTC"))
    assert [("BTCUSDT", 1), ("ETHBTC", 1), ("ETHBTC", 2), ("BTCUSDT", 2)] == [
        (order.symbol, order.order_id) for order in orders
    ]
    cancel = CancelOrder(account_id=1, symbol="BTCUSDT", client_order_id="ETHBTC 0", cancel_id="c")
    assert Reason.UNKNOWN_ORDER is world.refusal(cancel)
    world.apply(CancelAll(account_id=1, symbol="ETHBTC", cancel_id="c"))
    assert {"ETHBTC"} == {change.order.symbol for change in world.changes()}
    assert "user 1 @1, user 1 @1" == world.bids()


def test_a_trade_in_one_market_says_nothing_of_the_other() -> None:
    world = two_markets()
    world.outside(asks="5 @100")
    ladder = Ladder(asks=((2 * ONE, 5 * ONE),))
    world.apply(OutsideUpdate(symbol="ETHBTC", ladder=ladder))
    world.apply(replace(world.order("user", "buy", 3), symbol="ETHBTC"))
    told = {event.symbol for event in world.events if isinstance(event, Traded | DepthChanged)} | {
        event.order.symbol for event in world.events if isinstance(event, OrderChanged)
    }
    assert {"ETHBTC"} == told
    assert {"BTC", "ETH"} == {event.asset for event in world.events if isinstance(event, BalanceChanged)}
    first, second = world.exchange.snapshot().venues
    assert (0, 2 * ONE) == (first.last_price, second.last_price)


def test_time_brings_back_what_was_taken_in_each_market() -> None:
    world = two_markets()
    world.outside(asks="8 @100")
    world.apply(OutsideUpdate(symbol="ETHBTC", ladder=Ladder(asks=((2 * ONE, 8 * ONE),))))
    world.place("user", "buy", 4)
    due_us = world.exchange.next_due()
    world.wait(1)
    world.apply(replace(world.order("user", "buy", 4), symbol="ETHBTC"))
    assert due_us == world.exchange.next_due()
    world.advance(1000)
    totals = [event for event in world.events if isinstance(event, DepthChanged)]
    assert [("BTCUSDT", ((100 * ONE, 8 * ONE),)), ("ETHBTC", ((2 * ONE, 8 * ONE),))] == [
        (event.symbol, event.asks) for event in totals
    ]
    assert None is world.exchange.next_due()


def test_all_markets_are_reset_and_restored_together() -> None:
    world = two_markets()
    world.place("user", "sell", 7, 100)
    world.apply(replace(world.order("user", "buy", 3, 1), symbol="ETHBTC"))
    restored = Exchange.restore(world.exchange.snapshot())
    restored.check()
    assert world.exchange.state_hash() == restored.state_hash()
    world.apply(Reset())
    assert [(), ()] == [venue.orders for venue in world.exchange.snapshot().venues]
    assert ("10.00000000", "0.00000000") == world.balance("user", "BTC")
    assert money(10) == world.exchange.ledger.free(1, "BTC")
