"""What orders are beside limit and market, lists of them, prevented matches and amendments."""

import sqlalchemy as sa
from alembic import op

from hypersim.store.tables import Whole

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables and columns."""
    op.add_column("orders", sa.Column("terms", sa.Text(), nullable=True))
    op.add_column("trades", sa.Column("list_id", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_table(
        "order_lists",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("list_id", sa.BigInteger(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("client_list_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("orders", sa.Text(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("updated_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "list_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("order_lists_by_client_list_id", "order_lists", ["account_id", "client_list_id"])
    op.create_table(
        "prevented_matches",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("prevented_match_id", sa.BigInteger(), nullable=False),
        sa.Column("taker_order_id", sa.BigInteger(), nullable=False),
        sa.Column("maker_order_id", sa.BigInteger(), nullable=False),
        sa.Column("prevention", sa.Text(), nullable=False),
        sa.Column("price", Whole(), nullable=False),
        sa.Column("taker_prevented", Whole(), nullable=False),
        sa.Column("maker_prevented", Whole(), nullable=False),
        sa.Column("time_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "symbol", "prevented_match_id"),
        sqlite_with_rowid=False,
    )
    for name in ("taker", "maker"):
        op.create_index(
            f"prevented_matches_by_{name}", "prevented_matches", ["account_id", "symbol", f"{name}_order_id"]
        )
    op.create_table(
        "amendments",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("execution_id", sa.BigInteger(), nullable=False),
        sa.Column("client_order_id", sa.Text(), nullable=False),
        sa.Column("new_client_order_id", sa.Text(), nullable=False),
        sa.Column("quantity", Whole(), nullable=False),
        sa.Column("new_quantity", Whole(), nullable=False),
        sa.Column("time_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "symbol", "order_id", "execution_id"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drops them."""
    for table in ("amendments", "prevented_matches", "order_lists"):
        op.drop_table(table)
    op.drop_column("trades", "list_id")
    op.drop_column("orders", "terms")
