"""A long past in a database: orders and trades of years, written by SQL as the exchange would have written them.

Each order was filled by one trade with the outside market; of ten, nine are one account's and one is another's. The
ledger's entries are left out, which no question about orders and trades reads. The snapshot goes on above the past's
ids, so that a server starts on it and all that recovery compares agrees.
"""

import random
import time
from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from benchmarks.worlds import FIRST_TRADER, symbol_of
from hypersim.clock import MICROSECONDS
from hypersim.store.database import Database, open_database
from hypersim.store.journal import SqlJournal
from hypersim.store.recovery import recover
from hypersim.store.snapshots import Snapshot
from hypersim.store.tables import orders, trades

SYMBOL: Final = symbol_of(0)
BUSY: Final = FIRST_TRADER
OTHER: Final = BUSY + 1
OTHERS: Final = 10
"""One of so many is the other account's."""
APART_US: Final = MICROSECONDS // 4
"""Between two trades: ten million take a month."""
SCATTER, SCATTERED = 397_204_094, 2**31 - 1
"""Multiplied by the first modulo the second, a prime, ids that count up become distinct ones in no order."""

PRICE: Final = "(5000000000000 + i * 7919 % 10000 * 1000000)"
QUANTITY: Final = 100_000


class Past:
    """The past of one database, which grows. `most` trades are the most that it will have."""

    def __init__(self, url: str, most: int) -> None:
        self._url = url
        self._from_us = time.time_ns() // 1000 - most * APART_US - 3600 * MICROSECONDS
        self.trades = 0

    def of_the_busy(self, chance: random.Random) -> int:
        """One of the busy account's orders, which is the trade of the same number."""
        number = chance.randrange(1, self.trades)
        return number if number % OTHERS else number - 1

    def time_us(self, number: int) -> int:
        """When an order was placed and filled."""
        return self._from_us + number * APART_US

    def client_order_id(self, number: int) -> str:
        return f"past-{number * SCATTER % SCATTERED}"

    def grow(self, count: int) -> None:
        """Writes until there are so many trades. Nobody else has the database open meanwhile."""
        database = open_database(self._url)
        try:
            journal = SqlJournal(database)
            recovered = recover(journal)
            self._write(database, count)
            venues = tuple(
                replace(venue, next_order_id=count + 1, next_trade_id=count + 1, next_aggregate_id=count + 1)
                for venue in recovered.state.venues
            )
            state = replace(recovered.state, venues=venues)
            journal.save(Snapshot.encode(recovered.sequence, recovered.time_us, state, recovered.views))
        finally:
            database.close()
        self.trades = count

    def _write(self, database: Database, count: int) -> None:
        """Rows of orders and trades up to a number, without the one index that they would be out of order in."""
        (scattered,) = orders.indexes
        with database.transaction() as connection:
            scattered.drop(connection)
        for statement in _statements(database.dialect, self._from_us, self.trades + 1, count):
            database.session.execute(statement)
        with database.transaction() as connection:
            scattered.create(connection)
        if database.dialect == "postgresql":  # what its autovacuum would have done by now
            database.session.execute("VACUUM ANALYZE orders, trades")


def _statements(dialect: str, from_us: int, first: int, last: int) -> tuple[str, ...]:
    """What writes the rows `first` to `last`."""
    sqlite = dialect == "sqlite"
    rows = (
        f"(WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last}) SELECT i FROM n)"
        if sqlite
        else f"generate_series({first}::bigint, {last}::bigint)"
    )
    whole, true, false = ("TEXT", "1", "0") if sqlite else ("NUMERIC", "true", "false")
    account = f"CASE WHEN i % {OTHERS} = 0 THEN {OTHER} ELSE {BUSY} END"
    price, quote = f"CAST({PRICE} AS {whole})", f"CAST({PRICE} * {QUANTITY} AS {whole})"
    moment = f"{from_us} + i * {APART_US}"
    order = {
        "account_id": account,
        "symbol": f"'{SYMBOL}'",
        "order_id": "i",
        "client_order_id": f"'past-' || (i * {SCATTER} % {SCATTERED})",
        "side": "CASE WHEN i % 2 = 0 THEN 'BUY' ELSE 'SELL' END",
        "type": "'LIMIT'",
        "time_in_force": "'GTC'",
        "price": price,
        "quantity": f"'{QUANTITY}'",
        "quote_quantity": "'0'",
        "executed": f"'{QUANTITY}'",
        "executed_quote": quote,
        "prevented": "'0'",
        "status": "'FILLED'",
        "self_trade_prevention": "'EXPIRE_MAKER'",
        "created_us": moment,
        "updated_us": moment,
        "working_us": moment,
    }
    trade = {
        "account_id": account,
        "symbol": f"'{SYMBOL}'",
        "trade_id": "i",
        "order_id": "i",
        "price": price,
        "quantity": f"'{QUANTITY}'",
        "quote": quote,
        "fee": "'5000000000000000'",
        "fee_asset": "'USDT'",
        "time_us": moment,
        "is_buyer": f"CASE WHEN i % 2 = 0 THEN {true} ELSE {false} END",
        "is_maker": true,
        "list_id": "0",
    }
    return tuple(_insert(table.name, row, rows) for table, row in ((orders, order), (trades, trade)))


def _insert(table: str, row: Mapping[str, str], rows: str) -> str:
    alias = "AS n" if rows.startswith("(") else "AS n(i)"
    return f"INSERT INTO {table} ({', '.join(row)}) SELECT {', '.join(row.values())} FROM {rows} {alias}"
