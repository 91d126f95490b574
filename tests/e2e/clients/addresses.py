"""python-binance keeps its addresses on its classes."""

import pytest
from binance import BinanceSocketManager
from binance.base_client import BaseClient


def keep_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test sets them to is as before afterwards."""
    for holder in (BaseClient, BinanceSocketManager):
        for name in vars(holder):
            if name.endswith("_URL"):
                monkeypatch.setattr(holder, name, getattr(holder, name))
