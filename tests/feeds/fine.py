"""A market with fine steps, users who trade on it, and what became of them."""

from msgspec.structs import replace

from hypersim.clock import MICROSECONDS
from hypersim.engine.commands import OpenAccount, PlaceOrder
from hypersim.engine.events import Change, Committed, OrderChanged, Traded
from hypersim.engine.market import Market
from hypersim.engine.orders import OrderStatus, OrderType, Side, TimeInForce
from hypersim.units import AMOUNT_ONE, ONE
from tests.feeds.desk import MARKET, START_US, Desk, VirtualClock, ladder, seen
from tests.feeds.scripted_feed import ScriptedFeed

FINE = replace(MARKET, tick_size=ONE // 100, min_quantity=ONE // 1000, step_size=ONE // 1000)
BOOK = ladder([(999, 5), (998, 7)], [(1001, 4), (1002, 6)], full=True, bid_floor=900, ask_ceiling=1100)
SYMBOL = MARKET.symbol


class Notes:
    """What was committed: trades, and fills of users' orders, each with its second since the start."""

    def __init__(self) -> None:
        self.trades: list[tuple[float, Traded]] = []
        self.fills: list[tuple[float, OrderChanged]] = []

    def fold(self, record: Committed) -> None:
        second = (record.time_us - START_US) / MICROSECONDS
        for event in record.events:
            if isinstance(event, Traded):
                self.trades.append((second, event))
            elif isinstance(event, OrderChanged) and event.change is Change.TRADE:
                self.fills.append((second, event))

    def filled(self) -> list[tuple[int, int, OrderStatus]]:
        """Price and quantity of each fill, and what became of its order."""
        return [(e.fill.price, e.fill.quantity, e.order.status) for _, e in self.fills if e.fill is not None]


async def place(desk: Desk, side: Side, price: int, quantity: int, *, name: str = "a", market: Market = FINE) -> None:
    """A user's limit order."""
    if 1 not in desk.exchange.accounts:
        rich = tuple((asset, 10**9 * AMOUNT_ONE) for asset in desk.exchange.assets)
        await desk(OpenAccount(account_id=1, maker_rate=0, taker_rate=0, balances=rich))
    await desk(
        PlaceOrder(
            account_id=1,
            symbol=market.symbol,
            side=side,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.GTC,
            client_order_id=name,
            quantity=quantity,
            price=price,
        )
    )


async def stand_still(feed: ScriptedFeed, clock: VirtualClock, seconds: float) -> None:
    """Time passes while the feed says again and again that nothing has changed."""
    while seconds > 0:
        feed.say(seen())
        await clock.pass_time(min(10, seconds))
        seconds -= 10


def bids(desk: Desk) -> dict[float, float]:
    """The house's, as numbers to read."""
    return {price / ONE: size / ONE for price, size in desk.house(Side.BUY).items()}
