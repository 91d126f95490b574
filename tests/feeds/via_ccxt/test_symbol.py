"""What there is to say of one market, from what its exchange shows of it."""

from __future__ import annotations

import pytest

from hypersim.engine.commands import OutsideUpdate, Print
from hypersim.engine.orders import Side
from hypersim.feeds.ccxt.shapes import Book, Levels, Quote, Ticker, Trade
from hypersim.feeds.ccxt.symbol import Observed
from hypersim.units import ONE
from tests.feeds.desk import MARKET

BIDS: Levels = ((99 * ONE, 5 * ONE),)
ASKS: Levels = ((101 * ONE, 4 * ONE),)


@pytest.fixture
def observed() -> Observed:
    """A market that was looked at once, at time 10; its last trade was at 100."""
    observed = Observed(MARKET, "BTC/USDT", 1, traded=True)
    observed.learn_look(Book(BIDS, ASKS, 10), [trade(10, 100)])
    return observed


def trade(time_us: int, price: int, side: Side | None = Side.BUY, size: int = 1) -> Trade:
    return Trade(None, time_us, price * ONE, size * ONE, side)


def said(update: OutsideUpdate | None) -> list[tuple[int, Side]]:
    """Prices and takers of the trades in it."""
    return [(trade.price // ONE, trade.aggressor) for trade in (update.prints if update is not None else ())]


def test_a_trade_that_is_newer_than_its_book_is_said_with_the_next_one(observed: Observed) -> None:
    looks = [
        observed.learn_look(Book(BIDS, ASKS, 20), [trade(19, 101), trade(21, 102)]),
        observed.learn_look(Book(BIDS, ASKS, 20), [trade(21, 102), trade(22, 103)]),
        observed.learn_look(Book(BIDS, ASKS), [trade(22, 103), trade(23, 104)]),
    ]

    prices = [[price for price, _ in said(look)] for look in looks]
    assert [[101], [102], [103, 104]] == prices


def test_trades_that_wait_for_their_book_are_said_when_they_come_in_another_way(observed: Observed) -> None:
    observed.learn_look(Book(BIDS, ASKS, 20), [trade(21, 102)])
    observed.go_on_elsewhere([trade(21, 102), trade(22, 103)])

    assert [102, 103] == [price for price, _ in said(observed.learn_book(Book(BIDS, ASKS, 22)))]


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        ([101], [Side.BUY]),
        ([102], [Side.BUY]),
        ([99], [Side.SELL]),
        ([98], [Side.SELL]),
        # between the quotes: by the price of the trade before
        ([101, 100], [Side.BUY, Side.SELL]),
        ([99, 100, 100], [Side.SELL, Side.BUY, Side.BUY]),
    ],
)
def test_who_took_is_inferred_where_the_exchange_does_not_say_it(
    observed: Observed, prices: list[int], expected: list[Side]
) -> None:
    moved = Book(((90 * ONE, ONE),), ((110 * ONE, ONE),))  # what they led to says nothing about them
    trades = [trade(20 + number, price, None) for number, price in enumerate(prices)]

    assert list(zip(prices, expected, strict=True)) == said(observed.learn_look(moved, trades))


def test_a_trade_alone_waits_for_the_first_ladder() -> None:
    fresh = Observed(MARKET, "BTC/USDT", 1, traded=True)
    fresh.go_on_elsewhere([trade(10, 100)])
    alone = fresh.learn_trades([trade(11, 101)])
    with_ladder = fresh.learn_book(Book(BIDS, ASKS))
    after = fresh.learn_trades([trade(12, 102)])

    assert [None, [(101, Side.BUY)], [(102, Side.BUY)]] == [alone, said(with_ladder), said(after)]
    assert (None, 12) == (after and after.ladder, after and after.source_time_us)


def test_a_best_price_whose_size_is_not_said_has_that_of_the_next_level() -> None:
    fresh = Observed(MARKET, "BTC/USDT", 1, traded=True)
    ticker = Ticker(Quote(1000 * ONE, 0, 1001 * ONE, 7 * ONE), 1000 * ONE, 90_000 * ONE, 5)
    fresh.learn_day(ticker)
    told = fresh.learn_quote(ticker)

    assert told is not None
    assert told.ladder is not None
    assert (1000 * ONE, told.ladder.bids[1][1]) == told.ladder.bids[0]
    assert ((1001 * ONE, 7 * ONE), 5) == (told.ladder.asks[0], told.source_time_us)


def test_between_two_ways_of_looking_nothing_is_said_to_have_been_traded(observed: Observed) -> None:
    def ticker(volume: int) -> Ticker:
        return Ticker(Quote(99 * ONE, ONE, 101 * ONE, ONE), 101 * ONE, volume * ONE, 0)

    told: list[OutsideUpdate | None] = []
    for volume in (50, 53):
        observed.learn_day(ticker(volume))
        told.append(observed.learn_quote(ticker(volume)))
    told.append(observed.learn_look(Book(BIDS, ASKS), [trade(50, 100)]))
    told.append(observed.learn_look(Book(BIDS, ASKS), [trade(50, 100), trade(51, 101)]))

    prints = [update.prints if update is not None else None for update in told]
    assert [(), (Print(101 * ONE, 3 * ONE, Side.BUY),), (), (Print(101 * ONE, ONE, Side.BUY),)] == prints
