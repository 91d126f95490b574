"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WHOLE = sa.Numeric().with_variant(sa.Text(), "sqlite")
"""An integer of any size."""


def upgrade() -> None:
    """Makes every table."""
    create_truth()
    create_orders()
    create_markets()
    create_money()


def downgrade() -> None:
    """Drops every table."""
    for name in (
        "tickers",
        "candles",
        "balances",
        "ledger_entries",
        "tape",
        "trades",
        "orders",
        "api_keys",
        "fence",
        "snapshots",
        "journal",
    ):
        op.drop_table(name)


def create_truth() -> None:
    """What everything else can be made from."""
    op.create_table(
        "journal",
        sa.Column("first_sequence", sa.BigInteger(), nullable=False),
        sa.Column(
            "sequence",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("time_us", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("rules", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("commands", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
    )
    op.create_table(
        "snapshots",
        sa.Column(
            "sequence",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("time_us", sa.BigInteger(), nullable=False),
        sa.Column("rules", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
    )
    op.create_table(
        "fence",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "api_keys",
        sa.Column("api_key", sa.Text(), nullable=False),
        sa.Column("secret_encrypted", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("api_key"),
    )


def create_orders() -> None:
    """What accounts did."""
    op.create_table(
        "orders",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("client_order_id", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("time_in_force", sa.Text(), nullable=False),
        sa.Column("price", WHOLE, nullable=False),
        sa.Column("quantity", WHOLE, nullable=False),
        sa.Column("quote_quantity", WHOLE, nullable=False),
        sa.Column("executed", WHOLE, nullable=False),
        sa.Column("executed_quote", WHOLE, nullable=False),
        sa.Column("prevented", WHOLE, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("self_trade_prevention", sa.Text(), nullable=False),
        sa.Column("expiry_reason", sa.Text(), nullable=True),
        sa.Column("strategy_id", WHOLE, nullable=True),
        sa.Column("strategy_type", WHOLE, nullable=True),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("updated_us", sa.BigInteger(), nullable=False),
        sa.Column("working_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "symbol", "order_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("orders_by_client_order_id", "orders", ["account_id", "symbol", "client_order_id"])
    op.create_table(
        "trades",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("trade_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("price", WHOLE, nullable=False),
        sa.Column("quantity", WHOLE, nullable=False),
        sa.Column("quote", WHOLE, nullable=False),
        sa.Column("fee", WHOLE, nullable=False),
        sa.Column("fee_asset", sa.Text(), nullable=False),
        sa.Column("time_us", sa.BigInteger(), nullable=False),
        sa.Column("is_buyer", sa.Boolean(), nullable=False),
        sa.Column("is_maker", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "symbol", "trade_id", "order_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("trades_by_order", "trades", ["account_id", "symbol", "order_id"])


def create_markets() -> None:
    """What markets did."""
    op.create_table(
        "tape",
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("trade_id", sa.BigInteger(), nullable=False),
        sa.Column("aggregate_id", sa.BigInteger(), nullable=False),
        sa.Column("price", WHOLE, nullable=False),
        sa.Column("quantity", WHOLE, nullable=False),
        sa.Column("time_us", sa.BigInteger(), nullable=False),
        sa.Column("buyer_is_maker", sa.Boolean(), nullable=False),
        sa.Column("outside", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("symbol", "trade_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "candles",
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("open_us", sa.BigInteger(), nullable=False),
        sa.Column("open", WHOLE, nullable=False),
        sa.Column("high", WHOLE, nullable=False),
        sa.Column("low", WHOLE, nullable=False),
        sa.Column("close", WHOLE, nullable=False),
        sa.Column("volume", WHOLE, nullable=False),
        sa.Column("quote_volume", WHOLE, nullable=False),
        sa.Column("trades", sa.BigInteger(), nullable=False),
        sa.Column("taker_base", WHOLE, nullable=False),
        sa.Column("taker_quote", WHOLE, nullable=False),
        sa.Column("first_id", sa.BigInteger(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("symbol", "seconds", "open_us"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tickers",
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("price", WHOLE, nullable=False),
        sa.Column("trade_id", sa.BigInteger(), nullable=False),
        sa.Column("time_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("symbol"),
        sqlite_with_rowid=False,
    )


def create_money() -> None:
    """What everybody has, and how it came."""
    op.create_table(
        "ledger_entries",
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("time_us", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("free_change", WHOLE, nullable=False),
        sa.Column("locked_change", WHOLE, nullable=False),
        sa.Column("free", WHOLE, nullable=False),
        sa.Column("locked", WHOLE, nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", "number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "balances",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("free", WHOLE, nullable=False),
        sa.Column("locked", WHOLE, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "asset"),
        sqlite_with_rowid=False,
    )
