"""The market streams of one exchange: who is subscribed to what, and what commits and time tell them."""

from collections.abc import Callable

from hypersim.api.binance.streams.form import Build
from hypersim.api.binance.streams.live import LiveStreams
from hypersim.api.binance.streams.names import Stream
from hypersim.api.binance.streams.sampled import SampledStreams
from hypersim.bus import Bus, Subscriber
from hypersim.engine.events import Committed
from hypersim.world import World


class MarketStreams:
    """Nothing is worked out for a stream that nobody has subscribed to."""

    def __init__(self, world: World, bus: Bus, settled_us: Callable[[], int]) -> None:
        """`settled_us`: the time until which everything that happened is committed and in the views."""
        self._world = world
        self._bus = bus
        self._live = LiveStreams(world.markets, bus)
        self._sampled = SampledStreams(world, bus, settled_us)

    def subscribe(self, stream: Stream, subscriber: Subscriber) -> Build | None:
        """From now on the subscriber gets this stream. Returns what he is to be told at once."""
        if stream.symbol in self._world.markets.markets:
            self._world.demand.asked(stream.symbol)
        first = self._bus.subscribe(stream.name, subscriber)
        if not stream.every_us:
            if first:
                self._live.watch(stream)
            return self._live.now(stream)
        if first:
            self._sampled.watch(stream)
        else:
            self._sampled.joined(stream)
        return None

    def unsubscribe(self, stream: Stream, subscriber: Subscriber) -> None:
        """From now on the subscriber does not get it any more."""
        self._bus.unsubscribe(stream.name, subscriber)
        if not self._bus.wanted(stream.name):
            (self._sampled if stream.every_us else self._live).unwatch(stream)

    def fold(self, record: Committed) -> None:
        """Tells what a record changed. The views have folded it already, and no later one."""
        self._sampled.fold(record)
        self._live.fold(record)

    async def run(self) -> None:
        """Tells what time changes, until it is cancelled."""
        await self._sampled.run()
