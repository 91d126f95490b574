"""Alembic's environment. The exchange brings its connection; a developer names a database by `-x url=...`."""

from alembic import context
from sqlalchemy import Connection, create_engine

from hypersim.store.tables import metadata


def run(connection: Connection) -> None:
    """Runs the migrations asked for, in one transaction where the database can."""
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with create_engine(context.get_x_argument(as_dictionary=True)["url"]).begin() as own:
        run(own)
