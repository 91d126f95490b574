"""What a world knows of its outside before anything runs: its feeds, why it has them, and what it keeps of before.

Kept as facts, so that the next start knows.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from hypersim.ask import FactRow
from hypersim.feeds.choice import choose
from hypersim.feeds.levers.levers import PATHS, kept_paths
from hypersim.feeds.levers.pricepath import PricePath
from hypersim.outside.planning import Plan, Planner
from hypersim.settings import AUTO, Settings
from hypersim.store.database import Database
from hypersim.store.facts import has_orders, read_facts, write_facts

FEED: Final = "feed"
BY_HAND: Final = "feed_by_hand"
PAST: Final = "past"
SEED: Final = "seed"
"""The names of the facts: the feeds, whether somebody chose them, those of the past, and the seed of a past that is
made up.
"""


class Chosen(Struct, frozen=True, kw_only=True):
    """A choice, and what goes with it."""

    plan: Plan
    by_hand: bool
    past_seed: int
    past: tuple[str, ...] | None
    """Names of the feeds that the world began with; None for a world that nobody looked at yet."""
    paths: Mapping[str, PricePath]
    """Those in force when the world was last closed."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the feeds, the preferred one first."""
        return self.plan.choice.names

    @property
    def rows(self) -> list[FactRow]:
        """What is kept of another choice."""
        return [FactRow(FEED, self.plan.choice.name), FactRow(BY_HAND, "yes" if self.by_hand else "")]


def began_with(names: tuple[str, ...]) -> FactRow:
    """What is kept of a world that begins, or begins anew, with some feeds."""
    return FactRow(PAST, ",".join(names))


async def choose_for(settings: Settings, planner: Planner, database: Database) -> Chosen:
    """Chooses the feeds of a world that is about to be opened, and stores the choice. Asks sources only where they
    matter. Raises SettingsError, StoreError.
    """
    facts = await asyncio.to_thread(read_facts, database)
    decided = await asyncio.to_thread(has_orders, database)
    by_hand = bool(facts.get(BY_HAND)) and settings.feed == (AUTO,)
    choice = await choose(
        settings.feed,
        kept=_names(facts.get(FEED)),
        by_hand=by_hand,
        has_orders=decided,
        base_url=settings.binance_api_url,
        live_answers=planner.live_answers,
    )
    seed = int(facts[SEED]) if decided and SEED in facts else settings.seed
    chosen = Chosen(
        plan=await planner.plan(choice),
        by_hand=by_hand,
        past_seed=seed,
        past=_names(facts.get(PAST)),
        paths=kept_paths(facts.get(PATHS)),
    )
    kept = {row.name: row.value for row in chosen.rows} | {SEED: str(seed)}
    await asyncio.to_thread(write_facts, database, kept)
    return chosen


def _names(text: str | None) -> tuple[str, ...] | None:
    return tuple(text.split(",")) if text else None
