"""Questions about what is stored: orders, accounts' trades and transfers, the tape, candles. Blocking; see `history`.

Both ends of a span of time are inclusive, except for candles. What strategies poll is built once, for each of its
shapes (see `series`).

SQLite, which knows nothing of how rows are distributed, prefers the primary key to an index that fits better, and would
read all that an account has. So what an index is for is asked in a subquery that needs no more than the index has.
"""

from collections.abc import Sequence
from functools import cache
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Select, Table, and_, bindparam, func, select, union

from hypersim.engine.lists import OrderList
from hypersim.engine.orders import OPEN, Order
from hypersim.engine.withdrawal import Withdrawal, WithdrawalStatus
from hypersim.store.rows import (
    CANDLE,
    as_account_trade,
    as_amended,
    as_order,
    as_order_list,
    as_prevented_match,
    as_withdrawal,
)
from hypersim.store.series import LIMIT, MOST, OFFSET, Series
from hypersim.store.tables import (
    amendments,
    candles,
    deposits,
    order_lists,
    orders,
    prevented_matches,
    tape,
    trades,
    withdrawals,
)
from hypersim.views.records import (
    AccountDeposit,
    AccountTrade,
    AggregateTrade,
    Amended,
    Candle,
    PreventedMatch,
    TapeTrade,
)
from hypersim.views.tape import alone, joined

TAPE: Final = tuple(tape.c[name] for name in TapeTrade.__struct_fields__)
"""The columns that make a TapeTrade, in its order."""

ORDERS: Final = Series((orders.c.account_id, orders.c.symbol), orders.c.order_id, orders.c.created_us)
LISTS: Final = Series((order_lists.c.account_id,), order_lists.c.list_id, order_lists.c.created_us)
TRADES: Final = Series((trades.c.account_id, trades.c.symbol), trades.c.trade_id, trades.c.time_us)
TRADES_ON_TAPE: Final = Series((tape.c.symbol,), tape.c.trade_id, tape.c.time_us)
AGGREGATES: Final = Series((tape.c.symbol,), tape.c.trade_id, tape.c.aggregate_id)

Where = ColumnElement[bool]


def find_order(
    connection: Connection, account_id: int, symbol: str, order_id: int | None, client_order_id: str | None
) -> Order | None:
    """An account's order by either id or both; of several with one client id the newest."""
    sought: dict[str, object] = {"account_id": account_id, "symbol": symbol}
    if order_id is not None:
        sought["order_id"] = min(order_id, MOST)
    if client_order_id is not None:
        sought["client_order_id"] = client_order_id
    query = _one(ORDERS, orders.c.order_id, orders.c.client_order_id, frozenset(sought))
    row = connection.execute(query, sought).mappings().first()
    return as_order(row) if row is not None else None


def find_orders(
    connection: Connection,
    account_id: int,
    symbol: str,
    *,
    from_id: int | None,
    start_us: int | None,
    end_us: int | None,
    limit: int,
    closed: bool = False,
) -> list[Order]:
    """An account's orders, ascending: the oldest from an id or time on, without either the newest.

    `closed`: only those that can no longer trade.
    """
    owner = {"account_id": account_id, "symbol": symbol}
    span = ORDERS.span(connection, owner, from_id, start_us, end_us)
    oldest = from_id is not None or start_us is not None
    query = _some_orders(oldest=oldest, closed=closed)
    found = [as_order(row) for row in connection.execute(query, {**owner, **span, "limit": limit}).mappings()]
    return found if oldest else found[::-1]


@cache
def _some_orders(*, oldest: bool, closed: bool) -> Select[Any]:
    key = orders.c.order_id
    query = select(orders).where(ORDERS.within).order_by(key if oldest else key.desc()).limit(LIMIT)
    return query.where(orders.c.status.not_in(sorted(OPEN))) if closed else query


def find_order_list(
    connection: Connection, account_id: int, list_id: int | None, client_list_id: str | None
) -> OrderList | None:
    """An account's order list by either id or both; of several with one client id the newest."""
    sought: dict[str, object] = {"account_id": account_id}
    if list_id is not None:
        sought["list_id"] = min(list_id, MOST)
    if client_list_id is not None:
        sought["client_list_id"] = client_list_id
    query = _one(LISTS, order_lists.c.list_id, order_lists.c.client_list_id, frozenset(sought))
    row = connection.execute(query, sought).mappings().first()
    return as_order_list(row) if row is not None else None


def find_order_lists(
    connection: Connection,
    account_id: int,
    *,
    from_id: int | None,
    start_us: int | None,
    end_us: int | None,
    limit: int,
) -> list[OrderList]:
    """An account's order lists, ascending: the oldest from an id or time on, without either the newest."""
    owner = {"account_id": account_id}
    span = LISTS.span(connection, owner, from_id, start_us, end_us)
    oldest = from_id is not None or start_us is not None
    query = _some_lists(oldest=oldest)
    found = [as_order_list(row) for row in connection.execute(query, {**owner, **span, "limit": limit}).mappings()]
    return found if oldest else found[::-1]


