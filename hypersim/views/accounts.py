"""Balances, fees, open orders and withdrawals on their way of every account, folded from committed events."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from msgspec import Struct

from hypersim.engine.events import (
    AccountChanged,
    BalanceChanged,
    Event,
    ListChanged,
    OrderChanged,
    WithdrawalChanged,
    WorldReset,
)
from hypersim.engine.lists import OrderList, Phase
from hypersim.engine.orders import OPEN, Order
from hypersim.engine.state import ExchangeState
from hypersim.engine.withdrawal import Withdrawal, WithdrawalStatus
from hypersim.views.closed import ClosedOrders


class Balance(Struct, frozen=True, gc=False):
    """What an account has of an asset, scale 16: what it can spend, and what its orders and withdrawals hold."""

    free: int
    locked: int


@dataclass(slots=True, kw_only=True)
class AccountView:
    """An account as it stands. Readers do not change it and do not keep it: the next fold changes it."""

    account_id: int
    maker_rate: int = 0
    """Scale 8, as the taker rate."""
    taker_rate: int = 0
    spot_bnb_burn: bool = False
    """It pays trading fees in BNB."""
    interest_bnb_burn: bool = False
    balances: dict[str, Balance]
    """By asset, those that are not zero."""
    withdrawals: dict[str, Withdrawal]
    """By id, those on their way."""
    updated_us: int = 0
    """When a balance changed last; 0 while none has."""

    def withdrawing(self, asset: str) -> int:
        """What withdrawals on their way hold of an asset, scale 16."""
        return sum(withdrawal.held for withdrawal in self.withdrawals.values() if withdrawal.asset == asset)


class AccountsState(Struct, frozen=True):
    """What the exchange's own state does not say: (account, when a balance changed last)."""

    updated: tuple[tuple[int, int], ...]


