"""The live feed as a whole, against an upstream that speaks real HTTP and WebSocket: who speaks for a symbol."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hypersim.clock import WallClock
from hypersim.engine.commands import Ladder, OutsideUpdate, Print
from hypersim.engine.orders import Side
from hypersim.feeds.base import SourceReport
from hypersim.feeds.binance import feed as binance_module
from hypersim.feeds.pace import LEAD_S, PACE_S
from hypersim.units import parse
from tests.feeds.desk import Desk, VirtualClock
from tests.feeds.live import FastClock, Live, live
from tests.feeds.scripted_market import ScriptedMarket
from tests.feeds.scripted_upstream import BOOK, DAY, DEPTH, TIME, TRADES, ScriptedUpstream
from tests.feeds.tasks import until

BIDS, ASKS = {"60000": "1", "59999": "2"}, {"60001": "1", "60002": "3"}


@pytest.fixture
async def upstream() -> AsyncIterator[ScriptedUpstream]:
    scripted = ScriptedUpstream()
    scripted.markets["BTCUSDT"] = ScriptedMarket("BTCUSDT", BIDS, ASKS)
    async with scripted.serving():
        yield scripted


def whole(levels: dict[str, str]) -> dict[int, int]:
    return {parse(price): parse(size) for price, size in levels.items()}


def printed(world: Live) -> list[tuple[Side, str, str]]:
    return [(trade.aggressor, f"{trade.price / 1e8:g}", f"{trade.quantity / 1e8:g}") for trade in world.prints]


def streamed(world: Live) -> bool:
    return world.feed.report().streamed == 1


async def test_what_is_streamed_is_exact(upstream: ScriptedUpstream) -> None:
    upstream.streams = True
    bitcoin = upstream.markets["BTCUSDT"]
    async with asyncio.timeout(10), live(upstream, WallClock()) as world:
        await world.supervisor.ready()
        first = world.house(Side.BUY), world.house(Side.SELL)
        bitcoin.trade(Side.BUY, "60001", "0.4")
        bitcoin.put(Side.BUY, "59998", "7")
        await upstream.flush()
        await until(lambda: world.house(Side.BUY) == whole(BIDS | {"59998": "7"}))
        report = world.feed.report()

    assert (whole(BIDS), whole(ASKS)) == first
    assert whole(ASKS | {"60001": "0.6"}) == world.house(Side.SELL)
    assert [(Side.BUY, "60001", "0.4")] == printed(world)
    host = upstream.url.removeprefix("http://")
    # listing 4, day 2, snapshot 50
    assert (
        SourceReport(host=host, transport="websocket", weight_per_minute=12000, weight_spent=56, streamed=1) == report
    )
    assert [BOOK, DAY, DEPTH] == [path for path, _ in upstream.requests]


async def test_a_stream_is_read_before_the_beat_at_which_it_is_told_or_at_once_where_somebody_has_an_order(
    upstream: ScriptedUpstream,
) -> None:
    upstream.streams = True
    bitcoin, beating = upstream.markets["BTCUSDT"], VirtualClock()

    async def bid(size: str) -> None:
        bitcoin.put(Side.BUY, "59998", size)
        await upstream.flush()

    async with asyncio.timeout(10), live(upstream, WallClock(), beating=beating) as world:

        def seen_us() -> int:
            return world.supervisor.status().symbols["BTCUSDT"].received_us

        await world.supervisor.ready()
        first_us = seen_us()
        await bid("7")
        await until(lambda: seen_us() > first_us)
        second_us = seen_us()
        await bid("8")
        await until(lambda: seen_us() > second_us)
        waited_us = seen_us() - second_us
        before = world.house(Side.BUY)
        await beating.pass_time(PACE_S)
        await until(lambda: world.house(Side.BUY) == whole(BIDS | {"59998": "8"}))
        world.ordered.add("BTCUSDT")
        await bid("9")
        await beating.pass_time(PACE_S)
        await bid("10")
        await until(lambda: world.house(Side.BUY) == whole(BIDS | {"59998": "10"}))

    assert whole(BIDS) == before
    assert waited_us >= (PACE_S - LEAD_S) * 1e6


@pytest.mark.parametrize("streams", [True, False])
async def test_a_world_without_a_price_begins_with_the_last_one_and_not_with_a_trade(
    upstream: ScriptedUpstream, streams: bool
) -> None:
    upstream.streams = streams
    upstream.markets["BTCUSDT"].last = ("60000.5", "0.125")
    async with asyncio.timeout(10), live(upstream, WallClock(), traded=()) as world:
        await world.supervisor.ready()
        streamed_now = streamed(world)

    assert (streams, []) == (streamed_now, printed(world))
    assert parse("60000.5") == world.desk.exchange.venues["BTCUSDT"].last_price


async def test_without_streams_a_symbol_in_demand_is_looked_at_closely(upstream: ScriptedUpstream) -> None:
    bitcoin = upstream.markets["BTCUSDT"]
    async with asyncio.timeout(15), live(upstream, WallClock(), interval_ms=100) as world:
        await world.supervisor.ready()
        sampled = len(world.house(Side.BUY)), max(world.house(Side.BUY))
        bitcoin.trade(Side.BUY, "60001", "0.1")  # while nobody looks closely
        world.demand.asked("BTCUSDT")
        await until(lambda: world.house(Side.BUY) == whole(BIDS))
        bitcoin.trade(Side.BUY, "60001", "0.2")
        bitcoin.trade(Side.SELL, "60000", "0.5")
        exact = whole(BIDS | {"60000": "0.5"}), whole(ASKS | {"60001": "0.7"})
        # a trade may be said with the depth before it, when it came within a moment of its answer
        await until(lambda: len(world.prints) == 2 and (world.house(Side.BUY), world.house(Side.SELL)) == exact)
        report = world.feed.report()

    assert (121, parse("60000")) == sampled
    assert [(Side.BUY, "60001", "0.2"), (Side.SELL, "60000", "0.5")] == printed(world)
    assert ("polling", 0) == (report.transport, report.streamed)
    closely = [path for path, _ in upstream.requests if path in (TIME, DEPTH, TRADES)]
    assert [TIME, DEPTH, TRADES, DEPTH, TRADES] == closely[:5]


async def test_when_demand_ends_the_tickers_go_on_without_saying_a_trade_twice(upstream: ScriptedUpstream) -> None:
    bitcoin = upstream.markets["BTCUSDT"]
    async with asyncio.timeout(20), live(upstream, FastClock(20), interval_ms=2000) as world:
        await world.supervisor.ready()
        world.ordered.add("BTCUSDT")
        await until(lambda: world.house(Side.BUY) == whole(BIDS))
        bitcoin.trade(Side.BUY, "60001", "0.2")
        await until(lambda: len(world.prints) == 1)
        world.ordered.clear()
        await until(lambda: len(world.house(Side.BUY)) > 100)
        days = len([path for path, _ in upstream.requests if path == DAY])
        await until(lambda: len([path for path, _ in upstream.requests if path == DAY]) > days + 1)
        after = printed(world)
        bitcoin.trade(Side.BUY, "60001", "0.3")
        await until(lambda: len(world.prints) == 2)

    assert [(Side.BUY, "60001", "0.2")] == after
    assert [(Side.BUY, "60001", "0.3")] == printed(world)[1:]


async def test_a_stream_that_breaks_hands_over_to_polling_and_comes_back(upstream: ScriptedUpstream) -> None:
    """Trades of the time between are nobody's; the book is right all the time."""
    upstream.streams = True
    bitcoin = upstream.markets["BTCUSDT"]
    async with asyncio.timeout(20), live(upstream, FastClock(10), interval_ms=2000) as world:
        await until(lambda: streamed(world))
        bitcoin.trade(Side.BUY, "60001", "0.1")
        await upstream.flush()
        await until(lambda: len(world.prints) == 1)
        upstream.streams = False
        bitcoin.trade(Side.BUY, "60001", "0.2")  # never streamed
        bitcoin.put(Side.BUY, "60000", "5")
        upstream.cut()
        await until(lambda: len(world.house(Side.BUY)) > 100)
        polled = world.house(Side.BUY)[parse("60000")], world.feed.report().transport
        upstream.markets["BTCUSDT"].frames.clear()
        upstream.streams = True
        await until(lambda: streamed(world))
        await until(lambda: world.house(Side.BUY) == whole(BIDS | {"60000": "5"}))
        bitcoin.trade(Side.BUY, "60001", "0.3")
        await upstream.flush()
        await until(lambda: len(world.prints) == 2)
        status = world.supervisor.status()

    assert (parse("5"), "polling") == polled
    assert ["0.1", "0.3"] == [size for _, _, size in printed(world)]
    assert whole(ASKS | {"60001": "0.4"}) == world.house(Side.SELL)
    assert status.failure is None


