"""What the simulation API may use beside the world that every dialect sees."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from hypersim.ask import FactRow
from hypersim.feeds.base import FeedStatus
from hypersim.feeds.levers.levers import Levers
from hypersim.identity import Credentials, PublicKey
from hypersim.outside.change import FeedChange
from hypersim.world import World


class OpensAccounts(Protocol):
    """Opens an account out of nothing, with a key of its own: of a public half, or with a secret. Raises Refused."""

    async def __call__(
        self,
        balances: tuple[tuple[str, int], ...],
        *,
        label: str = "",
        api_key: str | None = None,
        secret: str | None = None,
        public_key: PublicKey | None = None,
        fees: tuple[int, int] | None = None,
    ) -> Credentials:
        """Amounts have scale 16; `fees` are the maker's and the taker's rate, scale 8, else the listed ones."""
        ...


class AddsKeys(Protocol):
    """Gives an account a further key, of a public half or with a secret. Raises Refused."""

    async def __call__(
        self,
        account_id: int,
        *,
        label: str = "",
        api_key: str | None = None,
        secret: str | None = None,
        public_key: PublicKey | None = None,
    ) -> Credentials: ...


class ChangesFeed(Protocol):
    """Gives a world other feeds. Raises Refused FEED_SILENT when none of them says anything."""

    async def __call__(self, names: tuple[str, ...], *, confirmed: bool) -> FeedChange:
        """Nothing changes unless it is confirmed."""
        ...


@dataclass(slots=True, kw_only=True, frozen=True)
class Simulation:
    """A world and the levers on it. The composition root builds it."""

    world: World
    open: bool
    """Open mode: whoever reaches the exchange may pull them."""
    maker_rate: int
    """Fee rate of new accounts, scale 8."""
    taker_rate: int
    open_account: OpensAccounts
    add_key: AddsKeys
    feed: Callable[[], FeedStatus]
    change_feed: ChangesFeed
    paths: Levers
    """Those that bend prices."""
    by_hand: Callable[[str], AbstractAsyncContextManager[None]]
    """For the block that moves the market of a symbol: what its feed saw before is of another world."""
    starting_over: Callable[[], AbstractAsyncContextManager[None]]
    """For the block that empties the world: the outside market starts over with it."""
    rows_of_a_beginning: Callable[[], Sequence[FactRow]]
    """What is stored with the command that empties the world."""
    durable_sequence: Callable[[], int]
    journal: str
    """Where the world is kept, as a person reads it; no password in it."""
    seed: int
    rate_limits: bool
    state: Callable[[], str]
    """Of the writer: serving, rebuilding, stopped."""
