"""Our answers beside those that Binance gave: the same keys, types and decimals.

Needs HYPERSIM_RECORDED_DATA, a folder with recorded answers (gocryptotrader/http.json.gz); else skipped.
"""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.api.lab import Lab

FOLDER = os.environ.get("HYPERSIM_RECORDED_DATA")


@pytest.mark.skipif(not FOLDER, reason="HYPERSIM_RECORDED_DATA names no folder with recorded data")
@pytest.mark.parametrize(
    ("path", "arguments"),
    [
        ("klines", {"symbol": "BTCUSDT", "interval": "1m"}),
        ("depth", {"symbol": "BTCUSDT"}),
        ("trades", {"symbol": "BTCUSDT"}),
        ("historicalTrades", {"symbol": "BTCUSDT"}),
        ("ticker/24hr", {"symbol": "BTCUSDT"}),
        ("ticker/24hr", {"symbols": '["BTCUSDT","ETHUSDT"]'}),
        ("ticker/price", {"symbol": "BTCUSDT"}),
        ("ticker/bookTicker", {"symbol": "BTCUSDT"}),
    ],
)
async def test_answers_have_the_shape_of_recorded_ones(lab: Lab, path: str, arguments: dict[str, str | int]) -> None:
    with gzip.open(Path(FOLDER or "") / "gocryptotrader" / "http.json.gz") as file:
        recorded = json.load(file)["routes"][f"/api/v3/{path}"]["GET"]
    many = "symbols" in arguments or path in ("klines", "trades", "historicalTrades")
    theirs = next(each["data"] for each in recorded if isinstance(each["data"], list) == many)
    ours = (await lab.alice.public(f"/api/v3/{path}", arguments)).json

    assert shape(theirs) == shape(ours)


def shape(value: Any) -> Any:
    """Keys and types; of a list the shape of its first member."""
    if isinstance(value, dict):
        return {key: shape(member) for key, member in sorted(value.items())}
    if isinstance(value, list):
        return [shape(member) for member in value] if len(value) == 12 else [shape(value[0])]
    if isinstance(value, str):
        return f"text with {len(value.partition('.')[2])} decimals" if "." in value else "text"
    return type(value).__name__
