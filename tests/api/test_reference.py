"""Execution rules, reference prices and block trades: Binance has them of some symbols, this exchange of none."""

from typing import Any

import pytest

from tests.api.lab import Lab

NO_PRICE = {"code": -2043, "msg": "This symbol doesn't have a reference price."}
NO_SYMBOL = {"code": -1121, "msg": "Invalid symbol."}
COMBINED = {"code": -1128, "msg": "Combination of optional parameters invalid."}
MISSING = {"code": -1102, "msg": "Mandatory parameter 'fromId' was not sent, was empty/null, or malformed."}
MISMATCH = {"code": -1220, "msg": "The symbol's status does not match the requested symbolStatus."}


def bare(*symbols: str) -> dict[str, Any]:
    return {"symbolRules": [{"symbol": symbol, "rules": []} for symbol in symbols]}


@pytest.mark.parametrize(
    ("path", "arguments", "status", "answer"),
    [
        ("executionRules", {"symbol": "BTCUSDT"}, 200, bare("BTCUSDT")),
        ("executionRules", {"symbols": '["ETHUSDT","BTCUSDT"]'}, 200, bare("ETHUSDT", "BTCUSDT")),
        ("executionRules", {"symbolStatus": "HALT"}, 200, bare()),
        ("executionRules", {"symbol": "BTCUSDT", "symbolStatus": "TRADING"}, 400, COMBINED),
        ("executionRules", {"symbol": "NOSUCH"}, 400, NO_SYMBOL),
        ("referencePrice", {"symbol": "BTCUSDT"}, 400, NO_PRICE),
        ("referencePrice", {"symbol": "NOSUCH"}, 400, NO_SYMBOL),
        ("referencePrice/calculation", {"symbol": "BTCUSDT"}, 400, NO_PRICE),
        ("referencePrice/calculation", {"symbol": "BTCUSDT", "symbolStatus": "HALT"}, 400, MISMATCH),
        ("historicalBlockTrades", {"symbol": "BTCUSDT", "fromId": "1"}, 200, []),
        ("historicalBlockTrades", {"symbol": "BTCUSDT"}, 400, MISSING),
        ("historicalBlockTrades", {"symbol": "NOSUCH", "fromId": "1"}, 400, NO_SYMBOL),
    ],
)
async def test_what_there_is_none_of_is_said_as_binance_says_it(
    lab: Lab, path: str, arguments: dict[str, str], status: int, answer: Any
) -> None:
    told = await lab.alice.public(f"/api/v3/{path}", arguments)
    assert (status, answer) == (told.status, told.json)


async def test_every_market_is_listed_where_none_is_named(lab: Lab) -> None:
    told = (await lab.alice.public("/api/v3/executionRules")).json
    assert bare(*lab.world.markets.markets) == told
