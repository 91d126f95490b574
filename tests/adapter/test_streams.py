"""The class with WebSockets: where it connects to, and what it raises for a refusal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import ccxt
import pytest

from ccxt_adapter import pro
from tests.adapter.guard import Guard


@pytest.fixture
async def exchange(config: dict[str, Any], guard: Guard) -> AsyncIterator[pro.hypersim]:
    async with pro.hypersim(config) as exchange:
        exchange.timeout_on_exit = 0  # ccxt's pause for the sake of TLS, of which there is none
        await exchange.load_markets()
        yield exchange


@pytest.mark.parametrize("world", ["live", "sandbox", "demo"])
async def test_a_connection_is_opened_for_spots_streams_and_its_websocket_api_alone(
    exchange: pro.hypersim, guard: Guard, world: str
) -> None:
    if world == "sandbox":
        exchange.set_sandbox_mode(True)
    if world == "demo":
        exchange.enable_demo_trading(True)
    streams = exchange.urls["api"]["ws"]
    guard.reached.clear()
    for section in sorted({*streams} - {"spot", "margin", "ws-api"}):
        with pytest.raises(ccxt.NotSupported):
            await exchange.watch(f"{streams[section]}/0", "something")
    for section in ("linear", "inverse"):
        with pytest.raises(ccxt.NotSupported):
            await exchange.watch(streams["ws-api"][section], "something")
    assert [] == guard.reached

    opened = [exchange.client(f"{streams['spot']}/0").url, exchange.client(streams["ws-api"]["spot"]).url]
    assert [f"ws://{exchange.hostname}/ws/stream/0", f"ws://{exchange.hostname}/ws-api/v3"] == opened


@pytest.mark.parametrize("call", ["watch_balance", "watch_orders", "watch_my_trades"])
async def test_refused_user_data_is_raised_to_all_who_wait_for_it_and_asked_for_again(
    exchange: pro.hypersim, call: str
) -> None:
    for _ in range(2):
        raised = await asyncio.gather(*(getattr(exchange, call)() for _ in range(3)), return_exceptions=True)
        assert ["BadSymbol"] * 3 == [type(error).__name__ for error in raised]
