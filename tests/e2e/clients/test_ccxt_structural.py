"""ccxt's own structural tests, as they come in its package, over every call that the adapter's `has` grants.

A call that has a module in `ccxt.test.exchange` is put through it, with the arguments of ccxt's runner.
What any other returns is put through ccxt's test of an order, a market, a ticker or a trade. The runner
itself is left out: it refuses to work on a ccxt that was installed.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

import ccxt.test.exchange.base as structures
import pytest

from ccxt_adapter import hypersim
from ccxt_adapter.description import HAS
from hypersim.testing import Account, ServerProcess
from tests.e2e.clients.desk import SYMBOL
from tests.e2e.clients.exchanges import Awaited, configuration, connected

PACKAGES: Final = {"hypersim": "sync", "hypersim-asyncio": "async"}
KINDS: Final = pytest.mark.parametrize("kind", PACKAGES)

NO_CALLS: Final = {"CORS", "publicAPI", "privateAPI", "spot", "sandbox"}
GRANTED: Final = {call for call, value in HAS.items() if value} - NO_CALLS

UNUSABLE: Final = {
    "createOrder": "the Python translation of its test adds numbers to texts",
    "fetchMarkets": "its test wants a dictionary where ccxt returns a list; ccxt's runner does not call it",
}
ALWAYS: Final = {"afterConstruct", "features", "loadMarkets"}
"""What ccxt's runner tests whatever `has` says. It also tries proxies of ccxt's own, on the internet."""

BOOKS: Final = ("fetchOrderBook", "fetchL2OrderBook")
STOPS: Final = (
    *("createStopLimitOrder", "createStopLossOrder", "createStopOrder"),
    *("createTakeProfitOrder", "createTrailingPercentOrder", "createTriggerOrder"),
)
SKIPPED: Final = {
    **{call: {"timestamp": "Binance does not say when", "datetime": "the same"} for call in BOOKS},
    **{call: {"timestamp": "ccxt reads a waiting stop's workingTime, -1", "datetime": "the same"} for call in STOPS},
    "fetchDeposits": {"fee": "there is none", "updated": "ccxt does not read it", "addressFrom": "nobody knows"},
    "fetchTrades": {"sideSequence": "ccxt sorts trades of one millisecond by the text of their id, 100 before 99"},
    "fetchWithdrawals": {"updated": "ccxt does not read it"},
}
"""What ccxt's runner is told not to look at."""
ARGUMENTS: Final = {"symbol": SYMBOL, "code": "USDT"}


def module_of(call: str, package: str) -> str:
    """The module that tests the call, whether there is one or not."""
    return f"ccxt.test.exchange.{package}.test_{re.sub('(?<=[a-z2])(?=[A-Z])', '_', call).lower()}"


TESTED: Final = sorted(call for call in GRANTED | ALWAYS if call not in UNUSABLE and find_spec(module_of(call, "sync")))


@dataclass(frozen=True)
class Traded:
    """An account that has an order resting, one cancelled and one filled, and has withdrawn."""

    exchange: Awaited
    resting: str
    filled: str
    """Ids of orders."""
    low: float
    """A price at which a buy order rests."""


@pytest.fixture(scope="module")
def loaded(hypersim_server: ServerProcess) -> Iterator[hypersim]:
    """Whoever has loaded the markets; the others take them from there, which saves time."""
    exchange = hypersim(configuration("hypersim", Account(hypersim_server, 0, "", "")))
    exchange.load_markets()
    yield exchange
    exchange.session.close()


@pytest.fixture
async def traded(kind: str, loaded: hypersim, hypersim_account: Account) -> AsyncIterator[Traded]:
    async with connected(kind, hypersim_account) as exchange:
        exchange.raw.set_markets_from_exchange(loaded)
        low = round((await exchange.fetch_order_book(SYMBOL, 5))["bids"][0][0] * 0.9, 2)
        resting = await exchange.create_order(SYMBOL, "limit", "buy", 0.01, low, {"clientOrderId": "resting"})
        dropped = await exchange.create_order(SYMBOL, "limit", "buy", 0.01, low)
        await exchange.cancel_order(dropped["id"], SYMBOL)
        filled = await exchange.create_order(SYMBOL, "market", "buy", 0.01)
        sent = await exchange.withdraw("USDT", 100, "0x94df8b352de7f46f64b01d3666bf6e936e44ce60")
        hypersim_account.server.simulate(f"withdrawal/{sent['id']}", {"status": "completed"})
        yield Traded(exchange, resting["id"], filled["id"], low)


@KINDS
@pytest.mark.parametrize("call", TESTED)
async def test_ccxts_own_test_of_a_call_passes(traded: Traded, kind: str, call: str) -> None:
    name = module_of(call, PACKAGES[kind])
    test = getattr(import_module(name), name.rpartition(".")[2])
    arguments = [ARGUMENTS[parameter] for parameter in inspect.signature(test).parameters if parameter in ARGUMENTS]
    answer = test(traded.exchange.raw, SKIPPED.get(call, {}), *arguments)
    if inspect.isawaitable(answer):
        await answer


Call = Callable[[Traded], Awaitable[Any]]

