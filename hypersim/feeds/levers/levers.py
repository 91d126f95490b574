"""The price paths of a world: which market is on one, where it is by now, and whose orders that filled.

Guarantees that a path is stored before it moves anything, that it goes on where it would be by now after a
restart, that it ends with the world that it was given to, and that a market whose path was cancelled has its
feed's own prices again. Bends channels, those of other feeds that come later too; who tells the exchange of them
is the supervisor's business.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import msgspec
from msgspec import Struct

from hypersim import units
from hypersim.ask import Ask, FactRow
from hypersim.clock import MICROSECONDS, Clock
from hypersim.engine.commands import Advance, PlaceOrder, Reset
from hypersim.engine.events import Change, Committed, OrderChanged
from hypersim.errors import Reason, Refused, StoreError
from hypersim.feeds.channel import Channel
from hypersim.feeds.levers.bend import UNBENT, unbent
from hypersim.feeds.levers.pricepath import STEP_US, PricePath, read_path

PATHS: Final = "paths"
"""The name of the fact that the paths of a world are kept as."""
NO_PATHS: Final = FactRow(PATHS, "{}")
"""What is stored with a command that empties the world."""
ORDERS_KEPT, FILLS_KEPT = 100, 100
"""The newest orders that a path filled, and the newest trades of each."""
KEEPING_PAUSE_S: Final = 0.25
"""Before paths are stored again of which nobody knows whether they are."""


class Teller(Protocol):
    """Who tells the exchange of the outside: hypersim/feeds/supervisor.py."""

    @property
    def channels(self) -> Mapping[str, Channel]:
        """By symbol, of every market that has a feed."""
        ...

    def wake(self, symbol: str) -> None:
        """There is something to tell of a market."""
        ...

    async def tell(self, symbol: str) -> None:
        """Returns once the exchange was told what there was to tell of a market, or has refused it."""
        ...


class PathStatus(Struct, frozen=True, kw_only=True):
    """A path, and what it did since it began or the exchange was started."""

    path: PricePath
    factor: int
    """By which the market's prices are bent now (hypersim/feeds/levers/bend.py)."""
    done: bool
    """Whether it has arrived: the factor stays."""
    trades: int
    """How many trades were told beside the feed's, so that the last price follows."""
    volume: int
    """Their quantity, scale 8."""
    filled: tuple[OrderChanged, ...]
    """The trades of users' orders that the outside filled meanwhile, by order; the newest orders only."""


class Lever:
    """One market's path, and what came of it."""

    def __init__(self, path: PricePath, now_us: int) -> None:
        self.path = path
        self.factor = path.in_force(now_us)
        self.moving = path.moving(now_us)
        self.trades = self.volume = 0
        self._filled: dict[int, deque[OrderChanged]] = {}

    def bend(self, channel: Channel) -> None:
        """Brings the market to where the path is."""
        trade = channel.bend(self.factor, moving=self.moving)
        if trade is not None:
            self.trades += 1
            self.volume += trade.quantity

    def note(self, event: OrderChanged) -> None:
        """An order was filled."""
        fills = self._filled.pop(event.order.order_id, None) or deque(maxlen=FILLS_KEPT)
        fills.append(event)
        self._filled[event.order.order_id] = fills
        if len(self._filled) > ORDERS_KEPT:
            del self._filled[next(iter(self._filled))]

    def status(self, now_us: int) -> PathStatus:
        return PathStatus(
            path=self.path,
            factor=self.factor,
            done=self.path.done(now_us),
            trades=self.trades,
            volume=self.volume,
            filled=tuple(event for fills in self._filled.values() for event in fills),
        )


