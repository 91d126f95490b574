"""Double-entry money: balances move by transfers only, and holds are the first half of two-phase transfers.

Every asset sums to zero over all accounts: the outside world is account HOUSE, which goes negative for what users
were given. The ledger knows no prices and no orders. Amounts have scale 16 (hypersim.units).
"""

from collections.abc import Iterator

from msgspec import Struct

from hypersim.engine.events import BalanceChanged, EntryKind

HOUSE = 0
"""The outside world: unlimited credit, no fees, no orders of its own."""

FEES = -1
"""The exchange's fee income."""


class Balance:
    """What an account has of an asset: free, and locked by holds."""

    __slots__ = ("free", "locked")

    def __init__(self, free: int = 0, locked: int = 0) -> None:
        self.free = free
        self.locked = locked


class Entry(Struct, gc=False):
    """What one kind of movement with one reference did to a balance so far."""

    balance: Balance
    free: int
    locked: int


class Ledger:
    """Balances of all accounts, and the entries since they were last drained.

    A caller checks funds before it moves them: a hold or transfer that a user's balance does not cover is a bug of
    ours and fails an assertion.
    """

    def __init__(self) -> None:
        self._balances: dict[tuple[int, str], Balance] = {}
        self._entries: dict[tuple[int, str, EntryKind, str], Entry] = {}

    def free(self, account_id: int, asset: str) -> int:
        """What an account can spend of an asset."""
        balance = self._balances.get((account_id, asset))
        return balance.free if balance is not None else 0

    def balance(self, account_id: int, asset: str) -> tuple[int, int]:
        """What an account has of an asset: free, and locked."""
        balance = self._balances.get((account_id, asset))
        return (balance.free, balance.locked) if balance is not None else (0, 0)

    def balances(self) -> Iterator[tuple[int, str, int, int]]:
        """(account, asset, free, locked), ordered by account and asset."""
        for (account_id, asset), balance in sorted(self._balances.items()):
            yield account_id, asset, balance.free, balance.locked

    def restore(self, account_id: int, asset: str, free: int, locked: int) -> None:
        """Puts a balance of a snapshot back; records no entry."""
        self._balances[account_id, asset] = Balance(free, locked)

    def hold(self, account_id: int, asset: str, amount: int, kind: EntryKind, reference: str) -> None:
        """First phase: free becomes locked."""
        if not amount:
            return  # nothing moves, and there may be no balance of an asset that the account never had
        balance = self._balances[account_id, asset]
        assert 0 <= amount <= balance.free, (account_id, asset, amount, balance.free)
        self._move(balance, (account_id, asset, kind, reference), -amount, amount)

    def release(self, account_id: int, asset: str, amount: int, kind: EntryKind, reference: str) -> None:
        """Voids a hold or a part of it: locked becomes free."""
        if not amount:
            return
        balance = self._balances[account_id, asset]
        assert 0 <= amount <= balance.locked, (account_id, asset, amount, balance.locked)
        self._move(balance, (account_id, asset, kind, reference), amount, -amount)

    def settle(self, account_id: int, asset: str, amount: int, kind: EntryKind, reference: str) -> None:
        """Second phase, debit side: an amount leaves the account's hold; the house pays without one."""
        key = (account_id, asset, kind, reference)
        if account_id == HOUSE:
            self._move(self._opened(account_id, asset), key, -amount, 0)
            return
        balance = self._balances[account_id, asset]
        assert 0 <= amount <= balance.locked, (account_id, asset, amount, balance.locked)
        self._move(balance, key, 0, -amount)

    def credit(self, account_id: int, asset: str, amount: int, kind: EntryKind, reference: str) -> None:
        """Second phase, credit side: an amount arrives. Every settle and charge has credits of the same sum."""
        assert amount >= 0
        self._move(self._opened(account_id, asset), (account_id, asset, kind, reference), amount, 0)

    def charge(self, account_id: int, asset: str, amount: int, kind: EntryKind, reference: str) -> None:
        """Debits what is free, without a hold before."""
        if not amount:
            return
        balance = self._balances[account_id, asset]
        assert 0 <= amount <= balance.free, (account_id, asset, amount, balance.free)
        self._move(balance, (account_id, asset, kind, reference), -amount, 0)

    def deposit(self, account_id: int, asset: str, amount: int, kind: EntryKind, reference: str) -> None:
        """Moves an amount from the outside world to an account."""
        self.settle(HOUSE, asset, amount, kind, reference)
        self.credit(account_id, asset, amount, kind, reference)

    def _opened(self, account_id: int, asset: str) -> Balance:
        balance = self._balances.get((account_id, asset))
        if balance is None:
            balance = self._balances[account_id, asset] = Balance()
        return balance

    def _move(self, balance: Balance, key: tuple[int, str, EntryKind, str], free: int, locked: int) -> None:
        balance.free += free
        balance.locked += locked
        entry = self._entries.get(key)
        if entry is None:
            self._entries[key] = Entry(balance, free, locked)
        else:
            entry.free += free
            entry.locked += locked

    def drain(self) -> list[BalanceChanged]:
        """The entries since the last call, one per account, asset, kind and reference, with the balance after each."""
        if not self._entries:
            return []
        # Backwards from the balances as they are now: one pass, and most balances have only one entry.
        before: dict[Balance, tuple[int, int]] = {}
        changes = []
        for (account_id, asset, kind, reference), entry in reversed(self._entries.items()):
            balance = entry.balance
            free, locked = before.get(balance) or (balance.free, balance.locked)
            before[balance] = (free - entry.free, locked - entry.locked)
            if entry.free or entry.locked:
                changes.append(
                    BalanceChanged(
                        account_id=account_id,
                        asset=asset,
                        kind=kind,
                        free_change=entry.free,
                        locked_change=entry.locked,
                        free=free,
                        locked=locked,
                        reference=reference,
                    )
                )
        changes.reverse()
        self._entries = {}
        return changes

    def check(self) -> None:
        """Every asset sums to zero, and only the house is ever negative."""
        sums: dict[str, int] = {}
        for (account_id, asset), balance in self._balances.items():
            sums[asset] = sums.get(asset, 0) + balance.free + balance.locked
            assert balance.locked >= 0, (account_id, asset, balance.locked)
            assert balance.free >= 0 or account_id == HOUSE, (account_id, asset, balance.free)
            assert balance.locked == 0 or account_id > 0, (account_id, asset, balance.locked)
        assert not any(sums.values()), sums