@cache
def _some_lists(*, oldest: bool) -> Select[Any]:
    key = order_lists.c.list_id
    return select(order_lists).where(LISTS.within).order_by(key if oldest else key.desc()).limit(LIMIT)


def find_prevented_matches(
    connection: Connection,
    account_id: int,
    symbol: str,
    *,
    prevented_match_id: int | None,
    order_id: int | None,
    from_id: int | None,
    limit: int,
) -> list[PreventedMatch]:
    """An account's prevented matches, ascending: one, or those of an order, from an id on."""
    table = prevented_matches
    own, key = and_(table.c.account_id == account_id, table.c.symbol == symbol), table.c.prevented_match_id
    query = select(table).where(own)
    if prevented_match_id is not None:
        query = query.where(key == min(prevented_match_id, MOST))
    if order_id is not None:
        parties = (table.c.taker_order_id, table.c.maker_order_id)
        query = query.where(key.in_(union(*(select(key).where(own, one == min(order_id, MOST)) for one in parties))))
    if from_id is not None:
        query = query.where(key >= min(from_id, MOST))
    rows = connection.execute(query.order_by(key).limit(limit)).mappings()
    return [as_prevented_match(row) for row in rows]


def find_amendments(
    connection: Connection, account_id: int, symbol: str, order_id: int, *, from_id: int | None, limit: int
) -> list[Amended]:
    """How an order was amended, ascending, from an execution on."""
    table = amendments
    own = and_(table.c.account_id == account_id, table.c.symbol == symbol, table.c.order_id == min(order_id, MOST))
    query = select(table).where(own, table.c.execution_id >= min(from_id or 0, MOST))
    rows = connection.execute(query.order_by(table.c.execution_id).limit(limit)).mappings()
    return [as_amended(row) for row in rows]


def find_orders_everywhere(
    connection: Connection,
    account_id: int,
    *,
    start_us: int | None,
    end_us: int | None,
    limit: int,
    closed: bool = False,
) -> list[Order]:
    """An account's orders of all symbols, by time: the oldest from a time on, without one the newest."""
    found: list[Order] = []
    for symbol in _symbols(connection, orders, account_id):
        found += find_orders(
            connection,
            account_id,
            symbol,
            from_id=None,
            start_us=start_us,
            end_us=end_us,
            limit=limit,
            closed=closed,
        )
    found.sort(key=attrgetter("created_us", "symbol", "order_id"))
    return found[-limit:] if start_us is None else found[:limit]


def find_trades(
    connection: Connection,
    account_id: int,
    symbol: str,
    *,
    order_id: int | None,
    from_id: int | None,
    start_us: int | None,
    end_us: int | None,
    limit: int,
) -> list[AccountTrade]:
    """An account's trades, ascending: the oldest from an id or time on, without either the newest."""
    owner = {"account_id": account_id, "symbol": symbol}
    span = TRADES.span(connection, owner, from_id, start_us, end_us)
    oldest = from_id is not None or start_us is not None
    sought: dict[str, object] = {**owner, **span, "limit": limit}
    if order_id is not None:
        sought["order_id"] = min(order_id, MOST)
    query = _some_trades(oldest=oldest, of_order=order_id is not None)
    found = [as_account_trade(row) for row in connection.execute(query, sought).mappings()]
    return found if oldest else found[::-1]


@cache
def _some_trades(*, oldest: bool, of_order: bool) -> Select[Any]:
    key = trades.c.trade_id
    query = select(trades).limit(LIMIT)
    if of_order:
        whose = trades.c.order_id == bindparam("order_id")
        query = query.where(TRADES.own, whose, key.in_(select(key).where(TRADES.within, whose)))
    else:
        query = query.where(TRADES.within)
    if oldest:
        return query.order_by(key, trades.c.order_id)
    return query.order_by(key.desc(), trades.c.order_id.desc())


def find_trades_everywhere(
    connection: Connection, account_id: int, *, start_us: int | None, end_us: int | None, limit: int
) -> list[AccountTrade]:
    """An account's trades of all symbols, by time: the oldest from a time on, without one the newest."""
    found: list[AccountTrade] = []
    for symbol in _symbols(connection, trades, account_id):
        found += find_trades(
            connection,
            account_id,
            symbol,
            order_id=None,
            from_id=None,
            start_us=start_us,
            end_us=end_us,
            limit=limit,
        )
    found.sort(key=attrgetter("time_us", "symbol", "trade_id", "order_id"))
    return found[-limit:] if start_us is None else found[:limit]


