"""A real stream of Binance's as the outside market: what goes in comes out of our own streams.

Needs HYPERSIM_RECORDED_DATA, a folder with a recorded stream (hftbacktest-spot). Skipped without it.
"""

import os
from pathlib import Path
from typing import Any

import pytest

from benchmarks.fidelity.recording import messages, recorded_lines
from benchmarks.fidelity.replay import steps
from benchmarks.fidelity.tape import Tape, scaled
from hypersim.feeds.binance.book import BinanceBook
from hypersim.feeds.channel import Channel
from tests.api.streams.local_book import LocalBook, depth
from tests.api.streams.stage import Stage
from tests.writer.rig import turns

FOLDER = os.environ.get("HYPERSIM_RECORDED_DATA")
LINES = 6_000


@pytest.mark.skipif(not FOLDER, reason="HYPERSIM_RECORDED_DATA names no folder with recorded data")
async def test_the_best_prices_and_trades_of_a_recording_are_those_of_our_streams(stage: Stage) -> None:
    lines = recorded_lines(Path(FOLDER or ""))[:LINES]
    tape, lab = Tape(lines), stage.lab
    said = list(steps(messages(lines), BinanceBook("BTCUSDT")))
    first_id = said[0].observed.update_id
    recorded = {
        ticker.update_id: (ticker.bid, ticker.bid_size, ticker.ask, ticker.ask_size)
        for ticker in tape.tickers
        if ticker.update_id >= first_id
    }
    lab.clock.time_us = said[0].said_us
    await lab.ladder("BTCUSDT", {}, {})
    best, trades = await stage.open("/ws/btcusdt@bookTicker"), await stage.open("/ws/btcusdt@trade")
    changes, book, known = await stage.open("/ws/btcusdt@depth@100ms"), LocalBook(), 0
    channel = Channel(lab.world.market("BTCUSDT").market)
    told: dict[int, tuple[int, ...]] = {}
    newest: Any = None
    for step in said:
        lab.clock.time_us = max(lab.clock.time_us, step.said_us)
        await turns(3)
        channel.observe(step.observed.update, step.observed.received_us)
        while (command := channel.next_command()) is not None:
            await lab.world.ask(command)
            channel.taken_in()
        await turns(3)
        newest = (best.read() or [newest])[-1]
        told[step.observed.update_id] = tuple(scaled(newest[key]) for key in "bBaA")
        for update in changes.read():
            book.hear(update)
        if book.update_id is None:
            book.begin(await depth(lab))
        if book.update_id is not None and book.update_id >= newest["u"]:
            known += 1
            assert (newest["b"], newest["B"]) == max(book.sides["b"].items(), key=lambda level: float(level[0]))
            assert (newest["a"], newest["A"]) == min(book.sides["a"].items(), key=lambda level: float(level[0]))

    assert recorded == {update_id: told.get(update_id) for update_id in recorded}
    assert len(recorded) > 300
    assert known > 100
    assert [(trade.price, trade.quantity, trade.sold) for trade in tape.trades] == [
        (scaled(trade["p"]), scaled(trade["q"]), trade["m"]) for trade in trades.read()
    ]
