"""How far the projections are, which are written behind the journal."""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

PROJECTED = sa.table("projected", sa.column("id"), sa.column("sequence"))


def newest() -> int:
    """The newest command that is kept, in the journal or as a snapshot; 0 where there is none."""
    found = [
        op.get_bind().execute(sa.select(sa.func.max(sa.column("sequence"))).select_from(sa.table(name))).scalar()
        for name in ("journal", "snapshots")
    ]
    return max(sequence or 0 for sequence in found)


def upgrade() -> None:
    """Makes the table. Until now everything was projected as it was stored."""
    op.create_table(
        "projected",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.execute(PROJECTED.insert().values(id=1, sequence=newest()))


def downgrade() -> None:
    """Drops the table. Versions without it take everything for projected, so everything must be."""
    projected = op.get_bind().execute(sa.select(PROJECTED.c.sequence)).scalar()
    if projected != newest():
        raise CommandError("the projections are behind: start Hyper-Sim on this database once and stop it")
    op.drop_table("projected")