def find_deposits(
    connection: Connection,
    account_id: int,
    *,
    asset: str | None,
    start_us: int,
    end_us: int,
    limit: int,
    offset: int,
) -> list[AccountDeposit]:
    """What an account was given from outside, newest first."""
    own = deposits.c
    query = select(own.sequence, own.number, own.asset, own.amount, own.time_us)
    query = query.where(own.account_id == account_id, _within(own.time_us, start_us, end_us))
    if asset is not None:
        query = query.where(own.asset == asset)
    query = query.order_by(own.sequence.desc(), own.number.desc()).limit(limit).offset(offset)
    return [AccountDeposit(**row) for row in connection.execute(query).mappings()]


def find_withdrawals(
    connection: Connection,
    account_id: int,
    *,
    asset: str | None,
    client_id: str | None,
    withdrawal_ids: Sequence[str] | None,
    status: WithdrawalStatus | None,
    start_us: int,
    end_us: int,
    limit: int,
    offset: int,
) -> list[Withdrawal]:
    """An account's withdrawals, newest first."""
    own = withdrawals.c
    query = select(withdrawals).where(own.account_id == account_id, _within(own.applied_us, start_us, end_us))
    for column, value in ((own.asset, asset), (own.client_id, client_id), (own.status, status)):
        if value is not None:
            query = query.where(column == value)
    if withdrawal_ids is not None:
        query = query.where(own.withdrawal_id.in_(withdrawal_ids))
    query = query.order_by(own.applied_us.desc(), own.withdrawal_id.desc()).limit(limit).offset(offset)
    return [as_withdrawal(row) for row in connection.execute(query).mappings()]


def find_tape(connection: Connection, symbol: str, *, from_id: int | None, limit: int) -> list[TapeTrade]:
    """Trades of the tape, ascending: from an id on, without one the newest."""
    sought = {"symbol": symbol, "least": min(from_id or 0, MOST), "most": MOST, "limit": limit, "offset": 0}
    oldest = from_id is not None
    found = [TapeTrade(*row) for row in connection.execute(_some_of_tape(oldest=oldest), sought)]
    return found if oldest else found[::-1]


@cache
def _some_of_tape(*, oldest: bool) -> Select[Any]:
    key = tape.c.trade_id
    query = select(*TAPE).where(TRADES_ON_TAPE.within).order_by(key if oldest else key.desc())
    return query.limit(LIMIT).offset(OFFSET)


def find_aggregates(
    connection: Connection,
    symbol: str,
    *,
    from_id: int | None,
    start_us: int | None,
    end_us: int | None,
    limit: int,
) -> list[AggregateTrade]:
    """Aggregates of the tape, ascending: the oldest from an id or time on, without either the newest."""
    owner = {"symbol": symbol}
    span = TRADES_ON_TAPE.span(connection, owner, None, start_us, end_us)
    if from_id is not None:
        span["least"] = max(span["least"], AGGREGATES.first(connection, owner, from_id))
    oldest = from_id is not None or start_us is not None
    result: list[AggregateTrade] = []
    page = _some_of_tape(oldest=oldest)
    offset = 0
    while True:
        rows = connection.execute(page, {**owner, **span, "limit": limit, "offset": offset}).all()
        for row in rows:
            trade = TapeTrade(*row)
            if result and result[-1].aggregate_id == trade.aggregate_id:
                result[-1] = joined(result[-1], trade)
            elif len(result) == limit:
                return result if oldest else result[::-1]
            else:
                result.append(alone(trade))
        if len(rows) < limit:
            return result if oldest else result[::-1]
        offset += limit


def find_candles(connection: Connection, symbol: str, seconds: int, start_us: int, end_us: int) -> list[Candle]:
    """Candles with start_us <= open_us < end_us, ascending."""
    query = select(*CANDLE).where(
        candles.c.symbol == symbol,
        candles.c.seconds == seconds,
        candles.c.open_us >= start_us,
        candles.c.open_us < end_us,
    )
    return [Candle(*row) for row in connection.execute(query.order_by(candles.c.open_us))]


@cache
def _one(series: Series, key: Column[int], name: Column[str], by: frozenset[str]) -> Select[Any]:
    """A row by its id, its name, or both; of several with one name the newest."""
    named = and_(series.own, name == bindparam(name.name)) if name.name in by else series.own
    if key.name in by:
        return select(key.table).where(named, key == bindparam(key.name))
    return select(key.table).where(series.own, key == select(func.max(key)).where(named).scalar_subquery())


def _symbols(connection: Connection, table: Table, account_id: int) -> list[str]:
    """The symbols of which an account has rows. One step of the primary key each, however many rows there are."""
    own = table.c.account_id == account_id
    symbols: list[str] = []
    query = select(func.min(table.c.symbol)).where(own)
    while (symbol := connection.execute(query).scalar_one()) is not None:
        symbols.append(symbol)
        query = select(func.min(table.c.symbol)).where(own, table.c.symbol > symbol)
    return symbols


def _within(time: Column[int], start_us: int, end_us: int) -> Where:
    """Both ends are inclusive, and may be more than a database can compare."""
    return time.between(min(start_us, MOST), min(end_us, MOST))
