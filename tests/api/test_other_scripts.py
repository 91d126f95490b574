"""Symbols that are long, or written in other scripts than ours: Binance has some since 2025-12."""

from typing import Any
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from hypersim.engine.commands import PutAsset, PutMarket
from hypersim.engine.market import Asset
from tests.api.lab import Lab

NAMES = ("币安人生", "1000CHEEMS", "1MBABYDOGE", "BTÇ", "A" * 46)


async def lists(lab: Lab, base: str) -> str:
    """Lists an asset against USDT, with bids at 49990 and asks at 50010."""
    market = replace(lab.world.markets.markets["BTCUSDT"].market, symbol=f"{base}USDT", base=base)
    await lab.world.ask(PutAsset(Asset(base)))
    await lab.world.ask(PutMarket(market))
    await lab.ladder(market.symbol, {"49990": "1"}, {"50010": "1"})
    return market.symbol


@pytest.mark.parametrize("base", NAMES)
async def test_any_symbol_can_be_asked_about_and_traded(lab: Lab, base: str) -> None:
    symbol = await lists(lab, base)
    order: dict[str, Any] = {"symbol": symbol, "side": "BUY", "type": "MARKET", "quantity": "0.01"}

    bought = (await lab.alice.signed("POST", "/api/v3/order", order, time=lab.now_ms)).json
    info = (await lab.alice.public("/api/v3/exchangeInfo", {"symbol": symbol})).json
    book = (await lab.alice.public("/api/v3/ticker/bookTicker", {"symbols": f'["BTCUSDT","{symbol}"]'})).json
    mine = (await lab.alice.signed("GET", "/api/v3/myTrades", {"symbol": symbol}, time=lab.now_ms)).json
    account = (await lab.alice.signed("GET", "/api/v3/account", time=lab.now_ms)).json

    assert (symbol, "FILLED", base) == (bought["symbol"], bought["status"], bought["fills"][0]["commissionAsset"])
    assert [symbol] == [each["symbol"] for each in info["symbols"]]
    assert ["BTCUSDT", symbol] == [each["symbol"] for each in book]
    assert [symbol] == [each["symbol"] for each in mine]
    assert base in [each["asset"] for each in account["balances"]]


async def test_a_symbol_of_another_script_may_come_escaped_or_raw(lab: Lab) -> None:
    symbol = await lists(lab, NAMES[0])
    answers = [
        (await lab.alice.raw("GET", "/api/v3/ticker/price", f"symbol={text}".encode())).json
        for text in (symbol, quote(symbol))
    ]

    assert answers[0] == answers[1]
    assert symbol == answers[0]["symbol"]
