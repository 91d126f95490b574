"""Each engine beside ours, on the same stream, in turn and in one run."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.peers.environment import NotInstalled, environment
from benchmarks.table import Table
from benchmarks.turns import rate, ratio

MOST_ROUNDS: Final = 3
DEPTHS: Final = (0, 100)
"""Orders that rest on each side meanwhile."""
STREAMS: Final = {"crossing": "one another", "quoted": "an outside market's quotes"}
"""What the half that trades trades with; of quotes there is one for every two orders."""


class Peer(msgspec.Struct, frozen=True):
    """A program of this package, and what the engine that it runs does beside matching."""

    program: str
    stream: str
    orders: int
    """As many as take it a second or so."""
    does: str
    ours: bool = False


class Told(msgspec.Struct, frozen=True):
    """What a program prints."""

    engine: str
    orders: int
    trades: int
    seconds: float

    @property
    def per_second(self) -> float:
        return self.orders / self.seconds


OURS: Final = "filters, holds and transfers of a double-entry ledger, fees, exact amounts, events of all of it"
PEERS: Final = (
    Peer("run_ours", "crossing", 20_000, OURS, ours=True),
    Peer("run_order_matching", "crossing", 5_000, "ids of trades; floats, no accounts, fees or filters"),
    Peer("run_ours", "quoted", 20_000, OURS, ours=True),
    Peer("run_nautilus_matching", "quoted", 20_000, "checks of precision, fees, events; no accounts or balances"),
    Peer(
        "run_nautilus_backtest",
        "quoted",
        2_000,
        "a strategy that makes the orders, risk checks, events, a cash account and its locked balances, positions",
    ),
)


def peers_table(rounds: int, peers: Sequence[Peer] = PEERS) -> Table:
    """Medians over rounds; ratios to ours round by round. Only ours where the others cannot be installed."""
    try:
        python = environment()
    except NotInstalled as missing:
        print(f"peers: {missing}", file=sys.stderr)
        python, peers = Path(sys.executable), [peer for peer in peers if peer.ours]
    told: dict[tuple[Peer, int], list[Told]] = {(peer, depth): [] for peer in peers for depth in DEPTHS}
    for _ in range(min(rounds, MOST_ROUNDS)):
        for peer, depth in told:
            told[peer, depth].append(measured(peer, Path(sys.executable) if peer.ours else python, peer.orders, depth))
    table = Table(
        "orders trade with",
        "engine",
        *(f"orders/s, {depth} resting on each side" for depth in DEPTHS),
        "of ours",
        "does beside matching",
    )
    ours = {(peer.stream, depth): runs for (peer, depth), runs in told.items() if peer.ours}
    for peer in peers:
        runs = [told[peer, depth] for depth in DEPTHS]
        ratios = [ratio(told[peer, depth], ours[peer.stream, depth]) for depth in DEPTHS]
        table.row(STREAMS[peer.stream], runs[0][0].engine, *map(rate, runs), ", ".join(ratios), peer.does)
    return table


def measured(peer: Peer, python: Path, orders: int, depth: int) -> Told:
    """One run of a peer by the Python that has it. Raises RuntimeError when it did other work than it was to do."""
    program = f"benchmarks.peers.{peer.program}"
    command = [str(python), "-m", program, peer.stream, str(orders), str(depth)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    told = msgspec.json.decode(done.stdout, type=Told)
    trades = orders if peer.stream == "quoted" else orders // 2
    if (orders, trades) != (told.orders, told.trades):
        raise RuntimeError(f"{program}: {told.trades} trades of {told.orders} orders, not {trades} of {orders}")
    return told
