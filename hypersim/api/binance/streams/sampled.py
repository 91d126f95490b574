"""The streams that tell every so often: depth, klines, tickers, average prices; on whole tenths of seconds or seconds.

Arrays of tickers name the symbols that changed, depth is told when it changed, everything else every time. One that
has to wait, for what is stored or for a source's past, keeps no other one waiting.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterator
from functools import partial
from typing import Any, Final

from hypersim.api.binance.streams import messages
from hypersim.api.binance.streams.depths import Changes
from hypersim.api.binance.streams.form import Build, tell
from hypersim.api.binance.streams.klines import Bars
from hypersim.api.binance.streams.names import SECOND_US, Kind, Stream
from hypersim.api.binance.streams.tickers import ticker
from hypersim.bus import Bus
from hypersim.clock import MICROSECONDS
from hypersim.engine.events import Committed, DepthChanged
from hypersim.errors import Refused
from hypersim.views.archive import Archive
from hypersim.views.marketdata import MarketView
from hypersim.world import World

TENTH_US: Final = SECOND_US // 10
DEPTHS: Final = frozenset({Kind.DEPTH, Kind.PARTIAL_DEPTH})
NEVER: Final = 2**63
"""After all multiples of time."""
TURN: Final = 50
"""Markets whose tickers are worked out before others have a turn."""
LOOK_AGAIN_S: Final = 0.002
"""How long is waited before it is looked again whether everything until now is committed."""


class SampledStreams:
    """Those of all markets, from `run` on."""

    def __init__(self, world: World, bus: Bus, settled_us: Callable[[], int]) -> None:
        """`settled_us`: the time until which everything that happened is committed and in the views."""
        self._world = world
        self._bus = bus
        self._settled_us = settled_us
        self._streams: dict[str, Stream] = {}
        self._told_at: dict[str, int] = {}
        """By name, the multiple of its span at which a stream told last, or from which on it is watched."""
        self._telling: set[str] = set()
        """Those that are about to tell, and wait for what they have to read."""
        self._changes: dict[str, dict[str, Changes]] = {}
        """Symbol -> name of a depth stream -> what it has to tell."""
        self._bars: dict[str, Bars] = {}
        self._told: dict[str, Any] = {}
        """By name, what a stream that only tells of changes told last."""

    def watch(self, stream: Stream) -> None:
        """Tells of a stream from now on."""
        now_us = self._world.clock.now_us()
        self._streams[stream.name] = stream
        self._told_at[stream.name] = now_us // stream.every_us
        if stream.kind is Kind.DEPTH:
            view = self._world.markets.markets.get(stream.symbol)
            changes = Changes(view.update_id if view is not None else 0)
            self._changes.setdefault(stream.symbol, {})[stream.name] = changes
        elif stream.kind is Kind.KLINE:
            self._bars[stream.name] = Bars(stream, now_us)

    def joined(self, stream: Stream) -> None:
        """Somebody more watches a stream: what only tells of changes, but tells all each time, tells it once more."""
        if stream.kind is Kind.PARTIAL_DEPTH:
            self._told.pop(stream.name, None)

    def unwatch(self, stream: Stream) -> None:
        """Does not any more."""
        del self._streams[stream.name], self._told_at[stream.name]
        self._bars.pop(stream.name, None)
        self._told.pop(stream.name, None)
        if stream.kind is Kind.DEPTH:
            of_symbol = self._changes[stream.symbol]
            del of_symbol[stream.name]
            if not of_symbol:
                del self._changes[stream.symbol]

    def fold(self, record: Committed) -> None:
        """Collects the changed levels of a record."""
        if not self._changes:
            return
        for event in record.events:
            if type(event) is DepthChanged:
                for changes in self._changes.get(event.symbol, NONE).values():
                    changes.add(event)

    async def run(self) -> None:
        """Tells until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._every(TENTH_US, self._tell_depth), name="depth streams")
            tasks.create_task(self._every(SECOND_US, partial(self._tell_the_rest, tasks)), name="sampled streams")

    async def _every(self, every_us: int, work: Callable[[int], Awaitable[None]]) -> None:
        """Calls at each multiple of a span of time, with that time; those that were missed are left out."""
        clock = self._world.clock
        while True:
            now_us = clock.now_us()
            next_us = now_us - now_us % every_us + every_us
            await clock.sleep((next_us - now_us) / MICROSECONDS)
            while clock.now_us() < next_us:
                await clock.sleep(LOOK_AGAIN_S)
            await work(clock.now_us() // every_us * every_us)

    def _due(self, now_us: int, *, depth: bool) -> Iterator[Stream]:
        """The streams that tell at this time, of depth or of everything else; not those of unlisted symbols."""
        for stream in list(self._streams.values()):
            if (
                (stream.kind in DEPTHS) is depth
                and now_us // stream.every_us > self._told_at.get(stream.name, NEVER)  # or nobody is left meanwhile
                and (not stream.symbol or stream.symbol in self._world.markets.markets)
                and stream.name not in self._telling
            ):
                self._told_at[stream.name] = now_us // stream.every_us
                yield stream

    async def _tell_depth(self, now_us: int) -> None:
        for stream in self._due(now_us, depth=True):
            view = self._world.markets.markets[stream.symbol]
            if stream.kind is Kind.PARTIAL_DEPTH:
                if self._told.get(stream.name) != view.update_id:
                    self._told[stream.name] = view.update_id
                    tell(
                        self._bus,
                        stream.name,
                        _always(messages.partial_depth(view, stream.levels)),
                        supersedes=stream.name,
                    )
                continue
            changes = self._changes[stream.symbol][stream.name]
            if changes.told_id < view.update_id:
                tell(self._bus, stream.name, changes.message(stream.symbol, view.update_id, self._world.clock.now_us()))

    async def _tell_the_rest(self, tasks: asyncio.TaskGroup, now_us: int) -> None:
        while self._settled_us() < now_us:  # a trade of before may be on its way to the disk
            await self._world.clock.sleep(LOOK_AGAIN_S)
        for stream in self._due(now_us, depth=False):
            tasks.create_task(self._tell(stream, now_us), name=stream.name)
            await self._world.clock.sleep(0)  # others have a turn

    async def _tell(self, stream: Stream, now_us: int) -> None:
        """Tells what one stream has to tell; what cannot be read now is told the next time."""
        if not self._watched(stream):
            return
        self._telling.add(stream.name)
        try:
            news = await self._news(stream, now_us)
        except Refused:
            return
        finally:
            self._telling.discard(stream.name)
        if not self._watched(stream):
            return
        for build, supersedes in news:
            tell(self._bus, stream.name, build, supersedes=supersedes)
        if stream.symbol:
            self._world.demand.asked(stream.symbol)

    def _watched(self, stream: Stream) -> bool:
        """Whether it still is; one that was left and is watched again begins anew."""
        return self._streams.get(stream.name) is stream

    async def _news(self, stream: Stream, now_us: int) -> list[tuple[Build, Hashable]]:
        """What a stream has to tell, and what of it a newer message supersedes."""
        name = stream.name
        if not stream.symbol:
            builds = await self._changed_tickers(stream, now_us)
            return [(lambda unit: [build(unit) for build in builds], None)] if builds else []
        view = self._world.markets.markets[stream.symbol]
        if stream.kind is Kind.KLINE:
            news = await self._bars[name].news(view, self._archive(view), now_us)
            return [(build, None if open_us is None else (name, open_us)) for build, open_us in news]
        if stream.kind is Kind.AVG_PRICE:
            return [(lambda unit: messages.average_price(view, now_us, unit), name)]
        if stream.kind is Kind.REFERENCE_PRICE:
            return [(lambda unit: messages.no_reference_price(stream.symbol, now_us, unit), name)]
        _, build = await ticker(stream, view, self._archive(view), now_us)
        return [(build, name)]

    async def _changed_tickers(self, stream: Stream, now_us: int) -> list[Build]:
        """The tickers of the symbols whose statistics are others than those told last."""
        before = self._told.get(stream.name, {})
        told, news = {}, []
        for number, (symbol, view) in enumerate(list(self._world.markets.markets.items())):
            if number % TURN == TURN - 1:
                await self._world.clock.sleep(0)  # others have a turn
            says, build = await ticker(stream, view, self._archive(view), now_us)
            told[symbol] = says
            if before.get(symbol) != says:
                news.append(build)
        if self._watched(stream):
            self._told[stream.name] = told
        return news

    def _archive(self, view: MarketView) -> Archive:
        return Archive(view, self._world.history, self._world.clock)


def _always(value: Any) -> Build:
    """A message without times."""
    return lambda unit: value


NONE: Final[dict[str, Changes]] = {}
