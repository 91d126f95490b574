"""A market's latest trades and aggregates. What is older is in the store."""

from operator import attrgetter
from typing import Final

from msgspec import Struct

from hypersim.views.packedlog import LogState, PackedLog
from hypersim.views.records import AggregateTrade, TapeTrade

KEPT: Final = 1000
"""Trades, and aggregates, that are always at hand: the most that a request for the newest can ask for."""


class TapeState(Struct, frozen=True):
    """All of a tape, as a value."""

    trades: LogState[TapeTrade]
    aggregates: LogState[AggregateTrade]


class Tape:
    """The newest trades, by id, and the aggregates that they make."""

    def __init__(self) -> None:
        time_us = attrgetter("time_us")
        self._trades: PackedLog[TapeTrade] = PackedLog(TapeTrade, attrgetter("trade_id"), time_us)
        self._aggregates: PackedLog[AggregateTrade] = PackedLog(AggregateTrade, attrgetter("aggregate_id"), time_us)
        self._whole: AggregateTrade | None = None
        """The newest aggregate, which the next trade may join."""

    @property
    def last(self) -> TapeTrade | None:
        """The newest trade."""
        return self._trades.last

    @property
    def complete(self) -> bool:
        """Whether every aggregate of this world is here."""
        return self._aggregates.gone is None

    def add(self, trade: TapeTrade) -> None:
        """Adds a trade, whose id is above all others."""
        if self._trades.append(trade):
            self._trades.keep(KEPT)
        whole = self._whole
        if whole is not None and whole.aggregate_id == trade.aggregate_id:
            self._whole = joined(whole, trade)
            self._aggregates.replace_last(self._whole)
            return
        self._whole = whole = alone(trade)
        if self._aggregates.append(whole):
            self._aggregates.keep(KEPT)

    def newest(self, limit: int) -> list[TapeTrade]:
        """The newest trades, ascending; at most KEPT of them are sure to be here."""
        return self._trades.newest(limit)

    def since(self, trade_id: int, limit: int) -> list[TapeTrade] | None:
        """Trades from an id on, ascending; None when some of them are no longer here."""
        gone = self._trades.gone
        if gone is not None and trade_id <= gone.trade_id:
            return None
        return self._trades.between(trade_id, NEVER)[:limit]

    def newest_aggregates(self, limit: int) -> list[AggregateTrade]:
        """The newest aggregates, ascending; at most KEPT of them are sure to be here."""
        return self._aggregates.newest(limit)

    def aggregates_since(self, aggregate_id: int) -> list[AggregateTrade] | None:
        """All aggregates from an id on, ascending; None when some of them are no longer here."""
        gone = self._aggregates.gone
        if gone is not None and aggregate_id <= gone.aggregate_id:
            return None
        return self._aggregates.between(aggregate_id, NEVER)

    def aggregates_after(self, time_us: int) -> list[AggregateTrade] | None:
        """All aggregates from a time on, ascending; None when some of them are no longer here."""
        gone = self._aggregates.gone
        if gone is not None and time_us <= gone.time_us:
            return None
        return [aggregate for aggregate in self.all_aggregates() if aggregate.time_us >= time_us]

    def all_aggregates(self) -> list[AggregateTrade]:
        """All aggregates that are here, ascending."""
        return self._aggregates.newest(NEVER)

    def snapshot(self) -> TapeState:
        return TapeState(self._trades.snapshot(), self._aggregates.snapshot())

    def restore(self, state: TapeState) -> None:
        self._trades.restore(state.trades)
        self._aggregates.restore(state.aggregates)
        self._whole = self._aggregates.last


NEVER: Final = 2**63
"""Above every id."""


def alone(trade: TapeTrade) -> AggregateTrade:
    """The aggregate of one trade."""
    return AggregateTrade(
        trade.aggregate_id,
        trade.price,
        trade.quantity,
        trade.trade_id,
        trade.trade_id,
        trade.time_us,
        trade.buyer_is_maker,
    )


def joined(whole: AggregateTrade, trade: TapeTrade) -> AggregateTrade:
    """An aggregate with one more trade, before or after those that it has."""
    return AggregateTrade(
        whole.aggregate_id,
        whole.price,
        whole.quantity + trade.quantity,
        min(whole.first_id, trade.trade_id),
        max(whole.last_id, trade.trade_id),
        whole.time_us,
        whole.buyer_is_maker,
    )
