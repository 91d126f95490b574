"""What a choice of feeds means: which markets are listed, under whose rules, and which feeds each of them has.

Asks sources what they have; changes nothing.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from msgspec import Struct

from hypersim.clock import MICROSECONDS, Clock
from hypersim.engine.market import Market, MarketStatus
from hypersim.feeds.assignment import Assignment, Wishes, assign
from hypersim.feeds.base import FeedFailed
from hypersim.feeds.binance.listing import Listing, has_say, list_markets
from hypersim.feeds.choice import FeedChoice
from hypersim.feeds.line import Sources
from hypersim.markets import Listed, MarketsFile
from hypersim.outside.workshop import Workshop
from hypersim.settings import Settings

LISTING_GOOD_FOR_S: Final = 30
"""How long what Binance has is not asked for again where feeds are changed."""


class Plan(Struct, frozen=True):
    """A choice of feeds, and what their sources said when it was made."""

    choice: FeedChoice
    listed: Listed
    has: Mapping[str, Collection[str]]
    """By feed, which of our symbols its source has; those that did not answer are not in it."""

    @property
    def silent(self) -> bool:
        """Whether a source that matters did not answer: prices may take a while."""
        return self.listed.silent

    def assign(self, markets: Iterable[Market], world: tuple[str, ...] | None = None) -> Assignment:
        """Each market's feeds; `world` in the place of the names that were chosen."""
        wishes = Wishes(
            world=world or self.choice.names,
            own=self.listed.feeds,
            listed=self.has,
            can_be_made_up=self.listed.synthetic.keys(),
        )
        return assign(markets, wishes)


class Planner:
    """Makes the plans of one world."""

    def __init__(self, settings: Settings, file: MarketsFile, clock: Clock, workshop: Workshop) -> None:
        self._settings, self._file, self._workshop = settings, file, workshop
        self._clock = clock
        self._heard: tuple[int, Listing] | None = None
        """When Binance was heard, and what it said."""

    async def live_answers(self) -> None:
        """Returns when live Binance answers. Raises FeedFailed."""
        await self._listing()

    async def _listing(self) -> Listing:
        """What Binance has, as it said within the last LISTING_GOOD_FOR_S. Raises FeedFailed."""
        now_us = self._clock.now_us()
        if self._heard is None or now_us - self._heard[0] > LISTING_GOOD_FOR_S * MICROSECONDS:
            self._heard = now_us, await self._workshop.binance_listing()
        return self._heard[1]

    async def plan(self, choice: FeedChoice, *, anew: bool = False) -> Plan:
        """What a choice means now; `anew`: by what sources have this very moment. Raises SettingsError about a symbol
        that nobody has.
        """
        if anew:
            self._heard = None
        names = choice.names
        matters = has_say(self._file, names)
        listing = None
        if matters:
            try:
                listing = await self._listing()
            except FeedFailed as failure:
                choice = FeedChoice(names, f"{choice.why.partition('; ')[0]}; {failure}")
        listed = self.relist(names, listing)
        asked = dict.fromkeys((*names, *(name for own in self._file.feeds.values() for name in own)))
        return Plan(choice, listed, await self._workshop.listed(asked, listed.markets, listing))

    def relist(self, names: tuple[str, ...], listing: Listing | None) -> Listed:
        """What is listed by what Binance has; None: it has no say, or did not answer."""
        silent = listing is None and has_say(self._file, names)
        return list_markets(self._file, self._settings, names, listing, silent=silent)

    def sources(self, plan: Plan, markets: Iterable[Market]) -> Sources:
        """New feeds for the markets of a world."""
        trading = [market for market in markets if market.status is not MarketStatus.BREAK]
        assignment = plan.assign(trading)
        by_feed: dict[str, list[Market]] = {}
        for market in trading:
            for name in assignment.feeds.get(market.symbol, ()):
                by_feed.setdefault(name, []).append(market)
        feeds = {name: self._workshop.make(name, fed) for name, fed in by_feed.items()}
        return Sources(
            name=plan.choice.name,
            why=plan.choice.why,
            markets={
                market.symbol: (market, tuple(feeds[name] for name in assignment.feeds[market.symbol]))
                for market in trading
                if market.symbol in assignment.feeds
            },
            notes=assignment.notes,
        )