async def test_where_many_are_listed_those_in_demand_are_streamed(
    upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binance_module, "MOST_STREAMED_IDLE", 1)
    upstream.streams = True
    upstream.markets["ETHUSDT"] = ScriptedMarket("ETHUSDT", {"2500": "1"}, {"2501": "2"})
    both = ("BTCUSDT", "ETHUSDT")
    async with asyncio.timeout(20), live(upstream, FastClock(5), symbols=both, traded=both) as world:
        await world.supervisor.ready()
        idle = world.feed.report().streamed
        world.demand.asked("BTCUSDT")
        await until(lambda: world.house(Side.BUY) == whole(BIDS))
        world.ordered.add("ETHUSDT")
        await until(lambda: world.feed.report().streamed == 2)
        await until(lambda: world.house(Side.BUY, "ETHUSDT") == whole({"2500": "1"}))
        [connection] = upstream.connections
        world.ordered.clear()
        await until(lambda: len(world.house(Side.BUY, "ETHUSDT")) > 100)

    params = [f"ethusdt@{name}" for name in ("depth@100ms", "trade", "bookTicker")]
    assert [
        {"method": "SUBSCRIBE", "params": params, "id": 1},
        {"method": "UNSUBSCRIBE", "params": params, "id": 2},
    ] == connection.asked
    assert (0, whole(BIDS)) == (idle, world.house(Side.BUY))


