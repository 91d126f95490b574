"""What streams tell, as whole messages: the same values as the REST answers of the same moment."""

from random import Random
from typing import Any

import pytest

from hypersim.engine.orders import Side
from hypersim.errors import Reason, Refused
from hypersim.views.archive import Archive
from tests.api.streams.stage import Stage

BTC = {"symbol": "BTCUSDT"}
STATISTICS = {
    "p": "priceChange",
    "P": "priceChangePercent",
    "w": "weightedAvgPrice",
    "c": "lastPrice",
    "o": "openPrice",
    "h": "highPrice",
    "l": "lowPrice",
    "v": "volume",
    "q": "quoteVolume",
    "O": "openTime",
    "C": "closeTime",
    "F": "firstId",
    "L": "lastId",
    "n": "count",
}
DAY = {
    **STATISTICS,
    "x": "prevClosePrice",
    "Q": "lastQty",
    "b": "bidPrice",
    "B": "bidQty",
    "a": "askPrice",
    "A": "askQty",
}
MINI = {key: STATISTICS[key] for key in "cohlvq"}
"""Key of a stream's message -> that of the REST answer."""


async def trade_some(stage: Stage, seed: int = 1, symbol: str = "BTCUSDT") -> None:
    """Trades of the outside and of alice, some of which fill several levels and orders."""
    random, lab = Random(seed), stage.lab
    for _ in range(12):
        await lab.ladder(symbol, {"49990": "0.1", "49980": "1"}, {"50010": "0.1", "50020": "1"})
        side = random.choice(["BUY", "SELL"])
        order = {"symbol": symbol, "side": side, "type": "MARKET", "quantity": f"0.{random.randrange(1, 14):02}"}
        await lab.alice.signed("POST", "/api/v3/order", order, time=lab.now_ms)
        price = str(random.randrange(49_991, 50_010))
        await lab.trade(symbol, price, f"0.{random.randrange(1, 9999):04}", random.choice(list(Side)))
        lab.clock.time_us += random.randrange(2_000_000)
    await stage.pass_time(1)


async def rest(stage: Stage, path: str, **arguments: str | int) -> Any:
    answer = await stage.lab.alice.public(f"/api/v3/{path}", arguments)
    assert 200 == answer.status
    return answer.json


async def test_each_trade_is_told(stage: Stage) -> None:
    client = await stage.open("/ws/btcusdt@trade")
    await trade_some(stage)

    _, *trades = await rest(stage, "trades", **BTC)
    assert len(trades) > 20
    assert [
        {
            "e": "trade",
            "E": trade["time"],
            "s": "BTCUSDT",
            "t": trade["id"],
            "p": trade["price"],
            "q": trade["qty"],
            "T": trade["time"],
            "m": trade["isBuyerMaker"],
            "M": True,
        }
        for trade in trades
    ] == client.read()


