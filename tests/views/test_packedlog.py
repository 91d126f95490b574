"""The packed log against a plain list."""

from operator import attrgetter
from random import Random

import msgspec
import pytest

from hypersim.views.packedlog import BLOCK, LogState, PackedLog
from hypersim.views.records import TapeTrade
from tests.views.trades import DAY, random_trades


def log_of(trades: list[TapeTrade]) -> PackedLog[TapeTrade]:
    log: PackedLog[TapeTrade] = PackedLog(TapeTrade, attrgetter("trade_id"))
    for trade in trades:
        log.append(trade)
    return log


@pytest.mark.parametrize("count", [0, 1, BLOCK, 2 * BLOCK - 1, 2 * BLOCK, 2 * BLOCK + 1, 700])
def test_reads_are_those_of_a_list(count: int) -> None:
    random = Random(count)
    trades = random_trades(random, 0, DAY, count) if count else []
    log = log_of(trades)

    assert len(trades) == len(log)
    assert (trades[-1] if trades else None) == log.last
    for limit in (0, 1, BLOCK, BLOCK + 1, 300, count, count + 1):
        assert trades[max(0, count - limit) :] == log.newest(limit)
    for _ in range(50):
        start, end = random.randrange(-1, count + 3), random.randrange(-1, count + 3)
        assert [trade for trade in trades if start <= trade.trade_id < end] == log.between(start, end)
        before = [trade for trade in trades if trade.trade_id < start]
        assert (before[-1] if before else None) == log.newest_before(start)


def test_forgetting_by_count_keeps_at_least_so_many() -> None:
    trades = random_trades(Random(1), 0, DAY, 2000)
    log: PackedLog[TapeTrade] = PackedLog(TapeTrade, attrgetter("trade_id"))
    for index, trade in enumerate(trades, 1):
        log.append(trade)
        log.keep(300)
        assert min(index, 300) <= len(log) <= 300 + BLOCK

    kept = trades[-len(log) :]
    assert kept == log.newest(2000)
    assert trades[-len(log) - 1] == log.gone
    assert log.gone == log.newest_before(kept[0].trade_id)
    assert log.newest_before(kept[0].trade_id - 1) is None


def test_young_records_are_packed_once_they_are_older_and_forgotten_unpacked_where_they_are_many() -> None:
    random, second_us = Random(6), 1_000_000
    times_us = sorted([random.randrange(20 * second_us) for _ in range(1500)]) + [
        20 * second_us + index * second_us for index in range(200)
    ]
    trades = [TapeTrade(index, index, 5, 7, time_us, True, False) for index, time_us in enumerate(times_us)]
    log: PackedLog[TapeTrade] = PackedLog(TapeTrade, attrgetter("trade_id"), attrgetter("time_us"))
    packed = []
    for index, trade in enumerate(trades, 1):
        if log.append(trade):
            log.keep(1000)
        assert min(index, 1000) <= len(log) < 1000 + 3 * BLOCK
        assert trades[index - len(log) : index] == log.newest(2000)
        assert (trades[index - len(log) - 1] if len(log) < index else None) == log.gone
        packed.append(len(log.snapshot().blocks))

    assert packed[:1500] == [0] * 1500
    assert packed[-1] > 10
    assert len(log.snapshot().recent) < 3 * BLOCK


def test_forgetting_by_key_keeps_everything_from_it_on() -> None:
    trades = random_trades(Random(2), 0, DAY, 1000)
    log = log_of(trades)
    log.forget_before(501)

    assert trades[500:] == log.between(501, 2000)
    assert log.gone == trades[1000 - len(log) - 1]


def test_the_newest_record_can_be_replaced() -> None:
    trades = random_trades(Random(3), 0, DAY, 200)
    log = log_of(trades)
    changed = msgspec.structs.replace(trades[-1], quantity=1)
    log.replace_last(changed)

    assert [*trades[:-1], changed] == log.newest(200)


def test_a_restored_log_goes_on_as_the_first_would_have() -> None:
    trades = random_trades(Random(4), 0, DAY, 1500)
    whole = log_of(trades[:1000])
    whole.keep(400)
    text = msgspec.json.encode(whole.snapshot())
    restored: PackedLog[TapeTrade] = PackedLog(TapeTrade, attrgetter("trade_id"))
    restored.restore(msgspec.json.decode(text, type=LogState[TapeTrade]))
    for trade in trades[1000:]:
        for log in (whole, restored):
            log.append(trade)
            log.keep(400)

    assert whole.snapshot() == restored.snapshot()
    assert whole.newest(1500) == restored.newest(1500)


def test_numbers_beyond_64_bits_survive_packing() -> None:
    trades = [TapeTrade(index, index, 10**30 + index, 10**40, index, True, False) for index in range(3 * BLOCK)]

    assert trades == log_of(trades).newest(3 * BLOCK)
