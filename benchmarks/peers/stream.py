"""What every engine is asked, in the same order: limit orders over 0.001, half of which rest and half of which trade.

Imports nothing of ours and nothing that must be installed: it is read in each engine's own environment. Prices are
hundredths of the quote asset.
"""

import json
import random
import sys
from typing import Final, NamedTuple

MIDDLE: Final = 5_000_000
BAND: Final = 500
CENTS: Final = 100


class Order(NamedTuple):
    """A limit order."""

    number: int
    buys: bool
    price: int


class Quote(NamedTuple):
    """The outside's best prices; there is plenty at each."""

    bid: int
    ask: int


class Step(NamedTuple):
    """An order that rests, one of the same side that takes the quote, and the next quote, which fills the first."""

    rests: Order
    takes: Order
    quote: Quote


FIRST_QUOTE: Final = Quote(MIDDLE - CENTS, MIDDLE + CENTS)


def standing(depth: int) -> list[Order]:
    """So many orders a side, of a price each, which stay where they are."""
    return [
        Order(2 * level + buys, bool(buys), MIDDLE + (-1 if buys else 1) * (2 * BAND + level * CENTS))
        for level in range(depth)
        for buys in (1, 0)
    ]


def crossing(count: int, depth: int) -> list[Order]:
    """Couples that trade with one another: one rests within the band, the next takes it. `depth` are standing."""
    chance = random.Random(1)
    orders = []
    for number in range(2 * depth, 2 * depth + count, 2):
        buys, price = chance.random() < 0.5, MIDDLE + chance.randrange(-BAND, BAND)
        orders += [Order(number, buys, price), Order(number + 1, not buys, price)]
    return orders


def quoted(count: int, depth: int) -> list[Step]:
    """For an outside market whose quote goes up and down by turns, from the first one on."""
    steps = []
    quote, other = FIRST_QUOTE, Quote(MIDDLE, MIDDLE + 2 * CENTS)
    for number in range(2 * depth, 2 * depth + count, 2):
        rises = quote == FIRST_QUOTE  # the asks inside the spread are then met, otherwise the bids
        inside = quote.bid + CENTS
        takes = quote.bid if rises else quote.ask
        quote, other = other, quote
        steps.append(Step(Order(number, not rises, inside), Order(number + 1, not rises, takes), quote))
    return steps


def arguments() -> tuple[str, int, int]:
    """Of each program: the stream's name, how many orders, how many stand on each side."""
    stream, count, depth = sys.argv[1:]
    return stream, int(count), int(depth)


def tell(engine: str, orders: int, trades: int, seconds: float) -> None:
    """The answer of each program, in one line."""
    print(json.dumps({"engine": engine, "orders": orders, "trades": trades, "seconds": seconds}))
