"""Rows as the values they were made of: what is read back from the tables."""

from collections.abc import Generator
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, RowMapping, bindparam, func, select

from hypersim.engine.commands import Stamped
from hypersim.engine.lists import OrderList
from hypersim.engine.orders import Order, Terms
from hypersim.engine.withdrawal import Withdrawal
from hypersim.errors import StoreError
from hypersim.store.batches import Batch
from hypersim.store.projections import STORED_SECONDS, Entries
from hypersim.store.snapshots import Snapshot
from hypersim.store.tables import candles, journal, ledger, projected, snapshots, tape, tickers
from hypersim.views.candles import bucket
from hypersim.views.records import AccountTrade, Amended, Candle, PreventedMatch

CANDLE: Final = tuple(candles.c[name] for name in Candle.__struct_fields__)
"""The columns that make a Candle, in its order."""

TERMS: Final = msgspec.json.Decoder(Terms)
ENTRIES: Final = msgspec.json.Decoder(list[Entries])
LISTED: Final = msgspec.json.Decoder(tuple[tuple[int, str], ...])

ROWS_AT_ONCE: Final = 500
"""How many rows of the journal, or of the ledger, are in memory at a time."""


def as_order(row: RowMapping) -> Order:
    """An order from a row of `orders`."""
    values: dict[str, Any] = {name: row[name] for name in Order.__struct_fields__}
    if values["terms"] is not None:
        values["terms"] = TERMS.decode(values["terms"])
    return msgspec.convert(values, Order)


def as_order_list(row: RowMapping) -> OrderList:
    """An order list from a row of `order_lists`; what it keeps for a pending order is not stored there."""
    values: dict[str, Any] = {name: row[name] for name in OrderList.__struct_fields__ if name != "saved"}
    return msgspec.convert(values | {"orders": LISTED.decode(values["orders"])}, OrderList)


def as_prevented_match(row: RowMapping) -> PreventedMatch:
    """A prevented match from a row of `prevented_matches`."""
    return msgspec.convert({name: row[name] for name in PreventedMatch.__struct_fields__}, PreventedMatch)


def as_amended(row: RowMapping) -> Amended:
    """How an order was amended, from a row of `amendments`."""
    return Amended(**{name: row[name] for name in Amended.__struct_fields__})


def as_withdrawal(row: RowMapping) -> Withdrawal:
    """A withdrawal from a row of `withdrawals`."""
    return msgspec.convert({name: row[name] for name in Withdrawal.__struct_fields__}, Withdrawal)


def as_account_trade(row: RowMapping) -> AccountTrade:
    """An account's side of a trade from a row of `trades`."""
    return AccountTrade(**{name: row[name] for name in AccountTrade.__struct_fields__})


def running_candles(connection: Connection) -> list[tuple[str, int, Candle]]:
    """The candle of each symbol and length in which its last trade lies."""
    query = select(*CANDLE).where(  # built once: there may be a thousand symbols
        candles.c.symbol == bindparam("market"),
        candles.c.seconds == bindparam("length"),
        candles.c.open_us == bindparam("opened_us"),
    )
    result = []
    for symbol, time_us in connection.execute(select(tickers.c.symbol, tickers.c.time_us)).all():
        for seconds in STORED_SECONDS:
            candle = {"market": symbol, "length": seconds, "opened_us": bucket(time_us, seconds)}
            result.append((symbol, seconds, Candle(*connection.execute(query, candle).one())))
    return result


def oldest_trades(connection: Connection) -> dict[str, int]:
    """The oldest trade of each symbol that is on the tape."""
    symbols = connection.execute(select(tickers.c.symbol)).scalars().all()
    oldest = select(func.min(tape.c.trade_id)).where(tape.c.symbol == bindparam("market"))
    return {symbol: connection.execute(oldest, {"market": symbol}).scalar_one() for symbol in symbols}


def newest_projected(connection: Connection) -> int:
    """The command that the projections go up to. Raises StoreError when nobody knows."""
    sequence: int | None = connection.execute(select(projected.c.sequence)).scalar()
    if sequence is None:
        raise StoreError("the database is damaged: it does not say how far its projections are")
    return sequence


def stored_entries(connection: Connection, after: int, until: int) -> Generator[Entries, None, None]:
    """What the ledger has of the commands after one sequence number until another, inclusive. Raises StoreError where
    it cannot be read.
    """
    query = select(ledger.c.sequence, ledger.c.entries).where(
        ledger.c.sequence > after, ledger.c.first_sequence <= until
    )
    with connection.execute(query.order_by(ledger.c.sequence).execution_options(yield_per=ROWS_AT_ONCE)) as rows:
        for last, text in rows:
            try:
                found = ENTRIES.decode(text)
            except msgspec.DecodeError as error:
                raise StoreError(f"the ledger's entries up to command {last} cannot be read: {error}") from error
            yield from (entries for entries in found if after < entries[0] <= until)


def stored_snapshots(connection: Connection) -> Generator[Snapshot, None, None]:
    """The snapshots, newest first."""
    query = select(snapshots).order_by(snapshots.c.sequence.desc())
    with connection.execute(query.execution_options(yield_per=1)) as rows:
        for row in rows.mappings():
            yield Snapshot(**row)


def stored_batches(connection: Connection, after: int) -> Generator[Batch, None, None]:
    """The batches after a sequence number, without a gap. Raises StoreError where there is one, or
    nonsense."""
    decoder = msgspec.json.Decoder(tuple[Stamped, ...])
    query = select(journal).where(journal.c.sequence > after).order_by(journal.c.sequence)
    expected = after + 1
    with connection.execute(query.execution_options(yield_per=ROWS_AT_ONCE)) as rows:
        for row in rows.mappings():
            batch = _as_batch(row, decoder)
            if (batch.first_sequence, batch.sequence) != (expected, expected + len(batch.commands) - 1):
                raise StoreError(
                    f"the journal is damaged: command {expected} should follow, and there are "
                    f"{batch.first_sequence} to {batch.sequence}"
                )
            yield batch
            expected = batch.sequence + 1


def _as_batch(row: RowMapping, decoder: msgspec.json.Decoder[tuple[Stamped, ...]]) -> Batch:
    values: dict[str, Any] = {name: row[name] for name in Batch.__struct_fields__}
    try:
        values["commands"] = decoder.decode(row["commands"])
    except msgspec.DecodeError as error:
        raise StoreError(f"the journal's commands up to {row['sequence']} cannot be read: {error}") from error
    return Batch(**values)
