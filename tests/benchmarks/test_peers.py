"""The part `peers`: what the engines are asked, and that each does all of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from benchmarks.peers import table
from benchmarks.peers.environment import NotInstalled, environment
from benchmarks.peers.stream import BAND, MIDDLE, Order, crossing, quoted, standing
from benchmarks.peers.table import PEERS, measured, peers_table

ORDERS, DEPTH = 200, 3
OURS = [peer for peer in PEERS if peer.ours]


def test_of_the_orders_that_cross_half_rest_and_half_take_one_whole_order_each() -> None:
    book = standing(DEPTH)
    taken = 0
    for order in crossing(ORDERS, DEPTH):
        met = [other for other in book if crosses(order, other)]
        if met:
            book.remove(best(met))
            taken += 1
        else:
            book.append(order)
    assert (ORDERS // 2, standing(DEPTH)) == (taken, book)


def test_of_the_orders_beside_quotes_half_take_the_quote_and_half_rest_until_the_next_one() -> None:
    low, high = MIDDLE - 100, MIDDLE + 100
    for step in quoted(ORDERS, DEPTH):
        assert step.rests.buys == step.takes.buys
        assert low < step.rests.price < high
        assert (high if step.takes.buys else low) == step.takes.price
        low, high = step.quote
        assert (high if step.rests.buys else low) == step.rests.price


def test_no_order_that_stands_is_ever_reached() -> None:
    prices = [order.price for order in crossing(ORDERS, DEPTH)]
    prices += [price for step in quoted(ORDERS, DEPTH) for price in (step.rests.price, step.takes.price, *step.quote)]
    assert MIDDLE - 2 * BAND < min(prices) <= max(prices) < MIDDLE + 2 * BAND
    assert {True: MIDDLE - 2 * BAND, False: MIDDLE + 2 * BAND} == {
        buys: best([order for order in standing(DEPTH) if order.buys == buys]).price for buys in (True, False)
    }
    numbers = [order.number for order in (*standing(DEPTH), *crossing(ORDERS, DEPTH))]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("peer", OURS, ids=lambda peer: peer.stream)
def test_our_engine_makes_the_trades_that_it_is_to_make(peer: table.Peer) -> None:
    told = measured(peer, Path(sys.executable), ORDERS, DEPTH)
    assert ("this exchange", ORDERS) == (told.engine, told.orders)
    assert told.per_second > 0


def test_an_engine_that_does_other_work_is_no_peer(tmp_path: Path) -> None:
    idle = tmp_path / "python"
    idle.write_text("""#!/bin/sh\necho '{"engine": "idle", "orders": 200, "trades": 7, "seconds": 1.0}'\n""")
    idle.chmod(0o700)
    with pytest.raises(RuntimeError, match="7 trades of 200 orders, not 100 of 200"):
        measured(OURS[0], idle, ORDERS, DEPTH)


def test_where_the_others_cannot_be_installed_ours_is_measured_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unreached() -> Path:
        raise NotInstalled("nobody answers")

    monkeypatch.setattr(table, "environment", unreached)
    rows = str(peers_table(1, [replace(peer, orders=ORDERS) for peer in PEERS])).splitlines()[2:]
    assert ["this exchange", "this exchange"] == [row.split("|")[2].strip() for row in rows]
    assert "peers: nobody answers\n" == capsys.readouterr().err


@pytest.mark.slow
def test_every_peer_makes_the_trades_that_it_is_to_make(tmp_path: Path) -> None:
    try:
        python = environment(tmp_path)
    except NotInstalled as missing:
        if "connection broken by" not in str(missing):
            raise
        pytest.skip("no package index answers, so that the peers cannot be installed")
    made = (tmp_path / "made").stat()
    assert python == environment(tmp_path)
    assert made == (tmp_path / "made").stat(), "what is installed already is installed again"
    engines = {peer.program: measured(peer, python, ORDERS, DEPTH).engine for peer in PEERS if not peer.ours}
    assert {
        "run_order_matching": "order-matching",
        "run_nautilus_matching": "nautilus_trader",
        "run_nautilus_backtest": "nautilus_trader",
    } == {program: engine.split(" ")[0] for program, engine in engines.items()}


def crosses(order: Order, other: Order) -> bool:
    """Whether an order would trade with one that rests."""
    if order.buys == other.buys:
        return False
    return other.price <= order.price if order.buys else other.price >= order.price


def best(orders: list[Order]) -> Order:
    """The best priced of one side, the oldest of these."""
    return min(orders, key=lambda order: (-order.price if order.buys else order.price, order.number))
