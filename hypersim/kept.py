"""What is kept of a world - commands, keys, facts - opened by its one writer, in line with the settings.

Guarantees that recovery was proved right and that assets, markets and the demo account are there before
anybody else asks for anything; and that leaving the block stores everything that was taken. Knows no feed and
no HTTP.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

from hypersim.ask import Ask, FactRow, KeyKind, ask_in_order
from hypersim.clock import Clock
from hypersim.engine.commands import Advance, Command, OpenAccount
from hypersim.errors import Refused, StartError, StoreError
from hypersim.identity import BadPublicKey, Credentials, KeyRing, MasterKey, PublicKey, WrongMasterKey
from hypersim.markets import Listed, Remembered, differences
from hypersim.masterkey import master_key
from hypersim.settings import DEMO_KEY, DEMO_SECRET, DEMO_USER, Settings
from hypersim.store.database import DRIVER_ERRORS, Database, explained
from hypersim.store.facts import read_facts
from hypersim.store.journal import SqlJournal
from hypersim.store.people import load_keys
from hypersim.units import AMOUNT_ONE
from hypersim.views.views import Views
from hypersim.writer import Writer

RULED: Final = "upstream_rules"
HALTED: Final = "upstream_halts"
"""The names of the facts that are kept of the upstream."""
DEMO_BALANCES: Final = (("USDT", 10_000 * AMOUNT_ONE),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A world that serves commands."""

    listed: Listed
    """What markets.toml and the upstream list, cut down to the symbols that were asked for."""
    database: Database
    views: Views
    writer: Writer
    keys: KeyRing
    account_ids: Iterator[int]
    """The next account's id, never given before."""
    clock: Clock

    async def open_account(
        self,
        balances: tuple[tuple[str, int], ...],
        *,
        label: str = "",
        api_key: str | None = None,
        secret: str | None = None,
        public_key: PublicKey | None = None,
        fees: tuple[int, int] | None = None,
    ) -> Credentials:
        """Opens an account with a key of its own: of the public half that is given, or with a secret. `fees` are
        the maker's and the taker's rate, scale 8, otherwise the listed ones. Raises Refused.
        """
        maker_rate, taker_rate = fees or (self.listed.maker_rate, self.listed.taker_rate)
        account_id = next(self.account_ids)
        command = OpenAccount(
            account_id=account_id,
            maker_rate=maker_rate,
            taker_rate=taker_rate,
            balances=balances,
        )
        issued = self.keys.issue(
            account_id, self.clock.now_us(), label=label, api_key=api_key, secret=secret, public_key=public_key
        )
        return await self._store(command, issued)

    async def add_key(
        self,
        account_id: int,
        *,
        label: str = "",
        api_key: str | None = None,
        secret: str | None = None,
        public_key: PublicKey | None = None,
    ) -> Credentials:
        """A further key of an account that there is. Raises Refused."""
        issued = self.keys.issue(
            account_id, self.clock.now_us(), label=label, api_key=api_key, secret=secret, public_key=public_key
        )
        return await self._store(Advance(), issued)

    async def _store(self, command: Command, issued: Credentials) -> Credentials:
        """The key, in use once it is durable with its command."""
        await self.writer.ask(command, rows=[issued.row])
        self.keys.add(issued.row)
        return issued

    @property
    def ask(self) -> Ask:
        return self.writer.ask

    @property
    def memory(self) -> "UpstreamMemory":
        """What the world keeps of its upstream."""
        return UpstreamMemory(self.database, self.ask)

    async def bring_in_line(self, listed: Listed) -> None:
        """Lists these markets. Raises Refused, and StartError for a symbol that nobody has."""
        data = self.views.marketdata
        markets = {symbol: view.market for symbol, view in data.markets.items()}
        for symbol, sentence in listed.unknown.items():
            if symbol not in markets:
                raise StartError(sentence)
        before = await self.memory.read()
        after = listed.remember(before, markets)
        await self.memory.write(before | after)  # until it is done, either may be what the world has
        await ask_in_order(self.ask, differences(listed, data.assets.values(), markets, before, data.limits))
        await self.memory.write(after)


@asynccontextmanager
async def keep(
    settings: Settings,
    listed: Listed,
    database: Database,
    views: Views,
    clock: Clock,
    first: Callable[[], Iterable[Command]] = tuple,
) -> AsyncIterator[Kept]:
    """Recovers the world in a database and brings it in line with the settings. Raises StartError.

    `first`: what the world is told before anything else can happen in it.
    """
    journal = SqlJournal(database, keep=settings.journal_keep)
    writer = Writer(journal, views, clock, reports=database.folder)
    try:
        try:
            await writer.start(first)
        except DRIVER_ERRORS as error:  # such as a full disk, which projections that are behind do not fit on
            raise StoreError(f"cannot use {database.where}: {explained(error)}") from error
        kept = Kept(
            listed=listed,
            database=database,
            views=views,
            writer=writer,
            keys=await asyncio.to_thread(read_keys, settings, database),
            account_ids=count(views.accounts.newest_id() + 1),
            clock=clock,
        )
        try:
            await kept.bring_in_line(listed)
        except Refused as refused:
            raise StartError(f"the markets cannot be listed: {refused.reason.value}") from None
        if settings.open and DEMO_KEY not in kept.keys:
            await kept.open_account(DEMO_BALANCES, label=DEMO_USER, api_key=DEMO_KEY, secret=DEMO_SECRET)
        yield kept
    finally:
        await writer.stop()


def read_keys(settings: Settings, database: Database) -> KeyRing:
    """Every API key that is stored. Raises StartError when the master key is missing or another one, or when what is
    stored is no key.
    """
    rows = load_keys(database)
    if not settings.open:  # its secret is published
        rows = [row for row in rows if row.api_key != DEMO_KEY]
    in_use = any(row.kind is KeyKind.HMAC for row in rows)
    ring = KeyRing(MasterKey(master_key(settings, key_file(database), in_use=in_use)))
    try:
        ring.load(rows)
    except WrongMasterKey as error:
        raise StartError(f"{error}: the master key is not the one that this database was begun with") from None
    except BadPublicKey as error:
        raise StoreError(f"the database is damaged: of a key's public half, {error}") from None
    return ring


def key_file(database: Database) -> Path | None:
    """Where the master key of a database lies when it is made here; None for a world that is not kept."""
    if not database.durable:
        return None
    if database.dialect == "sqlite":
        return Path(f"{database.where}.key")
    return database.folder / "hypersim.key"


class UpstreamMemory:
    """What a world keeps of the last upstream that it heard, among its facts."""

    def __init__(self, database: Database, ask: Ask) -> None:
        self._database, self._ask = database, ask

    async def read(self) -> Remembered:
        """Raises StoreError when the database does not answer."""
        try:
            return await asyncio.to_thread(read_remembered, self._database)
        except DRIVER_ERRORS as error:
            raise StoreError(f"the database does not answer: {explained(error)}") from None

    async def write(self, remembered: Remembered) -> None:
        """Returns once it is durable. Raises Refused."""
        if remembered == await self.read():
            return
        facts = {RULED: remembered.ruled, HALTED: remembered.halted}
        rows = [FactRow(name, " ".join(sorted(symbols))) for name, symbols in facts.items()]
        await self._ask(Advance(), rows=rows)


def read_remembered(database: Database) -> Remembered:
    """What a world keeps of the last upstream that it heard."""
    kept = read_facts(database)
    return Remembered(*(frozenset(kept.get(name, "").split()) for name in (RULED, HALTED)))
