"""The findings as tables in Markdown: what is copied into README as it is."""

from collections.abc import Sequence

from benchmarks.fidelity.probes import LIFETIME_US, Place
from benchmarks.fidelity.verdicts import Printed, Quoted, Verdict
from benchmarks.table import Table
from hypersim.units import ONE


def share(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,}"


def coins(quantity: int) -> str:
    return f"{quantity / ONE:,.5f}"


def agreement_table(
    quoted: Quoted, printed: Printed, recorded: Printed, takers: tuple[int, int], verdicts: Sequence[Verdict]
) -> Table:
    """What of ours equals what was recorded."""
    table = Table("beside the recording", "ours agrees")
    table.row("best bid and ask, price and size, at each book ticker", share(quoted.equal, quoted.tickers))
    table.row("trades printed", share(printed.trades, recorded.trades))
    table.row("volume printed, BTC", f"{coins(printed.volume)} of {coins(recorded.volume)}")
    table.row("of it by takers who sold, BTC", f"{coins(printed.sold)} of {coins(recorded.sold)}")
    table.row("takers pay what the recorded book says", share(*takers))
    within = sum(not (verdict.early or verdict.late) for verdict in verdicts)
    table.row("resting probes fill within the bounds of the tape", share(within, len(verdicts)))
    return table


def probes_table(verdicts: Sequence[Verdict]) -> Table:
    """Resting probes beside fill-on-touch, by where they joined."""
    table = Table(
        "resting probes",
        "probes",
        "within bounds",
        f"filled within {LIFETIME_US // 1_000_000} s",
        "by fill-on-touch",
        "of those too early",
        "sooner by, p50 / p90",
    )
    groups = [(place.value, [each for each in verdicts if each.probe.place is place]) for place in Place]
    for name, group in (*groups, ("all", list(verdicts))):
        leads = sorted(
            (each.probe.whole_us - each.touched_us) / 1e6
            for each in group
            if each.probe.whole_us is not None and each.touched_us is not None
        )
        table.row(
            name,
            f"{len(group)}",
            f"{sum(not (each.early or each.late) for each in group)}",
            f"{sum(each.probe.whole_us is not None for each in group)}",
            f"{sum(each.touched_us is not None for each in group)}",
            f"{sum(each.touch_early for each in group)}",
            f"{leads[len(leads) // 2]:.1f} / {leads[len(leads) * 9 // 10]:.1f} s" if leads else "-",
        )
    return table


def percentiles(values_us: Sequence[int]) -> str:
    """p50 / p99 / largest, in milliseconds."""
    ordered = sorted(values_us)
    return " / ".join(f"{ordered[min(len(ordered) - 1, int(len(ordered) * at))] / 1000:.1f}" for at in (0.5, 0.99, 1))
