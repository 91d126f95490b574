"""Views of random worlds: equal to the exchange they are folded from, with and without a restart."""

from collections.abc import Iterator
from functools import partial
from random import Random
from typing import Any

import msgspec
import pytest

from hypersim.engine.commands import Reset
from hypersim.engine.events import Committed, DepthChanged, OrderChanged, Traded, WorldReset
from hypersim.engine.orders import Order
from hypersim.engine.state import ExchangeState
from hypersim.views.accounts import AccountView, Balance
from hypersim.views.depth import Depth
from hypersim.views.views import Views, ViewsState
from tests.views.world import ACCOUNTS, MARKETS, RandomWorld

SEEDS = range(8)


def everything(views: Views, now_us: int) -> dict[str, Any]:
    """All that can be read of views."""
    accounts = {account_id: views.accounts.get(account_id) for account_id in (-1, 0, *ACCOUNTS)}
    orders = {account_id: views.accounts.open_orders(account_id) for account_id in ACCOUNTS}
    return {
        "own state": views.snapshot(),
        "accounts": msgspec.to_builtins(accounts, str_keys=False),
        "orders": orders,
        "assets": views.marketdata.assets,
        "markets": {
            symbol: (
                view.market,
                view.depth(5000),
                view.last,
                view.tape.newest(1000),
                view.tape.newest_aggregates(1000),
                view.rolling_day(now_us),
                view.average(now_us),
                view.timeline.candles(1, 0, now_us),
                view.timeline.candles(3600, 0, now_us),
            )
            for symbol, view in views.marketdata.markets.items()
        },
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_views_show_what_the_exchange_has(seed: int) -> None:
    world = RandomWorld(seed)
    views, done = Views(), 0
    with_orders = views.accounts.symbols_with_orders()
    for _ in range(10):
        world.run(150)
        for record in world.records[done:]:
            views.fold(record)
        done = len(world.records)
        state = world.exchange.snapshot()

        assert depths(state) == {symbol: view.depth(5000) for symbol, view in views.marketdata.markets.items()}
        assert {venue.market.symbol: venue.market for venue in state.venues} == {
            symbol: view.market for symbol, view in views.marketdata.markets.items()
        }
        assert balances(state) == {
            account_id: view.balances
            for account_id in (-1, 0, *ACCOUNTS)
            if (view := views.accounts.get(account_id)) is not None and view.balances
        }
        for account in state.accounts:
            view = views.accounts.get(account.account_id)
            assert view is not None
            assert (account.maker_rate, account.taker_rate) == (view.maker_rate, view.taker_rate)
            assert (account.spot_bnb_burn, account.interest_bnb_burn) == (view.spot_bnb_burn, view.interest_bnb_burn)
            own = [each for each in state.withdrawals if each.account_id == account.account_id]
            assert {each.withdrawal_id: each for each in own} == view.withdrawals
        assert open_orders(state) == {
            account_id: orders for account_id in ACCOUNTS if (orders := views.accounts.open_orders(account_id))
        }
        assert {venue.market.symbol for venue in state.venues if venue.orders} == with_orders
        for order in (order for venue in state.venues for order in venue.orders):
            by_id = views.accounts.find(order.account_id, order.symbol, order.order_id)
            by_name = views.accounts.find(order.account_id, order.symbol, client_order_id=order.client_order_id)
            assert by_id == by_name == order
        ended: dict[tuple[str, int], Order] = {}
        gone: dict[tuple[str, int], Order] = {}
        for event in (event for record in world.records for event in record.events):
            if isinstance(event, WorldReset):
                gone |= ended
                ended.clear()
            elif isinstance(event, OrderChanged) and not event.order.is_open:
                ended[event.order.symbol, event.order.order_id] = event.order
        for order in ended.values():
            assert order == views.accounts.find(order.account_id, order.symbol, order.order_id)
        for order in gone.values():
            assert None is views.accounts.find(order.account_id, order.symbol, order.order_id)


def depths(state: ExchangeState) -> dict[str, Any]:
    return {
        venue.market.symbol: (
            venue.update_id,
            [(price, sum(quantity for _, quantity in queue)) for price, queue in venue.bids],
            [(price, sum(quantity for _, quantity in queue)) for price, queue in venue.asks],
        )
        for venue in state.venues
    }


def balances(state: ExchangeState) -> dict[int, dict[str, Balance]]:
    found: dict[int, dict[str, Balance]] = {}
    for account_id, asset, free, locked in state.balances:
        if free or locked:
            found.setdefault(account_id, {})[asset] = Balance(free, locked)
    return found


def open_orders(state: ExchangeState) -> dict[int, list[Order]]:
    found: dict[int, list[Order]] = {}
    for venue in state.venues:
        for order in venue.orders:
            found.setdefault(order.account_id, []).append(order)
    for orders in found.values():
        orders.sort(key=lambda order: (order.created_us, order.symbol, order.order_id))
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_a_restart_anywhere_changes_nothing(seed: int) -> None:
    world = RandomWorld(seed)
    straight, restarted = Views(), Views()
    random, done = Random(seed), 0
    for _ in range(12):
        world.run(random.randrange(800))
        for record in world.records[done:]:
            straight.fold(record)
        for record in world.records[done:]:
            restarted.fold(record)
        done = len(world.records)

        assert everything(straight, world.time_us) == everything(restarted, world.time_us)

        exchange = msgspec.json.decode(msgspec.json.encode(world.exchange.snapshot()), type=ExchangeState)
        own = msgspec.json.decode(msgspec.json.encode(restarted.snapshot()), type=ViewsState)
        restarted = Views()
        restarted.restore(exchange, own)

        assert everything(straight, world.time_us) == everything(restarted, world.time_us)


def test_a_snapshot_is_not_changed_by_what_comes_after() -> None:
    world = RandomWorld(3)
    world.run(300)
    views = Views()
    for record in world.records:
        views.fold(record)
    state = views.snapshot()
    text = msgspec.json.encode(state)
    done = len(world.records)
    world.run(300)
    for record in world.records[done:]:
        views.fold(record)

    assert text == msgspec.json.encode(state)
    assert text != msgspec.json.encode(views.snapshot())


def test_restoring_keeps_the_references_that_readers_hold() -> None:
    world = RandomWorld(5)
    world.run(200)
    views = Views()
    accounts, marketdata = views.accounts, views.marketdata
    for record in world.records:
        views.fold(record)
    views.restore(world.exchange.snapshot(), views.snapshot())

    assert (views.accounts, views.marketdata) == (accounts, marketdata)
    assert set(marketdata.markets) == {market.symbol for market in MARKETS}


def test_a_reset_leaves_accounts_markets_and_counters() -> None:
    world = RandomWorld(11)
    world.run(250)
    while not any(isinstance(event, Traded) for event in world.records[-1].events):
        world.run(1)
    views = Views()
    for record in world.records:
        views.fold(record)
    before = {symbol: view.update_id for symbol, view in views.marketdata.markets.items()}
    world.ask(Reset())
    for record in world.records[-1:]:
        views.fold(record)

    for symbol, view in views.marketdata.markets.items():
        assert view.last is None
        assert [] == view.tape.newest(1000)
        assert [] == view.timeline.candles(86400, 0, 2**62)
        assert view.update_id in (before[symbol], before[symbol] + 1)
    assert [] == [order for account_id in ACCOUNTS for order in views.accounts.open_orders(account_id)]
    assert {account.account_id for account in world.exchange.accounts.values()} == set(ACCOUNTS)
    first = views.accounts.get(1)
    assert isinstance(first, AccountView)
    assert {"BTC", "ETH", "USDT"} == set(first.balances)


def test_changed_levels_add_up_to_the_depth() -> None:
    world = RandomWorld(2)
    world.run(600)
    views = Views()
    book: dict[str, tuple[dict[int, int], dict[int, int]]] = {market.symbol: ({}, {}) for market in MARKETS}
    for record in world.records:
        views.fold(record)
        follow(book, record)
    for symbol, (bids, asks) in book.items():
        _, shown_bids, shown_asks = views.marketdata.markets[symbol].depth(5000)
        assert sorted(bids.items(), reverse=True) == shown_bids
        assert sorted(asks.items()) == shown_asks
        best_bid, best_ask = views.marketdata.markets[symbol].best_bid, views.marketdata.markets[symbol].best_ask
        assert (shown_bids[:1], shown_asks[:1]) == ([best_bid][: len(bids)], [best_ask][: len(asks)])
        assert (shown_bids[:2], shown_asks[:2]) == views.marketdata.markets[symbol].depth(2)[1:]


@pytest.mark.parametrize("seed", range(3))
def test_what_was_made_of_a_book_is_never_older_than_the_book(seed: int) -> None:
    world, views, moments, done = RandomWorld(seed), Views(), [], 0
    for _ in range(2):
        world.run(500)
        for record in world.records[done:]:
            views.fold(record)

            assert [] == [each for each in made(views) if each[0] != each[1]]
        moments.append((world.exchange.snapshot(), views.snapshot()))
        done = len(world.records)
    views.restore(*moments[0])

    assert [] == [each for each in made(views) if each[0] != each[1]]


def test_of_a_book_that_was_cleared_nothing_is_shown_that_was_made_before() -> None:
    book = Depth()
    book.apply([(1, 2)], [(3, 4)])
    before = book.made("top", partial(book.top, 1))
    book.clear()

    assert (([(1, 2)], [(3, 4)]), ([], [])) == (before, book.made("top", partial(book.top, 1)))


def made(views: Views) -> Iterator[tuple[Any, Any]]:
    """Of each market the depth as it is, and as it was made for whoever asked first."""
    for view in views.marketdata.markets.values():
        for limit in (1, 5000):
            yield view.depth(limit), view.book.made(limit, partial(view.depth, limit))


def follow(book: dict[str, tuple[dict[int, int], dict[int, int]]], record: Committed) -> None:
    for event in record.events:
        if isinstance(event, WorldReset):
            for sides in book.values():
                for side in sides:
                    side.clear()
        if isinstance(event, DepthChanged):
            for side, levels in zip(book[event.symbol], (event.bids, event.asks), strict=True):
                for price, quantity in levels:
                    side[price] = quantity
                    if quantity == 0:
                        del side[price]
