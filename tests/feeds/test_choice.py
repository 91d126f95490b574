"""Which feed a world gets: what was asked for, what it was begun with, or what answers."""

import pytest

from hypersim.feeds.base import FeedFailed
from hypersim.feeds.choice import FeedChoice, choose

URL = "http://upstream"
LISTED = frozenset({"BTCUSDT"})
KEPT = "kept: there are orders that were placed on it"


@pytest.mark.parametrize(
    ("wanted", "begun_with", "has_orders", "answers", "expected"),
    [
        ("manual", None, False, True, FeedChoice("manual", "as it was asked for")),
        ("synthetic", "binance", True, True, FeedChoice("synthetic", "as it was asked for")),
        ("binance", None, False, True, FeedChoice("binance", "as it was asked for", LISTED)),
        ("binance", None, False, False, FeedChoice("binance", "as it was asked for; at start nobody there")),
        ("auto", None, False, True, FeedChoice("binance", f"{URL} answers, so prices are live", LISTED)),
        ("auto", None, False, False, FeedChoice("synthetic", "nobody there, so prices are made up")),
        # decided anew while nobody has an order
        (
            "auto",
            "synthetic",
            False,
            True,
            FeedChoice("binance", f"{URL} answers, so prices are live", LISTED),
        ),
        ("auto", "synthetic", True, True, FeedChoice("synthetic", KEPT)),
        ("auto", "binance", True, True, FeedChoice("binance", KEPT, LISTED)),
        ("auto", "binance", True, False, FeedChoice("binance", f"{KEPT}; at start nobody there")),
    ],
)
async def test_a_world_has_one_feed_for_one_reason(
    wanted: str, begun_with: str | None, has_orders: bool, answers: bool, expected: FeedChoice
) -> None:
    async def ask_upstream() -> frozenset[str]:
        if not answers:
            raise FeedFailed("nobody there")
        return LISTED

    assert expected == await choose(
        wanted, begun_with=begun_with, has_orders=has_orders, base_url=URL, ask_upstream=ask_upstream
    )


@pytest.mark.parametrize("wanted", ["manual", "none", "synthetic"])
async def test_an_upstream_that_is_not_needed_is_not_asked(wanted: str) -> None:
    async def ask_upstream() -> frozenset[str]:
        raise AssertionError("asked")

    chosen = await choose(wanted, begun_with=None, has_orders=False, base_url=URL, ask_upstream=ask_upstream)
    assert FeedChoice(wanted, "as it was asked for") == chosen
