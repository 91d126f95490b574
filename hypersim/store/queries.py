"""Questions about what is stored: orders, accounts' trades and transfers, the tape, candles. Blocking; see `history`.

Ids and times of a symbol count up together (the writer's stamps never go back), so a time is found by halving
the ids: no index by time has to be kept up to date at every commit. Both ends of a span of time are
inclusive, except for candles.

SQLite, which knows nothing of how rows are distributed, prefers the primary key to an index that fits better, and would
read all that an account has. So what an index is for is asked in a subquery that needs no more than the index has.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Table, and_, func, select, union

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

MOST: Final = 2**63 - 1
"""No id is as large: what a client asks for may be larger, and must not be more than a database can
compare.
"""

Where = ColumnElement[bool]


def find_order(
    connection: Connection, account_id: int, symbol: str, order_id: int | None, client_order_id: str | None
) -> Order | None:
    """An account's order by either id or both; of several with one client id the newest."""
    own, key = and_(orders.c.account_id == account_id, orders.c.symbol == symbol), orders.c.order_id
    named = own if client_order_id is None else and_(own, orders.c.client_order_id == client_order_id)
    if order_id is not None:
        query = select(orders).where(named, key == min(order_id, MOST))
    else:
        query = select(orders).where(own, key == select(func.max(key)).where(named).scalar_subquery())
    row = connection.execute(query).mappings().first()
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
    own = and_(orders.c.account_id == account_id, orders.c.symbol == symbol)
    key = orders.c.order_id
    span = _span(connection, own, key, orders.c.created_us, from_id, start_us, end_us)
    if closed:
        span.append(orders.c.status.not_in(sorted(OPEN)))
    oldest = from_id is not None or start_us is not None
    query = select(orders).where(own, *span).order_by(key if oldest else key.desc()).limit(limit)
    found = [as_order(row) for row in connection.execute(query).mappings()]
    return found if oldest else found[::-1]


def find_order_list(
    connection: Connection, account_id: int, list_id: int | None, client_list_id: str | None
) -> OrderList | None:
    """An account's order list by either id or both; of several with one client id the newest."""
    own, key = order_lists.c.account_id == account_id, order_lists.c.list_id
    named = own if client_list_id is None else and_(own, order_lists.c.client_list_id == client_list_id)
    if list_id is not None:
        query = select(order_lists).where(named, key == min(list_id, MOST))
    else:
        query = select(order_lists).where(own, key == select(func.max(key)).where(named).scalar_subquery())
    row = connection.execute(query).mappings().first()
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
    own, key = order_lists.c.account_id == account_id, order_lists.c.list_id
    span = _span(connection, own, key, order_lists.c.created_us, from_id, start_us, end_us)
    oldest = from_id is not None or start_us is not None
    query = select(order_lists).where(own, *span).order_by(key if oldest else key.desc()).limit(limit)
    found = [as_order_list(row) for row in connection.execute(query).mappings()]
    return found if oldest else found[::-1]


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
    own = and_(trades.c.account_id == account_id, trades.c.symbol == symbol)
    key = trades.c.trade_id
    span = _span(connection, own, key, trades.c.time_us, from_id, start_us, end_us)
    if order_id is not None:
        of_order = trades.c.order_id == min(order_id, MOST)
        span = [of_order, key.in_(select(key).where(own, of_order, *span))]
    oldest = from_id is not None or start_us is not None
    query = select(trades).where(own, *span).limit(limit)
    if oldest:
        query = query.order_by(key, trades.c.order_id)
    else:
        query = query.order_by(key.desc(), trades.c.order_id.desc())
    found = [as_account_trade(row) for row in connection.execute(query).mappings()]
    return found if oldest else found[::-1]


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
    query = select(*TAPE).where(tape.c.symbol == symbol).limit(limit)
    if from_id is None:
        newest = query.order_by(tape.c.trade_id.desc())
        return [TapeTrade(*row) for row in connection.execute(newest)][::-1]
    query = query.where(tape.c.trade_id >= min(from_id, MOST)).order_by(tape.c.trade_id)
    return [TapeTrade(*row) for row in connection.execute(query)]


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
    own = tape.c.symbol == symbol
    key = tape.c.trade_id
    span = _span(connection, own, key, tape.c.time_us, None, start_us, end_us)
    if from_id is not None:
        span.append(key >= _first(connection, own, key, tape.c.aggregate_id, from_id))
    oldest = from_id is not None or start_us is not None
    result: list[AggregateTrade] = []
    page = select(*TAPE).where(own, *span).order_by(key if oldest else key.desc()).limit(limit)
    offset = 0
    while True:
        rows = connection.execute(page.offset(offset)).all()
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


def _span(
    connection: Connection,
    own: Where,
    key: Column[int],
    time: Column[int],
    from_id: int | None,
    start_us: int | None,
    end_us: int | None,
) -> list[Where]:
    """Conditions on the ids, of an id to begin with and of both ends of a span of time."""
    result: list[Where] = []
    if from_id is not None:
        result.append(key >= min(from_id, MOST))
    if start_us is not None:
        result.append(key >= _first(connection, own, key, time, start_us))
    if end_us is not None:
        result.append(key < _first(connection, own, key, time, end_us + 1))
    return result


def _first(connection: Connection, own: Where, key: Column[int], rising: Column[Any], value: int) -> int:
    """The smallest id whose row reaches a value in a column that rises with the ids; else one past all."""
    ends = (select(end(key)).where(own).scalar_subquery() for end in (func.min, func.max))  # both at once: a scan
    least, most = connection.execute(select(*ends)).one()
    low, high = (least, most + 1) if least is not None else (0, 0)
    while low < high:
        middle = (low + high) // 2
        row = connection.execute(select(key, rising).where(own, key >= middle).order_by(key).limit(1)).one_or_none()
        if row is None or row[1] >= value:
            high = middle
        else:
            low = row[0] + 1
    return low
