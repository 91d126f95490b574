"""What records write behind the journal: orders, trades, tape, ledger, withdrawals, candles, tickers.

Guarantees that an order, a withdrawal, a balance, a candle or a ticker that changes many times in what is projected
together is written once, in its last state. Pure apart from the running candles, which belong to the newest record
projected: after a failed commit, start again from what is stored.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec
from msgspec import Struct, field
from sqlalchemy import Table

from hypersim.ask import JoinedRow, KeyRow
from hypersim.engine.events import (
    Amendment,
    BalanceChanged,
    Committed,
    DepthChanged,
    EntryKind,
    Event,
    Fill,
    ListChanged,
    MatchPrevented,
    OrderChanged,
    Traded,
    WithdrawalChanged,
    WorldReset,
)
from hypersim.engine.lists import OrderList
from hypersim.engine.orders import BUY, Order
from hypersim.engine.withdrawal import Withdrawal
from hypersim.store import tables
from hypersim.store.bulk import Row
from hypersim.views.candles import SECOND_US, bucket, merge, opening_at, with_trades
from hypersim.views.records import BASE_SECONDS, Candle

STORED_SECONDS: Final = tuple(seconds for seconds in BASE_SECONDS if seconds > 1)
"""The candles that are stored; those of a second are made of the tape."""

MINUTE_US: Final = 60 * SECOND_US


DEPOSITS: Final = frozenset({EntryKind.OPENING, EntryKind.DEPOSIT})
"""Entries of an account that are money from outside."""

Entry: TypeAlias = tuple[int, str, str, str, str, str, str, str]
"""Account, asset, kind, changes of free and locked, free and locked after it, reference."""

Entries: TypeAlias = tuple[int, int, list[Entry]]
"""Sequence and time of a command, and what it did to balances, in order."""


class Projected(Struct, kw_only=True):
    """What is written together; an order, a balance, a candle or a ticker once, in its last state."""

    reset: bool = False
    """The projections are emptied first."""
    orders: dict[tuple[str, int], Order] = field(default_factory=dict)
    lists: dict[int, OrderList] = field(default_factory=dict)
    trades: list[Row] = field(default_factory=list)
    prevented: list[Row] = field(default_factory=list)
    amendments: list[Row] = field(default_factory=list)
    tape: list[Row] = field(default_factory=list)
    ledger: list[Entries] = field(default_factory=list)
    deposits: list[Row] = field(default_factory=list)
    withdrawals: dict[str, Withdrawal] = field(default_factory=dict)
    balances: dict[tuple[int, str], Row] = field(default_factory=dict)
    candles: dict[tuple[str, int, int], Candle] = field(default_factory=dict)
    """By symbol, seconds and opening time."""
    tickers: dict[str, Row] = field(default_factory=dict)

    def begin_anew(self) -> None:
        """Forgets what there was: the projections are emptied first."""
        for name in self.__struct_fields__:
            if name != "reset":
                getattr(self, name).clear()
        self.reset = True

    def rows(self) -> dict[Table, Sequence[Row]]:
        """The rows of each table but the ledger."""
        return {
            tables.orders: [_order_row(order) for order in self.orders.values()],
            tables.order_lists: [_list_row(order_list) for order_list in self.lists.values()],
            tables.trades: self.trades,
            tables.prevented_matches: self.prevented,
            tables.amendments: self.amendments,
            tables.tape: self.tape,
            tables.deposits: self.deposits,
            tables.withdrawals: [_withdrawal_row(withdrawal) for withdrawal in self.withdrawals.values()],
            tables.balances: list(self.balances.values()),
            tables.candles: [
                _candle_row(symbol, seconds, candle) for (symbol, seconds, _), candle in self.candles.items()
            ],
            tables.tickers: list(self.tickers.values()),
        }

    def newest_trades(self) -> dict[str, int]:
        """The newest trade id of each symbol that traded."""
        return {str(row[0]): int(row[1] or 0) for row in self.tape}


class Projections:
    """Turns records into rows. `running`: the newest stored candle of each symbol and length."""

    def __init__(self, running: Iterable[tuple[str, int, Candle]] = ()) -> None:
        self._running = {(symbol, seconds): candle for symbol, seconds, candle in running}

    def project(self, records: Sequence[Committed]) -> Projected:
        """The rows of records that follow one another, of one batch or several."""
        projected = Projected()
        orders, balances, deposits = projected.orders, projected.balances, projected.deposits
        minutes: dict[tuple[str, int], list[Traded]] = {}
        for record in records:
            time_us, sequence = record.time_us, record.sequence
            entries: list[Entry] = []
            # exact types, and those that come with every order first (benchmarks/orders.py)
            for event in record.events:
                if type(event) is BalanceChanged:
                    account_id, asset = event.account_id, event.asset
                    entry = _entry(event)
                    if event.kind in DEPOSITS and account_id > 0:
                        deposits.append((account_id, sequence, len(entries), asset, entry[3], time_us))
                    entries.append(entry)
                    balances[account_id, asset] = (account_id, asset, entry[5], entry[6], sequence)
                elif type(event) is OrderChanged:
                    order = event.order
                    orders[order.symbol, order.order_id] = order
                    if event.fill is not None:
                        projected.trades.append(_trade_row(order, event.fill, time_us))
                    elif event.amendment is not None:
                        projected.amendments.append(_amendment_row(order, event.amendment, time_us))
                elif type(event) is Traded:
                    _traded(projected, event, time_us)
                    minutes.setdefault((event.symbol, time_us - time_us % MINUTE_US), []).append(event)
                elif type(event) is WorldReset:
                    self._running.clear()
                    minutes.clear()
                    projected.begin_anew()
                elif type(event) is not DepthChanged:
                    _others(projected, event, time_us)
            if entries:
                projected.ledger.append((sequence, time_us, entries))
        self._add(minutes, projected)
        return projected

    def _add(self, minutes: Mapping[tuple[str, int], Sequence[Traded]], projected: Projected) -> None:
        """Adds what was traded, by symbol and the opening time of the minute, to the stored candles."""
        for (symbol, open_us), trades in minutes.items():
            minute = with_trades(None, open_us, trades)
            for seconds in STORED_SECONDS:
                added = opening_at(minute, bucket(minute.open_us, seconds))
                candle = self._running.get((symbol, seconds))
                if candle is not None and candle.open_us == added.open_us:
                    added = merge(candle, added)
                self._running[symbol, seconds] = added
                projected.candles[symbol, seconds, added.open_us] = added


def _others(projected: Projected, event: Event, time_us: int) -> None:
    """What happens seldom."""
    if isinstance(event, ListChanged):
        projected.lists[event.order_list.list_id] = event.order_list
    elif isinstance(event, MatchPrevented):
        projected.prevented.append(_prevented_row(event, time_us))
    elif isinstance(event, WithdrawalChanged):
        projected.withdrawals[event.withdrawal.withdrawal_id] = event.withdrawal


def joined_rows(joined: Sequence[JoinedRow]) -> dict[Table, list[Row]]:
    """The rows that came with commands; of facts of one name the last."""
    keys: list[Row] = []
    named: dict[str, Row] = {}
    for row in joined:
        if isinstance(row, KeyRow):
            keys.append(tuple(getattr(row, column.name) for column in tables.api_keys.columns))
        else:
            named[row.name] = (row.name, row.value)
    return {tables.api_keys: keys, tables.facts: list(named.values())}


def _entry(event: BalanceChanged) -> Entry:
    return (
        event.account_id,
        event.asset,
        event.kind,
        str(event.free_change),
        str(event.locked_change),
        str(event.free),
        str(event.locked),
        event.reference,
    )


def _traded(projected: Projected, event: Traded, time_us: int) -> None:
    """A trade on the tape, and the market's last price."""
    symbol, trade_id, price = event.symbol, event.trade_id, str(event.price)
    projected.tape.append(
        (
            symbol,
            trade_id,
            event.aggregate_id,
            price,
            str(event.quantity),
            time_us,
            event.buyer_is_maker,
            event.outside,
        )
    )
    projected.tickers[symbol] = (symbol, price, trade_id, time_us)


