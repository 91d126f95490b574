"""Our own engine, with all it does: filters, holds and transfers, fees, events."""

import time

from benchmarks.engine import World, order
from benchmarks.peers import stream
from benchmarks.peers.stream import Order, Quote
from hypersim.engine.commands import Command, Ladder, OutsideUpdate
from hypersim.engine.events import Event, Traded
from hypersim.engine.orders import Side
from hypersim.units import ONE


def placing(asked: Order) -> Command:
    return order(asked.number, Side.BUY if asked.buys else Side.SELL, asked.price * ONE // stream.CENTS)


def laying(quote: Quote) -> Command:
    bid, ask = (price * ONE // stream.CENTS for price in quote)
    return OutsideUpdate(
        symbol="BTCUSDT", ladder=Ladder(bids=((bid, 1000 * ONE),), asks=((ask, 1000 * ONE),), full=True)
    )


def main() -> None:
    name, count, depth = stream.arguments()
    commands: list[Command]
    world = World()
    for asked in stream.standing(depth):
        world.do(placing(asked))
    if name == "crossing":
        commands = [placing(asked) for asked in stream.crossing(count, depth)]
    else:
        world.do(laying(stream.FIRST_QUOTE))
        commands = []
        for step in stream.quoted(count, depth):
            commands += [placing(step.rests), placing(step.takes), laying(step.quote)]
    happened: list[list[Event]] = []
    begun = time.perf_counter()
    for command in commands:
        happened.append(world.do(command))
    seconds = time.perf_counter() - begun
    world.exchange.check()
    trades = sum(isinstance(event, Traded) for events in happened for event in events)
    stream.tell("this exchange", count, trades, seconds)


if __name__ == "__main__":
    main()
