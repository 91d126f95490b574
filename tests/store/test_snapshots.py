"""Snapshots: what is encoded piece by piece is what would be encoded at once."""

import pytest

from hypersim.engine.exchange import Exchange
from hypersim.store import snapshots
from hypersim.store.snapshots import Snapshot
from hypersim.views.views import Views
from tests.views.world import RandomWorld


@pytest.mark.parametrize("piece", [1, 2, 1000])
def test_a_snapshot_has_the_hash_of_its_state_however_it_is_cut(monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    monkeypatch.setattr(snapshots, "PIECE", piece)
    world = RandomWorld(3)
    world.run(400)
    views = Views()
    for record in world.records:
        views.fold(record)
    state = world.exchange.snapshot()
    snapshot = Snapshot.encode(len(world.records), world.time_us, state, views.snapshot())

    assert world.exchange.state_hash() == snapshot.state_hash
    assert (state, views.snapshot()) == snapshot.decode()
    assert snapshot.state_hash == Exchange.restore(snapshot.decode()[0]).state_hash()
    assert any(venue.orders for venue in state.venues)
