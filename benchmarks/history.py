"""How long questions about an account's trades and orders take, of ten thousand trades up to as many as one likes.

A real server over REST, asked by one client that waits for each answer, at random places of the past. Nothing else goes
on. The database has just been written, so that what is read is in the memory of the machine.
"""

import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from benchmarks.load import Job, finish, start
from benchmarks.past import BUSY, SYMBOL, Past
from benchmarks.pictures import Pictures
from benchmarks.table import Table
from benchmarks.worlds import Served, Size, Trader, serving, store, write_config

LEAST: Final = 10_000
ASKED: Final = 300
"""Different requests of each kind, over and over."""
LONGEST_S: Final = 2
HOUR_MS: Final = 3_600_000


class Question(Struct, frozen=True):
    """A kind of question, and the parameters that ask about an order or trade of the busy account."""

    name: str
    path: str
    about: Callable[[Past, int], Mapping[str, object]]
    by_id: bool = False
    """Whether its answer is to take less than 5 ms however long the past is."""


def _hour(past: Past, number: int) -> Mapping[str, object]:
    from_ms = past.time_us(number) // 1000
    return {"startTime": from_ms, "endTime": from_ms + HOUR_MS}


QUESTIONS: Final = (
    Question("order, by orderId", "/v1/order", lambda _, number: {"orderId": number}, by_id=True),
    Question(
        "order, by origClientOrderId",
        "/v1/order",
        lambda past, number: {"origClientOrderId": past.client_order_id(number)},
        by_id=True,
    ),
    Question("myTrades, by orderId", "/v1/myTrades", lambda _, number: {"orderId": number}, by_id=True),
    Question("myTrades, 10 by fromId", "/v1/myTrades", lambda _, number: {"fromId": number, "limit": 10}, by_id=True),
    Question(
        "allOrders, 10 by orderId", "/v1/allOrders", lambda _, number: {"orderId": number, "limit": 10}, by_id=True
    ),
    Question("myTrades, 500 by fromId", "/v1/myTrades", lambda _, number: {"fromId": number}),
    Question("myTrades, 500 newest", "/v1/myTrades", lambda *_: {}),
    Question("myTrades, 500 of an hour", "/v1/myTrades", _hour),
    Question("allOrders, 500 by orderId", "/v1/allOrders", lambda _, number: {"orderId": number}),
    Question("allOrders, 500 newest", "/v1/allOrders", lambda *_: {}),
)


class Answered(Struct, frozen=True):
    """How long answers took."""

    p50_ms: float
    p99_ms: float


class Asked(Struct, frozen=True):
    """One database at one length of its past."""

    trades: int
    start_s: float
    """Until the server served."""
    answered: Mapping[str, Answered]
    """By the name of the question."""


def sizes(most: int) -> list[int]:
    """Ten thousand trades, and ten times as many, again and again, up to `most`."""
    result = [LEAST]
    while result[-1] * 10 <= most:
        result.append(result[-1] * 10)
    return result


def history_tables(
    databases: Mapping[str, str], most: int, seconds: float, pictures: Pictures | None
) -> Iterator[Table]:
    """A table of each database, and a picture of both."""
    found = {}
    for name, url in databases.items():
        found[name] = list(_asked(url, sizes(most), min(seconds, LONGEST_S)))
        yield _table(name, found[name])
    if pictures is not None:
        from benchmarks.drawing import draw_history  # the one need of matplotlib

        draw_history(found, pictures)


def _asked(url: str, lengths: Sequence[int], seconds: float) -> Iterator[Asked]:
    with tempfile.TemporaryDirectory() as folder:
        config = write_config(Path(folder) / "config", 1)
        trader = store(Size(), config, url)[BUSY]
        past = Past(url, lengths[-1])
        for length in lengths:
            past.grow(length)
            with serving(config, url) as served:
                answered = {each.name: _answered(each, past, served, trader, seconds) for each in QUESTIONS}
                yield Asked(length, served.start_s, answered)


def _answered(question: Question, past: Past, served: Served, trader: Trader, seconds: float) -> Answered:
    """One kind of question. Raises when anything but success came back."""
    chance = random.Random(1)
    requests = [
        trader.request("GET", question.path, {"symbol": SYMBOL, **question.about(past, past.of_the_busy(chance))})
        for _ in range(ASKED)
    ]
    result = finish(start(Job("127.0.0.1", served.port, [requests], seconds)))
    if set(result.statuses) != {200}:
        raise RuntimeError(f"{question.name}: answers other than 200: {result.statuses}")
    return Answered(result.percentile_ms(0.5), result.percentile_ms(0.99))


def _table(database: str, asked: Sequence[Asked]) -> Table:
    table = Table(f"{database}: p50 / p99 ms", *(f"{each.trades:,} trades" for each in asked))
    for question in QUESTIONS:
        answers = [each.answered[question.name] for each in asked]
        table.row(question.name, *(f"{answer.p50_ms:.2f} / {answer.p99_ms:.1f}" for answer in answers))
    table.row("seconds until it serves", *(f"{each.start_s:.1f}" for each in asked))
    return table