def _trade_row(order: Order, fill: Fill, time_us: int) -> Row:
    return (
        order.account_id,
        order.symbol,
        fill.trade_id,
        order.order_id,
        str(fill.price),
        str(fill.quantity),
        str(fill.quote),
        str(fill.fee),
        fill.fee_asset,
        time_us,
        order.side is BUY,
        fill.is_maker,
        order.terms.list_id if order.terms is not None else 0,
    )


def _list_row(order_list: OrderList) -> Row:
    return (
        order_list.account_id,
        order_list.list_id,
        order_list.symbol,
        order_list.client_list_id,
        order_list.kind,
        order_list.phase,
        msgspec.json.encode(order_list.orders).decode(),
        order_list.created_us,
        order_list.updated_us,
    )


def _prevented_row(event: MatchPrevented, time_us: int) -> Row:
    return (
        event.account_id,
        event.symbol,
        event.prevented_match_id,
        event.taker_order_id,
        event.maker_order_id,
        event.prevention,
        str(event.price),
        str(event.taker_prevented),
        str(event.maker_prevented),
        time_us,
    )


def _amendment_row(order: Order, amendment: Amendment, time_us: int) -> Row:
    return (
        order.account_id,
        order.symbol,
        order.order_id,
        amendment.execution_id,
        amendment.client_order_id,
        order.client_order_id,
        str(amendment.before),
        str(order.quantity),
        time_us,
    )


def _order_row(order: Order) -> Row:
    return (
        order.account_id,
        order.symbol,
        order.order_id,
        order.client_order_id,
        order.side,
        order.type,
        order.time_in_force,
        str(order.price),
        str(order.quantity),
        str(order.quote_quantity),
        str(order.executed),
        str(order.executed_quote),
        str(order.prevented),
        order.status,
        order.self_trade_prevention,
        order.expiry_reason,
        _text(order.strategy_id),
        _text(order.strategy_type),
        order.created_us,
        order.updated_us,
        order.working_us,
        msgspec.json.encode(order.terms).decode() if order.terms is not None else None,
    )


def _withdrawal_row(withdrawal: Withdrawal) -> Row:
    return (
        withdrawal.account_id,
        withdrawal.applied_us,
        withdrawal.withdrawal_id,
        withdrawal.asset,
        withdrawal.network,
        withdrawal.address,
        withdrawal.address_tag,
        str(withdrawal.amount),
        str(withdrawal.fee),
        withdrawal.client_id,
        withdrawal.status,
        withdrawal.due_us,
        withdrawal.ended_us,
    )


def _candle_row(symbol: str, seconds: int, candle: Candle) -> Row:
    return (
        symbol,
        seconds,
        candle.open_us,
        str(candle.open),
        str(candle.high),
        str(candle.low),
        str(candle.close),
        str(candle.volume),
        str(candle.quote_volume),
        candle.trades,
        str(candle.taker_base),
        str(candle.taker_quote),
        candle.first_id,
        candle.last_id,
    )


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)
