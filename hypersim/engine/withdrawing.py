"""Withdrawing: a two-phase transfer to the outside world.

Applying holds the amount and its fee. What is held leaves when the network confirms it, which is due by time, or
comes back when the withdrawal is cancelled or fails. What an account names by an id of its own leaves at most once,
for as long as this world lasts: withdrawals are rare beside orders, so each such id is kept.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec.structs import replace

from hypersim.engine.commands import EndWithdrawal, Withdraw
from hypersim.engine.events import EntryKind, Event, WithdrawalChanged
from hypersim.engine.ledger import FEES, HOUSE, Ledger, Party
from hypersim.engine.withdrawal import Withdrawal, WithdrawalStatus
from hypersim.errors import Reason, Refused
from hypersim.units import show_amount

PROCESSING: Final = WithdrawalStatus.PROCESSING
WITHDRAWAL: Final = EntryKind.WITHDRAWAL
NONE_USED: Final[frozenset[str]] = frozenset()


class Withdrawals:
    """What is on its way out of the exchange. Amounts have scale 16, times are microseconds."""

    def __init__(self, ledger: Ledger, events: list[Event]) -> None:
        self._ledger = ledger
        self._events = events
        self._pending: dict[str, Withdrawal] = {}
        self._client_ids: dict[int, set[str]] = {}
        """By account, of all withdrawals that ever were."""

    def apply(self, command: Withdraw, time_us: int) -> None:
        """Holds what a withdrawal needs. The account and the asset exist."""
        if command.amount <= 0 or command.fee < 0:
            raise Refused(Reason.BAD_QUANTITY)
        used = self._client_ids.get(command.account_id, NONE_USED)
        if command.client_id in used:
            raise Refused(Reason.DUPLICATE_WITHDRAWAL)
        available, required = self._ledger.free(command.account_id, command.asset), command.amount + command.fee
        if required > available:
            details = command.asset, show_amount(available), show_amount(required)
            raise Refused(Reason.NOT_ENOUGH_TO_WITHDRAW, *details)
        assert command.withdrawal_id not in self._pending, command.withdrawal_id
        withdrawal = Withdrawal(
            withdrawal_id=command.withdrawal_id,
            account_id=command.account_id,
            asset=command.asset,
            network=command.network,
            address=command.address,
            address_tag=command.address_tag,
            amount=command.amount,
            fee=command.fee,
            client_id=command.client_id,
            applied_us=time_us,
            due_us=time_us + command.confirmation_us,
        )
        if command.client_id:
            self._client_ids.setdefault(command.account_id, set()).add(command.client_id)
        self._pending[withdrawal.withdrawal_id] = withdrawal
        self._ledger.hold(withdrawal.account_id, withdrawal.asset, required, WITHDRAWAL, withdrawal.withdrawal_id)
        self._events.append(WithdrawalChanged(withdrawal))

    def end(self, command: EndWithdrawal, time_us: int) -> None:
        """Ends one before it is due."""
        withdrawal = self._pending.get(command.withdrawal_id)
        if withdrawal is None:
            raise Refused(Reason.WITHDRAWAL_NOT_FOUND)
        self._end(withdrawal, command.status, time_us)

    def advance(self, time_us: int) -> None:
        """Completes what is due, in the order in which it is due."""
        due = [withdrawal for withdrawal in self._pending.values() if withdrawal.due_us <= time_us]
        for withdrawal in sorted(due, key=lambda each: each.due_us):
            self._end(withdrawal, WithdrawalStatus.COMPLETED, time_us)

    def next_due(self) -> int | None:
        """When `advance` has something to do next, if ever."""
        return min((withdrawal.due_us for withdrawal in self._pending.values()), default=None)

    def pending(self) -> Iterator[Withdrawal]:
        """Those on their way, in the order in which they were applied for."""
        yield from self._pending.values()

    def client_ids(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """(account, the ids that it has used), in a canonical order."""
        for account_id, used in sorted(self._client_ids.items()):
            yield account_id, tuple(sorted(used))

    def restore(self, pending: Iterable[Withdrawal], client_ids: Iterable[tuple[int, tuple[str, ...]]]) -> None:
        """Takes those of a snapshot back."""
        self._pending = {withdrawal.withdrawal_id: withdrawal for withdrawal in pending}
        self._client_ids = {account_id: set(used) for account_id, used in client_ids}

    def check(self) -> None:
        """What is on its way holds something, and its id is among those that were used."""
        for withdrawal in self._pending.values():
            assert withdrawal.status is PROCESSING, withdrawal
            assert withdrawal.held > 0, withdrawal
            used = self._client_ids.get(withdrawal.account_id, NONE_USED)
            assert not withdrawal.client_id or withdrawal.client_id in used, withdrawal

    def _end(self, withdrawal: Withdrawal, status: WithdrawalStatus, time_us: int) -> None:
        assert status is not PROCESSING
        account_id, asset, reference = withdrawal.account_id, withdrawal.asset, withdrawal.withdrawal_id
        if status is WithdrawalStatus.COMPLETED:
            payer, outside = Party(account_id, WITHDRAWAL, reference), Party(HOUSE, WITHDRAWAL, reference)
            fees = Party(FEES, EntryKind.FEE, reference)
            self._ledger.transfer(asset, withdrawal.held, payer, outside, withdrawal.fee, fees)
        else:
            self._ledger.release(account_id, asset, withdrawal.held, WITHDRAWAL, reference)
        del self._pending[withdrawal.withdrawal_id]
        self._events.append(WithdrawalChanged(replace(withdrawal, status=status, ended_us=time_us)))
