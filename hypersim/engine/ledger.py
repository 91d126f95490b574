"""Double-entry money: balances move by transfers only, and holds are the first half of two-phase transfers.

Every asset sums to zero over all accounts: the outside world is account HOUSE, which goes negative for what users
were given. The ledger knows no prices and no orders. Amounts have scale 16 (hypersim.units).
"""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from hypersim.engine.events import BalanceChanged, EntryKind

HOUSE = 0
"""The outside world: unlimited credit, no fees, no orders of its own."""

FEES = -1
"""The exchange's fee income."""


class Balance:
    """What an account has of an asset: free, and locked by holds."""

    __slots__ = ("account_id", "asset", "free", "locked", "place")

    def __init__(self, account_id: int, asset: str, free: int = 0, locked: int = 0) -> None:
        self.account_id = account_id
        self.asset = asset
        self.free = free
        self.locked = locked
        self.place = -1
        """Of its latest entry, counted over all that the ledger ever made."""


class Accounts(dict[int, Balance]):
    """The balances of one asset, by account: one that is asked for is there from then on."""

    def __init__(self, asset: str) -> None:
        super().__init__()
        self._asset = asset

    def __missing__(self, account_id: int) -> Balance:
        balance = self[account_id] = Balance(account_id, self._asset)
        return balance


class Party(Struct, frozen=True, gc=False):
    """Who pays or receives, and what its entries say of why."""

    account_id: int
    kind: EntryKind
    reference: str


