"""Nothing is told before it is durable."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

from hypersim.api.binance.streams.user import UserForm, UserStreams
from hypersim.bus import Bus
from hypersim.world import World
from tests.api.streams.told import MILLISECOND, Inbox
from tests.store.memory import MemoryJournal
from tests.writer.rig import Gate, buys, outcomes, running, turns, until


async def test_nothing_is_told_while_a_commit_is_held_back(tmp_path: Path) -> None:
    async with running(MemoryJournal(), tmp_path) as rig:
        bus = Bus()
        views = SimpleNamespace(accounts=rig.views.accounts, markets=rig.views.marketdata, clock=rig.clock)
        user = UserStreams(cast(World, views), bus)
        rig.writer.listeners.append(user.fold)
        inbox = Inbox(bus, UserForm(MILLISECOND))
        user.subscribe(1, inbox)
        gate = Gate(rig.journal)
        asked = buys(rig, "a", "b")
        await until(gate.reached.is_set)
        await turns()
        while_held = inbox.read()
        gate.open()
        await outcomes(asked)

        assert [] == while_held
        assert ["a", "b"] == [event["c"] for event in inbox.read() if event["e"] == "executionReport"]
