"""Withdrawals: what they are, and the states that they go through."""

import enum

from msgspec import Struct


class WithdrawalStatus(enum.StrEnum):
    """Where a withdrawal stands. It leaves PROCESSING once, for good."""

    PROCESSING = "processing"
    """Its money is held; the network has not confirmed it yet."""
    COMPLETED = "completed"
    """Its money is outside."""
    CANCELLED = "cancelled"
    """Called back before it left; its money is the account's again, as after FAILED."""
    FAILED = "failed"
    """The network did not take it."""


class Withdrawal(Struct, frozen=True, gc=False, kw_only=True):
    """A withdrawal as it stands; every change makes a new value. Times in microseconds UTC."""

    withdrawal_id: str
    account_id: int
    asset: str
    network: str
    address: str
    address_tag: str
    amount: int
    """What arrives outside, scale 16."""
    fee: int
    """What the account pays for it beside that, scale 16."""
    client_id: str
    """The account's own name for it, empty where it has none."""
    status: WithdrawalStatus = WithdrawalStatus.PROCESSING
    applied_us: int
    due_us: int
    """When the network confirms it, if nothing comes in between."""
    ended_us: int = 0
    """When it left PROCESSING; 0 before."""

    @property
    def held(self) -> int:
        """What it holds while it is on its way, scale 16."""
        return self.amount + self.fee
