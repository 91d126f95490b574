"""Binance's streams as they were received, through the feed's state machine.

Needs HYPERSIM_RECORDED_DATA, a folder with a recorded stream (hftbacktest-spot). Skipped without it.
"""

import os
from pathlib import Path

import pytest

from benchmarks.fidelity.__main__ import main
from benchmarks.fidelity.recording import messages, recorded_lines
from benchmarks.fidelity.replay import steps
from benchmarks.fidelity.tape import Tape
from benchmarks.fidelity.verdicts import Quoted, followed, recorded_prints
from hypersim.feeds.binance.book import LONGEST_HOLD_US, BinanceBook

FOLDER = os.environ.get("HYPERSIM_RECORDED_DATA")
LINES = 15_000
recorded = pytest.mark.skipif(not FOLDER, reason="HYPERSIM_RECORDED_DATA names no folder with recorded data")


@recorded
def test_recorded_quotes_and_trades_are_ours() -> None:
    lines = recorded_lines(Path(FOLDER or ""))[:LINES]
    tape, book = Tape(lines), BinanceBook("BTCUSDT")
    said = list(steps(messages(lines), book))
    quoted, printed = followed(said, tape)

    first_id = said[0].observed.update_id
    tickers = sum(ticker.update_id >= first_id for ticker in tape.tickers)
    assert (Quoted(tickers, tickers), recorded_prints(tape)) == (quoted, printed)
    assert max(step.said_us - step.observed.received_us for step in said) <= LONGEST_HOLD_US
    assert (0, 0) == (book.gaps, book.missed_trades)
    # the rest was hidden, or came and went between two updates
    assert book.explained > 0.95 * printed.volume


def test_without_a_recording_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.argv", ["fidelity", "--data", str(tmp_path)])

    assert 2 == main()
    assert f"no recording: {tmp_path / 'hftbacktest-spot'} holds no recorded stream (*.gz)\n" == capsys.readouterr().err