class Accounts:
    """All accounts. The outside world (account 0) and the fee income (account -1) are among them."""

    def __init__(self) -> None:
        self._accounts: dict[int, AccountView] = {}
        self._open: dict[int, dict[str, dict[int, Order]]] = {}
        """Account -> symbol -> order id -> order, in the order of their placement; no empty ones."""
        self._traders: dict[str, int] = {}
        """Symbol -> how many accounts have open orders there; no empty ones."""
        self._clients: dict[tuple[int, str, str], int] = {}
        """(account, symbol, client order id) -> order id, of open orders."""
        self._lists: dict[int, dict[int, OrderList]] = {}
        """Account -> list id -> open order list, in the order of their placement; no empty ones."""
        self._closed = ClosedOrders()

    def get(self, account_id: int) -> AccountView | None:
        """An account; None when there is no such account."""
        return self._accounts.get(account_id)

    def newest_id(self) -> int:
        """The highest account id given so far; 0 while there is no account but the outside's."""
        return max(0, *self._accounts) if self._accounts else 0

    def open_orders(self, account_id: int, symbol: str | None = None) -> list[Order]:
        """An account's open orders: of one symbol by order id, of all symbols by the time of placement."""
        by_symbol = self._open.get(account_id, NOTHING)
        if symbol is not None:
            return list(by_symbol.get(symbol, NO_ORDERS).values())
        orders = [order for orders in by_symbol.values() for order in orders.values()]
        return sorted(orders, key=attrgetter("created_us", "symbol", "order_id"))

    def open_lists(self, account_id: int) -> list[OrderList]:
        """An account's open order lists, by id."""
        return list(self._lists.get(account_id, NO_LISTS).values())

    def symbols_with_orders(self) -> Set[str]:
        """The symbols on which anybody has an open order, at any time. Feeds ask with every message."""
        return self._traders.keys()

    def find(
        self,
        account_id: int,
        symbol: str,
        order_id: int | None = None,
        client_order_id: str | None = None,
    ) -> Order | None:
        """An account's open order by either id, or one that ended lately: what is not found may be in the store. With
        both ids, the order id decides and the other is not read. Of orders with one client id the open one is found,
        then the newest.
        """
        if order_id is None:
            name = (account_id, symbol, client_order_id or "")
            order_id = self._clients.get(name)
            if order_id is None:
                return self._closed.named(*name)
        order = self._open.get(account_id, NOTHING).get(symbol, NO_ORDERS).get(order_id)
        return order or self._closed.get(account_id, symbol, order_id)

    def balance_changed(self, event: BalanceChanged, time_us: int) -> None:
        """Takes in what an account has of an asset."""
        view = self._accounts.get(event.account_id) or self._view(event.account_id)
        view.updated_us = time_us
        if event.free or event.locked:
            view.balances[event.asset] = Balance(event.free, event.locked)
        else:
            view.balances.pop(event.asset, None)

    def order_changed(self, event: OrderChanged) -> None:
        """Takes in what became of an order."""
        order = event.order
        if event.amendment is not None:
            self._renamed(order, event.amendment.client_order_id)
        if order.status in OPEN:
            self._put(order)
        else:
            self._take(order)

    def rarely_changed(self, event: Event, time_us: int) -> None:
        """Takes in any other event."""
        match event:
            case ListChanged(order_list):
                self._list_changed(order_list)
            case AccountChanged():
                view = self._view(event.account_id)
                view.maker_rate, view.taker_rate = event.maker_rate, event.taker_rate
                view.spot_bnb_burn, view.interest_bnb_burn = event.spot_bnb_burn, event.interest_bnb_burn
            case WithdrawalChanged(withdrawal):
                self._withdrawal_changed(withdrawal)
            case WorldReset():
                self._world_reset(time_us)

    def snapshot(self) -> AccountsState:
        return AccountsState(tuple(sorted((view.account_id, view.updated_us) for view in self._accounts.values())))

    def restore(self, exchange: ExchangeState, state: AccountsState) -> None:
        """Puts a snapshot back: the exchange's state, and the views' own of the same moment."""
        self._clear()
        self._accounts = {
            account_id: AccountView(account_id=account_id, balances={}, withdrawals={}, updated_us=updated_us)
            for account_id, updated_us in state.updated
        }
        for account in exchange.accounts:
            view = self._view(account.account_id)
            view.maker_rate, view.taker_rate = account.maker_rate, account.taker_rate
            view.spot_bnb_burn, view.interest_bnb_burn = account.spot_bnb_burn, account.interest_bnb_burn
        for withdrawal in exchange.withdrawals:
            self._withdrawal_changed(withdrawal)
        for account_id, asset, free, locked in exchange.balances:
            if free or locked:
                self._view(account_id).balances[asset] = Balance(free, locked)
        for venue in exchange.venues:
            for order in sorted(venue.orders, key=attrgetter("order_id")):
                self._put(order)
        for order_list in sorted(
            (each for venue in exchange.venues for each in venue.lists), key=attrgetter("list_id")
        ):
            self._list_changed(order_list)

    def _withdrawal_changed(self, withdrawal: Withdrawal) -> None:
        pending = self._view(withdrawal.account_id).withdrawals
        if withdrawal.status is WithdrawalStatus.PROCESSING:
            pending[withdrawal.withdrawal_id] = withdrawal
        else:
            del pending[withdrawal.withdrawal_id]

    def _renamed(self, order: Order, before: str) -> None:
        order_id = self._clients.pop((order.account_id, order.symbol, before))
        self._clients[order.account_id, order.symbol, order.client_order_id] = order_id

    def _list_changed(self, order_list: OrderList) -> None:
        lists = self._lists.setdefault(order_list.account_id, {})
        if order_list.phase is Phase.DONE:
            lists.pop(order_list.list_id, None)
        else:
            lists[order_list.list_id] = order_list
        if not lists:
            del self._lists[order_list.account_id]

    def _world_reset(self, time_us: int) -> None:
        self._clear()
        for view in self._accounts.values():
            view.balances.clear()
            view.withdrawals.clear()
            view.updated_us = time_us

    def _view(self, account_id: int) -> AccountView:
        view = self._accounts.get(account_id)
        if view is None:
            view = self._accounts[account_id] = AccountView(account_id=account_id, balances={}, withdrawals={})
        return view

    def _put(self, order: Order) -> None:
        account_id, symbol, order_id = order.account_id, order.symbol, order.order_id
        by_symbol = self._open.get(account_id)
        if by_symbol is None:
            by_symbol = self._open[account_id] = {}
        orders = by_symbol.get(symbol)
        if orders is None:
            orders = by_symbol[symbol] = {}
            self._traders[symbol] = self._traders.get(symbol, 0) + 1
        if order_id not in orders:
            self._clients[account_id, symbol, order.client_order_id] = order_id
        orders[order_id] = order

    def _take(self, order: Order) -> None:
        self._closed.add(order)
        account_id, symbol = order.account_id, order.symbol
        by_symbol = self._open[account_id]
        orders = by_symbol[symbol]
        del orders[order.order_id]
        del self._clients[account_id, symbol, order.client_order_id]
        if not orders:
            del by_symbol[symbol]
            self._traders[symbol] -= 1
            if not self._traders[symbol]:
                del self._traders[symbol]
            if not by_symbol:
                del self._open[account_id]

    def _clear(self) -> None:
        self._open.clear()
        self._traders.clear()
        self._clients.clear()
        self._closed = ClosedOrders()
        self._lists.clear()


NOTHING: Final[Mapping[str, dict[int, Order]]] = {}
NO_LISTS: Final[Mapping[int, OrderList]] = {}
NO_ORDERS: Final[Mapping[int, Order]] = {}
