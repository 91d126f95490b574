"""Emptying the world: what goes, what stays, what counts on."""

import pytest

from hypersim.engine.commands import Ladder, OutsideUpdate, Reset, SetFees
from hypersim.engine.events import BalanceChanged, DepthChanged, OrderChanged, OutsideChanged, Traded, WorldReset
from hypersim.engine.ledger import HOUSE
from hypersim.engine.market import MarketStatus
from hypersim.errors import Reason
from hypersim.units import ONE
from tests.engine.world import World, money, number


def lived_in() -> World:
    """Orders, trades, fees, outside sizes and something taken of them."""
    world = World(balances={"BTC": 10, "USDT": 2000})
    world.apply(SetFees(2, 0, number("0.01")))
    live(world)
    return world


def live(world: World) -> None:
    world.outside(asks="5 @100, 6 @104", bids="4 @98", full=True)
    world.place("user", "buy", 3, 100)
    world.place("user", "buy", 2, 97, name="bid")
    world.place("other", "sell", 1, 98)
    world.outside(prints="buy 1 @101, sell 1 @98")
    world.place("other", "sell", 2, 102)


def test_orders_and_holds_go_and_everybody_starts_again_with_the_opening_balances() -> None:
    world = lived_in()
    world.apply(Reset())
    state = world.exchange.snapshot()
    assert () == state.venues[0].orders
    assert (
        (HOUSE, "BTC", -money(30), 0),
        (HOUSE, "USDT", -money(6000), 0),
        (1, "BTC", money(10), 0),
        (1, "USDT", money(2000), 0),
        (2, "BTC", money(10), 0),
        (2, "USDT", money(2000), 0),
        (3, "BTC", money(10), 0),
        (3, "USDT", money(2000), 0),
    ) == state.balances


def test_everybody_starts_with_other_balances_where_the_reset_names_some() -> None:
    world = lived_in()
    world.apply(Reset(balances=(("USDT", money(7)),)))
    assert [("0.00000000", "0.00000000"), ("7.00000000", "0.00000000")] * 2 == [
        world.balance(who, asset) for who in ("user", "other") for asset in ("BTC", "USDT")
    ]
    world.apply(Reset())
    assert ("10.00000000", "0.00000000") == world.balance("user", "BTC")


def test_the_outside_is_unknown_until_it_is_heard_of_again() -> None:
    world = lived_in()
    assert ("other 2 @102, house 6 @104", "house 2 @98, user 2 @97") == (world.asks(), world.bids())
    assert None is not world.exchange.next_due()
    assert OutsideChanged(symbol="BTCUSDT", source_time_us=0, known=False) in world.apply(Reset())
    assert ("", "") == (world.asks(), world.bids())
    assert None is world.exchange.next_due()
    world.outside(asks="6 @104", bids="4 @98", full=True)
    assert ("house 6 @104", "house 4 @98") == (world.asks(), world.bids())


def test_accounts_keep_their_fees_and_names_are_free_again() -> None:
    world = lived_in()
    world.apply(Reset())
    world.place("user", "buy", 1, 99, name="bid")
    world.place("other", "sell", 1, 99)
    (fee,) = [change.fill.fee for change in world.changes() if change.fill and not change.fill.is_maker]
    assert money("0.99") == fee


def test_ids_count_on() -> None:
    world = lived_in()
    before = world.exchange.snapshot().venues[0]
    (depth,) = [event for event in world.apply(Reset()) if isinstance(event, DepthChanged)]
    assert before.update_id + 1 == depth.update_id
    world.outside(asks="6 @104", full=True)
    order = world.place("user", "buy", 1)
    (trade,) = [event for event in world.events if isinstance(event, Traded)]
    assert (before.next_order_id, before.next_trade_id, before.next_aggregate_id) == (
        order.order_id,
        trade.trade_id,
        trade.aggregate_id,
    )


def test_prices_are_forgotten() -> None:
    world = lived_in()
    far = world.order("user", "buy", 1, 1)
    assert Reason.FILTER_PERCENT_PRICE_BY_SIDE is world.refusal(far)
    world.apply(Reset())
    assert 0 == world.exchange.snapshot().venues[0].last_price
    assert world.apply(far)


def test_what_a_reset_reports_starts_from_nothing() -> None:
    world = lived_in()
    events = world.apply(Reset())
    assert WorldReset() == events[0]
    assert [] == [event for event in events if isinstance(event, OrderChanged | Traded)]
    (depth,) = [event for event in events if isinstance(event, DepthChanged)]
    assert (((number(98), 0), (number(97), 0)), ((number(102), 0), (number(104), 0))) == (depth.bids, depth.asks)
    state = world.exchange.snapshot()
    assert ((), ()) == (state.venues[0].bids, state.venues[0].asks)
    after = {
        (event.account_id, event.asset): (event.free, event.locked)
        for event in events
        if isinstance(event, BalanceChanged)
    }
    assert {(account, asset): (free, locked) for account, asset, free, locked in state.balances} == after
    assert all(event.free == event.free_change for event in events if isinstance(event, BalanceChanged))


def test_a_halted_market_stays_empty_until_it_goes_on() -> None:
    world = lived_in()
    world.rules(status=MarketStatus.HALT)
    world.apply(Reset())
    assert ("", "") == (world.asks(), world.bids())
    world.outside(asks="6 @104", bids="4 @98", full=True)
    assert ("", "") == (world.asks(), world.bids())
    world.rules(status=MarketStatus.TRADING)
    assert ("house 6 @104", "house 4 @98") == (world.asks(), world.bids())


def test_a_halted_market_shows_nothing_of_an_outside_that_is_unknown() -> None:
    world = lived_in()
    world.rules(status=MarketStatus.HALT)
    world.apply(OutsideUpdate(symbol="BTCUSDT", ladder=Ladder(bid_floor=None, ask_ceiling=None)))
    assert ("other 2 @102", "user 2 @97") == (world.asks(), world.bids())


def test_the_same_life_after_a_reset_leads_to_the_same_balances() -> None:
    world = lived_in()
    first = world.exchange.snapshot().balances
    world.apply(Reset())
    live(world)
    assert first == world.exchange.snapshot().balances


@pytest.mark.parametrize(
    ("balances", "reason"),
    [
        ((("GOLD", ONE),), Reason.NO_SUCH_ASSET),
        ((("BTC", ONE), ("USDT", -1)), Reason.BAD_QUANTITY),
        ((("BTC", 0),), Reason.BAD_QUANTITY),
    ],
)
def test_an_impossible_start_is_refused(balances: tuple[tuple[str, int], ...], reason: Reason) -> None:
    assert reason is lived_in().refusal(Reset(balances=balances))
