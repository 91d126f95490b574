"""What ccxt's classes with WebSockets make of this exchange's market streams: the adapter's and ccxt.pro.binance."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from hypersim.testing import Account
from tests.adapter.guard import Guard
from tests.e2e.clients.desk import ASKS, BIDS, LAST, SYMBOL, Desk, stirred, texts
from tests.e2e.clients.exchanges import STREAMING, connected

PATIENCE_S = 20
OTHER = "ETH/USDT"
BID, ASK = BIDS[0][0], ASKS[0][0]


@pytest.fixture(params=STREAMING)
async def exchange(request: pytest.FixtureRequest, account: Account, guard: Guard) -> AsyncIterator[Any]:
    """Each class in turn, at the desk, its markets loaded; it must reach nobody else."""
    async with connected(request.param, account) as exchange:
        await exchange.load_markets()
        yield exchange.raw


TOLD: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("ticker", (SYMBOL, {"name": "ticker"}), {"symbol": SYMBOL, "last": LAST, "bid": BID, "ask": ASK}),
    ("trades", (SYMBOL,), {"symbol": SYMBOL, "price": LAST, "amount": 0.1, "side": "buy"}),
    ("trades_for_symbols", ([SYMBOL, OTHER],), {"symbol": SYMBOL, "price": LAST, "amount": 0.1, "side": "buy"}),
    ("tickers", ([SYMBOL, OTHER], {"name": "miniTicker"}), {"symbol": SYMBOL, "last": LAST}),
    ("tickers", (None, {"name": "miniTicker"}), {"symbol": SYMBOL, "last": LAST}),
    ("bids_asks", ([SYMBOL],), {"symbol": SYMBOL, "bid": BID, "ask": ASK}),
]
"""(what to watch, arguments, what is told of it)."""

MORE: list[tuple[str, tuple[Any, ...]]] = [
    ("order_book", (SYMBOL,)),
    ("order_book_for_symbols", ([SYMBOL, OTHER],)),
    ("ohlcv", (SYMBOL, "1m")),
    ("ohlcv_for_symbols", ([[SYMBOL, "3m"], [SYMBOL, "5m"]],)),
]


async def told(*watching: Any) -> list[Any]:
    """What several watches answer before long."""
    return await asyncio.wait_for(asyncio.gather(*watching), PATIENCE_S)


async def until(happened: Callable[[], bool]) -> None:
    """Waits for what ccxt remembers and announces to nobody who was not watching just then."""
    async with asyncio.timeout(PATIENCE_S):
        while not happened():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.01)


def last_of(answer: Any) -> dict[str, Any]:
    """Of a list, or of what is listed by symbol."""
    if isinstance(answer, dict):
        answer = answer.get(SYMBOL, answer)
    last: dict[str, Any] = answer[-1] if isinstance(answer, list) else answer
    return last


def sides(book: Any) -> tuple[list[Any], list[Any]]:
    return [*map(list, book["bids"])], [*map(list, book["asks"])]


async def test_what_is_watched_is_told(exchange: Any, desk: Desk) -> None:
    with stirred(desk):
        answers = await told(*(getattr(exchange, f"watch_{what}")(*arguments) for what, arguments, _ in TOLD))

    assert [expected for *_, expected in TOLD] == [
        {key: last_of(answer)[key] for key in expected} for answer, (*_, expected) in zip(answers, TOLD, strict=True)
    ]


async def test_every_trade_is_told_once_and_in_order(exchange: Any, desk: Desk) -> None:
    with stirred(desk):
        await told(exchange.watch_trades(SYMBOL))
    for size in range(1, 21):
        desk.trade("BUY", LAST, size / 100)
    trades = exchange.trades[SYMBOL]
    await until(lambda: trades[-1]["amount"] == 0.2)
    numbers = [int(trade["id"]) for trade in trades]

    assert [*range(numbers[0], numbers[0] + len(numbers))] == numbers
    assert [size / 100 for size in range(1, 21)] == [trade["amount"] for trade in trades][-20:]


async def test_the_book_follows_the_one_that_is_there(exchange: Any, desk: Desk) -> None:
    [book] = await told(exchange.watch_order_book(SYMBOL))
    assert (BIDS, ASKS) == sides(book)
    for bids, asks in ((BIDS, ASKS[1:]), ([[49_995.0, 0.25], *BIDS], ASKS), (BIDS[2:], ASKS[2:]), (BIDS, ASKS)):
        desk.trade("BUY", LAST, 0.1, bids=texts(bids), asks=texts(asks))
        while (bids, asks) != sides(book):
            [book] = await told(exchange.watch_order_book(SYMBOL))
        assert (await exchange.fetch_order_book(SYMBOL))["nonce"] == book["nonce"]


async def test_books_of_several_markets_come_over_one_connection(exchange: Any, desk: Desk) -> None:
    desk.server.move_market("ETHUSDT", bids=[["2000", "1"]], asks=[["2001", "2"]])
    await told(exchange.watch_order_book_for_symbols([SYMBOL, OTHER]))
    books = exchange.orderbooks
    await until(lambda: None not in (books[SYMBOL]["nonce"], books[OTHER]["nonce"]))

    assert [(BIDS, ASKS), ([[2_000.0, 1.0]], [[2_001.0, 2.0]])] == [sides(books[SYMBOL]), sides(books[OTHER])]
    assert 1 == len(exchange.clients)


async def test_a_candle_is_the_one_that_can_be_fetched(exchange: Any, desk: Desk) -> None:
    timeframes = ["1m", "1h", "1d", "1M"]
    with stirred(desk):
        watched = await told(*(exchange.watch_ohlcv(SYMBOL, timeframe) for timeframe in timeframes))
    for timeframe, [*_, candle] in zip(timeframes, watched, strict=True):
        [fetched] = [row for row in await exchange.fetch_ohlcv(SYMBOL, timeframe, limit=5) if row[0] == candle[0]]
        assert fetched[1:5] == candle[1:5]
        assert 0 < candle[5] <= fetched[5]


async def test_what_is_watched_no_longer_can_be_watched_again(exchange: Any, desk: Desk) -> None:
    watched = [(what, arguments) for what, arguments, *_ in [*TOLD, *MORE]]
    with stirred(desk):
        for _ in range(2):
            await told(*(getattr(exchange, f"watch_{what}")(*arguments) for what, arguments in watched))
            assert {True} == {len(client.subscriptions) > 0 for client in exchange.clients.values()}
            await told(*(getattr(exchange, f"un_watch_{what}")(*arguments) for what, arguments in watched))
            assert [{}] * len(exchange.clients) == [client.subscriptions for client in exchange.clients.values()]
