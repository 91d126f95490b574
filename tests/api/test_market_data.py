"""Depth and trades as Binance answers them: shapes, order, limits, weights and refusals."""

from typing import Any

import pytest

from hypersim.engine.commands import PutMarket
from hypersim.engine.market import MarketStatus
from hypersim.engine.orders import Side
from tests.api.lab import START_US, Lab

START_MS = START_US // 1000


def trade(trade_id: int, price: str, qty: str, quote: str, time: int, *, maker: bool) -> dict[str, Any]:
    return {
        "id": trade_id,
        "price": price,
        "qty": qty,
        "quoteQty": quote,
        "time": time,
        "isBuyerMaker": maker,
        "isBestMatch": True,
    }


FIRST = trade(1, "50000.00000000", "0.01000000", "500.00000000", START_MS, maker=False)


async def put_status(lab: Lab, symbol: str, status: MarketStatus) -> None:
    market = lab.world.market(symbol).market
    fields = {name: getattr(market, name) for name in market.__struct_fields__}
    await lab.world.ask(PutMarket(type(market)(**{**fields, "status": status})))


async def test_depth_is_best_first_with_the_update_id(lab: Lab) -> None:
    answer = await lab.alice.public("/api/v3/depth", {"symbol": "BTCUSDT"})

    assert (
        200,
        {
            "lastUpdateId": 1,
            "bids": [["49990.00000000", "1.00000000"], ["49980.00000000", "1.00000000"]],
            "asks": [["50010.00000000", "1.00000000"], ["50020.00000000", "1.00000000"]],
        },
    ) == (answer.status, answer.json)


async def test_depth_stops_at_the_limit(lab: Lab) -> None:
    answer = await lab.alice.public("/v1/depth", {"symbol": "BTCUSDT", "limit": 1})

    assert {
        "lastUpdateId": 1,
        "bids": [["49990.00000000", "1.00000000"]],
        "asks": [["50010.00000000", "1.00000000"]],
    } == answer.json


async def test_an_empty_book_has_empty_sides(lab: Lab) -> None:
    answer = await lab.alice.public("/api/v3/depth", {"symbol": "ETHUSDT"})

    assert {"lastUpdateId": 0, "bids": [], "asks": []} == answer.json


async def test_depth_gives_5000_levels_at_most(lab: Lab) -> None:
    bids = {f"{price / 100:.2f}": "0.1" for price in range(10_000, 15_100)}
    await lab.ladder("BTCUSDT", bids, {})
    answer = await lab.alice.public("/api/v3/depth", {"symbol": "BTCUSDT", "limit": 9999})

    assert (5000, "150.99000000", "101.00000000", []) == (
        len(answer.json["bids"]),
        answer.json["bids"][0][0],
        answer.json["bids"][-1][0],
        answer.json["asks"],
    )


async def test_users_and_outside_stand_in_one_book(lab: Lab) -> None:
    order = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.1",
        "price": "49990",
    }
    placed = await lab.alice.signed("POST", "/api/v3/order", order, time=lab.now_ms)
    answer = await lab.alice.public("/api/v3/depth", {"symbol": "BTCUSDT", "limit": 1})

    assert placed.status == 200
    assert (2, [["49990.00000000", "1.10000000"]]) == (answer.json["lastUpdateId"], answer.json["bids"])


@pytest.mark.parametrize(
    ("limit", "weight"),
    [
        (None, 5),
        (1, 5),
        (100, 5),
        (101, 25),
        (500, 25),
        (501, 50),
        (1000, 50),
        (1001, 250),
        (5000, 250),
        (6000, 250),
    ],
)
async def test_deeper_books_weigh_more(lab: Lab, limit: int | None, weight: int) -> None:
    arguments: dict[str, str | int] = {"symbol": "BTCUSDT", **({} if limit is None else {"limit": limit})}
    answer = await lab.alice.public("/api/v3/depth", arguments)

    assert str(weight) == answer.headers["x-mbx-used-weight-1m"]


@pytest.mark.parametrize("path", ["/api/v3/trades", "/api/v3/historicalTrades"])
async def test_recent_trades_ascend(lab: Lab, path: str) -> None:
    lab.clock.time_us += 1_500_000
    await lab.trade("BTCUSDT", "49999.5", "0.00003", Side.SELL)
    everything = await lab.alice.public(path, {"symbol": "BTCUSDT"})
    newest = await lab.alice.public(path, {"symbol": "BTCUSDT", "limit": 1})
    second = trade(2, "49999.50000000", "0.00003000", "1.49998500", START_MS + 1500, maker=True)

    assert [FIRST, second] == everything.json
    assert [second] == newest.json
    assert "50" == newest.headers["x-mbx-used-weight-1m"]


async def test_older_trades_come_from_the_store(lab: Lab) -> None:
    for _ in range(1200):
        lab.clock.time_us += 1000
        await lab.trade("BTCUSDT", "50000", "0.01", Side.BUY)
    lab.clock.time_us += 3_600_000_000

    for from_id, limit, expected in (
        (1, 3, [1, 2, 3]),
        (0, 1, [1]),
        (500, 2, [500, 501]),
        (1199, 9, [1199, 1200, 1201]),
        (1202, 5, []),
    ):
        arguments: dict[str, str | int] = {"symbol": "BTCUSDT", "fromId": from_id, "limit": limit}
        answer = await lab.alice.public("/api/v3/historicalTrades", arguments)
        assert expected == [row["id"] for row in answer.json]
    first = await lab.alice.public("/api/v3/historicalTrades", {"symbol": "BTCUSDT", "fromId": 1, "limit": 1})
    assert [FIRST] == first.json
    many = await lab.alice.public("/api/v3/trades", {"symbol": "BTCUSDT", "limit": 5000})
    assert list(range(202, 1202)) == [row["id"] for row in many.json]


