"""Price paths as the simulation API shows them."""

from msgspec import Struct

from hypersim import units
from hypersim.api.sim.filled import FilledOrder, filled_orders
from hypersim.feeds.levers.bend import UNBENT
from hypersim.feeds.levers.levers import PathStatus


class PathReport(Struct, frozen=True, rename="camel"):
    """A path that bends a market's prices. Times are milliseconds."""

    text: str
    factor: str
    """What the feed's prices are multiplied by now."""
    began: int
    until: int
    done: bool
    """Whether it has arrived: the factor stays until the path is cancelled or another one begins."""
    filled_orders: int
    added_trades: int
    """Trades that were told beside the feed's, so that the last price follows the quotes."""
    added_volume: str


class OnPath(Struct, frozen=True, rename="camel"):
    """A market's path, and the users' orders that the outside has filled since it began (the newest 100)."""

    symbol: str
    time: int
    filled: list[FilledOrder]
    path: PathReport


def path_report(status: PathStatus) -> PathReport:
    """The path without the orders."""
    return PathReport(
        text=status.path.text,
        factor=units.show(status.factor * units.ONE // UNBENT),
        began=status.path.began_us // 1000,
        until=status.path.until_us // 1000,
        done=status.done,
        filled_orders=len({event.order.order_id for event in status.filled}),
        added_trades=status.trades,
        added_volume=units.show(status.volume),
    )


def on_path(symbol: str, status: PathStatus, time_us: int) -> OnPath:
    """The path with the orders, as of a time."""
    return OnPath(symbol, time_us // 1000, filled_orders(status.filled), path_report(status))
