"""A strategy for NautilusTrader, run by its Python, not by ours: what it is told goes to standard output.

Standard input is the configuration that the server prints, which makes `node`. Each line of the output is one thing
told, as JSON: {"told": "filled", ...}. It ends when it is ended.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from nautilus_trader.model.data import OrderBookDeltas, QuoteTick, TradeTick
from nautilus_trader.model.enums import BookType, OrderSide
from nautilus_trader.model.events import OrderAccepted, OrderCanceled, OrderEvent, OrderFilled, OrderRejected
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.model.orders import Order
from nautilus_trader.trading.strategy import Strategy

BTC: Final = InstrumentId.from_str("BTCUSDT.BINANCE")
AMOUNT: Final = Decimal("0.01")
LATER: Final = timedelta(milliseconds=50)


class Trying(Strategy):  # type: ignore[misc]  # nautilus_trader is not in this environment
    """Once it has heard of trades, quotes and the book: an order far away, cancelled; then one that is filled."""

    def __init__(self, tell: Callable[[dict[str, Any]], None]) -> None:
        super().__init__()
        self._tell = tell
        self._heard: dict[str, Any] = {}
        self._orders: list[Order] = []

    def on_start(self) -> None:
        instruments = sorted(str(instrument.id.symbol) for instrument in self.cache.instruments())
        self._opening = self._balances()
        self._tell({"told": "instruments", "symbols": instruments, "balances": self._opening})
        self.subscribe_trade_ticks(BTC)
        self.subscribe_quote_ticks(BTC)
        self.subscribe_order_book_deltas(BTC, BookType.L2_MBP)

    def on_trade_tick(self, tick: TradeTick) -> None:
        self._hear("trade", [float(tick.price), float(tick.size), tick.aggressor_side.name])

    def on_quote_tick(self, tick: QuoteTick) -> None:
        self._hear("quote", [float(tick.bid_price), float(tick.ask_price)])

    def on_order_book_deltas(self, deltas: OrderBookDeltas) -> None:
        book = self.cache.order_book(BTC)
        self._hear("book", [float(level.price) for level in [*book.bids(), *book.asks()]])

    def on_order_event(self, event: OrderEvent) -> None:
        order = [order.client_order_id for order in self._orders].index(event.client_order_id)
        match event:
            case OrderRejected():
                self._tell({"told": "rejected", "order": order, "reason": event.reason})
            case OrderAccepted():
                self._tell({"told": "accepted", "order": order, "id": str(event.venue_order_id)})
                if order == 0:
                    self.cancel_order(self._orders[0])
            case OrderCanceled():
                self._tell({"told": "canceled", "order": order, "id": str(event.venue_order_id)})
                self._submit(self.order_factory.market(BTC, OrderSide.BUY, self._amount()))
            case OrderFilled():
                fill = [float(event.last_qty), float(event.last_px), str(event.commission)]
                self._tell({"told": "filled", "order": order, "fill": fill})
                self.clock.set_timer("balances", LATER, callback=lambda _: self._tell_balances())

    def _hear(self, kind: str, value: Any) -> None:
        """Tells all three the first time that each was heard, and begins to trade."""
        if self._orders:
            return
        self._heard[kind] = value
        if len(self._heard) == 3:
            self._tell({"told": "market", **self._heard})
            instrument = self.cache.instrument(BTC)
            price = instrument.make_price(self._heard["quote"][0] * 0.9)
            self._submit(self.order_factory.limit(BTC, OrderSide.BUY, self._amount(), price))

    def _submit(self, order: Order) -> None:
        self._orders.append(order)
        self.submit_order(order)

    def _amount(self) -> Any:
        return self.cache.instrument(BTC).make_qty(AMOUNT)

    def _tell_balances(self) -> None:
        """Once the account's update, which comes after the fill, is there."""
        if self._balances() != self._opening:
            self._tell({"told": "balances", "balances": self._balances()})
            self.clock.cancel_timer("balances")

    def _balances(self) -> dict[str, float]:
        totals = self.portfolio.account(BTC.venue).balances_total()
        return {str(currency): float(total.as_decimal()) for currency, total in totals.items() if total.as_decimal()}


def trade(configuration: str) -> None:
    """Runs the node."""
    names: dict[str, Any] = {}
    exec(configuration, names)  # noqa: S102 - the server printed it, to be run
    node = names["node"]

    def tell(what: dict[str, Any]) -> None:
        sys.stdout.write(f"{json.dumps(what)}\n")
        sys.stdout.flush()

    node.trader.add_strategy(Trying(tell))
    node.build()
    node.run()


if __name__ == "__main__":
    trade(sys.stdin.read())
