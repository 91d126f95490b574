"""The exchange's state as a value: what a snapshot holds and the state hash is taken of."""

from msgspec import Struct

from hypersim.engine.account import Account
from hypersim.engine.average import Bucket
from hypersim.engine.lists import OrderList
from hypersim.engine.market import UNLIMITED, Asset, ExchangeLimits, Market
from hypersim.engine.orders import Order
from hypersim.engine.outside import Taken
from hypersim.engine.withdrawal import Withdrawal

Levels = tuple[tuple[int, tuple[tuple[int, int], ...]], ...]
"""(price, queue of (key, quantity) in time order) of each level, best first; keys below 0 are the house's."""


class OutsideState(Struct, frozen=True):
    """One side of the outside ladder: sizes by price, the bound of what is known, what users took."""

    sizes: tuple[tuple[int, int], ...]
    bound: int | None
    taken: tuple[tuple[int, Taken], ...]


class VenueState(Struct, frozen=True):
    """One market: its rules, open orders, both sides of the book, the outside, counters and prices."""

    market: Market
    orders: tuple[Order, ...]
    bids: Levels
    asks: Levels
    outside_bids: OutsideState
    outside_asks: OutsideState
    next_order_id: int
    next_trade_id: int
    next_aggregate_id: int
    update_id: int
    last_price: int
    average: tuple[Bucket, ...]
    lists: tuple[OrderList, ...] = ()
    trails: tuple[tuple[int, int], ...] = ()
    """(order id, best price since) of the trailing orders that follow the price."""
    next_prevented_match_id: int = 0
    next_amendment_id: int = 1


class ExchangeState(Struct, frozen=True, omit_defaults=True):
    """Everything that decides what the exchange does next, in a canonical order."""

    assets: tuple[Asset, ...]
    accounts: tuple[Account, ...]
    balances: tuple[tuple[int, str, int, int], ...]
    """(account, asset, free, locked), amounts of scale 16."""
    venues: tuple[VenueState, ...]
    next_list_id: int = 1
    limits: ExchangeLimits = UNLIMITED
    withdrawals: tuple[Withdrawal, ...] = ()
    """Those on their way."""
    withdrawal_client_ids: tuple[tuple[int, tuple[str, ...]], ...] = ()
    """(account, the ids that it ever gave its withdrawals)."""