class Ledger:
    """Balances of all accounts, and the entries since they were last drained.

    A caller checks funds before it moves them: a hold or transfer that a user's balance does not cover is a bug of
    ours and fails an assertion.
    """

    def __init__(self) -> None:
        self._accounts: dict[str, Accounts] = {}
        """By asset."""
        self._entries: list[BalanceChanged] = []
        """Since the last drain: each as it would be told if nothing followed."""
        self._drained = 0
        """How many entries there were before these."""
        self._places: dict[tuple[Balance, EntryKind, str], int] = {}
        """Of the entries of those balances that have several."""
        self._empty = False
        """Whether an entry may have come to nothing."""
        self._overtaken = False
        """Whether an entry grew after its balance had got another, which tells of a balance that was not yet."""

    def free(self, account_id: int, asset: str) -> int:
        """What an account can spend of an asset."""
        accounts = self._accounts.get(asset)
        return accounts[account_id].free if accounts is not None and account_id in accounts else 0

    def balance(self, account_id: int, asset: str) -> tuple[int, int]:
        """What an account has of an asset: free, and locked."""
        accounts = self._accounts.get(asset)
        if accounts is None or account_id not in accounts:
            return 0, 0
        balance = accounts[account_id]
        return balance.free, balance.locked

    def balances(self) -> Iterator[tuple[int, str, int, int]]:
        """(account, asset, free, locked), ordered by account and asset."""
        every = (balance for accounts in self._accounts.values() for balance in accounts.values())
        for balance in sorted(every, key=lambda each: (each.account_id, each.asset)):
            yield balance.account_id, balance.asset, balance.free, balance.locked

    def restore(self, account_id: int, asset: str, free: int, locked: int) -> None:
        """Puts a balance of a snapshot back; records no entry."""
        self._of(asset)[account_id] = Balance(account_id, asset, free, locked)

    def hold(self, account_id: int, asset: str, amount: int, kind: EntryKind, reference: str) -> None:
        """First phase: free becomes locked."""
        if not amount:
            return  # nothing moves, and there may be no balance of an asset that the account never had
        balance = self._accounts[asset][account_id]
        assert 0 <= amount <= balance.free, (account_id, asset, amount, balance.free)
        balance.free -= amount
        balance.locked += amount
        self._enter(balance, -amount, amount, kind, reference)

    def release(self, account_id: int, asset: str, amount: int, kind: EntryKind, reference: str) -> None:
        """Voids a hold or a part of it: locked becomes free."""
        if not amount:
            return
        balance = self._accounts[asset][account_id]
        assert 0 <= amount <= balance.locked, (account_id, asset, amount, balance.locked)
        balance.free += amount
        balance.locked -= amount
        self._enter(balance, amount, -amount, kind, reference)

    def transfer(
        self, asset: str, amount: int, payer: Party, receiver: Party, fee: int = 0, collector: Party | None = None
    ) -> None:
        """Second phase: an amount leaves what the payer holds and arrives at the receiver, less a fee for a collector.

        The house pays without a hold.
        """
        assert 0 <= fee <= amount, (asset, amount, fee)
        accounts = self._accounts.get(asset) or self._of(asset)
        balance = accounts[payer.account_id]
        if payer.account_id == HOUSE:
            balance.free -= amount
            self._enter(balance, -amount, 0, payer.kind, payer.reference)
        else:
            assert amount <= balance.locked, (payer, asset, amount, balance.locked)
            balance.locked -= amount
            self._enter(balance, 0, -amount, payer.kind, payer.reference)
        balance = accounts[receiver.account_id]
        balance.free += amount - fee
        self._enter(balance, amount - fee, 0, receiver.kind, receiver.reference)
        if collector is not None:
            balance = accounts[collector.account_id]
            balance.free += fee
            self._enter(balance, fee, 0, collector.kind, collector.reference)

    def charge(self, asset: str, fee: int, payer: Party, collector: Party) -> None:
        """Takes a fee from what is free, without a hold before."""
        if not fee:
            return
        accounts = self._accounts[asset]
        balance = accounts[payer.account_id]
        assert 0 <= fee <= balance.free, (payer, asset, fee, balance.free)
        balance.free -= fee
        self._enter(balance, -fee, 0, payer.kind, payer.reference)
        balance = accounts[collector.account_id]
        balance.free += fee
        self._enter(balance, fee, 0, collector.kind, collector.reference)

    def deposit(self, account_id: int, asset: str, amount: int, kind: EntryKind, reference: str) -> None:
        """Moves an amount from the outside world to an account."""
        self.transfer(asset, amount, Party(HOUSE, kind, reference), Party(account_id, kind, reference))

    def _of(self, asset: str) -> Accounts:
        accounts = self._accounts.get(asset)
        if accounts is None:
            accounts = self._accounts[asset] = Accounts(asset)
        return accounts

    def _enter(self, balance: Balance, free: int, locked: int, kind: EntryKind, reference: str) -> None:
        """Enters what was moved just now: by itself, or with what has the same kind and reference in this command."""
        if balance.place >= self._drained and self._grow(balance, free, locked, kind, reference):
            return
        if not (free or locked):
            self._empty = True
        balance.place = self._drained + len(self._entries)
        self._entries.append(
            BalanceChanged(
                account_id=balance.account_id,
                asset=balance.asset,
                kind=kind,
                free_change=free,
                locked_change=locked,
                free=balance.free,
                locked=balance.locked,
                reference=reference,
            )
        )

    def _grow(self, balance: Balance, free: int, locked: int, kind: EntryKind, reference: str) -> bool:
        """Enters it with what is there of this kind and reference; whether there is anything.

        The balance has been moved before in this command.
        """
        entries, place = self._entries, balance.place
        entry = entries[place - self._drained]
        if entry.kind is not kind or entry.reference != reference:
            self._places[balance, entry.kind, entry.reference] = place
            place = self._places.get((balance, kind, reference), -1)
            if place < 0:
                return False
            self._overtaken = True
            balance.place = place
            entry = entries[place - self._drained]
        free, locked = free + entry.free_change, locked + entry.locked_change
        if not (free or locked):
            self._empty = True
        entries[place - self._drained] = replace(
            entry, free_change=free, locked_change=locked, free=balance.free, locked=balance.locked
        )
        return True

    def drain(self) -> list[BalanceChanged]:
        """The entries since the last call, one per account, asset, kind and reference, with the balance after each."""
        entries = self._entries
        if self._places:
            self._places.clear()
            if self._overtaken:
                self._follow()
        self._entries = []
        self._drained += len(entries)
        if self._empty:
            self._empty = False
            entries = [entry for entry in entries if entry.free_change or entry.locked_change]
        return entries

    def _follow(self) -> None:
        """Lets every entry tell of the balance after it, backwards from the balances as they are now."""
        after: dict[tuple[int, str], tuple[int, int]] = {}
        for place, entry in reversed([*enumerate(self._entries)]):
            key = entry.account_id, entry.asset
            free, locked = after.get(key) or self.balance(*key)
            after[key] = free - entry.free_change, locked - entry.locked_change
            self._entries[place] = replace(entry, free=free, locked=locked)
        self._overtaken = False

    def check(self) -> None:
        """Every asset sums to zero, and only the house is ever negative."""
        sums: dict[str, int] = {}
        for account_id, asset, free, locked in self.balances():
            sums[asset] = sums.get(asset, 0) + free + locked
            assert locked >= 0, (account_id, asset, locked)
            assert free >= 0 or account_id == HOUSE, (account_id, asset, free)
            assert locked == 0 or account_id > 0, (account_id, asset, locked)
        assert not any(sums.values()), sums