class Levers:
    """The paths of one world. `kept` are those that were in force when it was last closed."""

    def __init__(self, *, ask: Ask, clock: Clock, kept: Mapping[str, PricePath]) -> None:
        self._ask, self._clock = ask, clock
        self._teller: Teller | None = None
        now_us = clock.now_us()
        self._levers = {symbol: Lever(path, now_us) for symbol, path in kept.items()}
        self._changing = asyncio.Lock()
        self._emptied = 0
        """How often the world was."""
        self._in_doubt = False
        """Whether nobody knows if what is stored is what is in force."""
        self._woken = asyncio.Event()

    def move(self, teller: "Teller") -> None:
        """Whose channels are bent from now on, and are at once where the paths of their markets are."""
        self._teller = teller
        for symbol, lever in self._levers.items():
            self._move(symbol, lever)

    async def start(self, symbol: str, text: str) -> PathStatus:
        """Puts a market on a path, from the factor on that it has now. Returns once that is durable, and its first
        step told, with what that filled.

        Raises Refused: INVALID_FIELD `path` for what cannot be read or leads where no order may be priced; what
        `Ask` raises.
        """
        async with self._changing:
            paths = await self._keep(lambda: self._paths | {symbol: self._read(symbol, text)})
            lever = self._levers[symbol] = Lever(paths[symbol], self._clock.now_us())
            self._move(symbol, lever)
        self._woken.set()
        await self._told(symbol)
        return lever.status(self._clock.now_us())

    async def cancel(self, symbol: str) -> PathStatus:
        """Gives a market its feed's own prices again, and tells so; returns how far its path came.

        Raises Refused NO_PRICE_PATH; what `Ask` raises.
        """
        async with self._changing:
            if symbol not in self._levers:
                raise Refused(Reason.NO_PRICE_PATH)
            await self._keep(lambda: {name: path for name, path in self._paths.items() if name != symbol})
            lever = self._levers.pop(symbol, None)
            if lever is None:  # it ended with its world meanwhile
                raise Refused(Reason.NO_PRICE_PATH)
            status = lever.status(self._clock.now_us())
            lever.factor, lever.moving = UNBENT, False
            self._move(symbol, lever)
        await self._told(symbol)
        return status

    def status(self) -> dict[str, PathStatus]:
        """The paths by symbol, those that have arrived among them."""
        now_us = self._clock.now_us()
        return {symbol: lever.status(now_us) for symbol, lever in self._levers.items()}

    def unbent(self, symbol: str, price: int, time_us: int) -> int:
        """The feed's price that stood at a price of a market at a time, about: where a feed goes on that makes its
        own.
        """
        if (lever := self._levers.get(symbol)) is None:
            return price
        path = lever.path
        return unbent(price, path.knots[0].factor if time_us < path.began_us else path.in_force(time_us))

    def rebuilt(self) -> None:
        """The exchange was rebuilt: what became durable on the way, a reset perhaps, was not folded."""
        self._doubt()

    def _doubt(self) -> None:
        self._in_doubt = True
        self._woken.set()

    def fold(self, record: Committed) -> None:
        """Takes note of whose orders the outside filled, and of resets. A listener of the writer."""
        if type(record.command) is Reset:
            self._end_all()
        elif self._levers and type(record.command) is not PlaceOrder:
            for event in record.events:
                if isinstance(event, OrderChanged) and event.change is Change.TRADE:
                    lever = self._levers.get(event.order.symbol)
                    if lever is not None:
                        lever.note(event)

    async def run(self) -> None:
        """Bends markets as time goes by, until it is cancelled."""
        while True:
            now_us = self._clock.now_us()
            next_us = self._follow(now_us)
            if self._in_doubt:
                await self._keep_again()
            elif next_us is None:
                await self._woken.wait()
                self._woken.clear()
            else:
                await self._clock.sleep(min(next_us - now_us, STEP_US) / MICROSECONDS)

    def _follow(self, now_us: int) -> int | None:
        """Brings every market to where its path is; returns when the next one moves on."""
        next_us = []
        for symbol, lever in self._levers.items():
            taken_us, due_us = lever.path.step(now_us)
            before = lever.factor, lever.moving
            lever.factor, lever.moving = lever.path.factor(taken_us), lever.path.moving(taken_us)
            if (lever.factor, lever.moving) != before:
                self._move(symbol, lever)
            if due_us is not None:
                next_us.append(due_us)
        return min(next_us, default=None)

    def _move(self, symbol: str, lever: Lever) -> None:
        channel = self._channel_of(symbol)
        if self._teller is not None and channel is not None:
            lever.bend(channel)
            self._teller.wake(symbol)

    def _channel_of(self, symbol: str) -> Channel | None:
        return None if self._teller is None else self._teller.channels.get(symbol)

    async def _told(self, symbol: str) -> None:
        if self._teller is not None and symbol in self._teller.channels:
            await self._teller.tell(symbol)

    def _end_all(self) -> None:
        self._emptied += 1
        for symbol, lever in self._levers.items():
            lever.factor, lever.moving = UNBENT, False
            self._move(symbol, lever)
        self._levers.clear()

    @property
    def _paths(self) -> dict[str, PricePath]:
        return {symbol: lever.path for symbol, lever in self._levers.items()}

    def _read(self, symbol: str, text: str) -> PricePath:
        channel, lever = self._channel_of(symbol), self._levers.get(symbol)
        if channel is None:
            raise Refused(Reason.INVALID_FIELD, "path", f"{symbol} has no feed whose prices it could bend")
        factor = UNBENT if lever is None else lever.factor
        path = read_path(text, began_us=self._clock.now_us(), factor=factor)
        require_prices(channel, path)
        return path

    async def _keep(self, change: Callable[[], dict[str, PricePath]]) -> dict[str, PricePath]:
        """Stores the paths that there will be, and returns them: reckoned anew where the world was emptied on
        the way.
        """
        while True:
            emptied, paths, in_doubt = self._emptied, change(), self._in_doubt
            row = FactRow(PATHS, msgspec.json.encode(paths).decode())
            self._doubt()  # until we hear of it; who asks may be cancelled before
            try:
                await self._ask(Advance(), rows=[row])
            except Refused as refused:
                self._in_doubt = in_doubt or refused.reason is Reason.STATUS_UNKNOWN
                raise
            self._in_doubt = False
            if emptied == self._emptied:
                return paths

    async def _keep_again(self) -> None:
        try:
            async with self._changing:
                if self._in_doubt:
                    await self._keep(lambda: self._paths)
        except Refused:
            await self._clock.sleep(KEEPING_PAUSE_S)


def kept_paths(text: str | None) -> dict[str, PricePath]:
    """The paths that a world kept as that fact, by symbol. Raises StoreError."""
    try:
        return msgspec.json.decode(text or NO_PATHS.value, type=dict[str, PricePath])
    except msgspec.DecodeError as error:
        raise StoreError(f"the price paths that this world kept cannot be read: {error}") from None


def require_prices(channel: Channel, path: PricePath) -> None:
    """Raises Refused where a path leads to prices that no order of the market may have: it would be stuck."""
    market, middle = channel.market, channel.middle
    if middle is None:
        return
    for number, knot in enumerate(path.knots[1:], 1):
        price = middle * knot.factor // channel.factor
        leads = f"leg {number} leads to about {units.show(price)}; orders of {market.symbol} have prices of"
        if price < market.min_price:
            raise Refused(Reason.INVALID_FIELD, "path", f"{leads} {units.show(market.min_price)} or more")
        if market.max_price and price > market.max_price:
            raise Refused(Reason.INVALID_FIELD, "path", f"{leads} {units.show(market.max_price)} or less")
