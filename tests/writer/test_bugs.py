"""A bug stops nothing but the command that met it: it is reported, named in the log, and undone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from hypersim.engine.commands import Stamped
from hypersim.engine.events import Committed, Event
from hypersim.engine.exchange import Exchange
from hypersim.errors import Reason
from hypersim.store.bugs import Report
from tests.store.lives import SET_UP
from tests.store.memory import MemoryJournal
from tests.writer.rig import Gate, Rig, buys, outcomes, resting, running, serving, turns, until


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with running(MemoryJournal(), tmp_path) as made:
        yield made


def poisoned(exchange: Exchange, name: str) -> Callable[[Stamped], list[Event]]:
    """An `apply` with a bug: it fails half-way on orders of that name."""
    sound = exchange.apply

    def apply(stamped: Stamped) -> list[Event]:
        events = sound(stamped)
        if getattr(stamped.command, "client_order_id", "") == name:
            raise AssertionError(f"a bug in {name}")
        return events

    return apply


def read_report(folder: Path) -> Report:
    (path,) = folder.glob("hypersim-bug-*.json")
    return msgspec.json.decode(path.read_bytes(), type=Report)


async def test_a_bug_in_apply_is_reported_and_undone(rig: Rig, tmp_path: Path) -> None:
    gate = Gate(rig.journal)
    rig.writer._exchange.apply = poisoned(rig.writer._exchange, "poison")  # type: ignore[assignment, method-assign]  # a bug
    stored = buys(rig, "stored")
    await until(gate.reached.is_set)
    lost = buys(rig, "lost", "poison", "after")
    await turns()
    gate.open()
    assert [len(SET_UP) + 1] == await outcomes(stored)
    assert [Reason.STATUS_UNKNOWN, Reason.STATUS_UNKNOWN, Reason.OVERLOADED] == await outcomes(lost)
    await serving(rig)
    assert ["stored"] == resting(rig)
    assert [len(SET_UP) + 2] == await outcomes(buys(rig, "poison"))
    report = read_report(tmp_path)
    assert len(SET_UP) + 1 == report.sequence
    assert "a bug in poison" in report.error[-1]
    again = Exchange.restore(report.exchange)
    again.apply = poisoned(again, "poison")  # type: ignore[assignment, method-assign]  # same bug
    *before, last = report.commands
    for stamped in before:
        again.apply(stamped)
    with pytest.raises(AssertionError, match="a bug in poison"):
        again.apply(last)


async def test_a_bug_in_what_is_due_by_time_is_named_in_the_log(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    def bug(stamped: Stamped) -> list[Event]:
        raise AssertionError(f"a bug in {type(stamped.command).__name__}")

    rig.writer._exchange.next_due = rig.clock.now_us  # type: ignore[method-assign]  # due at once
    rig.writer._exchange.apply = bug  # type: ignore[method-assign]  # a bug
    rig.writer._changed.set()
    await until(lambda: rig.clock.sleepers == 1)
    rig.clock.move(1)
    await until(lambda: "rebuilding" in rig.states)
    await serving(rig)
    (logged,) = [record for record in caplog.records if record.msg.startswith("the exchange failed")]
    assert logged.exc_info is not None
    assert "a bug in Advance" == str(logged.exc_info[1])


async def test_a_listener_that_fails_is_a_bug_of_the_exchange(rig: Rig) -> None:
    def fail(record: Committed) -> None:
        rig.writer.listeners.remove(fail)
        raise ZeroDivisionError

    rig.writer.listeners.append(fail)
    assert [Reason.STATUS_UNKNOWN] == await outcomes(buys(rig, "durable"))
    await serving(rig)
    assert ["durable"] == resting(rig)


async def test_it_can_be_stopped_between_a_bug_and_its_repair(rig: Rig) -> None:
    gate = Gate(rig.journal)
    rig.writer._exchange.apply = poisoned(rig.writer._exchange, "poison")  # type: ignore[assignment, method-assign]  # a bug
    asked = buys(rig, "stored")
    await until(gate.reached.is_set)
    asked += buys(rig, "lost", "poison")
    await turns()
    stopping = asyncio.ensure_future(asyncio.wait_for(rig.writer.stop(), 10))
    await turns()
    gate.open()
    await stopping
    assert [Reason.STATUS_UNKNOWN] * 3 == await outcomes(asked)


async def test_a_bug_that_cannot_be_reported_is_repaired_nevertheless(tmp_path: Path) -> None:
    async with running(MemoryJournal(), tmp_path / "no such folder") as rig:
        rig.writer._exchange.apply = poisoned(rig.writer._exchange, "poison")  # type: ignore[assignment, method-assign]  # a bug
        assert [Reason.STATUS_UNKNOWN] == await outcomes(buys(rig, "poison"))
        await serving(rig)
        assert [len(SET_UP) + 1] == await outcomes(buys(rig, "next"))
