"""Many commands that are asked for together."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hypersim.ask import ask_in_order
from hypersim.engine.commands import Command
from hypersim.engine.orders import Side
from hypersim.errors import Reason, Refused
from tests.store.lives import SET_UP, order
from tests.store.memory import MemoryJournal
from tests.writer.rig import Rig, running


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with running(MemoryJournal(), tmp_path) as made:
        yield made


def orders(count: int) -> list[Command]:
    return [order(1, Side.BUY, 1, 90, f"order{number}") for number in range(count)]


async def test_they_are_taken_in_one_after_another_and_stored_a_batch_at_a_time(rig: Rig) -> None:
    asked = orders(100)
    before = len(rig.journal.batches)

    await ask_in_order(rig.writer.ask, asked)

    assert asked == [record.command for record in rig.heard[-100:]]
    assert len(SET_UP) + 100 == rig.writer.sequence
    assert len(rig.journal.batches) - before < 10


async def test_the_first_that_is_refused_says_why_and_the_others_are_taken_in(rig: Rig) -> None:
    asked = orders(3)

    with pytest.raises(Refused) as refused:
        await ask_in_order(rig.writer.ask, [asked[0], asked[0], asked[1]])

    assert Reason.DUPLICATE_ORDER == refused.value.reason
    assert asked[:2] == [record.command for record in rig.heard[-2:]]
