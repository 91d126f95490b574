"""NautilusTrader's OrderMatchingEngine by itself: what it says of orders is applied to them, and to nothing else.

Its orders trade with an outside market's quotes, never with one another.
"""

import time
from importlib.metadata import version

from nautilus_trader.backtest.engine import OrderMatchingEngine
from nautilus_trader.backtest.models import FillModel, MakerTakerFeeModel
from nautilus_trader.cache.cache import Cache
from nautilus_trader.common.component import MessageBus, TestClock
from nautilus_trader.model.enums import AccountType, BookType, OmsType
from nautilus_trader.model.events import OrderEvent, OrderFilled
from nautilus_trader.model.identifiers import AccountId, TraderId
from nautilus_trader.model.orders import LimitOrder

from benchmarks.peers import stream
from benchmarks.peers.instrument import BTCUSDT, limit_order, quote_tick

ACCOUNT = AccountId("BINANCE-001")
TRADER = TraderId("BENCH-001")


class Desk:
    """Knows its orders, and applies to each what the engine says of it."""

    def __init__(self) -> None:
        self.orders: dict[str, LimitOrder] = {}
        self.trades = 0

    def hear(self, event: OrderEvent) -> None:
        self.orders[event.client_order_id.value].apply(event)
        self.trades += isinstance(event, OrderFilled)


def main() -> None:
    name, count, depth = stream.arguments()
    if name != "quoted":
        raise SystemExit("its orders do not trade with one another")
    clock = TestClock()
    messages = MessageBus(trader_id=TRADER, clock=clock)
    desk = Desk()
    messages.register("ExecEngine.process", desk.hear)
    engine = OrderMatchingEngine(
        instrument=BTCUSDT,
        raw_id=0,
        fill_model=FillModel(),
        fee_model=MakerTakerFeeModel(),
        book_type=BookType.L1_MBP,
        oms_type=OmsType.NETTING,
        account_type=AccountType.CASH,
        msgbus=messages,
        cache=Cache(),
        clock=clock,
    )

    def made(asked: stream.Order) -> LimitOrder:
        order = desk.orders[str(asked.number)] = limit_order(asked, TRADER)
        return order

    engine.process_quote_tick(quote_tick(stream.FIRST_QUOTE, 0))
    for asked in stream.standing(depth):
        engine.process_order(made(asked), ACCOUNT)
    steps = [
        (made(step.rests), made(step.takes), quote_tick(step.quote, number))
        for number, step in enumerate(stream.quoted(count, depth), 1)
    ]
    begun = time.perf_counter()
    for rests, takes, quote in steps:
        engine.process_order(rests, ACCOUNT)
        engine.process_order(takes, ACCOUNT)
        engine.process_quote_tick(quote)
    seconds = time.perf_counter() - begun
    stream.tell(
        f"nautilus_trader {version('nautilus_trader')}, OrderMatchingEngine", 2 * len(steps), desk.trades, seconds
    )


if __name__ == "__main__":
    main()
