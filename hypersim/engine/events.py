"""All that can have happened. Events carry resulting absolute values, so that folding one is an assignment.

Prices, quantities and rates have scale 8, amounts scale 16 (hypersim.units); times are microseconds UTC.
"""

import enum
from typing import Final

from msgspec import Struct

from hypersim.engine.commands import Command
from hypersim.engine.lists import OrderList
from hypersim.engine.market import Asset, ExchangeLimits, Market
from hypersim.engine.orders import Order, OrderStatus, SelfTradePrevention
from hypersim.engine.withdrawal import Withdrawal
from hypersim.errors import Reason


class EventBase(Struct, frozen=True, gc=False, tag=True, tag_field="event"):
    """What the events share: they do not change, so no cycle goes through them (the collector may pass them over),
    and their JSON names them in the field `event`.
    """


class AssetChanged(EventBase, frozen=True):
    """An asset was added or renamed."""

    asset: Asset


class MarketChanged(EventBase, frozen=True):
    """A market was added, or its rules or status changed."""

    market: Market


class LimitsChanged(EventBase, frozen=True):
    """What an account may have open over all symbols."""

    limits: ExchangeLimits


class AccountChanged(EventBase, frozen=True, omit_defaults=True):
    """An account was opened, or its fee rates changed, or what it pays in BNB."""

    account_id: int
    maker_rate: int
    taker_rate: int
    spot_bnb_burn: bool = False
    interest_bnb_burn: bool = False


class EntryKind(enum.StrEnum):
    """What moved a balance."""

    OPENING = "opening"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    """A withdrawal was held, left, or came back."""
    ORDER = "order"
    """An order of the account was placed: what it held, paid and received at once."""
    FILL = "fill"
    """A resting order of the account was filled by somebody else's action."""
    RELEASE = "release"
    """A hold ended: cancel, expiry, self-trade prevention."""
    FEE = "fee"
    """Fee income of the exchange, on its own account."""


class BalanceChanged(EventBase, frozen=True, kw_only=True):
    """One ledger entry: what a command did to an account's balance of one asset, and the balance after it.

    At most one per command, account, asset, kind and reference. Over all accounts the changes of an asset sum to zero.
    After a command's last entry no user's balance is below zero; between two it may be, where a stop or a list that
    came into play moved the same money again.
    """

    account_id: int
    asset: str
    kind: EntryKind
    free_change: int
    locked_change: int
    free: int
    locked: int
    reference: str = ""
    """'BTCUSDT:17' for an order, the id of a withdrawal, otherwise what the command said."""


class Change(enum.StrEnum):
    """What happened to an order; the execution type of Binance's executionReport."""

    NEW = "NEW"
    TRADE = "TRADE"
    CANCELED = "CANCELED"
    REPLACED = "REPLACED"
    """Its quantity was lowered; where nothing was left to trade, it expired by that."""
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    TRADE_PREVENTION = "TRADE_PREVENTION"
    WORKING = "WORKING"
    """It waited, and is placed or begins to work now."""
    FOLLOWING = "FOLLOWING"
    """A trailing order begins to follow the price."""


CHANGE_OF_END: Final = {
    OrderStatus.CANCELED: Change.CANCELED,
    OrderStatus.REJECTED: Change.REJECTED,
    OrderStatus.EXPIRED: Change.EXPIRED,
    OrderStatus.EXPIRED_IN_MATCH: Change.TRADE_PREVENTION,
}
"""What is told of an order that ends before it is filled."""


class Fill(Struct, frozen=True, gc=False, kw_only=True):
    """One account's side of a trade."""

    trade_id: int
    price: int
    quantity: int
    quote: int
    """price x quantity, scale 16."""
    fee: int
    """Scale 16, taken from what was received, or in BNB."""
    fee_asset: str
    is_maker: bool


class OrderChanged(EventBase, frozen=True, kw_only=True, omit_defaults=True):
    """An order was accepted, filled or ended; `order` is its state afterwards.

    A placement always reports NEW first (with nothing executed), then its fills, then its expiry.
    """

    change: Change
    order: Order
    fill: Fill | None = None
    cancel_id: str = ""
    """The client order id of the cancel, on CANCELED."""
    amendment: "Amendment | None" = None
    """On REPLACED."""
    reason: Reason | None = None
    """Why it could not be placed when its turn came: on REJECTED, and on EXPIRED for a stop."""


class Amendment(Struct, frozen=True, gc=False, kw_only=True):
    """How the quantity of an order was lowered."""

    execution_id: int
    """Counts the amendments of a symbol."""
    before: int
    """The quantity before, scale 8."""
    client_order_id: str
    """The order's id before."""


class OrderRefused(EventBase, frozen=True, kw_only=True):
    """The part of a CancelReplace that failed, while the other succeeded."""

    account_id: int
    symbol: str
    is_new: bool
    """The new order was refused; otherwise it was the cancel."""
    reason: Reason
    details: tuple[str | int, ...]


class ListChanged(EventBase, frozen=True):
    """An order list was accepted, went on, or is done; what of it stands now."""

    order_list: OrderList


class MatchPrevented(EventBase, frozen=True, kw_only=True):
    """Two orders of one account would have traded with one another. Quantities of scale 8."""

    symbol: str
    account_id: int
    prevented_match_id: int
    """Counts up per symbol, from 0."""
    taker_order_id: int
    maker_order_id: int
    prevention: SelfTradePrevention
    price: int
    taker_prevented: int
    """What was taken out of the taker; 0 where it went on with everything."""
    maker_prevented: int


class WithdrawalChanged(EventBase, frozen=True):
    """A withdrawal was applied for or ended; `withdrawal` is its state afterwards."""

    withdrawal: Withdrawal


class Traded(EventBase, frozen=True, kw_only=True):
    """A trade on the tape, users' and outside's alike."""

    symbol: str
    trade_id: int
    """Counts up per symbol, without gaps."""
    aggregate_id: int
    """Counts up per symbol: trades of one taker at one price and time share it."""
    price: int
    quantity: int
    buyer_is_maker: bool
    outside: bool
    """House with house: no account of ours took part."""


class DepthChanged(EventBase, frozen=True, kw_only=True):
    """Levels whose total changed, with the total (scale 8; 0 for an empty level). At most one per command and symbol.

    Update ids count up by one per event of a symbol: applying every event up to an id gives the book at that id.
    """

    symbol: str
    update_id: int
    bids: tuple[tuple[int, int], ...]
    asks: tuple[tuple[int, int], ...]


class OutsideChanged(EventBase, frozen=True, kw_only=True):
    """The outside market of a symbol was heard of, or (with `known` false) is unknown from here on."""

    symbol: str
    source_time_us: int
    """When the source says that it happened; 0 when it does not say."""
    known: bool


class WorldReset(EventBase, frozen=True):
    """Everything but accounts, assets, markets and id counters is gone; what follows starts from nothing."""


Event = (
    AssetChanged
    | MarketChanged
    | LimitsChanged
    | AccountChanged
    | BalanceChanged
    | OrderChanged
    | OrderRefused
    | ListChanged
    | MatchPrevented
    | WithdrawalChanged
    | Traded
    | DepthChanged
    | OutsideChanged
    | WorldReset
)


class Committed(Struct, frozen=True, gc=False, kw_only=True):
    """One command that changed something, and what it changed. The record that journal, bus and followers share."""

    sequence: int
    """Counts accepted commands that changed something, from 1, without gaps."""
    time_us: int
    command: Command
    events: tuple[Event, ...]
