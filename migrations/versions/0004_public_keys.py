"""API keys with a public half: a key says its kind, and has either a secret or a public key."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widens the table; what is in it are HMAC keys."""
    op.add_column("api_keys", sa.Column("kind", sa.Text(), nullable=True))
    op.add_column("api_keys", sa.Column("public_key", sa.Text(), nullable=True))
    op.execute("UPDATE api_keys SET kind = 'HMAC'")
    with op.batch_alter_table("api_keys") as table:
        table.alter_column("kind", existing_type=sa.Text(), nullable=False)
        table.alter_column("secret_encrypted", existing_type=sa.Text(), nullable=True)
        table.create_check_constraint(
            "api_keys_have_a_secret_or_a_public_half",
            "(kind = 'HMAC') = (secret_encrypted IS NOT NULL) AND (kind = 'HMAC') = (public_key IS NULL)",
        )


def downgrade() -> None:
    """Narrows the table. Keys without a secret have no place in it, and go."""
    op.execute("DELETE FROM api_keys WHERE kind <> 'HMAC'")
    with op.batch_alter_table("api_keys") as table:
        table.drop_constraint("api_keys_have_a_secret_or_a_public_half", type_="check")
        table.drop_column("public_key")
        table.drop_column("kind")
        table.alter_column("secret_encrypted", existing_type=sa.Text(), nullable=False)
