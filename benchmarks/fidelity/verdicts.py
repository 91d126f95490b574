"""What the replays show, counted: how much of what we say agrees with what was recorded."""

from collections.abc import Sequence

from msgspec import Struct

from benchmarks.fidelity.bounds import Bounds, Joined, bounds
from benchmarks.fidelity.probes import LIFETIME_US, Probe
from benchmarks.fidelity.replay import Step, World
from benchmarks.fidelity.tape import Tape
from hypersim.engine.events import Traded
from hypersim.engine.orders import Side
from hypersim.units import show


class Quoted(Struct, frozen=True):
    """Our best quotes beside the recorded ones, at every update id of a book ticker since the book is known."""

    tickers: int
    equal: int
    """Those at whose update id our best quotes were laid, and equal them whenever they were."""


class Printed(Struct, frozen=True):
    """What was traded, in quantities of scale 8."""

    trades: int
    volume: int
    sold: int
    """By takers who sold."""


def followed(steps: Sequence[Step], tape: Tape) -> tuple[Quoted, Printed]:
    """One pass without users: quotes and prints."""
    world = World()
    first_id = steps[0].observed.update_id
    due = {ticker.update_id: ticker for ticker in tape.tickers if ticker.update_id >= first_id}
    equal: dict[int, bool] = {}
    trades = volume = sold = 0
    for step in steps:
        for event in world.observe(step):
            if isinstance(event, Traded):
                trades += 1
                volume += event.quantity
                sold += event.quantity if event.buyer_is_maker else 0
        update_id = step.observed.update_id
        ticker = due.get(update_id)
        if ticker is not None:
            recorded = ((ticker.bid, ticker.bid_size), (ticker.ask, ticker.ask_size))
            agree = recorded == (world.best(Side.BUY), world.best(Side.SELL))
            equal[update_id] = equal.get(update_id, True) and agree
    world.exchange.check()
    return Quoted(len(due), sum(equal.values())), Printed(trades, volume, sold)


def recorded_prints(tape: Tape) -> Printed:
    """What the recording says was traded after the book was known."""
    return Printed(
        len(tape.trades),
        sum(trade.quantity for trade in tape.trades),
        sum(trade.quantity for trade in tape.trades if trade.sold),
    )


class Verdict(Struct, frozen=True):
    """One resting probe beside its bounds."""

    probe: Probe
    bounds: Bounds

    @property
    def early(self) -> bool:
        """A part was filled before the queue ahead can have been consumed."""
        first_us, from_us = self.probe.first_us, self.bounds.first_from_us
        return first_us is not None and (from_us is None or first_us < from_us)

    @property
    def late(self) -> bool:
        """It was not filled wholly when trades had gone through its place."""
        end_us, until_us = self.probe.whole_us or self.probe.cancelled_us, self.bounds.whole_until_us
        return until_us is not None and end_us is not None and end_us > until_us

    @property
    def touched_us(self) -> int | None:
        """When fill-on-touch fills it, within its life."""
        touched_us = self.bounds.touched_us
        return touched_us if touched_us is not None and touched_us <= self.probe.placed_us + LIFETIME_US else None

    @property
    def touch_early(self) -> bool:
        """Fill-on-touch fills it before the queue ahead can have been consumed."""
        touched_us, from_us = self.touched_us, self.bounds.first_from_us
        return touched_us is not None and (from_us is None or touched_us < from_us)

    def __str__(self) -> str:
        probe, found = self.probe, self.bounds
        since = {
            "first part": probe.first_us,
            "whole": probe.whole_us,
            "not before": found.first_from_us,
            "not after": found.whole_until_us,
        }
        times = ", ".join(
            f"{name} {(at - probe.placed_us) / 1000:.1f} ms" if at is not None else f"{name} never"
            for name, at in since.items()
        )
        return f"{probe.side.lower()} {show(probe.size)} at {show(probe.price)} behind {show(probe.ahead)}: {times}"


def judged(tape: Tape, probes: Sequence[Probe], window_us: int) -> list[Verdict]:
    """Each probe with the bounds that the tape gives it."""
    verdicts = []
    for probe in probes:
        until_us = probe.placed_us + LIFETIME_US + window_us
        joined = Joined(probe.side is Side.SELL, probe.price, probe.size, probe.placed_us, until_us)
        verdicts.append(Verdict(probe, bounds(tape, joined, window_us)))
    return verdicts
