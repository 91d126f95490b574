"""Every call that ccxt's binance class has, with arguments plausible enough to get as far as a request."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, Final

import ccxt
from ccxt.abstract.binance import ImplicitAPI
from ccxt.base.types import Entry

VERBS: Final = (
    *("add_", "borrow_", "cancel_", "close_", "create_", "deposit_", "edit_", "fetch_", "futures_", "load_"),
    *("mint_", "redeem_", "reduce_", "repay_", "set_", "sign_in", "tokenized_", "transfer", "un_watch_"),
    *("verify_", "watch_", "withdraw"),
)
"""How the name of a method begins that may ask the exchange for something."""

OWN: Final = frozenset(
    {
        "close_connector",
        "close_proxy_sessions",
        "close_ws_clients",
        "set_headers",
        "set_last_request",
        "set_last_rest_request_timestamp",
        "set_markets",
        "set_markets_from_exchange",
        "set_property",
        "set_sandbox_mode",
    }
)
"""What changes or closes the exchange object itself."""

ORDER: Final = {"symbol": "BTC/USDT", "type": "limit", "side": "buy", "amount": 1, "price": 100}

ARGUMENTS: Final[dict[str, Any]] = {
    "activationPrice": 100,
    "address": "1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
    "amount": 1,
    "clientOrderId": "mine",
    "clientOrderIds": ["mine"],
    "code": "USDT",
    "codes": ["USDT"],
    "cost": 100,
    "duration": 60,
    "fromAccount": "spot",
    "fromCode": "USDT",
    "hedged": True,
    "id": "1",
    "ids": ["1"],
    "leverage": 5,
    "marginMode": "isolated",
    "method": "fetchTrades",
    "order": ORDER,
    "orders": [ORDER],
    "price": 100,
    "side": "buy",
    "stopLoss": 90,
    "stopLossPrice": 90,
    "symbol": "BTC/USDT",
    "symbols": ["BTC/USDT"],
    "symbolsAndTimeframes": [["BTC/USDT", "1m"]],
    "takeProfit": 110,
    "takeProfitPrice": 110,
    "timeframe": "1h",
    "toAccount": "funding",
    "toCode": "BTC",
    "trailingAmount": 1,
    "trailingPercent": 1,
    "triggerPrice": 110,
    "type": "limit",
}

TRAILING: Final = {"stopLossOrTakeProfit": "stopLoss"}

PARAMS: Final = {"create_trailing_percent_order": TRAILING, "create_trailing_percent_order_ws": TRAILING}
"""What a call of ccxt's wants beside its arguments."""


def unified_calls(exchange: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
    """(name, the call with its arguments), for every method that is not of the implicit API."""
    for name in sorted(set(dir(type(exchange))) - set(vars(ImplicitAPI)) - OWN):
        if name.startswith(VERBS) and name == name.lower() and callable(getattr(exchange, name)):
            yield name, with_arguments(getattr(exchange, name))


def claimed_calls(exchange: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
    """(name, the call with its arguments), for every method that `has` speaks of."""
    for name in sorted(exchange.has):
        if callable(getattr(exchange, name, None)):
            yield name, with_arguments(getattr(exchange, name))


def with_arguments(method: Callable[..., Any]) -> Callable[[], Any]:
    """The method with a value for each parameter that has one above or has no default."""
    arguments = {
        parameter.name: ARGUMENTS.get(parameter.name, "1")
        for parameter in inspect.signature(method).parameters.values()
        if parameter.name in ARGUMENTS
        or (parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD)
    }
    if method.__name__ in PARAMS:
        arguments["params"] = dict(PARAMS[method.__name__])
    return lambda: method(**arguments)


def implicit_calls() -> dict[tuple[str, str, str], str]:
    """{(section, method, path): name} of every endpoint that ccxt knows of Binance."""
    return {
        (entry.api[0], entry.method, entry.path): name
        for name, entry in vars(ImplicitAPI).items()
        if isinstance(entry, Entry)
    }


def described_endpoints() -> set[tuple[str, str, str]]:
    """(section, method, path) of every endpoint in ccxt's own description of Binance."""
    api = ccxt.binance().describe()["api"]
    return {
        (section, method.upper(), path)
        for section, methods in api.items()
        for method, paths in methods.items()
        for path in paths
    }
