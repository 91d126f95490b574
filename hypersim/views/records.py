"""The rows that views, store and feeds share: trades on the tape, aggregates, one account's trades, candles.

Prices and quantities have scale 8, amounts (quote, fee) scale 16 (hypersim.units); times are microseconds
UTC. Values only: nothing here computes.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from msgspec import Struct

from hypersim.engine.orders import SelfTradePrevention

BASE_SECONDS: Final = (1, 60, 3600, 86400)
"""The buckets that are kept; every other interval is an aggregate of one of them."""
PAST_SECONDS: Final = (1, 60, 900, 3600, 86400)
"""The buckets that a history source knows: quarters, too, because all time zones differ by those."""


class TapeTrade(Struct, frozen=True, array_like=True, gc=False):
    """One trade on a market's tape, users' and outside's alike. Trade ids count up per symbol."""

    trade_id: int
    aggregate_id: int
    price: int
    quantity: int
    time_us: int
    buyer_is_maker: bool
    outside: bool
    """House with house: no account of ours took part."""


class AggregateTrade(Struct, frozen=True, array_like=True, gc=False):
    """The trades of one taker at one price and time, as one."""

    aggregate_id: int
    price: int
    quantity: int
    first_id: int
    last_id: int
    time_us: int
    buyer_is_maker: bool


class AccountTrade(Struct, frozen=True, kw_only=True, gc=False):
    """One account's side of a trade, as `myTrades` shows it."""

    symbol: str
    trade_id: int
    order_id: int
    price: int
    quantity: int
    quote: int
    """price x quantity, scale 16."""
    fee: int
    """Scale 16."""
    fee_asset: str
    time_us: int
    is_buyer: bool
    is_maker: bool
    list_id: int
    """The order list of its order; 0 for none."""


class PreventedMatch(Struct, frozen=True, kw_only=True, gc=False):
    """Two orders of one account that would have traded with one another, as `myPreventedMatches` shows it."""

    symbol: str
    prevented_match_id: int
    taker_order_id: int
    maker_order_id: int
    prevention: SelfTradePrevention
    price: int
    taker_prevented: int
    maker_prevented: int
    time_us: int


class Amended(Struct, frozen=True, kw_only=True, gc=False):
    """How the quantity of an order was lowered, as `order/amendments` shows it."""

    symbol: str
    order_id: int
    execution_id: int
    client_order_id: str
    new_client_order_id: str
    quantity: int
    new_quantity: int
    time_us: int


class AccountDeposit(Struct, frozen=True, kw_only=True, gc=False):
    """Money that came from outside: an entry of the ledger."""

    sequence: int
    """Of the command, and with `number` a name for the entry."""
    number: int
    asset: str
    amount: int
    """Scale 16."""
    time_us: int


class Candle(Struct, frozen=True, array_like=True, gc=False):
    """What was traded in one bucket of time; buckets without trades have no candle.

    Prices and base volumes have scale 8, quote volumes scale 16. The ids of candles from before the world's
    first trade are what their source says: they may be 0 or negative, and never reach this world's own.
    """

    open_us: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    quote_volume: int
    trades: int
    taker_base: int
    """Base volume whose taker bought."""
    taker_quote: int
    first_id: int
    last_id: int


class Span(Struct, frozen=True, array_like=True, gc=False):
    """Time in which a source's candles count: whole seconds, the end is no part of it."""

    start_us: int
    end_us: int
    after_id: int
    """The own trade after which it comes; 0: before all of them."""


Run = tuple[int, int, int]
"""Buckets of a base: its seconds, the first one's start, the last one's end."""


class HistorySource(Protocol):
    """What markets did while this world did not watch them: before its first trade, and in gaps."""

    def version(self, symbol: str) -> int:
        """Another number whenever answers may be others; 0 for a symbol of which this source never knows anything."""
        ...

    def candles(self, symbol: str, base_seconds: int, start_us: int, end_us: int) -> Sequence[Candle]:
        """Candles with start_us <= open_us < end_us, ascending; base_seconds is one of PAST_SECONDS.

        What is known now, without waiting: a candle of a larger bucket is the aggregate of the smaller ones
        within it. Empty for a symbol or time that the source does not know.
        """
        ...

    async def reach(self, symbol: str, runs: Sequence[Run]) -> None:
        """Has candles at hand for the next question, as far as they can be had now. Never fails."""
        ...

    def day(self, symbol: str, spans: Sequence[Span]) -> Candle | None:
        """The last 24 hours in the source's own figures, while it does not know all seconds of some spans; None
        when it does, and when it has no such figures.
        """
        ...
