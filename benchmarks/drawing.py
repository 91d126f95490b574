"""Pictures of how cost grows. The one need of matplotlib, which `make curves` installs."""

import statistics
import textwrap
from collections.abc import Mapping, Sequence
from typing import Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from benchmarks.growth import Point
from benchmarks.history import QUESTIONS, Asked
from benchmarks.orders import REST_CONNECTIONS
from benchmarks.pictures import Pictures
from benchmarks.soak import Soak
from hypersim.writer import SNAPSHOT_EVERY

INK, MUTED, GRID = "#222222", "#666666", "#e6e6e6"
WHOLE, ENGINE, CANCEL, SNAPSHOT = "#2f6fb0", "#c23b22", "#8a6d3b", "#5b8c5a"
COLOURS: Final = (WHOLE, ENGINE, CANCEL, SNAPSHOT, "#7a5195", "#4c9aa8", "#d98e32", "#9aa73f", "#b0578d", "#555555")
CAPTION_WIDTH: Final = 190
LEAST_US: Final = 0.05
BY_ID_MS: Final = 5


def draw_growth(ways: Mapping[str, Sequence[Point]], pictures: Pictures) -> None:
    """What an order takes against each size of the world: four panels, the two shapes of a book in one of them."""
    figure = _figure(12, 7.6)
    panels = figure.subplots(2, 2, sharey=True).flatten()
    depth, few, *others = ways.items()
    smallest_us = statistics.median(
        whole.processor_us for points in ways.values() for point in points for whole in point.smallest
    )
    _draw_way(panels[0], depth[1], smallest_us, "-")
    _draw_way(panels[0], few[1], smallest_us, "--")
    panels[0].set_xlabel("resting orders (solid: a level each; dashed: on 5 levels a side)")
    for axes, (what, points) in zip(panels[1:], others, strict=True):
        _draw_way(axes, points, smallest_us, "-")
        axes.set_xlabel(what)
    for axes in panels:
        axes.set_yscale("log")
        axes.set_ylim(LEAST_US, 2000)
        _tidy(axes)
    for axes in panels[::2]:
        axes.set_ylabel("µs of processor time an order")
    handles, labels = panels[1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4, frameon=False)
    _save(
        figure,
        pictures,
        "growth.png",
        "Processor time of an order, half of them resting and half trading, in a world of which one thing grows. The "
        "whole way: of the server's process, REST over 32 connections, signed, synced to SQLite before the answer; "
        "as a multiple of the smallest world's, which was measured in turn, times the median of that. "
        f"Snapshots: state and encoding of one, shared by the {SNAPSHOT_EVERY:,} commands between two.",
    )


def _draw_way(axes: Axes, points: Sequence[Point], smallest_us: float, style: str) -> None:
    values = [point.value for point in points]
    share = [(point.alone.state_ms + point.alone.encode_ms) * 1000 / SNAPSHOT_EVERY for point in points]
    for name, colour, costs in (
        ("the whole way", WHOLE, [point.processor_of_the_smallest * smallest_us for point in points]),
        ("the engine alone: an order", ENGINE, [point.alone.order_us for point in points]),
        ("the engine alone: an order and its cancel", CANCEL, [point.alone.cancel_us for point in points]),
        ("an order's share of snapshots", SNAPSHOT, share),
    ):
        axes.plot(values, costs, style, color=colour, label=name, marker="o", markersize=4, linewidth=1.5)
    if values[0]:
        axes.set_xscale("log")
    else:
        axes.set_xscale("symlog", linthresh=values[1])


def draw_history(databases: Mapping[str, Sequence[Asked]], pictures: Pictures) -> None:
    """How long each kind of question takes against the length of the past: a panel for each database."""
    figure = _figure(12, 5.6)
    panels = figure.subplots(1, len(databases), sharey=True, squeeze=False).flatten()
    for axes, (name, asked) in zip(panels, databases.items(), strict=True):
        for number, question in enumerate(QUESTIONS):
            answers = [each.answered[question.name] for each in asked]
            colour, marker = COLOURS[number % len(COLOURS)], "o" if question.by_id else "s"
            trades = [each.trades for each in asked]
            medians = [each.p50_ms for each in answers]
            axes.plot(trades, medians, color=colour, marker=marker, markersize=4, linewidth=1.5, label=question.name)
        axes.axhline(BY_ID_MS, color=MUTED, linewidth=0.8, linestyle="--")
        axes.set_title(name)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("trades in the store, and as many orders")
        _tidy(axes)
    panels[0].set_ylabel("ms until the answer, median")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", frameon=False, fontsize=9)
    _save(
        figure,
        pictures,
        "history.png",
        "One client asks one thing at a time over REST, at random places of the past of an account that has nine of "
        f"ten trades. Dashed: the {BY_ID_MS} ms that an answer by id is to stay under.",
    )


def draw_soak(soak: Soak, pictures: Pictures) -> None:
    """Resident memory against the orders so far, with the line of the second half."""
    figure = _figure(8, 4.4)
    axes = figure.subplots()
    millions = [held.orders / 1e6 for held in soak.held]
    axes.plot(millions, [held.resident_mb for held in soak.held], marker="o", markersize=4, color=WHOLE)
    half = [held.orders / 1e6 for held in soak.second_half]
    middle = statistics.fmean(held.resident_mb for held in soak.second_half)
    line = [middle + soak.slope * (each - statistics.fmean(half)) for each in half]
    axes.plot(half, line, "--", color=ENGINE, linewidth=1.2, label=f"second half: {soak.slope:+.2f} MB a million")
    axes.set_xlabel("million orders so far")
    axes.set_ylabel("resident MB")
    axes.set_xlim(left=0)
    axes.set_ylim(0, max(held.resident_mb for held in soak.held) * 1.25)
    _tidy(axes)
    axes.legend(loc="lower right", frameon=False)
    said = f"Resident memory of a server under full order load for {soak.held[-1].minutes:g} minutes, every half minute"
    _save(figure, pictures, "soak.png", f"{said}: REST over {REST_CONNECTIONS} connections, synced to SQLite.", 125)


def _figure(width: float, height: float) -> Figure:
    mpl.rcParams.update({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False})
    mpl.rcParams.update({"text.color": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK})
    return Figure(figsize=(width, height), layout="constrained")


def _tidy(axes: Axes) -> None:
    """Plain numbers on logarithmic axes, and a grid that stays behind the curves."""
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
        axis.set_minor_formatter(NullFormatter())
    axes.grid(visible=True, which="major", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)


def _save(figure: Figure, pictures: Pictures, name: str, said: str, width: int = CAPTION_WIDTH) -> None:
    """Writes a picture, with what it shows and the conditions below it, in lines of so many characters."""
    caption = "\n".join(textwrap.wrap(f"{said} {pictures.conditions}.", width))
    figure.supxlabel(caption, fontsize=7.5, color=MUTED, x=0.01, ha="left")
    pictures.folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(pictures.folder / name, dpi=120)