async def test_the_trades_of_a_taker_at_a_price_are_told_as_one(stage: Stage) -> None:
    client = await stage.open("/stream?streams=btcusdt@aggTrade")
    await trade_some(stage)
    for number in range(2):  # two orders at one price, which one taker fills
        order = {**BTC, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01", "price": "49995"}
        client_of = (stage.lab.alice, stage.lab.bob)[number]
        await client_of.signed("POST", "/api/v3/order", order, time=stage.lab.now_ms)
    await stage.lab.trade("BTCUSDT", "49995", "0.02", Side.SELL)
    await stage.settle()

    _, *wholes = await rest(stage, "aggTrades", **BTC)
    assert 1 == wholes[-1]["l"] - wholes[-1]["f"]
    assert [
        {
            "stream": "btcusdt@aggTrade",
            "data": {"e": "aggTrade", "E": whole["T"], "s": "BTCUSDT", **whole},
        }
        for whole in wholes
    ] == client.read()


async def test_trades_of_other_markets_are_not_told(stage: Stage) -> None:
    client = await stage.open("/stream?streams=ethusdt@trade/ethusdt@aggTrade/btcusdt@blockTrade")
    await trade_some(stage)

    assert [] == client.read()


@pytest.mark.parametrize(
    ("stream", "event", "path", "keys"),
    [
        ("btcusdt@miniTicker", "24hrMiniTicker", "ticker/24hr", MINI),
        ("btcusdt@ticker", "24hrTicker", "ticker/24hr", DAY),
        ("btcusdt@ticker_1h", "1hTicker", "ticker?windowSize=1h", STATISTICS),
        ("btcusdt@ticker_4h", "4hTicker", "ticker?windowSize=4h", STATISTICS),
        ("btcusdt@ticker_1d", "1dTicker", "ticker?windowSize=1d", STATISTICS),
    ],
)
async def test_a_ticker_is_that_of_the_same_moment(
    stage: Stage, stream: str, event: str, path: str, keys: dict[str, str]
) -> None:
    await trade_some(stage)
    client = await stage.open(f"/ws/{stream}")
    stage.lab.clock.time_us += 1_000_000 - stage.lab.clock.time_us % 1_000_000
    await stage.settle()
    where, _, query = path.partition("?")
    answer = await rest(stage, where, **BTC, **dict([query.split("=")] if query else []))

    told = {"e": event, "E": stage.lab.now_ms, "s": "BTCUSDT", **{key: answer[name] for key, name in keys.items()}}
    assert [told] == client.read()
    assert answer["count"] > 20


async def test_an_average_price_is_that_of_the_same_moment(stage: Stage) -> None:
    await trade_some(stage)
    client = await stage.open("/ws/btcusdt@avgPrice")
    await stage.pass_time(1)
    answer = await rest(stage, "avgPrice", **BTC)

    (told,) = client.read()
    second_ms = stage.lab.now_ms // 1000 * 1000
    assert {
        "e": "avgPrice",
        "E": second_ms,
        "s": "BTCUSDT",
        "i": f"{answer['mins']}m",
        "w": answer["price"],
        "T": (await rest(stage, "trades", **BTC))[-1]["time"],
    } == told


async def test_no_symbol_has_a_reference_price(stage: Stage) -> None:
    client = await stage.open("/ws/btcusdt@referencePrice")
    await stage.pass_time(1)

    assert [{"e": "referencePrice", "s": "BTCUSDT", "r": None, "t": stage.lab.now_ms}] == client.read()


@pytest.mark.parametrize(
    ("arrays", "single"),
    [
        ("!miniTicker@arr", "miniTicker"),
        ("!ticker@arr", "ticker"),
        ("!ticker_1h@arr", "ticker_1h"),
        ("!ticker_4h@arr", "ticker_4h"),
        ("!ticker_1d@arr", "ticker_1d"),
    ],
)
async def test_an_array_has_the_tickers_that_changed(stage: Stage, arrays: str, single: str) -> None:
    """At first those of all markets, then those of what was traded."""
    all_of, one_of = await stage.open(f"/ws/{arrays}"), await stage.open(f"/ws/btcusdt@{single}")
    await stage.pass_time(1)
    (first,) = all_of.read()
    assert sorted(stage.lab.world.markets.markets) == sorted(ticker["s"] for ticker in first)
    one_of.read()
    await stage.pass_time(1)
    assert [] == all_of.read()
    one_of.read()
    await stage.lab.trade("BTCUSDT", "50001", "0.5", Side.BUY)
    await stage.pass_time(1)

    assert [one_of.read()] == all_of.read()


async def test_an_array_that_could_not_be_read_is_told_whole_the_next_time(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, window, read = await stage.open("/ws/!ticker_1h@arr"), Archive.window, list[int]()

    async def refuse_the_third(self: Archive, start_us: int) -> Any:
        read.append(start_us)
        if len(read) == 3:
            raise Refused(Reason.OVERLOADED)
        return await window(self, start_us)

    monkeypatch.setattr(Archive, "window", refuse_the_third)
    await stage.pass_time(1)
    assert [] == client.read()
    await stage.pass_time(1)
    (told,) = client.read()

    assert sorted(stage.lab.world.markets.markets) == sorted(ticker["s"] for ticker in told)


async def test_times_in_microseconds_are_those_in_milliseconds(stage: Stage) -> None:
    """All messages of all streams, but for their times."""
    kinds = (
        *("trade", "aggTrade", "depth", "depth5", "kline_1s", "kline_1m", "miniTicker", "ticker", "ticker_1h"),
        *("avgPrice", "referencePrice", "bookTicker"),
    )
    streams = "/".join([*(f"btcusdt@{kind}" for kind in kinds), "!miniTicker@arr", "!ticker_1d@arr"])
    coarse = await stage.open(f"/stream?streams={streams}")
    fine = await stage.open(f"/stream?streams={streams}&timeUnit=MICROSECOND")
    stage.lab.clock.time_us += 123_456
    await stage.lab.move("BTCUSDT", "50005")
    await stage.pass_time(3)

    told = fine.read()
    assert len(kinds) + 2 == len({message["stream"] for message in told})
    assert coarse.read() == [_in_milliseconds(message) for message in told]


def _in_milliseconds(value: Any) -> Any:
    match value:
        case list():
            return [_in_milliseconds(each) for each in value]
        case dict():
            return {key: _in_milliseconds(each) for key, each in value.items()}
        case int() if value > 1_000_000_000_000_000:
            return value // 1000
    return value
