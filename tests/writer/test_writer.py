"""What is answered is durable, in order, and refused before it is applied when it must be."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from hypersim.ask import Outcome
from hypersim.engine.commands import (
    Advance,
    CancelAll,
    CancelOrder,
    Command,
    Deposit,
    Ladder,
    OpenAccount,
    OutsideUpdate,
    TestOrder,
)
from hypersim.engine.events import Change, OrderChanged
from hypersim.engine.orders import Side
from hypersim.errors import Reason, Refused
from hypersim.store.database import open_database
from hypersim.store.journal import SqlJournal
from hypersim.store.recovery import recover
from hypersim.store.verify import verify
from hypersim.units import AMOUNT_ONE, ONE
from tests.store.lives import BEGIN_US, SET_UP, key_row, life, order, withdrawal
from tests.store.memory import MemoryJournal
from tests.writer.rig import Gate, Rig, running, turns, until


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with running(MemoryJournal(), tmp_path) as made:
        yield made


async def reason_of(asked: "asyncio.Future[Outcome]") -> Reason:
    with pytest.raises(Refused) as refused:
        await asked
    return refused.value.reason


async def test_an_answer_says_what_happened_and_when(rig: Rig) -> None:
    rig.clock.move(5)
    outcome = await rig.writer.ask(order(1, Side.BUY, 2, 90, "mine"))
    assert (len(SET_UP) + 1, BEGIN_US + 5_000_000) == (outcome.sequence, outcome.time_us)
    assert outcome.events == rig.heard[-1].events
    placed = [event for event in outcome.events if isinstance(event, OrderChanged)]
    assert [(Change.NEW, "mine")] == [(event.change, event.order.client_order_id) for event in placed]


async def test_nothing_is_shown_before_it_is_durable(rig: Rig) -> None:
    gate = Gate(rig.journal)
    asked = asyncio.ensure_future(rig.writer.ask(order(1, Side.BUY, 2, 90, "mine")))
    await until(gate.reached.is_set)
    await turns()
    assert not asked.done()
    assert [] == rig.heard
    assert [] == rig.views.accounts.open_orders(1)
    assert len(SET_UP) == rig.writer.sequence
    gate.open()
    outcome = await asked
    assert [outcome.sequence] == [record.sequence for record in rig.heard]
    assert ["mine"] == [one.client_order_id for one in rig.views.accounts.open_orders(1)]
    assert outcome.sequence == rig.writer.sequence


async def test_listeners_hear_before_the_answer_and_see_the_views_folded(rig: Rig) -> None:
    seen: list[object] = []
    rig.writer.listeners.append(lambda record: seen.append(len(rig.views.accounts.open_orders(1))))
    await rig.writer.ask(order(1, Side.BUY, 2, 90, "mine"))
    assert [1] == seen


async def test_a_refusal_that_depends_on_what_is_not_durable_waits_for_it(rig: Rig) -> None:
    gate = Gate(rig.journal)
    first = asyncio.ensure_future(rig.writer.ask(order(1, Side.BUY, 2, 90, "same")))
    await until(gate.reached.is_set)
    second = asyncio.ensure_future(rig.writer.ask(order(1, Side.BUY, 2, 90, "same")))
    await turns()
    assert not second.done()
    gate.open()
    assert Reason.DUPLICATE_ORDER is await reason_of(second)
    assert first.done()


async def test_a_refusal_that_depends_on_durable_state_does_not_wait(rig: Rig) -> None:
    asked = asyncio.ensure_future(rig.writer.ask(order(9, Side.BUY, 2, 90, "nobody")))
    await asyncio.sleep(0)
    assert asked.done()
    assert Reason.NO_SUCH_ACCOUNT is await reason_of(asked)


async def test_while_a_batch_is_stored_the_next_one_gathers(rig: Rig) -> None:
    gate = Gate(rig.journal)
    asked = [asyncio.ensure_future(rig.writer.ask(order(1, Side.BUY, 1, 90, "0")))]
    await until(gate.reached.is_set)
    asked += [asyncio.ensure_future(rig.writer.ask(order(1, Side.BUY, 1, 90, f"{n}"))) for n in range(1, 20)]
    await turns()
    gate.open()
    outcomes = await asyncio.gather(*asked)
    assert [1, 19] == [len(batch) for batch in rig.journal.batches]
    assert list(range(len(SET_UP) + 1, len(SET_UP) + 21)) == [outcome.sequence for outcome in outcomes]


async def test_a_batch_has_a_largest_size(tmp_path: Path) -> None:
    async with running(MemoryJournal(), tmp_path, batch=4) as rig:
        gate = Gate(rig.journal)
        first = asyncio.ensure_future(rig.writer.ask(order(1, Side.BUY, 1, 90, "0")))
        await until(gate.reached.is_set)
        rest = [asyncio.ensure_future(rig.writer.ask(order(1, Side.BUY, 1, 90, f"{n}"))) for n in range(1, 11)]
        await turns()
        gate.open()
        await asyncio.gather(first, *rest)
        assert [1, 4, 4, 2] == [len(batch) for batch in rig.journal.batches]


async def test_what_changes_nothing_is_not_stored(rig: Rig) -> None:
    outcome = await rig.writer.ask(TestOrder(order(1, Side.BUY, 1, 90, "test")))
    assert Outcome(len(SET_UP), BEGIN_US, ()) == outcome
    assert ([], []) == (rig.journal.batches, rig.heard)


async def test_stamps_never_go_back(rig: Rig) -> None:
    first = await rig.writer.ask(order(1, Side.BUY, 1, 90, "a"))
    rig.clock.time_us -= 10_000_000
    second = await rig.writer.ask(order(1, Side.BUY, 1, 90, "b"))
    rig.clock.move(11)
    third = await rig.writer.ask(order(1, Side.BUY, 1, 90, "c"))
    assert (first.time_us, first.time_us + 1_000_000) == (second.time_us, third.time_us)


async def test_a_command_that_is_taken_in_too_late_is_refused(rig: Rig) -> None:
    on_time = await rig.writer.ask(order(1, Side.BUY, 1, 90, "a"), deadline_us=BEGIN_US)
    late = asyncio.ensure_future(rig.writer.ask(order(1, Side.BUY, 1, 90, "b"), deadline_us=BEGIN_US - 1))
    assert Reason.TIMESTAMP_TOO_OLD is await reason_of(late)
    assert on_time.sequence == rig.writer.sequence


async def test_too_many_are_refused_before_they_are_applied_and_cancels_are_not(tmp_path: Path) -> None:
    async with running(MemoryJournal(), tmp_path, capacity=4) as rig:
        await rig.writer.ask(order(1, Side.BUY, 1, 90, "resting"))
        gate = Gate(rig.journal)
        waiting = [asyncio.ensure_future(rig.writer.ask(order(1, Side.BUY, 1, 90, f"{n}"))) for n in range(4)]
        await until(gate.reached.is_set)
        too_many: list[Command] = [
            order(1, Side.BUY, 1, 90, "4"),
            TestOrder(order(1, Side.BUY, 1, 90, "5")),
            OutsideUpdate(symbol="BTCUSDT", ladder=Ladder(bids=((80 * ONE, ONE),))),
        ]
        for command in too_many:
            refused = asyncio.ensure_future(rig.writer.ask(command))
            await asyncio.sleep(0)
            assert refused.done()
            assert Reason.OVERLOADED is await reason_of(refused)
        cancel = CancelOrder(account_id=1, symbol="BTCUSDT", client_order_id="resting", cancel_id="c")
        waiting.append(asyncio.ensure_future(rig.writer.ask(cancel)))
        await turns()
        no_headroom = asyncio.ensure_future(rig.writer.ask(CancelAll(account_id=1, symbol="BTCUSDT", cancel_id="all")))
        assert Reason.OVERLOADED is await reason_of(no_headroom)
        gate.open()
        await asyncio.gather(*waiting)
        names = [one.client_order_id for one in rig.views.accounts.open_orders(1)]
        assert ["0", "1", "2", "3"] == names
        await rig.writer.ask(order(1, Side.BUY, 1, 90, "room again"))


async def test_who_goes_away_is_served_nevertheless(rig: Rig) -> None:
    gate = Gate(rig.journal)
    asked = asyncio.ensure_future(rig.writer.ask(order(1, Side.BUY, 1, 90, "gone")))
    await until(gate.reached.is_set)
    asked.cancel()
    gate.open()
    after = await rig.writer.ask(order(1, Side.BUY, 1, 90, "stays"))
    assert ["gone", "stays"] == [one.client_order_id for one in rig.views.accounts.open_orders(1)]
    assert len(SET_UP) + 2 == after.sequence


async def test_time_is_told_when_something_is_due(rig: Rig) -> None:
    ladder = Ladder(asks=((100 * ONE, 10 * ONE),), full=True)
    await rig.writer.ask(OutsideUpdate(symbol="BTCUSDT", ladder=ladder))
    await rig.writer.ask(order(1, Side.BUY, 6, 100, "takes"))
    _, _, asks = rig.views.marketdata.markets["BTCUSDT"].depth(5)
    assert [(100 * ONE, 4 * ONE)] == asks
    for _ in range(8):
        await until(lambda: rig.clock.sleepers > 0)
        rig.clock.move(5)
        await turns()
    await until(lambda: rig.views.marketdata.markets["BTCUSDT"].depth(5)[2] == [(100 * ONE, 9 * ONE)])
    assert any(isinstance(record.command, Advance) for record in rig.heard)


async def test_what_comes_later_and_is_due_sooner_is_not_kept_waiting(rig: Rig) -> None:
    leaves = replace(withdrawal(1, "late", Random(1)), confirmation_us=3_600_000_000)
    await rig.writer.ask(leaves)
    await until(lambda: rig.clock.sleepers > 0)
    await rig.writer.ask(replace(leaves, withdrawal_id="soon", client_id="", confirmation_us=1_000_000))
    for _ in range(11):
        await until(lambda: rig.clock.sleepers > 0)
        rig.clock.move(0.1)
        await turns()
    account = rig.views.accounts.get(1)
    assert account is not None
    await until(lambda: ["late"] == list(account.withdrawals))


async def test_keys_come_once_whoever_is_first(rig: Rig) -> None:
    def account(account_id: int) -> OpenAccount:
        return OpenAccount(account_id=account_id, maker_rate=0, taker_rate=0)

    gate = Gate(rig.journal)
    first = asyncio.ensure_future(rig.writer.ask(account(11), rows=[key_row("key", 11)]))
    await until(gate.reached.is_set)
    second = asyncio.ensure_future(rig.writer.ask(account(12), rows=[key_row("key", 12)]))
    gate.open()
    assert Reason.DUPLICATE_API_KEY is await reason_of(second)
    await first
    twice = asyncio.ensure_future(rig.writer.ask(account(12), rows=[key_row("a", 12), key_row("a", 12)]))
    assert Reason.DUPLICATE_API_KEY is await reason_of(twice)
    taken = asyncio.ensure_future(rig.writer.ask(account(11), rows=[key_row("other", 11)]))
    assert Reason.DUPLICATE_ACCOUNT is await reason_of(taken)
    await rig.writer.ask(account(12), rows=[key_row("other", 12)])
    assert {"key", "other"} == rig.journal.load().api_keys


async def test_a_text_that_no_database_takes_is_refused(rig: Rig) -> None:
    command = OpenAccount(account_id=11, maker_rate=0, taker_rate=0)
    for label in ("\0", "\ud800"):
        asked = asyncio.ensure_future(rig.writer.ask(command, rows=[replace(key_row("key", 11), label=label)]))
        assert Reason.INVALID_FIELD is await reason_of(asked)
    await rig.writer.ask(command, rows=[replace(key_row("key", 11), label="büro 🪙")])


async def test_rows_are_stored_though_their_command_changed_nothing(rig: Rig) -> None:
    command = SET_UP[0]
    outcome = await rig.writer.ask(command, rows=[key_row("key")])
    assert (len(SET_UP) + 1, ()) == (outcome.sequence, outcome.events)
    assert {"key"} == recover(rig.journal).api_keys
    assert outcome.sequence == recover(rig.journal).sequence


async def test_a_stop_stores_what_was_taken_and_a_snapshot(tmp_path: Path) -> None:
    journal = MemoryJournal()
    async with running(journal, tmp_path) as rig:
        gate = Gate(rig.journal)
        asked = [asyncio.ensure_future(rig.writer.ask(order(1, Side.BUY, 1, 90, f"{n}"))) for n in range(5)]
        await until(gate.reached.is_set)
        stopping = asyncio.ensure_future(rig.writer.stop())
        await turns()
        late = asyncio.ensure_future(rig.writer.ask(order(1, Side.BUY, 1, 90, "late")))
        assert Reason.SHUTTING_DOWN is await reason_of(late)
        gate.open()
        await stopping
        assert list(range(9, 14)) == [outcome.sequence for outcome in await asyncio.gather(*asked)]
        assert [13] == rig.journal.saved
        assert ["serving", "stopped"] == rig.states
    assert [] == journal.batches
    async with running(journal, tmp_path, set_up=False) as again:
        assert 13 == again.writer.sequence
        assert 5 == len(again.views.accounts.open_orders(1))
        assert [] == again.journal.saved


async def test_a_snapshot_is_taken_every_so_often(tmp_path: Path) -> None:
    journal = MemoryJournal()
    async with running(journal, tmp_path, snapshot_every=20) as rig:
        for number in range(70):
            await rig.writer.ask(order(1, Side.BUY, 1, 90, f"{number}"))
        await until(lambda: rig.journal.saved == [20, 40, 60])
        assert rig.views.snapshot() == recover(journal).views
    assert [20, 40, 60, 78] == rig.journal.saved


async def test_quotes_bring_the_next_snapshot_nearer_by_their_levels(tmp_path: Path) -> None:
    async with running(MemoryJournal(), tmp_path, snapshot_every=100) as rig:
        begun = rig.writer.sequence
        for price in range(1, 10):
            bids = tuple((level * ONE, price * ONE) for level in range(1, 41))
            await rig.writer.ask(OutsideUpdate(symbol="BTCUSDT", ladder=Ladder(bids=bids, asks=(), full=True)))
        await until(lambda: rig.journal.saved != [])

        # so many commands of the set-up weigh 1, each of these 1 + 40 / 4
        assert [begun + -(-(100 - begun) // 11)] == rig.journal.saved


async def test_nothing_is_taken_before_the_start(tmp_path: Path) -> None:
    async with running(MemoryJournal(), tmp_path, set_up=False) as rig:
        await rig.writer.ask(SET_UP[0])
    assert Reason.SHUTTING_DOWN is await reason_of(asyncio.ensure_future(rig.writer.ask(SET_UP[1])))


async def test_whatever_many_ask_at_once_the_store_can_be_verified(database_url: str, tmp_path: Path) -> None:
    commands = life(31)
    database = open_database(database_url)
    async with running(SqlJournal(database), tmp_path, set_up=False, snapshot_every=300, batch=16) as rig:
        for _ in SET_UP:
            await rig.writer.ask(next(commands))

        async def someone() -> int:
            done = 0
            for _ in range(50):
                rig.clock.move(0.01)
                try:
                    await rig.writer.ask(next(commands))
                    done += 1
                except Refused:
                    continue
            return done

        done = await asyncio.gather(*(someone() for _ in range(16)))
        assert sum(done) > 400
        await rig.writer.ask(Deposit(account_id=1, asset="USDT", amount=AMOUNT_ONE))
        found = verify(database_url)
        assert (rig.writer.sequence, len(rig.heard)) == (found.sequence, found.sequence)
        assert list(range(1, found.sequence + 1)) == [record.sequence for record in rig.heard]
    after = verify(database_url)
    assert (found.sequence, found.state_hash) == (after.sequence, after.state_hash)
    database.close()
    database = open_database(database_url)
    async with running(SqlJournal(database), tmp_path, set_up=False) as again:
        assert rig.views.snapshot() == again.views.snapshot()
    database.close()
