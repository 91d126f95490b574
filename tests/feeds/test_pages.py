"""What is remembered of bars, against a set of seconds that is kept beside it."""

from random import Random

import pytest

from hypersim.feeds.past.pages import BARS, Pages
from hypersim.views.records import PAST_SECONDS
from tests.views.trades import DAY, HOUR, SECOND, base_candles, random_trades

START = 20_000 * DAY


@pytest.mark.parametrize("seed", range(4))
def test_what_was_added_is_known_with_all_that_it_adds_up_to_and_nothing_else(seed: int) -> None:
    random = Random(seed)
    trades = random_trades(random, START, START + 2 * DAY, 500)
    pages, known, found = Pages(), set[int](), 0
    for _ in range(40):
        seconds = random.choice(PAST_SECONDS[:4])
        length_us = seconds * SECOND
        start_us = START + random.randrange(2 * DAY) // length_us * length_us
        end_us = start_us + random.choice([1, 5, 70]) * length_us
        pages.add("A", seconds, start_us, end_us, base_candles(trades, seconds, start_us, end_us))
        known |= set(range(start_us // length_us * seconds, end_us // SECOND))
    for base in PAST_SECONDS[1:]:
        for open_us in range(START, START + 2 * DAY, base * SECOND):
            run = base, open_us, open_us + base * SECOND
            if pages.missing("A", *run) is None:
                found += 1
                assert known >= set(range(open_us // SECOND, open_us // SECOND + base))
                assert base_candles(trades, *run) == pages.bars("A", *run)
            else:
                smaller = PAST_SECONDS[PAST_SECONDS.index(base) - 1]
                assert pages.missing("A", smaller, *run[1:]) is not None
    assert found


def test_what_is_missing_is_told_from_its_first_bucket_to_its_last() -> None:
    pages = Pages()
    pages.add("A", 60, START, START + HOUR // 2, [])
    pages.add("A", 60, START + HOUR, START + 2 * HOUR, [])

    assert (START + HOUR // 2, START + HOUR) == pages.missing("A", 60, START, START + 2 * HOUR)
    assert (START + HOUR // 2, START + 3 * HOUR) == pages.missing("A", 60, START, START + 3 * HOUR)
    assert pages.missing("A", 60, START + HOUR, START + 2 * HOUR) is None
    assert pages.missing("A", 60, START, START) is None
    assert (START, START + HOUR) == pages.missing("B", 60, START, START + HOUR)


def test_the_pages_that_were_not_used_for_longest_make_room() -> None:
    pages = Pages(most=10)
    page_us = BARS * 86400 * SECOND
    trades = random_trades(Random(1), START // page_us * page_us, START // page_us * page_us + 30 * page_us, 3000)
    begin_us = START // page_us * page_us
    for at in range(30):
        run = 86400, begin_us + at * page_us, begin_us + (at + 1) * page_us
        pages.add("A", *run, base_candles(trades, *run))
        pages.bars("A", 86400, begin_us, begin_us + page_us)
    whole = begin_us, begin_us + 30 * page_us

    kept = pages.bars("A", 86400, *whole)
    assert not pages.roomy
    assert {0, *range(21, 30)} == {(bar.open_us - begin_us) // page_us for bar in kept}
    assert (begin_us + page_us, begin_us + 21 * page_us) == pages.missing("A", 86400, *whole)
