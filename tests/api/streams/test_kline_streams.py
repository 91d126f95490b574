"""Kline streams: bars worked out by hand from the trades, each closing told once, and what they cost."""

import asyncio
import threading
from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from hypersim.engine.commands import Reset
from hypersim.engine.orders import Side
from hypersim.errors import Reason, Refused
from hypersim.units import ONE
from hypersim.views.archive import Archive
from hypersim.views.records import Run, TapeTrade
from tests.api.lab import START_US
from tests.api.streams.stage import Stage, StreamClient, open_stage
from tests.views.trades import TradesBefore
from tests.writer.rig import turns

START_MS = START_US // 1000
MINUTE_MS = 60_000
LENGTHS_MS = {"1s": 1000, "1m": MINUTE_MS, "3m": 3 * MINUTE_MS, "1h": 60 * MINUTE_MS, "1d": 1440 * MINUTE_MS}
MINUTE_END_US = START_US // 60_000_000 * 60_000_000 + 60_000_000


def bar_of(trades: Sequence[Any], interval: str, open_ms: int, *, closed: bool) -> dict[str, Any]:
    """A bar by definition, from messages of the trade stream; without a trade in it, all prices are the last one's."""
    close_ms = open_ms + LENGTHS_MS[interval] - 1
    inside = [trade for trade in trades if open_ms <= trade["T"] <= close_ms]
    before = [trade for trade in trades if trade["T"] < open_ms]
    prices = [trade["p"] for trade in inside] or [before[-1]["p"]]
    bought = [trade for trade in inside if not trade["m"]]
    return {
        "t": open_ms,
        "T": close_ms,
        "s": "BTCUSDT",
        "i": interval,
        "f": inside[0]["t"] if inside else -1,
        "L": inside[-1]["t"] if inside else -1,
        "o": prices[0],
        "c": prices[-1],
        "h": max(prices, key=Decimal),
        "l": min(prices, key=Decimal),
        "v": _sum(Decimal(trade["q"]) for trade in inside),
        "n": len(inside),
        "x": closed,
        "q": _sum(Decimal(trade["q"]) * Decimal(trade["p"]) for trade in inside),
        "V": _sum(Decimal(trade["q"]) for trade in bought),
        "Q": _sum(Decimal(trade["q"]) * Decimal(trade["p"]) for trade in bought),
        "B": "0",
    }


def _sum(amounts: Any) -> str:
    return f"{sum(amounts, Decimal(0)):.8f}"


async def first_trade(stage: Stage) -> dict[str, Any]:
    """The trade that every lab begins with, as its stream would have told it."""
    ((trade),) = (await stage.lab.alice.public("/api/v3/trades", {"symbol": "BTCUSDT"})).json
    return {"t": trade["id"], "p": trade["price"], "q": trade["qty"], "T": trade["time"], "m": trade["isBuyerMaker"]}


async def print_some(stage: Stage, random: Random) -> None:
    for _ in range(random.choice((0, 0, 0, 1, 3))):
        price, side = random.randrange(49_991, 50_010), random.choice(list(Side))
        await stage.lab.trade("BTCUSDT", str(price), f"0.{random.randrange(1, 99_999):05}", side)


def told_bars(client: StreamClient) -> list[Any]:
    return [message["k"] for message in client.read()]


@pytest.mark.parametrize(
    ("interval", "zone", "offset_ms"),
    [("1s", "", 0), ("1m", "", 0), ("3m", "@+00:01", MINUTE_MS), ("1h", "", 0), ("1d", "@-10:20", -620 * MINUTE_MS)],
)
@pytest.mark.parametrize("seed", [1, 2])
async def test_a_bar_is_what_was_traded_in_it_at_every_telling(
    stage: Stage, interval: str, zone: str, offset_ms: int, seed: int
) -> None:
    """Running bars every second or two as they stand; and each that ends, once, with all its trades."""
    random, trades = Random(seed), [await first_trade(stage)]
    hearing = await stage.open("/ws/btcusdt@trade")
    await stage.pass_time(random.random() * 7)
    client = await stage.open(f"/ws/btcusdt@kline_{interval}{zone}")
    length_ms, speed_ms = LENGTHS_MS[interval], 1000 if interval == "1s" else 2000
    opened_ms = stage.lab.now_ms
    running_ms = opened_ms - (opened_ms + offset_ms) % length_ms
    for _ in range(800 if interval == "3m" else 300):
        await print_some(stage, random)
        await stage.pass_time(random.choice((0.1, 0.3, 0.7)))
        trades += hearing.read()
        for message in client.read():
            at_ms, bar = message["E"], message["k"]
            seen = [trade for trade in trades if trade["T"] < at_ms or not bar["x"]]
            assert 0 == at_ms % speed_ms
            assert bar_of(seen, interval, running_ms, closed=at_ms >= running_ms + length_ms) == bar
            running_ms += length_ms if bar["x"] else 0
    now_ms = stage.lab.now_ms
    assert running_ms == now_ms - (now_ms + offset_ms) % length_ms, "each bar that is over was closed"


