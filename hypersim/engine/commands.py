"""All that can be asked of the exchange. Frozen, tagged, serialisable: the vocabulary of queue, journal and replay.

Times and generated ids are in a command before it is applied; a command says everything that its outcome depends
on beside the state. Prices, quantities and rates have scale 8, amounts scale 16 (hypersim.units).
"""

from msgspec import Struct

from hypersim.engine.lists import ListKind
from hypersim.engine.market import Asset, ExchangeLimits, Market
from hypersim.engine.orders import CancelRestriction, OrderType, Peg, SelfTradePrevention, Side, TimeInForce
from hypersim.engine.withdrawal import WithdrawalStatus


class CommandBase(Struct, frozen=True, gc=False, omit_defaults=True, tag=True, tag_field="command"):
    """What the commands share: they do not change, and their JSON names them in the field `command`."""


class PutAsset(CommandBase, frozen=True):
    """Adds an asset, or renames it."""

    asset: Asset


class PutMarket(CommandBase, frozen=True):
    """Adds a market or changes its rules and status; open orders stay as they are."""

    market: Market


class PutLimits(CommandBase, frozen=True):
    """Bounds what an account may have open over all symbols; what is open stays."""

    limits: ExchangeLimits


class OpenAccount(CommandBase, frozen=True, kw_only=True):
    """Opens an account with its fee rates (scale 8) and first balances (asset, amount of scale 16)."""

    account_id: int
    maker_rate: int
    taker_rate: int
    balances: tuple[tuple[str, int], ...] = ()


class SetFees(CommandBase, frozen=True):
    """Changes the fee rates (scale 8) of an account."""

    account_id: int
    maker_rate: int
    taker_rate: int


class SetBnbBurn(CommandBase, frozen=True, kw_only=True):
    """Says what an account pays in BNB; None leaves it as it is."""

    account_id: int
    spot: bool | None = None
    """Trading fees."""
    interest: bool | None = None
    """Interest of margin loans."""


class Deposit(CommandBase, frozen=True, kw_only=True):
    """Moves an amount (scale 16) from the outside world to an account."""

    account_id: int
    asset: str
    amount: int
    reference: str = ""


class Withdraw(CommandBase, frozen=True, kw_only=True):
    """Sends an amount (scale 16) to an address outside. That the network takes it was checked where it was read."""

    account_id: int
    asset: str
    amount: int
    """What is to arrive."""
    fee: int
    """What the account pays beside that, scale 16."""
    withdrawal_id: str
    network: str
    address: str
    address_tag: str = ""
    client_id: str = ""
    """The account's own name for it: what has one leaves at most once."""
    confirmation_us: int
    """How long the network takes."""


class EndWithdrawal(CommandBase, frozen=True):
    """Completes, cancels or fails a withdrawal that is on its way."""

    withdrawal_id: str
    status: WithdrawalStatus


class PlaceOrder(CommandBase, frozen=True, kw_only=True):
    """Places an order. The shape (which fields a type needs) was checked where the request was read."""

    account_id: int
    symbol: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    client_order_id: str
    quantity: int = 0
    quote_quantity: int = 0
    price: int = 0
    stop_price: int = 0
    trailing_delta: int = 0
    """Basis points."""
    iceberg: int = 0
    """How much of the quantity is shown at a time; 0: all of it."""
    peg: Peg | None = None
    self_trade_prevention: SelfTradePrevention | None = None
    """None: the market's default."""
    strategy_id: int | None = None
    strategy_type: int | None = None


class PlaceList(CommandBase, frozen=True, kw_only=True):
    """Places an order list, all of it or nothing. The orders are in the order of ListKind, all of one account and
    symbol; what a paid list keeps pending has no quantity.
    """

    account_id: int
    symbol: str
    kind: ListKind
    client_list_id: str
    orders: tuple[PlaceOrder, ...]


class TestOrder(CommandBase, frozen=True):
    """Asks whether an order would be accepted, funds aside. Changes nothing and returns no events."""

    __test__ = False  # not a test class, whatever its name

    order: PlaceOrder


