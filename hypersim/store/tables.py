"""The tables, declared once for SQLite and PostgreSQL. What they look like on disk is in `migrations`.

Two kinds: the truth (`journal`, `snapshots`, `fence`, `api_keys`, `facts`), and its projections
(`PROJECTIONS`), which are written behind it, as far as `projected` says, and serve queries. Prices, quantities
and rates have scale 8, amounts scale 16, times are microseconds UTC.
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)
from sqlalchemy.event import listen
from sqlalchemy.types import TypeDecorator, TypeEngine

from hypersim.store.entries import create_entries, drop_entries


class Whole(TypeDecorator[int]):
    """An integer of any size: NUMERIC on PostgreSQL, decimal text on SQLite, `int` in Python.

    Every price, quantity and amount is one. Amounts outgrow 64 bits by design, and so may a price or quantity
    where a market has no upper bound: no figure that the engine accepts can make a commit fail. Not for
    arithmetic or order in SQL.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Numeric() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: int | None, dialect: Dialect) -> Any:
        return str(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        return None if value is None else int(value)


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _whole(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, Whole, nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False)


def _sequence() -> Column[int]:
    # INTEGER makes it SQLite's row id: rows of the journal are large, and found by nothing else
    whole = BigInteger().with_variant(Integer, "sqlite")
    return Column("sequence", whole, primary_key=True, autoincrement=False)


metadata: Final = MetaData()

journal: Final = Table(
    "journal",
    metadata,
    _count("first_sequence"),
    _sequence(),  # of the batch's last command
    _count("time_us"),
    _count("epoch"),
    Column("rules", Integer, nullable=False),
    _text("version"),
    _text("commands"),
    Column("digest", String(64), nullable=False),
)
"""One row per batch: its stamped commands as a JSON array, and the SHA-256 of the events they led to."""

snapshots: Final = Table(
    "snapshots",
    metadata,
    _sequence(),
    _count("time_us"),
    Column("rules", Integer, nullable=False),
    _text("version"),
    Column("state_hash", String(64), nullable=False),
    Column("blob", LargeBinary, nullable=False),
)
"""Engine and views after the command of that sequence, as compressed JSON."""

fence: Final = Table(
    "fence",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    _count("epoch"),
    _text("owner"),
)
"""One row: how often the database was opened for writing, by whom last. Every commit checks the epoch."""

projected: Final = Table(
    "projected",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    _count("sequence"),
)
"""One row: the last command of a batch, up to which the projections have everything; of later ones they have
nothing. It is written with them.
"""

api_keys: Final = Table(
    "api_keys",
    metadata,
    Column("api_key", Text, primary_key=True),
    _text("secret_encrypted", nullable=True),
    _count("account_id"),
    _text("label"),
    _count("created_us"),
    _text("kind"),
    _text("public_key", nullable=True),
    CheckConstraint(
        "(kind = 'HMAC') = (secret_encrypted IS NOT NULL) AND (kind = 'HMAC') = (public_key IS NULL)",
        name="api_keys_have_a_secret_or_a_public_half",
    ),
)
"""Who may ask for an account, and what proves it: of an HMAC key its secret as ciphertext, of any other kind its
public half (PEM)."""

orders: Final = Table(
    "orders",
    metadata,
    _count("account_id"),
    _text("symbol"),
    _count("order_id"),
    _text("client_order_id"),
    _text("side"),
    _text("type"),
    _text("time_in_force"),
    _whole("price"),
    _whole("quantity"),
    _whole("quote_quantity"),
    _whole("executed"),
    _whole("executed_quote"),
    _whole("prevented"),
    _text("status"),
    _text("self_trade_prevention"),
    _text("expiry_reason", nullable=True),
    _whole("strategy_id", nullable=True),
    _whole("strategy_type", nullable=True),
    _count("created_us"),
    _count("updated_us"),
    _count("working_us"),
    _text("terms", nullable=True),  # JSON, of the few orders that have any
    PrimaryKeyConstraint("account_id", "symbol", "order_id"),
    Index("orders_by_client_order_id", "account_id", "symbol", "client_order_id"),
    sqlite_with_rowid=False,
)
"""Every order as it stands, open and closed."""

trades: Final = Table(
    "trades",
    metadata,
    _count("account_id"),
    _text("symbol"),
    _count("trade_id"),
    _count("order_id"),
    _whole("price"),
    _whole("quantity"),
    _whole("quote"),
    _whole("fee"),
    _text("fee_asset"),
    _count("time_us"),
    _flag("is_buyer"),
    _flag("is_maker"),
    _count("list_id"),
    PrimaryKeyConstraint("account_id", "symbol", "trade_id", "order_id"),
    Index("trades_by_order", "account_id", "symbol", "order_id"),
    sqlite_with_rowid=False,
)
"""An account's side of each trade. Who traded with himself has two rows of one trade."""

order_lists: Final = Table(
    "order_lists",
    metadata,
    _count("account_id"),
    _count("list_id"),
    _text("symbol"),
    _text("client_list_id"),
    _text("kind"),
    _text("phase"),
    _text("orders"),  # JSON: order id and client order id of each
    _count("created_us"),
    _count("updated_us"),
    PrimaryKeyConstraint("account_id", "list_id"),
    Index("order_lists_by_client_list_id", "account_id", "client_list_id"),
    sqlite_with_rowid=False,
)
"""Every order list as it stands, open and done."""

prevented_matches: Final = Table(
    "prevented_matches",
    metadata,
    _count("account_id"),
    _text("symbol"),
    _count("prevented_match_id"),
    _count("taker_order_id"),
    _count("maker_order_id"),
    _text("prevention"),
    _whole("price"),
    _whole("taker_prevented"),
    _whole("maker_prevented"),
    _count("time_us"),
    PrimaryKeyConstraint("account_id", "symbol", "prevented_match_id"),
    Index("prevented_matches_by_taker", "account_id", "symbol", "taker_order_id"),
    Index("prevented_matches_by_maker", "account_id", "symbol", "maker_order_id"),
    sqlite_with_rowid=False,
)
"""Trades of an account with itself that did not happen."""

amendments: Final = Table(
    "amendments",
    metadata,
    _count("account_id"),
    _text("symbol"),
    _count("order_id"),
    _count("execution_id"),
    _text("client_order_id"),  # before
    _text("new_client_order_id"),
    _whole("quantity"),  # before
    _whole("new_quantity"),
    _count("time_us"),
    PrimaryKeyConstraint("account_id", "symbol", "order_id", "execution_id"),
    sqlite_with_rowid=False,
)
"""How quantities of open orders were lowered."""

tape: Final = Table(
    "tape",
    metadata,
    _text("symbol"),
    _count("trade_id"),
    _count("aggregate_id"),
    _whole("price"),
    _whole("quantity"),
    _count("time_us"),
    _flag("buyer_is_maker"),
    _flag("outside"),
    PrimaryKeyConstraint("symbol", "trade_id"),
    sqlite_with_rowid=False,
)
"""The newest trades of each market, users' and outside's alike."""

ledger: Final = Table(
    "ledger",
    metadata,
    _count("first_sequence"),
    _sequence(),  # of the last command
    _text("entries"),
)
"""What each command did to each balance, in order, with the balance after it: one row for what was projected together,
which costs a tenth of a row for each entry. `entries` is a JSON array, for each command that moved money of [sequence,
time_us, [[account_id, asset, kind, free_change, locked_change, free, locked, reference], ...]]; amounts are text."""

listen(metadata, "after_create", create_entries)
listen(metadata, "before_drop", drop_entries)

ledger_entries: Final = Table(
    "ledger_entries",
    MetaData(),  # a view, which nobody creates as a table
    _count("sequence"),
    Column("number", Integer, nullable=False),
    _count("time_us"),
    _count("account_id"),
    _text("asset"),
    _text("kind"),
    _whole("free_change"),
    _whole("locked_change"),
    _whole("free"),
    _whole("locked"),
    _text("reference"),
    PrimaryKeyConstraint("sequence", "number"),
)
"""The ledger entry by entry, for people: whoever asks it reads all of the ledger."""

deposits: Final = Table(
    "deposits",
    metadata,
    _count("account_id"),
    _count("sequence"),
    Column("number", Integer, nullable=False),
    _text("asset"),
    _whole("amount"),
    _count("time_us"),
    PrimaryKeyConstraint("account_id", "sequence", "number"),
    sqlite_with_rowid=False,
)
"""The entries of the ledger that are money from outside for an account."""

withdrawals: Final = Table(
    "withdrawals",
    metadata,
    _count("account_id"),
    _count("applied_us"),
    _text("withdrawal_id"),
    _text("asset"),
    _text("network"),
    _text("address"),
    _text("address_tag"),
    _whole("amount"),
    _whole("fee"),
    _text("client_id"),
    _text("status"),
    _count("due_us"),
    _count("ended_us"),
    PrimaryKeyConstraint("account_id", "applied_us", "withdrawal_id"),
    sqlite_with_rowid=False,
)
"""Every withdrawal as it stands, on its way and ended."""

balances: Final = Table(
    "balances",
    metadata,
    _count("account_id"),
    _text("asset"),
    _whole("free"),
    _whole("locked"),
    _count("sequence"),
    PrimaryKeyConstraint("account_id", "asset"),
    sqlite_with_rowid=False,
)
"""Balances of every account, house (0) and fee income (-1) included, and the command that changed them
last."""

candles: Final = Table(
    "candles",
    metadata,
    _text("symbol"),
    Column("seconds", Integer, nullable=False),
    _count("open_us"),
    _whole("open"),
    _whole("high"),
    _whole("low"),
    _whole("close"),
    _whole("volume"),
    _whole("quote_volume"),
    _count("trades"),
    _whole("taker_base"),
    _whole("taker_quote"),
    _count("first_id"),
    _count("last_id"),
    PrimaryKeyConstraint("symbol", "seconds", "open_us"),
    sqlite_with_rowid=False,
)

tickers: Final = Table(
    "tickers",
    metadata,
    _text("symbol"),
    _whole("price"),
    _count("trade_id"),
    _count("time_us"),
    PrimaryKeyConstraint("symbol"),
    sqlite_with_rowid=False,
)
"""Each market's last trade."""

facts: Final = Table(
    "facts",
    metadata,
    Column("name", Text, primary_key=True),
    _text("value"),
)
"""What a world keeps about itself, such as the feed it was begun with. A reset leaves it alone."""

PROJECTIONS: Final = (
    orders,
    order_lists,
    trades,
    prevented_matches,
    amendments,
    tape,
    ledger,
    deposits,
    withdrawals,
    balances,
    candles,
    tickers,
)
"""What a reset of the world empties."""