async def test_a_running_bar_is_the_newest_kline_of_the_same_moment(stage: Stage) -> None:
    random, intervals = Random(3), ("1m", "15m", "4h", "1w", "1M")
    client = await stage.open("/stream?streams=" + "/".join(f"btcusdt@kline_{interval}" for interval in intervals))
    for _ in range(60):
        await print_some(stage, random)
        await stage.pass_time(2)
        for bar in (message["data"]["k"] for message in client.read()):
            if not bar["x"]:
                asked = {"symbol": "BTCUSDT", "interval": bar["i"], "limit": 1}
                ((kline),) = (await stage.lab.alice.public("/api/v3/klines", asked)).json
                assert kline == [*(bar[key] for key in "tohlcvTqnVQ"), "0"]


async def test_the_bar_that_ran_at_the_subscription_is_closed_too(stage: Stage) -> None:
    stage.lab.clock.time_us = MINUTE_END_US - 500_000
    client = await stage.open("/ws/btcusdt@kline_1m")
    await stage.pass_time(1)

    assert [True] == [bar["x"] for bar in told_bars(client)]


async def test_seconds_are_told_when_they_are_over(stage: Stage) -> None:
    client = await stage.open("/ws/btcusdt@kline_1s")
    await stage.pass_time(3)

    assert [(START_MS + 1000 * n, True) for n in range(3)] == [(bar["t"], bar["x"]) for bar in told_bars(client)]


