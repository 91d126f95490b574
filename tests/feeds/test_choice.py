"""Which feeds a world gets: what was asked for, what was chosen or begun with, or what answers."""

import pytest

from hypersim.feeds.base import FeedFailed
from hypersim.feeds.choice import FeedChoice, choose

URL = "http://upstream"
ANSWERS = f"{URL} answers, so prices are live"
BEGUN = "kept: there are orders that were placed on it"
CHOSEN = "kept: somebody chose it"
SILENT = "nobody there, so prices are made up"
ASKED = "as it was asked for"
LIVE, BACKED, MADE_UP, BY_HAND = ("binance",), ("binance", "ccxt:kraken"), ("synthetic",), ("manual",)


# asked for, kept, chosen by hand, orders, upstream answers -> choice, how often the upstream was asked
@pytest.mark.parametrize(
    ("wanted", "kept", "by_hand", "has_orders", "answers", "choice", "asked"),
    [
        (("auto",), None, False, False, True, FeedChoice(LIVE, ANSWERS), 1),
        (("auto",), None, False, False, False, FeedChoice(MADE_UP, SILENT), 1),
        # decided anew while nobody has an order
        (("auto",), MADE_UP, False, False, True, FeedChoice(LIVE, ANSWERS), 1),
        (("auto",), MADE_UP, False, True, True, FeedChoice(MADE_UP, BEGUN), 0),
        (("auto",), BACKED, False, True, False, FeedChoice(BACKED, BEGUN), 0),
        (("auto",), MADE_UP, True, False, True, FeedChoice(MADE_UP, CHOSEN), 0),
        (("auto",), BACKED, True, True, False, FeedChoice(BACKED, CHOSEN), 0),
        (LIVE, MADE_UP, True, True, False, FeedChoice(LIVE, ASKED), 0),
        (BACKED, None, False, False, True, FeedChoice(BACKED, ASKED), 0),
        (BY_HAND, LIVE, False, True, True, FeedChoice(BY_HAND, ASKED), 0),
    ],
)
async def test_a_world_has_the_feeds_that_were_asked_for_chosen_or_begun_with_or_that_answer(
    wanted: tuple[str, ...],
    kept: tuple[str, ...] | None,
    by_hand: bool,
    has_orders: bool,
    answers: bool,
    choice: FeedChoice,
    asked: int,
) -> None:
    questions = 0

    async def live_answers() -> None:
        nonlocal questions
        questions += 1
        if not answers:
            raise FeedFailed("nobody there")

    found = await choose(
        wanted, kept=kept, by_hand=by_hand, has_orders=has_orders, base_url=URL, live_answers=live_answers
    )

    assert (choice, asked) == (found, questions)


def test_a_choice_is_named_as_it_is_set() -> None:
    assert "binance,ccxt:kraken" == FeedChoice(BACKED, "").name
