"""Clearing: what a trade moves between its two parties, of whom one may be the house, and what it takes as fees."""

from typing import Final

from msgspec import Struct

from hypersim.engine.account import Account
from hypersim.engine.events import EntryKind
from hypersim.engine.fees import Fee, LastPrice, fee_of
from hypersim.engine.ledger import FEES, HOUSE, Ledger
from hypersim.engine.orders import Order
from hypersim.units import fee_rounded_down

ORDER: Final = EntryKind.ORDER
FILL: Final = EntryKind.FILL
FEE: Final = EntryKind.FEE


class Party(Struct, frozen=True, gc=False):
    """One of the two who trade: an account by one of its orders, or the house, which has no account."""

    account: Account | None
    account_id: int
    kind: EntryKind
    """Of its entries: whoever takes acts by itself, whoever made is filled by somebody else's action."""
    reference: str
    rate: int
    """Of its fees, scale 8."""


class Clearing:
    """How the trades of one market move money. Amounts have scale 16."""

    def __init__(self, symbol: str, ledger: Ledger, accounts: dict[int, Account], last_price: LastPrice) -> None:
        """`last_price` is that of any market of the exchange."""
        self._symbol = symbol
        self._ledger = ledger
        self._accounts = accounts
        self._last_price = last_price
        self._house = Party(None, HOUSE, FILL, symbol, 0)

    def taker(self, order: Order | None) -> Party:
        """The party who takes by this order; None is the house."""
        if order is None:
            return self._house
        account = self._accounts[order.account_id]
        return Party(account, order.account_id, ORDER, order.reference, account.taker_rate)

    def maker(self, order: Order | None) -> Party:
        """The party whose order is taken; None is the house."""
        if order is None:
            return self._house
        account = self._accounts[order.account_id]
        return Party(account, order.account_id, FILL, order.reference, account.maker_rate)

    def pass_on(self, asset: str, amount: int, payer: Party, receiver: Party) -> Fee:
        """Moves an amount from what one holds to what the other has, and takes the fee of who receives; returns it."""
        ledger, account = self._ledger, receiver.account
        ledger.settle(payer.account_id, asset, amount, payer.kind, payer.reference)
        if account is None:
            ledger.credit(HOUSE, asset, amount, receiver.kind, receiver.reference)
            return asset, 0
        if account.spot_bnb_burn:
            fee_asset, fee = fee_of(account, asset, amount, receiver.rate, self._last_price, ledger.free)
        else:
            fee_asset, fee = asset, fee_rounded_down(amount, receiver.rate)
        if fee_asset == asset:
            ledger.credit(receiver.account_id, asset, amount - fee, receiver.kind, receiver.reference)
        else:
            ledger.credit(receiver.account_id, asset, amount, receiver.kind, receiver.reference)
            ledger.charge(receiver.account_id, fee_asset, fee, receiver.kind, receiver.reference)
        if fee:
            ledger.credit(FEES, fee_asset, fee, FEE, self._symbol)
        return fee_asset, fee
