"""Every unified call: where it goes, and that `has` tells the truth about it."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any
from urllib.parse import parse_qs

import ccxt
import pytest

from ccxt_adapter import async_support, hypersim
from tests.adapter.calls import claimed_calls, unified_calls
from tests.adapter.guard import Guard

UNPARSED = (AttributeError, LookupError, TypeError, ValueError)
"""What ccxt raises for arguments that it does not understand."""

ANSWERED = {
    *("fetchCurrencies", "fetchDepositWithdrawFee", "fetchDepositWithdrawFees", "fetchMarkets"),
    *("fetchTradingLimits", "fetchTransactionFee", "fetchTransactionFees"),
}
"""The calls whose endpoint the listener does not refuse."""

PATIENCE_S = 20

KINDS = ("publicAPI", "privateAPI", "sandbox", "spot", "ws")
"""What `has` speaks of that is no call."""


def claim(exchange: Any, call: str) -> str:
    """What a call must come to: only what `has` grants may reach the listener, which refuses it."""
    if not exchange.has[call]:
        return "NotSupported"
    return "answered" if call in ANSWERED else "BadSymbol"


def test_what_has_grants_is_sent_here_and_what_it_denies_is_not_sent(exchange: hypersim, guard: Guard) -> None:
    exchange.load_markets()
    outcomes = {}
    for name, call in claimed_calls(exchange):
        exchange.last_request_url = None
        try:
            call()
        except ccxt.BaseError as error:
            outcomes[name] = type(error).__name__
        else:
            outcomes[name] = "answered"
        assert bool(exchange.has[name]) == (exchange.last_request_url is not None), name

    assert {name: claim(exchange, name) for name in outcomes} == outcomes
    assert {call for call, value in exchange.has.items() if value} <= {*outcomes, *KINDS}


async def test_the_asynchronous_classes_keep_has_alike(async_exchange: async_support.hypersim, guard: Guard) -> None:
    await async_exchange.load_markets()
    outcomes = {}
    for name, call in claimed_calls(async_exchange):
        try:
            await asyncio.wait_for(call(), PATIENCE_S)
        except ccxt.BaseError as error:
            outcomes[name] = type(error).__name__
        else:
            outcomes[name] = "answered"
        await async_exchange.close_ws_clients()  # ccxt does not ask again for what was refused

    assert {name: claim(async_exchange, name) for name in outcomes} == outcomes
    assert {call for call, value in async_exchange.has.items() if value} <= {*outcomes, *KINDS}


@pytest.mark.parametrize("world", ["live", "sandbox", "demo"])
@pytest.mark.parametrize("kind", ["spot", "margin", "swap", "future", "option"])
def test_no_call_reaches_another_host(
    config: dict[str, Any], guard: Guard, listener: tuple[str, int], kind: str, world: str
) -> None:
    exchange = hypersim(config | {"options": {"defaultType": kind}})
    if world == "sandbox":
        exchange.set_sandbox_mode(True)
    if world == "demo":
        exchange.enable_demo_trading(True)
    exchange.load_markets()
    for _, call in unified_calls(exchange):
        try:
            call()
        except (ccxt.BaseError, *UNPARSED):
            continue
    exchange.session.close()

    assert {listener} == set(guard.reached)


@pytest.mark.parametrize("world", ["live", "sandbox", "demo"])
@pytest.mark.parametrize("kind", ["spot", "margin", "swap", "future", "option"])
async def test_no_asynchronous_call_reaches_another_host(
    async_class: type[async_support.hypersim],
    config: dict[str, Any],
    guard: Guard,
    listener: tuple[str, int],
    kind: str,
    world: str,
) -> None:
    async with async_class(config | {"options": {"defaultType": kind}}) as exchange:
        exchange.timeout_on_exit = 0
        if world == "sandbox":
            exchange.set_sandbox_mode(True)
        if world == "demo":
            exchange.enable_demo_trading(True)
        await exchange.load_markets()
        for name, call in unified_calls(exchange):
            if name == "fetch_fees":
                continue  # ccxt's own does not wait for the coroutine that it makes
            try:
                answer = call()
                if inspect.isawaitable(answer):
                    await asyncio.wait_for(answer, PATIENCE_S)
            except (ccxt.BaseError, *UNPARSED):
                continue
            finally:
                await exchange.close_ws_clients()  # ccxt does not ask again for what was refused

    assert {listener} == set(guard.reached)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"defaultType": "spot"},
        {"defaultType": "future"},
        {"adjustForTimeDifference": False, "recvWindow": 5000},
        {"fetchMarkets": {"types": ["spot", "linear", "inverse", "option"]}},
        {"fetchMarkets": ["spot", "linear"]},
        {"fetchMarkets": {"types": ["spot"], "loadAllOptions": True}},
        {"sandbox": True},
    ],
)
def test_only_spot_markets_are_loaded_whatever_the_options(
    config: dict[str, Any], guard: Guard, options: dict[str, Any]
) -> None:
    exchange = hypersim(config | {"options": options})
    markets = exchange.load_markets()
    exchange.session.close()

    assert {"BTC/USDT": "spot"} == {symbol: market["type"] for symbol, market in markets.items()}


def test_markets_load_without_keys(config: dict[str, Any], guard: Guard) -> None:
    exchange = hypersim({"hostname": config["hostname"], "enableRateLimit": False})
    markets = exchange.load_markets()
    exchange.session.close()

    assert ["BTC/USDT"] == list(markets)


@pytest.mark.parametrize("symbol", ["BTC/USDT:USDT", "BTC/USD:BTC", "BTC/USDT:USDT-261225"])
def test_a_contract_is_no_symbol_here(exchange: hypersim, guard: Guard, symbol: str) -> None:
    exchange.load_markets()
    sent = exchange.last_request_url
    with pytest.raises(ccxt.BadSymbol):
        exchange.create_order(symbol, "limit", "buy", 1, 100)

    assert sent == exchange.last_request_url


TRAILING = {"trailingPercent": 1, "stopLossOrTakeProfit": "stopLoss"}


@pytest.mark.parametrize(
    ("kind", "params", "sent"),
    [
        ("market", {"triggerPrice": 90}, "STOP_LOSS"),
        ("market", {"takeProfitPrice": 110}, "TAKE_PROFIT"),
        ("limit", {"stopLossPrice": 90}, "STOP_LOSS_LIMIT"),
        ("limit", {"takeProfitPrice": 110}, "TAKE_PROFIT_LIMIT"),
        ("limit", TRAILING, "STOP_LOSS_LIMIT"),
        ("limit", {"postOnly": True}, "LIMIT_MAKER"),
        ("limit", {"icebergAmount": 0.5}, "LIMIT"),
    ],
)
def test_every_order_that_the_features_grant_is_sent(
    exchange: hypersim, guard: Guard, kind: str, params: dict[str, Any], sent: str
) -> None:
    with pytest.raises(ccxt.BadSymbol):
        exchange.create_order("BTC/USDT", kind, "sell", 1, 100, dict(params))

    assert [sent] == parse_qs(exchange.last_request_body)["type"]