async def test_trades_of_one_taker_at_one_price_are_one_aggregate(lab: Lab) -> None:
    for client, quantity in ((lab.bob, "0.002"), (lab.bob, "0.003")):
        order = {
            "symbol": "BTCUSDT",
            "side": "SELL",
            "type": "LIMIT",
            "timeInForce": "GTC",
            "quantity": quantity,
            "price": "50005",
        }
        await client.signed("POST", "/api/v3/order", order, time=lab.now_ms)
    await lab.trade("BTCUSDT", "50005", "0.01", Side.BUY)
    answer = await lab.alice.public("/api/v3/aggTrades", {"symbol": "BTCUSDT"})

    assert [
        {
            "a": 1,
            "p": "50000.00000000",
            "q": "0.01000000",
            "f": 1,
            "l": 1,
            "T": START_MS,
            "m": False,
            "M": True,
        },
        {
            "a": 2,
            "p": "50005.00000000",
            "q": "0.01000000",
            "f": 2,
            "l": 4,
            "T": START_MS,
            "m": False,
            "M": True,
        },
    ] == answer.json
    assert "4" == answer.headers["x-mbx-used-weight-1m"].removeprefix("1")


async def test_aggregates_are_found_by_id_and_by_time_in_memory_and_in_the_store(lab: Lab) -> None:
    for _ in range(1400):
        lab.clock.time_us += 1_000_000
        await lab.trade("BTCUSDT", "50000", "0.01", Side.BUY)
    last_ms = START_MS + 1_400_000

    async def ids(**arguments: int) -> list[int]:
        answer = await lab.alice.public("/api/v3/aggTrades", {"symbol": "BTCUSDT", **arguments})
        assert answer.status == 200
        return [row["a"] for row in answer.json]

    assert list(range(902, 1402)) == await ids()
    assert list(range(402, 1402)) == await ids(limit=2000)
    assert [1, 2] == await ids(fromId=0, limit=2)
    assert [1300, 1301] == await ids(fromId=1300, limit=2)
    assert [] == await ids(fromId=1402)
    assert [1, 2, 3] == await ids(startTime=START_MS, limit=3)
    assert [2, 3] == await ids(startTime=START_MS + 1000, endTime=START_MS + 2000)
    assert [1400, 1401] == await ids(startTime=last_ms - 1000)
    assert [1400] == await ids(startTime=last_ms - 1000, endTime=last_ms - 1)
    assert [1400] == await ids(endTime=last_ms - 1, limit=1)
    assert [2, 3] == await ids(endTime=START_MS + 2500, limit=2)
    assert [] == await ids(endTime=START_MS - 1)
    assert [] == await ids(startTime=last_ms + 1)
    assert [] == await ids(startTime=last_ms, endTime=START_MS)


async def test_times_come_in_microseconds_on_request(lab: Lab) -> None:
    lab.clock.time_us += 1234
    await lab.trade("BTCUSDT", "50000", "0.01", Side.BUY)
    micro = {"X-MBX-TIME-UNIT": "MICROSECOND"}

    trades = await lab.alice.public("/api/v3/trades", {"symbol": "BTCUSDT", "limit": 1}, **micro)
    wholes = await lab.alice.public("/api/v3/aggTrades", {"symbol": "BTCUSDT", "limit": 1}, **micro)

    assert (START_US + 1234, START_US + 1234) == (trades.json[0]["time"], wholes.json[0]["T"])


async def test_a_status_that_the_symbol_does_not_have_is_refused(lab: Lab) -> None:
    await put_status(lab, "ETHUSDT", MarketStatus.HALT)
    answers = [
        (await lab.alice.public("/api/v3/depth", {"symbol": symbol, "symbolStatus": status}))
        for symbol, status in (("ETHUSDT", "HALT"), ("ETHUSDT", "TRADING"), ("BTCUSDT", "OPEN"))
    ]

    assert [200, 400, 400] == [answer.status for answer in answers]
    assert [-1220, -1122] == [answer.json["code"] for answer in answers[1:]]


@pytest.mark.parametrize(
    ("path", "query", "code", "sentence"),
    [
        ("depth", "", -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."),
        ("depth", "symbol=NOPE", -1121, "Invalid symbol."),
        ("trades", "symbol=NOPE", -1121, "Invalid symbol."),
        ("historicalTrades", "symbol=NOPE", -1121, "Invalid symbol."),
        ("aggTrades", "symbol=NOPE", -1121, "Invalid symbol."),
        (
            "depth",
            "symbol=BTCUSDT&limit=ten",
            -1100,
            "Illegal characters found in parameter 'limit'; legal range is '^[0-9]{1,20}$'.",
        ),
        (
            "depth",
            "symbol=BTCUSDT&depth=5",
            -1104,
            "Not all sent parameters were read; read '1' parameter(s) but was sent '2'.",
        ),
        (
            "aggTrades",
            "symbol=BTCUSDT&fromId=1&startTime=1",
            -1128,
            "Combination of optional parameters invalid.",
        ),
        (
            "aggTrades",
            "symbol=BTCUSDT&fromId=1&endTime=1",
            -1128,
            "Combination of optional parameters invalid.",
        ),
    ],
)
async def test_what_cannot_be_answered_is_refused(lab: Lab, path: str, query: str, code: int, sentence: str) -> None:
    answer = await lab.alice.raw("GET", f"/api/v3/{path}", query)

    assert (400, {"code": code, "msg": sentence}) == (answer.status, answer.json)
