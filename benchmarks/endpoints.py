"""What a strategy asks beside placing orders, each call beside the bare handler, in turn and in one run.

The market has 100 levels on either side, and the account that asks has ten open orders on it. Every cancel is of an
order of its own, placed before: as many of them as are measured at once.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any, Final

from benchmarks.load import Job, Result, finish, start
from benchmarks.orders import measure
from benchmarks.table import Table
from benchmarks.targets import Signer, Target, exchange, limit_order, open_accounts, request, signed, stamp, yardstick
from benchmarks.turns import Run, add_rows, compared, turns

CONNECTIONS: Final = 32
CANCELS: Final = 10_000
LEVELS: Final = 100
OPEN: Final = 10
"""Orders of the account that asks."""
MOST_OPEN: Final = 200
"""Of an account on a symbol (MAX_NUM_ORDERS)."""
MOST_ROUNDS: Final = 3
PATIENCE_S: Final = 60
SYMBOL: Final = "symbol=BTCUSDT"


class Desk:
    """A target whose book is laid, and what to ask it."""

    def __init__(self, target: Target, cancels: int = CANCELS) -> None:
        self._target = target
        self._cancels = cancels
        self.makers = open_accounts(target.port, -(-cancels // MOST_OPEN))
        """Whose orders are cancelled."""
        self._asker, low, high = open_accounts(target.port, 3)
        bids = [signed(low, "POST", "/v1/order", limit_order("BUY", price=f"{49_999 - n}")) for n in range(LEVELS)]
        asks = [signed(high, "POST", "/v1/order", limit_order("SELL", price=f"{50_001 + n}")) for n in range(LEVELS)]
        self._send([*bids, *asks])
        self._place(low, "BUY", "50000")
        self._filled = self._place(self._asker, "SELL", "50000")
        self._open, *_ = [self._place(self._asker, "BUY", f"{49_999 - n}") for n in range(OPEN)]

    def gets(self) -> dict[str, Run]:
        """By name, each call that changes nothing."""
        return {name: partial(self._ask, make) for name, make in self.requests().items()}

    def requests(self) -> dict[str, Callable[[], str]]:
        """What makes the request of each, with its time."""

        def asked(path: str, *query: str) -> str:
            return signed(self._asker, "GET", path, "&".join((*query, stamp())))

        return {
            "GET order (open)": lambda: asked("/v1/order", SYMBOL, f"orderId={self._open}"),
            "GET order (filled)": lambda: asked("/v1/order", SYMBOL, f"orderId={self._filled}"),
            "GET openOrders": lambda: asked("/v1/openOrders", SYMBOL),
            "GET account": lambda: asked("/v1/account"),
            "GET depth": lambda: request("GET", f"/v1/depth?{SYMBOL}"),
            "GET ticker/24hr": lambda: request("GET", f"/v1/ticker/24hr?{SYMBOL}"),
        }

    def cancel(self, _seconds: float) -> Result:
        """Cancels as many orders as there are, placed now; however long it takes."""
        share = range(-(-self._cancels // len(self.makers)))
        self._send(
            [
                signed(maker, "POST", "/v1/order", limit_order("BUY", price=f"{49_999 - number % LEVELS}"))
                for number in share
                for maker in self.makers
            ][: self._cancels]
        )
        cancels = list(self._own_cancels())
        random.Random(1).shuffle(cancels)  # not in the order in which they queue
        return self._send(cancels)

    def _own_cancels(self) -> Iterator[str]:
        for maker in self.makers:
            for order in self._target.call(maker, "GET", "/v1/openOrders", f"{SYMBOL}&{stamp()}"):
                yield signed(maker, "DELETE", "/v1/order", f"{SYMBOL}&orderId={order['orderId']}&{stamp()}")

    def _send(self, requests: Sequence[str]) -> Result:
        """Each of these once."""
        lists = [list(requests[first::CONNECTIONS]) for first in range(CONNECTIONS)]
        return finish(start(Job("127.0.0.1", self._target.port, lists, PATIENCE_S, once=True)))

    def _ask(self, make: Callable[[], str], seconds: float) -> Result:
        return finish(start(Job("127.0.0.1", self._target.port, [[make()]] * CONNECTIONS, seconds)))

    def _place(self, account: Signer, side: str, price: str) -> Any:
        placed = self._target.call(account, "POST", "/v1/order", limit_order(side, price=price))
        return placed["orderId"]


def endpoints_table(databases: Mapping[str, str], rounds: int, seconds: float) -> Table:
    """Medians over rounds in which every target has its turn; ratios are taken round by round."""
    with ExitStack() as stack:
        bare = stack.enter_context(yardstick())
        desks = {name: Desk(stack.enter_context(exchange(name, url))) for name, url in databases.items()}
        calls: dict[str, dict[str, Run]] = {"DELETE order": {name: desk.cancel for name, desk in desks.items()}}
        for name, desk in desks.items():
            for call, run in desk.gets().items():
                calls.setdefault(call, {})[name] = run
        table = compared("call", "requests/s")
        for call, runs in calls.items():
            all_runs = {bare.name: partial(measure, bare, CONNECTIONS)} | runs
            add_rows(table, call, turns(all_runs, min(rounds, MOST_ROUNDS), seconds))
    return table
