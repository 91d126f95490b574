"""The feed that polls Binance, against an upstream that speaks real HTTP."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from itertools import pairwise

import pytest

from hypersim.clock import MICROSECONDS, WallClock
from hypersim.engine.commands import Ladder, OutsideUpdate, Print
from hypersim.engine.orders import Side
from hypersim.feeds import upstream as upstream_module
from hypersim.feeds.base import FeedFailed
from hypersim.feeds.binance import BinanceFeed, split_by_upstream, upstream_symbols
from hypersim.feeds.budget import WeightBudget
from hypersim.feeds.quotes import UNBOUNDED
from hypersim.feeds.supervisor import FeedSupervisor
from hypersim.feeds.upstream import day_weight
from hypersim.units import parse
from tests.feeds.desk import START_US, Desk, SteppingClock, VirtualClock, fed_by
from tests.feeds.markets import MARKETS, SYNTHETIC
from tests.feeds.scripted_upstream import BOOK, DAY, Answer, ScriptedUpstream
from tests.feeds.tasks import running, until

OURS = ("BTCUSDT", "ETHUSDT")


@pytest.fixture
async def upstream() -> AsyncIterator[ScriptedUpstream]:
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
    async with scripted.serving():
        yield scripted


def feed(
    upstream: ScriptedUpstream,
    clock: VirtualClock | WallClock,
    *,
    weight: int = 1200,
    traded: tuple[str, ...] = (),
) -> BinanceFeed:
    return BinanceFeed(
        clock=clock,
        markets=[MARKETS[symbol] for symbol in OURS],
        base_url=upstream.url,
        interval_ms=1000,
        weight_per_minute=weight,
        seed=1,
        traded=traded,
    )


async def poll(updates: AsyncGenerator[OutsideUpdate, None], symbol: str = "BTCUSDT") -> OutsideUpdate:
    """The next update of a symbol."""
    async for update in updates:
        if update.symbol == symbol:
            return update
    raise AssertionError("the feed ended")


async def until_day(updates: AsyncGenerator[OutsideUpdate, None]) -> list[Print]:
    """The trades of the next eleven polls: the figures of the day are among them once."""
    return [trade for _ in range(11) for trade in (await poll(updates)).prints]


async def test_the_first_ladder_has_the_best_quotes_in_front_of_a_depth(upstream: ScriptedUpstream) -> None:
    async with aclosing(feed(upstream, SteppingClock()).updates()) as updates:
        first = await poll(updates)

    ladder = first.ladder
    assert ladder is not None
    assert (parse("60000"), parse("1.5")) == ladder.bids[0]
    assert (parse("60000.01"), parse("0.25")) == ladder.asks[0]
    assert (True, 121, 121) == (ladder.full, len(ladder.bids), len(ladder.asks))
    assert (ladder.bids[-1][0], ladder.asks[-1][0]) == (ladder.bid_floor, ladder.ask_ceiling)


@pytest.mark.parametrize(
    ("traded", "expected"),
    [((), (Print(parse("60000.01"), parse("0.125"), Side.BUY),)), (("BTCUSDT",), ())],
)
async def test_a_world_without_a_price_begins_with_the_last_trade(
    upstream: ScriptedUpstream, traded: tuple[str, ...], expected: tuple[Print, ...]
) -> None:
    async with aclosing(feed(upstream, SteppingClock(), traded=traded).updates()) as updates:
        first = await poll(updates)

    assert expected == first.prints


async def test_a_quote_that_did_not_change_is_only_confirmed(upstream: ScriptedUpstream) -> None:
    async with aclosing(feed(upstream, SteppingClock(), traded=OURS).updates()) as updates:
        await poll(updates)
        again = await poll(updates)
        upstream.books["BTCUSDT"] = ("60000.00", "1.4", "60000.01", "0.25")
        changed = await poll(updates)

    assert OutsideUpdate(symbol="BTCUSDT") == again
    assert changed.ladder is not None
    assert parse("1.4") == changed.ladder.bids[0][1]


async def test_a_side_without_quotes_is_empty(upstream: ScriptedUpstream) -> None:
    upstream.books["BTCUSDT"] = ("0.00000000", "0.00000000", "60000.01", "0.25")
    async with aclosing(feed(upstream, SteppingClock()).updates()) as updates:
        ladder = (await poll(updates)).ladder

    assert ladder is not None
    assert ((), 0, 121) == (ladder.bids, ladder.bid_floor, len(ladder.asks))
    upstream.books["BTCUSDT"] = ("0", "0", "0", "0")
    async with aclosing(feed(upstream, SteppingClock()).updates()) as updates:
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
    async with aclosing(feed(upstream, SteppingClock()).updates()) as updates:
        await until_day(updates)
        upstream.days["BTCUSDT"] = day

        assert [Print(parse(price), parse(quantity), side) for price, quantity, side in expected] == await until_day(
            updates
        )


async def test_trades_of_the_time_in_which_nobody_looked_are_not_repeated(upstream: ScriptedUpstream) -> None:
    live = feed(upstream, SteppingClock())
    async with aclosing(live.updates()) as updates:
        await until_day(updates)
    upstream.days["BTCUSDT"] = ("61000", "1", "20500", 999)
    async with aclosing(live.updates()) as updates:
        again = await until_day(updates)

    assert [] == again


async def test_after_a_hand_on_the_market_the_whole_ladder_is_said(upstream: ScriptedUpstream) -> None:
    live = feed(upstream, SteppingClock())
    async with aclosing(live.updates()) as updates:
        first = await poll(updates)
        live.moved("BTCUSDT", parse("1"))
        again = await poll(updates)

    assert (first.ladder, ()) == (again.ladder, again.prints)


async def test_an_emptied_world_begins_with_the_last_trade_again(upstream: ScriptedUpstream) -> None:
    live = feed(upstream, SteppingClock())
    async with aclosing(live.updates()) as updates:
        first = await poll(updates)
        live.moved("BTCUSDT", None)
        again = await until_day(updates)

    assert list(first.prints) == again


async def test_quotes_are_asked_for_at_each_interval_and_the_day_every_ten_seconds(
    upstream: ScriptedUpstream,
) -> None:
    clock = SteppingClock()
    live = feed(upstream, clock)
    async with aclosing(live.updates()) as updates:
        while clock.now_us() < START_US + 30 * MICROSECONDS:
            await poll(updates)

    assert [(BOOK, None), (DAY, list(OURS)), (BOOK, list(OURS))] == upstream.requests[:3]
    assert (32, 4) == tuple(len([path for path, _ in upstream.requests if path == p]) for p in (BOOK, DAY))
    assert 32 * 4 + 4 * 2 == live.budget.spent


@pytest.mark.parametrize("weight", [30, 100, 240])
async def test_polling_slows_down_to_its_budget_and_stays_even(upstream: ScriptedUpstream, weight: int) -> None:
    clock = SteppingClock()
    asked_us: list[tuple[int, str]] = []
    upstream.misbehave = lambda path: asked_us.append((clock.now_us(), path))
    async with aclosing(feed(upstream, clock, weight=weight).updates()) as updates:
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
    async with aclosing(feed(upstream, SteppingClock()).updates()) as updates:
        shown = {(await anext(updates)).symbol for _ in range(3)}

    assert {"BTCUSDT"} == shown
    assert [f"feed binance: {upstream.url} has no ETHUSDT"] == caplog.messages


def says(status: int, body: bytes = b"{}", **headers: str) -> Callable[[str], Answer]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: (status, named, body)


@pytest.mark.parametrize(
    ("misbehaviour", "failure", "retry_after_s"),
    [
        (says(429, Retry_After="17"), "asks to be left alone for 17 s (status 429)", 17),
        (says(429, Retry_After="soon"), "asks to be left alone for 60 s (status 429)", 60),
        (says(418), "asks to be left alone for 120 s (status 418)", 120),
        (says(451), "does not serve this place (status 451)", 300),
        (says(403), "does not serve this place (status 403)", 300),
        (says(502, b"<html>Bad gateway"), "answered status 502: <html>Bad gateway", 0),
        (says(200, b"<html>hello"), "with something else: JSON is malformed", 0),
        (says(200, b"\xff\xfe"), "with something else: ", 0),
        (says(200, b'{"symbol":"BTCUSDT"}'), "with something else: Expected `array`, got `object`", 0),
        (says(200, b'[{"symbol":"BTCUSDT"}]'), "Object missing required field `bidPrice`", 0),
        (says(200, b"[]"), "has none of BTCUSDT, ETHUSDT", 0),
    ],
)
async def test_what_an_upstream_does_wrong_is_one_clear_line(
    upstream: ScriptedUpstream, misbehaviour: Callable[[str], Answer], failure: str, retry_after_s: float
) -> None:
    upstream.misbehave = misbehaviour
    async with aclosing(feed(upstream, SteppingClock()).updates()) as updates:
        with pytest.raises(FeedFailed) as failed:
            await anext(updates)

    assert failure in str(failed.value)
    assert retry_after_s == failed.value.retry_after_s


@pytest.mark.parametrize("number", ["1e5", "NaN", "-1", "", "1.123456789"])
async def test_numbers_that_are_none_fail_the_feed(upstream: ScriptedUpstream, number: str) -> None:
    upstream.books["BTCUSDT"] = ("60000.00", number, "60000.01", "0.25")
    async with aclosing(feed(upstream, SteppingClock()).updates()) as updates:
        with pytest.raises(FeedFailed, match="the upstream sent a number that is"):
            await anext(updates)


async def test_a_silent_upstream_and_a_dead_one_fail_the_feed(
    upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream_module, "ANSWER_TIMEOUT_S", 0.05)
    upstream.silent = True
    with pytest.raises(FeedFailed, match=r"did not answer within 0\.05 s"):
        await anext(feed(upstream, SteppingClock()).updates())
    upstream.url = "http://127.0.0.1:9"
    with pytest.raises(FeedFailed, match=r"127\.0\.0\.1:9 cannot be reached: "):
        await anext(feed(upstream, SteppingClock()).updates())


@pytest.mark.parametrize("address", ["http://", "https:///api", "http://[::1", "http://a b", "http://127.0.0.1:99999"])
async def test_an_address_that_is_none_fails_the_feed(upstream: ScriptedUpstream, address: str) -> None:
    upstream.url = address
    with pytest.raises(FeedFailed):
        await anext(feed(upstream, SteppingClock()).updates())


async def test_an_upstream_names_its_symbols(upstream: ScriptedUpstream) -> None:
    listed = await upstream_symbols(SteppingClock(), upstream.url, 1200)
    markets = [MARKETS[symbol] for symbol in ("BTCUSDT", "AAPLUSDT", "SOLUSDT")]
    made_up = {symbol: SYNTHETIC[symbol] for symbol in ("BTCUSDT", "AAPLUSDT")}

    assert {"BTCUSDT", "ETHUSDT", "DOGEUSDT"} == listed
    # what nobody can make up is left to the upstream, which may list it one day
    assert ([markets[0], markets[2]], [markets[1]]) == split_by_upstream(markets, listed, made_up)


async def test_the_exchange_s_book_is_the_upstream_s(upstream: ScriptedUpstream) -> None:
    """Over real HTTP and in real time, through the supervisor into the real exchange, and after a failure
    again.
    """
    clock = VirtualClock()
    desk = Desk(clock, [MARKETS[symbol] for symbol in OURS])
    live = feed(upstream, WallClock())
    supervisor = FeedSupervisor(
        ask=desk, clock=WallClock(), sources=fed_by([MARKETS[symbol] for symbol in OURS], live), seed=1
    )
    desk.listeners.append(supervisor.fold)
    async with running(supervisor.run()):
        async with asyncio.timeout(20):
            await supervisor.ready()
            before = max(desk.house(Side.BUY, "BTCUSDT")), min(desk.house(Side.SELL, "BTCUSDT"))
            upstream.misbehave = says(500)
            await until(lambda: supervisor.status().failure is not None)
            upstream.books["BTCUSDT"] = ("61000.00", "1.5", "61000.01", "0.25")
            upstream.misbehave = lambda _: None
            await until(lambda: max(desk.house(Side.BUY, "BTCUSDT")) == parse("61000"))

    assert (parse("60000"), parse("60000.01")) == before
    assert parse("61000.01") == min(desk.house(Side.SELL, "BTCUSDT"))
    assert supervisor.status().failure is None
    assert parse("60000.01") == desk.exchange.venues["BTCUSDT"].last_price
    assert 1 == supervisor.status().symbols["BTCUSDT"].gaps


@pytest.mark.parametrize(("symbols", "weight"), [(1, 2), (20, 2), (21, 40), (100, 40), (101, 80)])
def test_day_tickers_weigh_as_documented(symbols: int, weight: int) -> None:
    assert weight == day_weight(symbols)


async def test_no_minute_holds_more_than_the_budget() -> None:
    clock = SteppingClock()
    budget = WeightBudget(clock, 10)
    spent_s = []
    for weight in (4, 4, 4, 10, 25, 1):
        await budget.spend(weight)
        spent_s.append((clock.now_us() - START_US) // MICROSECONDS)
        clock.skip(1)

    # 4 and 4 at once, the third when the first is a minute old; what is too large waits for an idle minute
    assert [0, 1, 60, 120, 180, 240] == spent_s
