"""Withdrawals, and an index by which the ledger's deposits are found."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

DEPOSITS = sa.text("account_id > 0 AND kind IN ('opening', 'deposit')")


def upgrade() -> None:
    """Makes the table and the index."""
    whole = sa.Text().with_variant(sa.Numeric(), "postgresql")
    op.create_table(
        "withdrawals",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("applied_us", sa.BigInteger(), nullable=False),
        sa.Column("withdrawal_id", sa.Text(), nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("address_tag", sa.Text(), nullable=False),
        sa.Column("amount", whole, nullable=False),
        sa.Column("fee", whole, nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("due_us", sa.BigInteger(), nullable=False),
        sa.Column("ended_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "applied_us", "withdrawal_id"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "deposits",
        "ledger_entries",
        ["account_id", "sequence", "number"],
        sqlite_where=DEPOSITS,
        postgresql_where=DEPOSITS,
    )


def downgrade() -> None:
    """Drops both."""
    op.drop_index("deposits", "ledger_entries")
    op.drop_table("withdrawals")