class CancelOrder(CommandBase, frozen=True, kw_only=True):
    """Cancels one open order, named by either id or by both."""

    account_id: int
    symbol: str
    order_id: int | None = None
    client_order_id: str | None = None
    cancel_id: str
    """The client order id of the cancel itself."""
    restriction: CancelRestriction | None = None


class CancelList(CommandBase, frozen=True, kw_only=True):
    """Cancels an open order list, named by either id or by both, with all its orders."""

    account_id: int
    symbol: str
    list_id: int | None = None
    client_list_id: str | None = None
    cancel_id: str


class CancelReplace(CommandBase, frozen=True, kw_only=True):
    """Cancels an order and places another. A part that fails is reported as an OrderRefused event when the other
    part succeeds; when nothing succeeds, the refusal carries both reasons (hypersim.errors.ReplaceRefused).
    """

    cancel: CancelOrder
    place: PlaceOrder
    place_anyway: bool = False
    """Whether the new order is placed although the cancel fails (ALLOW_FAILURE)."""


class AmendOrder(CommandBase, frozen=True, kw_only=True):
    """Lowers the quantity of an open order, which keeps its place in the queue."""

    account_id: int
    symbol: str
    order_id: int | None = None
    client_order_id: str | None = None
    new_client_order_id: str
    quantity: int


class CancelAll(CommandBase, frozen=True, kw_only=True):
    """Cancels every open order of an account on a symbol."""

    account_id: int
    symbol: str
    cancel_id: str


class Print(Struct, frozen=True, array_like=True):
    """An outside trade: price and quantity (scale 8), and the side of who took."""

    price: int
    quantity: int
    aggressor: Side


class Ladder(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Outside sizes per price (scale 8): what changed since the last ladder, 0 for a level that is gone.

    `bid_floor` and `ask_ceiling` bound the known range: outside sizes below the floor and above the ceiling are
    unknown. A side whose bound is None is unknown altogether: the house has nothing there.
    `full` means that a level in range which is not listed is gone.
    """

    bids: tuple[tuple[int, int], ...] = ()
    asks: tuple[tuple[int, int], ...] = ()
    bid_floor: int | None = 0
    ask_ceiling: int | None = 2**63 - 1
    full: bool = False


class OutsideUpdate(CommandBase, frozen=True, kw_only=True):
    """What the outside market did: trades in time order, then the ladder that they led to."""

    symbol: str
    prints: tuple[Print, ...] = ()
    ladder: Ladder | None = None
    source_time_us: int = 0
    """When the source says that it happened; 0 when it does not say."""
    resumes_us: int = 0
    """From when on nothing is missing again, by the source's time, where something before this update was missed: what
    sizes grew by joins ahead of users then. 0: it continues the one before.
    """
    last_price: int = 0
    """At what the outside traded last before anybody here listened, scale 8, for a market without a trade; 0: not said.

    Filters refer to it until the first trade. It is no trade itself: that one is on the outside's tape.
    """


class Advance(CommandBase, frozen=True):
    """Lets what is due by time happen; the writer sends it when `Exchange.next_due()` has come."""


class Reset(CommandBase, frozen=True):
    """Empties the world: orders, trades, prices and what is known of the outside go, accounts stay.

    Everyone starts again with `balances` (asset, amount of scale 16), or with what they were opened with when None.
    """

    balances: tuple[tuple[str, int], ...] | None = None


Command = (
    PutAsset
    | PutMarket
    | PutLimits
    | OpenAccount
    | SetFees
    | SetBnbBurn
    | Deposit
    | Withdraw
    | EndWithdrawal
    | PlaceOrder
    | PlaceList
    | TestOrder
    | CancelOrder
    | CancelList
    | CancelReplace
    | AmendOrder
    | CancelAll
    | OutsideUpdate
    | Advance
    | Reset
)


class Stamped(Struct, frozen=True, gc=False, array_like=True):
    """A command with the time at which the writer took it in: microseconds UTC, never going back."""

    time_us: int
    command: Command
