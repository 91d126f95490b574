"""Queries give what a plain filter over everything that happened gives."""

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import psycopg
import pytest
from sqlalchemy import Connection

from hypersim.engine.events import OrderChanged, Traded
from hypersim.engine.orders import Order, Side
from hypersim.errors import Reason, Refused
from hypersim.store import history as history_module
from hypersim.store import queries
from hypersim.store.database import READER, Database, open_database
from hypersim.store.history import History
from hypersim.store.journal import SqlJournal
from hypersim.views.records import AccountTrade, AggregateTrade, TapeTrade
from tests.store.lives import BEGIN_US, SET_UP, SYMBOLS, Scribe, life, order

T = TypeVar("T")


@dataclass
class Told:
    """Everything that happened, and what is stored of it."""

    history: History
    orders: list[Order]
    trades: list[tuple[int, AccountTrade]]
    tape: list[tuple[str, TapeTrade]]
    end_us: int


@pytest.fixture
async def told(database: Database) -> AsyncIterator[Told]:
    scribe = Scribe(SqlJournal(database), seed=11)
    scribe.live(life(11), 800)
    orders: dict[tuple[str, int], Order] = {}
    trades, tape = [], []
    for record in scribe.records:
        for event in record.events:
            if isinstance(event, OrderChanged):
                order, fill = event.order, event.fill
                orders[order.symbol, order.order_id] = order
                if fill is not None:
                    trade = AccountTrade(
                        symbol=order.symbol,
                        trade_id=fill.trade_id,
                        order_id=order.order_id,
                        price=fill.price,
                        quantity=fill.quantity,
                        quote=fill.quote,
                        fee=fill.fee,
                        fee_asset=fill.fee_asset,
                        time_us=record.time_us,
                        is_buyer=order.side is Side.BUY,
                        is_maker=fill.is_maker,
                        list_id=order.special.list_id,
                    )
                    trades.append((order.account_id, trade))
            elif isinstance(event, Traded):
                on_tape = TapeTrade(
                    event.trade_id,
                    event.aggregate_id,
                    event.price,
                    event.quantity,
                    record.time_us,
                    event.buyer_is_maker,
                    event.outside,
                )
                tape.append((event.symbol, on_tape))
    history = History(database, scribe.projected, scribe.missed)
    yield Told(history, list(orders.values()), trades, tape, scribe.time_us)
    history.close()


def spans(end_us: int) -> Iterable[tuple[int | None, int | None]]:
    """Spans of time: open, half open, closed, empty, before and after everything."""
    chance = random.Random(3)
    yield from ((None, None), (0, None), (None, 2**62), (end_us + 1, None), (None, 0), (2**70, 2**71))
    for _ in range(3):
        start_us, stop_us = chance.randrange(BEGIN_US, end_us), chance.randrange(BEGIN_US, end_us)
        yield from ((start_us, None), (None, stop_us), (start_us, stop_us))


def chosen(
    found: Iterable[T],
    key: Callable[[T], tuple[int, int]],
    from_id: int | None,
    start_us: int | None,
    end_us: int | None,
    limit: int,
) -> list[T]:
    """The plain way: `key` says an id and a time."""
    kept = [
        value
        for value in sorted(found, key=key)
        if (from_id is None or key(value)[0] >= from_id)
        and (start_us is None or key(value)[1] >= start_us)
        and (end_us is None or key(value)[1] <= end_us)
    ]
    return kept[:limit] if from_id is not None or start_us is not None else kept[-limit:]


async def test_orders_are_found_by_time_and_id(told: Told) -> None:
    for account_id in (1, 99):
        for symbol in SYMBOLS:
            own = [o for o in told.orders if (o.account_id, o.symbol) == (account_id, symbol)]
            for start_us, end_us in spans(told.end_us):
                for from_id, limit in ((None, 5), (None, 1000), (40, 7), (2**70, 7)):
                    assert chosen(
                        own, lambda o: (o.order_id, o.created_us), from_id, start_us, end_us, limit
                    ) == await told.history.orders(
                        account_id, symbol, from_id=from_id, start_us=start_us, end_us=end_us, limit=limit
                    )


