"""Strategies for freqtrade, which finds them by the names of their classes. Run by its Python, not by ours."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from freqtrade.persistence import Trade
from freqtrade.strategy import IStrategy
from pandas import DataFrame

HELD_S = 3
SLACK = 0.01
"""How much worse than the best price an order may trade, as a share, so that no movement of the market outruns it."""


class Stays(IStrategy):  # type: ignore[misc]  # freqtrade is not in this environment
    """Buys at once, and leaves the rest to the stop a tenth below."""

    INTERFACE_VERSION = 3
    minimal_roi: dict[str, float] = {}  # noqa: RUF012 - as freqtrade declares it
    stoploss = -0.1
    process_only_new_candles = False
    startup_candle_count = 5

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        return dataframe

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        dataframe["enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        return dataframe

    def custom_entry_price(self, proposed_rate: float, **_: Any) -> float:
        return proposed_rate * (1 + SLACK)

    def custom_exit_price(self, proposed_rate: float, **_: Any) -> float:
        return proposed_rate * (1 - SLACK)


class Leaves(Stays):
    """The same, but it sells soon."""

    def custom_exit(self, pair: str, trade: Trade, current_time: datetime, *_: Any, **__: Any) -> str | None:
        held = (current_time - trade.open_date_utc).total_seconds()
        return "held long enough" if held > HELD_S else None
