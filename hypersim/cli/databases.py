"""`hypersim migrate`, `verify` and `user`: what is done to a database while no exchange serves it."""

import argparse
import asyncio
from pathlib import Path

import msgspec

from hypersim import units
from hypersim.cli import Commands
from hypersim.clock import WallClock
from hypersim.errors import Refused, SettingsError, StartError
from hypersim.feeds.binance.listing import has_say, list_markets
from hypersim.identity import BadPublicKey, PublicKey, read_public_key
from hypersim.kept import keep
from hypersim.marketsfile import read_markets
from hypersim.masterkey import require_master_key
from hypersim.resources import folder
from hypersim.settings import Settings, read_settings
from hypersim.store.database import open_database
from hypersim.store.verify import verify
from hypersim.views.views import Views


def add(commands: Commands) -> None:
    """Adds the commands."""
    migrate = commands.add_parser("migrate", help="make or update the tables, and nothing else")
    migrate.set_defaults(run=run_migrate)
    check = commands.add_parser("verify", help="replay what is stored and prove that it is right; only reads")
    check.set_defaults(run=run_verify)
    user = commands.add_parser("user", help="accounts of an exchange that is stopped")
    actions = user.add_subparsers(required=True, metavar="ACTION")
    added = actions.add_parser("add", help="open an account and print its key and secret, this once")
    added.add_argument("--label", default="", help="what you call it")
    added.add_argument(
        "--balance", action="append", default=[], metavar="ASSET=AMOUNT", help="such as USDT=1000; may repeat"
    )
    added.add_argument(
        "--public-key", metavar="FILE", type=Path, help="the key's public half (PEM), in place of a secret"
    )
    added.set_defaults(run=run_user_add)
    for parser in (migrate, check, added):
        parser.add_argument("--database-url", help="where the world is kept (HYPERSIM_DATABASE_URL)")


def run_migrate(chosen: argparse.Namespace) -> int:
    """Applies the migrations."""
    database = open_database(_settings(chosen).database_url)
    try:
        print(f"the tables of {database.where} are those of this version")
    finally:
        database.close()
    return 0


def run_verify(chosen: argparse.Namespace) -> int:
    """Compares all that is stored with what it must be."""
    settings = _settings(chosen)
    if not settings.kept:
        raise SettingsError(f"{settings.database_url} is a world in memory, which keeps nothing to verify")
    found = verify(settings.database_url)
    print(
        f"all is right: commands {found.first_sequence} to {found.sequence} were replayed and led to what is "
        f"recorded, {found.snapshots} snapshots included; after command {found.projected} "
        f"{found.ledger_entries} ledger entries sum to zero and to the balances of {found.accounts} accounts with "
        f"{found.open_orders} open orders; "
        f"state {found.state_hash}"
    )
    return 0


def run_user_add(chosen: argparse.Namespace) -> int:
    """Opens an account."""
    balances = tuple(_balance(text) for text in chosen.balance)
    public_key = None if chosen.public_key is None else _public_key(chosen.public_key)
    print(asyncio.run(_add_user(_settings(chosen), balances, chosen.label, public_key)))
    return 0


async def _add_user(
    settings: Settings, balances: tuple[tuple[str, int], ...], label: str, public_key: PublicKey | None
) -> str:
    require_master_key(settings)
    file, clock = read_markets(settings.config / "markets.toml"), WallClock()
    # no upstream is asked here, so the markets stay as they are
    listed = list_markets(file, settings, settings.feed, None, silent=has_say(file, settings.feed)).assets_alone()
    database = open_database(settings.database_url)
    try:
        async with keep(settings, listed, database, Views(), clock) as kept:
            try:
                issued = await kept.open_account(balances, label=label, public_key=public_key)
            except Refused as refused:
                raise StartError(f"refused: {refused.reason.value}") from None
    finally:
        database.close()
    account = {"accountId": issued.row.account_id, "apiKey": issued.row.api_key}
    if issued.secret is not None:
        account["secretKey"] = issued.secret
    return msgspec.json.encode(account).decode()


def _public_key(path: Path) -> PublicKey:
    try:
        return read_public_key(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, BadPublicKey) as error:
        raise SettingsError(f"--public-key {path}: {error}") from None


def _balance(text: str) -> tuple[str, int]:
    asset, _, amount = text.partition("=")
    try:
        return asset, units.to_amount(units.parse(amount))
    except ValueError:
        raise SettingsError(f"--balance {text!r}: such as USDT=1000 is wanted") from None


def _settings(chosen: argparse.Namespace) -> Settings:
    given = {"database_url": chosen.database_url} if chosen.database_url else {}
    return read_settings(folder("config"), given)
