"""Which feed a world has: as asked, as begun, or by what answers."""

from __future__ import annotations

import pytest

from hypersim.feeds.base import FeedFailed
from hypersim.feeds.choice import FeedChoice, choose

URL = "http://upstream"
LISTED = frozenset({"BTCUSDT"})
ANSWERS = "http://upstream answers, so prices are live"
KEPT = "kept: there are orders that were placed on it"


# asked for, begun with, orders, upstream answers -> choice, whether the upstream was asked
@pytest.mark.parametrize(
    ("wanted", "begun_with", "has_orders", "answers", "choice", "asked"),
    [
        ("auto", None, False, True, FeedChoice("binance", ANSWERS, LISTED), True),
        ("auto", None, False, False, FeedChoice("synthetic", "it is gone, so prices are made up"), True),
        ("auto", "synthetic", False, True, FeedChoice("binance", ANSWERS, LISTED), True),
        ("auto", "synthetic", True, True, FeedChoice("synthetic", KEPT), False),
        ("auto", "manual", True, True, FeedChoice("manual", KEPT), False),
        ("auto", "binance", True, True, FeedChoice("binance", KEPT, LISTED), True),
        ("auto", "binance", True, False, FeedChoice("binance", f"{KEPT}; at start it is gone"), True),
        ("binance", "synthetic", True, True, FeedChoice("binance", "as it was asked for", LISTED), True),
        (
            "binance",
            None,
            False,
            False,
            FeedChoice("binance", "as it was asked for; at start it is gone"),
            True,
        ),
        ("synthetic", "binance", True, True, FeedChoice("synthetic", "as it was asked for"), False),
        ("none", None, False, True, FeedChoice("none", "as it was asked for"), False),
    ],
)
async def test_a_feed_is_what_was_asked_for_or_begun_with_or_what_answers(
    wanted: str, begun_with: str | None, has_orders: bool, answers: bool, choice: FeedChoice, asked: bool
) -> None:
    questions = 0

    async def ask_upstream() -> frozenset[str]:
        nonlocal questions
        questions += 1
        if not answers:
            raise FeedFailed("it is gone")
        return LISTED

    found = await choose(wanted, begun_with=begun_with, has_orders=has_orders, base_url=URL, ask_upstream=ask_upstream)

    assert (choice, int(asked)) == (found, questions)
