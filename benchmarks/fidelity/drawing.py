"""The picture: how long probes waited, against what was ahead of them; ours with its bounds, beside fill-on-touch."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.fidelity.probes import LIFETIME_US
from benchmarks.fidelity.verdicts import Verdict
from hypersim.units import ONE

NOTHING_AHEAD = 3e-6
"""Where an empty queue is drawn on a logarithmic axis, in BTC."""
LEAST_S = 1e-3
OURS, OUTSIDE, BAR = "#2f6fb0", "#c23b22", "#b9c7d6"


def draw(verdicts: Sequence[Verdict], path: Path) -> None:
    """Writes the picture in the format that the name of its file says."""
    filled = [each for each in verdicts if each.probe.whole_us is not None]
    touched = [each for each in verdicts if each.touched_us is not None]
    mpl.rcParams.update({"svg.hashsalt": "fidelity", "font.size": 10, "axes.spines.top": False})
    figure = Figure(figsize=(12, 6.4), layout="constrained")
    ours, touch = figure.subplots(1, 2, sharex=True, sharey=True)
    _draw_bounds(ours, filled)
    for name, colour, group in (
        ("filled within the bounds", OURS, [each for each in filled if not (each.early or each.late)]),
        ("outside them", OUTSIDE, [each for each in filled if each.early or each.late]),
    ):
        waits = [_seconds(each, each.probe.whole_us) for each in group]
        ours.scatter(
            [_ahead(each) for each in group], waits, s=14, color=colour, label=f"{name}: {len(group)}", zorder=3
        )
    for name, colour, group in (
        ("filled within the bounds", OURS, [each for each in touched if not each.touch_early]),
        ("before the queue ahead was consumed", OUTSIDE, [each for each in touched if each.touch_early]),
    ):
        waits = [_seconds(each, each.touched_us) for each in group]
        touch.scatter(
            [_ahead(each) for each in group], waits, s=14, color=colour, label=f"{name}: {len(group)}", zorder=3
        )
    ours.set_title("Hyper-Sim: price-time queue")
    touch.set_title("Fill-on-touch, the same probes")
    ours.set_ylabel("seconds until filled")
    for axes in (ours, touch):
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_ylim(LEAST_S * 0.7, LIFETIME_US / 1e6 * 1.6)
        axes.set_xlabel("BTC ahead in the queue when the probe joined (left edge: none)")
        axes.grid(visible=True, which="major", color="#e6e6e6", linewidth=0.6)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=1, frameon=False, fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix == ".svg" else None)


def _draw_bounds(axes: Axes, filled: Sequence[Verdict]) -> None:
    """From the earliest first part to the latest whole fill."""
    axes.vlines(
        [_ahead(each) for each in filled],
        [_seconds(each, each.bounds.first_from_us) for each in filled],
        [_seconds(each, each.bounds.whole_until_us) for each in filled],
        color=BAR,
        linewidth=1,
        label="bounds that the tape implies",
        zorder=1,
    )


def _ahead(verdict: Verdict) -> float:
    return max(NOTHING_AHEAD, verdict.probe.ahead / ONE)


def _seconds(verdict: Verdict, time_us: int | None) -> float:
    """Since it joined; what is not within its life is drawn at the end of that."""
    if time_us is None:
        return LIFETIME_US / 1e6 * 1.6
    return max(LEAST_S, (time_us - verdict.probe.placed_us) / 1e6)
