"""Brings a database to the tables of this version."""

from alembic import command
from alembic.config import Config
from alembic.script.revision import ResolutionError
from alembic.util import CommandError
from sqlalchemy import Connection

from hypersim.errors import StoreError
from hypersim.resources import folder


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration for a connection; no file is needed."""
    config = Config()
    config.set_main_option("script_location", str(folder("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def migrate(connection: Connection) -> None:
    """Applies what is missing, in the caller's transaction. Raises StoreError for a database of a later
    version."""
    try:
        command.upgrade(alembic_config(connection), "head")
    except (CommandError, ResolutionError) as error:
        raise StoreError(f"the database is of a later version of Hyper-Sim ({error})") from error
