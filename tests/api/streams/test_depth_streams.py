"""The documented local order book, kept by who follows a depth stream under a load, and what else streams say of books.

Source: web-socket-streams.md, 'How to manage a local order book correctly'.
"""

from random import Random
from typing import Any

import pytest

from hypersim.engine.commands import PutMarket, Reset
from hypersim.engine.orders import Side
from tests.api.lab import Lab
from tests.api.streams.local_book import LocalBook, compare, depth
from tests.api.streams.stage import Stage, StreamClient


async def stir(lab: Lab, random: Random) -> None:
    """Something that may change the book: the outside's, a trade, an order, a cancel."""
    match random.randrange(5):
        case 0:
            bids = {str(49_990 - random.randrange(8)): str(random.randrange(1, 5)) for _ in range(4)}
            asks = {str(50_010 + random.randrange(8)): str(random.randrange(1, 5)) for _ in range(4)}
            await lab.ladder("BTCUSDT", bids, asks)
        case 1:
            side = random.choice(list(Side))
            price = random.randrange(49_985, 50_016)
            await lab.trade("BTCUSDT", str(price), f"0.{random.randrange(1, 99):02}", side)
        case 2 | 3:
            order = {
                "symbol": "BTCUSDT",
                "side": random.choice(["BUY", "SELL"]),
                "type": "LIMIT",
                "timeInForce": "GTC",
                "quantity": "0.001",
                "price": str(random.randrange(49_980, 50_021)),
            }
            await lab.alice.signed("POST", "/api/v3/order", order, time=lab.now_ms)
        case 4:
            await lab.alice.signed("DELETE", "/api/v3/openOrders", {"symbol": "BTCUSDT"}, time=lab.now_ms)


@pytest.mark.parametrize("speed", ["@100ms", ""])
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_local_book_is_the_book(stage: Stage, speed: str, seed: int) -> None:
    """Whatever happens and whenever a client connects, no gap and no level that differs."""
    random = Random(seed)
    client, book, compared = await stage.open(f"/ws/btcusdt@depth{speed}"), LocalBook(), 0
    for _ in range(400):
        for _ in range(random.choice((0, 1, 1, 5))):
            await stir(stage.lab, random)
        if random.random() < 0.02:
            await client.leave()
            client, book = await stage.open(f"/ws/btcusdt@depth{speed}"), LocalBook()
        await stage.pass_time(random.choice((0.1, 0.1, 0.4)))
        for update in client.read():
            book.hear(update)
        snapshot = await depth(stage.lab)
        if book.update_id is None:
            book.begin(snapshot)
        compared += compare(book, snapshot)
    assert compared > 50
    for _ in range(100):  # what users took still comes back
        await stage.pass_time(0.1)
        for update in client.read():
            book.hear(update)
        if compare(book, await depth(stage.lab)):
            break
    else:
        pytest.fail("the client never knew all of the book")


async def test_every_stream_of_a_book_tells_its_changes_once(stage: Stage) -> None:
    """Levels best first, those gone with a quantity of zero; nothing while nothing changes."""
    client = await stage.open("/stream?streams=btcusdt@depth/btcusdt@depth@100ms/btcusdt@depth5@100ms")
    await stage.pass_time(1.5)
    before = (await depth(stage.lab))["lastUpdateId"]
    client.read()
    await stage.lab.ladder("BTCUSDT", {"49990": "2", "49970": "1"}, {"50010": "1", "50020": "1"})
    await stage.pass_time(1)
    told = {message["stream"]: message["data"] for message in client.read()}

    update = {
        "e": "depthUpdate",
        "s": "BTCUSDT",
        "U": before + 1,
        "u": before + 1,
        "b": [
            ["49990.00000000", "2.00000000"],
            ["49980.00000000", "0.00000000"],
            ["49970.00000000", "1.00000000"],
        ],
        "a": [],
    }
    assert {
        "btcusdt@depth": {**update, "E": stage.lab.now_ms - 500},
        "btcusdt@depth@100ms": {**update, "E": stage.lab.now_ms - 900},
        "btcusdt@depth5@100ms": await depth(stage.lab, limit=5),
    } == told
    await stage.pass_time(3)
    assert [] == client.read()


async def test_who_comes_later_to_a_quiet_book_is_told_its_best_levels(stage: Stage) -> None:
    first = await stage.open("/ws/btcusdt@depth10@100ms")
    await stage.pass_time(1)
    assert [await depth(stage.lab, limit=10)] == first.read()
    second = await stage.open("/ws/btcusdt@depth10@100ms")
    await stage.pass_time(1)

    assert [await depth(stage.lab, limit=10)] == second.read()