async def test_a_hand_on_the_market_is_followed_by_the_whole_ladder(upstream: ScriptedUpstream) -> None:
    upstream.streams = True
    async with asyncio.timeout(10), live(upstream, WallClock()) as world:
        await until(lambda: streamed(world))
        by_hand = Ladder(bids=((parse("10"), parse("1")),), asks=((parse("20"), parse("1")),), full=True)
        await _by_hand(world.desk, by_hand)
        await until(lambda: world.house(Side.BUY) == whole(BIDS))

    assert whole(ASKS) == world.house(Side.SELL)
    assert 1 == [path for path, _ in upstream.requests].count(DEPTH)


async def _by_hand(desk: Desk, ladder: Ladder) -> None:
    await desk(OutsideUpdate(symbol="BTCUSDT", ladder=ladder))


async def test_a_market_may_have_another_name_upstream(upstream: ScriptedUpstream) -> None:
    upstream.markets["XBTUSD"] = ScriptedMarket("XBTUSD", {"50": "1"}, {"51": "2"})
    upstream.streams = True
    async with asyncio.timeout(10), live(upstream, WallClock(), names={"BTCUSDT": "XBTUSD"}) as world:
        await until(lambda: streamed(world))
        upstream.markets["XBTUSD"].trade(Side.SELL, "50", "0.25")
        await upstream.flush()
        await until(lambda: world.house(Side.BUY) == whole({"50": "0.75"}))

    assert [Print(parse("50"), parse("0.25"), Side.SELL)] == world.prints
