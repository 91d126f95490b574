"""Feeds that stand by: who speaks when another one fails, and what a change of the speaker means."""

from hypersim.feeds.base import FeedFailed
from hypersim.feeds.supervisor import FeedSupervisor
from tests.feeds.desk import MARKET, Desk, VirtualClock, bought, ladder, seen, settle
from tests.feeds.scripted_feed import BOOK, ScriptedFeed, ladders, supervised


def speakers(supervisor: FeedSupervisor) -> dict[str, tuple[bool, bool, str | None]]:
    """What status says of each feed: wanted, speaking, failure."""
    return {
        name: (source.wanted, source.speaking, source.failure) for name, source in supervisor.status().sources.items()
    }


async def test_a_backup_speaks_while_the_first_feed_fails_and_each_change_is_a_gap(
    desk: Desk, clock: VirtualClock
) -> None:
    first, backup = ScriptedFeed("first"), ScriptedFeed("backup")
    other = ladder([(97, 1)], [(103, 1)], full=True)
    async with supervised(desk, clock, first, backup) as supervisor:
        first.say(seen(BOOK))
        await settle()
        begun = speakers(supervisor)
        first.say(FeedFailed("nobody there"))
        await settle()
        # what comes before a full ladder is of the gap
        backup.say(seen(ladder([(98, 1)]), bought(104, 1)), seen(other))
        await settle()
        standing_in, spoken = speakers(supervisor), supervisor.status().symbols[MARKET.symbol]
        first.say(seen(ladder([(98, 2)])), seen(BOOK))
        await clock.pass_time(2)
        backup.say(seen(other))
        await settle()

        assert {"first": (True, True, None), "backup": (False, False, None)} == begun
        assert {"first": (True, False, "first: nobody there"), "backup": (True, True, None)} == standing_in
        assert ("backup", 1, True) == (spoken.feed, spoken.gaps, spoken.quoted)
        assert begun == speakers(supervisor)
        assert [BOOK, other, BOOK] == ladders(desk.asked)
        assert ("first", 2) == (
            supervisor.status().symbols[MARKET.symbol].feed,
            supervisor.status().symbols[MARKET.symbol].gaps,
        )
        assert supervisor.status().failure is None
    assert [1, 1] == [len(feed.starts_us) - at for feed, at in ((first, 1), (backup, 0))]


async def test_a_second_backup_runs_only_where_the_first_one_fails_too(desk: Desk, clock: VirtualClock) -> None:
    feeds = [ScriptedFeed(name) for name in ("a", "b", "c")]
    async with supervised(desk, clock, *feeds) as supervisor:
        wanted = [[name for name, (wanted, _, _) in speakers(supervisor).items() if wanted]]
        for feed in feeds:
            feed.say(FeedFailed("gone", retry_after_s=10))
            await settle()
            wanted.append([name for name, (wanted, _, _) in speakers(supervisor).items() if wanted])
        feeds[0].say(seen(BOOK))
        await clock.pass_time(11)
        wanted.append([name for name, (wanted, _, _) in speakers(supervisor).items() if wanted])

        assert [["a"], ["a", "b"], ["a", "b", "c"], ["a", "b", "c"], ["a"]] == wanted
