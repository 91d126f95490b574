"""What a test lets happen before, and while, user is listened to; and parts of what he is told of it."""

from collections.abc import Callable
from typing import Any

from tests.api.streams.told import Told, report
from tests.engine.world import SYMBOL

Step = Callable[[Told], object]

BTC, USDT = 10**6, 10**9
"""What everybody begins with."""


def usdt(change: int, locked: int) -> str:
    """What is free and locked of quote, from the beginning."""
    return f"{USDT + change} {locked}"


def btc(change: int, locked: int) -> str:
    return f"{BTC + change} {locked}"


def after(*steps: Step) -> Step:
    """One step of several."""

    def all_steps(world: Told) -> None:
        for step in steps:
            step(world)

    return all_steps


def user(*what: Any, **terms: Any) -> Step:
    """User places an order, 'a' unless told."""
    return lambda world: world.place("user", *what, **{"name": "a"} | terms)


def other(*what: Any, **terms: Any) -> Step:
    return lambda world: world.place("other", *what, **terms)


def outside(**said: Any) -> Step:
    return lambda world: world.outside(**said)


def cancel(world: Told) -> None:
    world.cancel("user", "a")


def traded(
    quantity: int, price: int, *, trade: int, total: int, quote: int, fee: Any = "BTC", **more: Any
) -> dict[str, Any]:
    """A fill without a fee."""
    return report(
        x="TRADE", l=quantity, L=price, z=total, Z=quote, Y=quantity * price, n=0, N=fee, t=trade, M=True, **more
    )


NOTHING: Step = after()
AT_100 = outside(prints="buy 1 @100")
PREVENTED = {"x": "TRADE_PREVENTION", "v": 0, "u": -1, "Cs": SYMBOL, "pl": 2, "pL": 100, "pY": 200}
"""In the report of an order that met 2 of its account's at 100."""