async def test_each_bar_of_a_standstill_is_closed_once(stage: Stage) -> None:
    client = await stage.open("/ws/btcusdt@kline_1m")
    await stage.pass_time(2)
    client.read()
    stage.lab.clock.time_us = MINUTE_END_US + 5 * 60_000_000
    await stage.settle()

    closed = [(bar["t"], bar["x"]) for bar in told_bars(client)]
    assert [(MINUTE_END_US // 1000 + (n - 1) * MINUTE_MS, True) for n in range(6)] == closed


async def test_the_closings_reach_each_subscriber_of_a_stream(stage: Stage) -> None:
    first = await stage.open("/ws/btcusdt@kline_1m")
    await stage.pass_time(10)
    second = await stage.open("/ws/btcusdt@kline_1m")
    await first.leave()
    stage.lab.clock.time_us = MINUTE_END_US - 100_000
    await stage.settle()
    second.read()
    await stage.pass_time(0.2)

    assert [True] == [bar["x"] for bar in told_bars(second)]


def past_trades() -> TradesBefore:
    """Two trades half a minute before the first one here, in the bars that this is in, and ids of a source's own."""
    times = (START_US - 10_000_000, START_US - 5_000_000)
    return TradesBefore([TapeTrade(-7 + n, -7 + n, 49_000 * ONE, ONE, at, False, True) for n, at in enumerate(times)])


async def test_only_ids_of_this_world_are_shown() -> None:
    """A source's trades of before count, and have no ids here."""
    async with open_stage(past=past_trades()) as stage:
        client = await stage.open("/ws/btcusdt@kline_1m")
        await stage.pass_time(2)
        (bar,) = told_bars(client)
        trade = await first_trade(stage)

    assert ("49000.00000000", "50000.00000000", "2.01000000", 3) == (bar["o"], bar["c"], bar["v"], bar["n"])
    assert (trade["t"], trade["t"]) == (bar["f"], bar["L"])


async def test_a_bar_of_a_sources_past_alone_has_no_ids() -> None:
    async with open_stage(past=past_trades()) as stage:
        await stage.lab.world.ask(Reset(None))
        client = await stage.open("/ws/btcusdt@kline_1m")
        await stage.pass_time(2)
        (bar,) = told_bars(client)

    assert ("49000.00000000", "49000.00000000", 2) == (bar["o"], bar["c"], bar["n"])
    assert (-1, -1) == (bar["f"], bar["L"])


async def test_a_reset_empties_the_bar_that_runs(stage: Stage) -> None:
    client = await stage.open("/ws/btcusdt@kline_1h")
    await stage.pass_time(2)
    client.read()
    await stage.lab.world.ask(Reset(None))
    await stage.pass_time(2)
    assert [] == told_bars(client), "nothing was ever traded"
    await stage.lab.trade("BTCUSDT", "40000", "0.5", Side.SELL)
    await stage.pass_time(2)

    (bar,) = told_bars(client)
    assert ["40000.00000000"] * 4 + ["0.50000000", 1] == [bar[key] for key in "ohlcvn"]


async def test_the_archive_is_read_when_a_bar_begins_and_when_it_ends(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds of streams cost no reads in between, whatever is traded."""
    reads: list[str] = []
    klines = Archive.klines

    async def counted(self: Archive, interval: Any, **arguments: Any) -> Any:
        reads.append(interval.value)
        return await klines(self, interval, **arguments)

    monkeypatch.setattr(Archive, "klines", counted)
    intervals, random = ("1m", "1h", "1d", "1M"), Random(4)
    stage.lab.clock.time_us = MINUTE_END_US
    client = await stage.open("/stream?streams=" + "/".join(f"btcusdt@kline_{interval}" for interval in intervals))
    for _ in range(70):
        await print_some(stage, random)
        await stage.pass_time(2)

    assert 4 * 70 == len(client.read())
    reads_of = {interval: reads.count(interval) for interval in intervals}
    assert {"1m": 1 + 2 * 2, "1h": 1, "1d": 1, "1M": 1} == reads_of


async def test_what_cannot_be_read_is_told_the_next_time(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that is away for a moment ends nothing, and no closing is lost."""
    stage.lab.clock.time_us = MINUTE_END_US - 1_000_000
    client = await stage.open("/ws/btcusdt@kline_1m")
    klines = Archive.klines

    async def refuse(self: Archive, interval: Any, **arguments: Any) -> Any:
        raise Refused(Reason.OVERLOADED)

    monkeypatch.setattr(Archive, "klines", refuse)
    await stage.pass_time(3)
    assert [] == told_bars(client)
    monkeypatch.setattr(Archive, "klines", klines)
    await stage.pass_time(2)

    assert [True] == [bar["x"] for bar in told_bars(client)]


async def test_one_that_waits_keeps_no_other_one_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A source's past may take long to fetch."""
    fetched = asyncio.Event()
    past = past_trades()

    async def reach(symbol: str, runs: Sequence[Run]) -> None:
        await fetched.wait()

    async with open_stage(past=past) as stage:
        monkeypatch.setattr(past, "reach", reach)
        monkeypatch.setattr("tests.api.streams.stage.PATIENCE", 0)
        bars = await stage.open("/ws/btcusdt@kline_1h")
        prices = await stage.open("/ws/btcusdt@avgPrice")
        await stage.pass_time(4)
        assert ([], 4) == (told_bars(bars), len(prices.read()))
        fetched.set()
        await stage.pass_time(2)

        assert {"f": 1, "L": 1, "n": 3}.items() <= told_bars(bars)[-1].items()


async def test_a_stream_that_is_left_while_it_reads_tells_nothing_more(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who subscribes again begins anew."""
    reading, go_on = asyncio.Event(), asyncio.Event()
    klines = Archive.klines

    async def slow(self: Archive, interval: Any, **arguments: Any) -> Any:
        reading.set()
        await go_on.wait()
        return await klines(self, interval, **arguments)

    monkeypatch.setattr(Archive, "klines", slow)
    monkeypatch.setattr("tests.api.streams.stage.PATIENCE", 0)
    client = await stage.open("/ws/btcusdt@kline_1m")
    await stage.pass_time(2)
    assert reading.is_set()
    await client.ask("UNSUBSCRIBE", "btcusdt@kline_1m")
    await client.ask("SUBSCRIBE", "btcusdt@kline_1m")
    go_on.set()
    await stage.settle()
    assert [] == client.read()
    await stage.pass_time(2)

    assert [False] == [bar["x"] for bar in told_bars(client)]


async def test_a_stream_that_reads_does_not_begin_to_read_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it takes, it tells once when it is done."""
    reads, go_on = list[Any](), asyncio.Event()
    klines = Archive.klines

    async def slow(self: Archive, interval: Any, **arguments: Any) -> Any:
        reads.append(interval)
        await go_on.wait()
        return await klines(self, interval, **arguments)

    monkeypatch.setattr(Archive, "klines", slow)
    monkeypatch.setattr("tests.api.streams.stage.PATIENCE", 0)
    stage.lab.clock.time_us = MINUTE_END_US - 1_000_000
    client = await stage.open("/ws/btcusdt@kline_1m")
    await stage.pass_time(11)
    go_on.set()
    await stage.settle()

    assert ([True], 1) == ([bar["x"] for bar in told_bars(client)], len(reads))


async def test_a_closing_waits_for_what_is_on_its_way_to_the_disk(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trade of the last instant of a bar is in it, however long its commit takes."""
    lab, durable = stage.lab, threading.Event()
    prepare = lab.writer._journal.prepare

    def slowly(*arguments: Any) -> Any:
        store = prepare(*arguments)

        def later() -> None:
            durable.wait(20)
            store()

        return later

    lab.clock.time_us = MINUTE_END_US - 1
    await stage.settle()
    client = await stage.open("/ws/btcusdt@kline_1m")
    monkeypatch.setattr(lab.writer._journal, "prepare", slowly)
    monkeypatch.setattr("tests.api.streams.stage.PATIENCE", 0)
    trading = asyncio.create_task(lab.trade("BTCUSDT", "50001", "0.25", Side.BUY))
    await turns()
    lab.clock.time_us = MINUTE_END_US
    await stage.settle()
    assert [] == told_bars(client)
    durable.set()
    await trading
    lab.clock.time_us += 5_000
    await stage.settle()

    ((closed, volume),) = [(bar["x"], bar["v"]) for bar in told_bars(client)]
    assert (True, "0.26000000") == (closed, volume)
