"""What a batch of records writes beside the journal: orders, trades, tape, ledger, balances, candles,
tickers.

Guarantees that an order, a balance, a candle or a ticker that a batch changes many times is written once,
in its last state. Pure apart from the running candles, which belong to the newest record projected: after a
failed commit, start again from what is stored.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Table

from hypersim.ask import PeopleRow
from hypersim.engine.events import BalanceChanged, Committed, OrderChanged, Traded, WorldReset
from hypersim.engine.orders import Order, Side
from hypersim.store import tables
from hypersim.store.bulk import Row
from hypersim.views.candles import SECOND_US, with_trade
from hypersim.views.records import BASE_SECONDS, Candle

STORED_SECONDS: Final = tuple(seconds for seconds in BASE_SECONDS if seconds > 1)
"""The candles that are stored; those of a second are made of the tape."""


class Projections:
    """Turns records into rows. `running`: the newest stored candle of each symbol and length."""

    def __init__(self, running: Iterable[tuple[str, int, Candle]] = ()) -> None:
        self._running = {(symbol, seconds): candle for symbol, seconds, candle in running}

    def project(self, records: Sequence[Committed], people: Sequence[PeopleRow] = ()) -> "Projected":
        """The rows of one batch."""
        projected = Projected()
        for record in records:
            number = 0
            for event in record.events:
                match event:
                    case OrderChanged():
                        projected.order_changed(event, record.time_us)
                    case BalanceChanged():
                        projected.balance_changed(event, record, number)
                        number += 1
                    case Traded():
                        projected.traded(event, record.time_us)
                        self._add_to_candles(event, record.time_us, projected)
                    case WorldReset():
                        self._running.clear()
                        projected = Projected(reset=True)
        projected.people = [
            (row.api_key, row.secret_encrypted, row.account_id, row.label, row.created_us) for row in people
        ]
        return projected

    def _add_to_candles(self, event: Traded, time_us: int, projected: "Projected") -> None:
        for seconds in STORED_SECONDS:
            key = (event.symbol, seconds)
            open_us = time_us - time_us % (seconds * SECOND_US)
            candle = self._running.get(key)
            if candle is not None and candle.open_us != open_us:
                candle = None
            self._running[key] = projected.candles[event.symbol, seconds, open_us] = with_trade(
                candle,
                open_us,
                event.price,
                event.quantity,
                event.trade_id,
                buyer_is_maker=event.buyer_is_maker,
            )


class Projected:
    """The rows of one batch, while they are gathered and after."""

    def __init__(self, *, reset: bool = False) -> None:
        self.reset = reset
        """The projections are emptied first."""
        self.people: list[Row] = []
        self.candles: dict[tuple[str, int, int], Candle] = {}
        self._orders: dict[tuple[str, int], Order] = {}
        self._trades: list[Row] = []
        self._tape: list[Row] = []
        self._ledger: list[Row] = []
        self._balances: dict[tuple[int, str], Row] = {}
        self._tickers: dict[str, Row] = {}

    def rows(self) -> dict[Table, Sequence[Row]]:
        """The rows of each table."""
        return {
            tables.api_keys: self.people,
            tables.orders: [_order_row(order) for order in self._orders.values()],
            tables.trades: self._trades,
            tables.tape: self._tape,
            tables.ledger_entries: self._ledger,
            tables.balances: list(self._balances.values()),
            tables.candles: [
                _candle_row(symbol, seconds, candle) for (symbol, seconds, _), candle in self.candles.items()
            ],
            tables.tickers: list(self._tickers.values()),
        }

    def newest_trades(self) -> dict[str, int]:
        """The newest trade id of each symbol that traded."""
        return {str(row[0]): int(row[1] or 0) for row in self._tape}

    def order_changed(self, event: OrderChanged, time_us: int) -> None:
        """An order's new state, and its fill if it is one."""
        order, fill = event.order, event.fill
        self._orders[order.symbol, order.order_id] = order
        if fill is not None:
            self._trades.append(
                (
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
                    order.side is Side.BUY,
                    fill.is_maker,
                )
            )

    def balance_changed(self, event: BalanceChanged, record: Committed, number: int) -> None:
        """A ledger entry, and the balance after it."""
        free, locked = str(event.free), str(event.locked)
        self._ledger.append(
            (
                record.sequence,
                number,
                record.time_us,
                event.account_id,
                event.asset,
                event.kind,
                str(event.free_change),
                str(event.locked_change),
                free,
                locked,
                event.reference,
            )
        )
        self._balances[event.account_id, event.asset] = (
            event.account_id,
            event.asset,
            free,
            locked,
            record.sequence,
        )

    def traded(self, event: Traded, time_us: int) -> None:
        """A trade on the tape, and the market's last price."""
        price = str(event.price)
        self._tape.append(
            (
                event.symbol,
                event.trade_id,
                event.aggregate_id,
                price,
                str(event.quantity),
                time_us,
                event.buyer_is_maker,
                event.outside,
            )
        )
        self._tickers[event.symbol] = (event.symbol, price, event.trade_id, time_us)


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
