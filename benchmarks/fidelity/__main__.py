"""`make fidelity`, or `python -m benchmarks.fidelity [--data FOLDER] [--passes 5] [--seed 1] [--picture FILE]`.

Plays a recorded stream of Binance through the real feed code and the real engine, and prints how much of what we say
agrees with it. The figures do not depend on the machine. Ends with 1 when something does not agree, with 2 when there
is no recording.
"""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.fidelity.probes import rested
from benchmarks.fidelity.recording import messages, recorded_lines
from benchmarks.fidelity.replay import MARKET, steps
from benchmarks.fidelity.report import agreement_table, coins, percentiles, probes_table
from benchmarks.fidelity.takers import expected, took
from benchmarks.fidelity.tape import Tape
from benchmarks.fidelity.verdicts import Verdict, followed, judged, recorded_prints
from hypersim.feeds.binance.book import LONGEST_HOLD_US, BinanceBook

DATA_HERE = Path("../shared/data")
PICTURE = Path("build/fidelity.svg")


def main() -> int:
    """Measures and prints; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fidelity", description="Measures how true the feed is.")
    parser.add_argument("--data", type=Path, help="folder of recorded data; else HYPERSIM_RECORDED_DATA")
    parser.add_argument("--passes", type=int, default=5, help="passes over the recording with resting probes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--picture", type=Path, default=PICTURE, help=f"where to draw it (default {PICTURE})")
    chosen = parser.parse_args()
    folder = chosen.data or os.environ.get("HYPERSIM_RECORDED_DATA") or (DATA_HERE if DATA_HERE.is_dir() else None)
    if folder is None:
        print("no recording: set HYPERSIM_RECORDED_DATA to a folder with recorded data", file=sys.stderr)
        return 2
    try:
        lines = recorded_lines(Path(folder))
    except OSError as error:
        print(f"no recording: {error}", file=sys.stderr)
        return 2
    tape = Tape(lines)
    book = BinanceBook(MARKET.symbol)
    said = list(steps(messages(lines), book))
    began = datetime.fromtimestamp(lines[0][0] / 1e6, UTC)
    print(
        f"Conditions: {MARKET.symbol} as Binance Spot streamed it from {began:%Y-%m-%d %H:%M:%S} UTC for "
        f"{tape.span_s:.0f} s: {len(lines):,} messages; {chosen.passes} passes, seed {chosen.seed}. "
        f"The feed holds a message for {percentiles([step.said_us - step.observed.received_us for step in said])} ms "
        f"(p50 / p99 / longest); {coins(book.explained)} BTC of {coins(book.explained + book.unexplained)} traded left "
        f"the visible book with the update that they were said with. Bounds are widened by the longest hold, "
        f"{LONGEST_HOLD_US // 1000} ms.",
        flush=True,
    )
    quoted, printed = followed(said, tape)
    taken = took(said, chosen.seed)
    paid = sum((each.executed, each.paid) == due for each, due in zip(taken, expected(tape, taken), strict=True))
    verdicts: list[Verdict] = []
    for number in range(chosen.passes):
        verdicts += judged(tape, rested(said, chosen.seed * 1000 + number), LONGEST_HOLD_US)
    recorded = recorded_prints(tape)
    print(f"\n{agreement_table(quoted, printed, recorded, (paid, len(taken)), verdicts)}")
    print(f"\n{probes_table(verdicts)}", flush=True)
    wrong = [verdict for verdict in verdicts if verdict.early or verdict.late]
    for verdict in wrong:
        print(f"outside its bounds: {verdict}")
    _draw(verdicts, chosen.picture)
    agrees = quoted.equal == quoted.tickers and printed == recorded and paid == len(taken) and not wrong
    return 0 if agrees else 1


def _draw(verdicts: list[Verdict], path: Path) -> None:
    from benchmarks.fidelity.drawing import draw  # the one need of matplotlib

    draw(verdicts, path)
    print(f"\nPicture: {path}")


if __name__ == "__main__":
    sys.exit(main())
