"""Whether the projections say what the engine's state says: money, its history, and ids.

Reads only. Raises StoreError at the first difference.
"""

from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Final, TypeAlias

from sqlalchemy import Connection, Select, bindparam, func, select

from hypersim.engine.state import ExchangeState
from hypersim.errors import StoreError
from hypersim.store.rows import stored_entries
from hypersim.store.tables import balances, order_lists, orders, tickers

NEWEST: Final = 2**63 - 1
"""No sequence number is as large."""

Balances: TypeAlias = Mapping[tuple[int, str], tuple[int, int]]
"""(account, asset) -> (free, locked) of scale 16, those that are not zero."""


def balances_of(state: ExchangeState) -> Balances:
    """The balances of a state."""
    return _without_zeros((account, asset, free, locked) for account, asset, free, locked in state.balances)


def check_projections(connection: Connection, state: ExchangeState, since: int, before: Balances) -> None:
    """Compares everything that can be compared without reading more than what came after `since`."""
    expected = balances_of(state)
    check_balances(connection, expected)
    check_ledger(connection, expected, since, before)
    check_ids(connection, state)


def check_balances(connection: Connection, expected: Balances) -> None:
    """The stored balances are these."""
    query = select(balances.c.account_id, balances.c.asset, balances.c.free, balances.c.locked)
    stored = _without_zeros(connection.execute(query))
    _compare("the balance", stored, expected)


def check_ledger(connection: Connection, expected: Balances, since: int, before: Balances) -> None:
    """The ledger's entries after the command `since` lead from one set of balances to another, and sum to
    zero."""
    sums = {key: list(balance) for key, balance in before.items()}
    totals: dict[str, int] = {}
    with closing(stored_entries(connection, since, NEWEST)) as commands:
        for _, _, entries in commands:
            for account_id, asset, _, free_change, locked_change, *_ in entries:
                try:
                    free, locked = int(free_change), int(locked_change)
                except ValueError as error:
                    raise StoreError(f"the ledger's entries cannot be read: {error}") from error
                found = sums.setdefault((account_id, asset), [0, 0])
                found[0] += free
                found[1] += locked
                totals[asset] = totals.get(asset, 0) + free + locked
    for asset, total in totals.items():
        if total:
            raise StoreError(f"the ledger's entries in {asset} do not sum to zero, but to {total}e-16")
    made = _without_zeros((account, asset, free, locked) for (account, asset), (free, locked) in sums.items())
    _compare("the ledger's sum", made, expected)


def check_ids(connection: Connection, state: ExchangeState) -> None:
    """The ids that will be given next are above all that were given."""
    trade_ids = dict(connection.execute(select(tickers.c.symbol, tickers.c.trade_id)).all())
    list_id = connection.execute(select(func.coalesce(func.max(order_lists.c.list_id), 0))).scalar_one()
    if list_id >= state.next_list_id:
        raise StoreError(f"order lists would get ids twice: the next is {state.next_list_id}, and stored is {list_id}")
    newest = _newest_order()  # built once: there may be a thousand markets
    for venue in state.venues:
        symbol = venue.market.symbol
        order_id = connection.execute(newest, {"market": symbol}).scalar() or 0
        trade_id = trade_ids.get(symbol, 0)
        if order_id >= venue.next_order_id or trade_id >= venue.next_trade_id:
            raise StoreError(
                f"{symbol} would give ids twice: the next are order {venue.next_order_id} and trade "
                f"{venue.next_trade_id}, and stored are order {order_id} and trade {trade_id}"
            )


def _newest_order() -> Select[int]:
    """The newest order of the symbol `market`, found account by account as the index has them."""
    account = select(balances.c.account_id).distinct().subquery()
    own = (orders.c.account_id == account.c.account_id) & (orders.c.symbol == bindparam("market"))
    newest = select(func.max(orders.c.order_id)).where(own).scalar_subquery().label("newest")
    per_account = select(newest).select_from(account).subquery()
    return select(func.max(per_account.c.newest))


def _without_zeros(rows: Iterable[tuple[int, str, int, int]]) -> Balances:
    return {(account, asset): (free, locked) for account, asset, free, locked in rows if free or locked}


def _compare(what: str, stored: Balances, expected: Balances) -> None:
    for key in sorted(stored.keys() | expected.keys()):
        if stored.get(key, (0, 0)) != expected.get(key, (0, 0)):
            account_id, asset = key
            raise StoreError(
                f"{what} of account {account_id} in {asset} is stored as (free, locked) "
                f"{stored.get(key, (0, 0))}, and should be {expected.get(key, (0, 0))}, in 1e-16"
            )
