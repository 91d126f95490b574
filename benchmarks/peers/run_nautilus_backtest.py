"""NautilusTrader's whole backtest: a strategy, risk checks, the simulated exchange, an account and a portfolio.

What the strategy does is part of what is measured, from its first quote until the last one is through.
"""

import time
from importlib.metadata import version

from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.backtest.models import FillModel
from nautilus_trader.common.config import LoggingConfig
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import QuoteTick
from nautilus_trader.model.enums import AccountType, BookType, OmsType
from nautilus_trader.model.events import OrderFilled
from nautilus_trader.model.identifiers import TraderId
from nautilus_trader.model.objects import Money
from nautilus_trader.risk.config import RiskEngineConfig
from nautilus_trader.trading.strategy import Strategy

from benchmarks.peers import stream
from benchmarks.peers.instrument import BTCUSDT, SIZE, price, quote_tick, side

NO_LIMIT = "1000000000/00:00:01"


class Asking(Strategy):  # type: ignore[misc]  # nautilus_trader is not in this environment
    """Sends the orders of one step upon each quote."""

    def __init__(self, standing: list[stream.Order], steps: list[stream.Step]) -> None:
        super().__init__()
        self._standing = standing
        self._steps = iter(steps)
        self.begun = 0.0
        self.ended = 0.0
        self.trades = 0

    def on_start(self) -> None:
        self.subscribe_quote_ticks(BTCUSDT.id)

    def on_quote_tick(self, tick: QuoteTick) -> None:
        if not self.begun:
            for asked in self._standing:
                self._place(asked)
            self.begun = time.perf_counter()
        step = next(self._steps, None)
        if step is None:
            self.ended = time.perf_counter()
            return
        self._place(step.rests)
        self._place(step.takes)

    def on_order_filled(self, event: OrderFilled) -> None:
        self.trades += 1

    def _place(self, asked: stream.Order) -> None:
        order = self.order_factory.limit(
            instrument_id=BTCUSDT.id, order_side=side(asked), quantity=SIZE, price=price(asked.price)
        )
        self.submit_order(order)


def main() -> None:
    name, count, depth = stream.arguments()
    if name != "quoted":
        raise SystemExit("its orders do not trade with one another")
    engine = BacktestEngine(
        BacktestEngineConfig(
            trader_id=TraderId("BENCH-001"),
            logging=LoggingConfig(bypass_logging=True),
            risk_engine=RiskEngineConfig(max_order_submit_rate=NO_LIMIT),
            run_analysis=False,
        )
    )
    engine.add_venue(
        venue=BTCUSDT.id.venue,
        oms_type=OmsType.NETTING,
        account_type=AccountType.CASH,
        base_currency=None,
        starting_balances=[Money(1_000_000, USDT), Money(100, BTC)],
        book_type=BookType.L1_MBP,
        fill_model=FillModel(),
    )
    engine.add_instrument(BTCUSDT)
    steps = stream.quoted(count, depth)
    quotes = [stream.FIRST_QUOTE, *(step.quote for step in steps)]
    engine.add_data([quote_tick(quote, number) for number, quote in enumerate(quotes)])
    strategy = Asking(stream.standing(depth), steps)
    engine.add_strategy(strategy)
    engine.run()
    stream.tell(
        f"nautilus_trader {version('nautilus_trader')}, BacktestEngine",
        2 * len(steps),
        strategy.trades,
        strategy.ended - strategy.begun,
    )
    engine.dispose()


if __name__ == "__main__":
    main()