RETURNS: Final[Mapping[str, Mapping[str, Call]]] = {
    "order": {
        "cancelAllOrders": lambda at: at.exchange.cancel_all_orders(SYMBOL),
        "cancelOrder": lambda at: at.exchange.cancel_order(at.resting, SYMBOL),
        "cancelOrderWithClientOrderId": lambda at: at.exchange.cancel_order_with_client_order_id("resting", SYMBOL),
        "createLimitBuyOrder": lambda at: at.exchange.create_limit_buy_order(SYMBOL, 0.01, at.low),
        "createLimitOrder": lambda at: at.exchange.create_limit_order(SYMBOL, "buy", 0.01, at.low),
        "createLimitSellOrder": lambda at: at.exchange.create_limit_sell_order(SYMBOL, 0.01, at.low),
        "createMarketBuyOrder": lambda at: at.exchange.create_market_buy_order(SYMBOL, 0.01),
        "createMarketBuyOrderWithCost": lambda at: at.exchange.create_market_buy_order_with_cost(SYMBOL, 100),
        "createMarketOrder": lambda at: at.exchange.create_market_order(SYMBOL, "sell", 0.01),
        "createMarketOrderWithCost": lambda at: at.exchange.create_market_order_with_cost(SYMBOL, "buy", 100),
        "createMarketSellOrder": lambda at: at.exchange.create_market_sell_order(SYMBOL, 0.01),
        "createMarketSellOrderWithCost": lambda at: at.exchange.create_market_sell_order_with_cost(SYMBOL, 100),
        "createOrder": lambda at: at.exchange.create_order(SYMBOL, "limit", "buy", 0.01, at.low),
        "createPostOnlyOrder": lambda at: at.exchange.create_post_only_order(SYMBOL, "limit", "buy", 0.01, at.low),
        "createStopLimitOrder": lambda at: at.exchange.create_stop_limit_order(SYMBOL, "sell", 0.01, at.low, at.low),
        "createStopLossOrder": lambda at: at.exchange.create_stop_loss_order(
            SYMBOL, "market", "sell", 0.01, None, at.low
        ),
        "createStopOrder": lambda at: at.exchange.create_stop_order(SYMBOL, "market", "sell", 0.01, None, at.low),
        "createTakeProfitOrder": lambda at: at.exchange.create_take_profit_order(
            SYMBOL, "limit", "buy", 0.01, at.low, at.low
        ),
        "createTrailingPercentOrder": lambda at: at.exchange.create_trailing_percent_order(
            SYMBOL, "market", "sell", 0.01, None, 10, None, {"stopLossOrTakeProfit": "stopLoss"}
        ),
        "createTriggerOrder": lambda at: at.exchange.create_trigger_order(SYMBOL, "market", "sell", 0.01, None, at.low),
        "editOrder": lambda at: at.exchange.edit_order(at.resting, SYMBOL, "limit", "buy", 0.02, at.low),
        "fetchCanceledAndClosedOrders": lambda at: at.exchange.fetch_canceled_and_closed_orders(SYMBOL),
        "fetchCanceledOrders": lambda at: at.exchange.fetch_canceled_orders(SYMBOL),
        "fetchOrder": lambda at: at.exchange.fetch_order(at.resting, SYMBOL),
        "fetchOrderWithClientOrderId": lambda at: at.exchange.fetch_order_with_client_order_id("resting", SYMBOL),
    },
    "market": {"fetchMarkets": lambda at: at.exchange.fetch_markets()},
    "ticker": {"fetchBidsAsks": lambda at: at.exchange.fetch_bids_asks()},
    "trade": {"fetchOrderTrades": lambda at: at.exchange.fetch_order_trades(at.filled, SYMBOL)},
}
"""What the calls without a test of their own return, and how to call them."""


UNSTRUCTURED: Final = {
    *("fetchTime", "fetchTradingLimits"),
    *("fetchDepositAddress", "fetchDepositWithdrawFee", "fetchDepositWithdrawFees"),
    *("fetchTransactionFee", "fetchTransactionFees", "withdraw"),
}
"""The time, the limits that are in the markets, and what test_wallets.py looks at."""


def test_every_call_that_has_grants_is_tested() -> None:
    """But for those that return no structure that ccxt has a test of."""
    returning = {call for calls in RETURNS.values() for call in calls}

    assert GRANTED | ALWAYS == {*TESTED, *returning, *UNSTRUCTURED}
    assert returning >= set(UNUSABLE)


@KINDS
@pytest.mark.parametrize(
    ("structure", "call"), [(structure, call) for structure, calls in RETURNS.items() for call in calls]
)
async def test_what_a_call_returns_is_what_ccxt_says_it_is(traded: Traded, structure: str, call: str) -> None:
    answer = await RETURNS[structure][call](traded)
    entries = list(answer.values()) if call == "fetchBidsAsks" else answer
    arguments: dict[str, list[Any]] = {
        "order": [SYMBOL, traded.exchange.raw.milliseconds()],
        "market": [],
        "ticker": [None],
        "trade": [SYMBOL, traded.exchange.raw.milliseconds(), False],
    }

    assert entries != []
    for entry in entries if isinstance(entries, list) else [entries]:
        check = getattr(structures, f"test_{structure}")
        check(traded.exchange.raw, SKIPPED.get(call, {}), call, entry, *arguments[structure])
