"""Projections are written behind what is answered, and nobody who reads them notices."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from hypersim.engine.commands import Advance
from hypersim.engine.events import Committed
from hypersim.engine.orders import Side
from hypersim.errors import Reason, Refused
from hypersim.store import behind, tables
from hypersim.store.database import Database
from hypersim.store.history import History
from hypersim.store.journal import SqlJournal
from hypersim.store.thread import StoringThread
from hypersim.store.verify import verify
from hypersim.writer import WriterFailed, WriterState
from tests.store.lives import SET_UP, order, withdrawal
from tests.store.memory import MemoryJournal
from tests.writer.rig import Gate, Rig, StoreBroke, buys, outcomes, resting, running, serving, turns, until

FOR_EVER_S = 1000.0


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with running(MemoryJournal(), tmp_path) as made:
        await made.writer.projected()
        made.journal.projected.clear()
        yield made


@asynccontextmanager
async def reading(database: Database, reports: Path) -> AsyncIterator[tuple[Rig, History]]:
    """A writer that serves, and a reader of its history."""
    async with running(SqlJournal(database), reports) as rig:
        history = History(database, rig.writer.projected, rig.writer.missed)
        yield rig, history
        history.close()


async def names(history: History) -> list[str]:
    return [each.client_order_id for each in await history.orders(1, "BTCUSDT", limit=1000)]


def sizes(rig: Rig) -> list[int]:
    return [len(records) for records in rig.journal.projected]


async def test_who_reads_straight_after_an_answer_sees_it(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(behind, "QUIET_S", FOR_EVER_S)
    async with reading(database, tmp_path) as (rig, history):
        for number in range(20):
            await rig.writer.ask(order(1, Side.BUY, 1, 90, f"{number}"))
            assert [f"{each}" for each in range(number + 1)] == await names(history)


async def test_what_a_crash_of_the_database_took_from_readers_is_refused_until_it_is_projected_again(
    database: Database, tmp_path: Path
) -> None:
    async with reading(database, tmp_path) as (rig, history):
        before = await rig.writer.projected()
        for name in "abc":
            await rig.writer.ask(order(1, Side.BUY, 1, 90, name))
        assert ["a", "b", "c"] == await names(history)
        with database.transaction() as connection:  # as if the database had never had what was not synced
            connection.execute(update(tables.projected).values(sequence=before))
            connection.execute(delete(tables.ledger).where(tables.ledger.c.first_sequence > before))
            connection.execute(delete(tables.orders))
        database.readers.dispose()  # a crash ends every connection
        with pytest.raises(Refused) as refused:
            await names(history)
        assert Reason.OVERLOADED is refused.value.reason
        await until(lambda: rig.states[-2:] == ["rebuilding", "serving"])
        assert ["a", "b", "c"] == await names(history)


async def test_a_reader_waits_for_what_was_durable_when_he_asked_and_for_no_more(
    database: Database, tmp_path: Path
) -> None:
    async with reading(database, tmp_path) as (rig, history):
        await rig.writer.projected()
        gate = Gate(rig.journal, projecting=True)
        await rig.writer.ask(order(1, Side.BUY, 1, 90, "a"))
        asked = asyncio.ensure_future(names(history))
        await until(gate.reached.is_set)
        later = buys(rig, "b")
        await turns()
        assert not asked.done()
        gate.open()
        assert ["a"] == (await asked)[:1]
        await asyncio.gather(*later)
        assert ["a", "b"] == await names(history)


async def test_where_nothing_waits_reading_costs_not_even_a_turn(rig: Rig) -> None:
    with pytest.raises(StopIteration):
        rig.writer.projected().__await__().send(None)
    assert [] == rig.journal.projected


async def test_an_answer_does_not_wait_for_projections(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behind, "QUIET_S", FOR_EVER_S)
    for number in range(behind.CHUNK - 1):
        await rig.writer.ask(order(1, Side.BUY, 1, 90, f"{number}"))
    assert [] == rig.journal.projected
    await rig.writer.ask(order(1, Side.BUY, 1, 90, "one more"))
    await until(lambda: sizes(rig) == [behind.CHUNK])


async def test_what_is_few_is_projected_once_it_is_quiet(rig: Rig) -> None:
    await outcomes(buys(rig, "a", "b", "c"))
    await until(lambda: sum(sizes(rig)) == 3)


async def test_what_a_chunk_leaves_is_projected_once_it_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behind, "CHUNK", 5)
    journal, thread = MemoryJournal(), StoringThread("stores")
    backlog = behind.Backlog(journal, thread)
    projecting = asyncio.ensure_future(backlog.run())
    records = [Committed(sequence=number, time_us=0, command=Advance(), events=()) for number in range(1, 7)]
    backlog.add(records[:3])
    time.sleep(2 * behind.QUIET_S)  # noqa: ASYNC251 - the loop is busy until it has been quiet for long enough
    await turns(2)  # which is noticed, and what came is about to be taken
    backlog.add(records[3:])
    await until(lambda: journal.load().projected == 6)
    projecting.cancel()
    thread.stop()


async def test_batches_are_projected_whole_and_in_order(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behind, "CHUNK", 5)
    gate = Gate(rig.journal, projecting=True)
    asked = [await outcomes(buys(rig, "a"))]
    reading = asyncio.ensure_future(rig.writer.projected())
    await until(gate.reached.is_set)
    waiting = [buys(rig, *(f"{size}{number}" for number in range(size))) for size in (2, 3, 1, 7)]
    await turns()
    gate.open()
    for each in waiting:
        asked.append(await outcomes(each))
    await reading
    await rig.writer.projected()
    batches, projected = [len(batch) for batch in rig.journal.batches], iter(sizes(rig))
    assert [record.sequence for batch in rig.journal.batches for record in batch] == [
        record.sequence for records in rig.journal.projected for record in records
    ]
    for size in projected:
        while size > 0:
            size -= batches.pop(0)
        assert 0 == size, "a part of a batch"


async def test_where_too_many_wait_new_ones_wait_for_them(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behind, "MOST_WAITING", 3)
    monkeypatch.setattr(behind, "QUIET_S", FOR_EVER_S)
    for number in range(4):
        await rig.writer.ask(order(1, Side.BUY, 1, 90, f"{number}"))
    assert [] == rig.journal.projected
    gate = Gate(rig.journal, projecting=True)
    (asked,) = buys(rig, "waits")
    await until(gate.reached.is_set)
    await turns()
    assert not asked.done()
    gate.open()
    await asked
    assert ["0", "1", "2", "3"] == [
        getattr(record.command, "client_order_id", "") for record in rig.journal.projected[0]
    ]


async def test_a_snapshot_is_saved_when_its_projections_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(behind, "QUIET_S", FOR_EVER_S)
    async with running(MemoryJournal(), tmp_path, snapshot_every=len(SET_UP) + 2) as rig:
        projected: list[int] = []
        rig.journal.on_save = lambda: projected.append(rig.journal.projected[-1][-1].sequence)
        await outcomes(buys(rig, "a"))
        await outcomes(buys(rig, "b"))
        await until(lambda: rig.journal.saved == [len(SET_UP) + 2])
        assert rig.journal.saved == projected
        await outcomes(buys(rig, "c"))
    assert [len(SET_UP) + 2, len(SET_UP) + 3] == rig.journal.saved == projected


@pytest.mark.parametrize("written", [False, True])
async def test_projecting_that_fails_rebuilds_the_exchange_and_loses_nothing(
    database: Database, database_url: str, tmp_path: Path, written: bool
) -> None:
    async with reading(database, tmp_path) as (rig, history):
        await rig.writer.projected()
        failures = iter([StoreBroke("disk full")])

        def fail_once(_records: Sequence[Committed]) -> None:
            for failure in failures:
                raise failure

        if written:
            rig.journal.after_projecting = fail_once
        else:
            rig.journal.before_projecting = fail_once
        assert [len(SET_UP) + 1, len(SET_UP) + 2] == await outcomes(buys(rig, "a", "b"))
        with pytest.raises(Refused) as refused:
            await names(history)
        assert Reason.OVERLOADED is refused.value.reason
        await serving(rig)
        assert ["a", "b"] == await names(history) == resting(rig)
        assert 1 == rig.states.count("rebuilding")
        assert [len(SET_UP) + 3] == await outcomes(buys(rig, "c"))
        assert ["a", "b", "c"] == await names(history)
        assert rig.writer.sequence == verify(database_url).projected


async def test_while_it_is_rebuilt_a_reader_is_refused_if_something_waited_and_else_answered(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(behind, "QUIET_S", FOR_EVER_S)
    async with reading(database, tmp_path) as (rig, history):
        for caught_up in (True, False):
            name = f"kept {caught_up}"
            await rig.writer.ask(order(1, Side.BUY, 1, 90, name))
            if caught_up:
                await rig.writer.projected()
            gate = Gate(rig.journal)
            rig.journal.on_reopen = gate.wait

            def fail(_number: int, _records: Sequence[Committed]) -> None:
                rig.journal.before = lambda number, records: None
                raise StoreBroke

            rig.journal.before = fail
            assert [Reason.STATUS_UNKNOWN] == await outcomes(buys(rig, "lost"))
            await until(gate.reached.is_set)
            assert WriterState.REBUILDING is rig.writer.state
            if caught_up:
                assert [name] == await names(history)
            else:
                with pytest.raises(Refused) as refused:
                    await names(history)
                assert Reason.OVERLOADED is refused.value.reason
            gate.open()
            await serving(rig)
        assert ["kept True", "kept False"] == await names(history)


async def test_a_stop_projects_what_waits(database: Database, database_url: str, tmp_path: Path) -> None:
    async with reading(database, tmp_path) as (rig, history):
        await outcomes(buys(rig, "a", "b"))
        await rig.writer.stop()
        assert ["a", "b"] == await names(history)
        assert rig.writer.sequence == verify(database_url).projected


async def test_what_falls_due_while_a_stop_projects_is_left_to_the_next_start(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    async with reading(database, tmp_path) as (rig, _):
        await rig.writer.projected()
        gate = Gate(rig.journal, projecting=True)
        await rig.writer.ask(withdrawal(1, "due", random.Random(0)))
        stopping = asyncio.ensure_future(rig.writer.stop())
        await until(gate.reached.is_set)
        rig.clock.move(60)
        await turns()
        gate.open()
        await stopping
        assert len(SET_UP) + 1 == rig.writer.sequence == verify(database_url).sequence
    async with running(SqlJournal(database), tmp_path, set_up=False) as rig:
        await until(lambda: rig.clock.sleepers > 0)
        rig.clock.move(60)
        await until(lambda: rig.writer.sequence == len(SET_UP) + 2)


async def test_projecting_that_fails_at_the_stop_is_told_and_nobody_waits_for_it(tmp_path: Path) -> None:
    async with running(MemoryJournal(), tmp_path) as rig:
        await rig.writer.projected()

        def fail(_records: Sequence[Committed]) -> None:
            raise StoreBroke

        rig.journal.before_projecting = fail
        assert [len(SET_UP) + 1] == await outcomes(buys(rig, "kept"))
        with pytest.raises(WriterFailed, match=r"the last snapshot could not be stored: StoreBroke"):
            await rig.writer.stop()
        with pytest.raises(Refused) as refused:
            await rig.writer.projected()
        assert Reason.OVERLOADED is refused.value.reason


async def test_a_reader_who_leaves_is_not_missed(rig: Rig) -> None:
    gate = Gate(rig.journal, projecting=True)
    await outcomes(buys(rig, "a"))
    left = asyncio.ensure_future(rig.writer.projected())
    await until(gate.reached.is_set)
    left.cancel()
    gate.open()
    await rig.writer.projected()
    assert [1] == sizes(rig)