async def test_trades_are_found_by_time_id_and_order(told: Told) -> None:
    for account_id in (2, 99):
        for symbol in SYMBOLS:
            own = [t for account, t in told.trades if (account, t.symbol) == (account_id, symbol)]
            by_order = own[len(own) // 2].order_id if own else 1
            for start_us, end_us in spans(told.end_us):
                for from_id, limit in ((None, 5), (None, 1000), (40, 7)):
                    assert sorted(
                        chosen(own, lambda t: (t.trade_id, t.time_us), from_id, start_us, end_us, limit),
                        key=lambda t: (t.trade_id, t.order_id),
                    ) == await told.history.trades(
                        account_id, symbol, from_id=from_id, start_us=start_us, end_us=end_us, limit=limit
                    )
            assert [t for t in own if t.order_id == by_order] == await told.history.trades(
                account_id, symbol, order_id=by_order, limit=1000
            )


async def test_closed_orders_are_found_alone(told: Told) -> None:
    for symbol in SYMBOLS:
        own = [o for o in told.orders if (o.account_id, o.symbol) == (1, symbol) and not o.is_open]
        for start_us, end_us in spans(told.end_us):
            for limit in (5, 1000):
                assert chosen(
                    own, lambda o: (o.order_id, o.created_us), None, start_us, end_us, limit
                ) == await told.history.orders(1, symbol, start_us=start_us, end_us=end_us, limit=limit, closed=True)


async def test_orders_and_trades_of_all_symbols_are_found_by_time(told: Told) -> None:
    for account_id in (1, 2, 99):
        orders = sorted(
            (o for o in told.orders if o.account_id == account_id), key=lambda o: (o.created_us, o.symbol, o.order_id)
        )
        trades = sorted(
            (t for account, t in told.trades if account == account_id),
            key=lambda t: (t.time_us, t.symbol, t.trade_id, t.order_id),
        )
        for start_us, end_us in spans(told.end_us):
            low, high = start_us or 0, 2**80 if end_us is None else end_us
            for limit in (5, 1000):
                part = slice(-limit, None) if start_us is None else slice(limit)
                found = [o for o in orders if low <= o.created_us <= high]
                assert found[part] == await told.history.orders_everywhere(
                    account_id, start_us=start_us, end_us=end_us, limit=limit
                )
                assert [o for o in found if not o.is_open][part] == await told.history.orders_everywhere(
                    account_id, start_us=start_us, end_us=end_us, limit=limit, closed=True
                )
                assert [t for t in trades if low <= t.time_us <= high][part] == await told.history.trades_everywhere(
                    account_id, start_us=start_us, end_us=end_us, limit=limit
                )


async def test_the_tape_is_found_by_id(told: Told) -> None:
    for symbol in SYMBOLS:
        own = [trade for name, trade in told.tape if name == symbol]
        for from_id, limit in ((None, 10), (None, 10_000), (0, 10), (33, 10), (10**6, 10), (2**70, 1)):
            assert chosen(
                own, lambda t: (t.trade_id, t.time_us), from_id, None, None, limit
            ) == await told.history.tape(symbol, from_id=from_id, limit=limit)


def joined(trades: Iterable[TapeTrade]) -> list[AggregateTrade]:
    result: dict[int, AggregateTrade] = {}
    for trade in trades:
        before = result.get(trade.aggregate_id)
        result[trade.aggregate_id] = AggregateTrade(
            trade.aggregate_id,
            trade.price,
            trade.quantity + (before.quantity if before else 0),
            before.first_id if before else trade.trade_id,
            trade.trade_id,
            trade.time_us,
            trade.buyer_is_maker,
        )
    return list(result.values())


async def test_aggregates_are_whole_wherever_they_are_cut(told: Told) -> None:
    for symbol in SYMBOLS:
        whole = joined(trade for name, trade in told.tape if name == symbol)
        assert len(whole) < sum(name == symbol for name, _ in told.tape)
        for start_us, end_us in spans(told.end_us):
            for from_id, limit in ((None, 1), (None, 9), (None, 1000), (20, 3)):
                assert chosen(
                    whole, lambda a: (a.aggregate_id, a.time_us), from_id, start_us, end_us, limit
                ) == await told.history.aggregates(
                    symbol, from_id=from_id, start_us=start_us, end_us=end_us, limit=limit
                )


async def test_an_order_is_found_by_either_id_and_only_by_its_account(told: Told) -> None:
    one = told.orders[7]
    symbol, account_id, client_id = one.symbol, one.account_id, one.client_order_id
    for order_id, client_order_id, asking, expected in (
        (one.order_id, None, account_id, one),
        (None, client_id, account_id, one),
        (one.order_id, client_id, account_id, one),
        (one.order_id, "other", account_id, None),
        (one.order_id, None, 99, None),
        (2**80, None, account_id, None),
    ):
        assert expected == await told.history.order(
            symbol, order_id=order_id, client_order_id=client_order_id, account_id=asking
        )


async def test_of_orders_with_one_client_id_the_newest_is_found(database: Database) -> None:
    scribe = Scribe(SqlJournal(database))
    crossing = [order(2, Side.SELL, 1, 100, f"s{n}") for n in range(3)]
    scribe.write(*SET_UP, *(c for ask in crossing for c in (ask, order(1, Side.BUY, 1, 100, "same"))))
    history = History(database, scribe.projected, scribe.missed)
    found = await history.order("BTCUSDT", client_order_id="same", account_id=1)
    assert found is not None
    assert 6 == found.order_id
    history.close()


async def test_an_order_that_ended_lately_is_in_memory_as_it_is_in_the_store(database: Database) -> None:
    scribe, commands, compared = Scribe(SqlJournal(database), seed=4), life(4, resets=True), 0
    history = History(database, scribe.projected, scribe.missed)
    for _ in range(8):
        scribe.live(commands, 150)
        changes = [event for record in scribe.records for event in record.events if isinstance(event, OrderChanged)]
        for one in {(each.order.symbol, each.order.order_id): each.order for each in changes}.values():
            for order_id, name in ((one.order_id, None), (None, one.client_order_id)):
                kept = scribe.views.accounts.find(one.account_id, one.symbol, order_id, name)
                if kept is not None and not kept.is_open:
                    compared += 1
                    assert kept == await history.order(
                        one.symbol, order_id=order_id, client_order_id=name, account_id=one.account_id
                    )
    history.close()
    assert compared > 500


async def test_queries_do_not_hold_up_the_event_loop(told: Told) -> None:
    asked = [asyncio.ensure_future(told.history.orders(1, "BTCUSDT", limit=10)) for _ in range(20)]
    turns = 0
    while not all(question.done() for question in asked):
        await asyncio.sleep(0)
        turns += 1
    assert turns > 20
    assert 1 == len({str(question.result()) for question in asked})


async def test_of_many_questions_at_once_each_has_its_own_answer_and_one_that_fails_spoils_no_other(told: Told) -> None:
    def asked(number: int) -> Awaitable[object]:
        if number % 7 == 3:
            return told.history.tape(SYMBOLS[0], from_id=-(2**70), limit=5)  # less than a database can compare
        return told.history.order(SYMBOLS[0], order_id=number % 40, account_id=1)

    right = [number for number in range(400) if number % 7 != 3]
    at_once = await asyncio.gather(*(asked(number) for number in range(400)), return_exceptions=True)
    one_by_one = [await asked(number) for number in right]

    assert right == [number for number, answer in enumerate(at_once) if not isinstance(answer, Exception)]
    assert one_by_one == [at_once[number] for number in right]
    assert any(isinstance(answer, Order) for answer in one_by_one)


async def test_who_no_longer_waits_takes_nobody_along(told: Told) -> None:
    asking = [asyncio.ensure_future(told.history.orders(1, SYMBOLS[0], limit=5)) for _ in range(40)]
    await asyncio.sleep(0)
    for gone in asking[::2]:
        gone.cancel()
    expected = await told.history.orders(1, SYMBOLS[0], limit=5)

    assert [expected] * 20 == [await stayed for stayed in asking[1::2]]


async def test_what_is_missed_is_told_before_what_was_asked_with_it_is_answered(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    missed, begun, gates = asyncio.Event(), threading.Event(), [threading.Event(), threading.Event()]
    marks = iter((0, 10**9, 0))

    async def projected() -> int:
        return next(marks)

    def held(connection: Connection, *, symbol: str, from_id: int | None, limit: int) -> list[TapeTrade]:
        begun.set()
        assert gates[limit].wait(20), (symbol, from_id)
        connection.info.clear()  # as if the next one were made anew, after a crash
        return []

    monkeypatch.setattr(history_module, "THREADS", 1)
    monkeypatch.setattr(queries, "find_tape", held)
    history = History(database, projected, missed.set)
    first = asyncio.ensure_future(history.tape(SYMBOLS[0], limit=0))
    await asyncio.to_thread(begun.wait, 20)
    together = [
        asyncio.ensure_future(history.orders(1, SYMBOLS[0], limit=5)),
        asyncio.ensure_future(history.tape(SYMBOLS[0], limit=1)),
    ]
    await asyncio.sleep(0)
    gates[0].set()
    try:
        await asyncio.wait_for(missed.wait(), 5)
        assert [False, False] == [question.done() for question in together]
    finally:
        gates[1].set()
    answers = await asyncio.gather(first, *together, return_exceptions=True)
    history.close()

    assert isinstance(answers[1], Refused)
    assert [[], Reason.OVERLOADED, []] == [answers[0], answers[1].reason, answers[2]]


async def test_what_waits_when_it_is_closed_is_refused(database: Database) -> None:
    scribe = Scribe(SqlJournal(database))
    history = History(database, scribe.projected, scribe.missed)
    asking = [asyncio.ensure_future(history.orders(1, SYMBOLS[0], limit=5)) for _ in range(40)]
    await asyncio.sleep(0)
    history.close()
    answers = await asyncio.gather(*asking, return_exceptions=True)

    refused = [answer.reason for answer in answers if isinstance(answer, Refused)]
    assert {Reason.SHUTTING_DOWN} == set(refused)
    assert [[]] * (40 - len(refused)) == [answer for answer in answers if not isinstance(answer, Refused)]


async def test_a_database_that_is_away_is_a_refusal_until_it_is_back(postgres_url: str) -> None:
    database = open_database(postgres_url)
    scribe = Scribe(SqlJournal(database))
    history = History(database, scribe.projected, scribe.missed)
    assert [] == await history.orders(1, "BTCUSDT", limit=1)
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as other:
        sessions = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        other.execute(f"SELECT pg_terminate_backend(pid, 5000) {sessions}")
        name = other.info.dbname
        other.execute("UPDATE pg_database SET datallowconn = false WHERE datname = %s", (name,))
        with pytest.raises(Refused) as refused:
            await history.orders(1, "BTCUSDT", limit=1)
        assert Reason.OVERLOADED is refused.value.reason
        other.execute("UPDATE pg_database SET datallowconn = true WHERE datname = %s", (name,))
    assert [] == await history.orders(1, "BTCUSDT", limit=1)
    history.close()
    database.close()


async def test_a_connection_that_was_lost_meanwhile_is_not_missed(postgres_url: str) -> None:
    database = open_database(postgres_url)
    scribe = Scribe(SqlJournal(database))
    history = History(database, scribe.projected, scribe.missed)
    assert [] == await history.orders(1, "BTCUSDT", limit=1)
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = %s", (READER,)
        )
    assert [] == await history.orders(1, "BTCUSDT", limit=1)
    history.close()
    database.close()
