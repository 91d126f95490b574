"""Polling tickers, against an upstream that speaks real HTTP."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from itertools import pairwise

import pytest

from hypersim.clock import MICROSECONDS, Clock
from hypersim.engine.commands import Ladder, OutsideUpdate, Print
from hypersim.engine.orders import Side
from hypersim.feeds.base import FeedFailed
from hypersim.feeds.binance.answers import DayTicker
from hypersim.feeds.binance.chorus import chorus
from hypersim.feeds.binance.polling import TickerPolling, find
from hypersim.feeds.binance.upstream import day_weight
from hypersim.feeds.binance.watched import Source, Watched
from hypersim.feeds.quotes import UNBOUNDED
from hypersim.units import parse
from tests.feeds.desk import START_US, SteppingClock
from tests.feeds.live import reached
from tests.feeds.markets import MARKETS
from tests.feeds.scripted_upstream import BOOK, DAY, ScriptedUpstream

OURS = ("BTCUSDT", "ETHUSDT")
Updates = AsyncGenerator[OutsideUpdate, None]


@pytest.fixture
async def upstream() -> AsyncIterator[ScriptedUpstream]:
    async with tickers().serving() as scripted:
        yield scripted


def tickers() -> ScriptedUpstream:
    scripted = ScriptedUpstream()
    scripted.books = {
        "BTCUSDT": ("60000.00", "1.5", "60000.01", "0.25"),
        "ETHUSDT": ("2500.00", "10", "2500.10", "20"),
        "DOGEUSDT": ("0.1", "10", "0.2", "20"),
    }
    scripted.days = {
        "BTCUSDT": ("60000.01", "0.125", "20000", 700),
        "ETHUSDT": ("2500.00", "1", "300000", 90),
        "DOGEUSDT": ("0.1", "1", "1", 1),
    }
    return scripted


@asynccontextmanager
async def polled(
    scripted: ScriptedUpstream,
    clock: Clock,
    *,
    weight: int = 1200,
    traded: tuple[str, ...] = (),
    near: Sequence[str] = OURS,
) -> AsyncIterator[tuple[Updates, list[Watched]]]:
    """What tickers say of our markets, from now on, and what is watched."""
    async with reached(scripted, clock, weight=weight) as source:
        days: dict[str, DayTicker] = {}
        watched = await find(source, [(MARKETS[symbol], symbol) for symbol in OURS], 1, traded, days.__setitem__)
        for one in watched:
            one.speak_for(Source.TICKERS)
        polling = TickerPolling(clock, source, watched, 1.0, lambda one: one.symbol in near, days.__setitem__)
        async with aclosing(chorus(polling.run)) as updates:
            yield updates, watched


async def poll(updates: Updates, symbol: str = "BTCUSDT") -> OutsideUpdate:
    """The next update of a symbol."""
    async for update in updates:
        if update.symbol == symbol:
            return update
    raise AssertionError("the feed ended")


async def until_day(updates: Updates) -> list[Print]:
    """The trades of the next eleven polls: the figures of the day are among them once."""
    return [trade for _ in range(11) for trade in (await poll(updates)).prints]


async def test_the_first_ladder_has_the_best_quotes_in_front_of_a_depth(upstream: ScriptedUpstream) -> None:
    async with polled(upstream, SteppingClock()) as (updates, _):
        first = await poll(updates)

    ladder = first.ladder
    assert ladder is not None
    assert (parse("60000"), parse("1.5")) == ladder.bids[0]
    assert (parse("60000.01"), parse("0.25")) == ladder.asks[0]
    assert (True, 121, 121) == (ladder.full, len(ladder.bids), len(ladder.asks))
    assert (ladder.bids[-1][0], ladder.asks[-1][0]) == (ladder.bid_floor, ladder.ask_ceiling)


@pytest.mark.parametrize(
    ("traded", "expected"),
    [((), "60000.01"), (("BTCUSDT",), "0")],
)
async def test_a_world_without_a_price_begins_with_the_last_one_and_not_with_a_trade(
    upstream: ScriptedUpstream, traded: tuple[str, ...], expected: str
) -> None:
    async with polled(upstream, SteppingClock(), traded=traded) as (updates, _):
        first = await poll(updates)

    assert (parse(expected), ()) == (first.last_price, first.prints)


async def test_a_quote_that_did_not_change_is_only_confirmed(upstream: ScriptedUpstream) -> None:
    async with polled(upstream, SteppingClock(), traded=OURS) as (updates, _):
        await poll(updates)
        again = await poll(updates)
        upstream.books["BTCUSDT"] = ("60000.00", "1.4", "60000.01", "0.25")
        changed = await poll(updates)

    assert OutsideUpdate(symbol="BTCUSDT") == again
    assert changed.ladder is not None
    assert parse("1.4") == changed.ladder.bids[0][1]


async def test_a_side_without_quotes_is_empty(upstream: ScriptedUpstream) -> None:
    upstream.books["BTCUSDT"] = ("0.00000000", "0.00000000", "60000.01", "0.25")
    async with polled(upstream, SteppingClock()) as (updates, _):
        ladder = (await poll(updates)).ladder

    assert ladder is not None
    assert ((), 0, 121) == (ladder.bids, ladder.bid_floor, len(ladder.asks))
    upstream.books["BTCUSDT"] = ("0", "0", "0", "0")
    async with polled(upstream, SteppingClock()) as (updates, _):
        ladder = (await poll(updates)).ladder

    assert Ladder(bid_floor=0, ask_ceiling=UNBOUNDED, full=True) == ladder


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (("60000.01", "0.125", "20000", 700), []),
        (("60000.01", "0.5", "20003.5", 705), [("60000.01", "3.5", Side.BUY)]),
        (("60000.00", "0.5", "20003.5", 705), [("60000.00", "3.5", Side.SELL)]),
        # between the quotes: by the price of the trade before
        (("60000.004", "0.5", "20001", 705), [("60000.004", "1", Side.SELL)]),
        # the window lost more than it won
        (("60000.01", "0.5", "19990", 705), [("60000.01", "0.5", Side.BUY)]),
        (("60000.01", "0.5", "19990", 700), []),
        (("0", "0", "0", 705), []),
    ],
)
async def test_what_the_day_s_volume_grew_by_is_a_trade_at_the_last_price(
    upstream: ScriptedUpstream, day: tuple[str, str, str, int], expected: list[tuple[str, str, Side]]
) -> None:
    async with polled(upstream, SteppingClock()) as (updates, _):
        await until_day(updates)
        upstream.days["BTCUSDT"] = day

        assert [Print(parse(price), parse(quantity), side) for price, quantity, side in expected] == await until_day(
            updates
        )


async def test_after_a_hand_on_the_market_the_whole_ladder_is_said(upstream: ScriptedUpstream) -> None:
    async with polled(upstream, SteppingClock()) as (updates, [bitcoin, _]):
        first = await poll(updates)
        bitcoin.moved(parse("1"))
        again = await poll(updates)

    assert (first.ladder, ()) == (again.ladder, again.prints)


async def test_an_emptied_world_begins_with_the_last_price_again(upstream: ScriptedUpstream) -> None:
    async with polled(upstream, SteppingClock()) as (updates, [bitcoin, _]):
        said = [await poll(updates) for _ in range(2)]
        bitcoin.moved(None)
        said.append(await poll(updates))

    assert [parse(price) for price in ("60000.01", "0", "60000.01")] == [update.last_price for update in said]


async def test_what_somebody_else_said_of_the_trades_is_not_said_again(upstream: ScriptedUpstream) -> None:
    async with polled(upstream, SteppingClock(), traded=OURS) as (updates, [bitcoin, _]):
        await poll(updates)
        bitcoin.sampled.printed(705, parse("3"))
        upstream.days["BTCUSDT"] = ("60000.01", "0.5", "20002", 703)  # older than what was said
        older = await until_day(updates)
        upstream.days["BTCUSDT"] = ("60000.01", "0.5", "20004", 707)

        assert ([], [Print(parse("60000.01"), parse("1"), Side.BUY)]) == (older, await until_day(updates))


async def test_a_symbol_that_nobody_cares_for_is_confirmed_every_ten_seconds_and_told_every_twenty(
    upstream: ScriptedUpstream,
) -> None:
    clock = SteppingClock()
    said: list[tuple[int, int | None]] = []
    async with polled(upstream, clock, traded=OURS, near=["BTCUSDT"]) as (updates, _):
        while clock.now_us() < START_US + 65 * MICROSECONDS:
            ladder = (await poll(updates, "ETHUSDT")).ladder
            said.append(((clock.now_us() - START_US) // MICROSECONDS, len(ladder.bids) if ladder else None))
            price = "2500.00" if len(said) < 4 else "2501.00"  # other sizes are no news
            upstream.books["ETHUSDT"] = (price, f"1{len(said)}", "2510.00", "20")

    assert [(0, 5), (10, None), (20, 5), (30, None), (40, 5), (50, None), (60, None)] == said[:7]


async def test_quotes_are_asked_for_at_each_interval_and_the_day_every_ten_seconds(
    upstream: ScriptedUpstream,
) -> None:
    clock = SteppingClock()
    async with polled(upstream, clock) as (updates, _):
        while clock.now_us() < START_US + 30 * MICROSECONDS:
            await poll(updates)

    assert [(BOOK, None), (DAY, list(OURS)), (BOOK, list(OURS))] == upstream.requests[:3]
    assert (32, 4) == tuple(len([path for path, _ in upstream.requests if path == p]) for p in (BOOK, DAY))


@pytest.mark.parametrize("weight", [30, 100, 240])
async def test_polling_slows_down_to_its_budget_and_stays_even(upstream: ScriptedUpstream, weight: int) -> None:
    clock = SteppingClock()
    asked_us: list[tuple[int, str]] = []
    upstream.misbehave = lambda path: asked_us.append((clock.now_us(), path))
    async with polled(upstream, clock, weight=weight) as (updates, _):
        while clock.now_us() < START_US + 300 * MICROSECONDS:
            await poll(updates)

    spendings = [(time_us, 4 if path == BOOK else 2) for time_us, path in asked_us]
    fullest = max(
        sum(spent for at_us, spent in spendings if start_us <= at_us < start_us + 60 * MICROSECONDS)
        for start_us, _ in spendings
    )
    quotes_us = [time_us for time_us, path in asked_us if path == BOOK][2:]
    longest_s = max(after - before for before, after in pairwise(quotes_us)) / MICROSECONDS
    assert 0.7 * weight < fullest <= weight
    assert longest_s < 2 * max(1, 60 * 4 / (0.75 * weight))


async def test_markets_that_the_upstream_lacks_are_left_out(
    upstream: ScriptedUpstream, caplog: pytest.LogCaptureFixture
) -> None:
    del upstream.books["ETHUSDT"]
    async with polled(upstream, SteppingClock()) as (updates, _):
        shown = {(await anext(updates)).symbol for _ in range(3)}

    assert {"BTCUSDT"} == shown
    assert [f"{upstream.url.removeprefix('http://')} has no ETHUSDT"] == [
        record.getMessage() for record in caplog.records if record.levelno == logging.WARNING
    ]


@pytest.mark.parametrize("number", ["1e5", "NaN", "-1", "", "1.123456789"])
async def test_numbers_that_are_none_fail_the_feed(upstream: ScriptedUpstream, number: str) -> None:
    async with polled(upstream, SteppingClock()) as (updates, _):
        await anext(updates)
        upstream.books["BTCUSDT"] = ("60000.00", number, "60000.01", "0.25")
        with pytest.raises(FeedFailed, match="the upstream sent a number that is"):
            await until_day(updates)


@pytest.mark.parametrize(("symbols", "weight"), [(1, 2), (20, 2), (21, 40), (100, 40), (101, 80)])
def test_day_tickers_weigh_as_documented(symbols: int, weight: int) -> None:
    assert weight == day_weight(symbols)
