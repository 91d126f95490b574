"""The package order-matching: each order is placed, then matched, as its documentation shows."""

import datetime as dt
import time
from importlib.metadata import version

from loguru import logger
from order_matching.enums import Side
from order_matching.matching_engine import MatchingEngine
from order_matching.order import LimitOrder
from order_matching.orders import Orders

from benchmarks.peers import stream
from benchmarks.peers.stream import Order

BEGINNING = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def placing(asked: Order) -> LimitOrder:
    return LimitOrder(
        side=Side.BUY if asked.buys else Side.SELL,
        price=asked.price / stream.CENTS,
        size=0.001,
        timestamp=BEGINNING + dt.timedelta(milliseconds=asked.number),
        order_id=str(asked.number),
        trader_id="buyer" if asked.buys else "seller",
        price_number_of_digits=2,
        expiration=dt.datetime.max.replace(tzinfo=dt.UTC),
    )


def main() -> None:
    name, count, depth = stream.arguments()
    if name != "crossing":
        raise SystemExit("it knows no quotes")
    logger.remove()  # it would log each order
    engine = MatchingEngine(seed=1)
    for asked in stream.standing(depth):
        engine.place(Orders([order := placing(asked)]))
        engine.match(order.timestamp)
    orders = [placing(asked) for asked in stream.crossing(count, depth)]
    trades = 0
    begun = time.perf_counter()
    for order in orders:
        engine.place(Orders([order]))
        trades += len(engine.match(order.timestamp).trades)
    seconds = time.perf_counter() - begun
    stream.tell(f"order-matching {version('order-matching')}", len(orders), trades, seconds)


if __name__ == "__main__":
    main()
