"""The tape: the newest trades and their aggregates, and what it says when it no longer knows."""

from random import Random

import pytest

from hypersim.views.packedlog import BLOCK
from hypersim.views.records import AggregateTrade, TapeTrade
from hypersim.views.tape import KEPT, Tape
from tests.views.trades import DAY, aggregates_of, random_trades

TRADES = random_trades(Random(1), 0, 30 * DAY, 3000)
AGGREGATES = aggregates_of(TRADES)


def tape_of(trades: list[TapeTrade]) -> Tape:
    tape = Tape()
    for trade in trades:
        tape.add(trade)
    return tape


def test_trades_of_one_taker_at_one_price_are_one_aggregate() -> None:
    tape = tape_of(
        [
            TapeTrade(5, 3, 100, 7, 10, True, False),
            TapeTrade(6, 3, 100, 2, 10, True, True),
            TapeTrade(7, 4, 101, 1, 10, True, True),
        ]
    )

    assert [
        AggregateTrade(3, 100, 9, 5, 6, 10, True),
        AggregateTrade(4, 101, 1, 7, 7, 10, True),
    ] == tape.newest_aggregates(10)


@pytest.mark.parametrize("limit", [1, 5, 500, KEPT])
def test_the_newest_are_at_hand(limit: int) -> None:
    tape = tape_of(TRADES)

    assert TRADES[-limit:] == tape.newest(limit)
    assert AGGREGATES[-limit:] == tape.newest_aggregates(limit)
    assert TRADES[-1] == tape.last


def test_what_is_gone_is_never_answered_for() -> None:
    tape = tape_of(TRADES)
    oldest = len(TRADES) - KEPT - 2 * BLOCK

    assert tape.since(1, 10) is None
    assert tape.since(oldest, 10) is None
    assert TRADES[-KEPT:][:10] == tape.since(TRADES[-KEPT].trade_id, 10)
    assert [] == tape.since(TRADES[-1].trade_id + 1, 10)
    assert tape.aggregates_since(AGGREGATES[0].aggregate_id) is None
    assert AGGREGATES[-KEPT:] == tape.aggregates_since(AGGREGATES[-KEPT].aggregate_id)
    assert tape.aggregates_after(0) is None
    assert not tape.complete


def test_aggregates_from_a_time_on_are_all_of_them() -> None:
    tape = tape_of(TRADES)
    for whole in AGGREGATES[-KEPT::97]:
        expected = [other for other in AGGREGATES if other.time_us >= whole.time_us]
        assert expected == tape.aggregates_after(whole.time_us)


def test_a_short_tape_knows_everything() -> None:
    tape = tape_of(TRADES[:300])

    assert tape.complete
    assert TRADES[:10] == tape.since(1, 10)
    assert TRADES[:11] == tape.since(-5, 11)  # ids may begin higher than a client thinks
    assert AGGREGATES[:5] == (tape.aggregates_after(0) or [])[:5]
    assert Tape().last is None
    assert [] == Tape().newest(10)
