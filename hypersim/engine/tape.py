"""What was traded in one market: every trade with its ids, the last price, and the average of the last minutes.

It tells of each trade. It moves no money and knows no orders.
"""

from hypersim.engine.average import AveragePrice
from hypersim.engine.events import Event, Traded
from hypersim.engine.market import Market
from hypersim.engine.orders import SELL, Side


class Tape:
    """A market's trades. Prices and quantities have scale 8, times are microseconds."""

    def __init__(self, market: Market, events: list[Event]) -> None:
        self.last_price = 0
        self.average = AveragePrice(market.average_price_minutes)
        self.next_trade_id = 1
        self.next_aggregate_id = 1
        self._market = market
        self._events = events
        self._taker_side: Side | None = None
        """Of the trade before, where the next one may share its aggregate."""

    def reference_price(self, time_us: int) -> int | None:
        """What percent and notional filters refer to: the average of the last minutes, else the last price."""
        average = self.average.price(time_us) if self._market.average_price_minutes else None
        return average or self.last_price or None

    def change_rules(self, market: Market) -> None:
        """Lets the average go on over a new window, as far as trades are remembered."""
        average = AveragePrice(market.average_price_minutes)
        average.restore(self.average.state())
        self._market, self.average = market, average

    def begin_taker(self) -> None:
        """Says that a new taker comes: its trades share no aggregate with those before."""
        self._taker_side = None

    def record(self, price: int, quantity: int, taker_side: Side, time_us: int, outside: bool = False) -> int:
        """Takes a trade in and tells of it; returns its id."""
        if taker_side is not self._taker_side or price != self.last_price:
            self._taker_side = taker_side
            self.next_aggregate_id += 1
        trade_id = self.next_trade_id
        self.next_trade_id += 1
        self.last_price = price
        self.average.add(time_us, quantity, price * quantity)
        self._events.append(
            Traded(
                symbol=self._market.symbol,
                trade_id=trade_id,
                aggregate_id=self.next_aggregate_id - 1,
                price=price,
                quantity=quantity,
                buyer_is_maker=taker_side is SELL,
                outside=outside,
            )
        )
        return trade_id
