"""Clearing: what a trade moves between its two parties, of whom one may be the house, and what it takes as fees."""

from typing import Final

from hypersim.engine.account import Account
from hypersim.engine.events import EntryKind
from hypersim.engine.fees import Fee, LastPrice, fee_of
from hypersim.engine.ledger import FEES, HOUSE, Ledger, Party
from hypersim.engine.orders import Order
from hypersim.units import fee_rounded_down

ORDER: Final = EntryKind.ORDER
FILL: Final = EntryKind.FILL


class Trader(Party, frozen=True, gc=False):
    """One of the two who trade: an account by one of its orders, or the house, which has no account.

    Who takes acts by itself, who made is filled by somebody else's action: that is the kind of its entries.
    """

    account: Account | None
    rate: int
    """Of its fees, scale 8."""


class Clearing:
    """How the trades of one market move money. Amounts have scale 16."""

    def __init__(self, symbol: str, ledger: Ledger, accounts: dict[int, Account], last_price: LastPrice) -> None:
        """`last_price` is that of any market of the exchange."""
        self._ledger = ledger
        self._accounts = accounts
        self._last_price = last_price
        self._house = Trader(HOUSE, FILL, symbol, None, 0)
        self._fees = Party(FEES, EntryKind.FEE, symbol)

    def taker(self, order: Order | None) -> Trader:
        """Who takes by this order; None is the house."""
        if order is None:
            return self._house
        account = self._accounts[order.account_id]
        return Trader(order.account_id, ORDER, order.reference, account, account.taker_rate)

    def maker(self, order: Order | None) -> Trader:
        """Whose order is taken; None is the house."""
        if order is None:
            return self._house
        account = self._accounts[order.account_id]
        return Trader(order.account_id, FILL, order.reference, account, account.maker_rate)

    def pass_on(self, asset: str, amount: int, payer: Trader, receiver: Trader) -> Fee:
        """Moves an amount from what one holds to what the other has, and takes the fee of who receives; returns it."""
        ledger, account = self._ledger, receiver.account
        if account is None:
            ledger.transfer(asset, amount, payer, receiver)
            return asset, 0
        if account.spot_bnb_burn:
            fee_asset, fee = fee_of(account, asset, amount, receiver.rate, self._last_price, ledger.free)
            if fee_asset != asset:
                ledger.transfer(asset, amount, payer, receiver)
                ledger.charge(fee_asset, fee, receiver, self._fees)
                return fee_asset, fee
        else:
            fee = fee_rounded_down(amount, receiver.rate)
        ledger.transfer(asset, amount, payer, receiver, fee, self._fees if fee else None)
        return asset, fee
