"""A failure to store is never shown as a success, and the exchange comes back as what is durable."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import update

from hypersim.ask import Outcome
from hypersim.engine.events import Committed
from hypersim.engine.orders import Side
from hypersim.errors import Reason, Refused, StoreError
from hypersim.store import tables
from hypersim.store.database import Database, open_database
from hypersim.store.journal import SqlJournal
from hypersim.store.recovery import recover
from hypersim.store.verify import verify
from hypersim.writer import WriterFailed, WriterState
from tests.store.lives import SET_UP, key_row, life, order
from tests.store.memory import MemoryJournal
from tests.writer.rig import Gate, Rig, StoreBroke, buys, failing_on, outcomes, resting, running, serving, turns, until


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with running(MemoryJournal(), tmp_path) as made:
        yield made


@pytest.mark.parametrize("k", [0, 1, 5])
async def test_of_a_batch_that_fails_nobody_is_answered_or_shown_anything(
    database_url: str, tmp_path: Path, k: int
) -> None:
    database = open_database(database_url)
    async with running(SqlJournal(database), tmp_path) as rig:
        for number in range(k):
            await rig.writer.ask(order(1, Side.BUY, 1, 90, f"kept {number}"))
        told = len(rig.heard)
        gate = Gate(rig.journal)
        fails = failing_on(k)

        def held_then_fails(number: int, records: Sequence[Committed]) -> None:
            gate.wait()
            fails(number, records)

        rig.journal.before = held_then_fails
        lost = buys(rig, "lost 1")
        await until(gate.reached.is_set)
        lost += buys(rig, "lost 2", "lost 1", "lost 3")
        await turns()
        gate.open()
        assert [Reason.STATUS_UNKNOWN] * 4 == await outcomes(lost)
        assert told == len(rig.heard)
        await serving(rig)
        assert [f"kept {number}" for number in range(k)] == resting(rig)
        assert ["rebuilding", "serving"] == rig.states[-2:]
        assert [len(SET_UP) + k + 1] == await outcomes(buys(rig, "lost 1"))
        assert verify(database_url).sequence == rig.writer.sequence == len(SET_UP) + k + 1
    database.close()


async def test_a_commit_whose_answer_was_lost_counts(database_url: str, tmp_path: Path) -> None:
    database = open_database(database_url)
    async with running(SqlJournal(database), tmp_path) as rig:
        rig.journal.after = failing_on(1)
        assert [len(SET_UP) + 1] == await outcomes(buys(rig, "first"))
        assert [Reason.STATUS_UNKNOWN] == await outcomes(buys(rig, "in doubt"))
        assert ["first"] == resting(rig)
        await serving(rig)
        assert ["first", "in doubt"] == resting(rig)
        assert [Reason.DUPLICATE_ORDER] == await outcomes(buys(rig, "in doubt"))
        assert [len(SET_UP) + 3] == await outcomes(buys(rig, "next"))
        assert len(SET_UP) + 3 == verify(database_url).sequence
    database.close()


async def test_while_it_is_rebuilt_nothing_is_taken_and_durable_state_is_shown(rig: Rig) -> None:
    await outcomes(buys(rig, "kept"))
    gate = Gate(rig.journal)
    rig.journal.on_reopen = gate.wait
    rig.journal.before = failing_on(1)
    assert [Reason.STATUS_UNKNOWN] == await outcomes(buys(rig, "lost"))
    await until(gate.reached.is_set)
    assert WriterState.REBUILDING is rig.writer.state
    assert [Reason.OVERLOADED] == await outcomes(buys(rig, "not now"))
    assert ["kept"] == resting(rig)
    gate.open()
    await serving(rig)
    assert ["kept"] == resting(rig)


async def test_a_key_of_a_batch_that_failed_is_free_again(rig: Rig) -> None:
    rig.journal.before = failing_on(0)
    with pytest.raises(Refused):
        await rig.writer.ask(order(1, Side.BUY, 1, 90, "a"), rows=[key_row("key")])
    await serving(rig)
    await rig.writer.ask(order(1, Side.BUY, 1, 90, "a"), rows=[key_row("key")])
    assert {"key"} == rig.journal.load().api_keys


async def test_a_key_that_is_taken_by_what_may_not_last_is_refused_once_it_lasts(rig: Rig) -> None:
    gate = Gate(rig.journal)
    fails = failing_on(0)

    def held_then_fails(number: int, records: Sequence[Committed]) -> None:
        gate.wait()
        fails(number, records)

    rig.journal.before = held_then_fails

    def with_key(name: str) -> "asyncio.Future[Outcome]":
        return asyncio.ensure_future(rig.writer.ask(order(1, Side.BUY, 1, 90, name), rows=[key_row("key")]))

    lost = [with_key("a")]
    await until(gate.reached.is_set)
    lost.append(with_key("b"))
    await turns()
    assert not lost[1].done()
    gate.open()
    assert [Reason.STATUS_UNKNOWN] * 2 == await outcomes(lost)
    await serving(rig)
    assert [len(SET_UP) + 1, Reason.DUPLICATE_API_KEY] == await outcomes([with_key("a"), with_key("b")])


async def test_a_snapshot_that_cannot_be_stored_stops_everything(tmp_path: Path) -> None:
    async with running(MemoryJournal(), tmp_path, snapshot_every=10) as rig:
        failures = iter([StoreBroke("disk full")])

        def fail_once() -> None:
            for failure in failures:
                raise failure

        rig.journal.on_save = fail_once
        await outcomes(buys(rig, "1"))
        await outcomes(buys(rig, "2"))
        await until(lambda: "rebuilding" in rig.states)
        await serving(rig)
        assert ["1", "2"] == resting(rig)
        await outcomes(buys(rig, "3"))
        await until(lambda: rig.journal.saved == [len(SET_UP) + 3])


async def test_the_third_failure_within_a_minute_is_the_last(rig: Rig) -> None:
    rig.journal.before = failing_on(0, 1, 2, 3)
    for _ in range(2):
        assert [Reason.STATUS_UNKNOWN] == await outcomes(buys(rig, "lost"))
        await serving(rig)
        rig.clock.move(25)
    assert [Reason.STATUS_UNKNOWN] == await outcomes(buys(rig, "lost"))
    with pytest.raises(WriterFailed, match=r"failed 3 times within a minute, at last by StoreBroke: batch 2"):
        await rig.writer.failed
    assert WriterState.STOPPED is rig.writer.state
    assert [Reason.SHUTTING_DOWN] == await outcomes(buys(rig, "never"))


async def test_failures_far_apart_are_survived(rig: Rig) -> None:
    rig.journal.before = failing_on(0, 1, 2, 3)
    for _ in range(4):
        assert [Reason.STATUS_UNKNOWN] == await outcomes(buys(rig, "lost"))
        await serving(rig)
        rig.clock.move(31)
    assert [len(SET_UP) + 1] == await outcomes(buys(rig, "kept"))


async def test_a_database_that_is_away_for_a_while_is_waited_for(rig: Rig) -> None:
    away = iter([ConnectionError("refused")] * 4)

    def fail_at_first() -> None:
        for failure in away:
            raise failure

    rig.journal.on_reopen = fail_at_first
    rig.journal.before = failing_on(0)
    await outcomes(buys(rig, "lost"))
    for pause_s in (0.1, 0.2, 0.4, 0.8):
        await until(lambda: rig.clock.sleepers == 1)
        rig.clock.move(pause_s - 0.01)
        await turns()
        assert WriterState.REBUILDING is rig.writer.state
        rig.clock.move(0.01)
    await serving(rig)
    assert [len(SET_UP) + 1] == await outcomes(buys(rig, "kept"))


async def test_a_database_that_does_not_come_back_is_given_up(rig: Rig) -> None:
    def fail() -> None:
        raise ConnectionError("refused")

    rig.journal.on_reopen = fail
    rig.journal.before = failing_on(0)
    await outcomes(buys(rig, "lost"))
    while not rig.writer.failed.done():
        rig.clock.move(6)
        await turns()
        await asyncio.sleep(0.001)
    with pytest.raises(WriterFailed, match=r"cannot be rebuilt: ConnectionError: refused"):
        await rig.writer.failed


async def test_it_can_be_stopped_while_it_is_rebuilt(rig: Rig) -> None:
    gate = Gate(rig.journal)
    rig.journal.on_reopen = gate.wait
    rig.journal.before = failing_on(0)
    await outcomes(buys(rig, "lost"))
    await until(gate.reached.is_set)
    stopping = asyncio.ensure_future(asyncio.wait_for(rig.writer.stop(), 10))
    await turns()
    gate.open()
    await stopping
    assert not rig.writer.failed.done()


async def test_a_last_batch_that_fails_is_told(tmp_path: Path) -> None:
    async with running(MemoryJournal(), tmp_path) as rig:
        gate = Gate(rig.journal)

        def held_then_fails(number: int, records: Sequence[Committed]) -> None:
            gate.wait()
            raise StoreBroke

        rig.journal.before = held_then_fails
        asked = buys(rig, "last")
        await until(gate.reached.is_set)
        stopping = asyncio.ensure_future(rig.writer.stop())
        await turns()
        gate.open()
        with pytest.raises(WriterFailed, match=r"the last commands could not be stored: StoreBroke"):
            await stopping
        assert [Reason.STATUS_UNKNOWN] == await outcomes(asked)
    assert [] == rig.journal.saved


async def test_a_last_snapshot_that_fails_is_told(tmp_path: Path) -> None:
    def fail() -> None:
        raise StoreBroke

    async with running(MemoryJournal(), tmp_path) as rig:
        rig.journal.on_save = fail
        assert [len(SET_UP) + 1] == await outcomes(buys(rig, "kept"))
        with pytest.raises(WriterFailed, match=r"the last snapshot could not be stored: StoreBroke"):
            await rig.writer.stop()


async def test_who_lost_the_database_to_another_stops(database_url: str, tmp_path: Path) -> None:
    database = open_database(database_url)
    async with running(SqlJournal(database), tmp_path) as rig:
        with database.engine.begin() as connection:
            connection.execute(update(tables.fence).values(epoch=99, owner="somebody else"))
        assert [Reason.STATUS_UNKNOWN] == await outcomes(buys(rig, "lost"))
        with pytest.raises(WriterFailed, match=r"has taken .* over: somebody else"):
            await rig.writer.failed
        assert len(SET_UP) == verify(database_url).sequence
    database.close()


async def test_a_life_with_connections_killed_ends_verified(postgres_url: str, tmp_path: Path) -> None:
    database = open_database(postgres_url)
    commands = life(41)
    async with running(SqlJournal(database), tmp_path, set_up=False) as rig:
        for number in range(400):
            if number in (150, 300):
                rig.clock.move(40)
                await asyncio.to_thread(_kill_connections, postgres_url)
            try:
                await rig.writer.ask(next(commands))
            except Refused as refused:
                if refused.reason is Reason.STATUS_UNKNOWN:
                    await serving(rig)
        assert 2 == rig.states.count("rebuilding")
        assert rig.writer.sequence == verify(postgres_url).sequence
    database.close()


def _kill_connections(url: str) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )


async def test_what_cannot_be_trusted_is_not_served(database: Database, tmp_path: Path) -> None:
    async with running(SqlJournal(database), tmp_path) as rig:
        await outcomes(buys(rig, "kept"))
    with database.transaction() as connection:
        connection.execute(update(tables.balances).values(free=1))
    with pytest.raises(StoreError, match=r"the balance of account"):
        async with running(SqlJournal(database), tmp_path):
            pytest.fail("served")
    with pytest.raises(StoreError, match=r"the balance of account"):
        recover(SqlJournal(database))
