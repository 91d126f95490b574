"""A market that stands still: what is in its book, and what happens there, is what a test says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from hypersim.testing import Account, ServerProcess

SYMBOL: Final = "BTC/USDT"
LAST: Final = 50_000.0
BIDS: Final = [[49_990.0, 1.0], [49_980.0, 2.0], [49_000.0, 5.0]]
ASKS: Final = [[50_010.0, 1.0], [50_020.0, 2.0], [51_000.0, 5.0]]
"""[price, quantity] of the outside, best first."""
STIRRING_S: Final = 0.2
"""How long a market that is stirred rests in between."""

FUNDS: Final = {"USDT": 1_000_000.0, "BTC": 10.0}
"""What an account of the desk starts with."""


@dataclass(frozen=True)
class Desk:
    """One BTC/USDT book on an exchange whose outside market is moved by hand."""

    server: ServerProcess

    def lay(self) -> None:
        """Empties the world and lays the book above, with one trade of 0.1 at the last price before it."""
        self.server.simulate("reset", {})
        self.trade("BUY", LAST, 0.1, bids=texts(BIDS), asks=texts(ASKS))

    def trade(self, side: str, price: float, quantity: float, **ladder: Any) -> dict[str, Any]:
        """An outside trade, and the book that it led to; returns what the server says of it."""
        trade = {"side": side, "price": str(price), "quantity": str(quantity)}
        return self.server.move_market("BTCUSDT", print=trade, **ladder)

    def stir(self) -> None:
        """The same trade again, and the book as laid, but that the quantities of the best prices change to and fro."""
        for more in (0.5, 0.0):
            bids, asks = (
                [[price, quantity + more * (level == 0)] for level, (price, quantity) in enumerate(side)]
                for side in (BIDS, ASKS)
            )
            self.trade("BUY", LAST, 0.1, bids=texts(bids), asks=texts(asks))

    def open_account(self, **body: Any) -> Account:
        """An account with FUNDS; `body` as in POST /sim/v1/accounts."""
        return self.server.open_account({asset: str(amount) for asset, amount in FUNDS.items()}, **body)


@contextmanager
def stirred(desk: Desk) -> Iterator[None]:
    """A market in which something goes on for as long as the block, and which is as laid afterwards."""
    done = threading.Event()

    def stir() -> None:
        while not done.wait(STIRRING_S):
            desk.stir()

    stirrer = threading.Thread(target=stir)
    stirrer.start()
    try:
        yield
    finally:
        done.set()
        stirrer.join()


def texts(levels: list[list[float]]) -> list[list[str]]:
    """The levels as the simulation API takes them."""
    return [[str(price), str(quantity)] for price, quantity in levels]
