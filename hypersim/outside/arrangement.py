"""One arrangement of a world's outside: its feeds and their supervisor, the past that goes with them, and whoever
keeps both up to date. A change of feeds makes a new one.
"""

import asyncio
from collections.abc import Collection, Mapping
from typing import Final

from hypersim.clock import Clock
from hypersim.feeds.binance.relisting import Relisting
from hypersim.feeds.demand import Demand
from hypersim.feeds.past.backfill import UpstreamHistory
from hypersim.feeds.past.chosen import ChosenHistory
from hypersim.feeds.past.days import keep_days
from hypersim.feeds.supervisor import FeedSupervisor
from hypersim.feeds.synthetic.history import SyntheticHistory
from hypersim.settings import BINANCE, SYNTHETIC
from hypersim.views.marketdata import MarketData

PASTS_EVERY_S: Final = 0.5
"""How often a new first trade is looked for, whose past is then worked out."""


class Histories:
    """What is known of markets from before this world watched them, and from when it did not."""

    def __init__(self, upstream: UpstreamHistory, made_up: SyntheticHistory) -> None:
        self.upstream, self.made_up = upstream, made_up

    def choose(
        self, chosen: ChosenHistory, past: Mapping[str, tuple[str, ...]], now: Mapping[str, tuple[str, ...]]
    ) -> None:
        """Has each market's past told by the kind of feeds that it began with, its gaps by those that it has now.
        Both say the names of the feeds, by symbol.
        """
        for symbol in {*past, *now}:
            began, has = past.get(symbol, ()), now.get(symbol, ())
            real = self.upstream if BINANCE in began else None
            made_up = self.made_up if began[:1] == (SYNTHETIC,) else None
            chosen.choose(symbol, past=made_up or real, gaps=self.upstream if BINANCE in has else None)


class Arrangement:
    """What is in force."""

    def __init__(
        self,
        *,
        symbols: Collection[str],
        supervisor: FeedSupervisor,
        histories: Histories,
        relisting: Relisting | None,
        data: MarketData,
        demand: Demand,
        clock: Clock,
    ) -> None:
        self.symbols = symbols
        """The markets that there were when it was made."""
        self.supervisor = supervisor
        self.histories, self._relisting = histories, relisting
        self._data, self._demand, self._clock = data, demand, clock

    async def run(self) -> None:
        """Runs until it is cancelled, or until the exchange fails."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.supervisor.run(), name="feeds")
            tasks.create_task(self._work_out_pasts(), name="pasts")
            days = keep_days(self.histories.upstream, self._data, self._demand, self._clock)
            tasks.create_task(days, name="days")
            if self._relisting is not None:
                tasks.create_task(self._relisting.run(), name="relisting")

    async def _work_out_pasts(self) -> None:
        """Has made-up pasts ready before somebody asks for them, in a thread."""
        while True:
            for symbol in self.histories.made_up.waiting():
                await asyncio.to_thread(self.histories.made_up.prepare, symbol)
            await self._clock.sleep(PASTS_EVERY_S)
