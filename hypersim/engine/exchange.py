"""The exchange: a pure function of the commands it was given.

`apply` is the only way in which state changes. It decides by the command, its time stamp and the state alone, so the
same journal always leads to the same state hash. A refused command changes nothing.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from hypersim.engine.account import Account
from hypersim.engine.cancelling import amend_order, cancel_all, cancel_list, cancel_order
from hypersim.engine.changing import change_market
from hypersim.engine.commands import (
    Advance,
    AmendOrder,
    CancelAll,
    CancelList,
    CancelOrder,
    CancelReplace,
    Command,
    Deposit,
    EndWithdrawal,
    OpenAccount,
    OutsideUpdate,
    PlaceList,
    PlaceOrder,
    PutAsset,
    PutLimits,
    PutMarket,
    Reset,
    SetBnbBurn,
    SetFees,
    Stamped,
    TestOrder,
    Withdraw,
)
from hypersim.engine.contingency import Contingencies
from hypersim.engine.events import (
    AccountChanged,
    AssetChanged,
    EntryKind,
    Event,
    LimitsChanged,
    MarketChanged,
    OutsideChanged,
    WorldReset,
)
from hypersim.engine.exchange_filters import check_assets, check_exchange
from hypersim.engine.invariants import check_holds, check_venue
from hypersim.engine.ledger import Ledger
from hypersim.engine.market import UNLIMITED, Asset, Market, MarketStatus
from hypersim.engine.outside import Outside
from hypersim.engine.placing import place_list, place_order, test_order
from hypersim.engine.replacing import cancel_replace
from hypersim.engine.snapshots import restore_venue, venue_state
from hypersim.engine.state import ExchangeState
from hypersim.engine.venue import Venue
from hypersim.engine.withdrawing import Withdrawals
from hypersim.errors import Reason, Refused

RULES = 4
"""The version of the rules: raised whenever `apply` could answer differently than it did."""

OnOpen = CancelOrder | CancelList | CancelAll | AmendOrder
"""What is about open orders of one account in one market."""
Touched = Iterable[Venue]
"""The markets whose books, waiting orders or lists a command may have changed."""


class Exchange:
    """All markets, accounts and money of one world."""

    def __init__(self) -> None:
        self.assets: dict[str, Asset] = {}
        self.accounts: dict[int, Account] = {}
        self.venues: dict[str, Venue] = {}
        self.outsides: dict[str, Outside] = {}
        self._recovering: set[str] = set()
        """Every symbol of which users took something that is yet to come back, and perhaps some more."""
        self.ledger = Ledger()
        self.next_list_id = 1
        self.limits = UNLIMITED
        self._limited = False
        self._events: list[Event] = []
        self.withdrawals = Withdrawals(self.ledger, self._events)
        self._time_us = 0
        self._handlers: Mapping[type[Command], Callable[[Any, int], Touched]] = {
            PlaceOrder: self._place_order,
            PlaceList: self._place_list,
            TestOrder: self._test_order,
            CancelOrder: partial(self._on_open, cancel_order),
            CancelList: partial(self._on_open, cancel_list),
            CancelAll: partial(self._on_open, cancel_all),
            AmendOrder: partial(self._on_open, amend_order),
            CancelReplace: self._cancel_replace,
            OutsideUpdate: self._update_outside,
            Advance: self._advance,
            OpenAccount: self._open_account,
            SetFees: self._set_fees,
            SetBnbBurn: self._set_bnb_burn,
            Deposit: self._deposit,
            Withdraw: self._withdraw,
            EndWithdrawal: self._end_withdrawal,
            PutAsset: self._put_asset,
            PutMarket: self._put_market,
            PutLimits: self._put_limits,
            Reset: self._reset,
        }

    def apply(self, stamped: Stamped) -> list[Event]:
        """Carries a command out and returns what happened; an empty list means that nothing changed.

        Raises Refused, before anything has changed. Time must not go back.
        """
        command, time_us = stamped.command, stamped.time_us
        assert time_us >= self._time_us, (time_us, self._time_us)
        self._events.clear()  # venues hold this very list
        for venue in self._handlers[type(command)](command, time_us):
            if venue.due:
                Contingencies(venue, self.outsides[venue.market.symbol], self.ledger, time_us).settle()
            venue.depth.drain(venue.book)
        self._time_us = time_us
        return [*self._events, *self.ledger.drain()]

    def next_due(self) -> int | None:
        """When `Advance` has something to do next (us), if ever."""
        due = [self.withdrawals.next_due()]
        for symbol in tuple(self._recovering):  # asked after every commit: not for each of a thousand markets
            outside = self.outsides[symbol]
            if not (outside.bids.taken or outside.asks.taken):
                self._recovering.discard(symbol)
            elif self.venues[symbol].market.status is MarketStatus.TRADING:
                due.append(outside.next_due())
        return min((due_us for due_us in due if due_us is not None), default=None)

    # A handler does what its command asks for, and returns the markets in which that may have had consequences.

    def _place_order(self, command: PlaceOrder, time_us: int) -> Touched:
        venue = self._entered((command,), time_us)
        place_order(venue, self.outsides[command.symbol], self.ledger, command, time_us)
        return (venue,)

    def _place_list(self, command: PlaceList, time_us: int) -> Touched:
        venue = self._entered(command.orders, time_us)
        place_list(venue, self.outsides[command.symbol], self.ledger, command, self.next_list_id, time_us)
        self.next_list_id += 1
        return (venue,)

    def _test_order(self, command: TestOrder, time_us: int) -> Touched:
        test_order(self._entered((command.order,), time_us), self.ledger, command.order, time_us)
        return ()

    def _on_open(self, act: Callable[[Venue, Any, int], None], command: OnOpen, time_us: int) -> Touched:
        venue = self._market_of(command)
        act(venue, command, time_us)
        return (venue,)

    def _cancel_replace(self, command: CancelReplace, time_us: int) -> Touched:
        venue = self._entered((command.place,), time_us)
        cancel_replace(venue, self.outsides[command.place.symbol], self.ledger, command, time_us)
        return (venue,)

    def _put_asset(self, command: PutAsset, _time_us: int) -> Touched:
        asset = command.asset
        if self.assets.get(asset.name) != asset:
            self.assets[asset.name] = asset
            self._see_limits()
            self._events.append(AssetChanged(asset))
        return ()

    def _put_market(self, command: PutMarket, time_us: int) -> Touched:
        market = command.market
        for name in (market.base, market.quote):
            if name not in self.assets:
                raise Refused(Reason.NO_SUCH_ASSET)
        venue = self.venues.get(market.symbol)
        if venue is None:
            venue = self.venues[market.symbol] = self._new_venue(market)
            self.outsides[market.symbol] = Outside(venue, self._recovering)
            self._events.append(MarketChanged(market))
        else:
            change_market(venue, self.outsides[market.symbol], market, time_us)
        return (venue,)

    def _put_limits(self, command: PutLimits, _time_us: int) -> Touched:
        if command.limits != self.limits:
            self.limits = command.limits
            self._see_limits()
            self._events.append(LimitsChanged(command.limits))
        return ()

    def _open_account(self, command: OpenAccount, _time_us: int) -> Touched:
        if command.account_id in self.accounts or command.account_id <= 0:
            raise Refused(Reason.DUPLICATE_ACCOUNT)
        for asset, amount in command.balances:
            self._check_deposit(asset, amount)
        account = Account(command.account_id, command.maker_rate, command.taker_rate, command.balances)
        self.accounts[command.account_id] = account
        self._events.append(AccountChanged(command.account_id, command.maker_rate, command.taker_rate))
        for asset, amount in command.balances:
            self.ledger.deposit(command.account_id, asset, amount, EntryKind.OPENING, "")
        return ()

    def _set_fees(self, command: SetFees, _time_us: int) -> Touched:
        account = self._account(command.account_id)
        self._change_account(replace(account, maker_rate=command.maker_rate, taker_rate=command.taker_rate))
        return ()

    def _set_bnb_burn(self, command: SetBnbBurn, _time_us: int) -> Touched:
        account = self._account(command.account_id)
        spot = account.spot_bnb_burn if command.spot is None else command.spot
        interest = account.interest_bnb_burn if command.interest is None else command.interest
        self._change_account(replace(account, spot_bnb_burn=spot, interest_bnb_burn=interest))
        return ()

    def _deposit(self, command: Deposit, _time_us: int) -> Touched:
        self._account(command.account_id)
        self._check_deposit(command.asset, command.amount)
        self.ledger.deposit(command.account_id, command.asset, command.amount, EntryKind.DEPOSIT, command.reference)
        return ()

    def _withdraw(self, command: Withdraw, time_us: int) -> Touched:
        self._account(command.account_id)
        self._check_asset(command.asset)
        self.withdrawals.apply(command, time_us)
        return ()

    def _end_withdrawal(self, command: EndWithdrawal, time_us: int) -> Touched:
        self.withdrawals.end(command, time_us)
        return ()

    def _update_outside(self, command: OutsideUpdate, time_us: int) -> Touched:
        outside = self.outsides.get(command.symbol)
        if outside is None:
            raise Refused(Reason.BAD_SYMBOL)
        venue = outside.venue
        outside.guard(command.prints, command.ladder)
        if command.last_price < 0:
            raise Refused(Reason.BAD_PRICE)
        begins = command.last_price > 0 and not venue.last_price
        if begins:
            venue.tape.last_price = command.last_price
        trading = venue.market.status is MarketStatus.TRADING
        if trading:
            for trade in command.prints:
                outside.print(trade, time_us)
        if command.ladder is not None:
            changed, unknown = outside.note(command.ladder)
            if command.resumes_us:  # what grew while nobody listened may have grown before its users came
                unknown = changed
            if trading:
                outside.lay(time_us, changed, unknown)
            elif not outside.known:  # to withdraw is no trade: a halted market shows nothing that is not there
                outside.lay(time_us, outside.prices())
        if command.prints or command.ladder is not None or begins:
            self._events.append(
                OutsideChanged(symbol=command.symbol, source_time_us=command.source_time_us, known=outside.known)
            )
        return (venue,)

    def _advance(self, _command: Advance, time_us: int) -> Touched:
        for symbol, outside in self.outsides.items():
            trading = outside.venue.market.status is MarketStatus.TRADING
            # not only when it is due: when it was last laid is no part of the state, so nothing may depend on it
            if trading and symbol in self._recovering and outside.next_due() is not None:
                outside.lay(time_us)
        self.withdrawals.advance(time_us)
        return self.venues.values()

    def _reset(self, command: Reset, _time_us: int) -> Touched:
        for asset, amount in command.balances or ():
            self._check_deposit(asset, amount)
        self._events.append(WorldReset())
        self.ledger = Ledger()
        self.withdrawals = Withdrawals(self.ledger, self._events)
        for symbol, old in self.venues.items():
            venue = self._new_venue(old.market)
            self.venues[symbol], self.outsides[symbol] = venue, Outside(venue, self._recovering)
            venue.succeed(old)
            self._events.append(OutsideChanged(symbol=symbol, source_time_us=0, known=False))
        for account in self.accounts.values():
            opening = account.opening if command.balances is None else command.balances
            for asset, amount in opening:
                self.ledger.deposit(account.account_id, asset, amount, EntryKind.OPENING, "")
        return ()

    def _see_limits(self) -> None:
        self._limited = self.limits != UNLIMITED or any(asset.max_order for asset in self.assets.values())

    def _entered(self, placing: Sequence[PlaceOrder], time_us: int) -> Venue:
        """The market of orders that are to be placed together, which keep the bounds of the whole exchange."""
        venue = self._market_of(placing[0])
        if self._limited:
            check_exchange(self.limits, self.venues.values(), placing)
            for order in placing:
                check_assets(self.assets, venue, order, time_us)
        return venue

    def _market_of(self, command: PlaceOrder | OnOpen) -> Venue:
        """Where an account wants something done; both exist."""
        if command.account_id not in self.accounts:
            raise Refused(Reason.NO_SUCH_ACCOUNT)
        venue = self.venues.get(command.symbol)
        if venue is None:
            raise Refused(Reason.BAD_SYMBOL)
        return venue

    def _new_venue(self, market: Market) -> Venue:
        return Venue(market, self.ledger, self.accounts, self._events, self._last_price)

    def _last_price(self, base: str, quote: str) -> int:
        """Of the market of two assets, which is named by them; 0 where there is none, or none any more."""
        venue = self.venues.get(base + quote)
        if venue is None or venue.market.status is MarketStatus.BREAK:
            return 0
        return venue.last_price if (venue.market.base, venue.market.quote) == (base, quote) else 0

    def _account(self, account_id: int) -> Account:
        account = self.accounts.get(account_id)
        if account is None:
            raise Refused(Reason.NO_SUCH_ACCOUNT)
        return account

    def _check_asset(self, asset: str) -> None:
        if asset not in self.assets:
            raise Refused(Reason.NO_SUCH_ASSET)

    def _check_deposit(self, asset: str, amount: int) -> None:
        self._check_asset(asset)
        if amount <= 0:
            raise Refused(Reason.BAD_QUANTITY)

    def _change_account(self, account: Account) -> None:
        if self.accounts[account.account_id] != account:
            self.accounts[account.account_id] = account
            self._events.append(
                AccountChanged(
                    account.account_id,
                    account.maker_rate,
                    account.taker_rate,
                    account.spot_bnb_burn,
                    account.interest_bnb_burn,
                )
            )

    def snapshot(self) -> ExchangeState:
        """The state as a value; later commands do not change it."""
        return ExchangeState(
            assets=tuple(self.assets.values()),
            accounts=tuple(self.accounts.values()),
            balances=tuple(self.ledger.balances()),
            venues=tuple(venue_state(venue, self.outsides[symbol]) for symbol, venue in self.venues.items()),
            next_list_id=self.next_list_id,
            limits=self.limits,
            withdrawals=tuple(self.withdrawals.pending()),
            withdrawal_client_ids=tuple(self.withdrawals.client_ids()),
        )

    @classmethod
    def restore(cls, state: ExchangeState) -> "Exchange":
        """An exchange in the state of a snapshot."""
        exchange = cls()
        exchange.assets = {asset.name: asset for asset in state.assets}
        exchange.accounts.update((account.account_id, account) for account in state.accounts)
        exchange.next_list_id, exchange.limits = state.next_list_id, state.limits
        exchange._see_limits()
        for account_id, asset_name, free, locked in state.balances:
            exchange.ledger.restore(account_id, asset_name, free, locked)
        exchange.withdrawals.restore(state.withdrawals, state.withdrawal_client_ids)
        for kept in state.venues:
            venue = exchange._new_venue(kept.market)
            outside = Outside(venue, exchange._recovering)
            restore_venue(kept, venue, outside)
            if outside.bids.taken or outside.asks.taken:
                exchange._recovering.add(kept.market.symbol)
            exchange.venues[kept.market.symbol], exchange.outsides[kept.market.symbol] = venue, outside
        return exchange

    def state_hash(self) -> str:
        """SHA-256 of the state's canonical JSON; time and sequence are no part of it."""
        return hashlib.sha256(msgspec.json.encode(self.snapshot())).hexdigest()

    def check(self) -> None:
        """Raises AssertionError when an invariant is broken: money, holds, books, ids."""
        self.ledger.check()
        for symbol, venue in self.venues.items():
            check_venue(venue)
            self.outsides[symbol].check()
        self.withdrawals.check()
        check_holds(self.ledger, self.venues.values(), self.withdrawals.pending())