async def test_the_best_prices_are_told_at_once_and_when_they_change(stage: Stage) -> None:
    client = await stage.open("/ws/btcusdt@bookTicker")
    await stage.lab.ladder("BTCUSDT", {"49990": "1", "49980": "7"}, {"50010": "1", "50020": "1"})
    await stage.lab.ladder("BTCUSDT", {"49980": "7"}, {"50010": "1", "50020": "1"})
    await stage.lab.ladder("BTCUSDT", {}, {"50010": "1", "50020": "1"})
    await stage.settle()
    newest = (await depth(stage.lab))["lastUpdateId"]

    asks = {"s": "BTCUSDT", "a": "50010.00000000", "A": "1.00000000"}
    assert [
        {"u": newest - 3, "b": "49990.00000000", "B": "1.00000000", **asks},
        {"u": newest - 1, "b": "49980.00000000", "B": "7.00000000", **asks},
        {"u": newest, "b": "0.00000000", "B": "0.00000000", **asks},
    ] == client.read()


async def test_each_best_price_of_all_markets_is_told(stage: Stage) -> None:
    client = await stage.open("/ws/!bookTicker")
    await stage.lab.ladder("BTCUSDT", {"49990": "2"}, {"50010": "1"})
    await stage.lab.ladder("ETHUSDT", {"3000": "2"}, {"3001": "1"})
    await stage.settle()

    assert [("BTCUSDT", "2.00000000"), ("ETHUSDT", "2.00000000")] == [(one["s"], one["B"]) for one in client.read()]


async def test_a_reset_empties_books_without_a_gap(stage: Stage) -> None:
    client, book = await stage.open("/ws/btcusdt@depth@100ms"), LocalBook()
    best = await stage.open("/ws/btcusdt@bookTicker")
    await stir(stage.lab, Random(0))
    await stage.pass_time(0.1)
    for update in client.read():
        book.hear(update)
    book.begin(await depth(stage.lab))
    best.read()
    await stage.lab.world.ask(Reset(None))
    await stage.pass_time(0.1)
    for update in client.read():
        book.hear(update)

    assert {"b": {}, "a": {}} == book.sides
    zero = "0.00000000"
    assert [{"u": book.update_id, "s": "BTCUSDT", "b": zero, "B": zero, "a": zero, "A": zero}] == best.read()


async def test_a_symbol_that_is_listed_later_is_told_from_its_first_update_on(stage: Stage) -> None:
    market = stage.lab.world.markets.markets["BTCUSDT"].market
    names = ("depth", "bookTicker", "trade", "kline_1m", "miniTicker", "avgPrice", "ticker_1h", "depth5", "aggTrade")
    client = await stage.open("/stream?streams=" + "/".join(f"newusdt@{name}" for name in names))
    arrays = await stage.open("/ws/!miniTicker@arr")
    await stage.pass_time(3)
    assert [] == client.read()
    arrays.read()
    listed = {**{name: getattr(market, name) for name in market.__struct_fields__}, "symbol": "NEWUSDT"}
    await stage.lab.world.ask(PutMarket(type(market)(**listed)))
    await stage.lab.ladder("NEWUSDT", {"99": "1"}, {"101": "1"})
    await stage.lab.trade("NEWUSDT", "100", "0.5", Side.BUY)
    await stage.pass_time(2)

    told: dict[str, Any] = {}
    for message in client.read():
        told.setdefault(message["stream"].partition("@")[2], message["data"])
    assert set(names) == told.keys()
    assert (1, [["99.00000000", "1.00000000"]]) == (told["depth"]["U"], told["depth"]["b"])
    assert ("100.00000000", 1, False) == tuple(told["kline_1m"]["k"][key] for key in "cnx")
    assert ["NEWUSDT"] == [ticker["s"] for message in arrays.read() for ticker in message]


async def test_a_book_that_is_told_late_is_told_all_the_same(stage: Stage) -> None:
    """A machine that stood still over a whole second tells of it as soon as it goes on."""
    client: StreamClient = await stage.open("/ws/btcusdt@depth")
    await stage.pass_time(0.95)
    await stage.lab.ladder("BTCUSDT", {"49990": "2"}, {"50010": "1"})
    stage.lab.clock.time_us += 400_000
    await stage.settle()

    assert [["49990.00000000", "2.00000000"]] == [level for told in client.read() for level in told["b"][:1]]
